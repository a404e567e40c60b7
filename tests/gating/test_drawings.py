"""Drawings of gates hold no markup of names and no numbers beyond numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import longate as lg

HOSTILE = "</svg><script>alert('x')&\"\x00\ud800".replace("/", "")


@pytest.mark.parametrize(
    "gate",
    [
        lg.RectangleGate(HOSTILE, dimensions={HOSTILE: (0, 1)}),
        lg.RectangleGate("R", dimensions={lg.Ratio(HOSTILE, "B"): (0, 1)}),
        lg.PolygonGate(HOSTILE, x="A", y=HOSTILE, vertices=[(0, 0), (1, 0), (0, 1)]),
        lg.QuadrantGate(HOSTILE, dividers={HOSTILE: [1.0]}, quadrants=None),
        lg.BooleanGate(HOSTILE, '"<b>" or \'</b>"\''),
        lg.EllipsoidGate(
            HOSTILE, dimensions=["A", HOSTILE], mean=[0, 0], covariance=[[1, 0], [0, 1]]
        ),
    ],
    ids=lambda gate: gate.kind,
)
def test_names_are_escaped_in_drawings(gate):
    for text in (gate._repr_svg_(), gate._repr_html_()):
        assert "<script" not in text
        assert "<b>" not in text
        ET.fromstring(text)


@pytest.mark.parametrize(
    "gate",
    [
        lg.RectangleGate("R", A=(-1.7e308, 1.7e308)),
        lg.RectangleGate("R", A=(5e-324, 1e-323), B=(1e300, None)),
        lg.PolygonGate(
            "P", x="A", y="B", vertices=[(-1e308, 0), (1e308, 0), (0, 1e-300)]
        ),
        lg.EllipsoidGate(
            "E",
            dimensions=["A", "B"],
            mean=[1e300, -1e-300],
            covariance=[[1e300, 0], [0, 1e-300]],
        ),
        lg.QuadrantGate("Q", dividers={"A": [-1.7e308, 1.7e308]}),
        lg.BooleanGate("B", "a and b and c and d"),
    ],
    ids=lambda gate: gate.kind,
)
def test_drawings_of_extreme_numbers_hold_only_numbers(gate):
    svg = gate._repr_svg_()
    ET.fromstring(svg)
    assert "nan" not in svg.replace(gate.description, "")
    assert "inf" not in svg.replace(gate.description, "")
