"""From gates that name their parents to a tree of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from longate._validation import listed, suggest
from longate.exceptions import StrategyError
from longate.gating.gates.quadrant import QuadrantGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.gating.gates.base import Gate


MOST_LEVELS = 5000
"""How deep populations may lie in each other; their paths are as long."""


class Tree(NamedTuple):
    """Gates by path."""

    by_path: dict[str, Gate]
    """Path -> the gate of a population, depth first; a quadrant is a rectangle."""
    declared: dict[str, int]
    """Path of a population -> which of the gates makes it."""
    gate_paths: tuple[str, ...]
    """The path of each gate: where it lies and its name, of quadrant gates too."""


def tree_of(gates: Sequence[Gate]) -> Tree:
    """Return the tree that gates make.

    Raises
    ------
    StrategyError
        For a parent that does not exist, is ambiguous or is no population, a cycle, or
        a duplicate path.
    """
    populations: list[Gate] = []
    sources: list[int] = []
    for number, gate in enumerate(gates):
        made = gate.parts.values()
        populations += made
        sources += [number] * len(made)
    try:
        found = _resolve_paths(populations)
    except StrategyError:
        _refuse_quadrant_parents(gates, populations)
        raise
    declared = {path: sources[index] for path, index in found.items()}
    gate_paths: dict[int, str] = {}
    for path, number in declared.items():
        head = path.rpartition("/")[0]
        gate_paths[number] = (
            f"{head}/{gates[number].name}" if head else gates[number].name
        )
    taken: set[str] = set()
    for number, path in gate_paths.items():
        is_population = isinstance(gates[number], QuadrantGate) and path in declared
        if path in taken or is_population:
            msg = f"two gates are called {path!r}, one of them a quadrant gate"
            raise StrategyError(msg)
        taken.add(path)
    return Tree(
        {path: populations[index] for path, index in found.items()},
        declared,
        tuple(gate_paths[number] for number in range(len(gates))),
    )


def _refuse_quadrant_parents(
    gates: Sequence[Gate], populations: Sequence[Gate]
) -> None:
    """Say so where the parent that is missing is a quadrant gate."""
    names = {gate.name for gate in populations}
    cut = {gate.name: gate for gate in gates if isinstance(gate, QuadrantGate)}
    for gate in gates:
        last = (gate.parent or "").rpartition("/")[2]
        if last in cut and last not in names:
            msg = (
                f"gate {gate.name!r} lies in {gate.parent!r}, a quadrant gate, which "
                f"is no population; its quadrants are {listed(cut[last].quadrants)}"
            )
            raise StrategyError(msg)


def _resolve_paths(gates: Sequence[Gate]) -> dict[str, int]:
    """Return path -> index among `gates`, each population before its descendants."""
    possible = _possible_parents(gates)
    finder = _PathFinder(gates, possible)
    paths = finder.paths
    finder.find([index for index, gate in enumerate(gates) if gate.parent is None])
    for index in range(len(gates)):
        finder.look_at(index)
    while len(paths) < len(gates):
        settled = _settle_one(gates, possible, paths)
        if settled is not None:
            finder.settle(*settled)
            continue
        msg = f"gates lie in each other in a cycle: {_cycle(gates, possible, paths)}"
        raise StrategyError(msg)
    by_path: dict[str, int] = {}
    for index in range(len(gates)):
        path = paths[index]
        if path in by_path:
            msg = f"two gates make the population {path!r}"
            raise StrategyError(msg)
        by_path[path] = index
    return _in_tree_order(by_path)


class _PathFinder:
    """Finds the paths of gates whose parent is certain, parents first.

    Parameters
    ----------
    gates : sequence of Gate
        The populations.
    possible : list of list of int
        For each gate, those that have its parent's name.
    """

    def __init__(self, gates: Sequence[Gate], possible: list[list[int]]) -> None:
        self.gates = gates
        self.possible = possible
        self.paths: dict[int, str] = {}
        self._waits = [len(others) for others in possible]
        self._below: list[list[int]] = [[] for _ in gates]
        for index, others in enumerate(possible):
            for other in others:
                self._below[other].append(index)

    def find(self, roots: Sequence[int]) -> None:
        """Add the paths of gates without a parent, and of all that follow from them."""
        for index in roots:
            self._add(index, "")

    def settle(self, index: int, parent: str) -> None:
        """Add the path of a gate of which another reasoning has found the parent."""
        self._add(index, parent)

    def look_at(self, index: int) -> None:
        """Refuse a gate that has a parent which no other gate is."""
        if index not in self.paths and not self._waits[index]:
            self._refuse_missing(index)

    def _add(self, index: int, parent: str) -> None:
        waiting = [(index, parent)]
        while waiting:
            at, above = waiting.pop()
            if at in self.paths:
                continue
            path = f"{above}/{self.gates[at].name}" if above else self.gates[at].name
            if path.count("/") >= MOST_LEVELS:
                msg = (
                    f"gate {self.gates[at].name!r} lies more than {MOST_LEVELS:,} "
                    "populations deep"
                )
                raise StrategyError(msg)
            self.paths[at] = path
            for below in self._below[at]:
                self._waits[below] -= 1
                found = self._parent_of(below, path)
                if found is not None:
                    waiting.append((below, found))

    def _parent_of(self, index: int, found: str) -> str | None:
        """Return the parent of a gate if it is certain, now that a path was found."""
        if index in self.paths:
            return None
        # One that has no path yet might be meant too, unless the path is given.
        if found == self.gates[index].parent:
            return found
        if self._waits[index]:
            return None
        known = [self.paths[other] for other in self.possible[index]]
        parent = _meant(self.gates[index], known)
        if parent is None:
            self._refuse_missing(index)
        return parent

    def _refuse_missing(self, index: int) -> None:
        gate = self.gates[index]
        names = [other.name for other in self.gates if other is not gate]
        hint = suggest(gate.parent or "", [*names, *self.paths.values()])
        msg = f"gate {gate.name!r} lies in {gate.parent!r}, which does not exist{hint}"
        raise StrategyError(msg)


def _settle_one(
    gates: Sequence[Gate], possible: list[list[int]], paths: dict[int, str]
) -> tuple[int, str] | None:
    """Place a gate whose other possible parents wait, for they lie below it.

    ``Singlets``, ``Cells`` in ``Singlets``, and a second ``Singlets`` in ``Cells``:
    the second cannot be the parent of what it lies in.
    """
    for index, gate in enumerate(gates):
        if index not in paths:
            known = [paths[other] for other in possible[index] if other in paths]
            parent = _meant(gate, known)
            if parent is not None:
                return index, parent
    return None


def _possible_parents(gates: Sequence[Gate]) -> list[list[int]]:
    """Return for each gate the indices of the gates that have its parent's name."""
    by_name: dict[str, list[int]] = {}
    for index, gate in enumerate(gates):
        by_name.setdefault(gate.name, []).append(index)
    possible = []
    for index, gate in enumerate(gates):
        last = (gate.parent or "").rpartition("/")[2]
        found = [other for other in by_name.get(last, []) if other != index]
        if gate.parent and not found and last == gate.name:
            msg = f"gates lie in each other in a cycle: {last!r} is its own parent"
            raise StrategyError(msg)
        possible.append(found)
    return possible


def _meant(gate: Gate, known: Sequence[str]) -> str | None:
    """Return the one path that a gate's parent means, or None."""
    found = [path for path in known if f"/{path}".endswith(f"/{gate.parent}")]
    if len(found) > 1:
        msg = (
            f"gate {gate.name!r} lies in {gate.parent!r}, which means several "
            f"populations: {listed(found)}; give the path"
        )
        raise StrategyError(msg)
    return found[0] if found else None


def _cycle(
    gates: Sequence[Gate], possible: list[list[int]], paths: dict[int, str]
) -> str:
    """Name the gates of a cycle, among those that have no path."""
    index = next(index for index in range(len(gates)) if index not in paths)
    seen: list[int] = []
    while index not in seen:
        seen.append(index)
        index = next(other for other in possible[index] if other not in paths)
    return listed(gates[p].name for p in seen[seen.index(index) :])


def _in_tree_order(by_path: dict[str, int]) -> dict[str, int]:
    children: dict[str, list[str]] = {}
    for path in by_path:
        children.setdefault(path.rpartition("/")[0], []).append(path)
    ordered: dict[str, int] = {}
    stack = list(reversed(children.get("", [])))
    while stack:
        path = stack.pop()
        ordered[path] = by_path[path]
        stack.extend(reversed(children.get(path, [])))
    return ordered
