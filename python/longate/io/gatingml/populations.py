"""From the ids of a Gating-ML file to names and paths of populations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.gates.boolean_expression import quoted

if TYPE_CHECKING:
    from longate.io.gatingml.document import Document
    from longate.io.gatingml.expat_tree import Element

SLASH = "|"
"""Stands for a ``/`` of an id or name, which would divide a path."""


def name_for(text: str) -> str:
    """Return an id or name of a file as a population may be called.

    ``/`` becomes ``|`` and blanks at the ends go; an empty one, and the one that means
    all events, get an underscore.
    """
    name = text.replace("/", SLASH).strip()
    return f"{name}_" if name in ("", ALL_EVENTS) else name


@dataclass(frozen=True)
class Entry:
    """A population of the file: its id, where it is declared, and its parent's id."""

    id: str
    gate: Element
    element: Element
    parent: str | None


class Register:
    """Who is who in a file: ids, names, parents, paths.

    Parameters
    ----------
    document : Document
        The file.
    gates : sequence of Element
        Its gates.
    names : mapping of str to str
        Names for ids, where the file knows better ones than the ids.

    Raises
    ------
    GatingMLError
        For an id used twice, a parent that is not there, or a circle of parents.
    """

    def __init__(
        self, document: Document, gates: list[Element], names: dict[str, str]
    ) -> None:
        self.document = document
        self.entries: dict[str, Entry] = {}
        self.quadrant_gates: set[str] = set()
        for gate in gates:
            self._enter(gate)
        self._names: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._name_all(names)

    def name(self, identifier: str) -> str:
        """Return the name of a population."""
        return self._names[identifier]

    def reference(self, identifier: str, element: Element, gate: Element) -> str:
        """Return the shortest name that means this population and no other.

        Raises
        ------
        GatingMLError
            If there is no such population.
        """
        self._need(identifier, element, gate, "it refers to")
        name = self._names[identifier]
        alone = sum(other == name for other in self._names.values()) == 1
        return name if alone else self._paths[identifier]

    def parent(self, gate: Element) -> str | None:
        """Return how a gate calls its parent."""
        parent = self.document.get(gate, "parent_id")
        return self.reference(parent, gate, gate) if parent is not None else None

    def refuse_circles(self, references: dict[str, list[str]]) -> None:
        """Refuse Boolean gates that need each other.

        Parameters
        ----------
        references : dict of str to list of str
            Boolean gate -> the populations it refers to, by id.

        Raises
        ------
        GatingMLError
            The gate and its line are named.
        """
        needs = {
            entry.id: {
                *references.get(entry.id, ()),
                *([entry.parent] * bool(entry.parent)),
            }
            & self.entries.keys()
            for entry in self.entries.values()
        }
        needed_by: dict[str, list[str]] = {}
        for name, others in needs.items():
            for other in others:
                needed_by.setdefault(other, []).append(name)
        free = [name for name, others in needs.items() if not others]
        while free:
            done = free.pop()
            del needs[done]
            for name in needed_by.get(done, ()):
                needs[name].discard(done)
                if not needs[name]:
                    free.append(name)
        for name in needs:
            if name in references:
                gate = self.entries[name].gate
                complaint = f"gates need each other in a circle: {listed(needs)}"
                raise self.document.error(complaint, gate, gate)

    def operand(self, identifier: str, element: Element, gate: Element) -> str:
        """Return how a Boolean expression calls a population."""
        return quoted(self.reference(identifier, element, gate))

    def _enter(self, gate: Element) -> None:
        document = self.document
        identifier = document.need(gate, "id")
        parent = document.get(gate, "parent_id")
        declared = {identifier: gate}
        if document.kind(gate) == "gating:QuadrantGate":
            self._refuse_second(identifier, gate, gate)
            self.quadrant_gates.add(identifier)
            declared = {}
            for quadrant in document.children(gate, "Quadrant"):
                name = document.need(quadrant, "id")
                if name in declared or name == identifier:
                    complaint = f"the id {name!r} is used a second time"
                    raise document.error(complaint, quadrant, gate)
                declared[name] = quadrant
        for name, element in declared.items():
            self._refuse_second(name, element, gate)
            self.entries[name] = Entry(name, gate, element, parent)

    def _refuse_second(self, identifier: str, element: Element, gate: Element) -> None:
        first = self.entries.get(identifier)
        if first or identifier in self.quadrant_gates:
            before = f", first in line {first.element.line}" if first else ""
            complaint = f"the id {identifier!r} is used a second time{before}"
            raise self.document.error(complaint, element, gate)

    def _need(
        self, identifier: str, element: Element, gate: Element, what: str
    ) -> Entry:
        if identifier in self.entries:
            return self.entries[identifier]
        complaint = (
            f"{what} {identifier!r}, a quadrant gate, which is no population itself; "
            "its quadrants are"
            if identifier in self.quadrant_gates
            else f"{what} {identifier!r}, which is not in the file"
            f"{suggest(identifier, self.entries)}"
        )
        raise self.document.error(complaint, element, gate)

    def _name_all(self, names: dict[str, str]) -> None:
        """Give every population a name of its own among its siblings, and a path."""
        taken: set[str] = set()
        for entry in self._parents_first():
            path = f"{self._paths[entry.parent]}/" if entry.parent else ""
            wanted = name_for(names.get(entry.id, entry.id))
            choices = [wanted, name_for(f"{wanted} ({entry.id})")]
            choices += [f"{choices[1]} {n}" for n in range(2, len(self.entries) + 2)]
            name = next(choice for choice in choices if path + choice not in taken)
            taken.add(path + name)
            self._names[entry.id] = name
            self._paths[entry.id] = path + name

    def _parents_first(self) -> list[Entry]:
        children: dict[str | None, list[Entry]] = {}
        for entry in self.entries.values():
            if entry.parent is not None:
                self._need(entry.parent, entry.gate, entry.gate, "its parent is")
            children.setdefault(entry.parent, []).append(entry)
        ordered: list[Entry] = []
        waiting: list[str | None] = [None]
        while waiting:
            below = children.get(waiting.pop(), [])
            ordered.extend(below)
            waiting.extend(entry.id for entry in reversed(below))
        lost = self.entries.keys() - {entry.id for entry in ordered}
        if lost:
            circle = self._circle(min(lost, key=list(self.entries).index))
            complaint = f"its ancestors go round in a circle: {listed(circle)}"
            gate = self.entries[circle[0]].gate
            raise self.document.error(complaint, gate, gate)
        return ordered

    def _circle(self, identifier: str) -> list[str]:
        seen: list[str] = []
        at: str | None = identifier
        while at is not None and at not in seen:
            seen.append(at)
            at = self.entries[at].parent
        return seen[seen.index(at) :] if at else seen
