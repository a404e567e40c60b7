"""What elements of Gating-ML mean, one by one."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import longate as lg
from reference.gatingml_files import (
    boolean,
    dimension,
    ellipsoid,
    file_of,
    polygon,
    rectangle,
    transformation,
)

UNCOMPENSATED = {"compensation": None, "scale": None}
MATRIX = (
    '<transforms:spectrumMatrix transforms:id="M"{}><transforms:fluorochromes>'
    '<data-type:fcs-dimension data-type:name="FITC"/>'
    '<data-type:fcs-dimension data-type:name="PE"/></transforms:fluorochromes>'
    "<transforms:detectors>"
    '<data-type:fcs-dimension data-type:name="FL1-H"/>'
    '<data-type:fcs-dimension data-type:name="FL2-H"/></transforms:detectors>'
    '<transforms:spectrum><transforms:coefficient transforms:value="1"/>'
    '<transforms:coefficient transforms:value="0.3"/></transforms:spectrum>'
    '<transforms:spectrum><transforms:coefficient transforms:value="0.1"/>'
    '<transforms:coefficient transforms:value="1"/></transforms:spectrum>'
    "</transforms:spectrumMatrix>"
)
RATIO = (
    '<transforms:fratio transforms:A="2" transforms:B="1" transforms:C="-1">'
    '<data-type:fcs-dimension data-type:name="FL1-H"/>'
    '<data-type:fcs-dimension data-type:name="FL2-H"/></transforms:fratio>'
)


@pytest.fixture
def read(tmp_path):
    def read(body, **more):
        path = tmp_path / "gates.xml"
        path.write_text(file_of(body, **more), encoding="utf-8")
        return lg.read_gatingml(path)

    return read


def only_axis(gate):
    (axis,) = gate.dimensions
    return axis


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        ("1", "2", (1.0, 2.0)),
        (None, "2.5e3", (None, 2500.0)),
        ("-INF", "INF", (None, None)),
        ("-0.0", None, (0.0, None)),
        (None, None, (None, None)),
        (" 1 ", ".5e1", (1.0, 5.0)),
    ],
)
def test_sides_of_rectangles(read, low, high, bounds):
    gate = read(rectangle(body=dimension(low=low, high=high)))["R"]
    assert gate.interval == "half-open"
    assert gate.dimensions == {lg.Dimension("FL1-H", **UNCOMPENSATED): bounds}


def test_two_sides_on_one_axis_are_both_meant(read):
    gate = read(rectangle(body=dimension(low="1", high="9") + dimension(low="3")))["R"]
    assert list(gate.dimensions.values()) == [(3.0, 9.0)]


@pytest.mark.parametrize(
    ("body", "scale"),
    [
        ('<transforms:flin transforms:T="100" transforms:A="5"/>', lg.Linear(100, 5)),
        ('<transforms:flog transforms:T="100" transforms:M="5"/>', lg.Log(100, 5)),
        (
            '<transforms:fasinh transforms:M="5" transforms:T="100" transforms:A="1"/>',
            lg.Arcsinh(100, 5, 1),
        ),
        (
            '<transforms:logicle transforms:T="100" transforms:W="0.5" '
            'transforms:M="5" transforms:A="1"/>',
            lg.Logicle(100, 0.5, 5, 1),
        ),
        (
            '<transforms:hyperlog transforms:T="100" transforms:W="0.5" '
            'transforms:M="5" transforms:A="1"/>',
            lg.Hyperlog(100, 0.5, 5, 1),
        ),
    ],
)
def test_scales(read, body, scale):
    strategy = read(transformation("S", body) + rectangle(body=dimension(scale="S")))
    assert only_axis(strategy["R"]).scale == scale


@pytest.mark.parametrize(
    ("reference", "meant"),
    [("uncompensated", None), ("FCS", "acquisition")],
)
def test_compensation_by_keyword(read, reference, meant):
    strategy = read(rectangle(body=dimension(compensation=reference)))
    assert only_axis(strategy["R"]).compensation == meant


def test_matrices(read):
    gate = rectangle(body=dimension("PE", compensation="M"))
    plain = only_axis(read(MATRIX.format("") + gate)["R"]).compensation
    assert (plain.fluorochromes, plain.detectors) == (
        ("FITC", "PE"),
        ("FL1-H", "FL2-H"),
    )
    assert plain.matrix.tolist() == [[1.0, 0.3], [0.1, 1.0]]
    inverted = MATRIX.format(' transforms:matrix-inverted-already="true"')
    given = only_axis(read(inverted + gate)["R"]).compensation
    assert given.weights.tolist() == [[1.0, 0.3], [0.1, 1.0]]


def test_more_detectors_than_fluorochromes(read):
    wider = MATRIX.format("").replace(
        "</transforms:detectors>",
        '<data-type:fcs-dimension data-type:name="FL3-H"/></transforms:detectors>',
    )
    wider = wider.replace(
        "</transforms:spectrum>",
        '<transforms:coefficient transforms:value="0.5"/></transforms:spectrum>',
    )
    gate = rectangle(body=dimension("PE", compensation="M"))
    assert only_axis(read(wider + gate)["R"]).compensation.matrix.shape == (2, 3)


def test_a_scale_on_a_ratio(read):
    side = dimension(scale="S", low="0.5").replace(
        '<data-type:fcs-dimension data-type:name="FL1-H"/>',
        '<data-type:new-dimension data-type:transformation-ref="Rat"/>',
    )
    scale = '<transforms:flog transforms:T="100" transforms:M="2"/>'
    declared = transformation("Rat", RATIO) + transformation("S", scale)
    axis = only_axis(read(declared + rectangle(body=side))["R"])
    assert axis.channel == lg.Ratio("FL1-H", "FL2-H", a=2, b=1, c=-1)
    assert axis.scale == lg.Log(100, 2)


LIN = '<transforms:flin transforms:T="10" transforms:A="0"/>'


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        ("0.2", "0.8", (0.2, 0.8)),
        ("0.1", "0.9", (None, 0.9)),
        ("0.3", "0.95", (0.3, None)),
        (None, "0.9", (None, 0.9)),
        ("0.9", None, (0.9, None)),
        ("0", "1", (None, None)),
    ],
)
def test_values_beyond_bounds_of_a_transformation_lie_on_them(read, low, high, bounds):
    declared = transformation("S", LIN, boundMin="0.1", boundMax="0.9")
    gate = read(declared + rectangle(body=dimension(low=low, high=high, scale="S")))[
        "R"
    ]
    assert list(gate.dimensions.values()) == [bounds]
    places = np.linspace(-0.5, 1.5, 401)
    held = np.clip(places, 0.1, 0.9)
    expected = np.ones(len(places), dtype=bool)
    if low:
        expected &= held >= float(low)
    if high:
        expected &= held < float(high)
    (axis,) = gate.dimensions
    assert (gate.contains({axis: places}) == expected).all()


@pytest.mark.parametrize(("low", "high"), [("0.95", None), (None, "0.1"), (None, "0")])
def test_beyond_the_bounds_of_a_transformation_is_nothing(read, low, high):
    declared = transformation("S", LIN, boundMin="0.1", boundMax="0.9")
    with pytest.raises(lg.exceptions.GatingMLError, match="gate 'R': no value within"):
        read(declared + rectangle(body=dimension(low=low, high=high, scale="S")))


def test_bounds_of_a_ratio_under_a_scale(read):
    side = dimension(scale="S", low="0.25").replace(
        '<data-type:fcs-dimension data-type:name="FL1-H"/>',
        '<data-type:new-dimension data-type:transformation-ref="Rat"/>',
    )
    declared = transformation("Rat", RATIO, boundMin="2.5") + transformation("S", LIN)
    assert list(read(declared + rectangle(body=side))["R"].dimensions.values()) == [
        (None, sys.float_info.max)
    ]


def test_polygon_and_ellipse(read):
    gate = read(polygon((0, 0), (4, 0), (0, 4)))["P"]
    assert gate.vertices == ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0))
    gate = read(ellipsoid([[4, 1], [1, 4]], distance=2.0))["E"]
    assert gate.covariance == ((4.0, 1.0), (1.0, 4.0))
    assert (gate.mean, gate.distance_square) == ((0.0, 0.0), 2.0)


def test_a_matrix_that_is_no_covariance_decides_as_it_is_written(read):
    rows = np.array([[2.0, 3.0], [-1.0, 0.5]])
    with pytest.warns(lg.exceptions.GateWarning, match=r"gate 'E'.*not symmetric"):
        gate = read(ellipsoid(rows.tolist()))["E"]
    places = np.random.default_rng(1).normal(scale=3, size=(500, 2))
    distance = np.einsum("ij,jk,ik->i", places, np.linalg.inv(rows), places)
    inside = gate.contains(dict(zip(gate.axes, places.T, strict=True)))
    assert (inside == (distance <= 1)).all()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([[1, 2], [2, 1]], "not positive definite"),
        ([[-1, 0.5], [0.5, -1]], "not positive definite"),
        ([[-1, 0.5], [0.4, -1]], "not symmetric"),
        ([[0, 1], [1, 0]], "not positive definite"),
    ],
)
def test_a_covariance_that_is_not_positive_definite_is_the_quadric(read, rows, fault):
    with pytest.warns(lg.exceptions.GateWarning, match=f"gate 'E'.*{fault}"):
        gate = read(ellipsoid(rows, distance=0.5))["E"]
    points = np.random.default_rng(1).normal(scale=3, size=(500, 2))
    distance = np.einsum("ij,jk,ik->i", points, np.linalg.inv(rows), points)
    inside = gate.contains(dict(zip(gate.axes, points.T, strict=True)))
    assert (inside == (distance <= 0.5)).all()
    assert inside.sum() > 0


def test_quadrants_are_populations_and_may_be_parents(read):
    quadrants = (
        '<gating:QuadrantGate gating:id="Q"><gating:divider gating:id="x" '
        'gating:compensation-ref="FCS"><data-type:fcs-dimension '
        'data-type:name="FL1-H"/><gating:value>5</gating:value><gating:value>2'
        "</gating:value></gating:divider>"
        '<gating:divider gating:id="y" gating:compensation-ref="FCS">'
        '<data-type:fcs-dimension data-type:name="FL2-H"/><gating:value>1'
        "</gating:value></gating:divider>"
        '<gating:Quadrant gating:id="middle"><gating:position '
        'gating:divider_ref="x" gating:location="3"/></gating:Quadrant>'
        '<gating:Quadrant gating:id="corner"><gating:position '
        'gating:divider_ref="x" gating:location="5"/><gating:position '
        'gating:divider_ref="y" gating:location="-1"/></gating:Quadrant>'
        "</gating:QuadrantGate>"
    )
    strategy = read(quadrants + rectangle(parent_id="corner"))
    assert strategy.paths == ("middle", "corner", "corner/R")
    gate = strategy.gates[0]
    x, y = gate.axes
    masks = gate.masks({x: [1.9, 2.0, 4.9, 5.0, 5.0], y: [0, 9, 0, 0.9, 1.0]})
    assert masks["middle"].tolist() == [False, True, True, False, False]
    assert masks["corner"].tolist() == [False, False, False, True, False]


def test_boolean_gates(read):
    gates = rectangle("A") + rectangle("B", parent_id="A")
    strategy = read(
        gates
        + boolean("Both", "and", "A", "~B")
        + boolean("Any", "or", "A", "B", "Both")
        + boolean("None", "not", "Any")
        + boolean("Twice", "not", "~A")
        + boolean("Same", "and", "A", "A")
    )
    assert {
        g.name: g.expression for g in strategy.gates if hasattr(g, "expression")
    } == {
        "Both": "A and not B",
        "Any": "A or B or Both",
        "None": "not Any",
        "Twice": "not (not A)",
        "Same": "A",
    }


def test_order_in_the_file_does_not_matter(read):
    child, parent = rectangle("B", parent_id="A"), rectangle("A")
    scale = transformation("S", LIN)
    first = read(scale + parent + child + boolean("C", "not", "B"))
    last = read(boolean("C", "not", "B") + child + parent + scale)
    assert first == last
    assert set(first.paths) == {"A", "A/B", "C"}


def test_ids_become_names(read):
    names = ("a/b", " a ", "all", "and", "it's", 'say "so"', "a  b", "é+")
    gates = "".join(
        rectangle(name.replace('"', "&quot;"), body=dimension(low=str(k)))
        for k, name in enumerate(names)
    )
    everything = boolean("Every", "and", *(n.replace('"', "&quot;") for n in names))
    strategy = read(gates + everything)
    assert "a|b" in strategy.paths
    assert len(strategy) == len(names) + 1
    assert len(strategy["Every"].populations) == len(names)


def test_what_others_keep_is_kept(read):
    note = (
        "<data-type:custom_info> by <b xmlns='urn:x'>hand</b> </data-type:custom_info>"
    )
    body = (
        note
        + rectangle(body=note + dimension())
        + transformation("S", LIN.replace("/>", f">{note}</transforms:flin>"))
    )
    strategy = read(body)
    assert strategy["R"].custom_info == " by <b xmlns='urn:x'>hand</b> "
    assert strategy.custom_info.startswith(" by <b xmlns='urn:x'>hand</b> ")
    assert strategy.custom_info.count("hand") == 2
    assert read(rectangle())["R"].custom_info is None


def test_prefixes_other_than_the_usual_ones(tmp_path):
    text = file_of(rectangle(body=dimension(low="3")))
    for old, new in (("gating:", ""), ("xmlns:gating=", "xmlns="), ("data-type", "dt")):
        text = text.replace(old, new)
    text = text.replace("xmlns=", "xmlns:gating=", 1).replace("xmlns:gating", "xmlns")
    path = tmp_path / "gates.xml"
    path.write_text(text)
    assert list(lg.read_gatingml(path)["R"].dimensions.values()) == [(3.0, None)]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings(tmp_path, encoding):
    text = file_of(rectangle("Zählung"))
    path = tmp_path / "gates.xml"
    path.write_bytes(text.replace("UTF-8", encoding).encode(encoding))
    assert lg.read_gatingml(path).paths == ("Zählung",)


OLD = (
    '<gating:dimension{}><data-type:parameter data-type:name="{}"/></gating:dimension>'
)


def test_gates_of_version_15_carry_over(read):
    low = OLD.format(' gating:min="5"', "FSC-H")
    strategy = read(
        rectangle("A", low)
        + '<gating:BooleanGate gating:id="B"><gating:and>'
        + rectangle("C", OLD.format(' gating:max="7"', "SSC-H"))
        + '<gating:gateReference gating:ref="A"/></gating:and></gating:BooleanGate>',
        version="1.5",
    )
    assert set(strategy.paths) == {"A", "B", "C"}
    assert strategy["B"].expression == "C and A"
    assert strategy["A"].dimensions == {
        lg.Dimension("FSC-H", **UNCOMPENSATED): (5.0, None)
    }


@pytest.mark.parametrize(
    ("body", "construct"),
    [
        ("<gating:PolytopeGate/>", "gating:PolytopeGate"),
        ('<transforms:transformation transforms:id="x"/>', "transforms:transformation"),
        (
            rectangle(
                body=OLD.format("", "x").replace(":parameter", ":transformedParameter")
            ),
            "data-type:transformedParameter",
        ),
    ],
)
def test_what_does_not_carry_over_from_version_15_is_named(read, body, construct):
    wanted = f"line 5.*<{construct}>.*Gating-ML 1.5 that does not carry over"
    with pytest.raises(lg.exceptions.GatingMLError, match=wanted):
        read(body, version="1.5")
