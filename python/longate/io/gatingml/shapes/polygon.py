"""Polygon gates of Gating-ML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.gating.gates.polygon import PolygonGate
from longate.io.gatingml.markup import point

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.io.gatingml.markup import Tag
    from longate.io.gatingml.read_context import ReadContext
    from longate.io.gatingml.records import GateRecord
    from longate.io.gatingml.write_context import WriteContext


def read(record: GateRecord, context: ReadContext) -> list[Gate]:
    """Return the gate that a record means.

    Raises
    ------
    GatingMLError
        If a coordinate is no finite number.
    """
    gate = record.element
    sides = [context.side(element, record) for element in gate.named("dimension")]
    vertices = [
        tuple(context.values(vertex, "coordinate", gate))
        for vertex in gate.named("vertex")
    ]
    bounded = [
        context.clamped(side, min(values), max(values), record)
        for side, values in zip(sides, zip(*vertices, strict=True), strict=True)
    ]
    x, y = context.axes(bounded, record)
    made = PolygonGate(
        context.name(record), x=x, y=y, vertices=vertices, **context.common(record)
    )
    return [made]


def write(gate: PolygonGate, context: WriteContext, note: dict[str, Any]) -> list[Tag]:
    """Return the axes and vertices of a gate."""
    context.note_axes(gate.axes, note)
    corners = [point("gating:vertex", vertex) for vertex in gate.vertices]
    return [*map(context.axes.dimension, gate.axes), *corners]
