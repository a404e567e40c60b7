"""Effect sizes, single patients, discrimination: with intervals and limits."""

from __future__ import annotations

from longate.longitudinal.effects.between_groups import effect_sizes
from longate.longitudinal.effects.families import adjust_families
from longate.longitudinal.effects.individual import reference_changes
from longate.longitudinal.effects.leave_pair_out import MarkerSelection, best_marker
from longate.longitudinal.effects.ordinal import (
    auc_interval,
    cliffs_delta,
    hodges_lehmann,
)
from longate.longitudinal.effects.roc import auc
from longate.longitudinal.effects.standardised import Effect, hedges_g, hedges_gz

__all__ = [
    "Effect",
    "MarkerSelection",
    "adjust_families",
    "auc",
    "auc_interval",
    "best_marker",
    "cliffs_delta",
    "effect_sizes",
    "hedges_g",
    "hedges_gz",
    "hodges_lehmann",
    "reference_changes",
]
