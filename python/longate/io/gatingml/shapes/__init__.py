"""Gates of Gating-ML, one module per kind, which reads and writes it.

Each module has ``read(record, context)``, which returns the gates that a record means,
and ``write(gate, context, note)``, which returns the content of the element and
notes what the standard has no words for.
"""

from __future__ import annotations

from longate.io.gatingml.shapes import boolean, ellipsoid, polygon, quadrant, rectangle

SHAPES = {
    "RectangleGate": rectangle,
    "PolygonGate": polygon,
    "EllipsoidGate": ellipsoid,
    "QuadrantGate": quadrant,
    "BooleanGate": boolean,
}
"""Name of the element, which is that of the class too -> its module."""
