"""Places and values written into an array that is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import TransformError

SCALES = [
    lg.Linear(),
    lg.Log(),
    lg.Arcsinh(),
    lg.Logicle(),
    lg.Hyperlog(),
    lg.FlowJoBiex(),
]
PRECISIONS = ["exact", "fast"]


def some(n=1003):
    rng = np.random.default_rng(8)
    x = rng.normal(0, 1, n) * 10 ** rng.uniform(0, 6, n)
    x[:4] = [np.nan, np.inf, -np.inf, -0.0]
    return x


def ways(scale):
    both = [scale, scale.inverse]
    return [*both, scale.channels] if isinstance(scale, lg.FlowJoBiex) else both


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("scale", SCALES, ids=repr)
@pytest.mark.parametrize("n", [0, 1, 1003, 200_003])
def test_what_is_written_is_what_a_new_array_would_hold(scale, precision, n):
    x = some(max(n, 4))[:n]
    for way in ways(scale):
        fresh = way(x, precision=precision)
        out = np.full(n, 7.0)
        assert way(x, precision=precision, out=out) is out
        np.testing.assert_array_equal(out, fresh)
        same = x.copy()
        assert way(same, precision=precision, out=same) is same
        np.testing.assert_array_equal(same, fresh)


@given(
    st.sampled_from(SCALES),
    st.sampled_from(PRECISIONS),
    st.lists(st.sampled_from(["C", "F", "every second", "turned round"]), min_size=2),
)
def test_any_layout_of_memory_will_do(scale, precision, layouts):
    x = some(60).reshape(5, 12)
    expected = scale(x, precision=precision)

    def laid(layout, values):
        if layout == "every second":
            wide = np.zeros((5, 24))
            wide[:, ::2] = values
            return wide[:, ::2]
        if layout == "turned round":
            return values[::-1, ::-1].copy()[::-1, ::-1]
        return np.array(values, order=layout)

    values, out = laid(layouts[0], x), laid(layouts[1], np.zeros_like(x))
    assert scale(values, precision=precision, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(scale(values, precision=precision), expected)
    assert scale(values, out=values, precision=precision) is values
    np.testing.assert_array_equal(values, expected)


def test_a_number_and_a_list_may_have_an_out():
    scale = lg.Linear(t=2.0)
    out = np.empty(())
    assert scale(1.0, out=out) is out
    assert out == 0.5
    assert scale([[1.0, 2.0]], out=np.empty((1, 2))).tolist() == [[0.5, 1.0]]


def test_parts_of_one_array_that_do_not_overlap_will_do():
    whole = np.concatenate([some(100), np.zeros(100)])
    expected = lg.Logicle()(whole[:100])
    lg.Logicle()(whole[:100], out=whole[100:])
    np.testing.assert_array_equal(whole[100:], expected)


def test_values_stay_as_they_are():
    x = some()
    x.flags.writeable = False
    before = x.copy()
    lg.Logicle()(x, out=np.empty_like(x))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("out", "match"),
    [
        ([0.0] * 4, "numpy array of float64; got list"),
        (np.empty(4, np.float32), "numpy array of float64; got float32"),
        (np.empty(4, ">f8"), "numpy array of float64; got >f8"),
        (np.empty(5), r"shape of the numbers, \(4,\); it has \(5,\)"),
        (np.empty((1, 4)), r"shape of the numbers, \(4,\); it has \(1, 4\)"),
    ],
)
def test_another_out_is_refused(out, match):
    x = np.arange(4.0)
    for way in ways(lg.FlowJoBiex()):
        with pytest.raises(TransformError, match=match):
            way(x, out=out)


def test_a_read_only_out_is_refused():
    out = np.zeros(4)
    out.flags.writeable = False
    with pytest.raises(TransformError, match="read-only"):
        lg.Logicle()(np.arange(4.0), out=out)
    with pytest.raises(TransformError, match="read-only"):
        lg.Logicle()(out, out=out)


def test_an_out_that_overlaps_is_refused_and_left_alone():
    whole = np.arange(10.0)
    for values, out in [(whole[:8], whole[2:]), (whole[2:], whole[:8])]:
        with pytest.raises(TransformError, match="overlaps"):
            lg.Logicle()(values, out=out)
    np.testing.assert_array_equal(whole, np.arange(10.0))
