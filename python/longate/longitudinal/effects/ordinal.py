"""How often one group exceeds the other: AUC, Cliff's delta, their intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import one_of
from longate.exceptions import DesignError
from longate.longitudinal.effects.standardised import Effect
from longate.longitudinal.ranks import shift_between
from longate.statistics import (
    newcombe_interval,
    normal_quantile,
    superiority_variance,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

INTERVALS = ("inversion", "logit", "delong")
LEAST_DELONG = 10


def area(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return P(first > second) + P(first = second) / 2, over all pairs."""
    above = np.sign(np.subtract.outer(first, second))
    return float((above.mean() + 1) / 2)


def auc_interval(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    interval: str = "inversion",
    confidence: float = 0.95,
) -> Effect:
    r"""Return the area under the ROC curve with its interval.

    - inversion: all areas A with :math:`|\hat A - A| \le z \sqrt{V(A)}`, where

      .. math:: V(A) = \frac{A(1-A)}{nm}\left[1 + N\frac{1-A}{2-A}
         + N\frac{A}{1+A}\right], \quad N = (n + m)/2 - 1

      It has ends inside 0 and 1 also where the groups do not overlap.
    - logit: :math:`\mathrm{logit}\,\hat A \pm z \sqrt{V(\hat A)} /
      (\hat A (1 - \hat A))`, with the same V; it has no ends at 0 and 1.
    - delong: the variance of placements; refused below 10 in a group, where it
      covers far less than it says (.81 for .95 at 5 v 7).

    Parameters
    ----------
    first, second : (n,) array of float64
        Values of the two groups; the area is that of the first lying higher.
    interval : {"inversion", "logit", "delong"}
        See above.
    confidence : float
        Of the interval.

    Raises
    ------
    DesignError
        If a group is empty, or DeLong's interval is asked for with fewer than 10.

    References
    ----------
    Newcombe 2006, doi:10.1002/sim.2324 (inversion). Hanley and McNeil 1982,
    doi:10.1148/radiology.143.1.7063747. DeLong et al. 1988, doi:10.2307/2531595.
    """
    one_of("interval", interval, INTERVALS, DesignError)
    n, m = len(first), len(second)
    if min(n, m) < 1:
        msg = f"an area needs a value in each group, got {n} and {m}"
        raise DesignError(msg)
    found = area(first, second)
    z = normal_quantile(confidence)
    if interval == "delong":
        low, high = _delong(first, second, found, z)
    elif interval == "logit":
        low, high = _logit(found, n, m, z)
    else:
        low, high = newcombe_interval(found, n, m, confidence=confidence)
    return Effect("AUC", found, low, high, interval)


def cliffs_delta(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    confidence: float = 0.95,
) -> Effect:
    r"""Return how much more often the first group lies higher than lower.

    .. math:: \delta = P(X > Y) - P(X < Y) = 2 A - 1

    with the inversion interval of the area A (:func:`auc_interval`).

    References
    ----------
    Cliff 1993, doi:10.1037/0033-2909.114.3.494. Newcombe 2006,
    doi:10.1002/sim.2324.

    Examples
    --------
    >>> import numpy as np
    >>> effect = cliffs_delta(np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.0]))
    >>> round(effect.estimate, 4)
    0.8333
    """
    found = auc_interval(first, second, confidence=confidence)
    return Effect(
        "Cliff's delta",
        2 * found.estimate - 1,
        2 * found.low - 1,
        2 * found.high - 1,
        "inversion",
    )


def hodges_lehmann(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    confidence: float = 0.95,
) -> Effect:
    r"""Return the median of all differences between two groups.

    .. math:: \hat\Delta = \mathrm{med}_{i,j}(x_i - y_j)

    with the interval that the exact rank-sum distribution allows; ends are
    infinite where so few values cannot reject any shift.

    References
    ----------
    Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172.
    """
    if min(len(first), len(second)) < 1:
        msg = f"a shift needs values in each group, got {len(first)} and {len(second)}"
        raise DesignError(msg)
    found = shift_between(first, second, confidence)
    return Effect(
        "Hodges-Lehmann shift", found.estimate, found.low, found.high, "exact ranks"
    )


def _logit(found: float, n: int, m: int, z: float) -> tuple[float, float]:
    if not 0 < found < 1:
        return 0.0, 1.0
    half = z * math.sqrt(superiority_variance(found, n, m)) / (found * (1 - found))
    centre = math.log(found / (1 - found))
    return 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))


def _delong(
    first: NDArray[np.float64], second: NDArray[np.float64], found: float, z: float
) -> tuple[float, float]:
    n, m = len(first), len(second)
    if min(n, m) < LEAST_DELONG:
        msg = (
            f"DeLong's interval is refused with {n} and {m} values: below "
            f"{LEAST_DELONG} in a group it covers far less than it says; take "
            f"interval='inversion'"
        )
        raise DesignError(msg)
    higher = (np.sign(np.subtract.outer(first, second)) + 1) / 2
    variance = higher.mean(axis=1).var(ddof=1) / n + higher.mean(axis=0).var(ddof=1) / m
    half = z * math.sqrt(float(variance))
    return max(0.0, found - half), min(1.0, found + half)
