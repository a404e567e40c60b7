"""Gates of a Gating-ML file as records: what they are called and what they need."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from longate.exceptions import GatingMLError

if TYPE_CHECKING:
    from longate.io.gatingml.document import Document
    from longate.io.xml_tree import Element


class Reference(NamedTuple):
    """An operand of a Boolean gate: a population, or its complement."""

    id: str
    complement: bool
    element: Element


@dataclass(frozen=True, eq=False)
class GateRecord:
    """A gate of a file: its element, and the ids that it bears and refers to.

    Parameters
    ----------
    element : Element
        The gate as it is in the file.
    id : str
        Its id; the populations of a quadrant gate have ids besides.
    parent : str or None
        The id of the population in which it lies.
    quadrants : mapping of Element to str
        Of a quadrant gate: its quadrants and their ids.
    word : str
        Of a Boolean gate: ``"and"``, ``"or"`` or ``"not"``; else empty.
    references : tuple of Reference
        Of a Boolean gate: its operands, in the order of the file.
    infos : tuple of Element
        Its ``custom_info``, and that of a population whose gate it is.
    """

    element: Element
    id: str
    parent: str | None
    quadrants: dict[Element, str] = field(default_factory=dict)
    word: str = ""
    references: tuple[Reference, ...] = ()
    infos: tuple[Element, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of the gate, such as ``"RectangleGate"``."""
        return self.element.local

    @property
    def populations(self) -> dict[str, Element]:
        """The populations that it makes: id -> the element that declares it."""
        if self.kind == "QuadrantGate":
            return {name: element for element, name in self.quadrants.items()}
        return {self.id: self.element}

    @property
    def needs(self) -> set[str]:
        """The ids of the populations without which it means nothing."""
        parent = {self.parent} if self.parent is not None else set()
        return parent | {reference.id for reference in self.references}

    def renamed(self, identifier: str, parent: str | None) -> GateRecord:
        """Return the record with another id and parent."""
        return replace(self, id=identifier, parent=parent)


def records_of(
    document: Document,
) -> tuple[list[GateRecord], dict[Element, GatingMLError]]:
    """Return the gates of a file in its order, each before the gates within it.

    A gate within a Boolean gate (Gating-ML 1.5) becomes a gate to which the Boolean
    gate refers.

    Returns
    -------
    list of GateRecord
        The gates that have the structure of the standard.
    dict of Element to GatingMLError
        The gates at the top of the file that have another one.
    """
    records: list[GateRecord] = []
    faults: dict[Element, GatingMLError] = {}
    for element in document.gates:
        try:
            if element in document.faults:
                raise document.faults[element]
            records.extend(_with_inner(document, element))
        except GatingMLError as error:
            faults[element] = error
    return records, faults


def _with_inner(document: Document, element: Element) -> list[GateRecord]:
    records = []
    waiting = [element]
    while waiting:
        gate = waiting.pop()
        records.append(_record(document, gate))
        for reference in records[-1].references:
            if reference.element.local.endswith("Gate"):
                waiting.append(reference.element)
    return records


def _record(document: Document, gate: Element) -> GateRecord:
    quadrants = {
        quadrant: document.need(quadrant, "id") for quadrant in gate.named("Quadrant")
    }
    body = None
    if gate.local == "BooleanGate":
        body = next(c for c in gate.children if c.local in ("and", "or", "not"))
    return GateRecord(
        gate,
        document.need(gate, "id"),
        document.get(gate, "parent_id"),
        quadrants if gate.local == "QuadrantGate" else {},
        body.local if body is not None else "",
        _references(document, body, gate) if body is not None else (),
        tuple(gate.named("custom_info")),
    )


def _references(
    document: Document, body: Element, gate: Element
) -> tuple[Reference, ...]:
    found = []
    for operand in body.children:
        if operand.local == "gateReference":
            complement = document.boolean(operand, "use-as-complement", gate)
            found.append(Reference(document.need(operand, "ref"), complement, operand))
        elif operand.local.endswith("Gate"):
            identifier = document.need(operand, "id")
            found.append(Reference(identifier, complement=False, element=operand))
    return tuple(found)
