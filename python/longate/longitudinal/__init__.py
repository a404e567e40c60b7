"""Change over time, compared between responders and non-responders.

:func:`responder_analysis` is the analysis: one declared primary, and everything else
tagged as sensitivity beside it. The subpackages can be used by themselves:
``classical`` (the tests of older papers), ``mixed`` (models of all visits), ``counts``
(models of k of n and of cells per microlitre), ``effects`` (sizes with intervals).
"""

from __future__ import annotations

from longate.longitudinal import classical, counts, effects
from longate.longitudinal.analysis import responder_analysis
from longate.longitudinal.estimand import Estimand
from longate.longitudinal.imputation import multiple_imputation
from longate.longitudinal.max_t import max_t
from longate.longitudinal.mixed import MixedModel, mixed_model, mmrm
from longate.longitudinal.power_by_method import detectable_effects, power_by_method
from longate.longitudinal.result import ResponderAnalysis
from longate.longitudinal.sign_flips import sign_flips
from longate.longitudinal.sites import combine_sites, site_summaries
from longate.longitudinal.testing_plan import Family, TestingPlan, testing_plan
from longate.longitudinal.trial_plan import TrialPlan, plan_trial
from longate.longitudinal.weighted import WeightedDifference, weighted_difference
from longate.longitudinal.worsening import (
    LandmarkComparison,
    landmark_comparison,
    time_to_worsening,
)

__all__ = [
    "Estimand",
    "Family",
    "LandmarkComparison",
    "MixedModel",
    "ResponderAnalysis",
    "TestingPlan",
    "TrialPlan",
    "WeightedDifference",
    "classical",
    "combine_sites",
    "counts",
    "detectable_effects",
    "effects",
    "landmark_comparison",
    "max_t",
    "mixed_model",
    "mmrm",
    "multiple_imputation",
    "plan_trial",
    "power_by_method",
    "responder_analysis",
    "sign_flips",
    "site_summaries",
    "testing_plan",
    "time_to_worsening",
    "weighted_difference",
]
