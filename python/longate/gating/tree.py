"""From gates that name their parents to a tree of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import StrategyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.gating.gates import Gate


def resolve_paths(gates: Sequence[Gate]) -> dict[str, Gate]:
    """Return path -> gate, depth first: each population before its descendants.

    Raises
    ------
    StrategyError
        For a parent that does not exist or is ambiguous, a cycle, or a duplicate path.
    """
    known: dict[int, str] = {}
    by_path: dict[str, Gate] = {}
    for gate in gates:
        path = _path(gate, gates, known, ())
        if path in by_path:
            msg = f"two gates make the population {path!r}"
            raise StrategyError(msg)
        by_path[path] = gate
    return _in_tree_order(by_path)


def _path(
    gate: Gate, gates: Sequence[Gate], known: dict[int, str], children: tuple[Gate, ...]
) -> str:
    """Return the path of a gate; `children` are the gates that asked for it."""
    if id(gate) not in known:
        if gate.parent is None:
            known[id(gate)] = gate.name
        elif any(gate is child for child in children):
            names = listed(child.name for child in children)
            msg = f"gates lie in each other in a cycle: {names}"
            raise StrategyError(msg)
        else:
            parent = _parent_path(gate, gates, known, (*children, gate))
            known[id(gate)] = f"{parent}/{gate.name}"
    return known[id(gate)]


def _parent_path(
    gate: Gate, gates: Sequence[Gate], known: dict[int, str], children: tuple[Gate, ...]
) -> str:
    wanted = str(gate.parent)
    last = wanted.rpartition("/")[2]
    if last == gate.name and sum(other.name == last for other in gates) == 1:
        msg = f"gates lie in each other in a cycle: {gate.name!r} is its own parent"
        raise StrategyError(msg)
    paths = [
        _path(other, gates, known, children)
        for other in gates
        if other.name == last and other is not gate
    ]
    found = [path for path in paths if f"/{path}".endswith(f"/{wanted}")]
    if wanted in found or len(found) == 1:
        return wanted if wanted in found else found[0]
    if found:
        msg = (
            f"gate {gate.name!r} lies in {wanted!r}, which means several "
            f"populations: {listed(found)}; give the path"
        )
    else:
        names = [other.name for other in gates if other is not gate]
        hint = suggest(wanted, [*names, *known.values()])
        msg = f"gate {gate.name!r} lies in {wanted!r}, which does not exist{hint}"
    raise StrategyError(msg)


def _in_tree_order(by_path: dict[str, Gate]) -> dict[str, Gate]:
    children: dict[str, list[str]] = {}
    for path in by_path:
        children.setdefault(path.rpartition("/")[0], []).append(path)
    ordered: dict[str, Gate] = {}
    stack = list(reversed(children.get("", [])))
    while stack:
        path = stack.pop()
        ordered[path] = by_path[path]
        stack.extend(reversed(children.get(path, [])))
    return ordered
