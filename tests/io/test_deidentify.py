"""Copies without identities: nothing that tells stays, and nothing else changes."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import FcsError, FileWarning, PrivacyWarning
from longate.io.deidentify import deidentify
from longate.io.fcs_layout import read_layout
from longate.io.fcs_rewrite import plan_copy
from longate.io.identifying import IDENTIFYING_KEYWORDS
from longate.io.text_segment import split_text
from reference.fcs_secrets import EVENTS, PLAIN, SECRETS, data_set, tokens

EVENT_BYTES = EVENTS.tobytes()
KNOWN = [*PLAIN.items(), *SECRETS.items()]


@pytest.fixture
def copied(tmp_path):
    """Return a function that writes bytes, copies them, and gives bytes and result."""

    def copy(raw, **options):
        source, target = tmp_path / "source.fcs", tmp_path / "copy.fcs"
        source.write_bytes(raw)
        result = deidentify(source, target, **options)
        assert source.read_bytes() == raw
        assert not list(tmp_path.glob(".*"))
        return target.read_bytes(), result

    return copy


def read(raw, tmp_path):
    path = tmp_path / "read.fcs"
    path.write_bytes(raw)
    return lg.read_fcs(path)


def words_of(raw):
    """Every word of the secrets that is long enough to tell, as bytes."""
    parts = {part for value in SECRETS.values() for part in value.split()}
    return [part for part in parts if len(part) > 3 and part.encode() in raw]


# --- what is taken out, and what stays


def test_nothing_identifying_is_left_in_any_byte(copied):
    raw = data_set(KNOWN)
    assert len(words_of(raw)) > 10
    copy, _ = copied(raw)
    assert words_of(copy) == []


def test_everything_else_is_byte_for_byte_the_same(copied, tmp_path):
    copy, _ = copied(data_set(KNOWN))
    assert len(copy) == len(data_set(KNOWN))
    assert copy[-len(EVENT_BYTES) :] == EVENT_BYTES
    before, after = (read(raw, tmp_path) for raw in (data_set(KNOWN), copy))
    np.testing.assert_array_equal(after.to_numpy(), EVENTS)
    assert list(after.keywords) == list(before.keywords)
    assert after.panel == before.panel
    assert after.diagnosis == before.diagnosis == ()
    for key, value in before.keywords.items():
        assert after.keywords[key] == ("removed" if key in SECRETS else value)


def test_the_report_names_keywords_and_never_values(copied):
    _, result = copied(data_set(KNOWN))
    blanked = result.table[result.table["action"] == "blanked"]
    assert set(blanked["keyword"]) == set(SECRETS)
    shown = repr(result) + result.table.to_csv() + result.unlisted.to_csv()
    assert words_of(shown.encode()) == []
    assert result.files["data_sha256"].tolist() == [
        hashlib.sha256(EVENT_BYTES).hexdigest()
    ]


def test_what_stays_unlisted_is_shown(copied):
    _, result = copied(
        data_set([*KNOWN, ("WARD", "Neurology 7"), ("LASER1DELAY", "0")])
    )
    assert result.unlisted["keyword"].tolist() == ["WARD"]


def test_a_value_that_repeats_elsewhere_is_found(copied, tmp_path):
    more = [("NOTE", "see Erika Mustermann, left arm"), ("OTHER", "left arm")]
    copy, result = copied(data_set([*KNOWN, *more]))
    sample = read(copy, tmp_path)
    assert (sample.keywords["NOTE"], sample.keywords["OTHER"]) == (
        "removed",
        "left arm",
    )
    told = result.table.set_index("keyword")["action"]
    assert told["NOTE"] == "blanked, repeats another"


def test_repeats_are_found_in_every_segment(copied):
    note = tokens([("REMARK", "Erika Mustermann came late")])
    copy, result = copied(data_set(KNOWN, supplement=note, analysis=note))
    assert words_of(copy) == []
    assert (result.table["keyword"] == "REMARK").sum() == 2


def test_markers_and_detectors_are_never_touched(copied, tmp_path):
    copy, _ = copied(data_set([("TUBE NAME", "CD56"), ("$SRC", "PE-A")]))
    assert [c.label for c in read(copy, tmp_path).panel] == ["FSC-A", "CD56"]


def test_empty_and_blank_values_stay(copied, tmp_path):
    more = [("$SRC", ""), ("$INST", " "), ("$OP", "Dr. Quux"), ("$CYT", "Canto")]
    copy, result = copied(data_set(more, delimiter="|"))
    sample = read(copy, tmp_path)
    assert (sample.keywords["$SRC"], sample.keywords["$INST"]) == ("", " ")
    assert [d.code for d in sample.diagnosis] == ["empty-values"]
    assert result.table["keyword"].tolist() == ["$OP"]


def test_copying_a_copy_changes_nothing(copied):
    once, _ = copied(data_set(KNOWN))
    twice, result = copied(once)
    assert twice == once
    assert result.table.empty


def test_the_list_is_extended_and_cut_by_patterns(copied, tmp_path):
    raw = data_set([*KNOWN, ("WARD", "Neurology 7"), ("BED.1", "B12")])
    copy, result = copied(raw, also=["ward", "BED*"], keep=["*USER NAME", "$inst"])
    words = read(copy, tmp_path).keywords
    assert words["WARD"] == words["BED.1"] == "removed"
    assert (words["EXPORT USER NAME"], words["$INST"]) == ("quuxuser", "Charite Zebra")
    kept = result.table[result.table["action"] == "kept"]
    assert set(kept["keyword"]) == {"EXPORT USER NAME", "$INST"}
    assert "$SRC" in IDENTIFYING_KEYWORDS


@pytest.mark.parametrize("key", ["$BEGINDATA", "$P2S", "$TOT", "$PAR"])
def test_no_pattern_breaks_a_file(copied, tmp_path, key):
    copy, _ = copied(data_set(KNOWN), also=["*", key])
    np.testing.assert_array_equal(read(copy, tmp_path).to_numpy(), EVENTS)


# --- pseudonyms and names


def test_a_name_becomes_its_pseudonym_and_nothing_else_of_it_stays(copied, tmp_path):
    copy, _ = copied(data_set(KNOWN), mapping={"mustermann": "P07"})
    words = read(copy, tmp_path).keywords
    assert words["$SRC"] == words["TUBE NAME"] == words["EXPERIMENT NAME"] == "P07"
    assert words["$SMNO"] == "removed"


def test_two_names_in_one_value_are_blanked(copied, tmp_path):
    mapping = {"Erika": "P07", "Mustermann": "P08"}
    copy, _ = copied(data_set(KNOWN), mapping=mapping)
    words = read(copy, tmp_path).keywords
    assert (words["$SRC"], words["TUBE NAME"]) == ("removed", "P08")


def test_a_name_is_a_whole_word(copied, tmp_path):
    copy, _ = copied(data_set([("$SRC", "P10")]), mapping={"P1": "X"})
    assert read(copy, tmp_path).keywords["$SRC"] == "removed"


def test_fil_becomes_the_name_of_the_copy(copied, tmp_path):
    copy, result = copied(data_set([("$FIL", "Mustermann_m06.fcs")]))
    assert read(copy, tmp_path).keywords["$FIL"] == "copy.fcs"
    assert result.table["action"].tolist() == ["file name"]


@pytest.fixture
def folder(tmp_path):
    """A folder of three files that carry identities in their names, and other files."""
    folder = tmp_path / "raw"
    for name, who in [("MUELLER/m00.fcs", "MUELLER"), ("MEIER_m06.lmd", "MEIER")]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data_set([("$SRC", who), ("$DATE", "24-SEP-2014")]))
    (folder / "notes.txt").write_text("MUELLER")
    return folder


WHO = {"MUELLER": "P07", "MEIER": "P08"}


def test_names_of_files_and_folders_are_mapped(folder, tmp_path):
    result = deidentify(folder, tmp_path / "out", mapping=WHO)
    found = sorted(
        p.relative_to(tmp_path / "out").as_posix()
        for p in (tmp_path / "out").rglob("*.*")
    )
    assert found == ["P07/m00.fcs", "P08_m06.lmd"] == sorted(result.files["file"])
    assert "MUELLER" not in repr(result) + result.table.to_csv()
    assert result.files["source"].str.contains("MUELLER").any()


def test_a_name_that_still_tells_is_said(folder, tmp_path):
    with pytest.warns(PrivacyWarning, match="names of 2 copies"):
        result = deidentify(folder, tmp_path / "out")
    assert (result.table["keyword"] == "(file name)").sum() == 2


def test_names_are_given_by_function_or_table(folder, tmp_path):
    files = [folder / "MUELLER" / "m00.fcs", folder / "MEIER_m06.lmd"]
    numbers = iter(range(9))
    by_function = deidentify(
        files, tmp_path / "a", names=lambda _: f"{next(numbers)}.fcs"
    )
    assert by_function.files["file"].tolist() == ["0.fcs", "1.fcs"]
    by_table = deidentify(
        files, tmp_path / "b", names={"m00.fcs": "x.fcs"}, mapping=WHO
    )
    assert by_table.files["file"].tolist() == ["x.fcs", "P08_m06.lmd"]


@pytest.mark.parametrize("name", ["", "../up.fcs", "a/b.fcs", "."])
def test_a_name_that_leads_elsewhere_is_refused(folder, tmp_path, name):
    with pytest.raises(FcsError, match="no name of a file"):
        deidentify(folder, tmp_path / "out", names=lambda _: name)


def test_two_copies_of_one_name_are_refused_before_anything_is_written(
    folder, tmp_path
):
    with pytest.raises(FcsError, match=r"several copies .* 'x.fcs'"):
        deidentify([*folder.rglob("*.*")], tmp_path / "out", names=lambda _: "x.fcs")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("below", [".", "MUELLER", "new/deep"])
def test_a_source_is_never_replaced(folder, below):
    with pytest.raises(FcsError, match="outside"):
        deidentify(folder, folder / below, mapping=WHO)
    one = folder / "MEIER_m06.lmd"
    with pytest.raises(FcsError, match="replace a source"):
        deidentify(one, one)


def test_one_bad_file_does_not_cost_the_others(folder, tmp_path):
    (folder / "bad_MEIER.fcs").write_bytes(data_set([])[:-8])
    with pytest.warns(FileWarning, match="1 files were not copied") as caught:
        result = deidentify(folder, tmp_path / "out", mapping=WHO)
    assert "MEIER" not in str(caught[0].message)
    assert len(result.files) == 2
    assert result.problems["problem"].str.contains("truncated|DATA").all()
    with pytest.raises(FcsError):
        deidentify(folder / "bad_MEIER.fcs", tmp_path / "one.fcs")
    assert not list(tmp_path.glob("*.fcs")) + list(tmp_path.glob(".*"))


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        deidentify(tmp_path / "nowhere.fcs", tmp_path / "x.fcs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FcsError, match="no FCS file"):
        deidentify(tmp_path / "empty", tmp_path / "out")


# --- dates


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("24-SEP-2014", "14-OCT-2014"),
        ("09-May-2010", "29-May-2010"),
        ("21 Dec 2010", "10 Jan 2011"),
        ("28-Dec-10", "17-Jan-11"),
        ("2013-Jul-19", "2013-Aug-08"),
        ("2016-02-26", "2016-03-17"),
        ("20101228", "20110117"),
        ("14-Okt-2009", "03-Nov-2009"),
        ("02/06/2014", "removed"),
        ("yesterday", "removed"),
    ],
)
def test_dates_move_as_they_are_written(copied, tmp_path, text, moved):
    copy, _ = copied(data_set([("$DATE", text)]), shift_dates=20)
    assert read(copy, tmp_path).keywords["$DATE"] == moved


def test_the_time_of_export_moves_along(copied, tmp_path):
    more = [("EXPORT TIME", "24-SEP-2014-16:43:29"), ("$BTIM", "16:43:29")]
    copy, _ = copied(data_set(more), shift_dates=-24)
    words = read(copy, tmp_path).keywords
    assert words["EXPORT TIME"] == "31-AUG-2014-16:43:29"
    assert words["$BTIM"] == "16:43:29"


def test_without_shift_dates_stay(copied, tmp_path):
    copy, _ = copied(data_set([("$DATE", "24-SEP-2014")]))
    assert read(copy, tmp_path).keywords["$DATE"] == "24-SEP-2014"


def test_dates_move_by_patient(folder, tmp_path):
    days = {"MUELLER": 10, "MEIER": -10}
    result = deidentify(folder, tmp_path / "out", mapping=WHO, shift_dates=days)
    got = {
        name: lg.read_fcs(tmp_path / "out" / name).keywords["$DATE"]
        for name in result.files["file"]
    }
    assert got == {"P07/m00.fcs": "04-OCT-2014", "P08_m06.lmd": "14-SEP-2014"}


def test_a_file_that_names_no_patient_is_not_copied(folder, tmp_path):
    with pytest.warns(FileWarning):
        result = deidentify(
            folder, tmp_path / "out", mapping=WHO, shift_dates={"MUELLER": 10}
        )
    assert result.files["file"].tolist() == ["P07/m00.fcs"]
    assert "shift_dates" in result.problems["problem"][0]


# --- segments


LONG = "a pseudonym so long that TEXT needs far more room than it had before" * 3


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


def test_where_values_are_empty_no_delimiter_can_be_written(copied, tmp_path):
    more = [("$SRC", "Erika"), ("$INST", ""), ("$CYT", "Canto")]
    copy, _ = copied(data_set(more), mapping={"Erika": "P/07"})
    assert read(copy, tmp_path).keywords["$SRC"] == "P_07"


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


# --- laws


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from([*SECRETS, "NOTE", "$CYT", "Z 1"]), WORDS), max_size=8
    ),
    st.sampled_from("/|!~\x0c"),
    WORDS,
)
def test_any_words_any_delimiter_any_pseudonym(tmp_path, pairs, delimiter, pseudonym):
    pairs = [
        (key.replace(delimiter, "#"), value.strip().strip(delimiter) or "x")
        for key, value in dict(pairs).items()
    ]
    raw = data_set(pairs, delimiter=delimiter)
    source, target = tmp_path / "a.fcs", tmp_path / "b.fcs"
    source.write_bytes(raw)
    before = lg.read_fcs(source)
    words = [value for key, value in pairs if key in SECRETS] or ["nobody"]
    deidentify(source, target, mapping={words[0]: pseudonym})
    after = lg.read_fcs(target)
    np.testing.assert_array_equal(after.to_numpy(), EVENTS)
    assert list(after.keywords) == list(before.keywords)
    assert after.panel == before.panel
    for key in set(before.keywords) & set(SECRETS):
        assert after.keywords[key] in {"removed", _at_ends(pseudonym, delimiter)}


def _at_ends(word, delimiter):
    """A delimiter at an end of a value is written as an underscore."""
    inner = word.strip(delimiter)
    left = len(word) - len(word.lstrip(delimiter))
    return "_" * left + inner + "_" * (len(word) - left - len(inner))


def test_what_is_no_fcs_is_refused(tmp_path):
    path = tmp_path / "x.fcs"
    for raw in (b"", b"FCS", b"not FCS at all", b"FCS3.1" + struct.pack("52x")):
        path.write_bytes(raw)
        with pytest.raises(FcsError):
            deidentify(path, tmp_path / "y.fcs")
    assert not (tmp_path / "y.fcs").exists()


def test_damaged_files_are_copied_whole_or_not_at_all(tmp_path):
    """Bytes changed, taken out and put in at random: an error, or a clean copy."""
    rng = np.random.default_rng(3)
    note = tokens([("REMARK", "Erika Mustermann")])
    whole = data_set(KNOWN, supplement=note, analysis=note, following=True)
    whole += data_set(KNOWN)
    source, target = tmp_path / "a.fcs", tmp_path / "b.fcs"
    copied = 0
    for _ in range(300):
        raw = bytearray(whole)
        for place in rng.integers(0, len(raw) - 20, rng.integers(1, 3)):
            if rng.random() < 0.8:
                raw[place] = rng.integers(0, 256)
            else:
                raw[place : place + 2] = [b"", b"/", b"//9"][rng.integers(3)]
        source.write_bytes(raw)
        try:
            deidentify(source, target, mapping={"Erika": LONG})
        except FcsError:
            assert not target.exists()
        else:
            copied += 1
            lg.read_fcs(target, compensation=None)
            target.unlink()
    assert 30 < copied < 300
    assert [path.name for path in tmp_path.iterdir()] == ["a.fcs"]
