"""Ellipses of FlowJo 10, stored in display units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate.exceptions import FlowJoError
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.io.flowjo.markup import child, optional_number, sub, text_of
from longate.io.flowjo.scales import DISPLAY
from longate.io.flowjo.shapes.drawing import (
    Drawing,
    dimension_names,
    is_outside,
    points_of,
)
from longate.io.flowjo.shapes.polygon import with_area, write_points

if TYPE_CHECKING:
    from lxml.etree import _Element
    from numpy.typing import NDArray

    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Columns, Geometry
    from longate.io.flowjo.markup import Names

Point = tuple[float, float]

N_VERTICES = 100
"""Vertices of the polygon that stands for an ellipse on the grid. FlowJo's number is
not known: this one gives both counts that there are, within one or two events."""


@dataclass(frozen=True)
class EllipseDrawing(Drawing):
    """An ellipse: foci and the ends of its axes, in display units from 0 to 256.

    Parameters
    ----------
    x, y : str
        Its columns.
    foci : tuple of two points
        The sum of distances to these is the long axis.
    edges : tuple of four points
        The ends of the long axis, then of the short one.
    """

    element: ClassVar[str] = "EllipsoidGate"

    x: str
    y: str
    foci: tuple[Point, ...]
    edges: tuple[Point, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is drawn on."""
        return (self.x, self.y)

    @classmethod
    def read(cls, element: _Element) -> EllipseDrawing:
        """Read an ``EllipsoidGate``; its ``distance`` is not the long axis."""
        names = dimension_names(element)
        foci = points_of(child(element, "foci"))
        edges = points_of(child(element, "edge"))
        if (len(names), len(foci), len(edges)) != (2, 2, 4):
            msg = (
                f"an ellipse in line {element.sourceline} has {len(names)} dimensions, "
                f"{len(foci)} foci and {len(edges)} edge points; it needs 2, 2 and 4"
            )
            raise FlowJoError(msg)
        optional_number(element, "distance")
        made = cls(is_outside(element), names[0], names[1], foci, edges)
        _ = made.half_axes
        return made

    @property
    def half_axes(self) -> tuple[float, float]:
        """Half of the long and of the short axis.

        Raises
        ------
        FlowJoError
            If the foci do not lie on the long axis.
        """
        long = math.dist(self.edges[0], self.edges[1]) / 2
        apart = math.dist(*self.foci) / 2
        if not apart < long:
            msg = f"the foci of an ellipse are {2 * apart:g} apart on {2 * long:g}"
            raise FlowJoError(msg)
        return long, math.sqrt(long**2 - apart**2)

    @property
    def direction(self) -> NDArray[np.float64]:
        """The unit vector along the long axis, towards edge 0."""
        towards = np.subtract(self.edges[0], self.edges[1])
        between = np.subtract(self.foci[0], self.foci[1])
        if between.any():
            towards = between * (1.0 if between @ towards >= 0 else -1.0)
        unit: NDArray[np.float64] = towards / np.hypot(*towards)
        return unit

    def gate(
        self, name: str, parent: str | None, columns: Columns, geometry: Geometry
    ) -> Gate:
        """Return a polygon of many sides on grids, or the ellipse itself."""
        x, y = columns[self.x], columns[self.y]
        long, short = self.half_axes
        along = self.direction
        across = np.array([-along[1], along[0]])
        centre = np.mean(self.foci, axis=0)
        grids: Any = (x.grid(int(DISPLAY)), y.grid(int(DISPLAY)))
        if geometry == "flowjo" and None not in grids:
            turn = np.arange(N_VERTICES) * (2 * math.pi / N_VERTICES)
            outline = centre + np.outer(np.cos(turn) * long, along)
            outline = outline + np.outer(np.sin(turn) * short, across)
            vertices = with_area(np.floor(outline + 0.5).tolist())
            return PolygonGate(
                name,
                parent=parent,
                x=x.on(grids[0]),
                y=y.on(grids[1]),
                vertices=vertices,
            )
        covariance = long**2 * np.outer(along, along)
        covariance = covariance + short**2 * np.outer(across, across)
        ends = [column.needed.from_display(column.unit) for column in (x, y)]
        start, slope = (np.array(part) for part in zip(*ends, strict=True))
        return EllipsoidGate(
            name,
            parent=parent,
            dimensions=[x.continuous, y.continuous],
            mean=(start + slope * centre).tolist(),
            covariance=(covariance * np.outer(slope, slope)).tolist(),
            distance_square=1.0,
        )

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return ``ellipse grid``: the number of FlowJo's vertices is not known."""
        kinds = [columns[name].needed.kind for name in self.columns]
        open_axes = [f"{k} axis" for k in kinds if k in ("logicle", "hyperlog")]
        return ("ellipse grid", *dict.fromkeys(open_axes))

    def write(self, parent: _Element, names: Names) -> None:
        """Write the element; ``distance`` is the long axis."""
        own = {
            "eventsInside": "0" if self.outside else "1",
            "annoOffsetX": "0",
            "annoOffsetY": "0",
            "tint": "#000000",
            "isTinted": "0",
            "lineWeight": "Normal",
            "userDefined": "1",
            names.gating("distance"): text_of(2 * self.half_axes[0]),
        }
        element = sub(parent, names.gating(self.element), own)
        for name in self.columns:
            dimension = sub(element, names.gating("dimension"))
            sub(dimension, names.data("fcs-dimension"), {names.data("name"): name})
        write_points(sub(element, names.gating("foci")), self.foci, names)
        write_points(sub(element, names.gating("edge")), self.edges, names)
