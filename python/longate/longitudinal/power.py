"""What a number of patients can show."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_NODES = 64


def welch_power(effect: float, n_first: int, n_second: int, alpha: float) -> float:
    r"""Power of the two-sided Welch t for a difference of `effect` SD.

    Both groups are normal with one standard deviation. Given the two variances the
    bar is known and the difference is normal; power is the mean over both, by
    Gauss-Legendre nodes in the distribution function of each chi-squared.

    Parameters
    ----------
    effect : float
        True difference in standard deviations of change.
    n_first, n_second : int
        Patients in the groups, at least 2.
    alpha : float
        Two-sided level.

    Returns
    -------
    float
        Probability of p < alpha.
    """
    from scipy.special import chdtri, ndtr, stdtrit

    nodes, weights = _nodes()
    first, second = (
        chdtri(n - 1, (1 - nodes) / 2) / (n - 1) / n for n in (n_first, n_second)
    )
    error = first[:, None] + second[None, :]
    df = error**2 / (
        first[:, None] ** 2 / (n_first - 1) + second[None, :] ** 2 / (n_second - 1)
    )
    bar = stdtrit(df, 1 - alpha / 2) * np.sqrt(error)
    spread = math.sqrt(1 / n_first + 1 / n_second)
    beyond = ndtr((effect - bar) / spread) + ndtr((-effect - bar) / spread)
    return float(weights @ beyond @ weights / 4)


@lru_cache(maxsize=1)
def _nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
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
