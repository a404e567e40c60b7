"""Welch's t for a difference of means, and the interval of one mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A standard error below this share of the values' range is rounding.
FLAT = 1e-10


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference of means with its interval.

    Attributes
    ----------
    estimate, low, high : float
        The estimate and its interval.
    df : float
        Degrees of freedom (Welch-Satterthwaite for a difference).
    t, p : float
        Statistic and two-sided p of a difference; NaN for one mean, which is
        described and not tested.
    """

    estimate: float
    low: float
    high: float
    df: float
    t: float = math.nan
    p: float = math.nan


def welch(
    first: NDArray[np.float64], second: NDArray[np.float64], confidence: float
) -> Estimate | None:
    r"""Return mean(first) - mean(second) by Welch's t.

    .. math:: t = \frac{m_1 - m_2}{\sqrt{s_1^2/n_1 + s_2^2/n_2}}, \quad
       \nu = \frac{(s_1^2/n_1 + s_2^2/n_2)^2}
       {(s_1^2/n_1)^2/(n_1-1) + (s_2^2/n_2)^2/(n_2-1)}

    Parameters
    ----------
    first, second : (n,) array of float64
        Independent values of at least two patients each.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    Estimate or None
        None where a group has fewer than two values or neither group varies.

    References
    ----------
    Welch 1947, Biometrika 34:28, doi:10.1093/biomet/34.1-2.28.
    """
    from scipy.special import stdtr, stdtrit

    if min(len(first), len(second)) < 2:
        return None
    parts = [group.var(ddof=1) / len(group) for group in (first, second)]
    error = math.sqrt(parts[0] + parts[1])
    both = np.concatenate([first, second])
    if error <= FLAT * float(np.ptp(both)) or error == 0:
        return None
    estimate = float(first.mean() - second.mean())
    df = error**4 / (
        parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1)
    )
    half = float(stdtrit(df, (1 + confidence) / 2)) * error
    t = estimate / error
    p = 2 * float(stdtr(df, -abs(t)))
    return Estimate(estimate, estimate - half, estimate + half, df, t, p)


def mean_interval(values: NDArray[np.float64], confidence: float) -> Estimate:
    """Return a mean with Student's interval; NaN ends below two values."""
    from scipy.special import stdtrit

    n = len(values)
    if n < 2:
        mean = float(values.mean()) if n else math.nan
        return Estimate(mean, math.nan, math.nan, math.nan)
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(n)
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    return Estimate(mean, mean - half, mean + half, n - 1)
