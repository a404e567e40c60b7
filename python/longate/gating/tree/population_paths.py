"""PopulationPaths: the populations that gates make, found by path or short name."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import PopulationError, StrategyError
from longate.gating.tree.tree import Tree, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longate.gating.gates.base import Gate


class PopulationPaths:
    """The populations of gates in a tree; a strategy is one."""

    gates: tuple[Gate, ...]
    name: str

    @cached_property
    def tree(self) -> Tree:
        """The gates by path, see :class:`longate.gating.tree.tree.Tree`."""
        return tree_of(self.gates)

    @cached_property
    def _ends(self) -> dict[str, list[str]]:
        """Name -> the paths that end with it."""
        ends: dict[str, list[str]] = {}
        for path in self.tree.by_path:
            ends.setdefault(path.rpartition("/")[2], []).append(path)
        return ends

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of all populations, each after its parent."""
        return tuple(self.tree.by_path)

    def __len__(self) -> int:
        """Return the number of populations."""
        return len(self.tree.by_path)

    def __iter__(self) -> Iterator[str]:
        """Iterate over paths."""
        return iter(self.paths)

    def __contains__(self, population: object) -> bool:
        """Return whether a path or short name means exactly one population."""
        return isinstance(population, str) and len(self.paths_of(population)) == 1

    def __getitem__(self, population: str) -> Gate:
        """Return the gate of a population, by path or unique name.

        A quadrant is given as the rectangle that it is; :meth:`declared` returns the
        quadrant gate.
        """
        return self.tree.by_path[self.path(population)]

    def declared(self, population: str) -> Gate:
        """Return the gate that makes a population, of a quadrant the quadrant gate.

        Parameters
        ----------
        population : str
            Path or unique name.
        """
        return self.gates[self.tree.declared[self.path(population)]]

    def path(self, population: str) -> str:
        """Return the full path of a population.

        Parameters
        ----------
        population : str
            A path, or the end of one (such as its name) that is unique.

        Raises
        ------
        PopulationError
            If nothing, or more than one population, is meant.
        TypeError
            If it is no text.
        """
        found = self.paths_of(population)
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{population!r} means several populations: {listed(found)}"
            raise PopulationError(msg)
        names = dict.fromkeys([*self._ends, *self.paths])
        msg = (
            f"population {population!r} is not in the strategy {self.name!r}"
            f"{suggest(population, names) or '; it has ' + listed(names, most=20)}"
        )
        raise PopulationError(msg)

    def paths_of(self, population: str) -> tuple[str, ...]:
        """Return every path that a path, or the end of one, may mean.

        Raises
        ------
        TypeError
            If it is no text.
        """
        if not isinstance(population, str):
            msg = (
                "a population is meant by its path or name, such as "
                f"{next(iter(self.tree.by_path), 'NK')!r}; got {population!r}"
            )
            raise TypeError(msg)
        if population in self.tree.by_path:
            return (population,)
        ends = "/" + population
        near = self._ends.get(population.rpartition("/")[2], [])
        return tuple(path for path in near if ("/" + path).endswith(ends))

    def parent(self, population: str) -> str | None:
        """Return the path of the parent of a population, or None at the root."""
        head, _, _ = self.path(population).rpartition("/")
        return head or None

    def check_references(self) -> None:
        """Refuse Boolean gates that refer to what is not there or to each other.

        Raises
        ------
        StrategyError
            The gates are named.
        """
        needs: dict[str, set[str]] = {}
        for path, gate in self.tree.by_path.items():
            parent = path.rpartition("/")[0]
            needs[path] = {parent} if parent else set()
            for reference in gate.populations:
                try:
                    needs[path].add(self.path(reference))
                except PopulationError as error:
                    msg = f"gate {path!r} refers to {reference!r}: {error}"
                    raise StrategyError(msg) from None
        needed_by: dict[str, list[str]] = {}
        for path, others in needs.items():
            for other in others:
                needed_by.setdefault(other, []).append(path)
        waits = {path: len(others) for path, others in needs.items()}
        free = [path for path, n in waits.items() if not n]
        while free:
            path = free.pop()
            del needs[path]
            for other in needed_by.get(path, ()):
                waits[other] -= 1
                if not waits[other]:
                    free.append(other)
        if needs:
            msg = f"gates need each other in a cycle: {listed(_cycle(needs))}"
            raise StrategyError(msg)


def _cycle(needs: dict[str, set[str]]) -> list[str]:
    """Return the paths of a cycle, where every path needs another of them."""
    seen = {next(iter(needs)): 0}
    while True:
        last = next(reversed(seen))
        step = next(path for path in sorted(needs[last]) if path in needs)
        if step in seen:
            return list(seen)[seen[step] :]
        seen[step] = len(seen)
