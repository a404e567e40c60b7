"""Quadrant gates: cuts, merged quadrants, partitions, and their place in the tree."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateError, StrategyError
from reference import gates as reference

ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e300, -1e-300]


def test_a_cut_belongs_to_the_quadrant_above():
    gate = lg.QuadrantGate("Q", dividers={"A": [1.0, 2.0]})
    below = np.nextafter([1.0, 2.0], -math.inf)
    masks = gate.masks({"A": [below[0], 1.0, below[1], 2.0]})
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "A-": [True, False, False, False],
        "A+": [False, True, True, False],
        "A++": [False, False, False, True],
    }


def test_a_position_on_a_cut_means_the_interval_above():
    gate = lg.QuadrantGate(
        "Q",
        dividers={"d": ("A", [1.0, 2.0])},
        quadrants={"low": {"d": 0.5}, "middle": {"d": 1.0}, "high": {"d": 2.0}},
    )
    assert [list(one.dimensions.values()) for one in gate.rectangles.values()] == [
        [(None, 1.0)],
        [(1.0, 2.0)],
        [(2.0, None)],
    ]


def test_a_quadrant_without_a_position_reaches_over_the_divider():
    gate = lg.QuadrantGate(
        "Q",
        dividers={"x": ("A", [0.5]), "y": ("B", [0.5])},
        quadrants={"A-": {"x": 0}, "A+B-": {"x": 1, "y": 0}, "A+B+": {"x": 1, "y": 1}},
    )
    assert gate.rectangles["A-"] == lg.RectangleGate("A-", A=(None, 0.5))
    masks = gate.masks({"A": [0.1, 0.1, 0.9, 0.9], "B": [0.1, 0.9, 0.1, 0.9]})
    assert masks["A-"].tolist() == [True, True, False, False]
    assert sum(mask.astype(int) for mask in masks.values()).tolist() == [1] * 4


def test_two_dividers_of_one_axis_cut_it_together():
    gate = lg.QuadrantGate(
        "Q",
        dividers={"low": ("A", [1.0]), "high": ("A", [2.0])},
        quadrants={"middle": {"low": 1.5, "high": 1.5}, "top": {"high": 3.0}},
    )
    assert gate.rectangles["middle"] == lg.RectangleGate("middle", A=(1.0, 2.0))
    with pytest.raises(GateError, match=r"no quadrant 'none'.*'A' exclude each other"):
        lg.QuadrantGate(
            "Q",
            dividers={"low": ("A", [1.0]), "high": ("A", [2.0])},
            quadrants={"none": {"low": 0.5, "high": 3.0}},
        )


@pytest.mark.parametrize(
    ("dividers", "quadrants", "words"),
    [
        ({}, None, "'Q' has no divider"),
        (5, None, "'Q' has no divider"),
        ({"A": []}, None, "divider 'A' needs finite values"),
        ({"A": [math.nan]}, None, "divider 'A' needs finite values"),
        ({"A": [1.0, math.inf]}, None, "divider 'A' needs finite values"),
        ({"A": "x"}, None, "divider 'A' needs finite values"),
        ({"A": [1.0, 1.0]}, None, "divider 'A' has a value twice"),
        ({"x": ("A", [1]), "y": ("A", [2])}, None, "two dividers on one axis"),
        ({"A": [1]}, {}, "'Q' has no quadrant"),
        ({"A": [1]}, {"low": {}}, "quadrant 'low' has no position"),
        ({"A": [1]}, {"low": 5}, "quadrant 'low' has no position"),
        ({"A": [1]}, {"low": {"A": math.nan}}, "'low' on 'A' must be a finite"),
        ({"A": [1]}, {"low": {"A": "x"}}, "'low' on 'A' must be a finite"),
        ({"AB": [1]}, {"low": {"BA": 0}}, "'BA', which does not exist; did you.*'AB'"),
        ({"A": [1]}, {"a/b": {"A": 0}}, "'Q': a gate cannot be called 'a/b'"),
        ({"A": [1]}, {"a": {"A": 0}, "b": {"A": 0.5}}, "'a' and 'b' overlap"),
        (
            {"A": [1], "B": [1]},
            {"a": {"A": 0}, "b": {"B": 0}},
            "'a' and 'b' overlap",
        ),
        ({lg.Ratio("A", "B"): [1]}, None, "called after 'A / B'.*name the divider"),
    ],
)
def test_bad_quadrants_are_refused(dividers, quadrants, words):
    with pytest.raises(GateError, match=words):
        lg.QuadrantGate("Q", dividers=dividers, quadrants=quadrants)


NUMBERS = st.one_of(st.sampled_from(ODD), st.floats(-10, 10))
CUTS = st.lists(
    st.one_of(st.floats(-10, 10), st.floats(-1.7e308, 1.7e308)),
    min_size=1,
    max_size=3,
    unique=True,
)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.sampled_from(["A", "B", "C"]), CUTS, min_size=1),
    st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=30),
)
def test_quadrants_partition_what_has_numbers_and_agree_with_their_twin(cuts, events):
    cuts = {axis: sorted(set(np.add(values, 0.0))) for axis, values in cuts.items()}
    gate = lg.QuadrantGate("Q", dividers=cuts)
    table = np.array(events)
    for axis, values in cuts.items():  # places on every cut and beside it
        near = np.concatenate(
            [np.nextafter(values, -math.inf), values, np.nextafter(values, math.inf)]
        )
        extra = np.resize(table, (len(near), 3))
        extra[:, "ABC".index(axis)] = near
        table = np.vstack([table, extra])
    columns = dict(zip("ABC", table.T.copy(), strict=True))
    masks = gate.masks(columns)
    known = ~np.logical_or.reduce([np.isnan(columns[axis]) for axis in cuts])
    total = sum(mask.astype(int) for mask in masks.values())
    np.testing.assert_array_equal(total, known.astype(int))
    np.testing.assert_array_equal(gate.contains(columns), known)
    dividers = {which: (cut.axis, cut.values) for which, cut in gate.dividers.items()}
    counts = {name: int(mask.sum()) for name, mask in masks.items()}
    assert gate.counts(columns) == counts
    gated = lg.GatingStrategy([gate], compensation=None).apply(sample_of(columns))
    for name, mask in masks.items():
        twin = reference.quadrant(dividers, gate.quadrants[name], columns) & known
        np.testing.assert_array_equal(mask, twin)
        np.testing.assert_array_equal(gated.mask(name), twin)


def test_merged_quadrants_ask_only_for_the_axes_that_they_name():
    gate = lg.QuadrantGate(
        "Q",
        dividers={"A": 1.0, "B": 1.0},
        quadrants={"A-": {"A": 0}, "A+B+": {"A": 1, "B": 1}},
    )
    columns = {"A": [0.0, 2.0], "B": [math.nan, math.nan]}
    assert gate.counts(columns) == {"A-": 1, "A+B+": 0}
    assert gate.masks(columns)["A-"].tolist() == [True, False]
    gated = lg.GatingStrategy([gate], compensation=None).apply(sample_of(columns))
    assert gated.mask("A-").tolist() == [True, False]
    assert gated.mask("A+B+").tolist() == [False, False]


TREE = [
    lg.RectangleGate("Cells", A=(0, None)),
    lg.QuadrantGate("Q", dividers={"B": 0.5, "C": 0.5}, parent="Cells"),
    lg.RectangleGate("child", parent="B+ C-", A=(1, None)),
    lg.BooleanGate("either", "'B+ C-' or B- C+"),
]


def test_quadrants_are_populations_and_the_gate_is_none():
    strategy = lg.GatingStrategy(TREE)
    assert strategy.paths == (
        "Cells",
        "Cells/B- C-",
        "Cells/B- C+",
        "Cells/B+ C-",
        "Cells/B+ C-/child",
        "Cells/B+ C+",
        "either",
    )
    assert "Q" not in strategy
    assert strategy["B+ C-"] == lg.RectangleGate(
        "B+ C-", parent="Cells", B=(0.5, None), C=(None, 0.5)
    )
    assert strategy.declared("B+ C-") is TREE[1]
    assert strategy.declared("Cells") is TREE[0]
    assert "B+ C-: B >= 0.5, C < 0.5 (of 'Q')" in repr(strategy)
    assert lg.GatingStrategy.from_json(strategy.to_json()).gates == strategy.gates


def test_quadrants_decide_like_the_same_rectangles():
    strategy = lg.GatingStrategy(TREE)
    rectangles = [*TREE[1].rectangles.values()]
    same = lg.GatingStrategy([TREE[0], *rectangles, *TREE[2:]])
    assert strategy == same
    moved = lg.QuadrantGate("Q", dividers={"B": 0.6, "C": 0.5}, parent="Cells")
    assert lg.GatingStrategy([TREE[0], moved, *TREE[2:]]) != same


def test_a_quadrant_gate_is_no_parent():
    gates = [*TREE[:2], lg.RectangleGate("X", parent="Q", A=(0, 1))]
    match = r"'X' lies in 'Q', a quadrant gate.*quadrants are 'B- C-'"
    with pytest.raises(StrategyError, match=match):
        lg.GatingStrategy(gates)


@pytest.mark.parametrize(
    "gates",
    [
        [TREE[0], TREE[1], lg.RectangleGate("Q", parent="Cells", A=(0, 1))],
        [lg.QuadrantGate("A-", dividers={"A": 1.0})],
        [
            lg.QuadrantGate("Q", dividers={"A": 1.0}),
            lg.QuadrantGate("Q", dividers={"B": 1.0}),
        ],
    ],
)
def test_a_quadrant_gate_has_a_name_of_its_own(gates):
    with pytest.raises(StrategyError, match="two gates are called"):
        lg.GatingStrategy(gates)


def test_two_gates_may_not_make_one_population():
    other = lg.RectangleGate("B+ C-", parent="Cells", A=(0, 1))
    with pytest.raises(StrategyError, match="two gates make the population"):
        lg.GatingStrategy([*TREE[:2], other])


def test_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gate = lg.QuadrantGate("Q", dividers={"A": [-1.7e308, 1.7e308]})
        masks = gate.masks({"A": ODD})
    assert masks["A+"].tolist() == [False, False, False, *[True] * 6]


def test_two_dividers_on_one_axis_count_what_lies_within_both():
    gate = lg.QuadrantGate(
        "Q",
        dividers={"low": ("A", 1.0), "high": ("A", [2.0, 3.0])},
        quadrants={"below": {"low": 0}, "between": {"low": 1, "high": 0}},
    )
    columns = {"A": np.array([0.0, 1.0, 1.9, 2.0, math.nan], dtype=np.float32)}
    assert gate.counts(columns) == {"below": 1, "between": 2}
    assert gate.masks(columns)["between"].tolist() == [False, True, True, False, False]
