"""Quadrant gates of Gating-ML."""

from __future__ import annotations

from bisect import bisect_right
from itertools import combinations
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.gating.gates.dimension import dimension_of
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.gates.rectangle import RectangleGate
from longate.io.gatingml.bounds import finite, is_ratio, overlap
from longate.io.gatingml.markup import Tag
from longate.io.gatingml.notes import dividers_as_noted, note_of

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Dimension
    from longate.io.gatingml.bounds import Bounds
    from longate.io.gatingml.read_context import ReadContext
    from longate.io.gatingml.records import GateRecord
    from longate.io.gatingml.write_context import WriteContext

Dividers = dict[str, tuple["Dimension", list[float]]]
Positions = dict[str, dict[str, float]]
Sides = dict["Dimension", "Bounds"]

MOST_QUADRANTS = 1000
"""Quadrants of one gate; each is compared with each."""


def read(record: GateRecord, context: ReadContext) -> list[Gate]:
    """Return the gates that a record means.

    One quadrant gate; or rectangles, one for each quadrant, where quadrants overlap
    since one of them names fewer positions, and on ratios, of which values of +infinity
    lie in no quadrant.

    Raises
    ------
    GatingMLError
        If a divider or a position is not clear.
    """
    dividers = _dividers(record, context)
    quadrants = _quadrants(record, dividers, context)
    sides = _sides(record, dividers, quadrants, context)
    note = note_of(record.infos)
    ratios = any(is_ratio(axis) for axis, _ in dividers.values())
    if (ratios and not note.get("infinite")) or _overlap(sides):
        return _as_rectangles(record, sides, context)
    called = dict(zip(dividers, dividers_as_noted(list(dividers), note), strict=True))
    axes = context.axes([axis for axis, _ in dividers.values()], record)
    made = QuadrantGate(
        context.name(record),
        dividers={
            called[which]: (axis, values)
            for axis, (which, (_, values)) in zip(axes, dividers.items(), strict=True)
        },
        quadrants={
            name: {called[which]: at for which, at in positions.items()}
            for name, positions in quadrants.items()
        },
        **context.common(record),
    )
    return [made]


def write(gate: QuadrantGate, context: WriteContext, note: dict[str, Any]) -> list[Tag]:
    """Return the dividers and quadrants of a gate."""
    ids = {which: context.ids.new(which) for which in gate.dividers}
    if any(is_ratio(dimension_of(cut.axis)) for cut in gate.dividers.values()):
        note["infinite"] = True  # Longate's own quadrants hold it
    note["dividers"] = {new: which for which, new in ids.items() if new != which}
    context.note_axes([cut.axis for cut in gate.dividers.values()], note)
    tags = []
    for which, cut in gate.dividers.items():
        tag = context.axes.dimension(cut.axis, "gating:divider", id=ids[which])
        tag.children += [Tag("gating:value", raw=repr(value)) for value in cut.values]
        tags.append(tag)
    names: dict[str, str] = {}
    for quadrant, positions in gate.quadrants.items():
        identifier = context.population_id(gate, quadrant)
        if identifier != quadrant:
            names[identifier] = quadrant
        entries = [
            {"gating:divider_ref": ids[which], "gating:location": repr(at)}
            for which, at in positions.items()
        ]
        inside = [Tag("gating:position", entry) for entry in entries]
        tags.append(Tag("gating:Quadrant", {"gating:id": identifier}, inside))
    note["quadrants"] = names
    return tags


def _dividers(record: GateRecord, context: ReadContext) -> Dividers:
    document, gate = context.document, record.element
    dividers: Dividers = {}
    for element in gate.named("divider"):
        side = context.side(element, record)
        name = document.need(element, "id")
        if name in dividers:
            complaint = f"the divider {name!r} is declared a second time"
            raise document.error(complaint, element, gate)
        values = [
            document.number_in(value.content, "value", value, gate)
            for value in element.named("value")
        ]
        axis = context.clamped(side, min(values), max(values), record)
        dividers[name] = (axis, values)
    return dividers


def _quadrants(
    record: GateRecord, dividers: Dividers, context: ReadContext
) -> Positions:
    document, gate = context.document, record.element
    if len(record.quadrants) > MOST_QUADRANTS:
        complaint = (
            f"it has {len(record.quadrants):,} quadrants; {MOST_QUADRANTS:,} may be"
        )
        raise document.error(complaint, gate, gate)
    quadrants: Positions = {}
    for element, identifier in record.quadrants.items():
        positions: dict[str, float] = {}
        for position in element.named("position"):
            divider = document.need(position, "divider_ref")
            if divider not in dividers or divider in positions:
                fault = "is named twice" if divider in positions else "is not there"
                complaint = (
                    f"the divider {divider!r} {fault}; the gate's are "
                    f"{listed(dividers)}{suggest(divider, dividers)}"
                )
                raise document.error(complaint, position, gate)
            positions[divider] = document.number(position, "location", gate)
        quadrants[context.population(identifier)] = positions
    return quadrants


def _sides(
    record: GateRecord, dividers: Dividers, quadrants: Positions, context: ReadContext
) -> dict[str, Sides]:
    """Return the intervals that make each quadrant."""
    sides: dict[str, Sides] = {}
    cuts = {name: sorted(values) for name, (_, values) in dividers.items()}
    for quadrant, positions in quadrants.items():
        own = sides.setdefault(quadrant, {})
        for divider, location in positions.items():
            axis, values = dividers[divider][0], cuts[divider]
            at = bisect_right(values, location)
            low = values[at - 1] if at else None
            high = values[at] if at < len(values) else None
            bounds = overlap(own.get(axis, (None, None)), (low, high))
            if None not in bounds and bounds[0] >= bounds[1]:  # type: ignore[operator]
                complaint = (
                    f"there is no quadrant {quadrant!r}: its positions on "
                    f"{str(axis)!r} exclude each other"
                )
                raise context.document.error(complaint, record.element, record.element)
            own[axis] = bounds
    return sides


def _overlap(sides: dict[str, Sides]) -> bool:
    """Say whether an event may lie in two quadrants."""

    def apart(one: Bounds, other: Bounds) -> bool:
        (low, high), (other_low, other_high) = one, other
        below = high is not None and other_low is not None and high <= other_low
        above = low is not None and other_high is not None and other_high <= low
        return below or above

    return any(
        not any(apart(one[axis], other[axis]) for axis in one.keys() & other.keys())
        for one, other in combinations(sides.values(), 2)
    )


def _as_rectangles(
    record: GateRecord, sides: dict[str, Sides], context: ReadContext
) -> list[Gate]:
    return [
        RectangleGate(
            quadrant,
            dimensions={axis: finite(own[axis], axis) for axis in own},
            **context.common(record),
        )
        for quadrant, own in sides.items()
    ]
