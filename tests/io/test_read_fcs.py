"""Reading FCS: files made byte by byte here, so that no writer helps the reader."""

from __future__ import annotations

import numpy as np
import pytest

from longate.exceptions import FcsError, PanelError
from reference.fcs_bytes import Channel, build, pack

LITTLE = {1: "1", 2: "1,2", 3: "1,2,3", 4: "1,2,3,4", 8: "1,2,3,4,5,6,7,8"}
FLOATS = [(1.5, -2.25), (3.0e-4, 262143.9), (0.0, float("inf"))]
TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
TWO_BYTES = pack(FLOATS, "ff", "<")


def codes(sample):
    return [violation.code for violation in sample.diagnosis]


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
    assert codes(sample) == ["mask-applied"] * (stored != value)


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


# --- choosing channels


def test_reads_only_the_channels_that_are_asked_for(read):
    sample = read(build(TWO, TWO_BYTES, 3), channels=["CD56"])
    assert sample.to_numpy().shape == (3, 1)
    with pytest.raises(
        FcsError, match=r"'FSC-A'.*was not read; it was read with .*CD56"
    ):
        sample.column("FSC-A")
    with pytest.raises(
        PanelError, match="'CD65' is not in the panel; did you mean 'CD56'"
    ):
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
