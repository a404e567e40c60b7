"""Cytobank's flavour of Gating-ML: populations named and nested by its own notes.

Cytobank writes the standard's gates, all without parents, and for every population
(a "gate set") a Boolean gate that is the intersection of all gates on its way. The
names are in ``custom_info``, as are the gates that were tailored to a file. Here
populations are nested: one gate set lies in the largest other one whose gates it all
has, and where one gate is left to add, that gate is the population. Each population
holds the same events as before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longate.io.gatingml.faults import Faults
    from longate.io.gatingml.records import GateRecord, Reference

_Operand = tuple[str, bool]
_Position = tuple[str, str | None]
"""Id and parent of a population."""


@dataclass
class Arrangement:
    """The gates of a file as they are to be read.

    Parameters
    ----------
    gates : list of GateRecord
        Experiment-wide gates.
    names : dict of str to str
        Names of populations by id, where the file has better ones than ids.
    tailored : dict of str to list of GateRecord
        File name -> the gates that are different there, under the ids of `gates`.
    """

    gates: list[GateRecord]
    names: dict[str, str] = field(default_factory=dict)
    tailored: dict[str, list[GateRecord]] = field(default_factory=dict)


def note(record: GateRecord, word: str) -> str:
    """Return what Cytobank notes of a gate under a word, or an empty text."""
    for info in record.infos:
        for own in info.children:
            if own.local == "cytobank":
                found = own.named(word)
                if found:
                    return found[0].content
    return ""


def arrange(gates: list[GateRecord], faults: Faults) -> Arrangement:
    """Nest and name the populations of a Cytobank file; others stay as they are.

    A gate that is tailored to a file is left out where there is no such gate for all
    files.
    """
    names = {gate.id: name for gate in gates if (name := note(gate, "name"))}
    if not names:
        return Arrangement(gates)
    common, tailored = _tailored(gates, faults)
    sets = {
        gate.id: (gate, operands) for gate in common if (operands := _gate_set(gate))
    }
    plain = {gate.id: gate for gate in common if gate.id not in sets}
    arranged, positions, kept = _nested(sets, plain)
    used = {name for _, operands in sets.values() for name, _ in operands}
    alone = [
        gate
        for name, gate in plain.items()
        if name in kept or not (_populations(gate) & used) or _populations(gate) & kept
    ]
    # A population has the better claim to a name than a gate that it needs.
    taken = {names.get(identifier) for identifier in sets}
    for gate in alone:
        positions.setdefault(gate.id, []).append((gate.id, gate.parent))
        if names.get(gate.id) in taken:
            names[gate.id] += " (gate)"
    changed = {
        file: [
            like.renamed(*position)
            for base, gate in entries
            if (like := _like(gate, plain.get(base), faults)) is not None
            for position in positions.get(base, ())
        ]
        for file, entries in tailored.items()
    }
    changed = {file: gates for file, gates in changed.items() if gates}
    return Arrangement([*arranged, *alone], names, changed)


def _nested(
    sets: dict[str, tuple[GateRecord, frozenset[_Operand]]],
    plain: dict[str, GateRecord],
) -> tuple[list[GateRecord], dict[str, list[_Position]], set[str]]:
    """Return gate sets as populations, where gates went, and the gates still needed."""
    kept = {name for gate in plain.values() for name in gate.needs}
    arranged: list[GateRecord] = []
    positions: dict[str, list[_Position]] = {}
    parents = _largest_within({name: operands for name, (_, operands) in sets.items()})
    for identifier, (gate, operands) in sets.items():
        parent = parents[identifier]
        inside = sets[parent][1] if parent else frozenset()
        rest = [one for one in operands if one not in inside]
        source = plain.get(rest[0][0]) if len(rest) == 1 else None
        if source is not None and not rest[0][1] and _is_plain(source):
            infos = (*gate.infos, *source.infos)
            moved = replace(source.renamed(identifier, parent), infos=infos)
            arranged.append(moved)
            positions.setdefault(rest[0][0], []).append((identifier, parent))
        else:
            kept.update(name for name, _ in rest)
            arranged.append(_intersection(gate, rest, parent))
    return arranged, positions, kept


def _like(
    gate: GateRecord, common: GateRecord | None, faults: Faults
) -> GateRecord | None:
    """Return a tailored gate whose quadrants are called like those of the common one.

    None where the gates are of two kinds, or have different numbers of quadrants.
    """
    if common is None:
        return None
    if gate.kind != common.kind or len(gate.quadrants) != len(common.quadrants):
        complaint = (
            "it is tailored to a file, but not of the kind of the gate for all files "
            f"in line {common.element.line}"
        )
        faults.complain(gate, complaint, gate.element)
        return None
    names = common.quadrants.values()
    return replace(gate, quadrants=dict(zip(gate.quadrants, names, strict=True)))


def _tailored(
    gates: list[GateRecord], faults: Faults
) -> tuple[list[GateRecord], dict[str, list[tuple[str, GateRecord]]]]:
    """Split off the gates of single files: file -> (id of the common gate, gate)."""
    common = [gate for gate in gates if not note(gate, "fcs_file_filename")]
    by_number = {
        number: gate.id for gate in common if (number := note(gate, "gate_id"))
    }
    tailored: dict[str, list[tuple[str, GateRecord]]] = {}
    for gate in gates:
        file = note(gate, "fcs_file_filename")
        if not file:
            continue
        base = by_number.get(note(gate, "gate_id"))
        if base is None:
            complaint = (
                f"it is tailored to the file {file!r}, but no gate for all files has "
                f"its gate_id {note(gate, 'gate_id')!r}"
            )
            faults.complain(gate, complaint, gate.element)
            continue
        tailored.setdefault(file, []).append((base, gate))
    return common, tailored


def _gate_set(gate: GateRecord) -> frozenset[_Operand] | None:
    if not note(gate, "gate_set_id") or gate.parent is not None or gate.word != "and":
        return None
    return frozenset((one.id, one.complement) for one in gate.references)


def _largest_within(sets: dict[str, frozenset[_Operand]]) -> dict[str, str | None]:
    """Return for each set the largest other one whose gates it all has."""
    holding: dict[_Operand, set[str]] = {}
    for name, operands in sets.items():
        for operand in operands:
            holding.setdefault(operand, set()).add(name)
    order = {name: k for k, name in enumerate(sets)}
    found: dict[str, str | None] = {}
    for name, operands in sets.items():
        near = set().union(*(holding[operand] for operand in operands))
        within = [other for other in near if sets[other] < operands]
        rank = lambda other: (len(sets[other]), -order[other])  # noqa: E731
        found[name] = max(within, key=rank, default=None)
    return found


def _is_plain(gate: GateRecord) -> bool:
    """Say whether the gate decides by itself, so that it can be moved."""
    moved = ("RectangleGate", "PolygonGate", "EllipsoidGate")
    return gate.kind in moved and gate.parent is None


def _populations(gate: GateRecord) -> set[str]:
    return {gate.id, *gate.quadrants.values()}


def _intersection(
    gate: GateRecord, rest: Iterable[_Operand], parent: str | None
) -> GateRecord:
    """Return a gate set as what it adds to its parent."""
    wanted = list(rest)
    left: list[Reference] = []
    for reference in gate.references:
        one = (reference.id, reference.complement)
        if one in wanted:
            wanted.remove(one)
            left.append(reference)
    return replace(gate.renamed(gate.id, parent), references=tuple(left))
