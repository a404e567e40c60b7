"""Gates that cannot be read, and those that are lost with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from longate._validation import listed, suggest
from longate.gating.tree.problems import GateProblem
from longate.gating.tree.tree import MOST_LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from longate.exceptions import GatingMLError
    from longate.io.gatingml.document import Document
    from longate.io.gatingml.records import GateRecord
    from longate.io.xml_tree import Element


MOST_SUGGESTED = 20
"""So many faults of a file get near names, which take long to find among many."""


class Fault(NamedTuple):
    """A gate that is left out: its line and id, and why."""

    line: int
    gate: str
    error: GatingMLError


class Faults:
    """The gates of a file that are left out, each with the reason.

    Parameters
    ----------
    document : Document
        The file.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.roots: list[Fault] = []
        """Gates with a fault."""
        self.followers: list[Fault] = []
        """Gates that need one of those."""
        self.lost: dict[str, str] = {}
        """Id of each population that is lost -> the id of its gate."""
        self._left_out: set[GateRecord] = set()

    def add(self, gate: Element, error: GatingMLError) -> None:
        """Leave out a gate of the file, and the populations that it would make.

        The fault of a transformation or matrix is kept without the name of a gate.
        """
        document = self.document
        if not gate.local.endswith("Gate"):
            self.roots.append(Fault(gate.line, "", error))
            return
        name = document.get(gate, "id") or ""
        self.roots.append(Fault(gate.line, name, error))
        ids = [document.get(one, "id") for one in gate.named("Quadrant")]
        for identifier in (name, *ids):
            if identifier:
                self.lost.setdefault(identifier, name)

    def drop(self, record: GateRecord, error: GatingMLError) -> None:
        """Leave out a gate that has a record."""
        self.roots.append(Fault(record.element.line, record.id, error))
        self._lose(record)

    def complain(self, record: GateRecord, complaint: str, element: Element) -> None:
        """Leave out a gate, with a complaint about one of its elements."""
        error = self.document.error(complaint, element, record.element)
        self.drop(record, error)

    def follow(self, record: GateRecord, complaint: str) -> None:
        """Leave out a gate because of the fault of another one."""
        error = self.document.error(complaint, record.element, record.element)
        self.followers.append(Fault(record.element.line, record.id, error))
        self._lose(record)

    def remaining(self, records: Iterable[GateRecord]) -> list[GateRecord]:
        """Return the records that need nothing lost; the others are lost too."""
        kept = [one for one in records if one not in self._left_out]
        for record in kept:
            if {record.id, *record.populations} & self.lost.keys():
                self.follow(record, "a gate of the same id cannot be read")
        kept = [one for one in kept if one not in self._left_out]
        needed_by: dict[str, list[GateRecord]] = {}
        for record in kept:
            for name in record.needs:
                needed_by.setdefault(name, []).append(record)
        waiting = [name for name in needed_by if name in self.lost]
        while waiting:
            name = waiting.pop()
            for record in needed_by.get(name, ()):
                if record in self._left_out:
                    continue
                waiting.extend([record.id, *record.populations])
                needs = "it lies in" if record.parent == name else "it refers to"
                self.follow(record, f"{needs} {name!r}, which cannot be read")
        return [one for one in kept if one not in self._left_out]

    def _lose(self, record: GateRecord) -> None:
        self._left_out.add(record)
        for identifier in (record.id, *record.populations):
            self.lost.setdefault(identifier, record.id)

    @property
    def problems(self) -> tuple[GateProblem, ...]:
        """All gates that are left out, in the order of the file."""
        every = sorted([*self.roots, *self.followers], key=lambda fault: fault.line)
        return tuple(GateProblem(one.gate, str(one.error)) for one in every)

    @property
    def first(self) -> GatingMLError:
        """The first fault that does not follow from another one."""
        return min(self.roots, key=lambda fault: fault.line).error


def resolved(
    document: Document, records: Sequence[GateRecord], faults: Faults
) -> list[GateRecord]:
    """Return the gates whose ids, parents and references are clear.

    The others are left out: ids that are used twice, parents and references that are
    not in the file, circles, and what needs any of these.
    """
    _drop_repeated(document, records, faults)
    kept = faults.remaining(records)
    known = {name: one for one in kept for name in one.populations}
    quadrant_gates = {one.id for one in kept if one.id not in one.populations}
    for record in kept:
        parent = record.parent
        if parent is not None and parent not in known and parent not in faults.lost:
            near = known if len(faults.roots) < MOST_SUGGESTED else ()
            complaint = _absent(parent, "its parent is", near, quadrant_gates)
            faults.complain(record, complaint, record.element)
            continue
        for reference in record.references:
            name = reference.id
            if name not in known and name not in faults.lost:
                near = known if len(faults.roots) < MOST_SUGGESTED else ()
                complaint = _absent(name, "it refers to", near, quadrant_gates)
                faults.complain(record, complaint, reference.element)
                break
    kept = faults.remaining(kept)
    circle = "its ancestors go round in a circle"
    _drop_circles(
        kept,
        faults,
        circle,
        lambda one: {one.parent} if one.parent is not None else set(),
    )
    kept = faults.remaining(kept)
    circle = "gates need each other in a circle"
    _drop_circles(kept, faults, circle, lambda one: one.needs)
    kept = faults.remaining(kept)
    _drop_deep(kept, faults)
    return faults.remaining(kept)


def _drop_deep(records: Sequence[GateRecord], faults: Faults) -> None:
    """Leave out gates that lie deeper than the populations of a strategy may."""
    below: dict[str | None, list[GateRecord]] = {}
    for record in records:
        below.setdefault(record.parent, []).append(record)
    level = below.get(None, [])
    for _ in range(MOST_LEVELS):
        names = [name for each in level for name in each.populations]
        level = [one for name in names for one in below.get(name, ())]
    for record in level:
        complaint = f"it lies more than {MOST_LEVELS:,} populations deep"
        faults.complain(record, complaint, record.element)


def _absent(
    name: str, what: str, known: Iterable[str], quadrant_gates: Iterable[str]
) -> str:
    if name in quadrant_gates:
        return (
            f"{what} {name!r}, a quadrant gate, which is no population itself; its "
            "quadrants are"
        )
    return f"{what} {name!r}, which is not in the file{suggest(name, known)}"


def _drop_repeated(
    document: Document, records: Sequence[GateRecord], faults: Faults
) -> None:
    """Leave out gates with an id that another one has: which is meant is not clear."""
    first: dict[str, tuple[GateRecord, Element]] = {}
    for record in records:
        declared = dict(record.populations)
        repeated = len(declared) < len(record.quadrants)
        if record.quadrants:
            repeated = repeated or record.id in declared
            declared.setdefault(record.id, record.element)
        if repeated:
            faults.complain(record, _twice(record), record.element)
        for name, element in declared.items():
            if name not in first:
                first[name] = (record, element)
                continue
            other, where = first[name]
            complaint = (
                f"the id {name!r} is used a second time, first in line {where.line}"
            )
            faults.drop(record, document.error(complaint, element, record.element))
            complaint = f"its id {name!r} is used again in line {element.line}"
            faults.follow(other, complaint)


def _twice(record: GateRecord) -> str:
    ids = [record.id, *record.quadrants.values()]
    name = next(name for name in ids if ids.count(name) > 1)
    return f"the id {name!r} is used a second time"


def _drop_circles(
    records: Sequence[GateRecord],
    faults: Faults,
    complaint: str,
    needs_of: Callable[[GateRecord], set[str]],
) -> None:
    """Leave out gates that need themselves, through others or not."""
    made_by = {name: one.id for one in records for name in one.populations}
    needs = {
        one.id: {made_by[name] for name in needs_of(one) if name in made_by}
        for one in records
    }
    in_circles = _unordered(_reversed(needs), set(_unordered(needs, set(needs))))
    shown = listed(in_circles)
    by_id = {one.id: one for one in records}
    for name in in_circles:
        record = by_id[name]
        faults.complain(record, f"{complaint}: {shown}", record.element)


def _reversed(needs: dict[str, set[str]]) -> dict[str, set[str]]:
    back: dict[str, set[str]] = {name: set() for name in needs}
    for name, others in needs.items():
        for other in others:
            back[other].add(name)
    return back


def _unordered(needs: dict[str, set[str]], among: set[str]) -> list[str]:
    """Return those of some gates that no order puts behind all that they need."""
    waits = {name: len(others & among) for name, others in needs.items()}
    needed_by = _reversed({name: needs[name] & among for name in needs})
    free = [name for name in needs if name in among and not waits[name]]
    done = set()
    while free:
        name = free.pop()
        done.add(name)
        for other in needed_by[name]:
            waits[other] -= 1
            if not waits[other] and other in among:
                free.append(other)
    return [name for name in needs if name in among and name not in done]
