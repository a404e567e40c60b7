"""Cytobank's flavour of Gating-ML: populations named and nested by its own notes.

Cytobank writes the standard's gates, all without parents, and for every population
(a "gate set") a Boolean gate that is the intersection of all gates on its way. The
names are in ``custom_info``, as are the gates that were tailored to a file. Here
populations are nested: one gate set lies in the largest other one whose gates it all
has, and where one gate is left to add, that gate is the population. Each population
holds the same events as before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longate.io.gatingml.expat_tree import Element, Name

if TYPE_CHECKING:
    from longate.io.gatingml.document import Document

_Reference = tuple[str, bool]
_Place = tuple[str, str | None]


@dataclass
class Arrangement:
    """The gates of a file as they are to be read.

    Parameters
    ----------
    gates : list of Element
        Experiment-wide gates.
    names : dict of str to str
        Names of populations by id, where the file has better ones than ids.
    tailored : dict of str to list of Element
        File name -> the gates that are different there, under the ids of `gates`.
    """

    gates: list[Element]
    names: dict[str, str] = field(default_factory=dict)
    tailored: dict[str, list[Element]] = field(default_factory=dict)


def note(element: Element, word: str) -> str:
    """Return what Cytobank notes of a gate under a word, or an empty text."""
    for info in element.children:
        if info.name.local != "custom_info":
            continue
        for own in info.children:
            if own.name.local == "cytobank":
                found = [c.text for c in own.children if c.name.local == word]
                if found:
                    return found[0]
    return ""


def arrange(document: Document, gates: list[Element]) -> Arrangement:
    """Nest and name the populations of a Cytobank file; others stay as they are.

    Raises
    ------
    GatingMLError
        If a gate is tailored to a file but there is no such gate for all files.
    """
    names = {
        document.need(gate, "id"): note(gate, "name")
        for gate in gates
        if note(gate, "name")
    }
    if not names:
        return Arrangement(gates)
    common, tailored = _tailored(document, gates)
    sets = {
        document.need(gate, "id"): (gate, references)
        for gate in common
        if (references := _gate_set(document, gate))
    }
    plain = {
        document.need(gate, "id"): gate
        for gate in common
        if document.need(gate, "id") not in sets
    }
    arranged, places, kept = _nested(document, sets, plain)
    used = {name for _, references in sets.values() for name, _ in references}
    alone = [
        gate
        for name, gate in plain.items()
        if name in kept
        or not (_populations(document, gate, name) & used)
        or _populations(document, gate, name) & kept
    ]
    # A population has the better claim to a name than a gate that it needs.
    taken = {names.get(identifier) for identifier in sets}
    for gate in alone:
        identifier = document.need(gate, "id")
        places.setdefault(identifier, []).append(
            (identifier, document.get(gate, "parent_id"))
        )
        if names.get(identifier) in taken:
            names[identifier] += " (gate)"
    changed = {
        file: [
            _as_population(document, _like(document, gate, plain[base]), *place, None)
            for base, gate in entries
            for place in places.get(base, ())
        ]
        for file, entries in tailored.items()
    }
    return Arrangement([*arranged, *alone], names, changed)


def _nested(
    document: Document,
    sets: dict[str, tuple[Element, frozenset[_Reference]]],
    plain: dict[str, Element],
) -> tuple[list[Element], dict[str, list[_Place]], set[str]]:
    """Return gate sets as populations, where gates went, and the gates still needed."""
    kept = {name for gate in plain.values() for name in _needed(document, gate)}
    arranged: list[Element] = []
    places: dict[str, list[_Place]] = {}
    for identifier, (gate, references) in sets.items():
        parent = _largest_within(references, sets)
        inside = sets[parent][1] if parent else frozenset()
        rest = [one for one in references if one not in inside]
        source = plain.get(rest[0][0]) if len(rest) == 1 else None
        if source is not None and not rest[0][1] and _is_plain(document, source):
            arranged.append(_as_population(document, source, identifier, parent, gate))
            places.setdefault(rest[0][0], []).append((identifier, parent))
        else:
            kept.update(name for name, _ in rest)
            arranged.append(_intersection(document, gate, rest, parent))
    return arranged, places, kept


def _like(document: Document, gate: Element, common: Element) -> Element:
    """Return a tailored gate whose quadrants are called like those of the common one.

    Raises
    ------
    GatingMLError
        If the gates are of two kinds, or have different numbers of quadrants.
    """
    quadrants = document.children(gate, "Quadrant")
    others = document.children(common, "Quadrant")
    if gate.name != common.name or len(quadrants) != len(others):
        complaint = (
            "it is tailored to a file, but not of the kind of the gate for all files "
            f"in line {common.line}"
        )
        raise document.error(complaint, gate, gate)
    called = {
        id(quadrant): _with_ids(document, quadrant, document.need(other, "id"), None)
        for quadrant, other in zip(quadrants, others, strict=True)
    }
    for old in quadrants:
        called[id(old)].children = old.children
    made = Element(gate.name, gate.attributes, gate.line)
    made.children = [called.get(id(child), child) for child in gate.children]
    return made


def _tailored(
    document: Document, gates: list[Element]
) -> tuple[list[Element], dict[str, list[tuple[str, Element]]]]:
    """Split off the gates of single files: file -> (id of the common gate, gate)."""
    common = [gate for gate in gates if not note(gate, "fcs_file_filename")]
    by_number = {
        note(gate, "gate_id"): document.need(gate, "id")
        for gate in common
        if note(gate, "gate_id")
    }
    tailored: dict[str, list[tuple[str, Element]]] = {}
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
            raise document.error(complaint, gate, gate)
        tailored.setdefault(file, []).append((base, gate))
    return common, tailored


def _gate_set(document: Document, gate: Element) -> frozenset[_Reference] | None:
    if not note(gate, "gate_set_id") or document.get(gate, "parent_id") is not None:
        return None
    bodies = document.children(gate, "and")
    if not bodies:
        return None
    return frozenset(
        (
            document.need(reference, "ref"),
            document.boolean(reference, "use-as-complement", gate),
        )
        for reference in document.children(bodies[0], "gateReference")
    )


def _largest_within(
    references: frozenset[_Reference],
    sets: dict[str, tuple[Element, frozenset[_Reference]]],
) -> str | None:
    within = [name for name, (_, others) in sets.items() if others < references]
    return max(within, key=lambda name: len(sets[name][1]), default=None)


def _is_plain(document: Document, gate: Element) -> bool:
    """Whether the gate decides by itself, so that it can be moved."""
    moved = ("RectangleGate", "PolygonGate", "EllipsoidGate")
    return gate.name.local in moved and document.get(gate, "parent_id") is None


def _populations(document: Document, gate: Element, identifier: str) -> set[str]:
    quadrants = document.children(gate, "Quadrant")
    return {identifier, *(document.need(quadrant, "id") for quadrant in quadrants)}


def _needed(document: Document, gate: Element) -> set[str]:
    """Return the populations without which a gate means nothing, by id."""
    references = {
        document.need(element, "ref")
        for element in gate.walk()
        if element.name.local == "gateReference"
    }
    return references | {document.get(gate, "parent_id") or ""}


def _with_ids(
    document: Document, gate: Element, identifier: str, parent: str | None
) -> Element:
    kept = {
        name: value
        for name, value in gate.attributes.items()
        if name.local not in ("id", "parent_id")
    }
    kept[Name("", "id")] = identifier
    if parent is not None:
        kept[Name("", "parent_id")] = parent
    return Element(gate.name, kept, gate.line)


def _as_population(
    document: Document,
    source: Element,
    identifier: str,
    parent: str | None,
    of: Element | None,
) -> Element:
    """Return a gate under the id and parent of a population, with the notes of both."""
    made = _with_ids(document, source, identifier, parent)
    notes = [*document.children(of, "custom_info")] if of is not None else []
    made.children = list(source.children)
    if notes:
        both = Element(notes[0].name, {}, notes[0].line)
        both.raw = "".join(
            one.raw or "" for one in (*notes, *document.children(source, "custom_info"))
        )
        made.children = [both] + [
            child for child in source.children if child.name.local != "custom_info"
        ]
    return made


def _intersection(
    document: Document, gate: Element, rest: list[_Reference], parent: str | None
) -> Element:
    """Return a gate set as what it adds to its parent."""
    made = _with_ids(document, gate, document.need(gate, "id"), parent)
    body = document.child(gate, "and")
    left = Element(body.name, {}, body.line)
    wanted = list(rest)
    for reference in document.children(body, "gateReference"):
        one = (
            document.need(reference, "ref"),
            document.boolean(reference, "use-as-complement", gate),
        )
        if one in wanted:
            wanted.remove(one)
            left.children.append(reference)
    made.children = [*document.children(gate, "custom_info"), left]
    return made
