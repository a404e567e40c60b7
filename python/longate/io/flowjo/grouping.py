"""One strategy for several samples: common gates, and overrides where they differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from longate._validation import listed
from longate.exceptions import FlowJoError, LongateError, StrategyError
from longate.gating.strategy.strategy import GatingStrategy
from longate.gating.tree.problems import GateProblem
from longate.io.flowjo.build import gates_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.transforms import Transform
    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Geometry
    from longate.io.flowjo.model import WorkspaceSample


def strategy_of_group(
    samples: Sequence[WorkspaceSample],
    geometry: Geometry,
    name: str,
    ids: Mapping[str, str],
) -> GatingStrategy:
    """Return the gates of several samples as one strategy.

    Parameters
    ----------
    samples : sequence of WorkspaceSample
        Those without gates are passed over.
    geometry : {"flowjo", "exact"}
        How gates decide events.
    name : str
        Of the strategy.
    ids : mapping of str to str
        Id of a sample -> what a study calls it.

    Raises
    ------
    FlowJoError
        If no sample has a gate.
    """
    try:
        return _strategy(samples, geometry, name, ids, quadrants=True)
    except StrategyError:
        # What is a quadrant gate in one sample is single rectangles in another.
        return _strategy(samples, geometry, name, ids, quadrants=False)


def _strategy(
    samples: Sequence[WorkspaceSample],
    geometry: Geometry,
    name: str,
    ids: Mapping[str, str],
    *,
    quadrants: bool,
) -> GatingStrategy:
    trees: dict[str, dict[str, Gate]] = {}
    problems: dict[tuple[str, str], list[str]] = {}
    compensations: list[Compensation] = []
    scales: dict[str, Transform | None] = {}
    for sample in samples:
        gates, refused = gates_of(sample, geometry, quadrants=quadrants)
        if not gates and not refused:
            continue
        own = ids[sample.id]
        trees[own] = {path_of(gate): gate for gate in gates}
        for one in refused:
            problems.setdefault((one.gate, one.reason), []).append(own)
        try:
            if sample.compensation is not None:
                compensations.append(sample.compensation)
        except LongateError:
            pass  # each gate that needs it has said so
        for channel, scale in sample.columns.shown_scales().items():
            scales.setdefault(channel, scale)
    if not any(trees.values()):
        told = f": {next(iter(problems))[1]}" if problems else ""
        msg = f"no sample of {name!r} has a gate that can be read{told}"
        raise FlowJoError(msg)
    common = _common(trees)
    found = [
        GateProblem(path, f"in {listed(own, most=5)}: {reason}")
        for (path, reason), own in problems.items()
    ]
    found += _missing_somewhere(trees, common)
    first = compensations[0] if compensations else None
    same = all(one == first for one in compensations)
    return GatingStrategy(
        list(common.values()),
        scale=scales,
        compensation=first if same else "acquisition",
        name=name,
        overrides={
            own: differing
            for own, tree in trees.items()
            if (differing := [g for p, g in tree.items() if g != common[p]])
        },
        problems=found,
    )


def path_of(gate: Gate) -> str:
    """Return the path of a gate whose parent is a path."""
    return f"{gate.parent}/{gate.name}" if gate.parent else gate.name


def _common(trees: Mapping[str, Mapping[str, Gate]]) -> dict[str, Gate]:
    """Return path -> the gate that most samples have there, parents first."""
    paths: dict[str, Counter[Gate]] = {}
    for tree in trees.values():
        for path, gate in tree.items():
            paths.setdefault(path, Counter())[gate] += 1
    ordered = sorted(paths, key=lambda path: path.count("/"))
    return {path: paths[path].most_common(1)[0][0] for path in ordered}


def _missing_somewhere(
    trees: Mapping[str, Mapping[str, Gate]], common: Mapping[str, Gate]
) -> list[GateProblem]:
    found = []
    for path in common:
        without = [own for own, tree in trees.items() if path not in tree]
        if without:
            reason = (
                f"{listed(without, most=5)} of {len(trees)} samples have no such gate "
                "and are gated with that of the others"
            )
            found.append(GateProblem(path, reason))
    return found
