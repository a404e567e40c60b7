"""TEXT and the place of DATA: keywords as vendors write them, offsets that disagree."""

from __future__ import annotations

import numpy as np
import pytest

from longate.exceptions import FcsError, PanelError
from reference.fcs_bytes import Channel, build, pack

FLOATS = [(1.5, -2.25), (3.0e-4, 262143.9), (0.0, float("inf"))]
TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
TWO_BYTES = pack(FLOATS, "ff", "<")


def codes(sample):
    return [violation.code for violation in sample.diagnosis]


# --- TEXT


@pytest.mark.parametrize("delimiter", list("|\\\x0c!^.+?(*\x1e~"))
def test_reads_any_delimiter(read, delimiter):
    channels = [Channel("A", amplification=None), Channel("B", amplification=None)]
    file = build(channels, TWO_BYTES, 3, delimiter=delimiter)
    sample = read(file)
    assert [c.detector for c in sample.panel] == ["A", "B"]
    assert sample.diagnosis == ()
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))


def test_a_doubled_delimiter_stands_for_itself(read):
    sample = read(build(TWO, TWO_BYTES, 3, keywords={"$COM": "and//or"}))
    assert sample.keywords["$COM"] == "and/or"
    assert sample.diagnosis == ()


def test_empty_values_are_read_and_reported(read):
    channels = [Channel("A", marker=""), Channel("B", marker="CD3")]
    sample = read(build(channels, TWO_BYTES, 3, keywords={"$FIL": ""}))
    assert [c.marker for c in sample.panel] == [None, "CD3"]
    assert [c.label for c in sample.panel] == ["A", "CD3"]
    assert sample.keywords["$FIL"] == ""
    assert codes(sample) == ["empty-values"]


def test_a_dollar_sign_inside_a_value_stays(read):
    sample = read(build(TWO, TWO_BYTES, 3, keywords={"$COM": "cost $5 US$"}))
    assert sample.keywords["$COM"] == "cost $5 US$"


@pytest.mark.parametrize("padding", [b" " * 40, b"\0" * 7, b"\r\n ", b"\t"])
def test_padding_behind_text_is_harmless(read, padding):
    sample = read(build(TWO, TWO_BYTES, 3, padding=padding))
    assert sample.n_events == 3
    assert sample.diagnosis == ()


def test_padding_before_a_keyword_is_harmless(read):
    keywords = {"$DATATYPE": None, "   \n $DATATYPE": "F"}
    assert read(build(TWO, TWO_BYTES, 3, keywords=keywords)).n_events == 3


def test_keywords_are_found_in_any_case_and_kept_as_written(read):
    keywords = {"$DATATYPE": None, "$DataType": "f", "$mode": "l", "$MODE": None}
    sample = read(build(TWO, TWO_BYTES, 3, keywords=keywords))
    assert sample.keywords["$datatype"] == "f"
    assert "$DataType" in list(sample.keywords)
    with pytest.raises(KeyError, match=r"no keyword '\$DATATIPE'; did you mean"):
        sample.keywords["$DATATIPE"]


def test_of_a_repeated_keyword_the_first_counts(read):
    sample = read(build(TWO, TWO_BYTES, 3, raw_text=b"$CYT/one/$cyt/two/"))
    assert sample.keywords["$CYT"] == "one"
    assert list(sample.keywords).count("$CYT") == 1
    assert len(sample.keywords) == len(list(sample.keywords))


def test_latin_1_and_utf_8_are_both_understood(read):
    as_latin = {"$VOL": "5 µL", "$COM": "µé".encode().decode("latin-1")}
    sample = read(build(TWO, TWO_BYTES, 3, keywords=as_latin))
    assert sample.keywords["$VOL"] == "5 µL"
    assert sample.keywords["$COM"] == "µé"


def test_numbers_may_have_blanks_and_leading_zeros(read):
    keywords = {"$PAR": " 002 ", "$TOT": "000000003", "$P1B": " 32 ", "$P2R": " 1e3 "}
    sample = read(build(TWO, TWO_BYTES, 3, keywords=keywords))
    assert sample.n_events == 3
    assert sample.panel.channels[1].range == 1000


def test_bytes_behind_the_last_delimiter_are_left_out_and_reported(read):
    sample = read(build(TWO, TWO_BYTES, 3, raw_text=b"$SYS"))
    assert "$SYS" not in sample.keywords
    assert codes(sample) == ["unpaired-token"]


def test_a_channel_without_a_name_gets_its_number(read):
    sample = read(build([Channel(None), Channel("B")], TWO_BYTES, 3))
    assert [c.detector for c in sample.panel] == ["P1", "B"]
    assert codes(sample) == ["name-missing"]


def test_two_channels_of_one_name_are_kept_and_reported(read):
    channels = [Channel("A", marker="CD3"), Channel("A", marker="CD4")]
    sample = read(build(channels, TWO_BYTES, 3))
    assert codes(sample) == ["duplicate-name"]
    with pytest.raises(PanelError, match=r"means several channels: channel 1 .* chan"):
        sample.column("A")
    assert sample.column("CD4")[1] == np.float32(262143.9)


def test_supplemental_text_adds_keywords(read):
    more = b"/$CYT/LSR II/$DATATYPE/D/"
    empty = {"$BEGINSTEXT": f"{0:08d}", "$ENDSTEXT": f"{0:08d}"}
    begin = len(build(TWO, TWO_BYTES, 3, keywords=empty))
    offsets = {
        "$BEGINSTEXT": f"{begin:08d}",
        "$ENDSTEXT": f"{begin + len(more) - 1:08d}",
    }
    sample = read(build(TWO, TWO_BYTES, 3, keywords=offsets, trailing=more))
    assert sample.keywords["$CYT"] == "LSR II"
    assert sample.keywords["$DATATYPE"] == "F"  # the primary segment comes first
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))


@pytest.mark.parametrize("version", ["FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"])
def test_reads_every_version(read, version):
    sample = read(build(TWO, TWO_BYTES, 3, version=version))
    assert sample.version == version


# --- where DATA lies


@pytest.mark.parametrize("header_data", [("", ""), (0, 0), ("0", "")])
def test_offsets_of_text_serve_large_files(read, header_data):
    sample = read(build(TWO, TWO_BYTES, 3, header_data=header_data))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    assert sample.diagnosis == ()


@pytest.mark.parametrize("text_data", [(0, 0), ("", ""), (" 0", "0 ")])
def test_offsets_of_header_serve_where_text_has_none(read, text_data):
    sample = read(build(TWO, TWO_BYTES, 3, text_data=text_data))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))


def test_offsets_missing_in_text_altogether(read):
    keywords = {"$BEGINDATA": None, "$ENDDATA": None}
    sample = read(build(TWO, TWO_BYTES, 3, keywords=keywords, version="FCS2.0"))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    assert sample.diagnosis == ()


def test_a_missing_total_follows_from_the_length_of_data(read):
    sample = read(build(TWO, TWO_BYTES, 3, keywords={"$TOT": None}))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    assert codes(sample) == ["tot-missing"]


def place(file):
    """Return where DATA of a made file begins and ends."""
    return int(file[26:34]), int(file[34:42])


@pytest.mark.parametrize("shift", [(-5, 0), (9, 9), (3, 0)])
def test_of_two_places_the_possible_and_exact_one_is_taken_and_reported(read, shift):
    begin, end = place(build(TWO, TWO_BYTES, 3))
    wrong = (begin + shift[0], end + shift[1])
    sample = read(build(TWO, TWO_BYTES, 3, header_data=wrong))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    (violation,) = sample.diagnosis
    assert violation.code == "data-begin-differs"
    assert f"HEADER begins DATA at {wrong[0]}, TEXT at {begin}" in violation.found
    assert "TEXT" in violation.repair


def test_of_two_exact_places_the_one_right_behind_text_is_taken(read):
    good = build(TWO, TWO_BYTES, 3, trailing=bytes(64))
    begin, end = place(good)
    later = (f"{begin + 20:012d}", f"{end + 20:012d}")
    sample = read(build(TWO, TWO_BYTES, 3, text_data=later, trailing=bytes(64)))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    (violation,) = sample.diagnosis
    assert violation.code == "data-begin-differs"
    assert "HEADER" in violation.repair


def test_two_possible_places_that_nothing_tells_apart_are_an_error(read):
    begin, end = place(build(TWO, TWO_BYTES, 3))
    places = {
        "header_data": (begin + 4, end + 4),
        "text_data": (f"{begin + 12:012d}", f"{end + 12:012d}"),
    }
    with pytest.raises(FcsError, match=f"({begin + 4} and {begin + 12})"):
        read(build(TWO, TWO_BYTES, 3, trailing=bytes(64), **places))


@pytest.mark.parametrize("by", [1, -1])
def test_an_end_that_is_one_off_is_repaired_and_reported(read, by):
    begin, end = place(build(TWO, TWO_BYTES, 3))
    places = {
        "header_data": (begin, end + by),
        "text_data": (f"{begin:012d}", f"{end + by:012d}"),
    }
    sample = read(build(TWO, TWO_BYTES, 3, **places))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    assert codes(sample) == ["data-length"]


def test_ends_that_differ_leave_the_number_of_events_to_tot(read):
    begin, end = place(build(TWO, TWO_BYTES, 3))
    sample = read(build(TWO, TWO_BYTES, 3, header_data=(begin, end + 800)))
    assert sample.n_events == 3
    assert codes(sample)[0] == "data-end-differs"


def test_a_file_without_events_is_a_file(read):
    sample = read(build(TWO, b"", 0, header_data=(0, 0), text_data=(0, 0)))
    assert sample.n_events == 0
    assert sample.to_numpy().shape == (0, 2)
    assert sample.to_pandas().columns.tolist() == ["FSC-A", "CD56"]
    assert sample.values("CD56").shape == (0,)


def test_of_several_data_sets_the_first_is_read(read):
    first = build(TWO, TWO_BYTES, 3)
    sample = read(first + build([Channel("Z")], pack([(1.0,)], "f", "<"), 1))
    assert [c.detector for c in sample.panel] == ["FSC-A", "PE-A"]
    assert sample.n_events == 3
