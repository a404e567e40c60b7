"""The tests that papers use, equal to R, with what they assume beside them."""

from __future__ import annotations

from longate.longitudinal.classical.between import one_way_anova
from longate.longitudinal.classical.paired import paired_t, wilcoxon
from longate.longitudinal.classical.repeated import rm_anova, tukey
from longate.longitudinal.classical.split_plot import mixed_anova
from longate.longitudinal.classical.within import within_groups

__all__ = [
    "mixed_anova",
    "one_way_anova",
    "paired_t",
    "rm_anova",
    "tukey",
    "wilcoxon",
    "within_groups",
]
