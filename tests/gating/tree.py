"""A tree of gates for tests of strategies, and a matrix for its channels."""

from __future__ import annotations

import longate as lg

TRIANGLE = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)]


def gate(name, parent=None, **sides):
    """A range on channel A, or the sides that are given."""
    return lg.RectangleGate(name, parent=parent, **(sides or {"A": (0, 1)}))


TREE = [
    gate("NK", parent="Lymphocytes/CD3-"),
    gate("CD3-", parent="Lymphocytes"),
    gate("T cells", parent="Lymphocytes"),
    gate("CD16+", parent="NK"),
    gate("CD16+", parent="T cells"),
    lg.PolygonGate("Lymphocytes", x="A", y="B", vertices=TRIANGLE),
]

MATRIX = lg.Compensation([[1.0, 0.1], [1 / 3, 1.0]], ["A", "B"])
