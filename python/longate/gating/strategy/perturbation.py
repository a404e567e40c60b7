"""Perturbed strategies: gates moved or exchanged, to see how results depend on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import GateError, StrategyError

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.gating.tree.gate_tree import GateTree


@dataclass(frozen=True)
class Shift:
    """A gate moved along its axes, and made larger or smaller about its centre.

    Parameters
    ----------
    by : mapping of str to float or mapping
        Channel of the gate, as the gate names it -> how far, on the gate's scale; a
        mapping of sample ids to distances moves each sample by its own (those that are
        not named stay).
    factor : float
        Above 1 the gate grows; the centre is that of its bounding box.

    Raises
    ------
    GateError
        If the factor is not above 0.
    """

    by: Mapping[str, float | Mapping[str, float]] = field(default_factory=dict)
    factor: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.factor) and self.factor > 0):
            msg = f"the factor of a shift must be a number above 0; got {self.factor!r}"
            raise GateError(msg)

    @property
    def differs(self) -> bool:
        """Return whether samples are moved by distances of their own."""
        return any(isinstance(distance, Mapping) for distance in self.by.values())

    def distances(self, gate: Gate, sample: str | None) -> list[float]:
        """Return how far each axis of a gate moves.

        Raises
        ------
        GateError
            If a channel is none of the gate's, or a distance is no number.
        """
        names = [str(axis) for axis in gate.axes]
        for name in self.by:
            if name not in names:
                near = suggest(name, names) or f"; its axes are {listed(names)}"
                msg = f"gate {gate.name!r} has no axis {name!r}{near}"
                raise GateError(msg)
        found = []
        for name in names:
            distance = self.by.get(name, 0.0)
            if isinstance(distance, Mapping):
                distance = distance.get(sample or "", 0.0)
            if not np.isfinite(distance):
                msg = f"gate {gate.name!r} cannot be moved by {distance!r} on {name!r}"
                raise GateError(msg)
            found.append(float(distance))
        return found

    def applied(self, gate: Gate, sample: str | None = None) -> Gate:
        """Return the moved gate.

        Parameters
        ----------
        gate : Gate
            A rectangle, polygon or ellipsoid.
        sample : str, optional
            Whose distances hold.

        Raises
        ------
        GateError
            For a Boolean gate, which has no border, or an open side that is to grow.
        """
        return gate.moved(self.distances(gate, sample), self.factor)


@dataclass(frozen=True)
class Perturbation:
    """A perturbed strategy: some of its gates moved or exchanged.

    Parameters
    ----------
    name : str
        In the tables.
    changes : mapping of str to Shift or Gate
        Path or unique name of a population -> how its gate moves, or the gate instead
        of it (whose name and parent do not matter).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Perturbation("CD16 up", {"CD16+": lg.Shift({"CD16": 0.02})}).name
    'CD16 up'
    """

    name: str
    changes: Mapping[str, Shift | Gate]

    @property
    def differs(self) -> bool:
        """Return whether samples are moved by distances of their own."""
        return any(isinstance(c, Shift) and c.differs for c in self.changes.values())

    def gates(self, strategy: GateTree, sample: str | None = None) -> dict[str, Gate]:
        """Return path -> gate for every gate that changes; other names are passed over.

        Raises
        ------
        GateError, PopulationError
            If a gate cannot be moved like that, or a name means several populations.
        """
        gates: dict[str, Gate] = {}
        for population, change in self.changes.items():
            if not strategy.paths_of(population):
                continue
            path = strategy.path(population)
            here = strategy[path]
            if isinstance(change, Shift):
                gates[path] = change.applied(here, sample)
            elif not (change.axes and here.axes):
                msg = f"population {path!r}: a Boolean gate cannot be exchanged"
                raise GateError(msg)
            else:
                gates[path] = change
        return gates


def check_perturbations(
    strategies: Mapping[str, GateTree], perturbations: list[Perturbation]
) -> None:
    """Refuse perturbations of one name, and populations that no strategy has.

    Raises
    ------
    StrategyError
        The perturbation is named.
    """
    names = [one.name for one in perturbations]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"two perturbations are called {twice[0]!r}; give each a name"
        raise StrategyError(msg)
    for one in perturbations:
        for population in one.changes:
            if not any(s.paths_of(population) for s in strategies.values()):
                paths = [p for strategy in strategies.values() for p in strategy.paths]
                known = [*paths, *(path.rpartition("/")[2] for path in paths)]
                msg = (
                    f"perturbation {one.name!r}: no population {population!r} in the "
                    f"strategy{suggest(population, known)}"
                )
                raise StrategyError(msg)
