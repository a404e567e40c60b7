"""Gates over whole columns: single precision, threads, shared memory, masks."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate._core import (
    combine_masks,
    contains,
    quadrant_counts,
    quadrant_masks,
)
from longate.exceptions import GateError
from reference import gates as reference

HOSTILE = [
    *(math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324),
    *(1e-300, 1e300, -1e300, 1.7e308, 0.1, 1.0),
]
OUTLINE = [(-1.0, -1.0), (1.0, -0.5), (0.5, 1.0), (0.0, 0.0), (-0.5, 1.0)]
FLAT = list(chain(*OUTLINE))
COVARIANCE = [[1.0, 0.3], [0.3, 0.5]]


def _events(n: int, kind: type = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    columns = rng.normal(0, 1, (2, n))
    columns[0, : len(HOSTILE)] = HOSTILE[:n]
    columns[1, : len(HOSTILE)] = HOSTILE[::-1][:n]
    with np.errstate(over="ignore"):
        return [column.astype(kind) for column in columns]


def _decide(columns: list[np.ndarray]) -> list[np.ndarray]:
    return [
        contains("polygon", FLAT, columns),
        contains("ellipsoid", [0.1, 0.2, *chain(*COVARIANCE), 1.5], columns),
        contains("rectangle", [-0.3, None, None, 0.7], columns),
        contains("closed_rectangle", [-0.3, 0.1, -1.0, 0.7], columns),
    ]


def test_single_precision_is_decided_as_the_same_numbers_in_double_precision():
    single = _events(5_000, np.float32)
    double = [column.astype(np.float64) for column in single]
    for one, other in zip(_decide(single), _decide(double), strict=True):
        np.testing.assert_array_equal(one, other)
    # A bound that single precision does not have is not rounded to it.
    tenth = np.array([0.1], dtype=np.float32)
    assert float(tenth[0]) > 0.1
    assert contains("rectangle", [0.1, None], [tenth]).all()
    assert not contains("closed_rectangle", [None, 0.1], [tenth]).any()
    gate = lg.RectangleGate("G", A=(None, 0.1), interval="closed")
    assert not gate.contains({"A": tenth}).any()


def test_a_large_array_is_decided_as_its_pieces():
    columns = _events(400_003)
    whole = _decide(columns)
    for begin in (0, 1, 63, 399_990):
        piece = [np.ascontiguousarray(c[begin : begin + 130]) for c in columns]
        for one, other in zip(_decide(piece), whole, strict=True):
            np.testing.assert_array_equal(one, other[begin : begin + 130])


def _misaligned(column: np.ndarray) -> np.ndarray:
    bytes_between = np.zeros(column.nbytes + 1, np.uint8)[1:]
    moved = bytes_between.view(column.dtype)
    moved[:] = column
    return moved


def _field(column: np.ndarray) -> np.ndarray:
    """A field of packed records: the distance is no multiple of its size."""
    records = np.zeros(len(column), dtype=[("event", "u1"), ("value", column.dtype)])
    records["value"] = column
    return records["value"]


def test_columns_of_any_layout_are_taken():
    columns = _events(2_000)
    expected = _decide(columns)
    rows = np.stack(columns, axis=1)
    frozen = [column.copy() for column in columns]
    for column in frozen:
        column.flags.writeable = False
    layouts = [
        [rows[:, 0], rows[:, 1]],
        [column[::-1].copy()[::-1] for column in columns],
        [_misaligned(column) for column in columns],
        [_field(column) for column in columns],
        frozen,
    ]
    for views in layouts:
        for one, other in zip(_decide(views), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert [answer.size for answer in _decide([np.empty(0)] * 2)] == [0] * 4


class Frame:
    """What some data frames are: no mapping, but columns by name."""

    def __init__(self, columns):
        self._columns = columns

    def __contains__(self, name):
        return name in self._columns

    def __getitem__(self, name):
        return self._columns[name]


def test_places_are_a_mapping_or_a_frame():
    gate = lg.RectangleGate("G", A=(500.0, None))
    values = np.arange(1000.0)
    for places in (Frame({"A": values}), {"A": _field(values.astype(np.float32))}):
        assert gate.contains(places).sum() == 500
    quadrants = lg.QuadrantGate("Q", dividers={"A": 500.0})
    assert quadrants.counts({"A": _field(values)}) == {"A-": 500, "A+": 500}
    for wrong in (None, values, _field(values), 7.0):
        with pytest.raises(GateError, match="or a data frame; got"):
            gate.contains(wrong)


def test_a_sample_may_keep_fields_of_records():
    sample = sample_of({"A": np.arange(1000.0)})
    sample.columns[0] = _field(sample.columns[0])
    gates = [lg.RectangleGate("G", A=(500.0, None))]
    gated = lg.GatingStrategy(gates, compensation=None).apply(sample)
    assert gated.counts["n_events"].tolist() == [1000, 500]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(HOSTILE), min_size=70, max_size=140),
    st.lists(st.sampled_from(HOSTILE), min_size=140, max_size=140),
)
def test_hostile_numbers_are_decided_like_the_twins(xs, ys):
    x, y = np.array(xs), np.array(ys[: len(xs)])
    polygon, ellipse, rectangle, closed = _decide([x, y])
    np.testing.assert_array_equal(polygon, reference.polygon(OUTLINE, x, y)[0])
    expected = reference.ellipsoid([0.1, 0.2], COVARIANCE, 1.5, [x, y])[0]
    np.testing.assert_array_equal(ellipse, expected)
    expected = reference.rectangle([x, y], [(-0.3, None), (None, 0.7)])[0]
    np.testing.assert_array_equal(rectangle, expected)
    bounds = [(-0.3, 0.1), (-1.0, 0.7)]
    expected = reference.rectangle([x, y], bounds, closed=True)[0]
    np.testing.assert_array_equal(closed, expected)


def test_quadrants_take_the_events_that_are_numbers_on_their_axes():
    columns = _events(900_001)
    every = [[across, along] for across in range(3) for along in range(2)]
    given_quadrants = ([[-0.5, 0.5], [0.0]], [*every, [1, None]], columns)
    masks = quadrant_masks(*given_quadrants)
    assert masks.shape == (7, 14_063)
    bits = np.unpackbits(masks.view(np.uint8), axis=1, bitorder="little")
    assert not bits[:, 900_001:].any()
    assert bits.sum(axis=1).tolist() == quadrant_counts(*given_quadrants)
    x, y = columns
    known = ~(np.isnan(x) | np.isnan(y))
    across = np.digitize(x, [-0.5, 0.5])
    for mask, (one, other) in zip(bits, every, strict=False):
        np.testing.assert_array_equal(
            mask[:900_001].astype(bool), known & (across == one) & ((y >= 0.0) == other)
        )
    whole = ~np.isnan(x) & (across == 1)  # whatever y is
    np.testing.assert_array_equal(bits[6, :900_001].astype(bool), whole)


def test_masks_combine_in_three_valued_logic():
    inside, outside = np.array([0b001], np.uint64), np.array([0b010], np.uint64)
    every, none = np.array([0b111], np.uint64), np.array([0], np.uint64)
    populations = [(inside, outside), (every, none)]
    held, failed = combine_masks([0, "not", 1, "and"], populations)
    assert (held.tolist(), failed.tolist()) == ([0b010], [0b001])
    held, failed = combine_masks([0, 1, "or"], populations)
    assert (held.tolist(), failed.tolist()) == ([0b111], [0])


def test_what_does_not_fit_is_refused():
    column = np.zeros(3)
    with pytest.raises(ValueError, match="a column has length 2, expected 3"):
        contains("polygon", FLAT, [column, np.zeros(2)])
    with pytest.raises(ValueError, match="the list of columns has length 1"):
        contains("ellipsoid", [0, 0, *chain(*COVARIANCE), 1.0], [column])
    with pytest.raises(TypeError, match="float32 or float64"):
        contains("rectangle", [0, 1], [np.zeros(3, dtype=np.int64)])
    with pytest.raises(GateError, match="is not below max"):
        contains("rectangle", [1, 0], [column])
    with pytest.raises(GateError, match="dividers must increase"):
        quadrant_masks([[1.0, 0.0]], [[0]], [column])
    with pytest.raises(GateError, match="takes an interval"):
        quadrant_masks([[1.0]], [[2]], [column])
    with pytest.raises(GateError, match="takes an interval"):
        quadrant_counts([[1.0]], [[2]], [column])
    with pytest.raises(GateError, match="names population 1 of 1"):
        combine_masks([1], [(np.zeros(1, np.uint64), np.zeros(1, np.uint64))])
