"""Bounds that the gates on the way to a population put on every cell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import parse
from longate.gating.gates.dimension import dimension_of
from longate.gating.gates.rectangle import RectangleGate

if TYPE_CHECKING:
    from longate.gating.tree.gate_tree import GateTree

Bounds = frozenset[tuple[str, str]]

_NONE: Bounds = frozenset()


def bounds_of(strategy: GateTree, population: str) -> Bounds:
    """Return the channels that every cell of a population lies below or above.

    Range gates on the path count, and Boolean gates by what their expression implies:
    ``"NK and not dump+"`` bounds the dump from above.

    Parameters
    ----------
    strategy : GateTree
        Whose population it is.
    population : str
        Its path.

    Returns
    -------
    frozenset of (str, str)
        Channel, in lower case, and ``"above"`` (values above a bound are excluded) or
        ``"below"``.
    """
    found: set[tuple[str, str]] = set()
    path: str | None = population
    while path:
        found |= _own_bounds(strategy, path)[0]
        path = strategy.parent(path)
    return frozenset(found)


def _own_bounds(strategy: GateTree, path: str) -> tuple[Bounds, Bounds]:
    """Return what a gate implies for cells inside it, and for cells outside."""
    gate = strategy[path]
    if isinstance(gate, RectangleGate):
        inside = {
            (name.casefold(), side)
            for axis, ends in gate.dimensions.items()
            for end, side in zip(ends, ("below", "above"), strict=True)
            if end is not None
            for name in dimension_of(axis).channels
        }
        sides = [side for ends in gate.dimensions.values() for side in ends]
        one = len([side for side in sides if side is not None]) == 1
        other = {"below": "above", "above": "below"}
        outside = {(name, other[side]) for name, side in inside} if one else set()
        return frozenset(inside), frozenset(outside)
    if isinstance(gate, BooleanGate):
        return _of_expression(strategy, path, gate.expression)
    return _NONE, _NONE


def _of_expression(
    strategy: GateTree, path: str, expression: str
) -> tuple[Bounds, Bounds]:
    above = strategy.parent(path)
    stack: list[tuple[Bounds, Bounds]] = []
    for term in parse(expression):
        if term.kind == "name":
            operand = strategy.path(term.text)
            inside, outside = _own_bounds(strategy, operand)
            around = strategy.parent(operand)
            # Cells outside a nested operand may only be outside its parent.
            shared = around is None or f"{above or ''}/".startswith(f"{around}/")
            stack.append((bounds_of(strategy, operand), outside if shared else _NONE))
        elif term.text == "not":
            inside, outside = stack.pop()
            stack.append((outside, inside))
        else:
            (right, not_right), (left, not_left) = stack.pop(), stack.pop()
            if term.text == "and":
                stack.append((left | right, not_left & not_right))
            else:
                stack.append((left & right, not_left | not_right))
    return stack.pop()
