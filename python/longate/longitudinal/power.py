"""What a number of patients can show."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_NODES = 64


def welch_power(
    effect: float,
    n_first: float,
    n_second: float,
    alpha: float,
    sd_ratio: float = 1.0,
    nodes: int = _NODES,
) -> float:
    r"""Power of the two-sided Welch t for a difference of `effect` SD.

    Both groups are normal, the first with `sd_ratio` times the standard deviation of
    the second. Given the two variances the critical difference is known and the
    difference is normal; power is the mean over both, by
    Gauss-Legendre nodes in the distribution function of each chi-squared.

    Parameters
    ----------
    effect : float
        True difference in standard deviations of the second group's changes.
    n_first, n_second : float
        Patients in the groups, above 1; not whole where they are expectations.
    alpha : float
        Two-sided level.
    sd_ratio : float
        Standard deviation of the first group in that of the second.
    nodes : int
        Of the quadrature in each variance.

    Returns
    -------
    float
        Probability of p < alpha; without an effect, the type I error.
    """
    from scipy.special import chdtri, ndtr, stdtrit

    at, weights = _nodes(nodes)
    first, second = (
        chdtri(n - 1, (1 - at) / 2) / (n - 1) / n * sd**2
        for n, sd in ((n_first, sd_ratio), (n_second, 1.0))
    )
    error = first[:, None] + second[None, :]
    df = error**2 / (
        first[:, None] ** 2 / (n_first - 1) + second[None, :] ** 2 / (n_second - 1)
    )
    bar = stdtrit(df, 1 - alpha / 2) * np.sqrt(error)
    spread = math.sqrt(sd_ratio**2 / n_first + 1 / n_second)
    beyond = ndtr((effect - bar) / spread) + ndtr((-effect - bar) / spread)
    return float(weights @ beyond @ weights / 4)


SD_RATIOS = (1 / 3, 0.4, 0.5, 2 / 3, 1.0, 1.5, 2.0, 2.5, 3.0)
"""Ratios of the groups' standard deviations for which a level is stated."""


@lru_cache(maxsize=1024)
def welch_levels(n_first: int, n_second: int, alpha: float) -> tuple[float, float]:
    """Return the smallest and the largest type I error of Welch's t.

    Over ratios of the groups' standard deviations from 1/3 to 3, for normal values.

    Parameters
    ----------
    n_first, n_second : int
        Patients in the groups, at least 2.
    alpha : float
        Nominal two-sided level.

    Examples
    --------
    >>> from longate.longitudinal.power import welch_levels
    >>> [round(level, 3) for level in welch_levels(5, 7, 0.05)]
    [0.046, 0.055]
    >>> [round(level, 3) for level in welch_levels(2, 10, 0.05)]
    [0.05, 0.118]
    """
    levels = [welch_power(0.0, n_first, n_second, alpha, one) for one in SD_RATIOS]
    return min(levels), max(levels)


@lru_cache(maxsize=8)
def _nodes(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return nodes, weights


@lru_cache(maxsize=1024)
def smallest_effect(
    n_first: int, n_second: int, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Smallest true difference, in SD of change, found with `power`.

    Returns
    -------
    float
        The effect at which :func:`welch_power` reaches `power`.
    """
    from scipy.optimize import brentq

    def excess(effect: float) -> float:
        return welch_power(effect, n_first, n_second, alpha) - power

    high = 1.0
    while excess(high) < 0:
        high *= 2
    return float(brentq(excess, 0.0, high, xtol=1e-6))
