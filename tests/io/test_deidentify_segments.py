"""Offsets and segments of copies without identities, whatever the file holds."""

from __future__ import annotations

import numpy as np
import pytest

from longate.exceptions import FcsError
from longate.io.fcs_layout import read_layout
from longate.io.fcs_rewrite import plan_copy
from longate.io.text_segment import split_text
from reference.fcs_secrets import (
    EVENT_BYTES,
    EVENTS,
    KNOWN,
    LONG,
    PLAIN,
    data_set,
    read,
    tokens,
    words_of,
)


@pytest.mark.parametrize("version", ["FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"])
@pytest.mark.parametrize("delimiter", list("/|\\\x0c!^."))
def test_offsets_follow_when_text_grows(copied, tmp_path, version, delimiter):
    raw = data_set(
        [("$SRC", "Erika"), *PLAIN.items()], version=version, delimiter=delimiter
    )
    copy, _ = copied(raw, mapping={"Erika": LONG})
    assert len(copy) > len(raw) + 100
    sample = read(copy, tmp_path)
    assert sample.keywords["$SRC"] == LONG
    assert sample.diagnosis == ()
    np.testing.assert_array_equal(sample.to_numpy(), EVENTS)
    begin, end = int(copy[26:34]), int(copy[34:42])
    assert copy[begin : end + 1] == EVENT_BYTES
    if version != "FCS2.0":
        assert int(sample.keywords["$BEGINDATA"]) == begin
        assert int(sample.keywords["$ENDDATA"]) == end


@pytest.mark.parametrize(("pseudonym", "written"), [("/", "_"), ("/a/b//", "_a/b__")])
def test_no_value_begins_or_ends_with_the_delimiter(
    copied, tmp_path, pseudonym, written
):
    copy, _ = copied(data_set([("$SRC", "Erika")]), mapping={"Erika": pseudonym})
    assert read(copy, tmp_path).keywords["$SRC"] == written


def test_beside_empty_values_a_delimiter_is_doubled_too(copied, tmp_path):
    more = [("$SRC", "Erika"), ("$INST", ""), ("$CYT", "Canto")]
    copy, _ = copied(data_set(more), mapping={"Erika": "P/07"})
    assert read(copy, tmp_path).keywords["$SRC"] == "P/07"


def test_doubled_delimiters_stay_doubled(copied, tmp_path):
    more = [("$SRC", "Erika"), ("NOTE", "and/or"), ("LAST", "a/b")]
    copy, _ = copied(data_set(more), mapping={"Erika": "P/07"})
    assert b"/NOTE/and//or/" in copy
    words = read(copy, tmp_path).keywords
    assert (words["NOTE"], words["$SRC"], words["LAST"]) == ("and/or", "P/07", "a/b")


@pytest.mark.parametrize("pseudonym", ["short", LONG])
def test_supplemental_text_and_analysis_are_treated_alike(copied, tmp_path, pseudonym):
    pairs = [("&10Patient ID", "Erika"), ("GATE", "lymphocytes")]
    raw = data_set(
        [("$SRC", "Erika")], supplement=tokens(pairs), analysis=tokens(pairs)
    )
    copy, result = copied(raw, mapping={"Erika": pseudonym})
    assert b"Erika" not in copy
    sample = read(copy, tmp_path)
    assert sample.keywords["&10Patient ID"] == pseudonym
    assert sample.keywords["GATE"] == "lymphocytes"
    assert sample.diagnosis == ()
    begin, end = int(copy[42:50]), int(copy[50:58])
    analysis = split_text(copy[begin : end + 1])
    assert analysis.pairs == [("&10Patient ID", pseudonym), ("GATE", "lymphocytes")]
    assert int(sample.keywords["$BEGINANALYSIS"]) == begin
    assert result.table["segment"].tolist() == ["TEXT", "supplemental TEXT", "ANALYSIS"]


def test_binary_data_in_the_place_of_keywords_are_removed(copied, tmp_path):
    raw = data_set(KNOWN, supplement=b"PK\x03\x04PErikaPK\x01PMustermannP")
    copy, result = copied(raw)
    assert words_of(copy) == []
    assert int(read(copy, tmp_path).keywords["$BEGINSTEXT"]) == 0
    assert "removed, not made of keywords" in set(result.table["action"])


@pytest.mark.parametrize("pseudonym", ["short", LONG])
def test_every_data_set_is_treated(copied, tmp_path, pseudonym):
    first = data_set([("$SRC", "Erika")], following=True, version="FCS2.0")
    second = data_set([("$SRC", "Erika"), ("$OP", "Dr. Quux")], following=True)
    third = data_set([("$SRC", "Erika")])
    copy, result = copied(first + second + third, mapping={"Erika": pseudonym})
    assert b"Erika" not in copy
    assert b"Quux" not in copy
    base = 0
    for _ in range(3):
        sample = read(copy[base:], tmp_path)
        np.testing.assert_array_equal(sample.to_numpy(), EVENTS)
        assert sample.keywords["$SRC"] == pseudonym
        base += int(sample.keywords["$NEXTDATA"])
    assert int(sample.keywords["$NEXTDATA"]) == 0
    assert result.files["data_sets"].tolist() == [3]
    assert result.table["data_set"].tolist() == [1, 2, 2, 3]


@pytest.mark.parametrize("key", ["$NEXTDATA", "$BEGINANALYSIS", "$ENDSTEXT"])
def test_numbers_longer_than_any_file_are_no_crash(copied, key):
    raw = data_set([(key.swapcase(), "9" * 5000), *KNOWN])
    try:
        copy, _ = copied(raw)
    except FcsError:
        return
    assert words_of(copy) == []


@pytest.mark.parametrize("following", ["beyond", "no HEADER there"])
def test_a_next_data_set_that_is_none_is_refused(copied, following):
    raw = data_set(KNOWN, following=True)
    with pytest.raises(FcsError, match=r"NEXTDATA|HEADER"):
        copied(raw if following == "beyond" else raw + b"x" * 100)


def test_a_checksum_is_zeroed(copied):
    copy, result = copied(data_set(KNOWN, behind=b"00043210"))
    assert copy.endswith(EVENT_BYTES + b"0" * 8)
    assert result.table["action"].iloc[-1] == "zeroed"
    _, unsummed = copied(data_set(KNOWN, behind=b"0" * 8))
    assert "zeroed" not in set(unsummed.table["action"])


def test_bytes_outside_of_all_segments_are_blanked_unless_kept(copied):
    protocol = b"\xff\x00 protocol of Erika Mustermann \xff\x00"
    raw = data_set([], behind=protocol, begins_at=256)
    raw = raw[:60] + b"OTHER of Mustermann" + raw[79:]
    copy, result = copied(raw)
    assert b"Mustermann" not in copy
    assert len(copy) == len(raw)
    assert result.table["action"].iloc[-1].startswith("blanked, ")
    kept, _ = copied(raw, keep=["(other bytes)"])
    assert kept == raw


def test_kept_bytes_are_never_moved(copied):
    raw = data_set([("$SRC", "Erika")], behind=b"protocol!")
    with pytest.raises(FcsError, match="would move"):
        copied(raw, keep=["(other bytes)"], mapping={"Erika": LONG})


def test_an_unpaired_last_word_is_taken_out(copied, tmp_path):
    raw = data_set([("$CYT", "Canto")], begins_at=64)
    sample = read(raw, tmp_path)
    begin = int(sample.keywords["$BEGINDATA"])
    stray = raw[:begin] + b"Erika" + raw[begin:]
    stray = stray.replace(f"{begin:08d}".encode(), f"{begin + 5:08d}".encode())
    end = begin + len(EVENT_BYTES) - 1
    stray = stray.replace(f"{end:08d}".encode(), f"{end + 5:08d}".encode())
    fields = (64, begin + 4, begin + 5, end + 5)
    stray = stray[:10] + "".join(f"{n:>8}" for n in fields).encode() + stray[42:]
    assert [d.code for d in read(stray, tmp_path).diagnosis] == ["unpaired-token"]
    copy, _ = copied(stray)
    assert b"Erika" not in copy
    assert read(copy, tmp_path).diagnosis == ()


@pytest.mark.parametrize("width", [8, 12, 19, 20, 30])
@pytest.mark.parametrize("shape", ["plain", "two segments", "two data sets"])
def test_offsets_of_any_width_follow(copied, tmp_path, width, shape):
    """FACSDiva writes 20 digits; HEADER and TEXT then disagreed about DATA's end."""
    pairs = tokens([("&10Patient ID", "Erika")])
    more = {"supplement": pairs, "analysis": pairs} if shape == "two segments" else {}
    raw = data_set([("$SRC", "Erika")], digits=width, **more)
    if shape == "two data sets":
        raw = data_set([("$SRC", "Erika")], digits=width, following=True) + raw
    copy, _ = copied(raw, mapping={"Erika": LONG})
    sample = read(copy, tmp_path)
    assert sample.diagnosis == () or shape == "two data sets"
    np.testing.assert_array_equal(sample.to_numpy(), EVENTS)
    words = sample.keywords
    for keyword, at in [("$BEGINDATA", 26), ("$ENDDATA", 34)]:
        assert int(words[keyword]) == int(copy[at : at + 8])
        assert len(words[keyword]) == width
    if more:
        assert words["&10Patient ID"] == LONG == sample.analysis["&10Patient ID"]
    if shape == "two data sets":
        second = read(copy[int(words["$NEXTDATA"]) :], tmp_path)
        np.testing.assert_array_equal(second.to_numpy(), EVENTS)


def test_an_analysis_offset_of_minus_one_counts_as_none(copied, tmp_path):
    raw = data_set([("$SRC", "Erika")])
    raw = raw[:42] + f"{-1:>8}{-1:>8}".encode() + raw[58:]
    copy, _ = copied(raw, mapping={"Erika": LONG})
    np.testing.assert_array_equal(read(copy, tmp_path).to_numpy(), EVENTS)


def test_header_gives_both_ends_of_data_or_none(tmp_path):
    """DATA that grows beyond 99,999,999 bytes has 0 for its begin as for its end."""
    n_events = 12_499_900
    raw = data_set([("$SRC", "E")], digits=12)
    begin = int(raw[26:34])
    end = begin + 8 * n_events - 1
    assert end <= 99_999_999
    large = raw.replace(b"/$TOT/5/", b"/$TOT/12499900/")[: -len(EVENT_BYTES)]
    grown = len(large) - begin
    for old, new in [(begin, begin + grown), (begin + 39, end + grown)]:
        large = large.replace(f"{old:012d}".encode(), f"{new:012d}".encode())
    head = (58, begin + grown - 1, begin + grown, end + grown)
    large = large[:10] + "".join(f"{n:>8}" for n in head).encode() + large[42:]
    path = tmp_path / "large.fcs"
    with path.open("wb") as file:  # a hole: nothing is stored
        file.write(large)
        file.truncate(end + grown + 1)
    layout = read_layout(path)
    index = [key for key, _ in layout[0].texts[0].text.pairs].index("$SRC")
    plan = plan_copy(path, layout, {(1, "TEXT"): {index: "E" * 2000}})
    patched = next(p.new for p in plan.patches if p.begin == 0)
    assert patched[26:42].split() == [b"0", b"0"]


def test_offsets_beyond_what_header_can_say(tmp_path):
    path = tmp_path / "large.fcs"
    n_events, room = 12_500_000, 20
    raw = data_set([("$SRC", "E")])
    begin = int(raw[26:34])
    end = begin + 8 * n_events - 1
    large = raw.replace(b"/$TOT/5/", b"/$TOT/12500000/")[: -len(EVENT_BYTES)]
    grown = len(large) - begin
    for old, new in [(begin, begin + grown), (begin + 39, end + grown)]:
        large = large.replace(f"{old:08d}".encode(), f"{new:08d}".encode())
    assert end + grown > 99_999_999
    head = (58, begin + grown - 1, 0, 0)
    large = large[:10] + "".join(f"{n:>8}" for n in head).encode() + large[42:]
    with path.open("wb") as file:  # a hole: nothing is stored
        file.write(large)
        file.truncate(end + grown + 1)
    layout = read_layout(path)
    place = [key for key, _ in layout[0].texts[0].text.pairs].index("$SRC")
    plan = plan_copy(path, layout, {(1, "TEXT"): {place: "E" * (room + 1)}})
    text = next(p.new for p in plan.patches if p.begin == 58)
    assert f"/$BEGINDATA/{begin + grown + room:08d}/".encode() in text
    assert f"/$ENDDATA/{end + grown + room}/".encode() in text.replace(b"/0", b"/")
