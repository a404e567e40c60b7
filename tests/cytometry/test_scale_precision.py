"""How right places are: the exact path to 1e-12, the fast one to 1e-7 of the scale."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.cytometry.transforms import Transform
from longate.exceptions import TransformError

GOLDEN = Path(__file__).parents[1] / "golden" / "scales" / "places.csv"
SCALES = [
    lg.Linear(),
    lg.Log(),
    lg.Arcsinh(),
    lg.Arcsinh.with_cofactor(5.0),
    lg.Logicle(),
    lg.Logicle(t=262144.0, w=2.25, m=4.5),
    lg.Logicle(t=4_194_304.0, w=1.5, m=5.5, a=0.5),
    lg.Logicle(w=0.0),
    lg.Hyperlog(),
    lg.Hyperlog(w=0.01, a=1.0),
    lg.FlowJoBiex(),
    lg.FlowJoBiex(width_basis=0.0),
    lg.FlowJoBiex(t=4_194_304.0, width_basis=-200.0, pos=5.6, neg=0.5),
]
HOSTILE = [np.nan, np.inf, 0.0, 5e-324, 1e-310, 1e-300, 1e300, np.finfo(float).max]


def golden():
    with GOLDEN.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def whole_range(scale):
    """Values from far below the linear part to far beyond the top, of both signs."""
    sizes = np.exp(np.linspace(np.log(1e-6), np.log(1e4 * scale.t), 60_000))
    return np.concatenate([sizes, -sizes, HOSTILE, np.negative(HOSTILE)])


@pytest.mark.parametrize(
    "row", golden(), ids=lambda row: f"{row['scale']} {row['value']}"
)
def test_places_are_those_of_the_definitions_to_twelve_digits(row):
    scale = Transform.kinds[row["scale"]](*map(float, row["parameters"].split()))
    found, exact = Decimal(float(scale(float(row["value"])))), Decimal(row["place"])
    assert abs(found - exact) <= Decimal("1e-12") * abs(exact)


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_fast_places_are_within_their_bound_everywhere(scale):
    x = whole_range(scale)
    exact, fast = scale(x), scale(x, precision="fast")
    finite = np.isfinite(exact)
    np.testing.assert_array_equal(fast[~finite], exact[~finite])
    assert np.abs(fast[finite] - exact[finite]).max() <= 1e-7


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_fast_values_have_their_places_within_the_bound(scale):
    y = np.concatenate([np.linspace(-0.5, 1.2, 30_001), [np.nan, np.inf, -np.inf]])
    exact, fast = scale.inverse(y), scale.inverse(y, precision="fast")
    np.testing.assert_array_equal(np.isnan(fast), np.isnan(exact))
    finite = np.isfinite(exact) & np.isfinite(y)
    back = scale(fast[finite])
    assert np.abs(back - y[finite]).max() <= 1e-7


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1, 1e8), st.floats(0.5, 10), st.floats(0, 0.5), st.floats(0, 1), st.data()
)
def test_the_bound_holds_for_any_parameters(t, m, w, a, data):
    kind = data.draw(st.sampled_from([lg.Logicle, lg.Hyperlog]))
    w = max(w * m, 1e-4)
    scale = kind(t=t, w=w, m=m, a=a * (m - 2 * w))
    x = scale.inverse(np.linspace(-1.3, 1.3, 3001))
    assert np.abs(scale(x, precision="fast") - scale(x)).max() <= 1e-7


@pytest.mark.parametrize("precision", ["exact", "fast"])
@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_a_long_array_in_threads_gets_the_places_of_its_parts(scale, precision):
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, 250_001) * 10 ** rng.uniform(0, 6, 250_001)
    whole = scale(x, precision=precision)
    parts = [scale(part, precision=precision) for part in np.array_split(x, 37)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    back = scale.inverse(whole[::5], precision=precision)
    for begin in (0, 20_000):
        part = scale.inverse(whole[::5][begin : begin + 100], precision=precision)
        np.testing.assert_array_equal(back[begin : begin + 100], part)


def test_another_precision_is_refused():
    with pytest.raises(TransformError, match="precision"):
        lg.Logicle()([1.0], precision="quick")
    with pytest.raises(TransformError, match="precision"):
        lg.Logicle().inverse([1.0], precision="quick")
