"""Rectangle gates of Gating-ML: half-open intervals on one or more dimensions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from longate.gating.gates.dimension import dimension_of
from longate.gating.gates.rectangle import RectangleGate
from longate.io.gatingml.bounds import finite, is_ratio, overlap, unclamped
from longate.io.gatingml.notes import closed_as_noted, note_of

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Dimension
    from longate.io.gatingml.bounds import Bounds
    from longate.io.gatingml.markup import Tag
    from longate.io.gatingml.read_context import ReadContext
    from longate.io.gatingml.records import GateRecord
    from longate.io.gatingml.write_context import WriteContext


def read(record: GateRecord, context: ReadContext) -> list[Gate]:
    """Return the gate that a record means.

    Raises
    ------
    GatingMLError
        If an interval holds no value, or is none.
    """
    document, gate = context.document, record.element
    note = note_of(record.infos)
    sides: dict[Dimension, Bounds] = {}
    for element in gate.named("dimension"):
        side = context.side(element, record)
        low, high = (
            document.number(element, end, gate)
            if document.get(element, end) is not None
            else None
            for end in ("min", "max")
        )
        # Longate's own gates that are open above hold +infinity.
        ends = (
            (low, high) if note.get("infinite") else finite((low, high), side.dimension)
        )
        own = side.clamps and note.get("bounded")
        bounds = ends if own else unclamped(ends, side.clamps)
        if bounds is None:
            complaint = "no value within the transformation's bounds can be inside"
            raise document.error(complaint, element, gate)
        axis = side.bounded if own else side.dimension
        sides[axis] = overlap(sides.get(axis, (None, None)), bounds)
    axes = context.axes(list(sides), record)
    lows, highs = zip(*sides.values(), strict=True)
    closed = closed_as_noted(highs, note)
    made = RectangleGate(
        context.name(record),
        dimensions=dict(
            zip(axes, zip(lows, closed or highs, strict=True), strict=True)
        ),
        interval="closed" if closed else "half-open",
        **context.common(record),
    )
    return [made]


def write(
    gate: RectangleGate, context: WriteContext, note: dict[str, Any]
) -> list[Tag]:
    """Return the dimensions of a gate with their bounds.

    A closed interval ends at the next number above its maximum: none lies between.
    """
    context.note_axes(gate.axes, note)
    closed = gate.interval == "closed"
    if closed:
        note["closed"] = [high for _, high in gate.dimensions.values()]
    if any(high is None for high in _highs_of_ratios(gate)):
        note["infinite"] = True
    tags = []
    for axis, (low, high) in gate.dimensions.items():
        bounds = {}
        if low is not None:
            bounds["min"] = repr(low)
        if high is not None:
            end = math.nextafter(high, math.inf) if closed else high
            if end != math.inf:
                bounds["max"] = repr(end)
        tags.append(context.axes.dimension(axis, **bounds))
    return tags


def _highs_of_ratios(gate: RectangleGate) -> list[float | None]:
    return [
        high
        for axis, (_, high) in gate.dimensions.items()
        if is_ratio(dimension_of(axis))
    ]
