"""Rectangles, ranges, straight quadrants and curly quadrants of FlowJo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from longate.exceptions import FlowJoError
from longate.gating.gates.rectangle import RectangleGate
from longate.io.flowjo.markup import children, optional_number, sub, text_of
from longate.io.flowjo.shapes.drawing import Drawing, dimension_names, is_outside

if TYPE_CHECKING:
    from lxml.etree import _Element

    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Columns, Geometry
    from longate.io.flowjo.markup import Names

Side = tuple[str, float | None, float | None]


@dataclass(frozen=True)
class RectangleDrawing(Drawing):
    """Bounds on one or two columns, in the units of the columns.

    FlowJo compares raw (compensated) values, half-open, without a grid.

    Parameters
    ----------
    sides : tuple of (column, min, max)
        None leaves a side open.
    """

    element: ClassVar[str] = "RectangleGate"

    sides: tuple[Side, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is drawn on."""
        return tuple(name for name, _, _ in self.sides)

    @classmethod
    def read(cls, element: _Element) -> RectangleDrawing:
        """Read a ``RectangleGate`` or ``CurlyQuad``."""
        names = dimension_names(element)
        bounds = [
            (optional_number(one, "min"), optional_number(one, "max"))
            for one in children(element, "dimension")
        ]
        if not names:
            msg = f"a {cls.element} in line {element.sourceline} has no dimension"
            raise FlowJoError(msg)
        sides = tuple(
            (name, low, high) for name, (low, high) in zip(names, bounds, strict=True)
        )
        return cls(is_outside(element), sides)

    def gate(
        self, name: str, parent: str | None, columns: Columns, geometry: Geometry
    ) -> Gate:
        """Return the gate on plain values: both geometries are the same."""
        bounded = [side for side in self.sides if side[1:] != (None, None)]
        dimensions = {}
        for channel, low, high in bounded or self.sides:
            column = columns[channel]
            dimensions[column.plain] = (
                None if low is None else low / column.unit,
                None if high is None else high / column.unit,
            )
        return RectangleGate(name, parent=parent, dimensions=dimensions)

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return ``time gain`` where a gain turns bounds into other units."""
        scaled = any(columns[name].unit != 1.0 for name in self.columns)
        return ("time gain",) if scaled else ()

    def write(self, parent: _Element, names: Names) -> None:
        """Write the element, with every bound that there is."""
        own = {"eventsInside": "0" if self.outside else "1"}
        element = sub(parent, names.gating(self.element), own | _PRESENTATION)
        for name, low, high in self.sides:
            bounds = {names.gating("min"): low, names.gating("max"): high}
            given = {key: text_of(v) for key, v in bounds.items() if v is not None}
            dimension = sub(element, names.gating("dimension"), given)
            sub(dimension, names.data("fcs-dimension"), {names.data("name"): name})


@dataclass(frozen=True)
class CurlyDrawing(RectangleDrawing):
    """A quadrant whose lines bend with the spread; the curve is not stored."""

    element: ClassVar[str] = "CurlyQuad"

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return ``curly``: counted as a straight quadrant."""
        return ("curly", *super().reasons(columns))


_PRESENTATION = {
    "annoOffsetX": "0",
    "annoOffsetY": "0",
    "tint": "#000000",
    "isTinted": "0",
    "lineWeight": "Normal",
    "userDefined": "1",
    "percentX": "0",
    "percentY": "0",
}
