"""Scales against twins, worked numbers and laws."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import TransformError
from reference import scales as twin

SCALES = [
    lg.Linear(t=1000.0, a=100.0),
    lg.Linear(),
    lg.Arcsinh(t=1000.0, m=4.0, a=1.0),
    lg.Arcsinh(t=4_194_304.0, m=5.0, a=0.0),
    lg.Arcsinh.with_cofactor(5.0),
    lg.Logicle(),
    lg.Logicle(t=1000.0, w=1.0, m=4.0, a=0.0),
    lg.Logicle(t=4_194_304.0, w=1.5, m=5.5, a=0.5),
    lg.Logicle(t=262144.0, w=0.0, m=4.5, a=0.0),
    lg.Logicle(t=262144.0, w=2.25, m=4.5, a=0.0),
    lg.Logicle(t=262144.0, w=0.7, m=4.5, a=-0.7),
    lg.Log(),
    lg.Log(t=1000.0, m=0.7),
    lg.Hyperlog(),
    lg.Hyperlog(t=1000.0, w=1.0, m=4.0, a=0.0),
    lg.Hyperlog(t=262144.0, w=2.25, m=4.5, a=0.0),
    lg.Hyperlog(t=262144.0, w=0.01, m=4.5, a=1.0),
]
REFLECTED = [scale for scale in SCALES if isinstance(scale, lg.Logicle | lg.Hyperlog)]
VALUES = [0.0, 1e-9, 0.3, 1.0, 10.0, 333.3, 5e3, 262144.0, 4e6]


def both_signs(values):
    return np.array([*values, *(-value for value in values)])


# --- worked numbers of the Gating-ML 2.0 specification, tables 5 to 9


@pytest.mark.parametrize(
    ("scale", "x", "expected"),
    [
        (lg.Logicle(t=1000.0, w=1.0, m=4.0, a=0.0), -10.0, 0.067574),
        (lg.Hyperlog(t=1000.0, w=1.0, m=4.0, a=0.0), -10.0, 0.083554),
        (lg.Arcsinh(t=1000.0, m=4.0, a=1.0), -1.0, -0.000856),
    ],
)
def test_worked_numbers_of_the_specification(scale, x, expected):
    assert round(float(scale(x)), 6) == expected


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_the_top_of_scale_is_one_and_shapes_are_kept(scale):
    assert scale(scale.t) == pytest.approx(1.0, abs=1e-14)
    grid = np.arange(6.0).reshape(2, 3)
    assert scale(grid).shape == (2, 3)
    assert scale(grid).dtype == np.float64
    assert scale.inverse(scale(grid)).shape == (2, 3)
    assert scale([]).shape == (0,)


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_any_layout_gives_the_same(scale):
    grid = np.linspace(-500, 5000, 60).reshape(6, 10)
    np.testing.assert_array_equal(scale(grid.T), scale(grid).T)
    np.testing.assert_array_equal(scale(grid[::2, ::3]), scale(grid)[::2, ::3])
    narrow = grid.astype(np.float32)
    np.testing.assert_array_equal(scale(narrow), scale(narrow.astype(np.float64)))


# --- twins


def test_linear_is_its_formula():
    for scale in SCALES[:2]:
        x = both_signs(VALUES)
        np.testing.assert_allclose(
            scale(x), twin.linear(x, scale.t, scale.a), rtol=1e-15
        )


@pytest.mark.parametrize("scale", SCALES[2:5], ids=repr)
def test_arcsinh_is_its_formula(scale):
    x = both_signs(VALUES)
    expected = twin.arcsinh(x, scale.t, scale.m, scale.a)
    np.testing.assert_allclose(scale(x), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("cofactor", [5.0, 15.0, 150.0])
def test_a_cofactor_is_that_of_mass_cytometry(cofactor):
    x = both_signs(VALUES)
    scale = lg.Arcsinh.with_cofactor(cofactor)
    np.testing.assert_allclose(scale(x), np.arcsinh(x / cofactor), rtol=1e-13)


@pytest.mark.parametrize("scale", SCALES[11:13], ids=repr)
def test_log_is_its_formula(scale):
    x = both_signs(VALUES)
    expected = twin.log(x, scale.t, scale.m)
    np.testing.assert_allclose(scale(x), expected, rtol=1e-12)
    assert (scale([0.0, -0.0, -5e-324, -1e300, -np.inf]) == -np.inf).all()


@pytest.mark.parametrize("scale", SCALES[13:], ids=repr)
def test_hyperlog_solves_its_definition(scale):
    x = both_signs([value for value in VALUES if value <= scale.t])
    expected = [twin.hyperlog(value, *scale.parameters) for value in x]
    np.testing.assert_allclose(scale(x), expected, rtol=0, atol=2e-13)
    places = np.linspace(-0.5, 1.0, 40)
    values = [twin.hyperlog_value(y, *scale.parameters) for y in places]
    np.testing.assert_allclose(scale.inverse(places), values, rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("scale", SCALES[5:11], ids=repr)
def test_logicle_solves_the_biexponential_of_the_papers(scale):
    parameters = (scale.t, scale.w, scale.m, scale.a)
    x = both_signs([value for value in VALUES if value <= scale.t])
    expected = [twin.logicle(value, *parameters) for value in x]
    np.testing.assert_allclose(scale(x), expected, rtol=0, atol=2e-13)
    places = np.linspace(-0.5, 1.0, 40)
    values = [twin.biexponential(y, *parameters) for y in places]
    np.testing.assert_allclose(scale.inverse(places), values, rtol=1e-11, atol=1e-9)


@st.composite
def logicles(draw, kind=lg.Logicle):
    m = draw(st.floats(1.0, 8.0))
    w = draw(st.floats(1e-3 if kind is lg.Hyperlog else 0, m / 2))
    a = draw(st.floats(-w, m - 2 * w))
    assume(m + a > 0.5)
    return kind(t=draw(st.floats(1, 1e8)), w=w, m=m, a=a)


arcsinhs = st.builds(
    lg.Arcsinh, t=st.floats(1, 1e8), m=st.floats(0.5, 8), a=st.floats(0, 3)
)
linears = st.floats(1, 1e8).flatmap(
    lambda t: st.builds(lg.Linear, t=st.just(t), a=st.floats(0, t))
)
hyperlogs = logicles(kind=lg.Hyperlog)
any_scale = st.one_of(logicles(), hyperlogs, arcsinhs, linears)
shares = st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(logicles(), st.floats(-1, 1))
def test_logicle_and_its_twin_agree_for_any_parameters(scale, share):
    x = share * scale.t
    expected = twin.logicle(x, scale.t, scale.w, scale.m, scale.a)
    assert scale(x) == pytest.approx(expected, rel=0, abs=1e-11)


@settings(max_examples=60, deadline=None)
@given(hyperlogs, st.floats(-1, 1))
def test_hyperlog_and_its_twin_agree_for_any_parameters(scale, share):
    x = share * scale.t
    expected = twin.hyperlog(x, *scale.parameters)
    assert scale(x) == pytest.approx(expected, rel=0, abs=1e-11)


# --- laws


@settings(max_examples=200, deadline=None)
@given(any_scale, shares)
def test_inverse_of_forward_is_the_value(scale, parts):
    x = np.array(parts) * scale.t
    again = scale.inverse(scale(x))
    # A place is known to one rounding; the slope tells what that is in values.
    near = scale.inverse(scale(x) + 4e-16) - again
    tolerance = 8 * np.abs(near) + 1e-13 * np.abs(x)
    assert (np.abs(again - x) <= tolerance).all()


@settings(max_examples=200, deadline=None)
@given(any_scale, st.lists(st.floats(-0.3, 1.2), min_size=1, max_size=8))
def test_forward_of_inverse_is_the_place(scale, places):
    found = scale(scale.inverse(places))
    np.testing.assert_allclose(found, places, rtol=1e-12, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(any_scale, shares)
def test_scales_keep_the_order(scale, parts):
    x = np.sort(np.array(parts) * scale.t)
    assert (np.diff(scale(x)) >= 0).all()
    apart = np.diff(x) > 1e-9 * scale.t
    assert (np.diff(scale(x))[apart] > 0).all()


@settings(max_examples=100, deadline=None)
@given(st.one_of(logicles(), hyperlogs), shares)
def test_values_below_data_zero_are_the_reflection_of_those_above(scale, parts):
    x = np.array(parts) * scale.t
    zero = scale(0.0)
    # The same distance either way: what is left is the rounding of one sum.
    np.testing.assert_allclose(scale(x) - zero, zero - scale(-x), rtol=0, atol=5e-16)


@pytest.mark.parametrize("scale", [*REFLECTED, lg.Arcsinh()], ids=repr)
def test_reflection_of_values_is_exact_to_the_bit(scale):
    zero = float(scale(0.0))
    # Distances that leave no rounding when added to data zero or taken from it.
    above = np.ldexp(np.arange(1.0, 400.0), -10)
    exact = ((zero + above) - zero == above) & ((zero - above) - zero == -above)
    assert exact.sum() > 50
    up, down = scale.inverse(zero + above[exact]), scale.inverse(zero - above[exact])
    np.testing.assert_array_equal(up, -down)


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_neighbours_in_float_order_swap_by_a_rounding_at_most(scale):
    for start in (-1e3, -1.0, 0.0, 1e-3, 1.0, 77.7, 1e4):
        x = [start]
        for _ in range(500):
            x.append(np.nextafter(x[-1], np.inf))
        places = scale(x)
        places = places[places > -np.inf]  # a logarithm has none at or below zero
        # Below data zero a place is a difference from that of zero, rounded as that.
        zero = 0.0 if isinstance(scale, lg.Log) else float(scale(0.0))
        rounding = np.spacing(np.abs(places).max(initial=abs(zero)))
        assert (np.maximum.accumulate(places) - places <= 2 * rounding).all(), start


# --- what is not a number stays none


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_nan_and_infinities_stay_what_they_are(scale):
    for precision in ("exact", "fast"):
        for function in (scale, scale.inverse):
            found = function([np.nan, np.inf, -np.inf], precision=precision)
            assert np.isnan(found[0])
            assert found[1] == np.inf
            nothing = isinstance(scale, lg.Log) and function == scale.inverse
            assert found[2] == (0.0 if nothing else -np.inf)


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_the_largest_numbers_keep_their_order(scale):
    most = np.finfo(float).max
    x = np.array([-most, -1e300, -5e-324, 5e-324, 1e300, most])
    places = scale(x)
    assert np.isfinite(places[(1 if not isinstance(scale, lg.Log) else 3) : -1]).all()
    with np.errstate(invalid="ignore"):
        assert (places[1:] >= places[:-1]).all()


# --- parameters


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda: lg.Logicle(t=0.0), "t > 0"),
        (lambda: lg.Logicle(t=-1.0), "t > 0"),
        (lambda: lg.Logicle(m=0.0), "m > 0"),
        (lambda: lg.Logicle(w=-0.1), "0 <= w <= m/2"),
        (lambda: lg.Logicle(w=2.3, m=4.5), "0 <= w <= m/2"),
        (lambda: lg.Logicle(w=0.5, a=-0.6), "-w <= a <= m - 2w"),
        (lambda: lg.Logicle(w=0.5, m=4.5, a=3.6), "-w <= a <= m - 2w"),
        (lambda: lg.Logicle(t=float("nan")), "finite"),
        (lambda: lg.Logicle(w=float("inf")), "finite"),
        (lambda: lg.Logicle(t="wide"), "Logicle requires a number t; got 'wide'"),
        (lambda: lg.Linear(a=None), "Linear requires a number a; got None"),
        (lambda: lg.Logicle(m=101.0), "m + a <= 100"),
        (lambda: lg.Logicle(t=1e-300, m=30.0), "64 bits"),
        (lambda: lg.Hyperlog(t=0.0), "t > 0"),
        (lambda: lg.Hyperlog(m=-1.0), "m > 0"),
        (lambda: lg.Hyperlog(w=0.0), "0 < w <= m/2"),
        (lambda: lg.Hyperlog(w=2.3, m=4.5), "0 < w <= m/2"),
        (lambda: lg.Hyperlog(w=0.5, a=3.6), "-w <= a <= m - 2w"),
        (lambda: lg.Hyperlog(a=float("nan")), "finite"),
        (lambda: lg.Log(t=0.0), "t > 0"),
        (lambda: lg.Log(t=-3.0), "t > 0"),
        (lambda: lg.Log(m=0.0), "m > 0"),
        (lambda: lg.Log(m=float("inf")), "finite"),
        (lambda: lg.Log(m="wide"), "Log requires a number m; got 'wide'"),
        (lambda: lg.Arcsinh(t=0.0), "t > 0"),
        (lambda: lg.Arcsinh(m=0.0), "m > 0"),
        (lambda: lg.Arcsinh(a=-0.1), "a"),
        (lambda: lg.Linear(t=-5.0), "t > 0"),
        (lambda: lg.Linear(t=10.0, a=11.0), "a"),
        (lambda: lg.Linear(a=-1.0), "a"),
        (lambda: lg.Arcsinh.with_cofactor(0.0), "cofactor must be above 0"),
        (lambda: lg.Arcsinh.with_cofactor(float("nan")), "cofactor must be above 0"),
    ],
)
def test_parameters_that_break_the_definition_name_the_constraint(make, constraint):
    with pytest.raises(TransformError) as caught:
        make()
    assert constraint in str(caught.value)


def test_parameters_at_their_limits_are_allowed():
    for scale in (
        lg.Logicle(w=2.25, m=4.5, a=0.0),
        lg.Logicle(w=0.0, m=4.5, a=4.5),
        lg.Logicle(w=0.1, m=0.7, a=0.7 - 2 * 0.1),
        lg.Logicle(w=0.5, a=-0.5),
        lg.Linear(t=10.0, a=10.0),
    ):
        assert scale(scale.t) == pytest.approx(1.0, abs=1e-13)


# --- small frozen values


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_scales_are_values(scale):
    assert pickle.loads(pickle.dumps(scale)) == scale
    again = lg.cytometry.transforms.Transform.from_json(scale.to_json())
    assert again == scale
    assert hash(again) == hash(scale)
    with pytest.raises(AttributeError):
        scale.t = 5.0


def test_numbers_of_numpy_are_plain_numbers():
    scale = lg.Logicle(t=np.int64(1000), w=np.float32(0.5))
    assert scale == lg.Logicle(t=1000.0, w=0.5)
    assert {type(value) for value in scale.to_json()["parameters"].values()} == {float}


@pytest.mark.parametrize(
    "data",
    [
        {"name": "logical", "parameters": {}},
        {},
        {"name": "logicle", "parameters": {"q": 1}},
        {"name": "logicle"},
        {"name": "logicle", "parameters": {"t": "wide"}},
    ],
)
def test_what_is_no_scale_is_refused(data):
    with pytest.raises(TransformError):
        lg.cytometry.transforms.Transform.from_json(data)
