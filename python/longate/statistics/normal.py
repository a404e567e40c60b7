"""Quantiles of the normal distribution that intervals are made of."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""97.5 % point of the normal distribution: half the width of a 95 % interval."""


def normal_quantile(confidence: float, df: float = math.inf) -> float:
    """Return the quantile of a two-sided interval, of the normal law or of t.

    Parameters
    ----------
    confidence : float
        Above 0 and below 1.
    df : float
        Degrees of freedom of the standard deviation; infinite where it is known.

    Examples
    --------
    >>> from longate.statistics import normal_quantile
    >>> round(normal_quantile(0.9), 4)
    1.6449
    >>> round(normal_quantile(0.9, df=10), 4)
    1.8125
    """
    from scipy.special import ndtri, stdtrit

    level = (1 + confidence) / 2
    # The t law of infinite degrees of freedom differs in the last digit.
    return float(ndtri(level) if math.isinf(df) else stdtrit(df, level))
