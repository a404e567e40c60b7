"""The class of a difference between a stored count and ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate.cytometry.transforms import Grid
from longate.gating.gates.polygon import PolygonGate
from longate.io.flowjo.shapes.boolean import BooleanDrawing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.gating.gates.base import Gate
    from longate.io.fcs import FcsMetadata
    from longate.io.flowjo.model import WorkspacePopulation, WorkspaceSample

REASONS = {
    "equal": "both geometries give the stored count",
    "grid": "the program's grid gives the stored count, exact geometry does not",
    "saturated at the axis": "as grid; the gate reaches the end of an axis, where "
    "events beyond share a cell",
    "exact": "exact geometry gives the stored count, the grid does not",
    "not computed (-1)": "the program has stored no count",
    "stale": "the stored count is larger than that of the parent",
    "another matrix": "with another matrix at hand the stored count comes out",
    "file differs": "the file has another number of events than the workspace says",
    "no file": "no file of the sample was found",
    "unsupported parent": "a gate above, or one that it refers to, is not evaluated",
    "not evaluated": "the gate cannot be made",
    "within a difference above": "the parent differs, and the gate inherits it",
    "open rule": "how the program decides this gate is not known",
    "unexplained": "none of these",
}
"""Class of a difference -> its meaning."""


@dataclass(frozen=True)
class Counted:
    """Counts of a sample under both geometries."""

    grid: Mapping[str, int]
    exact: Mapping[str, int]
    gates: Mapping[str, Gate]
    refused: Mapping[str, str]


def reason_of(
    one: WorkspacePopulation,
    sample: WorkspaceSample,
    row: Mapping[str, Any],
    above: Mapping[str, Any] | None,
    counted: Counted | None,
    metadata: FcsMetadata | None,
    problem: str,
) -> tuple[str, str]:
    """Return the class of a difference and its detail.

    Parameters
    ----------
    one : WorkspacePopulation
        The population.
    sample : WorkspaceSample
        Its sample.
    row : mapping
        Counts and differences that are known of it.
    above : mapping or None
        The row of its parent.
    counted : Counted or None
        Counts of the sample, where it could be gated.
    metadata : FcsMetadata or None
        The file, where there is one.
    problem : str
        Why there is no file, or why it could not be gated.
    """
    if metadata is None:
        return "no file", problem
    if sample.n_events is not None and metadata.n_events != sample.n_events:
        words = (
            f"{metadata.n_events:,} events, and {sample.n_events:,} in the workspace"
        )
        return "file differs", words
    if counted is None:
        return "not evaluated", problem
    if one.path in counted.refused:
        words = counted.refused[one.path]
        above_it = "which is not evaluated" in words or "not evaluated" in words
        return "unsupported parent" if above_it else "not evaluated", words
    if one.count is None:
        return "not computed (-1)", ""
    if row["difference"] == 0:
        if row["difference_exact"] == 0:
            return "equal", ""
        ends = _reaches_an_end(counted.gates.get(one.path))
        return ("saturated at the axis" if ends else "grid"), ""
    stored_above = None if above is None else above["stored"]
    if stored_above is not None and one.count > stored_above:
        return "stale", f"{stored_above:,} in the parent"
    words = _open_rules(one, sample)
    if words:
        return "open rule", words
    if above is not None and above.get("difference"):
        return "within a difference above", str(above["reason"])
    if row["difference_exact"] == 0:
        return "exact", ""
    return "unexplained", ""


def _open_rules(one: WorkspacePopulation, sample: WorkspaceSample) -> str:
    """Return the rules of the program that are not known, of a gate and those above."""
    found: list[str] = []
    current: WorkspacePopulation | None = one
    while current is not None:
        if current.drawing is not None and not isinstance(
            current.drawing, BooleanDrawing
        ):
            found += current.drawing.reasons(sample.columns)
        current = sample.by_path.get(current.parent or "")
    return ", ".join(dict.fromkeys(found))


def _reaches_an_end(gate: Gate | None) -> bool:
    if not isinstance(gate, PolygonGate):
        return False
    for place, axis in enumerate((gate.x, gate.y)):
        scale = getattr(axis, "scale", None)
        if isinstance(scale, Grid):
            cells = [vertex[place] for vertex in gate.vertices]
            if min(cells) <= 0 or max(cells) >= scale.last:
                return True
    return False
