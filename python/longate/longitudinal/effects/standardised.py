"""Differences in standard deviations: Hedges' g with its exact correction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.welch import FLAT

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Effect:
    """An effect with its interval.

    Attributes
    ----------
    name : str
        What it is.
    estimate, low, high : float
        Ends are infinite where the values allow none.
    method : str
        How the interval was made.
    """

    name: str
    estimate: float
    low: float
    high: float
    method: str


def small_sample_factor(df: float) -> float:
    r"""Return Hedges' exact correction.

    .. math:: J(\nu) = \frac{\Gamma(\nu/2)}{\sqrt{\nu/2}\,\Gamma((\nu-1)/2)}

    The usual :math:`1 - 3/(4\nu - 1)` is an approximation of it.
    """
    if df <= 1:
        msg = f"Hedges' correction needs more than 1 degree of freedom, got {df:g}"
        raise DesignError(msg)
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    confidence: float = 0.95,
) -> Effect:
    r"""Return the standardised difference of two groups' means.

    .. math:: g = J(n + m - 2)\,(\bar x - \bar y) / s_{pooled}

    Parameters
    ----------
    first, second : (n,) array of float64
        Independent values, at least two in each group.
    confidence : float
        Of the interval for the population's difference in standard deviations,
        from the noncentral t: exact for normal values of one variance.

    Raises
    ------
    DesignError
        If a group has fewer than two values, or nothing varies within groups.

    References
    ----------
    Hedges 1981, doi:10.3102/10769986006002107. Cumming and Finch 2001,
    doi:10.1177/0013164401614002 (the interval).

    Examples
    --------
    >>> import numpy as np
    >>> effect = hedges_g(np.array([2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    >>> round(effect.estimate, 4)
    0.7979
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        msg = f"Hedges' g needs two values in each group, got {n} and {m}"
        raise DesignError(msg)
    df = n + m - 2
    squares = first.var(ddof=1) * (n - 1) + second.var(ddof=1) * (m - 1)
    spread = math.sqrt(float(squares) / df)
    both = np.concatenate([first, second])
    if spread <= FLAT * float(np.abs(both).max()):
        msg = "Hedges' g is not defined: nothing varies within the groups"
        raise DesignError(msg)
    d = float(first.mean() - second.mean()) / spread
    error = math.sqrt(1 / n + 1 / m)
    low, high = noncentral_ends(d / error, df, confidence)
    return Effect(
        "Hedges' g",
        d * small_sample_factor(df),
        low * error,
        high * error,
        "noncentral t",
    )


def hedges_gz(changes: NDArray[np.float64], *, confidence: float = 0.95) -> Effect:
    r"""Return the standardised mean change of one group.

    .. math:: g_z = J(n - 1)\,\bar d / s_d

    It is in standard deviations of change, and so not comparable to
    :func:`hedges_g` of values.

    Raises
    ------
    DesignError
        If there are fewer than three changes, or they do not vary.

    References
    ----------
    Hedges 1981, doi:10.3102/10769986006002107. Lakens 2013,
    doi:10.3389/fpsyg.2013.00863.
    """
    n = len(changes)
    if n < 3:
        msg = f"g_z needs three changes, got {n}"
        raise DesignError(msg)
    spread = float(changes.std(ddof=1))
    if spread <= FLAT * float(np.abs(changes).max()):
        msg = "g_z is not defined: the changes do not vary"
        raise DesignError(msg)
    d = float(changes.mean()) / spread
    low, high = noncentral_ends(d * math.sqrt(n), n - 1, confidence)
    return Effect(
        "Hedges' g_z",
        d * small_sample_factor(n - 1),
        low / math.sqrt(n),
        high / math.sqrt(n),
        "noncentral t",
    )


def noncentral_ends(t: float, df: int, confidence: float) -> tuple[float, float]:
    """Return the noncentralities at which t is just not surprising."""
    from scipy.optimize import brentq
    from scipy.stats import nct

    def end(target: float) -> float:
        def excess(shift: float) -> float:
            return float(nct.cdf(t, df, shift)) - target

        width = 4.0 + abs(t) / 2
        low, high = t - width, t + width
        while excess(low) < 0:
            low -= width
        while excess(high) > 0:
            high += width
        return float(brentq(excess, low, high, xtol=1e-12, rtol=1e-12))

    return end((1 + confidence) / 2), end((1 - confidence) / 2)
