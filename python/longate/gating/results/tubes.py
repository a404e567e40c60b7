"""Which tube, and which of its populations, a name means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import PopulationError
from longate.gating.gates.base import ALL_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longate.gating.tree.gate_tree import GateTree


def tube_with(
    strategies: Mapping[str, GateTree], population: str, tube: str | None
) -> str:
    """Return the tube that has a population: the given one, or the only one.

    Raises
    ------
    PopulationError
        If no tube has it, or several have and `tube` is not given.
    """
    if tube is not None:
        if tube not in strategies:
            known = suggest(tube, strategies) or f"; there are {listed(strategies)}"
            msg = f"no tube {tube!r} was gated{known}"
            raise PopulationError(msg)
        if population != ALL_EVENTS:
            strategies[tube].path(population)  # raises, with suggestions
        return tube
    found = [
        name
        for name, strategy in strategies.items()
        if population == ALL_EVENTS or population in strategy
    ]
    if len(found) == 1:
        return found[0]
    if found:
        msg = f"{population!r} is in the tubes {listed(found)}; give tube=..."
        raise PopulationError(msg)
    reasons = []
    for strategy in strategies.values():
        try:
            strategy.path(population)
        except PopulationError as error:
            reasons.append(str(error))
    raise PopulationError("\n".join(reasons))


def paths_by_tube(
    strategies: Mapping[str, GateTree],
    populations: str | Sequence[str] | None,
    tube: str | None,
) -> dict[str, list[str]]:
    """Return the paths that names mean in each tube that has any of them.

    Parameters
    ----------
    strategies : mapping of str to GateTree
        By tube.
    populations : str, sequence of str, or None
        Paths or unique names; all where None.
    tube : str or None
        Only this tube.

    Raises
    ------
    PopulationError
        If a name means nothing in any tube, or several populations of one.
    """
    tubes = list(strategies)
    if tube is not None:
        tubes = [tube_with(strategies, ALL_EVENTS, tube)]
    if populations is None:
        return {name: list(strategies[name].paths) for name in tubes}
    wanted = [populations] if isinstance(populations, str) else populations
    paths: dict[str, list[str]] = {}
    for population in wanted:
        holders = [name for name in tubes if strategies[name].paths_of(population)]
        if not holders:
            tube_with(strategies, population, tube)  # raises, with suggestions
        for name in holders:
            paths.setdefault(name, []).append(strategies[name].path(population))
    return paths
