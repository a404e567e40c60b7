"""FlowJo's biexponential against FlowJo's own table, its twin and its ends."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate.exceptions import TransformError
from reference import scales as twin

USUAL = lg.FlowJoBiex()
SCALES = [
    USUAL,
    lg.FlowJoBiex(width_basis=-7.943282, neg=1.0),
    lg.FlowJoBiex(t=4_194_304.0, width_basis=-200.0, pos=5.6, neg=0.5),
    lg.FlowJoBiex(width_basis=0.0),
    lg.FlowJoBiex(width_basis=-1.0, neg=-0.5, length=256.0),
]


def test_channels_are_those_of_the_table_that_flowjo_exports(shared_data):
    table = shared_data / "flowjo_wsp" / "biex_lookup"
    (path,) = table.glob("tr_biex_l256_w-7.943282_n1.000000_m4.418540_*.csv")
    with path.open(encoding="utf-8") as file:
        printed = np.array([float(row["lookup[i]"]) for row in csv.DictReader(file)])
    scale = lg.FlowJoBiex(t=262144.000029, width_basis=-7.943282, pos=4.41854, neg=1.0)
    assert len(printed) == scale.length == 4096
    values = scale.inverse(np.arange(4096) / 4096)
    # Six digits are printed; FlowJo's own rounding leaves up to 0.8 of the last.
    unit = 10.0 ** (np.floor(np.log10(np.abs(printed) + (printed == 0))) - 5)
    assert (np.abs(values - printed) < 0.8 * unit).all()
    assert (np.abs(values - printed) <= 0.5 * unit).mean() > 0.93
    # And back: a printed value is in its channel, but for what its digits leave open.
    found = scale.channels(printed)
    assert np.abs(found - np.arange(4096)).max() < 0.01


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_places_are_those_of_the_twin(scale):
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [rng.normal(0, 3000, 5000), rng.uniform(-1e4, 3e5, 5000), [0.0, np.nan]]
    )
    expected = twin.flowjo_biex(x, *scale.parameters)
    for precision, bound in (("exact", 1e-9), ("fast", 1e-7)):
        np.testing.assert_allclose(
            scale(x, precision=precision), expected, rtol=0, atol=bound
        )
    assert scale(x[:1]) == scale(x)[:1]


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_values_beyond_the_table_have_the_place_of_its_ends(scale):
    for precision in ("exact", "fast"):
        found = scale([1e7, 1e300, -1e7, -1e300], precision=precision)
        assert found.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert scale.channels(1e300) == scale.length


@pytest.mark.parametrize("n_values", [1, 4, 999, 5000])
@pytest.mark.parametrize("precision", ["exact", "fast"])
@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_infinities_stay_infinite_and_nan_nan(scale, precision, n_values):
    # Other values beside them: each length goes through tables or solutions of its own.
    values = np.linspace(-1e3, 3e6, n_values + 3)
    values[-3:] = np.inf, np.nan, -np.inf
    np.testing.assert_array_equal(scale(values, precision=precision)[-3:], values[-3:])
    np.testing.assert_array_equal(
        scale.channels(values, precision=precision)[-3:], values[-3:]
    )
    places = np.linspace(0.0, 1.0, n_values + 3)
    places[-3:] = values[-3:]
    back = scale.inverse(places, precision=precision)
    np.testing.assert_array_equal(back[-3:], values[-3:])
    assert np.isfinite(back[:-3]).all()


@pytest.mark.parametrize(
    ("bounds", "interval", "expected"),
    [
        ((0.5, 1.0), "closed", [True, True, False, False, False, False]),
        ((0.5, 1.5), "half-open", [True, True, False, False, False, False]),
        ((0.5, None), "half-open", [True, True, True, False, False, False]),
        ((0.0, 0.5), "half-open", [False, False, False, True, False, False]),
        ((None, 0.5), "half-open", [False, False, False, True, True, False]),
    ],
)
def test_bounded_gates_hold_what_saturates_and_no_infinity(bounds, interval, expected):
    values = {"A": np.array([1e9, 1e300, np.inf, -1e9, -np.inf, np.nan])}
    gate = lg.RectangleGate("r", A=bounds, interval=interval)
    assert gate.contains({"A": USUAL(values["A"])}).tolist() == expected
    strategy = lg.GatingStrategy([gate], scale=USUAL, compensation=None)
    assert strategy.apply(sample_of(values)).mask("r").tolist() == expected


def test_no_value_has_a_place_outside_the_table():
    for precision in ("exact", "fast"):
        found = USUAL.inverse([-0.001, 1.001, 1e300, np.nan], precision=precision)
        assert np.isnan(found).all()
    assert np.isfinite(USUAL.inverse([0.0, 1.0])).all()


biexes = st.builds(
    lg.FlowJoBiex,
    t=st.floats(1e3, 1e8),
    width_basis=st.floats(-1000, -1) | st.just(0.0),
    pos=st.floats(2.0, 7.0),
    neg=st.floats(0.0, 3.0),
    length=st.sampled_from([256.0, 1000.0, 4096.0]),
)


@settings(max_examples=100, deadline=None)
@given(biexes, st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_inverse_and_order_for_any_parameters(scale, places):
    y = np.sort(places)
    x = scale.inverse(y)
    assert (np.diff(x) >= 0).all()
    np.testing.assert_allclose(scale(x), y, rtol=0, atol=1e-12)
    zero = float(scale(0.0))
    inside = np.abs(x) < min(-scale.inverse(0.0), scale.inverse(1.0))
    np.testing.assert_allclose(
        (scale(-x) - zero)[inside], (zero - scale(x))[inside], rtol=0, atol=5e-16
    )


def test_a_width_basis_of_zero_is_the_narrowest():
    zero = lg.FlowJoBiex(width_basis=0.0)
    x = np.linspace(-1e3, 1e5, 999)
    np.testing.assert_array_equal(zero(x), lg.FlowJoBiex(width_basis=-1.0)(x))
    assert lg.cytometry.transforms.Transform.from_json(zero.to_json()) == zero


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"t": 0.0}, "t > 0"),
        ({"width_basis": 10.0}, "width_basis <= -1, or 0"),
        ({"width_basis": -0.5}, "width_basis <= -1, or 0"),
        ({"width_basis": -1e6, "pos": 2.5}, "pos > log10(-width_basis) / 2"),
        ({"pos": 200.0}, "pos <= 100"),
        ({"length": 4096.5}, "a whole length from 2 to 65536"),
        ({"length": 1}, "a whole length from 2 to 65536"),
        ({"neg": float("nan")}, "finite"),
        ({"t": "wide"}, "FlowJoBiex requires a number t; got 'wide'"),
    ],
)
def test_parameters_that_break_the_definition_name_the_constraint(wrong, constraint):
    with pytest.raises(TransformError) as caught:
        lg.FlowJoBiex(**wrong)
    assert constraint in str(caught.value)
