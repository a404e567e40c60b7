"""Regions of FACSDiva: polygons, rectangles and intervals in plot units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate.cytometry.transforms import Grid, Linear, Log, Logicle
from longate.exceptions import FacsDivaError
from longate.gating.gates.dimension import Dimension
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.rectangle import RectangleGate
from longate.io.flowjo.shapes.drawing import Drawing
from longate.io.flowjo.shapes.polygon import with_area

if TYPE_CHECKING:
    from lxml.etree import _Element

    from longate.cytometry.transforms import Transform
    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Columns, Geometry
    from longate.io.flowjo.markup import Names

TOP = 262144.0
DECADES = 4.5
CHANNELS = 4096.0
LOG_DECADES = math.log10(TOP)
CELLS = 256


@dataclass(frozen=True)
class DivaAxis:
    """An axis of a region.

    Parameters
    ----------
    channel : str
        The parameter.
    scaled, log : bool
        ``is_?_parameter_scaled`` and ``is_?_parameter_log``: both for a biexponential
        axis, the second alone for a logarithmic one, neither for a linear one.
    reference : float
        ``?_parameter_scale_value``, the negative value that sets the linear width.
    """

    channel: str
    scaled: bool
    log: bool
    reference: float

    @property
    def kind(self) -> str:
        """``biex``, ``log`` or ``linear``."""
        if self.scaled and self.log:
            return "biex"
        return "log" if self.log else "linear"

    @property
    def base(self) -> Transform | None:
        """The continuous scale; None for a linear axis.

        Raises
        ------
        FacsDivaError
            If a biexponential axis has no reference: its width is not known.
        """
        if self.kind == "linear":
            return None
        if self.kind == "log":
            return Log(t=TOP, m=LOG_DECADES)
        return biexponential(self.reference, self.channel)

    @property
    def full(self) -> float:
        """The end of the axis in the units of the points."""
        ends = {"biex": CHANNELS, "log": LOG_DECADES, "linear": TOP}
        return ends[self.kind]

    @property
    def grid(self) -> Grid:
        """The 256 cells on which FACSDiva decides."""
        if self.base is None:
            return Grid(Linear(t=1.0), cells=CELLS, low=0.0, high=TOP)
        return Grid(self.base, cells=CELLS)

    def scaled_values(self, points: Any) -> Any:
        """Return coordinates on the continuous scale, or data on a linear axis."""
        return points if self.base is None else np.asarray(points) / self.full

    def cells(self, points: Any) -> Any:
        """Return the cells of coordinates, which are not kept within the axis."""
        return np.floor(np.asarray(points) / self.full * CELLS)


def biexponential(reference: float, channel: str) -> Logicle:
    """Return FACSDiva's biexponential scale: a logicle of 4.5 decades.

    Raises
    ------
    FacsDivaError
        If the reference is 0: FACSDiva's width is then not known.
    """
    size = abs(reference)
    if size == 0:
        msg = f"the biexponential axis {channel!r} has the scale value 0: no width"
        raise FacsDivaError(msg)
    width = (DECADES - math.log10(TOP / size)) / 2
    return Logicle(t=TOP, w=min(max(width, 0.0), DECADES / 2), m=DECADES, a=0.0)


@dataclass(frozen=True)
class RegionDrawing(Drawing):
    """A region of FACSDiva.

    Cells are found by cutting, events are kept within the axis, and borders are in,
    also those of rectangles.

    Parameters
    ----------
    shape : str
        ``POLYGON_REGION``, ``RECTANGLE_REGION`` or ``INTERVAL_REGION``.
    axes : tuple of DivaAxis
        Two; one for an interval.
    points : tuple of (x, y)
        In plot units.
    """

    element: ClassVar[str] = "region"

    shape: str
    axes: tuple[DivaAxis, ...]
    points: tuple[tuple[float, float], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The parameters it is drawn on."""
        return tuple(axis.channel for axis in self.axes)

    def kinds(self, columns: Columns) -> tuple[str, ...]:
        """Return the kinds of its axes."""
        return tuple(axis.kind for axis in self.axes)

    def gate(
        self, name: str, parent: str | None, columns: Columns, geometry: Geometry
    ) -> Gate:
        """Return the gate on FACSDiva's grid, or as it is drawn."""
        on_grid = geometry == "flowjo"
        dimensions, corners = [], []
        for k, axis in enumerate(self.axes):
            column = columns[axis.channel]
            dimensions.append(
                Dimension(
                    column.channel,
                    compensation=column.compensation,
                    scale=axis.grid if on_grid else axis.base,
                )
            )
            points = np.array([point[k] for point in self.points])
            corners.append(
                axis.cells(points) if on_grid else axis.scaled_values(points)
            )
        if self.shape == "POLYGON_REGION":
            vertices = np.column_stack(corners).tolist()
            return PolygonGate(
                name,
                parent=parent,
                x=dimensions[0],
                y=dimensions[1],
                vertices=with_area(vertices) if on_grid else vertices,
            )
        bounds = {
            dimension: (float(values.min()), float(values.max()))
            for dimension, values in zip(dimensions, corners, strict=True)
        }
        return RectangleGate(name, parent=parent, dimensions=bounds, interval="closed")

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return the rules of FACSDiva that are open for this region."""
        found = []
        if self.shape == "INTERVAL_REGION":
            found.append("interval gate")
        found += [f"{axis.kind} axis" for axis in self.axes if axis.kind != "linear"]
        return tuple(dict.fromkeys(found))

    def write(self, parent: _Element, names: Names) -> None:
        """Refuse: regions of FACSDiva are not written."""
        msg = "a region of FACSDiva is not written; write the gated study instead"
        raise FacsDivaError(msg)
