"""Reading FCS: files made byte by byte here, so that no writer helps the reader."""

from __future__ import annotations

import numpy as np
import pytest
from reference.fcs_bytes import Channel, build, pack

import longate as lg
from longate.exceptions import FcsError, PanelError

LITTLE = {1: "1", 2: "1,2", 3: "1,2,3", 4: "1,2,3,4", 8: "1,2,3,4,5,6,7,8"}
FLOATS = [(1.5, -2.25), (3.0e-4, 262143.9), (0.0, float("inf"))]
TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
TWO_BYTES = pack(FLOATS, "ff", "<")


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes to a file and reads it."""
    path = tmp_path / "made.fcs"

    def reader(data, **options):
        path.write_bytes(data)
        return lg.read_fcs(path, **options)

    return reader


def codes(sample):
    return [departure.code for departure in sample.diagnosis]


def integers(name="FL1", bits=16, top=65536, **more):
    return Channel(name, bits=bits, range=top, **more)


# --- encodings


@pytest.mark.parametrize(("order", "byteord"), [("<", "1,2,3,4"), (">", "4,3,2,1")])
@pytest.mark.parametrize(
    ("code", "datatype", "bits", "dtype"),
    [("f", "F", 32, np.float32), ("d", "D", 64, np.float64)],
)
def test_reads_floats_of_either_width_and_order(
    read, order, byteord, code, datatype, bits, dtype
):
    rows = [(np.float32(a), np.float32(b)) for a, b in FLOATS]
    channels = [Channel("A", bits=bits), Channel("B", bits=bits)]
    data = pack(rows, code * 2, order)
    sample = read(build(channels, data, 3, datatype=datatype, byteord=byteord))
    assert sample.to_numpy().dtype == dtype
    np.testing.assert_array_equal(sample.to_numpy(), np.array(rows, dtype=dtype))
    assert sample.diagnosis == ()


@pytest.mark.parametrize(("order", "byteord"), [("<", "1,2,3,4"), (">", "4,3,2,1")])
@pytest.mark.parametrize(
    ("code", "bits", "dtype"),
    [
        ("B", 8, np.float32),
        ("H", 16, np.float32),
        ("t", 24, np.float32),
        ("I", 32, np.float64),
        ("Q", 64, np.float64),
    ],
)
def test_reads_unsigned_integers_of_every_width(
    read, order, byteord, code, bits, dtype
):
    largest = 2**bits - 1
    rows = [(0, largest), (1, largest // 3), (200, 129)]
    channels = [Channel(n, bits=bits, range=2**bits) for n in "AB"]
    data = pack(rows, code * 2, order)
    sample = read(build(channels, data, 3, datatype="I", byteord=byteord))
    assert sample.to_numpy().dtype == dtype
    np.testing.assert_array_equal(sample.to_numpy(), np.array(rows, dtype=float))


def test_short_byte_orders_mean_the_same_at_any_width(read):
    channels = [integers(bits=32, top=2**32)]
    for byteord, order in (("1,2", "<"), ("2,1", ">"), (" 4, 3,2,1 ", ">")):
        data = pack([(7,), (2**31,)], "I", order)
        sample = read(build(channels, data, 2, datatype="I", byteord=byteord))
        assert sample.to_numpy()[:, 0].tolist() == [7, 2**31]


def test_reads_mixed_widths_in_one_event(read):
    channels = [
        integers("A", 16, 1024),
        integers("B", 32, 262144),
        integers("C", 8, 256),
        integers("D", 24, 2**24),
        integers("E", 32, 2**32),
    ]
    rows = [(1, 100_000, 3, 70_000, 2**32 - 1), (1023, 5, 255, 2**24 - 1, 16_777_217)]
    sample = read(build(channels, pack(rows, "HIBtI", "<"), 2, datatype="I"))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(rows, dtype=float))
    dtypes = [sample.column(channel.name).dtype for channel in channels]
    assert dtypes == [np.float32] * 4 + [np.float64]


@pytest.mark.parametrize(
    ("top", "stored", "value"),
    [
        (1024, 0b1111_1100_0000_0001, 1),  # vendors write other things above the range
        (1000, 1010, 1010),  # not a power of two: masked to the next one, not clamped
        (1000, 0x0400 | 5, 5),
        ("1024.00", 0xFC05, 5),
        (65536, 65535, 65535),
        (2**32, 65535, 65535),
        ("1e10", 65535, 65535),
    ],
)
def test_masks_integers_to_the_bits_of_their_range(read, top, stored, value):
    data = pack([(stored,)], "H", "<")
    sample = read(build([integers(top=top)], data, 1, datatype="I"))
    assert sample.to_numpy()[0, 0] == value
    assert sample.diagnosis == ()


@pytest.mark.parametrize("top", [0, -5, None])
def test_a_range_that_says_nothing_leaves_all_bits(read, top):
    data = pack([(65535,)], "H", "<")
    sample = read(build([integers(top=top)], data, 1, datatype="I"))
    assert sample.to_numpy()[0, 0] == 65535
    assert codes(sample) == ["range-unusable"]


def test_never_clips_floats_at_their_range(read):
    data = pack([(1e9,), (-1e9,)], "f", "<")
    sample = read(build([Channel("A", range=1024)], data, 2))
    assert sample.to_numpy()[:, 0].tolist() == [1e9, -1e9]


# --- dtypes (architecture, decision 1)


def test_dtypes_follow_from_keywords_never_from_values(read):
    channels = [
        integers("small", 32, 2**24),
        integers("wide", 32, 2**25),
        integers("Time", 16, 1024),
        integers("log", 16, 1024, amplification="4,1"),
        integers("gained", 16, 1024, gain="2"),
        integers("gain 1", 16, 1024, gain="1.0"),
    ]
    data = pack([(1, 1, 1, 1, 1, 1)], "IIHHHH", "<")
    file = build(channels, data, 1, datatype="I")
    raw, scale = read(file, values="raw"), read(file)
    wide = {"raw": {"wide", "Time"}, "scale": {"wide", "Time", "log", "gained"}}
    for values, sample in (("raw", raw), ("scale", scale)):
        for channel in channels:
            expected = np.float64 if channel.name in wide[values] else np.float32
            assert sample.column(channel.name).dtype == expected, (values, channel)


def test_arrays_are_read_only_and_contiguous(read):
    column = read(build(TWO, TWO_BYTES, 3)).column("CD56")
    assert column.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


# --- from stored numbers to scale values


def test_log_amplification_uses_the_range_and_not_one_less(read):
    channel = integers(top=1024, amplification="4.0,0.1")
    stored = np.array([0, 1, 512, 1023])
    file = build([channel], pack(stored[:, None], "H", "<"), 4, datatype="I")
    np.testing.assert_allclose(
        read(file).to_numpy()[:, 0], 0.1 * 10 ** (4 * stored / 1024), rtol=1e-15
    )
    np.testing.assert_array_equal(read(file, values="raw").to_numpy()[:, 0], stored)


def test_log_amplification_without_a_floor_starts_at_one(read):
    channel = integers(top=1024, amplification="4,0")
    sample = read(build([channel], pack([(512,)], "H", "<"), 1, datatype="I"))
    assert sample.to_numpy()[0, 0] == pytest.approx(100.0, rel=1e-15)
    assert codes(sample) == ["log-offset-zero"]


def test_log_amplification_of_floats_is_ignored_and_reported(read):
    channel = Channel("A", amplification="4,1", range=1024)
    sample = read(build([channel], pack([(512.0,)], "f", "<"), 1))
    assert sample.to_numpy()[0, 0] == 512
    assert codes(sample) == ["log-amplified-float"]


@pytest.mark.parametrize(
    ("gain", "expected"), [("4", 25.0), ("0.5", 200.0), ("0", 100.0), (" ", 100.0)]
)
def test_a_gain_divides_and_zero_means_none(read, gain, expected):
    data = pack([(100,)], "H", "<")
    sample = read(build([integers(gain=gain)], data, 1, datatype="I"))
    assert sample.to_numpy()[0, 0] == expected
    assert read(build([Channel("A", gain=gain)], pack([(100.0,)], "f", "<"), 1)).column(
        "A"
    )[0] == np.float32(expected)


def test_a_gain_does_not_touch_logarithmic_channels_or_time(read):
    channels = [
        integers("log", top=1024, amplification="4,1", gain="8"),
        integers("Time", gain="8"),
    ]
    data = pack([(512, 100)], "HH", "<")
    values = read(build(channels, data, 1, datatype="I")).to_numpy()[0]
    np.testing.assert_allclose(values, [100.0, 100.0], rtol=1e-15)


@pytest.mark.parametrize("name", ["Time", "TIME", "time", " Time "])
def test_time_is_in_seconds(read, name):
    file = build(
        [integers(name)],
        pack([(250,)], "H", "<"),
        1,
        datatype="I",
        keywords={"$TIMESTEP": "0.01"},
    )
    assert read(file).to_numpy()[0, 0] == pytest.approx(2.5)
    assert read(file, values="raw").to_numpy()[0, 0] == 250


@pytest.mark.parametrize(
    ("step", "reported"),
    [(None, False), ("", False), (" ", False), ("0", True), ("x", True), ("nan", True)],
)
def test_an_unusable_timestep_leaves_time_as_stored(read, step, reported):
    data = pack([(250.0,)], "f", "<")
    sample = read(build([Channel("Time")], data, 1, keywords={"$TIMESTEP": step}))
    assert sample.to_numpy()[0, 0] == 250
    assert ("timestep-unusable" in codes(sample)) is reported


# --- TEXT


@pytest.mark.parametrize("delimiter", list("|\\\x0c!^.+?(*") + ["\x1e", "~"])
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
    (departure,) = sample.diagnosis
    assert departure.code == "data-begin-differs"
    assert f"HEADER begins DATA at {wrong[0]}, TEXT at {begin}" in departure.found
    assert "TEXT" in departure.done


def test_of_two_exact_places_the_one_right_behind_text_is_taken(read):
    good = build(TWO, TWO_BYTES, 3, trailing=bytes(64))
    begin, end = place(good)
    later = (f"{begin + 20:012d}", f"{end + 20:012d}")
    sample = read(build(TWO, TWO_BYTES, 3, text_data=later, trailing=bytes(64)))
    np.testing.assert_array_equal(sample.to_numpy(), np.array(FLOATS, np.float32))
    (departure,) = sample.diagnosis
    assert departure.code == "data-begin-differs"
    assert "HEADER" in departure.done


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


# --- choosing channels


def test_reads_only_the_channels_that_are_asked_for(read):
    sample = read(build(TWO, TWO_BYTES, 3), channels=["CD56"])
    assert sample.to_numpy().shape == (3, 1)
    with pytest.raises(FcsError, match=r"'FSC-A'.*was not read; it was read with .*CD56"):
        sample.column("FSC-A")
    with pytest.raises(PanelError, match="'CD65' is not in the panel; did you mean 'CD56'"):
        read(build(TWO, TWO_BYTES, 3), channels=["CD65"])


def test_aliases_name_markers_too(read):
    file = build(TWO, TWO_BYTES, 3)
    sample = read(file, aliases={"NCAM": "CD56"}, channels=["ncam"])
    assert sample.column("CD56")[0] == np.float32(-2.25)


def test_options_that_are_not_known_are_named(read):
    file = build(TWO, TWO_BYTES, 3)
    with pytest.raises(FcsError, match=r"values='scales' .*did you mean 'scale'"):
        read(file, values="scales")
    with pytest.raises(FcsError, match="compensation='none' is not known"):
        read(file, compensation="none")


# --- spillover of the file

SPILL = "2,FITC-A,PE-A,1,0.25,0,1"
DYES = [Channel("FITC-A"), Channel("PE-A")]


@pytest.mark.parametrize("keyword", ["$SPILLOVER", "SPILL", "spillover", "Spill"])
def test_finds_the_matrix_whatever_it_is_called(read, keyword):
    data = pack([(100.0, 45.0)], "ff", "<")
    sample = read(build(DYES, data, 1, keywords={keyword: SPILL}))
    assert sample.values("PE-A").tolist() == [20.0]
    assert sample.values("PE-A", compensated=False).tolist() == [45.0]
    assert sample.values("FITC-A").tolist() == [100.0]


def test_another_matrix_or_none_may_be_given(read):
    data = pack([(100.0, 45.0)], "ff", "<")
    file = build(DYES, data, 1, keywords={"$SPILLOVER": SPILL})
    assert read(file, compensation=None).compensation is None
    other = lg.Compensation([[1, 0.5], [0, 1]], ["FITC-A", "PE-A"])
    assert read(file, compensation=other).values("PE-A").tolist() == [-5.0]
    assert read(file).values("PE-A", compensation=other).tolist() == [-5.0]


def test_a_matrix_may_name_channels_that_were_not_exported(read):
    """Only where they give and take nothing."""
    data = pack([(100.0, 45.0)], "ff", "<")
    harmless = "3,FITC-A,PE-A,APC-A,1,0.25,0,0,1,0,0,0,1"
    sample = read(build(DYES, data, 1, keywords={"SPILL": harmless}))
    assert sample.compensation.channels == ("FITC-A", "PE-A")
    harmful = "3,FITC-A,PE-A,APC-A,1,0.25,0,0,1,0,0.1,0,1"
    sample = read(build(DYES, data, 1, keywords={"SPILL": harmful}))
    with pytest.raises(lg.exceptions.SpilloverError, match="names 'APC-A', which the fi"):
        sample.values("PE-A")


def test_channel_numbers_stand_for_detectors(read):
    data = pack([(100.0, 45.0)], "ff", "<")
    sample = read(build(DYES, data, 1, keywords={"SPILL": "2,1,2,1,0.25,0,1"}))
    assert sample.compensation.channels == ("FITC-A", "PE-A")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2,FITC-A,PE-A,1,0.25,0", "declares 2 channels and so needs 7 entries; it has 6"),
        ("two,FITC-A", "starts with 'two', not with a number"),
        ("0", "declares 0 channels"),
        ("2,FITC-A,PE-A,1,0.25,0,x", "no number"),
        ("2,FITC-A,PE-A,1,nan,0,1", "holds NaN"),
        ("2,FITC-A,FITC-A,1,0,0,1", "names a channel twice"),
        ("2,FITC-A,PE-A,1,2,0.5,1", "is singular"),
    ],
)
def test_a_matrix_that_is_none_is_refused_with_the_file(read, tmp_path, value, reason):
    file = build(DYES, pack([(1.0, 2.0)], "ff", "<"), 1, keywords={"SPILL": value})
    with pytest.raises(lg.exceptions.SpilloverError, match=reason) as caught:
        read(file)
    assert str(caught.value).startswith(f"{tmp_path / 'made.fcs'}: in SPILL: ")
    assert read(file, compensation=None).n_events == 1
