"""Boolean gates of Gating-ML: and, or, not of populations and their complements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.exceptions import GateError
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import parse
from longate.io.gatingml.markup import Tag

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.io.gatingml.read_context import ReadContext
    from longate.io.gatingml.records import GateRecord
    from longate.io.gatingml.write_context import WriteContext

Operand = tuple[str, bool]
"""The id of a population, and whether its complement is meant."""


def read(record: GateRecord, context: ReadContext) -> list[Gate]:
    """Return the gate that a record means.

    Raises
    ------
    GatingMLError
        If the expression is none.
    """
    register = context.register
    noted = context.expressions.expression(record.id, register.reference)
    name, common = context.name(record), context.common(record)
    if noted is not None:
        return [BooleanGate(name, noted, **common)]
    terms = [
        f"not {register.operand(one.id)}"
        if one.complement
        else register.operand(one.id)
        for one in record.references
    ]
    terms = list(dict.fromkeys(terms))
    if record.word == "not":
        expression = f"not ({terms[0]})" if terms[0].startswith("not ") else ""
        expression = expression or f"not {terms[0]}"
    else:
        expression = f" {record.word} ".join(terms)
    try:
        return [BooleanGate(name, expression, **common)]
    except GateError as error:
        body = context.document.child(record.element, record.word)
        complaint = context.unnamed(error, record)
        raise context.document.error(complaint, body, record.element) from None


def write(gate: BooleanGate, context: WriteContext, note: dict[str, Any]) -> list[Tag]:
    """Return the body of a gate, after other gates for parts of its expression."""
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
        return (_helper(gate, word, operands, context), False)

    for kind, text in parse(gate.expression):
        if kind == "name":
            identifier = context.id_of(text)
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
    return [_logic(word, operands)]


def _helper(
    gate: BooleanGate, word: str, operands: list[Operand], context: WriteContext
) -> str:
    """Write a part of an expression as a gate, and return its id."""
    identifier = context.ids.new(f"{context.identifier(gate)}_part")
    note = {"helper": True, "written": [word, [list(one) for one in operands]]}
    info = context.info_tag("gate", note, None, gate.name)
    body = [*info, _logic(word, operands)]
    context.before.append(Tag("gating:BooleanGate", {"gating:id": identifier}, body))
    return identifier


def _logic(word: str, operands: list[Operand]) -> Tag:
    references = []
    for identifier, complement in operands:
        attributes = {"gating:ref": identifier}
        if complement:
            attributes["gating:use-as-complement"] = "true"
        references.append(Tag("gating:gateReference", attributes))
    return Tag(f"gating:{word}", children=references)
