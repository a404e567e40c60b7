"""Longate's own notes in ``custom_info``: what the standard has no words for.

A note never decides against the file. It says how something was spelled, together with
what was written for it; where the file says something else by now, the note is passed
over.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from longate.cytometry.transforms import Transform
from longate.exceptions import LongateError
from longate.gating.gates.boolean_expression import with_references
from longate.gating.gates.dimension import Axis, axis_from_plain
from longate.io.gatingml.vocabulary import LONGATE
from longate.io.gatingml.write_axes import described
from longate.io.xml_tree import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from longate.cytometry.compensation import Compensation
    from longate.gating.gates.dimension import Dimension
    from longate.io.gatingml.document import Document
    from longate.io.gatingml.records import GateRecord
    from longate.io.xml_tree import Element

_NOTE = re.compile(r"\s*<(?P<tag>[\w.:-]+)\b[^<>]*>[^<]*</(?P=tag)\s*>")
_BROKEN = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    LongateError,
    RecursionError,
)


def note_of(infos: Sequence[Element]) -> dict[str, Any]:
    """Return Longate's note in ``custom_info`` elements, empty where none is."""
    for info in infos:
        for own in info.children[:1]:
            if own.name in (Name(LONGATE, "gate"), Name(LONGATE, "strategy")):
                try:
                    note = json.loads(own.text or "")
                except (ValueError, RecursionError):
                    return {}
                return note if isinstance(note, dict) else {}
    return {}


def kept_info(document: Document, infos: Sequence[Element]) -> str | None:
    """Return the content of ``custom_info`` without Longate's note."""
    if not infos:
        return None
    note = note_of(infos)
    raw = "\n".join(map(document.text_of, infos))
    if not note:
        return raw
    rest = _NOTE.sub("", raw, count=1)
    return None if note.get("alone") and not rest.strip() else rest


def dividers_as_noted(dividers: Sequence[str], note: Mapping[str, Any]) -> list[str]:
    """Return what a quadrant gate calls its dividers, given their ids."""
    said = note.get("dividers")
    if not isinstance(said, dict):
        return list(dividers)
    called = [str(said.get(which, which)) for which in dividers]
    return called if len(set(called)) == len(called) else list(dividers)


def axes_as_noted(
    axes: Sequence[Dimension], note: Mapping[str, Any], matrices: Mapping[str, Any]
) -> list[Axis]:
    """Return axes as they were spelled, where the file still says the same."""
    said = note.get("axes")
    if not isinstance(said, list) or len(said) != len(axes):
        return list(axes)
    return [
        _as_noted(axis, own, matrices) for axis, own in zip(axes, said, strict=True)
    ]


def _as_noted(axis: Dimension, said: Any, matrices: Mapping[str, Any]) -> Axis:
    try:
        plain, written = said
        if json.loads(json.dumps(described(axis))) != written:
            return axis

        def matrix(reference: Mapping[str, Any]) -> Compensation:
            found: Compensation = matrices[reference["id"]]
            return found

        return axis_from_plain(plain, matrix)
    except _BROKEN:
        return axis


def closed_as_noted(
    highs: Sequence[float | None], note: Mapping[str, Any]
) -> list[float | None] | None:
    """Return the upper bounds of closed intervals, or None for half-open ones."""
    said = note.get("closed")
    if not isinstance(said, list) or len(said) != len(highs):
        return None
    try:
        ends = [None if end is None else math.nextafter(end, math.inf) for end in said]
    except TypeError:
        return None
    same = [None if end == math.inf else end for end in ends] == list(highs)
    return list(said) if same else None


def strategy_as_noted(
    document: Document, matrices: Mapping[str, Any]
) -> dict[str, Any]:
    """Return name, scale and compensation of a strategy that Longate wrote."""
    note = note_of(document.root.named("custom_info"))
    try:
        own = note["inherited"]
        scale, matrix = own["scale"], own["compensation"]
        if isinstance(scale, dict) and "by_channel" in scale:
            scale = {
                name: Transform.from_json(entry) if entry else None
                for name, entry in scale["by_channel"].items()
            }
        elif scale is not None:
            scale = Transform.from_json(scale)
        if isinstance(matrix, dict):
            matrix = matrices[matrix["id"]]
        return {"name": str(note["name"]), "scale": scale, "compensation": matrix}
    except _BROKEN:
        return {}


class Expressions:
    """Expressions that were written as several Boolean gates.

    Parameters
    ----------
    records : sequence of GateRecord
        The gates of the file.

    Attributes
    ----------
    helpers : set of str
        Ids of the gates that are no populations, since only expressions that are known
        by their notes need them.
    """

    def __init__(self, records: Sequence[GateRecord]) -> None:
        self._said: dict[str, dict[str, Any]] = {}
        notes = {record.id: note_of(record.infos) for record in records}
        flagged = {name for name, note in notes.items() if note.get("helper")}
        needed: dict[str, set[str]] = {}
        as_written: set[str] = set()
        for record in records:
            if not record.word:
                continue
            note = notes[record.id]
            operands = [[one.id, one.complement] for one in record.references]
            needed[record.id] = {one.id for one in record.references} & flagged
            if note.get("written") != [record.word, operands]:
                continue
            if needed[record.id] <= as_written:
                as_written.add(record.id)
                if "expression" in note:
                    self._said[record.id] = note
        kept = [
            name for name in needed if name not in flagged or name not in as_written
        ]
        kept = [name for name in kept if name not in self._said]
        open_helpers: set[str] = set()
        while kept:
            for helper in needed[kept.pop()] - open_helpers:
                open_helpers.add(helper)
                kept.append(helper)
        children = {record.parent for record in records}
        self.helpers = (flagged & as_written) - open_helpers - children

    def expression(self, identifier: str, name: Callable[[str], str]) -> str | None:
        """Return the expression of a gate as it was, None where it is not known.

        Parameters
        ----------
        identifier : str
            Of the gate.
        name : callable
            How an expression calls a population, by its id.
        """
        note = self._said.get(identifier)
        if note is None:
            return None
        try:
            names = {old: name(known) for old, known in note["names"].items()}
            return with_references(note["expression"], names)
        except _BROKEN:
            return None
