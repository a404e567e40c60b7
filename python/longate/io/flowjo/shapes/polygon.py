"""Polygons of FlowJo, the quadrants with slanted lines among them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate.exceptions import FlowJoError
from longate.gating.gates.polygon import PolygonGate
from longate.io.flowjo.markup import attribute, optional_number, sub, text_of
from longate.io.flowjo.shapes.drawing import (
    Drawing,
    dimension_names,
    is_outside,
    points_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element
    from numpy.typing import NDArray

    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Column, Columns, Geometry
    from longate.io.flowjo.markup import Names

Point = tuple[float, float]

FAR_BELOW = -1000.0
"""The cell of a vertex that has no logarithm, far below the axis."""


@dataclass(frozen=True)
class PolygonDrawing(Drawing):
    """A polygon: vertices in the units of its columns, edges straight as displayed.

    Parameters
    ----------
    x, y : str
        Its columns.
    vertices : tuple of (x, y)
        In the units of the columns.
    cells : int
        ``gateResolution``.
    quad : int
        ``quadId``: 0 to 3 for a quadrant with slanted lines, else -1.
    """

    element: ClassVar[str] = "PolygonGate"

    x: str
    y: str
    vertices: tuple[Point, ...]
    cells: int = 256
    quad: int = -1

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is drawn on."""
        return (self.x, self.y)

    @classmethod
    def read(cls, element: _Element) -> PolygonDrawing:
        """Read a ``PolygonGate``."""
        names = dimension_names(element)
        if len(names) != 2:
            msg = (
                f"a polygon in line {element.sourceline} has {len(names)} dimensions; "
                "it needs two"
            )
            raise FlowJoError(msg)
        cells = optional_number(element, "gateResolution") or 256.0
        if not 2 <= cells <= 65536 or cells != int(cells):
            msg = f"gateResolution={cells:g} is not a number of cells"
            raise FlowJoError(msg)
        quad = attribute(element, "quadId", "-1")
        return cls(
            is_outside(element),
            *names,
            points_of(element),
            int(cells),
            int(quad) if quad in ("0", "1", "2", "3") else -1,
        )

    def gate(
        self, name: str, parent: str | None, columns: Columns, geometry: Geometry
    ) -> Gate:
        """Return the polygon on grids, or on continuous scales."""
        x, y = columns[self.x], columns[self.y]
        grids = self.grids(x, y) if geometry == "flowjo" else None
        data = np.array(self.vertices, dtype=np.float64).reshape(-1, 2)
        data = data / (x.unit, y.unit)
        if grids is None:
            scaled = [_scaled(x, data[:, 0]), _scaled(y, data[:, 1])]
            return PolygonGate(
                name,
                parent=parent,
                x=x.continuous,
                y=y.continuous,
                vertices=np.column_stack(scaled).tolist(),
            )
        whole = [
            _cells(grid, values) for grid, values in zip(grids, data.T, strict=True)
        ]
        return PolygonGate(
            name,
            parent=parent,
            x=x.on(grids[0]),
            y=y.on(grids[1]),
            vertices=with_area(np.column_stack(whole).tolist()),
        )

    def grids(self, x: Column, y: Column) -> tuple[Any, Any] | None:
        """Return the grids of both axes; None where FlowJo's rule is not known."""
        if self.quad >= 0:
            return None
        found = (x.grid(self.cells), y.grid(self.cells))
        return None if None in found else found

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return the rules of FlowJo that are open for this polygon."""
        found = []
        if self.quad >= 0:
            found.append("slanted quadrant")
        for k, name in enumerate(self.columns):
            column = columns[name]
            kind = column.needed.kind
            if kind in ("logicle", "hyperlog"):
                found.append(f"{kind} axis")
            if kind == "log" and any(vertex[k] <= 0 for vertex in self.vertices):
                found.append("log vertex <= 0")
            if column.unit != 1.0:
                found.append("time gain")
            if column.needed.zero_channel_is_near_whole:
                found.append("biex table end")
        return tuple(dict.fromkeys(found))

    def write(self, parent: _Element, names: Names) -> None:
        """Write the element."""
        own = {
            "eventsInside": "0" if self.outside else "1",
            "annoOffsetX": "0",
            "annoOffsetY": "0",
            "tint": "#000000",
            "isTinted": "0",
            "lineWeight": "Normal",
            "userDefined": "1",
            "quadId": str(self.quad),
            "gateResolution": str(self.cells),
        }
        element = sub(parent, names.gating(self.element), own)
        for name in self.columns:
            dimension = sub(element, names.gating("dimension"))
            sub(dimension, names.data("fcs-dimension"), {names.data("name"): name})
        write_points(element, self.vertices, names)


def write_points(parent: _Element, points: Sequence[Point], names: Names) -> None:
    """Write ``vertex`` elements."""
    for point in points:
        vertex = sub(parent, names.gating("vertex"))
        for value in point:
            own = {names.data("value"): text_of(value)}
            sub(vertex, names.gating("coordinate"), own)


def _scaled(column: Column, values: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = column.base(values) if column.base is not None else values
    if not np.isfinite(scaled).all():
        # The logarithm of 0: an edge that leaves the axis below its end.
        scaled = np.where(np.isfinite(scaled), scaled, -1.0)
    return scaled


def _cells(grid: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    cells = grid.vertices(values)
    # Reported of FlowJo 10.6 and later: what has no logarithm lies on cell 0.
    return np.where(np.isfinite(cells), cells, 0.0)


def with_area(vertices: list[list[float]]) -> list[list[float]]:
    """Return whole vertices as a polygon, also where they lie on one line.

    A polygon thinner than a cell has vertices on one line of the grid, and holds the
    cells on it. A rectangle around that line which reaches no other cell does too.
    """
    points = np.array(vertices)
    start = points[0]
    far = points[np.argmax(np.hypot(*(points - start).T))]
    along = far - start
    length = float(np.hypot(*along))
    cross = (points - start) @ np.array([-along[1], along[0]])
    if length and np.any(cross != 0):
        return vertices
    unit = along / length if length else np.array([1.0, 0.0])
    steps = (points - start) @ unit
    # Other whole points are at least 1 / length from the line.
    margin = 1.0 / (4.0 * max(length, 1.0))
    side = np.array([-unit[1], unit[0]]) * margin
    low = start + unit * (steps.min() - margin)
    high = start + unit * (steps.max() + margin)
    corners = [low - side, high - side, high + side, low + side]
    return [[float(x), float(y)] for x, y in corners if math.isfinite(x + y)]
