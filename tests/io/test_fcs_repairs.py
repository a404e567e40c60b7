"""Faults of real files, made byte by byte: what is repaired, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError
from longate.io.fcs import read_metadata
from reference.fcs_bytes import FIRST_TEXT_BYTE, Channel, build, pack

FLOATS = [(1.5, -2.25), (3.0e-4, 262143.9), (0.0, 7.5)]
TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
DATA = pack(FLOATS, "ff", "<")
MATRIX = "2,FSC-A,PE-A,1,0.1,0.2,1"


def codes(sample):
    return [violation.code for violation in sample.diagnosis]


def is_right(sample, rows=FLOATS):
    np.testing.assert_array_equal(sample.to_numpy(), np.array(rows, np.float32))


def with_header(file, text_end=None, data=None):
    """Return the file with other offsets in HEADER."""
    file = bytearray(file)
    if text_end is not None:
        file[18:26] = f"{text_end:>8}".encode()
    if data is not None:
        file[26:42] = f"{data[0]:>8}{data[1]:>8}".encode()
    return bytes(file)


# --- $TOT


@pytest.mark.parametrize("total", [0, 1, 2])
@pytest.mark.parametrize("check_word", [b"", b"00000000"])
def test_a_total_below_the_events_of_data_is_said_with_both_numbers(
    read, total, check_word
):
    sample = read(
        build(TWO, DATA, 3, keywords={"$TOT": str(total)}, trailing=check_word)
    )
    is_right(sample)
    (violation,) = sample.diagnosis
    assert violation.code == "tot-differs"
    assert f"$TOT is {total}" in violation.found
    assert "3 events" in violation.found


@pytest.mark.parametrize("places", [{"header_data": (0, 0)}, {"text_data": (0, 0)}])
def test_where_nothing_confirms_the_offsets_it_is_refused(read, places):
    file = build(TWO, DATA, 3, keywords={"$TOT": "1"}, trailing=b"x" * 40, **places)
    with pytest.raises(FcsError, match=r"exactly 3 events, \$TOT says 1"):
        read(file)


def test_a_total_that_one_of_two_ends_confirms_stays(read):
    begin = int(build(TWO, DATA, 3)[26:34])
    file = build(TWO, DATA, 2, header_data=(begin, begin + 15))
    sample = read(file)
    assert sample.n_events == 2
    assert codes(sample)[0] == "data-end-differs"


def test_an_end_one_byte_too_far_is_no_further_event(read):
    channel = [Channel("A", bits=8, range=256)]
    good = build(channel, b"\1\2\3", 2, datatype="I")
    assert read(good).n_events == 2


def test_a_total_that_fits_says_nothing(read):
    assert read(build(TWO, DATA, 3)).diagnosis == ()


# --- repeated keywords


@pytest.mark.parametrize(
    "again",
    [b"$BYTEORD/4,3,2,1/", b"$byteord/4,3,2,1/", b"$P1R/1024/$P2B/16/", b"$SRC/Erika/"],
)
def test_repeated_keywords_that_disagree_are_said(read, tmp_path, again):
    more = {"$SRC": "Someone"}
    sample = read(build(TWO, DATA, 3, raw_text=again, keywords=more))
    is_right(sample)
    assert codes(sample) == ["repeated-keyword"]
    assert "Erika" not in sample.diagnosis[0].found
    with pytest.raises(FcsError, match="repeated-keyword"):
        lg.read_fcs(tmp_path / "made.fcs", on_problem="strict")


@pytest.mark.parametrize("again", [b"$BYTEORD/1,2,3,4/", b"$MODE/ L /", b"$tot/3/"])
def test_repetitions_that_agree_are_harmless(read, again):
    assert read(build(TWO, DATA, 3, raw_text=again)).diagnosis == ()


# --- where TEXT ends


@pytest.mark.parametrize("too_far", [1, 2])
@pytest.mark.parametrize("first", [b"\0", b"/", b"A"])
def test_text_that_ends_in_data_is_repaired(read, too_far, first):
    data = first + DATA[1:]
    file = build(TWO, data, 3)
    begin = int(file[26:34])
    sample = read(with_header(file, text_end=begin - 1 + too_far))
    assert codes(sample) == ["text-end-in-data"]
    assert sample.to_numpy().tobytes() == read(file).to_numpy().tobytes()


def test_text_that_ends_in_data_by_the_keyword_alone(read):
    file = build(TWO, DATA, 3, header_data=(0, 0))
    begin = file.index(DATA)
    sample = read(with_header(file, text_end=begin))
    is_right(sample)
    assert codes(sample) == ["text-end-in-data"]


def test_no_end_of_text_that_is_too_small_loses_a_keyword(read):
    """Cut at every byte of its last 200: all keywords are there, or it is refused."""
    more = {"$TIMESTEP": "0.01", "$SPILLOVER": MATRIX, "NOTE": "a//b", "$CYT": "LSR"}
    whole = build(TWO, DATA, 3, keywords=more)
    begin = int(whole[26:34])
    expected = dict(read(whole).keywords)
    for short in range(1, 200):
        file = with_header(whole, text_end=begin - 1 - short)
        sample = read(file)
        if whole[begin - 1 - short :].startswith(b"//b"):  # between two delimiters
            assert codes(sample) == ["keywords-between-segments"]
            continue
        assert dict(sample.keywords) == expected, short
        assert codes(sample) == ["text-end-short"]
        assert sample.compensation is not None
        is_right(sample)


def test_a_cut_that_nothing_completes_is_said(read, tmp_path):
    file = build(TWO, DATA, 3, keywords={"$CYT": "LSR Fortessa"})
    begin = int(file[26:34])
    cut = file[: begin - 5] + b"\xff\xfe\xff\xfe\xff" + file[begin:]
    sample = read(with_header(cut, text_end=begin - 6))
    assert codes(sample) == ["text-unterminated"]
    with pytest.raises(FcsError, match="text-unterminated"):
        lg.read_fcs(tmp_path / "made.fcs", on_problem="strict")


def test_keywords_between_segments_are_said(read):
    file = build(TWO, DATA, 3, padding=b"")
    begin = int(file[26:34])
    block = b"|Owner|Someone|Place|X|"
    shifted = build(
        TWO,
        block + DATA,
        3,
        text_data=(f"{begin + len(block):012d}", f"{begin + len(block) + 23:012d}"),
        header_data=(begin + len(block), begin + len(block) + 23),
    )
    sample = read(shifted)
    is_right(sample)
    assert codes(sample) == ["keywords-between-segments"]


@pytest.mark.parametrize("padding", [b" " * 30, b"\0" * 30, b"private \xff bytes"])
def test_other_bytes_between_segments_are_no_keywords(read, padding):
    file = build(TWO, padding + DATA, 3)
    begin = int(file[26:34]) + len(padding)
    shown = {
        "text_data": (f"{begin:012d}", f"{begin + 23:012d}"),
        "header_data": (begin, begin + 23),
    }
    assert read(build(TWO, padding + DATA, 3, **shown)).diagnosis == ()


# --- values that decide nothing about floats


@pytest.mark.parametrize("value", ["NA", "262144,0", "inf", "large"])
def test_an_unreadable_range_of_floats_is_said(read, value):
    sample = read(build([Channel("A", range=value), TWO[1]], DATA, 3))
    is_right(sample)
    assert codes(sample) == ["value-unreadable"]
    assert repr(value)[1:-1] in sample.diagnosis[0].found


@pytest.mark.parametrize("value", ["NA", "0", "0;0", "log"])
def test_an_unreadable_amplification_of_floats_is_said(read, value):
    sample = read(build([Channel("A", amplification=value), TWO[1]], DATA, 3))
    is_right(sample)
    assert codes(sample) == ["value-unreadable"]


@pytest.mark.parametrize("value", ["NA", "-", "none"])
def test_a_gain_in_words_was_not_recorded(read, value):
    sample = read(build([Channel("A", gain=value), TWO[1]], DATA, 3))
    is_right(sample)
    assert codes(sample) == ["value-unreadable"]
    with pytest.raises(FcsError, match="P1G"):
        read(build([Channel("A", gain="2,5"), TWO[1]], DATA, 3))


@pytest.mark.parametrize("value", ["NA", "262144,0", "-1"])
@pytest.mark.parametrize("key", ["$BEGINSTEXT", "$ENDSTEXT", "$BEGINANALYSIS"])
def test_an_unreadable_offset_of_what_is_not_data_is_said(read, key, value):
    sample = read(build(TWO, DATA, 3, keywords={key: value}))
    is_right(sample)
    assert codes(sample) == ["value-unreadable"]


@pytest.mark.parametrize(
    "channel",
    [
        Channel("A", bits=16, range="NA"),
        Channel("A", bits=16, range="1024,0"),
        Channel("A", bits=16, range=1024, amplification="NA"),
    ],
)
def test_of_integers_they_decide_values_and_are_refused(read, channel):
    with pytest.raises(FcsError, match="expected"):
        read(build([channel], b"\1\0\2\0", 2, datatype="I"))


# --- several data sets


def two_sets(nextdata, between=b""):
    first = build(TWO, DATA, 3, keywords={"$NEXTDATA": f"{0:08d}"})
    length = len(first) + len(between)
    told = {"right": length, "zero": 0}[nextdata]
    first = build(TWO, DATA, 3, keywords={"$NEXTDATA": f"{told:08d}"})
    return first + between + build(TWO, DATA[::-1], 3)


@pytest.mark.parametrize("between", [b"", b"00000000", b"12345678", b"\0" * 20])
def test_a_second_data_set_that_nextdata_hides_is_found(read, tmp_path, between):
    """Guava's instruments write two data sets with $NEXTDATA 0."""
    sample = read(two_sets("zero", between))
    is_right(sample)
    assert {"nextdata-zero", "several-data-sets"} <= set(codes(sample))
    assert sample.n_data_sets == 2
    second = lg.read_fcs(tmp_path / "made.fcs", dataset=1)
    assert second.to_numpy().tobytes() == DATA[::-1]


def test_data_sets_that_are_named_need_no_repair(read):
    assert codes(read(two_sets("right"))) == ["several-data-sets"]


@pytest.mark.parametrize("behind", [b"protocol of someone", b"\xff" * 9, b"x" * 900])
def test_bytes_behind_the_last_segment_are_said(read, behind):
    sample = read(build(TWO, DATA, 3, trailing=b"00000000" + behind))
    is_right(sample)
    assert codes(sample) == ["bytes-behind"]


@pytest.mark.parametrize("behind", [b"00000000", b"ABCD1234", b" " * 50, b"\0" * 700])
def test_a_check_word_and_padding_are_not(read, behind):
    assert codes(read(build(TWO, DATA, 3, trailing=behind))) in ([], ["crc-differs"])


def test_many_data_sets_take_time_by_their_number_and_not_its_square(
    tmp_path, monkeypatch
):
    """A thousand took nine seconds: each one was reached from the first again."""
    from longate.io import fcs

    one = build(TWO, DATA, 3, keywords={"$NEXTDATA": f"{0:08d}"})
    named = build(TWO, DATA, 3, keywords={"$NEXTDATA": f"{len(one):08d}"})
    path = tmp_path / "many.fcs"
    path.write_bytes(named * 299 + one)
    walks = []
    whole = fcs._core.data_set_begins
    monkeypatch.setattr(
        fcs._core, "data_set_begins", lambda *a: walks.append(a) or whole(*a)
    )
    found = [read_metadata(path, dataset=number) for number in range(300)]
    assert [one.segments["begin"] for one in found] == [
        number * len(one) for number in range(300)
    ]
    assert {one.n_data_sets for one in found} == {300}
    assert len(walks) == 1
    with pytest.raises(FcsError, match="has 300 data sets; data set number 300"):
        read_metadata(path, dataset=300)


def test_the_first_text_byte_of_these_files_is_where_header_says():
    assert int(build(TWO, DATA, 3)[10:18]) == FIRST_TEXT_BYTE
