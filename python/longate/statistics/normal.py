"""Quantiles of the normal distribution that intervals are made of."""

from __future__ import annotations

Z95 = 1.959963984540054
"""97.5 % point of the normal distribution: half the width of a 95 % interval."""


def normal_quantile(confidence: float) -> float:
    """Return the normal quantile of a two-sided interval.

    Parameters
    ----------
    confidence : float
        Above 0 and below 1.

    Examples
    --------
    >>> from longate.statistics import normal_quantile
    >>> round(normal_quantile(0.9), 4)
    1.6449
    """
    from scipy.special import ndtri

    return float(ndtri((1 + confidence) / 2))
