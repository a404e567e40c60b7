"""The width of a logicle from data, and ratios of channels."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import longate as lg
from longate.exceptions import TransformError


def test_the_width_is_that_of_the_papers_rule():
    rng = np.random.default_rng(7)
    data = np.concatenate([rng.normal(0, 150, 20_000), rng.uniform(0, 1e5, 5000)])
    scale = lg.Logicle.estimate(data, t=262144.0, m=4.5)
    r = np.quantile(data[data < 0], 0.05)
    assert scale.w == pytest.approx((4.5 - np.log10(262144.0 / -r)) / 2)
    # All but the most negative events are on the scale.
    assert 0.0 < scale(r) < scale(0.0)
    holes = np.concatenate([data, [np.nan] * 100, [np.inf, -np.inf]])
    assert lg.Logicle.estimate(holes) == lg.Logicle.estimate(data)


def test_the_width_stays_within_the_definition():
    assert lg.Logicle.estimate([1.0, 5.0]).w == 0.0
    assert lg.Logicle.estimate([-1e-9, 5.0]).w == 0.0
    assert lg.Logicle.estimate([-5e-324, 5.0]).w == 0.0
    assert lg.Logicle.estimate([-1e12] * 3).w == 2.25
    wide = lg.Logicle.estimate(np.linspace(-1000, 0, 101), q=0.5)
    assert wide.w > lg.Logicle.estimate(np.linspace(-1000, 0, 101), q=0.9).w


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ([], {}, "no finite number"),
        ([np.nan, np.inf], {}, "no finite number"),
        ([-1.0], {"q": 0.0}, "q is a share"),
        ([-1.0], {"q": 5}, "q is a share"),
        ([-1.0], {"q": np.nan}, "q is a share"),
        ([-1.0], {"t": 0.0}, "t > 0"),
        ([-1.0], {"m": -1.0}, "m > 0"),
        ([-1e12], {"a": 1.0}, "-w <= a <= m - 2w"),
    ],
)
def test_a_width_that_cannot_be_estimated_says_why(data, options, message):
    with pytest.raises(TransformError) as caught:
        lg.Logicle.estimate(data, **options)
    assert message in str(caught.value)


def test_a_ratio_is_its_formula_and_ieee_arithmetic():
    ratio = lg.Ratio("FL2-A", "FL1-A", a=2.0, b=1.0, c=3.0)
    found = ratio.of([5.0, 5.0, 1.0, np.nan, -3.0], [7.0, 3.0, 3.0, 1.0, 3.0])
    np.testing.assert_array_equal(found, [2.0, np.inf, np.nan, np.nan, -np.inf])
    assert ratio.channels == ("FL2-A", "FL1-A")


def test_a_ratio_is_a_value():
    ratio = lg.Ratio("CD56", "CD16", a=np.float32(2.0), b=1)
    assert pickle.loads(pickle.dumps(ratio)) == ratio
    assert lg.Ratio.from_json(ratio.to_json()) == ratio
    assert hash(lg.Ratio.from_json(ratio.to_json())) == hash(ratio)
    assert {type(value) for value in (ratio.a, ratio.b, ratio.c)} == {float}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lg.Ratio("", "A"), "name of a channel as numerator"),
        (lambda: lg.Ratio("A", 3), "name of a channel as denominator"),
        (lambda: lg.Ratio("A", "A"), "two different channels"),
        (lambda: lg.Ratio("A", "B", a=0.0), "other than 0"),
        (lambda: lg.Ratio("A", "B", b=np.inf), "finite number b"),
        (lambda: lg.Ratio("A", "B", c="x"), "finite number c; got 'x'"),
        (lambda: lg.Ratio.from_json({"numerator": "A"}), "is not a ratio"),
    ],
)
def test_what_is_no_ratio_is_refused(make, message):
    with pytest.raises(TransformError) as caught:
        make()
    assert message in str(caught.value)
