"""Rectangle gates: half-open or closed, unbounded sides, NaN and infinity."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateError
from reference import gates as reference

UP, DOWN = math.inf, -math.inf


def _inside(gate: lg.Gate, **columns: list[float]) -> list[bool]:
    strategy = lg.GatingStrategy([gate], compensation=None)
    return strategy.apply(sample_of(columns)).mask(gate.name).tolist()


def test_is_half_open_by_default():
    gate = lg.RectangleGate("G", A=(1.0, 2.0))
    values = [np.nextafter(1.0, DOWN), 1.0, np.nextafter(2.0, DOWN), 2.0]
    assert _inside(gate, A=values) == [False, True, True, False]


def test_is_closed_on_request():
    gate = lg.RectangleGate("G", A=(1.0, 2.0), interval="closed")
    values = [np.nextafter(1.0, DOWN), 1.0, 2.0, np.nextafter(2.0, UP)]
    assert _inside(gate, A=values) == [False, True, True, False]


def test_a_closed_gate_may_hold_a_single_value():
    gate = lg.RectangleGate("G", A=(1.5, 1.5), interval="closed")
    values = [np.nextafter(1.5, DOWN), 1.5, np.nextafter(1.5, UP)]
    assert _inside(gate, A=values) == [False, True, False]


@pytest.mark.parametrize("open_side", [None, DOWN])
def test_an_open_lower_side_takes_minus_infinity(open_side):
    gate = lg.RectangleGate("G", A=(open_side, 2.0))
    assert _inside(gate, A=[DOWN, -1e308, 2.0, UP]) == [True, True, False, False]


@pytest.mark.parametrize("open_side", [None, UP])
def test_an_open_upper_side_takes_infinity(open_side):
    gate = lg.RectangleGate("G", A=(2.0, open_side))
    assert _inside(gate, A=[DOWN, 2.0, 1e308, UP]) == [False, True, True, True]


def test_a_dimension_without_bounds_still_asks_for_a_number():
    gate = lg.RectangleGate("G", A=(None, None))
    assert _inside(gate, A=[DOWN, 0.0, UP, math.nan]) == [True, True, True, False]


def test_minus_zero_is_zero():
    gate = lg.RectangleGate("G", A=(0.0, 1.0))
    assert _inside(gate, A=[-0.0, 0.0, -5e-324]) == [True, True, False]
    gate = lg.RectangleGate("G", A=(-1.0, -0.0))
    assert _inside(gate, A=[-0.0, 0.0, -5e-324]) == [False, False, True]


def test_adjacent_intervals_share_no_event_and_lose_none():
    values = np.random.default_rng(1).integers(0, 8, 500).astype(float)
    edges = [None, 1.0, 2.0, 4.0, 7.0, None]
    tiles = [
        lg.RectangleGate(f"tile {i}", A=(low, high))
        for i, (low, high) in enumerate(pairwise(edges))
    ]
    gated = lg.GatingStrategy(tiles, compensation=None).apply(sample_of({"A": values}))
    assert np.all(sum(gated.mask(tile.name).astype(int) for tile in tiles) == 1)


NUMBERS = st.one_of(
    st.sampled_from([math.nan, UP, DOWN, -0.0, 0.0, 1.0, 2.0, 1e308, -1e308, 5e-324]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-3, 3).map(float),
)


@st.composite
def _bounds(draw):
    closed = draw(st.booleans())
    bound = st.none() | st.integers(-3, 3).map(float) | st.floats(allow_nan=False)
    low, high = draw(bound), draw(bound)
    if low is not None and high is not None and low >= high:
        low, high = (high, low) if high < low else (low, None)
    if high == DOWN:
        high = None
    low = None if low == UP else low
    return low, high, closed


@settings(deadline=None)
@given(_bounds(), _bounds(), st.lists(st.tuples(NUMBERS, NUMBERS), max_size=80))
def test_decides_as_numpy_does(first, second, events):
    closed = first[2]
    sides = {"A": first[:2], "B": second[:2]}
    gate = lg.RectangleGate(
        "G", dimensions=sides, interval="closed" if closed else "half-open"
    )
    complement = lg.BooleanGate("not G", "not G")
    columns = {"A": [a for a, _ in events], "B": [b for _, b in events]}
    sample = sample_of(columns)
    gated = lg.GatingStrategy([gate, complement], compensation=None).apply(sample)
    # An infinite bound leaves its side open, also for infinity itself.
    plain = [
        (None if low == DOWN else low, None if high == UP else high)
        for low, high in sides.values()
    ]
    inside, outside = reference.rectangle(
        [sample.columns[0], sample.columns[1]], plain, closed=closed
    )
    np.testing.assert_array_equal(gated.mask("G"), inside)
    np.testing.assert_array_equal(gated.mask("not G"), outside)


@pytest.mark.parametrize(
    ("bounds", "interval", "words"),
    [
        ((2.0, 1.0), "half-open", "holds no event"),
        ((1.0, 1.0), "half-open", "holds no event"),
        ((2.0, 1.0), "closed", "holds no event"),
        ((None, DOWN), "half-open", "holds no event"),
        ((UP, UP), "half-open", "holds no event"),
        ((math.nan, 1.0), "half-open", "NaN"),
        ((1.0,), "half-open", "not \\(min, max\\)"),
        ((1.0, 2.0, 3.0), "half-open", "not \\(min, max\\)"),
        (("low", 2.0), "half-open", "not \\(min, max\\)"),
        (5.0, "half-open", "not \\(min, max\\)"),
        ((1.0, 2.0), "open", "interval"),
    ],
)
def test_refuses_a_gate_that_cannot_hold_events(bounds, interval, words):
    with pytest.raises(GateError, match=words):
        lg.RectangleGate("G", CD56=bounds, interval=interval)


def test_refuses_a_gate_without_dimensions():
    with pytest.raises(GateError, match="'G' has no dimension"):
        lg.RectangleGate("G")


@pytest.mark.parametrize("name", ["", " G", "G ", "A/B", "All events"])
def test_refuses_a_name_that_could_not_be_a_key(name):
    with pytest.raises(GateError, match="cannot be called"):
        lg.RectangleGate(name, A=(0, 1))


def test_equal_gates_have_equal_hashes():
    one = lg.RectangleGate("G", A=(0, 1), B=(None, 2))
    other = lg.RectangleGate("G", B=(None, 2.0), A=(0.0, 1.0))
    assert one == other
    assert hash(one) == hash(other)
    assert one != lg.RectangleGate("G", A=(0, 1), B=(None, 2), interval="closed")
