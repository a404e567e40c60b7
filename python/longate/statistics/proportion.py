"""Exact interval of a proportion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def clopper_pearson(
    k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact interval of a proportion.

    Parameters
    ----------
    k, n : array-like of int
        Events inside, and events looked at; ``0 <= k <= n``.
    confidence : float
        Coverage that is guaranteed, in (0, 1).

    Returns
    -------
    low, high : arrays of float64
        NaN where `n` is 0.

    References
    ----------
    Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> from longate.statistics import clopper_pearson
    >>> low, high = clopper_pearson([0], [100])
    >>> float(low[0]), round(float(high[0]), 4)
    (0.0, 0.0362)
    """
    from scipy.special import betaincinv

    k, n = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail), 1.0)
    unknown = n == 0
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
