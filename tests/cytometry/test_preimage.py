"""A range of scaled values as an interval of values, right to the last number."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import TransformError

SCALES = [
    lg.Linear(t=1000.0, a=100.0),
    lg.Log(),
    lg.Arcsinh(t=1000.0, m=4.0, a=1.0),
    lg.Arcsinh.with_cofactor(5.0),
    lg.Logicle(),
    lg.Logicle(t=1e6, w=0.1, m=9.0, a=2.0),
    lg.Hyperlog(),
    lg.Hyperlog(w=0.01, a=1.0),
    lg.FlowJoBiex(),
]
HOSTILE = [0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300, np.inf, -np.inf, np.nan]
scales = st.sampled_from(SCALES)


def around(x, steps=64):
    """Give the numbers up to 64 steps from `x` in the order of numbers."""
    up, down = [x], [x]
    for _ in range(steps):
        up.append(np.nextafter(up[-1], np.inf))
        down.append(np.nextafter(down[-1], -np.inf))
    return np.array([*down[::-1], *up[1:]])


def decided(scale, lo, hi, x):
    """Say by the forward function which values lie in the range."""
    places = scale(x)
    below = np.ones(len(x), bool) if hi is None else places < hi
    return (~np.isnan(places) if lo is None else places >= lo) & below


@settings(max_examples=150, deadline=None)
@given(scales, st.floats(0.02, 0.95), st.floats(1e-6, 0.04), st.booleans())
def test_the_interval_holds_what_the_scale_puts_in_the_range(scale, lo, width, tie):
    if tie:  # an end that is some number's place, which its neighbours may share
        lo = float(scale(round(float(scale.inverse(lo)))))
        lo = max(lo, 0.01)
    for low, high in [(lo, lo + width), (None, lo), (lo, None)]:
        interval = scale.preimage(low, high)
        ends = [end for end in interval if math.isfinite(end)]
        x = np.concatenate([*map(around, ends), np.linspace(-1e5, 3e5, 500), HOSTILE])
        expected = decided(scale, low, high, x)
        np.testing.assert_array_equal(interval.contains(x), expected)
        for end in ends:
            np.testing.assert_array_equal(
                interval.contains(around(end)), decided(scale, low, high, around(end))
            )


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_the_ends_are_the_first_numbers_inside_and_beyond(scale):
    for lo, hi in [(0.3, 0.4), (0.55, 0.6), (0.9, 0.97)]:
        low, high = scale.preimage(lo, hi)
        assert scale(low) >= lo > scale(np.nextafter(low, -np.inf))
        assert scale(high) >= hi > scale(np.nextafter(high, -np.inf))


def test_tied_values_are_inside_together():
    # Hundreds of numbers around this one share its place.
    scale = lg.Logicle()
    place = float(scale(1e-15))
    tied = around(1e-15)
    assert (scale(tied) == place).all()
    assert scale.preimage(place, 0.5).contains(tied).all()
    assert not scale.preimage(0.05, place).contains(tied).any()


def test_saturating_ends_have_no_interval():
    scale = lg.FlowJoBiex()
    for lo, hi in [(0.0, 0.5), (-1.0, 0.5), (0.5, 1.0), (0.5, 7.0)]:
        assert scale.preimage(lo, hi) is None
    below = scale.preimage(None, 0.5)
    assert below.contains([-np.inf, -1e9, 0.0]).all()
    assert below.low == -np.inf
    above = scale.preimage(0.5, None)
    assert above.contains([np.inf, 1e9, 2e5]).all()
    assert not above.contains(-np.inf)


def test_logarithms_of_nothing_are_in_no_bounded_range():
    scale = lg.Log(t=1000.0, m=3.0)
    bounded = scale.preimage(-1e6, 0.5)
    assert bounded.low > 0
    np.testing.assert_array_equal(
        bounded.contains([-1.0, 0.0, -np.inf, np.nan, 1.0]), [False] * 4 + [True]
    )
    assert scale.preimage(None, 0.5).contains([-1.0, 0.0, -np.inf]).all()


def test_values_may_lie_anywhere_in_memory():
    values = np.linspace(-100.0, 1e4, 999)
    moved = np.zeros(values.nbytes + 1, np.uint8)[1:].view(float)
    moved[:] = values
    inside = lg.Logicle().preimage(0.3, 0.6)
    np.testing.assert_array_equal(inside.contains(moved), inside.contains(values))


def test_an_open_side_is_none_or_infinite():
    scale = lg.Logicle()
    assert scale.preimage(None, 0.5) == scale.preimage(-np.inf, 0.5)
    everything = scale.preimage(None, None)
    assert tuple(everything) == (-np.inf, np.inf)
    np.testing.assert_array_equal(
        everything.contains([[np.nan, np.inf], [-np.inf, 0.0]]),
        [[False, True], [True, True]],
    )


@pytest.mark.parametrize(
    ("lo", "hi"), [(0.5, 0.5), (0.6, 0.5), (np.nan, 0.5), (0.5, np.nan), (np.inf, None)]
)
def test_what_is_no_range_is_refused(lo, hi):
    with pytest.raises(TransformError, match="lo below hi"):
        lg.Logicle().preimage(lo, hi)


def test_an_interval_is_a_value():
    interval = lg.Logicle().preimage(0.2, 0.7)
    assert pickle.loads(pickle.dumps(interval)) == interval
    assert hash(interval) == hash(lg.Logicle().preimage(0.2, 0.7))


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_a_scale_wavers_over_fewer_numbers_than_it_decides_itself(scale):
    # Beyond the wavering a cut holds for all numbers; 1024 on either side are asked.
    rng = np.random.default_rng(3)
    steps = np.arange(-1500, 1501)
    for x in np.exp(rng.uniform(np.log(1e-3), np.log(0.9 * scale.t), 100)):
        near = (x.view(np.int64) + steps).view(np.float64)
        inside = scale(near) >= scale(x)
        first, last_outside = np.argmax(inside), 3000 - np.argmax(~inside[::-1])
        if not inside.all():
            assert last_outside - first < 64
