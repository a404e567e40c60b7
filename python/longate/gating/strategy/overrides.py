"""Gates that differ for single samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import LongateError, StrategyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.gating.gates.base import Gate
    from longate.gating.strategy.gate_tree import PopulationPaths
    from longate.gating.strategy.strategy import GatingStrategy


def places_of(
    strategy: PopulationPaths, sample: str, gates: Sequence[Gate]
) -> tuple[str, ...]:
    """Return the place in the tree of each gate of a sample's own.

    Raises
    ------
    StrategyError
        If the strategy has no gate there, or two gates have one place.
    """
    known = strategy.tree.places
    places: list[str] = []
    for gate in gates:
        parents = [""] if gate.parent is None else strategy.paths_of(gate.parent)
        found = [f"{parent}/{gate.name}".lstrip("/") for parent in parents]
        fitting = [place for place in found if place in known]
        if len(fitting) != 1:
            wanted = found[0] if found else f"{gate.parent}/{gate.name}"
            near = [place for place in known if place.endswith(f"/{gate.name}")]
            hint = suggest(wanted, known)
            if near:
                hint = f"; there is {listed(near)}: give the gate its parent"
            msg = (
                f"the gate {gate.name!r} of sample {sample!r} takes the place of none: "
                f"the strategy has no gate {wanted!r}{hint}"
            )
            raise StrategyError(msg)
        places += fitting
    if len(set(places)) != len(places):
        msg = f"sample {sample!r} has two gates of its own at one of {listed(places)}"
        raise StrategyError(msg)
    return tuple(places)


def strategies_by_sample(strategy: GatingStrategy) -> dict[str, GatingStrategy]:
    """Return sample id -> the strategy as it holds for the sample.

    Raises
    ------
    StrategyError
        If a gate of a sample takes the place of none, or makes other populations.
    """
    made: dict[str, GatingStrategy] = {}
    for sample, gates in strategy.overrides.items():
        own = dict(zip(places_of(strategy, sample, gates), gates, strict=True))
        every = [
            own.get(place, gate)
            for place, gate in zip(strategy.tree.places, strategy.gates, strict=True)
        ]
        try:
            made[sample] = strategy.changed(gates=every, overrides={})
        except LongateError as error:
            msg = f"with the gates of sample {sample!r}: {error}"
            raise StrategyError(msg) from None
        if made[sample].paths != strategy.paths:
            different = set(made[sample].paths) ^ set(strategy.paths)
            msg = (
                f"the gates of sample {sample!r} make other populations than the "
                f"strategy: {listed(sorted(different))}"
            )
            raise StrategyError(msg)
    return made
