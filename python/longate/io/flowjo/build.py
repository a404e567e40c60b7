"""Strategies from samples of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.exceptions import LongateError
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import quoted
from longate.gating.strategy.strategy import GatingStrategy
from longate.gating.tree.problems import GateProblem
from longate.io.flowjo.parts import whole_rectangles
from longate.io.flowjo.quadrants import quadrant_gates
from longate.io.flowjo.shapes.boolean import BooleanDrawing

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Geometry
    from longate.io.flowjo.model import WorkspacePopulation, WorkspaceSample

OUTLINE = " (outline)"
"""What is added to the name of the shape whose outside a population is."""


def gates_of(
    sample: WorkspaceSample, geometry: Geometry, *, quadrants: bool = True
) -> tuple[list[Gate], list[GateProblem]]:
    """Return the gates of a sample, and those that cannot be made.

    Parameters
    ----------
    sample : WorkspaceSample
        Its populations.
    geometry : {"flowjo", "exact"}
        How gates decide events.
    quadrants : bool
        Whether four rectangles that share a cross become one quadrant gate.

    Returns
    -------
    (list of Gate, list of GateProblem)
        A gate that cannot be made takes all that lies in it, or refers to it, along.
    """
    made: dict[str, list[Gate]] = {}
    refused: dict[str, str] = {}
    for one in sample.populations:
        if one.parent in refused:
            refused[one.path] = f"it lies in {one.parent!r}, which is not evaluated"
            continue
        try:
            made[one.path] = _gates(one, sample, geometry)
        except (LongateError, ValueError, ArithmeticError) as error:
            refused[one.path] = str(error)
    _refuse_dependents(sample, made, refused)
    for path, whole, parts in list(whole_rectangles(made)):
        made[path] = [whole]
        for part in parts:
            del made[part]
    if quadrants:
        kept = [one for one in sample.populations if one.path in made]
        for paths, gate in quadrant_gates(kept, sample.columns):
            for path in paths[1:]:
                del made[path]
            made[paths[0]] = [gate]
    gates = [gate for group in made.values() for gate in group]
    problems = [GateProblem(path, reason) for path, reason in refused.items()]
    return gates, problems


def strategy_of(sample: WorkspaceSample, geometry: Geometry) -> GatingStrategy:
    """Return the strategy of one sample."""
    gates, problems = gates_of(sample, geometry)
    try:
        compensation = sample.compensation
    except LongateError:
        compensation = None  # each gate that needs it has said so
    return GatingStrategy(
        gates,
        scale=sample.columns.shown_scales(),
        compensation=compensation,
        name=sample.name,
        problems=problems,
    )


def _gates(
    one: WorkspacePopulation, sample: WorkspaceSample, geometry: Geometry
) -> list[Gate]:
    if one.drawing is None:
        raise LongateError(one.problem or "it has no gate")
    if isinstance(one.drawing, BooleanDrawing):
        return [one.drawing.gate(one.name, one.parent, sample.paths_by_written)]
    if not one.drawing.outside:
        return [one.drawing.gate(one.name, one.parent, sample.columns, geometry)]
    # What lies outside is the parent without the shape: a border belongs to the shape.
    outline = one.name + OUTLINE
    path = f"{one.parent}/{outline}" if one.parent else outline
    return [
        one.drawing.gate(outline, one.parent, sample.columns, geometry),
        BooleanGate(one.name, f"not {quoted(path)}", parent=one.parent),
    ]


def _refuse_dependents(
    sample: WorkspaceSample, made: dict[str, list[Gate]], refused: dict[str, str]
) -> None:
    """Refuse Boolean nodes on what is not there or on themselves, and what follows."""
    nodes = {
        path: tuple(name for gate in gates for name in gate.populations)
        for path, gates in made.items()
        if isinstance(sample.by_path[path].drawing, BooleanDrawing)
    }
    for path in _in_circles(nodes):
        refused[path] = "it refers to itself, by way of other populations"
        made.pop(path, None)
    changed = True
    while changed:
        changed = False
        for one in sample.populations:
            if one.path not in made:
                continue
            missing = [name for name in nodes.get(one.path, ()) if name in refused]
            if missing:
                refused[one.path] = f"it refers to {missing[0]!r}, not evaluated"
            elif one.parent in refused:
                refused[one.path] = f"it lies in {one.parent!r}, which is not evaluated"
            else:
                continue
            del made[one.path]
            changed = True


def _in_circles(nodes: dict[str, tuple[str, ...]]) -> set[str]:
    """Return the nodes that need themselves, through references and parents."""

    def needed(path: str) -> list[str]:
        parts = path.split("/")
        above = ["/".join(parts[:n]) for n in range(1, len(parts))]
        return [*above, *nodes.get(path, ())]

    found = set()
    for start in nodes:
        seen: set[str] = set()
        waiting = needed(start)
        while waiting:
            path = waiting.pop()
            if path == start:
                found.add(start)
                break
            if path not in seen:
                seen.add(path)
                waiting += needed(path)
    return found
