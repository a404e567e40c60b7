"""Calls: which population of a strategy says that an NK cell has a marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed
from longate.exceptions import MaturationError
from longate.nk.stages.scheme import CD56_BRIGHT, CD56_POSITIVE, MARKERS, SCORED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.gating.results.populations import Populations
    from longate.gating.tree.gate_tree import GateTree


def tube_for_calls(
    populations: Populations, parent: str, markers: Mapping[str, str] | None
) -> str:
    """Return the only tube whose gates make the calls, else the only one of `parent`.

    Raises
    ------
    PopulationError
        If no tube, or several tubes, will do.
    """
    strategies = populations.strategies
    able = [
        tube
        for tube, strategy in strategies.items()
        if parent in strategy and _can_call(strategy, parent, markers)
    ]
    return able[0] if len(able) == 1 else populations.tube_of(parent)


def calls_for(
    strategy: GateTree, parent: str, markers: Mapping[str, str] | None
) -> dict[str, str]:
    """Return call -> path of the population that makes it for cells of `parent`.

    Parameters
    ----------
    strategy : GateTree
        Whose populations make the calls.
    parent : str
        The NK population.
    markers : mapping of str to str, optional
        Call -> population. By default ``X`` is called by ``X+`` and CD56bright by
        ``CD56bright``; populations of that name on another branch than the NK cells'
        are passed over.

    Raises
    ------
    MaturationError
        If a given population is on another branch, or several of one name make a call.
    PopulationError
        If a given population is unknown.
    """
    whole = strategy.path(parent)
    if markers is None:
        return _calls_by_name(strategy, whole)
    calls = {call: strategy.path(name) for call, name in markers.items()}
    for call, path in calls.items():
        if not _decides(strategy, path, whole):
            msg = (
                f"{path!r} cannot call {call!r} of the cells in {whole!r}: it lies on "
                "another branch; take a population below them or below their ancestors"
            )
            raise MaturationError(msg)
    return calls


def refuse_bright_outside_positive(phenotypes: pd.DataFrame) -> None:
    """Refuse calls by which a cell is CD56bright without being CD56+."""
    if not {CD56_BRIGHT, CD56_POSITIVE} <= set(phenotypes.columns):
        return
    outside = phenotypes[CD56_BRIGHT] & ~phenotypes[CD56_POSITIVE]
    found = phenotypes[outside & (phenotypes["n_events"] > 0)]
    if len(found):
        msg = (
            f"{int(found['n_events'].sum())} CD56bright events lie outside CD56+ "
            f"(samples {listed(found['sample'].unique())}); the gates contradict "
            "each other"
        )
        raise MaturationError(msg)


def _can_call(
    strategy: GateTree, parent: str, markers: Mapping[str, str] | None
) -> bool:
    if markers is None:
        found = _calls_by_name(strategy, strategy.path(parent))
        return {CD56_POSITIVE, CD56_BRIGHT} <= found.keys()
    return all(name in strategy for name in markers.values())


def _calls_by_name(strategy: GateTree, whole: str) -> dict[str, str]:
    names = {call: f"{call}+" for call in (CD56_POSITIVE, *MARKERS, *SCORED)}
    calls: dict[str, str] = {}
    for call, name in {CD56_BRIGHT: CD56_BRIGHT, **names}.items():
        found = [
            path
            for path in strategy.paths
            if path.rpartition("/")[2] == name and _decides(strategy, path, whole)
        ]
        if len(found) > 1:
            msg = (
                f"{call!r} may be called by several populations: {listed(found)}; "
                f"choose with markers={{{call!r}: ...}}"
            )
            raise MaturationError(msg)
        if found:
            calls[call] = found[0]
    return calls


def _decides(strategy: GateTree, path: str, whole: str) -> bool:
    """Return whether a population is gated on cells of `whole`: below or around it."""
    around = strategy.parent(path)
    below = path.startswith(f"{whole}/")
    return below or around is None or f"{whole}/".startswith(f"{around}/")
