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
FEWEST_FOR_TEST = 4
"""Patients of the smaller group below which Welch's t is no test.

Its type I error at nominal 5 % is at most 6.1 % with 4 patients in the smaller group
and up to 12 in the larger, for standard deviations in any ratio from 1/3 to 3; with 3
it reaches 7.3 %, with 2 11.9 % (``tests/golden/scenarios/small_groups.csv``).
"""


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


def group_difference(
    first: NDArray[np.float64], second: NDArray[np.float64], confidence: float
) -> Estimate | None:
    r"""Return mean(first) - mean(second): Welch's t, or an interval alone if too few.

    With fewer than :data:`FEWEST_FOR_TEST` values in the smaller group there is no t
    and no p, and the interval takes :math:`\min(n_1, n_2) - 1` degrees of freedom.
    Of normal values it covers at least as often as it says, whatever their variances.

    Parameters
    ----------
    first, second : (n,) array of float64
        Independent values of at least two patients each.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    Estimate or None
        As :func:`welch`; `t` and `p` are NaN with too few values for a test.

    References
    ----------
    Mickey and Brown 1966, Annals of Mathematical Statistics 37:639 (the bound).
    """
    from scipy.special import stdtrit

    found = welch(first, second, confidence)
    fewest = min(len(first), len(second))
    if found is None or fewest >= FEWEST_FOR_TEST:
        return found
    level = (1 + confidence) / 2
    error = (found.high - found.estimate) / float(stdtrit(found.df, level))
    half = float(stdtrit(fewest - 1, level)) * error
    low, high = found.estimate - half, found.estimate + half
    return Estimate(found.estimate, low, high, float(fewest - 1))


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
