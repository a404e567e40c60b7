"""What no file at hand shows, made byte by byte: packed bits, ASCII, byte orders."""

from __future__ import annotations

import binascii
import os
import struct

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError
from longate.io.fcs import read_metadata
from reference.fcs_bytes import Channel, build, pack

TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
TWO_BYTES = pack([(1.5, -2.25), (3.0, 4.0)], "ff", "<")


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes to a file and reads it."""
    path = tmp_path / "made.fcs"

    def reader(data, **options):
        path.write_bytes(data)
        return lg.read_fcs(path, **options)

    return reader


def codes(sample):
    return [violation.code for violation in sample.diagnosis]


def packed(rows, widths, byteord):
    """Write numbers bit by bit: the twin of the reader, by strings of 0 and 1."""
    big = byteord == "4,3,2,1"
    bits = ""
    for row in rows:
        for value, width in zip(row, widths, strict=True):
            digits = f"{value:0{width}b}"
            bits += digits if big else digits[::-1]
    octets = [bits[at : at + 8].ljust(8, "0") for at in range(0, len(bits), 8)]
    return bytes(int(octet if big else octet[::-1], 2) for octet in octets)


@pytest.mark.parametrize("byteord", ["4,3,2,1", "1,2,3,4"])
@pytest.mark.parametrize("widths", [(10, 10, 10), (10, 12, 3), (1, 33, 64), (7, 16, 9)])
def test_reads_tightly_packed_bits(read, byteord, widths):
    rng = np.random.default_rng(1)
    rows = [
        [int(rng.integers(0, 2 ** min(w, 53))) for w in widths] for _ in range(5001)
    ]
    channels = [
        Channel(f"C{n}", bits=width, range=2**width) for n, width in enumerate(widths)
    ]
    file = build(
        channels, packed(rows, widths, byteord), 5001, datatype="I", byteord=byteord
    )
    sample = read(file)
    assert sample.diagnosis == ()
    np.testing.assert_array_equal(sample.to_numpy(), np.array(rows, dtype=float))
    narrow = [sample.column(c.name).dtype == np.float32 for c in channels]
    assert narrow == [width <= 24 for width in widths]


def test_ten_bits_stored_in_words_are_told_by_the_length_of_data(read):
    channels = [Channel(n, bits=10, range=1024) for n in "ABCD"]
    rows = [(1, 2, 3, 0xFC04), (1023, 1022, 512, 0)]
    sample = read(build(channels, pack(rows, "HHHH", "<"), 2, datatype="I"))
    np.testing.assert_array_equal(
        sample.to_numpy(), [(1, 2, 3, 4), (1023, 1022, 512, 0)]
    )
    assert codes(sample) == ["padded-widths", "mask-applied"]
    assert "10 bytes" in sample.diagnosis[0].found
    assert "DATA has 16" in sample.diagnosis[0].found


def test_odd_widths_that_fit_in_two_ways_are_refused(read):
    channels = [Channel(n, bits=10, range=1024) for n in "AB"]
    with pytest.raises(FcsError, match="packed bit by bit as well as in whole bytes"):
        read(build(channels, bytes(30), 3, datatype="I"))


def test_reads_bytes_in_the_order_3_4_1_2(read):
    values = [1, 0x01020304, 2**32 - 1]
    data = b"".join(
        bytes([(v >> 16) & 255, (v >> 24) & 255, v & 255, (v >> 8) & 255])
        for v in values
    )
    channels = [Channel("A", bits=32, range=2**32)]
    sample = read(build(channels, data, 3, datatype="I", byteord="3,4,1,2"))
    assert sample.to_numpy()[:, 0].tolist() == values


def test_reads_the_mixed_types_of_3_2(read):
    channels = [Channel("A"), Channel("B", bits=16, range=1024), Channel("C", bits=64)]
    rows = [(1.5, 7, 1 / 3), (-2.0, 1023, 1e300)]
    keywords = {"$P2DATATYPE": "I", "$P3DATATYPE": "D"}
    file = build(
        channels, pack(rows, "fHd", "<"), 2, version="FCS3.2", keywords=keywords
    )
    sample = read(file)
    np.testing.assert_array_equal(sample.to_numpy(), np.array(rows))
    assert [sample.column(n).dtype.itemsize for n in "ABC"] == [4, 4, 8]
    assert sample.diagnosis == ()


def test_reads_ascii_of_fixed_width_and_delimited(read):
    fixed = [Channel("A", bits=4, range=1024), Channel("B", bits=6, range=1024)]
    sample = read(build(fixed, b"  12001023   7     5", 2, datatype="A"))
    assert sample.to_numpy().tolist() == [[12, 1023], [7, 5]]
    free = [Channel(n, bits="*", range=1024) for n in "AB"]
    sample = read(build(free, b"12 1023\r\n7,\t5\n", 2, datatype="A"))
    assert sample.to_numpy().tolist() == [[12, 1023], [7, 5]]
    with pytest.raises(FcsError, match='holds "many" where a number is expected'):
        read(build(free, b"1 2 3 many", 2, datatype="A"))
    with pytest.raises(FcsError, match=r"holds 1 events, \$TOT says 2"):
        read(build(free, b"1 2 3", 2, datatype="A"))


# --- data sets, ANALYSIS, check words


def chained(first, *others):
    """Put data sets behind each other; offsets in each count from its begin."""
    files = [first, *others]
    out = b""
    for index, options in enumerate(files):
        keywords = {"$NEXTDATA": f"{0:08d}"}
        made = build(**options, keywords=keywords)
        if index + 1 < len(files):
            keywords = {"$NEXTDATA": f"{len(made):08d}"}
            made = build(**options, keywords=keywords)
        out += made
    return out


def test_reads_each_of_several_data_sets(read):
    words = [Channel("Z", bits=16, range=1024)]
    file = chained(
        {"channels": TWO, "data": TWO_BYTES, "n_events": 2},
        {
            "channels": words,
            "data": b"\0\7\0\10",
            "n_events": 2,
            "datatype": "I",
            "byteord": "2,1",
        },
    )
    first, second = read(file), read(file, dataset=1)
    assert first.to_numpy().tolist() == [[1.5, -2.25], [3.0, 4.0]]
    assert second.to_numpy().tolist() == [[7], [8]]
    assert codes(first) == codes(second) == ["several-data-sets"]
    assert (second.dataset, second.n_data_sets) == (1, 2)
    with pytest.raises(FcsError, match="has 2 data sets; data set number 2"):
        read(file, dataset=2)
    with pytest.raises(FcsError, match="counts from 0"):
        read(file, dataset=-1)


@pytest.mark.parametrize("next_data", ["1", "64", "-3", "999999999", str(2**64 - 1)])
def test_a_chain_that_leads_nowhere_ends_and_is_reported(read, next_data):
    file = build(TWO, TWO_BYTES, 2, keywords={"$NEXTDATA": next_data})
    sample = read(file)
    assert codes(sample) == ["nextdata-unusable"]
    assert sample.n_data_sets == 1


def test_exposes_analysis(read):
    analysis = b"/GATE/NK/$CSVnFLAG/1/"
    places = {"$BEGINANALYSIS": f"{0:08d}", "$ENDANALYSIS": f"{0:08d}"}
    begin = len(build(TWO, TWO_BYTES, 2, keywords=places))
    places = {
        "$BEGINANALYSIS": f"{begin:08d}",
        "$ENDANALYSIS": f"{begin + len(analysis) - 1:08d}",
    }
    sample = read(build(TWO, TWO_BYTES, 2, keywords=places, trailing=analysis))
    assert sample.analysis["gate"] == "NK"
    assert "gate" not in sample.keywords
    assert sample.diagnosis == ()


@pytest.mark.parametrize(
    "initial", [0xFFFF, 0], ids=["CCITT from ones", "CCITT from zeros"]
)
def test_a_check_word_is_checked(read, initial):
    file = build(TWO, TWO_BYTES, 2)
    word = f"{binascii.crc_hqx(file, initial):08d}".encode()
    assert read(file + word).diagnosis == ()
    assert read(file + b"00000000").diagnosis == ()
    damaged = bytearray(file + word)
    damaged[-9] ^= 1
    sample = read(bytes(damaged))
    assert codes(sample) == ["crc-differs"]
    with pytest.raises(FcsError, match="crc-differs"):
        read(bytes(damaged), on_problem="strict")


# --- diagnosis, and how strict to be


def test_strict_refuses_what_repair_repairs(read):
    file = build(TWO, TWO_BYTES, 2, keywords={"$TOT": None})
    assert codes(read(file)) == ["tot-missing"]
    with pytest.raises(FcsError, match=r"departs from the standard.*\(tot-missing\)"):
        read(file, on_problem="strict")
    with pytest.raises(FcsError, match="did you mean 'strict'"):
        read(file, on_problem="strickt")


def test_strict_reads_what_departs_in_nothing(read):
    assert read(build(TWO, TWO_BYTES, 2), on_problem="strict").n_events == 2
    words = [Channel("A", bits=16, range=1024)]
    masked = build(words, b"\xff\xff", 1, datatype="I")
    assert codes(read(masked, on_problem="strict")) == ["mask-applied"]


def test_an_end_that_is_the_begin_leaves_the_length_to_tot(read):
    file = build(TWO, TWO_BYTES, 2)
    begin = int(file[26:34])
    places = {
        "header_data": (begin, begin),
        "text_data": (f"{begin:012d}", f"{begin:012d}"),
    }
    sample = read(build(TWO, TWO_BYTES, 2, **places))
    assert sample.to_numpy().tolist() == [[1.5, -2.25], [3.0, 4.0]]
    assert codes(sample) == ["data-end-missing"]


def test_integers_that_no_float_holds_are_reported(read):
    channels = [Channel("A", bits=64, range=2**64), Channel("B", bits=64, range=2**64)]
    data = pack([(2**63 + 1, 5)], "QQ", "<")
    sample = read(build(channels, data, 1, datatype="I"))
    assert sample.to_numpy().tolist() == [[2.0**63, 5.0]]
    assert codes(sample) == ["rounded-integers"]
    assert '"A"' in sample.diagnosis[0].found


def test_the_text_is_kept_as_it_is(read, tmp_path):
    file = build(TWO, TWO_BYTES, 2, keywords={"$COM": "a//b", "vendor": " x "})
    sample = read(file)
    metadata = read_metadata(tmp_path / "made.fcs")
    begin, end = metadata.segments["text"]
    assert sample.text == metadata.text == file[begin:end]
    assert b"/$COM/a//b/" in sample.text
    first, last = metadata.segments["data"]
    assert file[first:last] == TWO_BYTES


def test_a_file_that_changed_after_its_head_was_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "made.fcs"
    path.write_bytes(build(TWO, TWO_BYTES, 2))
    from longate.io import fcs

    def scan_then_cut(*arguments, **options):
        metadata = read_metadata(*arguments, **options)
        os.truncate(path, path.stat().st_size - 4)
        return metadata

    monkeypatch.setattr(fcs, "read_metadata", scan_then_cut)
    with pytest.raises(FcsError, match=r"has changed|is truncated"):
        lg.read_fcs(path)


def test_columns_do_not_depend_on_threads_or_on_the_choice_of_channels(read):
    rng = np.random.default_rng(3)
    n_events = 150_000
    channels = [Channel("I", bits=32, range=2**20), Channel("F"), Channel("Time")]
    table = np.empty(n_events, dtype=[("i", ">u4"), ("f", ">f4"), ("t", ">f4")])
    table["i"] = rng.integers(0, 2**20, n_events)
    table["f"] = rng.normal(size=n_events)
    table["t"] = np.arange(n_events)
    file = build(
        channels,
        table.tobytes(),
        n_events,
        byteord="4,3,2,1",
        keywords={"$P1DATATYPE": "I", "$TIMESTEP": "0.5"},
    )
    for threads in (1, 2, 5):
        sample = read(file, threads=threads)
        np.testing.assert_array_equal(sample.column("I"), table["i"])
        np.testing.assert_array_equal(sample.column("F"), table["f"])
        np.testing.assert_array_equal(sample.column("Time"), table["t"] * 0.5)
    one = read(file, channels=["Time"])
    np.testing.assert_array_equal(one.column("Time"), table["t"] * 0.5)


def test_to_numpy_has_contiguous_channels(read):
    matrix = read(build(TWO, TWO_BYTES, 2)).to_numpy()
    assert matrix.flags.f_contiguous
    assert matrix.dtype == np.float32
    (last,) = struct.unpack("<f", TWO_BYTES[-4:])
    assert matrix[-1, -1] == last
