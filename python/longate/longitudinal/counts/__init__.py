"""Models of counts over visits: k of n, and cells per microlitre."""

from __future__ import annotations

from longate.longitudinal.counts import beta_binomial, binomial, negative_binomial
from longate.longitudinal.counts.result import (
    CountDifference,
    CountFit,
    LikelihoodRatio,
)

__all__ = [
    "CountDifference",
    "CountFit",
    "LikelihoodRatio",
    "beta_binomial",
    "binomial",
    "negative_binomial",
]
