"""Files of which a part cannot be read, and gates that the standard allows rarely."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import longate as lg
from longate.exceptions import GateWarning, GatingMLError
from reference.gatingml_files import (
    boolean,
    dimension,
    ellipsoid,
    file_of,
    polygon,
    rectangle,
    transformation,
)

LIN = '<transforms:flin transforms:T="10" transforms:A="0"/>'
UNCOMPENSATED = 'gating:compensation-ref="uncompensated"'
POINTS = np.random.default_rng(3).uniform(-5, 15, (4000, 2))


@pytest.fixture
def read(tmp_path):
    def read(body, *, unreadable="omit", **more):
        path = tmp_path / "gates.xml"
        path.write_text(file_of(body, **more), encoding="utf-8")
        return lg.read_gatingml(path, unreadable=unreadable)

    return read


@pytest.fixture
def apply(tmp_path):
    path = lg.write_fcs(
        tmp_path / "a.fcs", POINTS.astype(np.float64), ["FL1-H", "FL2-H"]
    )
    events = lg.read_fcs(path)
    table = np.column_stack([events.column("FL1-H"), events.column("FL2-H")])
    return lambda strategy: (strategy.apply(events), np.asarray(table, dtype=float))


# --- partly readable

BROKEN = rectangle("Bad", dimension(low="1,5"))
PARTS = {
    "a number": (BROKEN, {"Bad": "min='1,5' is not a number"}),
    "and what lies in it": (
        BROKEN
        + rectangle("Below", parent_id="Bad")
        + rectangle("Deep", parent_id="Below"),
        {
            "Bad": "not a number",
            "Below": "it lies in 'Bad', which cannot be read",
            "Deep": "it lies in 'Below', which cannot be read",
        },
    ),
    "and what refers to it": (
        boolean("Both", "and", "Bad", "R") + boolean("Not", "not", "Both") + BROKEN,
        {
            "Both": "it refers to 'Bad', which cannot be read",
            "Not": "it refers to 'Both', which cannot be read",
            "Bad": "not a number",
        },
    ),
    "a gate of another kind": (
        '<gating:CircleGate gating:id="Round"/>',
        {"Round": "unknown element <gating:CircleGate>"},
    ),
    "a transformation": (
        transformation("Log", '<transforms:flog transforms:T="-1" transforms:M="4"/>')
        + rectangle("Bad", dimension(low="1", scale="Log")),
        {
            "": "transformation 'Log'",
            "Bad": "cannot be read: line 5, transf",
        },
    ),
    "ids used twice": (
        rectangle("Two") + rectangle("Two") + rectangle("In", parent_id="Two"),
        {"Two": "used", "In": "it lies in 'Two', which cannot be read"},
    ),
    "a circle": (
        rectangle("A", parent_id="B")
        + rectangle("B", parent_id="A")
        + rectangle("C", parent_id="B"),
        {"A": "circle", "B": "circle", "C": "it lies in 'B', which cannot be read"},
    ),
    "an element of a gate": (
        rectangle("Bad", dimension() + "<gating:angle/>"),
        {"Bad": "unknown element <gating:angle>"},
    ),
}


@pytest.mark.parametrize("what", PARTS)
def test_a_gate_that_cannot_be_read_is_its_own_problem(read, what):
    body, expected = PARTS[what]
    alone = read(rectangle("R"))
    with pytest.warns(GateWarning, match=r"gates\.xml is read without"):
        strategy = read(body + rectangle("R"))
    assert strategy == alone
    found = {one.gate: one.reason for one in strategy.problems}
    assert found.keys() == expected.keys()
    for gate, reason in expected.items():
        assert reason in found[gate]
        assert found[gate].startswith("gates.xml, line 5")
    n = sum(bool(gate) for gate in [one.gate for one in strategy.problems])
    assert f"{n} gate" in repr(strategy)
    again = lg.GatingStrategy.from_json(strategy.to_json())
    assert again.problems == strategy.problems
    with pytest.raises(GatingMLError, match=r"gates\.xml, line 5"):
        read(body + rectangle("R"), unreadable="raise")
    with pytest.raises(GatingMLError, match=r"gates\.xml, line 5"):
        read(body)


def test_a_file_without_gates_or_faults_is_an_empty_strategy(read):
    assert len(read("")) == 0
    assert read(rectangle("R"), unreadable="raise").problems == ()
    with pytest.raises(GatingMLError, match="unreadable='ignore' is not known"):
        read(rectangle("R"), unreadable="ignore")


def test_of_version_15_what_carries_over_is_read_and_the_rest_listed(read):
    old = (
        '<gating:dimension{}><data-type:parameter data-type:name="{}"/>'
        "</gating:dimension>"
    )
    body = (
        rectangle("R", old.format(' gating:min="5"', "FSC-H"))
        + '<gating:DecisionTreeGate gating:id="Tree"/>'
        + '<gating:PolytopeGate gating:id="Poly"/>'
        + rectangle("In", old.format("", "FSC-H"), parent_id="Poly")
        + '<transforms:transformation transforms:id="x"/>'
    )
    with pytest.warns(GateWarning, match="without 3 gates that cannot be read"):
        strategy = read(body, version="1.5")
    assert strategy.paths == ("R",)
    assert strategy.values == "raw"
    gates = [one.gate for one in strategy.problems]
    assert sorted(gates) == ["", "In", "Poly", "Tree"]
    assert "construct of Gating-ML 1.5" in str(strategy.problems)


def test_dimensions_without_a_compensation_are_read_from_flowjo_alone(read):
    plain = dimension(low="1").replace(f" {UNCOMPENSATED}", "")
    comp = plain.replace("FL1-H", "Comp-FL1-H")
    with pytest.raises(GatingMLError, match="lacks the attribute 'compensation-ref'"):
        read(rectangle(body=plain))
    body = rectangle(body=plain + comp).replace(
        "<gating:RectangleGate", '<gating:RectangleGate gateResolution="256"'
    )
    body = body.replace('gating:id="R"', 'gating:id="R" gating:name="T cells"')
    with pytest.warns(GateWarning, match="is an export of FlowJo"):
        strategy = read(body)
    assert strategy["T cells"].axes == (
        lg.Dimension("FL1-H", compensation=None, scale=None),
        lg.Dimension("FL1-H", compensation="acquisition", scale=None),
    )
    ((gate, reason),) = [(one.gate, one.reason) for one in strategy.problems]
    assert not gate
    assert "does not say how dimensions are compensated" in reason
    assert "could not be read" not in repr(strategy)


# --- bounds


def scaled(gate, *, low="-INF", high="INF"):
    declared = transformation("S", LIN, boundMin=low, boundMax=high)
    return declared + gate.replace(
        UNCOMPENSATED, f'{UNCOMPENSATED} gating:transformation-ref="S"'
    )


CORNERS = ((-0.2, 0.2), (1.1, 0.1), (0.8, 1.2), (0.1, 0.9))


@pytest.mark.parametrize("bounds", [(0.2, 0.9), (-np.inf, 0.7), (0.0, np.inf)])
def test_polygons_that_reach_beyond_bounds_hold_what_is_held_back(read, apply, bounds):
    low, high = bounds
    ends = {
        "low": str(low).replace("inf", "INF"),
        "high": str(high).replace("inf", "INF"),
    }
    strategy = read(scaled(polygon(*CORNERS), **ends))
    gated, table = apply(strategy)
    held = np.clip(table / 10, low, high)
    plain = lg.PolygonGate("P", x="x", y="y", vertices=CORNERS)
    expected = plain.contains({"x": held[:, 0], "y": held[:, 1]})
    free = plain.contains({"x": table[:, 0] / 10, "y": table[:, 1] / 10})
    assert (free != expected).sum() > 20
    np.testing.assert_array_equal(gated.mask("P"), expected)


def test_bounds_that_a_border_does_not_reach_are_left_out(read):
    corners = polygon((0.2, 0.2), (0.8, 0.2), (0.5, 0.7))
    strategy = read(scaled(corners, low="0.1", high="0.9"))
    assert {axis.scale for axis in strategy["P"].axes} == {lg.Linear(10, 0)}
    strategy = read(scaled(corners, low="0.3", high="0.9"))
    assert strategy["P"].x.scale == lg.Bounded(lg.Linear(10, 0), 0.3, 0.9)


def test_ellipses_and_quadrants_that_reach_a_bound(read, apply):
    rows = np.array([[4.0, 1.0], [1.0, 4.0]]) / 4
    strategy = read(scaled(ellipsoid(rows.tolist(), distance=1.0), high="0.5"))
    gated, table = apply(strategy)
    held = np.minimum(table / 10, 0.5)
    inside = np.einsum("ij,jk,ik->i", held, np.linalg.inv(rows), held) <= 1
    np.testing.assert_array_equal(gated.mask("E"), inside)
    quadrants = (
        f'<gating:QuadrantGate gating:id="Q"><gating:divider gating:id="x" '
        f'{UNCOMPENSATED}><data-type:fcs-dimension data-type:name="FL1-H"/>'
        "<gating:value>0.9</gating:value></gating:divider>"
        '<gating:Quadrant gating:id="up"><gating:position gating:divider_ref="x" '
        'gating:location="3"/></gating:Quadrant></gating:QuadrantGate>'
    )
    gated, table = apply(read(scaled(quadrants, high="0.9")))
    np.testing.assert_array_equal(gated.mask("up"), table[:, 0] >= 9)


def test_bounded_scales_are_written_and_read_back(tmp_path):
    scale = lg.Bounded(lg.Logicle(), 0.2, 0.8)
    axes = [lg.Dimension(name, compensation=None, scale=scale) for name in "AB"]
    gates = [
        lg.PolygonGate("P", x=axes[0], y=axes[1], vertices=CORNERS),
        lg.PolygonGate(
            "Q", x=axes[0], y=axes[1], vertices=[(0.3, 0.3), (0.5, 0.3), (0.4, 0.6)]
        ),
        lg.RectangleGate("R", dimensions={axes[0]: (0.1, None)}, parent="P"),
    ]
    strategy = lg.GatingStrategy(gates)
    path = lg.write_gatingml(strategy, tmp_path / "a.xml")
    assert 'transforms:boundMin="0.2"' in path.read_text()
    assert lg.read_gatingml(path) == strategy
    assert lg.GatingStrategy.from_json(strategy.to_json()) == strategy


# --- overlapping quadrants, ratios, matrices


def test_quadrants_that_overlap_are_rectangles(read, apply):
    body = (
        '<gating:QuadrantGate gating:id="Q">'
        + "".join(
            f'<gating:divider gating:id="{name}" {UNCOMPENSATED}>'
            f'<data-type:fcs-dimension data-type:name="{channel}"/>'
            "<gating:value>5</gating:value></gating:divider>"
            for name, channel in (("x", "FL1-H"), ("y", "FL2-H"))
        )
        + '<gating:Quadrant gating:id="right"><gating:position '
        'gating:divider_ref="x" gating:location="9"/></gating:Quadrant>'
        '<gating:Quadrant gating:id="corner"><gating:position '
        'gating:divider_ref="x" gating:location="9"/><gating:position '
        'gating:divider_ref="y" gating:location="5"/></gating:Quadrant>'
        "</gating:QuadrantGate>" + rectangle(parent_id="corner")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        strategy = read(body)
    assert strategy.paths == ("right", "corner", "corner/R")
    gated, table = apply(strategy)
    right = table[:, 0] >= 5
    np.testing.assert_array_equal(gated.mask("right"), right)
    np.testing.assert_array_equal(gated.mask("corner"), right & (table[:, 1] >= 5))


def test_a_ratio_of_infinity_lies_in_no_range(read, tmp_path):
    ratio = transformation(
        "Rat",
        '<transforms:fratio transforms:A="1" transforms:B="0" transforms:C="0">'
        '<data-type:fcs-dimension data-type:name="FL1-H"/>'
        '<data-type:fcs-dimension data-type:name="FL2-H"/></transforms:fratio>',
    )
    new = '<data-type:new-dimension data-type:transformation-ref="Rat"/>'
    old = '<data-type:fcs-dimension data-type:name="FL1-H"/>'
    quadrants = (
        f'<gating:QuadrantGate gating:id="Q"><gating:divider gating:id="x" '
        f"{UNCOMPENSATED}>{new}<gating:value>1</gating:value></gating:divider>"
        + "".join(
            f'<gating:Quadrant gating:id="{name}"><gating:position '
            f'gating:divider_ref="x" gating:location="{at}"/></gating:Quadrant>'
            for name, at in (("up", 3), ("low", -3))
        )
        + "</gating:QuadrantGate>"
    )
    body = ratio + rectangle("R", dimension(low="1").replace(old, new)) + quadrants
    strategy = read(body)
    events = np.array([[3, 1], [1, 0], [-1, 0], [0, 0], [1, 3], [1, 1]], dtype=float)
    gated = strategy.apply(lg.write_fcs(tmp_path / "a.fcs", events, ["FL1-H", "FL2-H"]))
    assert gated.mask("R").tolist() == [True, False, False, False, False, True]
    assert gated.mask("up").tolist() == [True, False, False, False, False, True]
    assert gated.mask("low").tolist() == [False, False, True, False, True, False]
    own = lg.GatingStrategy(
        [lg.RectangleGate("R", dimensions={lg.Ratio("A", "B"): (1, None)})]
    )
    assert lg.read_gatingml(lg.write_gatingml(own, tmp_path / "own.xml")) == own


def test_a_matrix_that_is_not_square_may_be_inverted_already(read, tmp_path):
    weights = np.array([[1.0, -0.2], [-0.1, 1.0], [0.3, 0.4]])
    rows = "".join(
        "<transforms:spectrum>"
        + "".join(f'<transforms:coefficient transforms:value="{x}"/>' for x in row)
        + "</transforms:spectrum>"
        for row in weights
    )

    def names(kind, channels):
        inside = "".join(
            f'<data-type:fcs-dimension data-type:name="{name}"/>' for name in channels
        )
        return f"<transforms:{kind}>{inside}</transforms:{kind}>"

    matrix = (
        '<transforms:spectrumMatrix transforms:id="M" '
        'transforms:matrix-inverted-already="true">'
        + names("fluorochromes", ["PE", "FITC"])
        + names("detectors", ["D1", "D2", "D3"])
        + f"{rows}</transforms:spectrumMatrix>"
    )
    gate = rectangle("R", dimension("FITC", low="1", compensation="M"))
    strategy = read(matrix + gate)
    events = np.random.default_rng(1).normal(2, 3, (300, 3))
    path = lg.write_fcs(tmp_path / "a.fcs", events, ["D1", "D2", "D3"])
    sample = lg.read_fcs(path)
    stored = np.column_stack([sample.column(name) for name in ("D1", "D2", "D3")])
    expected = stored.astype(float) @ weights[:, 1] >= 1
    np.testing.assert_array_equal(strategy.apply(path).mask("R"), expected)
    matrix = strategy["R"].axes[0].compensation
    np.testing.assert_array_equal(matrix.weights, weights)
    np.testing.assert_allclose(matrix.matrix, np.linalg.pinv(weights), rtol=1e-12)
    again = lg.read_gatingml(lg.write_gatingml(strategy, tmp_path / "again.xml"))
    assert again == strategy
    assert lg.GatingStrategy.from_json(strategy.to_json()) == strategy
