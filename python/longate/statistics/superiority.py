"""Interval of a Mann-Whitney probability (probability of superiority, AUC)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from longate.statistics.normal import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable


def superiority_variance(theta: float, m: int, n: int) -> float:
    r"""Return Hanley and McNeil's variance of a Mann-Whitney probability.

    .. math:: V(\theta) = \frac{\theta (1 - \theta)}{m n} \left[1 +
       N \frac{1 - \theta}{2 - \theta} + N \frac{\theta}{1 + \theta}\right],
       \quad N = (m + n) / 2 - 1

    (with Newcombe's N in the place of m - 1 and n - 1).

    Parameters
    ----------
    theta : float
        The probability, in [0, 1].
    m, n : int
        Sizes of the two samples.

    References
    ----------
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747. Newcombe 2006,
    doi:10.1002/sim.2324.
    """
    k = (m + n) / 2 - 1
    inner = 1 + k * (1 - theta) / (2 - theta) + k * theta / (1 + theta)
    return theta * (1 - theta) * inner / (m * n)


def newcombe_interval(
    theta: float, m: int, n: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Interval of a Mann-Whitney probability by Newcombe's method 5.

    The ends solve :math:`|\hat\theta - \theta| = z \sqrt{V(\theta)}` with the
    variance of :func:`superiority_variance`; they lie within [0, 1] also where the
    samples do not overlap.

    Parameters
    ----------
    theta : float
        The estimate, in [0, 1].
    m, n : int
        Sizes of the two samples.
    confidence : float
        Above 0 and below 1.

    References
    ----------
    Newcombe 2006, doi:10.1002/sim.2324.

    Examples
    --------
    >>> from longate.statistics import newcombe_interval
    >>> low, high = newcombe_interval(1.0, 5, 7)
    >>> round(low, 4), high
    (0.6828, 1.0)
    """
    z = normal_quantile(confidence)

    def excess(at: float) -> float:
        return abs(theta - at) - z * math.sqrt(superiority_variance(at, m, n))

    return _crossing(excess, 0.0, theta), _crossing(excess, 1.0, theta)


def _crossing(excess: Callable[[float], float], outside: float, inside: float) -> float:
    """Return where `excess` turns from positive to negative, by bisection."""
    if excess(outside) <= 0:
        return outside
    for _ in range(200):
        middle = (outside + inside) / 2
        if excess(middle) > 0:
            outside = middle
        else:
            inside = middle
    return (outside + inside) / 2
