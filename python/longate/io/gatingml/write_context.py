"""Ids, axes and notes of the gates of one file that is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from longate.cytometry.transforms import Bounded
from longate.exceptions import GatingMLError, LongateError
from longate.gating.gates.dimension import axis_to_plain
from longate.gating.gates.quadrant import QuadrantGate
from longate.io.gatingml.markup import Ids, Tag, checked, own_note
from longate.io.gatingml.vocabulary import LONGATE
from longate.io.gatingml.write_axes import AxisWriter, described
from longate.io.xml_tree import parse_xml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longate.cytometry.compensation import Compensation
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis
    from longate.gating.strategy.strategy import GatingStrategy


class WriteContext:
    """The parts of a file that its gates refer to while they are written.

    Parameters
    ----------
    strategy : GatingStrategy
        Whose gates are written.
    axes : AxisWriter
        Writes their axes.
    ids : Ids
        Of the document.
    shapes : mapping of str to module
        The module that writes each kind of gate, by the name of its class.

    Attributes
    ----------
    before : list of Tag
        Elements that a gate needs before it; emptied with each gate.
    """

    def __init__(
        self,
        strategy: GatingStrategy,
        axes: AxisWriter,
        ids: Ids,
        shapes: Mapping[str, Any],
    ) -> None:
        self._shapes = shapes
        self.strategy = strategy
        self.axes = axes
        self.ids = ids
        self.before: list[Tag] = []
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
        self.before = []
        # A quadratic form is an ellipsoid gate in the words of the standard.
        kinds = [one.__name__ for one in type(gate).__mro__]
        kind = next((one for one in kinds if one in self._shapes), "")
        if not kind:
            msg = f"the standard has no gates of kind {gate.kind!r}"
            raise GatingMLError(msg)
        note: dict[str, Any] = {}
        body = self._shapes[kind].write(gate, self, note)
        attributes = {"gating:id": self.identifier(gate)}
        if attributes["gating:id"] != gate.name:
            note["name"] = gate.name
        if gate.parent is not None:
            attributes["gating:parent_id"] = self.id_of(gate.parent)
        info = self.info_tag("gate", note, gate.custom_info, f"gate {gate.name!r}")
        return [*self.before, Tag(f"gating:{kind}", attributes, [*info, *body])]

    def id_of(self, population: str) -> str:
        """Return the id of a population, by its path or unique name."""
        return self._by_path[self.strategy.path(population)]

    def identifier(self, gate: Gate) -> str:
        """Return the id of a gate."""
        if isinstance(gate, QuadrantGate):
            return self.ids.new(gate.name)
        return self.population_id(gate, gate.name)

    def population_id(self, gate: Gate, name: str) -> str:
        """Return the id of a population that a gate makes."""
        above = self.strategy.path(gate.parent) + "/" if gate.parent else ""
        return self._by_path[above + name]

    def note_axes(self, axes: Sequence[Axis], note: dict[str, Any]) -> None:
        """Note what an axis says that its element does not, and what is written."""

        def by_id(matrix: Compensation) -> dict[str, str]:
            return {"id": self.axes.matrix(matrix)}

        notes: list[Any] = []
        for axis in axes:
            written = self.axes.explicit(axis)
            if isinstance(written.scale, Bounded):
                note["bounded"] = True
            said = axis != written
            notes.append(
                [axis_to_plain(axis, by_id), described(written)] if said else None
            )
        if any(notes):
            note["axes"] = notes

    def info_tag(
        self, kind: str, note: dict[str, Any], custom_info: str | None, what: str
    ) -> list[Tag]:
        """Return ``custom_info`` with Longate's note and the text that is kept."""
        return info_tag(kind, note, custom_info, what)


def info_tag(
    kind: str, note: dict[str, Any], custom_info: str | None, what: str
) -> list[Tag]:
    """Return ``custom_info`` with Longate's note and the text that is kept.

    Raises
    ------
    GatingMLError
        If the kept text is no complete XML.
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
