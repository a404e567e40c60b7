"""Clinical course: EDSS, relapses, and named rules that say who responded."""

from __future__ import annotations

from longate.clinical.comparison import RuleComparison, compare_rules
from longate.clinical.course import LABELS, Decision, PatientCourse
from longate.clinical.exposure import dose_exposure, patient_covariates
from longate.clinical.labelling import classify
from longate.clinical.response import Response
from longate.clinical.rules import RULES, ResponseRule

__all__ = [
    "LABELS",
    "RULES",
    "Decision",
    "PatientCourse",
    "Response",
    "ResponseRule",
    "RuleComparison",
    "classify",
    "compare_rules",
    "dose_exposure",
    "patient_covariates",
]
