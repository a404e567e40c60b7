"""Exact interval of a ratio of two counts' rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.statistics.normal import normal_quantile
from longate.statistics.proportion import clopper_pearson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def count_ratio_interval(
    k: ArrayLike, b: ArrayLike, *, cv: float = 0.0, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Interval of the ratio of two Poisson rates, by the conditional binomial.

    Given their sum, ``k`` of ``k + b`` is binomial with
    :math:`\theta = r / (1 + r)`, r the ratio of the rates; the exact interval of
    :math:`\theta` gives that of r. An independent error of the volume, log-normal with
    coefficient of variation `cv`, is added to each half on the logarithmic scale;
    the limits of k = 0 are widened by all of it.

    Parameters
    ----------
    k, b : array-like of int
        Counts, e.g. of cells and of beads, 0 or more.
    cv : float
        Of an error that both counts do not show, such as pipetting.
    confidence : float
        Above 0 and below 1; without `cv` guaranteed at any rate.

    Returns
    -------
    low, high : arrays of float64
        Of the ratio k / b; 0 where `k` is 0, infinite where `b` is 0.

    References
    ----------
    Przyborowski and Wilenski 1940, doi:10.1093/biomet/31.3-4.313 (conditional
    binomial). Zou and Donner 2008, doi:10.1177/0962280207082744 (adding halves).

    Examples
    --------
    >>> from longate.statistics import count_ratio_interval
    >>> low, high = count_ratio_interval(0, 2000)
    >>> float(low), round(float(high) * 2000, 2)
    (0.0, 3.69)
    """
    k, b = np.broadcast_arrays(np.asarray(k, float), np.asarray(b, float))
    below, above = clopper_pearson(k, k + b, confidence=confidence)
    volume = normal_quantile(confidence) * cv
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, low, high = k / b, below / (1 - below), above / (1 - above)
        down = np.hypot(np.log(ratio / low), volume)
        up = np.hypot(np.log(high / ratio), volume)
        found_low = np.where(k > 0, ratio * np.exp(-down), 0.0)
        found_high = np.where(k > 0, ratio * np.exp(up), high * np.exp(volume))
    return found_low, np.where(b > 0, found_high, np.inf)
