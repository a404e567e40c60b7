"""From the ids of a Gating-ML file to names and paths of populations."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from longate.gating.gates.base import ALL_EVENTS
from longate.gating.gates.boolean_expression import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from longate.io.gatingml.records import GateRecord

SLASH = "|"
"""Replaces a ``/`` of an id or name, which would divide a path."""


def name_for(text: str) -> str:
    """Return an id or name of a file as a population may be called.

    ``/`` becomes ``|`` and blanks at the ends go; an empty one, and the one that means
    all events, get an underscore.
    """
    name = text.replace("/", SLASH).strip()
    return f"{name}_" if name in ("", ALL_EVENTS) else name


class Register:
    """Names and paths of the populations of a file, by id.

    Parameters
    ----------
    gates : sequence of GateRecord
        The gates, whose ids and parents are clear.
    names : mapping of str to str
        Names for ids, where the file knows better ones than the ids.
    """

    def __init__(self, gates: Sequence[GateRecord], names: Mapping[str, str]) -> None:
        self._names: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._name_all(gates, names)
        self._bearers = Counter(self._names.values())

    def __contains__(self, identifier: object) -> bool:
        """Say whether a population has this id."""
        return identifier in self._names

    def name(self, identifier: str) -> str:
        """Return the name of a population."""
        return self._names[identifier]

    def reference(self, identifier: str) -> str:
        """Return the shortest name that means this population and no other."""
        name = self._names[identifier]
        return name if self._bearers[name] == 1 else self._paths[identifier]

    def operand(self, identifier: str) -> str:
        """Return how a Boolean expression calls a population."""
        return quoted(self.reference(identifier))

    def _name_all(self, gates: Sequence[GateRecord], names: Mapping[str, str]) -> None:
        """Give every population a name of its own among its siblings, and a path."""
        taken: set[str] = set()
        for parent, identifier in _parents_first(gates):
            above = f"{self._paths[parent]}/" if parent is not None else ""
            wanted = name_for(names.get(identifier, identifier))
            name = next(
                choice
                for choice in _choices(wanted, identifier)
                if above + choice not in taken
            )
            taken.add(above + name)
            self._names[identifier] = name
            self._paths[identifier] = above + name


def _choices(wanted: str, identifier: str) -> Iterator[str]:
    yield wanted
    longer = name_for(f"{wanted} ({identifier})")
    yield longer
    for number in itertools.count(2):
        yield f"{longer} {number}"


def _parents_first(gates: Sequence[GateRecord]) -> list[tuple[str | None, str]]:
    """Return (parent, id) of each population, parents before what lies in them."""
    below: dict[str | None, list[str]] = {}
    for gate in gates:
        below.setdefault(gate.parent, []).extend(gate.populations)
    ordered: list[tuple[str | None, str]] = []
    waiting: list[str | None] = [None]
    while waiting:
        parent = waiting.pop()
        names = below.get(parent, [])
        ordered.extend((parent, name) for name in names)
        waiting.extend(reversed(names))
    return ordered
