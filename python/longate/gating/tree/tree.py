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
    declared = {path: sources[place] for path, place in found.items()}
    places: dict[int, str] = {}
    for path, number in declared.items():
        head = path.rpartition("/")[0]
        places[number] = f"{head}/{gates[number].name}" if head else gates[number].name
    taken: set[str] = set()
    for number, place in places.items():
        is_population = isinstance(gates[number], QuadrantGate) and place in declared
        if place in taken or is_population:
            msg = f"two gates are called {place!r}, one of them a quadrant gate"
            raise StrategyError(msg)
        taken.add(place)
    return Tree(
        {path: populations[place] for path, place in found.items()},
        declared,
        tuple(places[number] for number in range(len(gates))),
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
    """Return path -> place among `gates`, each population before its descendants."""
    possible = _possible_parents(gates)
    finder = _PathFinder(gates, possible)
    paths = finder.paths
    finder.find([place for place, gate in enumerate(gates) if gate.parent is None])
    for place in range(len(gates)):
        finder.look_at(place)
    while len(paths) < len(gates):
        settled = _settle_one(gates, possible, paths)
        if settled is not None:
            finder.settle(*settled)
            continue
        msg = f"gates lie in each other in a cycle: {_cycle(gates, possible, paths)}"
        raise StrategyError(msg)
    by_path: dict[str, int] = {}
    for place in range(len(gates)):
        path = paths[place]
        if path in by_path:
            msg = f"two gates make the population {path!r}"
            raise StrategyError(msg)
        by_path[path] = place
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
        for place, others in enumerate(possible):
            for other in others:
                self._below[other].append(place)

    def find(self, roots: Sequence[int]) -> None:
        """Add the paths of gates without a parent, and of all that follow from them."""
        for place in roots:
            self._add(place, "")

    def settle(self, place: int, parent: str) -> None:
        """Add the path of a gate of which another reasoning has found the parent."""
        self._add(place, parent)

    def look_at(self, place: int) -> None:
        """Refuse a gate that has a parent which no other gate is."""
        if place not in self.paths and not self._waits[place]:
            self._refuse_missing(place)

    def _add(self, place: int, parent: str) -> None:
        waiting = [(place, parent)]
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

    def _parent_of(self, place: int, found: str) -> str | None:
        """Return the parent of a gate if it is certain, now that a path was found."""
        if place in self.paths:
            return None
        # One that has no path yet might be meant too, unless the path is given.
        if found == self.gates[place].parent:
            return found
        if self._waits[place]:
            return None
        known = [self.paths[other] for other in self.possible[place]]
        parent = _meant(self.gates[place], known)
        if parent is None:
            self._refuse_missing(place)
        return parent

    def _refuse_missing(self, place: int) -> None:
        gate = self.gates[place]
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
    for place, gate in enumerate(gates):
        if place not in paths:
            known = [paths[other] for other in possible[place] if other in paths]
            parent = _meant(gate, known)
            if parent is not None:
                return place, parent
    return None


def _possible_parents(gates: Sequence[Gate]) -> list[list[int]]:
    """Return for each gate the places of the gates that have its parent's name."""
    places: dict[str, list[int]] = {}
    for place, gate in enumerate(gates):
        places.setdefault(gate.name, []).append(place)
    possible = []
    for place, gate in enumerate(gates):
        last = (gate.parent or "").rpartition("/")[2]
        found = [other for other in places.get(last, []) if other != place]
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
    place = next(place for place in range(len(gates)) if place not in paths)
    seen: list[int] = []
    while place not in seen:
        seen.append(place)
        place = next(other for other in possible[place] if other not in paths)
    return listed(gates[p].name for p in seen[seen.index(place) :])


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
