"""Intervals that several subpackages share, each written once.

The lowest layer: it imports NumPy and SciPy, and nothing else of the package.
"""

from __future__ import annotations

from longate.statistics.count_ratio import count_ratio_interval
from longate.statistics.normal import Z95, normal_quantile
from longate.statistics.order_statistics import (
    FEWEST_FOR_MEDIAN,
    interval_ranks,
    quantile_interval,
)
from longate.statistics.proportion import clopper_pearson
from longate.statistics.superiority import newcombe_interval, superiority_variance

__all__ = [
    "FEWEST_FOR_MEDIAN",
    "Z95",
    "clopper_pearson",
    "count_ratio_interval",
    "interval_ranks",
    "newcombe_interval",
    "normal_quantile",
    "quantile_interval",
    "superiority_variance",
]
