"""Gates as elements of Gating-ML, with notes of what the standard cannot say."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from longate.exceptions import GatingMLError, LongateError
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import parse
from longate.gating.gates.dimension import axis_to_plain
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.gates.rectangle import RectangleGate
from longate.io.gatingml.markup import Ids, Tag, checked, own_note
from longate.io.gatingml.vocabulary import LONGATE
from longate.io.gatingml.write_axes import AxisWriter, described
from longate.io.xml_tree import parse_xml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.cytometry.compensation import Compensation
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis
    from longate.gating.strategy.strategy import GatingStrategy

Operand = tuple[str, bool]
"""The id of a population, and whether its complement is meant."""


class GateWriter:
    """Writes the gates of a strategy.

    Parameters
    ----------
    strategy : GatingStrategy
        Whose gates are written.
    axes : AxisWriter
        Writes their axes.
    ids : Ids
        Of the document.
    """

    def __init__(self, strategy: GatingStrategy, axes: AxisWriter, ids: Ids) -> None:
        self._strategy = strategy
        self._axes = axes
        self._ids = ids
        self._by_path = {
            path: ids.new(path.rpartition("/")[2]) for path in strategy.paths
        }

    def tags(self, gate: Gate) -> list[Tag]:
        """Return the elements of a gate; the last one is the gate itself.

        Raises
        ------
        GatingMLError
            If Gating-ML cannot say what the gate does; the gate is named.
        """
        try:
            return self._tags(gate)
        except LongateError as error:
            msg = f"gate {gate.name!r} cannot be written as Gating-ML: {error}"
            raise GatingMLError(msg) from None

    def _tags(self, gate: Gate) -> list[Tag]:
        note: dict[str, Any] = {}
        before: list[Tag] = []
        if isinstance(gate, RectangleGate):
            body = self._rectangle(gate, note)
        elif isinstance(gate, PolygonGate):
            body = self._polygon(gate, note)
        elif isinstance(gate, EllipsoidGate):
            body = self._ellipsoid(gate, note)
        elif isinstance(gate, QuadrantGate):
            body = self._quadrants(gate, note)
        elif isinstance(gate, BooleanGate):
            before, body = self._boolean(gate, note)
        else:
            msg = f"the standard has no gates of kind {gate.kind!r}"
            raise GatingMLError(msg)
        attributes = {"gating:id": self._id(gate)}
        if attributes["gating:id"] != gate.name:
            note["name"] = gate.name
        if gate.parent is not None:
            parent = self._by_path[self._strategy.path(gate.parent)]
            attributes["gating:parent_id"] = parent
        info = info_tag("gate", note, gate.custom_info, f"gate {gate.name!r}")
        kind = type(gate).__name__
        return [*before, Tag(f"gating:{kind}", attributes, [*info, *body])]

    def _id(self, gate: Gate) -> str:
        if isinstance(gate, QuadrantGate):
            return self._ids.new(gate.name)
        parent = self._strategy.path(gate.parent) + "/" if gate.parent else ""
        return self._by_path[parent + gate.name]

    def _rectangle(self, gate: RectangleGate, note: dict[str, Any]) -> list[Tag]:
        self._note_axes(gate.axes, note)
        tags = []
        closed = gate.interval == "closed"
        if closed:
            # No number lies between a bound and the next one.
            note["closed"] = [high for _, high in gate.dimensions.values()]
        for axis, (low, high) in gate.dimensions.items():
            bounds = {}
            if low is not None:
                bounds["min"] = repr(low)
            if high is not None:
                end = math.nextafter(high, math.inf) if closed else high
                if end != math.inf:
                    bounds["max"] = repr(end)
            tags.append(self._axes.dimension(axis, **bounds))
        return tags

    def _polygon(self, gate: PolygonGate, note: dict[str, Any]) -> list[Tag]:
        self._note_axes(gate.axes, note)
        corners = [_point("gating:vertex", vertex) for vertex in gate.vertices]
        return [*map(self._axes.dimension, gate.axes), *corners]

    def _ellipsoid(self, gate: EllipsoidGate, note: dict[str, Any]) -> list[Tag]:
        self._note_axes(gate.axes, note)
        if gate.matrix != "covariance":
            note["matrix"] = gate.matrix
        rows = [
            Tag("gating:row", children=[_value("gating:entry", x) for x in row])
            for row in gate.covariance
        ]
        return [
            *map(self._axes.dimension, gate.axes),
            _point("gating:mean", gate.mean),
            Tag("gating:covarianceMatrix", children=rows),
            _value("gating:distanceSquare", gate.distance_square),
        ]

    def _quadrants(self, gate: QuadrantGate, note: dict[str, Any]) -> list[Tag]:
        ids = {which: self._ids.new(which) for which in gate.dividers}
        note["dividers"] = {new: which for which, new in ids.items() if new != which}
        self._note_axes([cut.axis for cut in gate.dividers.values()], note)
        tags = []
        for which, cut in gate.dividers.items():
            tag = self._axes.dimension(cut.axis, "gating:divider", id=ids[which])
            tag.children += [
                Tag("gating:value", raw=repr(value)) for value in cut.values
            ]
            tags.append(tag)
        parent = self._strategy.path(gate.parent) + "/" if gate.parent else ""
        names: dict[str, str] = {}
        for quadrant, positions in gate.quadrants.items():
            identifier = self._by_path[parent + quadrant]
            if identifier != quadrant:
                names[identifier] = quadrant
            places = [
                Tag(
                    "gating:position",
                    {"gating:divider_ref": ids[which], "gating:location": repr(place)},
                )
                for which, place in positions.items()
            ]
            tags.append(Tag("gating:Quadrant", {"gating:id": identifier}, places))
        note["quadrants"] = names
        return tags

    def _boolean(
        self, gate: BooleanGate, note: dict[str, Any]
    ) -> tuple[list[Tag], list[Tag]]:
        helpers: list[Tag] = []
        names: dict[str, str] = {}
        # Postfix: what is waiting is an operand, or an operator with its operands.
        waiting: list[tuple[str, list[Operand]]] = []

        def operand(part: tuple[str, list[Operand]]) -> Operand:
            word, operands = part
            if word == "is":
                return operands[0]
            if word == "not":
                identifier, complement = operands[0]
                if not complement:
                    return (identifier, True)
            return (self._helper(gate, word, operands, helpers), False)

        for kind, text in parse(gate.expression):
            if kind == "name":
                identifier = self._by_path[self._strategy.path(text)]
                names[text] = identifier
                waiting.append(("is", [(identifier, False)]))
                continue
            if text == "not":
                waiting.append(("not", [operand(waiting.pop())]))
                continue
            last, first = waiting.pop(), waiting.pop()
            operands: list[Operand] = []
            for part in (first, last):
                operands += part[1] if part[0] == text else [operand(part)]
            waiting.append((text, operands))
        word, operands = waiting[0]
        if word == "is":
            word, operands = "and", [operands[0], operands[0]]
        note["expression"] = gate.expression
        note["names"] = names
        note["written"] = [word, [list(one) for one in operands]]
        return helpers, [_logic(word, operands)]

    def _helper(
        self, gate: BooleanGate, word: str, operands: list[Operand], helpers: list[Tag]
    ) -> str:
        identifier = self._ids.new(f"{self._id(gate)}_part")
        note = {"helper": True, "written": [word, [list(one) for one in operands]]}
        info = info_tag("gate", note, None, gate.name)
        attributes = {"gating:id": identifier}
        body = [*info, _logic(word, operands)]
        helpers.append(Tag("gating:BooleanGate", attributes, body))
        return identifier

    def _note_axes(self, axes: Sequence[Axis], note: dict[str, Any]) -> None:
        """Note what an axis says that its element does not, and what is written."""

        def by_id(matrix: Compensation) -> dict[str, str]:
            return {"id": self._axes.matrix(matrix)}

        notes: list[Any] = []
        for axis in axes:
            written = self._axes.explicit(axis)
            said = axis != written
            notes.append(
                [axis_to_plain(axis, by_id), described(written)] if said else None
            )
        if any(notes):
            note["axes"] = notes


def info_tag(
    kind: str, note: dict[str, Any], custom_info: str | None, what: str
) -> list[Tag]:
    """Return ``custom_info`` with Longate's note and the text that is kept.

    Raises
    ------
    GatingMLError
        If the kept text is no XML that stands by itself.
    """
    note = {word: said for word, said in note.items() if said or word == "closed"}
    if not note and custom_info is None:
        return []
    raw = ""
    if custom_info is not None:
        wrapped = f"<x>{custom_info}</x>".encode("utf-8", "surrogatepass")
        parse_xml(wrapped, what=f"custom_info of {what}", error=GatingMLError)
        raw = checked(custom_info)
    if LONGATE in raw:
        note["kept"] = True  # so that what is kept is not taken for a note
    if note:
        if custom_info is None:
            note["alone"] = True
        raw = own_note(kind, json.dumps(note, sort_keys=True)) + raw
    return [Tag("data-type:custom_info", raw=raw)]


def _logic(word: str, operands: list[Operand]) -> Tag:
    references = []
    for identifier, complement in operands:
        attributes = {"gating:ref": identifier}
        if complement:
            attributes["gating:use-as-complement"] = "true"
        references.append(Tag("gating:gateReference", attributes))
    return Tag(f"gating:{word}", children=references)


def _point(name: str, places: Sequence[float]) -> Tag:
    return Tag(name, children=[_value("gating:coordinate", place) for place in places])


def _value(name: str, number: float) -> Tag:
    return Tag(name, {"data-type:value": repr(number)})
