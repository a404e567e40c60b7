"""Hostile files: whatever the bytes, a reading or an FcsError that names the file."""

from __future__ import annotations

import os
import warnings

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import FcsError, FileWarning, LongateError, SpilloverError
from reference.fcs_bytes import Channel, build, keyword_pairs, pack

CHANNELS = [
    Channel("FSC-A", bits=16, range=1024),
    Channel("PE-A", bits=32, range=262144, marker="CD56", gain="2"),
    Channel("FITC-A", bits=16, range=1024, amplification="4,1", marker="CD3"),
    Channel("Time", bits=32, range=2**32),
]
ROWS = [(i % 1024, 40 * i, 7 * i % 1024, i) for i in range(60)]
KEYWORDS = {
    "$TIMESTEP": "0.01",
    "$SPILLOVER": "2,PE-A,FITC-A,1,0.1,0.2,1",
    "$CYT": "made",
    "$BEGINSTEXT": "0",
    "$ENDSTEXT": "0",
}
DATA = pack(ROWS, "HIHI", "<")
VALID = build(CHANNELS, DATA, 60, datatype="I", keywords=KEYWORDS)
HUGE = [
    2**31,
    2**32,
    2**40,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 2,
    2**64 - 1,
    2**64,
    10**30,
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hostile.fcs"


def named(path, error):
    """Return an error that names the file."""
    assert str(path) in str(error)
    return error


def outcome(path, data, **options):
    """Read bytes; return the sample, or the error, which must be one of ours."""
    path.write_bytes(data)
    try:
        sample = lg.read_fcs(path, **options)
    except (FcsError, SpilloverError) as error:
        return named(path, error)
    # What was read is whole: its size follows from the file's, never from its claims.
    assert sample.to_numpy().shape == (sample.n_events, len(sample.panel))
    assert sample.n_events * len(sample.panel) <= len(data)
    return sample


def refuses(path, match, **changes):
    made = build(CHANNELS, DATA, 60, **{"datatype": "I", **changes})
    path.write_bytes(made)
    with pytest.raises(FcsError, match=match) as caught:
        lg.read_fcs(path)
    assert str(caught.value).startswith(str(path))


def test_the_file_that_is_damaged_here_is_sound(path):
    sample = outcome(path, VALID)
    assert sample.n_events == 60
    assert sample.diagnosis == ()


def test_a_file_cut_short_anywhere_is_refused(path):
    for length in {*range(0, len(VALID), 50), len(VALID) - 1, 57, 58, 59}:
        found = outcome(path, VALID[:length])
        assert isinstance(found, FcsError), length
        assert "truncated" in str(found) or "not an FCS file" in str(found), found


def test_ten_to_the_twelve_events_in_a_kilobyte(path):
    size = 12 * 10**12
    path.write_bytes(
        build(
            CHANNELS,
            DATA,
            10**12,
            datatype="I",
            header_data=("", ""),
            text_data=("700", str(700 + size - 1)),
        )
    )
    with pytest.raises(
        FcsError, match="is truncated: the DATA segment needs bytes 700"
    ):
        lg.read_fcs(path)


@pytest.mark.parametrize("end", HUGE)
@pytest.mark.parametrize("n_events", ["1000000000000", "1", None])
def test_offsets_near_the_end_of_numbers(path, end, n_events):
    for begin in (10, 700, max(end - 12 * 10**12, 1), end - 1, end):
        made = build(
            CHANNELS,
            DATA,
            60,
            datatype="I",
            header_data=("", ""),
            text_data=(str(begin), str(end)),
            keywords={"$TOT": n_events},
        )
        found = outcome(path, made)
        if n_events != "1" or begin != 700:  # one event after byte 700 is there
            assert isinstance(found, FcsError), (begin, end)


@pytest.mark.parametrize("keyword", ["$BEGINDATA", "$ENDDATA", "$TOT"])
@pytest.mark.parametrize(
    "value", ["-1", "nan", "inf", "1.5", "0x10", "many", "١٢", "1e3"]
)
def test_offsets_and_totals_that_are_no_whole_numbers(path, keyword, value):
    value = value.encode().decode("latin-1")
    refuses(path, rf"\{keyword}.*whole number", keywords={keyword: value})


@pytest.mark.parametrize("offset", ["-1", "nan", "1.5", "abc", "12 34"])
@pytest.mark.parametrize("place", range(4))
def test_offsets_in_header_that_are_no_numbers(path, offset, place):
    at = 10 + 8 * place
    data = VALID[:at] + offset.encode().rjust(8) + VALID[at + 8 :]
    assert "is not a number" in str(outcome(path, data))


@pytest.mark.parametrize(
    "text", [(0, 0), (58, 58), (10, 200), (300, 100), (58, 99_999_999), ("", "")]
)
def test_impossible_places_for_text(path, text):
    head = VALID[:10] + "".join(f"{t!s:>8}" for t in text).encode() + VALID[26:]
    assert isinstance(outcome(path, head), FcsError)


@pytest.mark.parametrize(
    "value", ["0", "-4", "4.5", "nan", "10001", "99999999999", str(10**30), "four", ""]
)
def test_numbers_of_channels_that_cannot_be(path, value):
    refuses(path, r"\$PAR", keywords={"$PAR": value})


def test_more_channels_declared_than_described(path):
    refuses(path, r"lacks the required keyword \$P5B", keywords={"$PAR": "5"})


@pytest.mark.parametrize("keyword", ["$PAR", "$DATATYPE", "$BYTEORD", "$P1B"])
def test_a_missing_required_keyword_is_named(path, keyword):
    refuses(path, rf"lacks the required keyword \{keyword}", keywords={keyword: None})


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("$MODE", "C"),
        ("$MODE", "U"),
        ("$DATATYPE", "X"),
        ("$BYTEORD", "3,4,1,2"),
        ("$BYTEORD", "4"),
        ("$P1B", "0"),
        ("$P1B", "128"),
        ("$P1DATATYPE", "F"),
    ],
)
def test_what_the_reader_does_not_support_is_said(path, keyword, value):
    refuses(
        path,
        rf"uses .*\{keyword}.*which this reader does not support",
        keywords={keyword: value},
    )


@pytest.mark.parametrize("bits", [16, 64, 8])
def test_floats_of_a_wrong_width_are_refused(path, bits):
    channels = [Channel("A", bits=bits)]
    path.write_bytes(build(channels, bytes(16), 2))
    with pytest.raises(FcsError, match=rf"\$P1B = {bits} with \$DATATYPE"):
        lg.read_fcs(path)


@pytest.mark.parametrize("value", ["*", "16.5", "-16", "sixteen"])
def test_widths_that_are_no_numbers(path, value):
    refuses(path, r"\$P1B", keywords={"$P1B": value})


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "wide", "1,000"])
def test_ranges_that_are_no_numbers(path, value):
    refuses(path, r"\$P1R", keywords={"$P1R": value})


@pytest.mark.parametrize("value", ["4", "four,1", "nan,1", "-4,1", "4,inf", "4;1"])
def test_amplifications_that_are_no_exponents(path, value):
    refuses(path, r"\$P1E .*two numbers", keywords={"$P1E": value})


def test_a_logarithm_without_a_range_is_refused(path):
    refuses(path, r"\$P1R", keywords={"$P1E": "4,1", "$P1R": None})


def test_more_events_promised_than_data_holds(path):
    refuses(path, r"\$TOT = 61 events need 732 bytes", keywords={"$TOT": "61"})


@pytest.mark.parametrize(
    "data",
    [b"", b"F", b"FCS", b"FCS3.1", b"\0" * 5000, b"PK\x03\x04" * 200, b"FCS9.9" * 99],
    ids=["empty", "one byte", "FCS", "version", "zeros", "zip", "unknown version"],
)
def test_what_is_not_fcs_is_refused(path, data):
    assert isinstance(outcome(path, data), FcsError)


def test_other_files_are_told_by_their_first_bytes(path):
    path.write_bytes(b"PK\x03\x04 an xlsx sheet, say" * 9)
    with pytest.raises(FcsError, match=r"is not an FCS file: it starts with"):
        lg.read_fcs(path)


def test_a_folder_and_a_missing_file(tmp_path):
    with pytest.raises(FcsError, match="not a regular file"):
        lg.read_fcs(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file") as caught:
        lg.read_fcs(tmp_path / "missing.fcs")
    assert "missing.fcs" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(path):
    path.write_bytes(VALID)
    path.chmod(0)
    with pytest.raises(FcsError, match="cannot be read"):
        lg.read_fcs(path)


# --- mutations: a few thousand damaged files

fuzz = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
places = st.integers(0, len(VALID) - 1)
edits = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=12)
digits = st.lists(
    st.tuples(st.integers(0, 700), st.sampled_from(b"0123456789 -/,.")),
    min_size=1,
    max_size=8,
)


@settings(fuzz, max_examples=1000)
@given(st.one_of(edits, digits))
def test_changed_bytes(path, changes):
    data = bytearray(VALID)
    for place, value in changes:
        data[min(place, len(data) - 1)] = value
    outcome(path, bytes(data))


@settings(fuzz, max_examples=400)
@given(places, places, st.binary(max_size=40))
def test_bytes_removed_and_put_in(path, first, second, more):
    begin, end = sorted((first, second))
    outcome(path, VALID[:begin] + more + VALID[end:])


NAMES = sorted({*keyword_pairs(CHANNELS, 60, "I", "1,2,3,4"), *KEYWORDS})
values = st.one_of(
    st.none(),
    st.integers(-5, 2**65).map(str),
    st.floats().map(str),
    st.sampled_from(
        ["", " ", "/", "//", "F", "D", "A", "1,2", "2,1", "4,1", "\0", "é"]
    ),
    st.text(st.characters(codec="latin-1"), max_size=12),
)


@settings(fuzz, max_examples=1000)
@given(st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=4))
def test_changed_keywords(path, keywords):
    merged = {**KEYWORDS, **keywords}
    outcome(path, build(CHANNELS, DATA, 60, datatype="I", keywords=merged))


@settings(fuzz, max_examples=200)
@given(st.binary(max_size=300), st.sampled_from([b"", b"FCS3.1    ", VALID[:58]]))
def test_random_bytes(path, data, start):
    outcome(path, start + data)


@settings(fuzz, max_examples=30)
@given(st.one_of(edits, digits))
def test_a_damaged_file_in_a_study_leaves_the_others(tmp_path, changes):
    data = bytearray(VALID)
    for place, value in changes:
        data[min(place, len(data) - 1)] = value
    (tmp_path / "good.fcs").write_bytes(VALID)
    (tmp_path / "bad.fcs").write_bytes(data)
    sheet = pd.DataFrame(
        {
            "file": [tmp_path / "good.fcs", tmp_path / "bad.fcs"],
            "patient": ["P1", "P2"],
            "visit": "m00",
            "tube": "T",
        }
    )
    strategy = lg.GatingStrategy(
        [lg.RectangleGate("low", dimensions={"FSC-A": (None, 30), "CD56": (None, 1e9)})]
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        populations = lg.read_study(sheet).gate(strategy, progress=False, threads=1)
    assert {warning.category for warning in caught} <= {FileWarning}
    counts = populations.counts.set_index(["sample", "population"])["n_events"]
    assert counts["P1_m00", "All events"] == 60
    assert counts["P1_m00", "low"] == 30
    left_out = populations.problems[populations.problems["step"] != "compare"]
    assert len(populations.files) + len(left_out) == 2


def test_errors_are_ours_and_of_the_usual_kind():
    assert issubclass(FcsError, LongateError)
    assert issubclass(FcsError, ValueError)
