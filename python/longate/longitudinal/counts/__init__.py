"""Models of counts over visits: k of n, and cells per microlitre."""

from __future__ import annotations

from longate.longitudinal.counts.analysis import CountAnalysis
from longate.longitudinal.counts.models import (
    beta_binomial,
    binomial,
    microlitres_seen,
    negative_binomial,
)
from longate.longitudinal.counts.result import (
    CountDifference,
    CountFit,
    LikelihoodRatio,
)

__all__ = [
    "CountAnalysis",
    "CountDifference",
    "CountFit",
    "LikelihoodRatio",
    "beta_binomial",
    "binomial",
    "microlitres_seen",
    "negative_binomial",
]
