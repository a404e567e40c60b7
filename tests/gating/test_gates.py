"""Gates of every kind as values: equal, hashed, printed, drawn, JSON, bad input."""

from __future__ import annotations

import copy
import json
import math
import pickle
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateError, LongateError, SpilloverError, TransformError
from longate.gating.gates.quadratic_form import QuadraticFormGate

MATRIX = lg.Compensation([[1.0, 0.25], [0.0, 1.0]], ["A", "B"])
SCALED = lg.Dimension("A", scale=lg.Logicle(w=0.3))
RAW = lg.Dimension("A", compensation=None, scale=None)
OWN = lg.Dimension("B", compensation=MATRIX)
FILE = lg.Dimension("B", compensation="acquisition")
RATIO = lg.Dimension(lg.Ratio("B", "C", a=2.0, c=1.0), scale=lg.Linear(t=4.0))
COVARIANCE = [[4.0, 1.0], [1.0, 2.0]]

GATES = {
    "rectangle": lg.RectangleGate("R", dimensions={"A": (0, 1), "B": (None, 2)}),
    "closed": lg.RectangleGate("R", parent="P", A=(0.1, 0.1), interval="closed"),
    "own axes": lg.RectangleGate("R", dimensions={SCALED: (0, 1), RAW: (1, None)}),
    "ratio": lg.RectangleGate("R", dimensions={lg.Ratio("A", "B"): (0.5, None)}),
    "polygon": lg.PolygonGate("P", x=OWN, y=FILE, vertices=[(0, 0), (1, 0), (0, 1)]),
    "ellipsoid": lg.EllipsoidGate(
        "E",
        dimensions=["A", RATIO],
        mean=[1.0, 2.0],
        covariance=COVARIANCE,
        distance_square=3.0,
        parent="P",
    ),
    "as written": QuadraticFormGate(
        "E",
        dimensions=["A", "B", "C"],
        mean=[40.3, 30.6, 20.8],
        covariance=[[2.5, 7.5, 17.5], [7.5, 7, 13.5], [15.5, 13.5, 4.3]],
    ),
    "quadrant": lg.QuadrantGate("Q", dividers={"A": 0.5, "B": [0.2, 0.7]}),
    "merged quadrants": lg.QuadrantGate(
        "Q",
        dividers={"x": ("A", [0.5]), "y": (RAW, [0.2, 0.7])},
        quadrants={"low": {"x": 0.1}, "a": {"x": 1, "y": 0.1}, "b": {"x": 1, "y": 0.9}},
        parent="P",
    ),
    "boolean": lg.BooleanGate("B", "not (R or 'P and Q')", parent="P"),
    "note": lg.RectangleGate("R", A=(0, 1), custom_info="<cytobank>&</cytobank>"),
}
EVERY = pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())


# A gate is a value


@EVERY
def test_json_gives_the_gate_back(gate):
    again = lg.RectangleGate.from_json(json.loads(json.dumps(gate.to_json())))
    assert again == gate
    assert hash(again) == hash(gate)
    assert type(again) is type(gate)
    assert again.to_json() == gate.to_json()


@EVERY
def test_gates_survive_pickling_and_copying(gate):
    assert pickle.loads(pickle.dumps(gate)) == gate
    assert copy.deepcopy(gate) == gate


@EVERY
def test_gates_never_change(gate):
    with pytest.raises(AttributeError):
        gate.name = "other"


def test_gates_of_different_meaning_differ():
    assert len(set(GATES.values())) == len(GATES)
    names = [gate.to_json() for gate in GATES.values()]
    assert all(a != b for i, a in enumerate(names) for b in names[:i])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            lg.RectangleGate("R", dimensions={lg.Dimension("A"): (0, 1)}),
            lg.RectangleGate("R", A=(0.0, 1.0)),
        ),
        (
            lg.RectangleGate("R", A=(0, 1), B=(-math.inf, math.inf)),
            lg.RectangleGate("R", B=(None, None), A=(0, 1)),
        ),
        (
            lg.QuadrantGate("Q", dividers={"A": [0.7, 0.2]}),
            lg.QuadrantGate("Q", dividers={"A": ("A", [0.2, 0.7])}),
        ),
    ],
    ids=["an axis that says nothing", "order", "cuts are sorted"],
)
def test_two_ways_of_writing_one_gate_are_equal(one, other):
    assert one == other
    assert hash(one) == hash(other)


def test_a_note_counts_for_the_gate_but_decides_nothing():
    noted, plain = GATES["note"], lg.RectangleGate("R", A=(0, 1))
    assert noted != plain
    assert lg.GatingStrategy([noted]) == lg.GatingStrategy([plain])
    assert noted.custom_info == "<cytobank>&</cytobank>"


# Printing and drawing


@EVERY
def test_a_gate_prints_itself(gate):
    assert repr(gate).startswith(f"{type(gate).__name__} {gate.name!r}")
    assert gate.description in repr(gate)
    assert all(name in repr(gate) for name in gate.channels)


@EVERY
def test_a_gate_draws_itself_as_well_formed_svg(gate):
    root = ET.fromstring(gate._repr_svg_())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert gate.name in root[0].text
    ET.fromstring(gate._repr_html_())


# What a gate decides alone


def test_contains_takes_data_frames_and_lists():
    gate = lg.RectangleGate("R", A=(0.0, 1.0), B=(None, 2.0))
    frame = pd.DataFrame({"A": [0.0, 1.0, 0.5], "B": [1.0, 1.0, np.nan]})
    assert gate.contains(frame).tolist() == [True, False, False]
    assert gate.contains({"A": [0.5], "B": [1]}).tolist() == [True]
    empty = gate.contains({"A": [], "B": []})
    assert (empty.dtype, empty.shape) == (np.bool_, (0,))


def test_contains_finds_axes_by_themselves_or_by_what_they_are_called():
    gate = lg.RectangleGate("R", dimensions={SCALED: (0, 1)})
    assert gate.contains({SCALED: [0.5]}).tolist() == [True]
    assert gate.contains({str(SCALED): [0.5]}).tolist() == [True]
    with pytest.raises(GateError, match=r"'R' needs values of 'A \(logicle\)'"):
        gate.contains({"A": [0.5]})


def test_contains_says_what_is_missing_or_does_not_fit():
    gate = lg.RectangleGate("NK", CD56=(0, 1), CD3=(0, 1))
    with pytest.raises(GateError, match=r"'NK' needs values of 'CD56'.*mean 'CD65'"):
        gate.contains({"CD65": [1.0], "CD3": [1.0]})
    with pytest.raises(GateError, match="one length"):
        gate.contains({"CD56": [1.0], "CD3": [1.0, 2.0]})
    with pytest.raises(GateError, match=r"one number per event on 'CD56'.*\(1, 1\)"):
        gate.contains({"CD56": [[1.0]], "CD3": [[1.0]]})
    for odd in (["a"], [1, [2]], [10**400], np.array(["2020"], dtype="M8[D]"), [1j]):
        with pytest.raises(GateError, match="gate 'NK': the values of 'CD3'"):
            gate.contains({"CD56": [1.0], "CD3": odd})
    boolean = lg.BooleanGate("X", "A or not B")
    with pytest.raises(GateError, match="'X' needs the population 'B'"):
        boolean.contains({"A": [True]})
    for odd in ([1.0], [[True]], ["False"], True):
        with pytest.raises(GateError, match="'X': the mask of 'B' must be one bool"):
            boolean.contains({"A": [True], "B": odd})
    with pytest.raises(GateError, match="'X' needs masks of one length"):
        boolean.contains({"A": [True], "B": [True, False]})
    masks = {"A": [True, False, False], "B": [True, True, False]}
    assert boolean.contains(masks).tolist() == [True, False, True]


def test_masked_events_are_no_numbers():
    gate = lg.RectangleGate("G", A=(0.2, 0.8))
    places = np.ma.array([0.3, 0.3, 0.9], mask=[True, False, False])
    assert gate.contains({"A": places}).tolist() == [False, True, False]
    assert np.isnan(lg.Linear(t=1.0)(places)).tolist() == [True, False, False]


@pytest.mark.parametrize("n_events", [0, 1, 7, 8, 63, 64, 65, 100_001])
def test_a_boolean_gate_combines_masks_as_numpy_does(n_events):
    rng = np.random.default_rng(n_events)
    masks = {name: rng.random(n_events) < 0.5 for name in ("A", "B", "C d")}
    gate = lg.BooleanGate("X", "A and not (B or 'C d') or not A and B")
    a, b, c = masks.values()
    np.testing.assert_array_equal(gate.contains(masks), a & ~(b | c) | ~a & b)


def test_a_boolean_gate_hands_out_a_mask_of_its_own():
    mask = np.array([True, False])
    found = lg.BooleanGate("X", "A").contains({"A": mask})
    found[1] = True
    assert mask.tolist() == [True, False]


@EVERY
def test_what_makes_a_gate_cannot_be_changed(gate):
    for value in vars(gate).values():
        if isinstance(value, dict):
            key = next(iter(value))
            for change in (value.clear, lambda v=value, k=key: v.pop(k)):
                with pytest.raises(TypeError, match="never changes"):
                    change()
            with pytest.raises(TypeError, match="never changes"):
                value[key] = (0.9, 0.1)


@pytest.mark.parametrize("t", [1e3, 1e4, 1e5])
def test_gates_that_end_at_a_decade_have_its_events(t):
    decades = int(np.log10(t))
    scale = lg.Log(t=t, m=decades)
    events = np.repeat(10.0 ** np.arange(decades + 1), 10)
    expected = np.log10(events / t) / decades + 1
    np.testing.assert_array_equal(scale(events), expected)
    sample = sample_of({"A": events, "B": events})
    for decade in range(1, decades + 1):
        high = expected[10 * decade]
        border = [(0, 0), (high, 0), (high, 1), (0, 1)]
        gates = [
            lg.RectangleGate("closed", A=(0, high), interval="closed"),
            lg.RectangleGate("half-open", A=(0, high)),
            lg.PolygonGate("polygon", x="A", y="B", vertices=border),
        ]
        counts = lg.GatingStrategy(gates, scale=scale).apply(sample).counts
        n_events = counts["n_events"].tolist()[1:]
        assert n_events == [10 * decade + 10, 10 * decade, 10 * decade + 10]


# Bad input: one clear error each

SQUARE = [(0, 0), (1, 0), (1, 1)]


def _polygon(vertices=SQUARE, x="A", y="B"):
    return lg.PolygonGate("G", x=x, y=y, vertices=vertices)


def _ellipsoid(
    covariance=COVARIANCE,
    mean=(0, 0),
    dimensions=("A", "B"),
    kind=lg.EllipsoidGate,
    **more,
):
    return kind(
        "G", dimensions=list(dimensions), mean=mean, covariance=covariance, **more
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: _polygon([(0, 0), (1, 1)]), "'G'.*at least 3 vertices"),
        (lambda: _polygon([(0, 0), (1, 1), (3, 3)]), "'G'.*one line"),
        (lambda: _polygon([(2, 2)] * 4), "'G'.*one line"),
        (lambda: _polygon([(0, 0), (1, math.nan), (3, 3)]), "'G'.*not finite"),
        (lambda: _polygon([(0, 0), (1, math.inf), (3, 3)]), "'G'.*not finite"),
        (lambda: _polygon([0, 1, 2]), "'G'"),
        (lambda: _polygon(x="B"), "'G'.*both axes are 'B'"),
        (lambda: _polygon(x=5), "axis is a channel's name or a Ratio; got 5"),
        (lambda: lg.RectangleGate("G"), "'G' has no dimension"),
        (lambda: lg.RectangleGate("G", A=(1, 1)), "'G'.*holds no event"),
        (lambda: lg.RectangleGate("G", A=(2, 1)), "'G'.*holds no event"),
        (lambda: lg.RectangleGate("G", A=(math.nan, 1)), "'G'.*'A' is NaN"),
        (lambda: lg.RectangleGate("G", A=(math.inf, None)), "'G'.*holds no event"),
        (lambda: lg.RectangleGate("G", A=5), "'G'.*not \\(min, max\\)"),
        (lambda: lg.RectangleGate("G", A=("a", 1)), "'G'.*not \\(min, max\\)"),
        (lambda: lg.RectangleGate("G", A=(0, 1), interval="open"), "interval='open'"),
        (
            lambda: lg.RectangleGate(
                "G", dimensions={"A": (0, 1), lg.Dimension("A"): (0, 1)}
            ),
            "two intervals on 'A'",
        ),
        (lambda: _ellipsoid([[1, 2], [2, 1]]), "'G'.*not positive definite"),
        (lambda: _ellipsoid([[0, 0], [0, 0]]), "'G'.*not positive definite"),
        (lambda: _ellipsoid([[1, 0.5], [0.4, 1]]), "'G'.*not symmetric"),
        (lambda: _ellipsoid([[1, 0], [0, math.nan]]), "'G'.*covariance.*2 x 2 finite"),
        (lambda: _ellipsoid([[1]]), "'G'.*covariance.*2 x 2 finite"),
        (lambda: _ellipsoid("round"), "'G'.*covariance.*2 x 2 finite"),
        (lambda: _ellipsoid(mean=[0]), "'G'.*mean.*2 finite"),
        (lambda: _ellipsoid(mean=[0, math.inf]), "'G'.*mean.*2 finite"),
        (lambda: _ellipsoid(dimensions=["A"]), "'G'.*two or more different axes"),
        (lambda: _ellipsoid(dimensions=["A", "A"]), "'G'.*two or more different"),
        (
            lambda: lg.EllipsoidGate("G", dimensions="AB", mean=0, covariance=1),
            "give a list",
        ),
        (lambda: _ellipsoid(distance_square=0), "'G'.*above 0"),
        (lambda: _ellipsoid(distance_square=-1), "'G'.*above 0"),
        (lambda: _ellipsoid(distance_square=math.nan), "'G'.*a finite number"),
        (
            lambda: _ellipsoid([[1, 1], [1, 1]], kind=QuadraticFormGate),
            "'G'.*no inverse",
        ),
        (lambda: lg.BooleanGate("G", "A or"), "'G'.*'A or'"),
        (lambda: lg.BooleanGate("G", ""), "'G'"),
        (lambda: lg.BooleanGate("G", None), "'G'"),
        (lambda: lg.RectangleGate("", A=(0, 1)), "a name is not empty"),
        (lambda: lg.RectangleGate("NK/T", A=(0, 1)), "holds no '/'"),
        (lambda: lg.RectangleGate(" NK", A=(0, 1)), "blank"),
        (lambda: lg.RectangleGate("All events", A=(0, 1)), "names the whole file"),
        (lambda: lg.RectangleGate(5, A=(0, 1)), "is text, not 5"),
        (lambda: lg.RectangleGate("G", parent=0, A=(0, 1)), "parent.*text, not 0"),
        (
            lambda: lg.RectangleGate("G", custom_info=b"x", A=(0, 1)),
            "custom_info.*is text",
        ),
        (lambda: lg.Dimension(""), "axis is a channel's name"),
        (lambda: lg.Dimension("A", compensation="acquisiton"), "'A'.*not known"),
        (lambda: lg.Dimension("A", compensation=np.eye(2)), "(?s)'A'.*not known"),
        (lambda: lg.Dimension("A", scale="logicle"), "'A'.*such as lg.Logicle"),
    ],
)
def test_bad_gates_are_refused_with_their_name(make, words):
    with pytest.raises(GateError, match=words):
        make()


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"kind": "rectangle"},
        {"kind": "ellipsoid", "name": "E"},
        {"kind": "quadrant", "name": "Q", "dividers": 5, "quadrants": {}},
        {"kind": "quadrant", "name": "Q", "dividers": {"A": []}, "quadrants": {}},
        {**GATES["own axes"].to_json(), "dimensions": [[{"channel": 5}, 0, 1]]},
        {**GATES["polygon"].to_json(), "vertices": 7},
        {**GATES["polygon"].to_json(), "x": {"channel": {"numerator": "A"}}},
        {**GATES["polygon"].to_json(), "x": {"channel": "A", "scale": {"name": "no"}}},
        {**GATES["polygon"].to_json(), "x": {"channel": "A", "compensation": {}}},
        {**GATES["polygon"].to_json(), "x": {"channel": "A", "compensation": 3}},
        {**GATES["polygon"].to_json(), "radius": 5},
        {**GATES["boolean"].to_json(), "expression": 5},
    ],
)
def test_plain_data_that_is_no_gate_is_refused(plain):
    with pytest.raises((GateError, TransformError, SpilloverError)) as caught:
        lg.PolygonGate.from_json(plain)
    assert isinstance(caught.value, LongateError)


def test_what_a_gate_leaves_to_its_strategy_has_one_value():
    assert repr(lg.INHERIT) == "INHERIT"
    assert pickle.loads(pickle.dumps(lg.INHERIT)) is lg.INHERIT
    assert lg.Dimension("A") == lg.Dimension("A", scale=lg.INHERIT)
    assert repr(OWN) == f"Dimension('B', compensation={MATRIX!r})"
    assert str(FILE) == "B (acquisition's matrix)"
    assert str(OWN) == f"B (matrix {MATRIX.id})"
    assert str(RAW) == "A (uncompensated, plain)"
    assert str(lg.Dimension(RATIO.channel)) == "2 B / (C - 1)"
