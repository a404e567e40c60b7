"""Gates within Boolean gates, as Gating-ML 1.5 has them, as gates of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.io.gatingml.expat_tree import Element, Name

if TYPE_CHECKING:
    from longate.io.gatingml.document import Document


def with_references_only(document: Document) -> list[Element]:
    """Return the gates of a file, those within Boolean gates before these.

    In place of a gate that stands within a Boolean gate, the Boolean gate refers to it.
    """
    gates: list[Element] = []
    waiting = [
        gate
        for gate in reversed(document.root.children)
        if gate.name.local.endswith("Gate")
    ]
    while waiting:
        gate = waiting.pop()
        gates.append(gate)
        if gate.name.local != "BooleanGate":
            continue
        body = next(c for c in gate.children if c.name.local in ("and", "or", "not"))
        for place, operand in enumerate(body.children):
            if operand.name.local.endswith("Gate"):
                attributes = {Name("", "ref"): document.need(operand, "id")}
                name = Name(gate.name.space, "gateReference")
                body.children[place] = Element(name, attributes, operand.line)
                waiting.append(operand)
    return gates
