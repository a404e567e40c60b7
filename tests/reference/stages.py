"""NK stages event by event, written from the table of rules and nothing else.

The oracle for ``longate.nk``: one phenotype at a time, plain Python.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

OPTIONAL = ("CD57", "KIR", "NKG2A", "NKG2C", "CX3CR1", "CD62L", "CD27")
FIVE = {
    "bright16neg": 0.0,
    "bright16pos": 0.25,
    "dim_early": 0.5,
    "dim_late": 0.75,
    "dim_CD57": 1.0,
}


def _is_late(cell: Mapping[str, bool], measured: Set[str]) -> bool | None:
    """Whether a CD56dim CD16+ cell is late, or None where no marker tells."""
    if "KIR" in measured and "NKG2A" in measured:
        return cell["KIR"] or not cell["NKG2A"]
    if "KIR" in measured:
        return cell["KIR"]
    if "NKG2A" in measured:
        return not cell["NKG2A"]
    if "CX3CR1" in measured:
        return cell["CX3CR1"]
    if "CD62L" in measured:
        return not cell["CD62L"]
    if "CD27" in measured:
        return not cell["CD27"]
    return None


def five_stage(
    cell: Mapping[str, bool], measured: Set[str], *, lineage_removed: bool
) -> str:
    """Label one NK event by the five-stage rules."""
    cd16 = cell["CD16"]
    if not cell["CD56"]:
        if not cd16:
            return "neg16neg"
        return "neg16pos" if lineage_removed else "neg16pos_not_resolved"
    if cell["CD56bright"]:
        return "bright16pos" if cd16 else "bright16neg"
    if not cd16:
        return "dim16neg"
    if {"CD57", "NKG2C"} <= measured and cell["CD57"] and cell["NKG2C"]:
        return "adaptive"
    if "CD57" in measured and cell["CD57"]:
        return "dim_CD57"
    late = _is_late(cell, measured)
    if late is None:
        return "dim_early_or_late" if "CD57" in measured else "dim16pos"
    return "dim_late" if late else "dim_early"


def five_stage_axis(measured: Set[str]) -> list[str]:
    """The stages on the axis that these markers can separate, least mature first."""
    axis = ["bright16neg", "bright16pos"]
    can_tell_late = bool({"KIR", "NKG2A", "CX3CR1", "CD62L", "CD27"} & measured)
    if can_tell_late:
        axis += ["dim_early", "dim_late"]
    else:
        axis += ["dim_early_or_late" if "CD57" in measured else "dim16pos"]
    return [*axis, "dim_CD57"] if "CD57" in measured else axis


def hamann2011(cell: Mapping[str, bool]) -> str:
    """Label one NK event by CD56 and CX3CR1."""
    if not cell["CD56"]:
        return "CD56neg"
    sign = "pos" if cell["CX3CR1"] else "neg"
    return f"bright_CX3CR1{sign}" if cell["CD56bright"] else f"dim_CX3CR1{sign}"


def cd56_cd16(cell: Mapping[str, bool], *, lineage_removed: bool) -> str:
    """Label one NK event by CD56 and CD16."""
    return five_stage(cell, set(), lineage_removed=lineage_removed)


def index(counts: Mapping[str, int], axis: list[str]) -> tuple[float, float]:
    """The maturation index and the variance of its counting error."""
    n = sum(counts.get(stage, 0) for stage in axis)
    if n == 0:
        return math.nan, math.nan
    weight = {stage: place / (len(axis) - 1) for place, stage in enumerate(axis)}
    value = sum(weight[s] * counts.get(s, 0) for s in axis) / n
    p = {s: (counts.get(s, 0) + 0.5) / (n + 0.5 * len(axis)) for s in axis}
    mean = sum(p[s] * weight[s] for s in axis)
    square = sum(p[s] * weight[s] ** 2 for s in axis)
    return value, (square - mean**2) / n


def log_odds(counts: Mapping[str, int]) -> dict[str, float]:
    """L0 ... L3 of the five stages, with half a count."""
    n = {stage: counts.get(stage, 0) for stage in FIVE}
    bright = n["bright16neg"] + n["bright16pos"]
    dim = n["dim_early"] + n["dim_late"] + n["dim_CD57"]
    late = n["dim_late"] + n["dim_CD57"]

    def log_ratio(more: int, less: int) -> float:
        return math.log((more + 0.5) / (less + 0.5))

    return {
        "L0": log_ratio(n["bright16pos"], n["bright16neg"]),
        "L1": log_ratio(dim, bright),
        "L2": log_ratio(late, n["dim_early"]),
        "L3": log_ratio(n["dim_CD57"], n["dim_late"]),
    }
