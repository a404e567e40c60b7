"""Gates that differ for single samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import StrategyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.gating.gates.base import Gate
    from longate.gating.tree.population_paths import PopulationPaths


def gate_paths_of(
    tree: PopulationPaths, sample: str, gates: Sequence[Gate]
) -> tuple[str, ...]:
    """Return the path of the gate that each gate of a sample replaces.

    Raises
    ------
    StrategyError
        If the strategy has no gate there, or two gates have one path.
    """
    known = tree.tree.gate_paths
    paths: list[str] = []
    for gate in gates:
        parents = [""] if gate.parent is None else tree.paths_of(gate.parent)
        found = [f"{parent}/{gate.name}".lstrip("/") for parent in parents]
        fitting = [path for path in found if path in known]
        if len(fitting) != 1:
            wanted = found[0] if found else f"{gate.parent}/{gate.name}"
            near = [path for path in known if path.endswith(f"/{gate.name}")]
            hint = suggest(wanted, known)
            if near:
                hint = f"; there is {listed(near)}: give the gate its parent"
            msg = (
                f"the gate {gate.name!r} of sample {sample!r} replaces none: "
                f"the strategy has no gate {wanted!r}{hint}"
            )
            raise StrategyError(msg)
        paths += fitting
    if len(set(paths)) != len(paths):
        msg = f"sample {sample!r} has two gates for one of {listed(paths)}"
        raise StrategyError(msg)
    return tuple(paths)
