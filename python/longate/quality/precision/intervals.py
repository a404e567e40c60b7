"""Intervals of variance components and of their totals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.quality.precision.reml import fit, log_likelihood

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from longate.quality.precision.likelihood import Model
    from longate.quality.precision.reml import Fit

_TOLERANCE = 1e-6
_MOST_DOUBLINGS = 60
_FAR = 1e6
"""Instead of an infinite deviance, which a search for a root cannot use."""


@dataclass(frozen=True)
class Anova:
    """Mean squares of a balanced nested design, outermost term first.

    Parameters
    ----------
    mean_squares, df : (k,) arrays
        Of every term, single measurements last.
    sizes : (k,) array
        Measurements in one level of the term; 1 for single measurements.
    """

    mean_squares: NDArray[np.float64]
    df: NDArray[np.float64]
    sizes: NDArray[np.float64]

    @property
    def components(self) -> NDArray[np.float64]:
        """Unbiased estimates, which may be negative: ``(MS_i - MS_{i+1}) / size_i``."""
        return (
            np.append(-np.diff(self.mean_squares), self.mean_squares[-1]) / self.sizes
        )

    @property
    def weights_of_total(self) -> NDArray[np.float64]:
        """Weight of each mean square in the sum of all components."""
        return np.append(0.0, -1 / self.sizes[:-1]) + 1 / self.sizes


def balanced_anova(
    y: NDArray[np.float64], levels: Sequence[NDArray[np.intp]]
) -> Anova | None:
    """Return the mean squares of nested terms, or None where they are not balanced.

    Parameters
    ----------
    y : (n,) array
        Measurements of one specimen.
    levels : sequence of (n,) arrays of int
        Level of each measurement by term, each term nested in the one before.
    """
    means = [np.full(len(y), y.mean())]
    numbers, sizes = [1], []
    above = np.zeros(len(y), dtype=np.intp)
    for level in levels:
        counts = np.bincount(level)
        pairs = np.unique(np.column_stack([above, level]), axis=0)
        below = np.bincount(pairs[:, 0])
        nested = len(pairs) == len(counts)
        if not nested or len(set(counts)) > 1 or len(set(below)) > 1:
            return None
        means.append((np.bincount(level, weights=y) / counts)[level])
        numbers.append(len(counts))
        sizes.append(int(counts[0]))
        above = level
    means.append(y)
    numbers.append(len(y))
    sizes.append(1)
    df = np.diff(np.array(numbers, dtype=float))
    if not np.all(df > 0):
        return None
    squares = np.array([float(np.sum((b - a) ** 2)) for a, b in pairwise(means)])
    return Anova(squares / df, df, np.array(sizes, dtype=float))


def difference_interval(
    first: float, df_first: float, second: float, df_second: float, confidence: float
) -> tuple[float, float]:
    """Return the interval of ``E(MS_1) - E(MS_2)`` of two independent mean squares.

    Parameters
    ----------
    first, second : float
        Mean squares.
    df_first, df_second : float
        Their degrees of freedom.
    confidence : float
        Two-sided.

    References
    ----------
    Ting, Burdick, Graybill, Jeyaratnam and Lu 1990, doi:10.1080/00949659008811240;
    Burdick and Graybill 1992, Confidence Intervals on Variance Components, section
    3.3 (modified large sample).
    """
    from scipy.stats import f as ratio

    alpha = (1 - confidence) / 2
    g = [_g(df, alpha) for df in (df_first, df_second)]
    h = [_h(df, alpha) for df in (df_first, df_second)]
    upper = float(ratio.isf(alpha, df_first, df_second))
    lower = float(ratio.isf(1 - alpha, df_first, df_second))
    g12 = ((upper - 1) ** 2 - g[0] ** 2 * upper**2 - h[1] ** 2) / upper
    h12 = ((1 - lower) ** 2 - h[0] ** 2 * lower**2 - g[1] ** 2) / lower
    both = first * second
    below = g[0] ** 2 * first**2 + h[1] ** 2 * second**2 + g12 * both
    above = h[0] ** 2 * first**2 + g[1] ** 2 * second**2 + h12 * both
    middle = first - second
    return middle - math.sqrt(max(below, 0.0)), middle + math.sqrt(max(above, 0.0))


def sum_interval(
    mean_squares: NDArray[np.float64],
    df: NDArray[np.float64],
    weights: NDArray[np.float64],
    confidence: float,
) -> tuple[float, float]:
    """Return the Graybill-Wang interval of ``Σ w E(MS)`` with weights from 0 on.

    Parameters
    ----------
    mean_squares, df, weights : (k,) arrays
        Independent mean squares, their degrees of freedom, and weights.
    confidence : float
        Two-sided.

    References
    ----------
    Graybill and Wang 1980, doi:10.1080/01621459.1980.10477565.
    """
    alpha = (1 - confidence) / 2
    parts = weights * mean_squares
    g = np.array([_g(float(one), alpha) for one in df])
    h = np.array([_h(float(one), alpha) for one in df])
    total = float(parts.sum())
    return (
        total - float(np.sqrt(np.sum((g * parts) ** 2))),
        total + float(np.sqrt(np.sum((h * parts) ** 2))),
    )


def chi_square_interval(
    variance: float, df: float, confidence: float
) -> tuple[float, float]:
    """Return ``df s² / χ²``: the interval of a variance on some degrees of freedom.

    The high end is infinite where so few degrees of freedom exclude nothing.
    """
    from scipy.stats import chi2

    if not (df > 0 and math.isfinite(df)):
        return math.nan, math.nan
    alpha = (1 - confidence) / 2
    least = float(chi2.isf(1 - alpha, df))
    high = df * variance / least if least > 0 else math.inf
    return df * variance / float(chi2.isf(alpha, df)), high


def satterthwaite_df(total: float, variance: float) -> float:
    """Return ``2 T² / Var(T)``; NaN where the variance is not known.

    References
    ----------
    Satterthwaite 1946, doi:10.2307/3002019.
    """
    return 2 * total**2 / variance if variance > 0 else math.nan


def profile_interval(
    model: Model, best: Fit, component: int, confidence: float
) -> tuple[float, float]:
    """Return the profile-likelihood interval of one variance; its low end may be 0.

    Parameters
    ----------
    model : Model
        The measurements.
    best : Fit
        Its maximum.
    component : int
        Which variance.
    confidence : float
        Two-sided, by the χ² law of one degree of freedom.
    """
    return _profiled(
        lambda value: deviance(model, best, component, value),
        float(best.variances[component]),
        _size(model, best),
        confidence,
    )


def total_interval(
    model: Model, best: Fit, first: int, confidence: float
) -> tuple[float, float]:
    """Return the profile-likelihood interval of the sum of variances from `first` on.

    Parameters
    ----------
    model : Model
        The measurements.
    best : Fit
        Its maximum.
    first : int
        The outermost component of the sum.
    confidence : float
        Two-sided, by the χ² law of one degree of freedom.
    """
    return _profiled(
        lambda value: total_deviance(model, best, first, value),
        float(best.variances[first:].sum()),
        _size(model, best),
        confidence,
    )


def _size(model: Model, best: Fit) -> float:
    # Also where every estimate is 0: the known variance has the right size.
    return float(best.variances.sum() + model.known.mean())


def _profiled(
    deviance_at: Callable[[float], float], at: float, size: float, confidence: float
) -> tuple[float, float]:
    from scipy.optimize import brentq
    from scipy.stats import chi2

    most = float(chi2.ppf(confidence, 1))
    scale = max(at, size * 1e-3)

    def excess(value: float) -> float:
        return min(deviance_at(value), _FAR) - most

    high = at + scale
    for _ in range(_MOST_DOUBLINGS):
        if excess(high) > 0:
            break
        high = at + 2 * (high - at)
    else:
        return 0.0, math.inf
    upper = float(brentq(excess, at, high, xtol=_TOLERANCE * scale))
    if at == 0 or excess(0.0) <= 0:
        return 0.0, upper
    return float(brentq(excess, 0.0, at, xtol=_TOLERANCE * scale)), upper


def deviance(model: Model, best: Fit, component: int, value: float) -> float:
    """Return ``2 (l_max - l(value))`` with the other variances free.

    Infinite where the measurements have probability 0 at that value.
    """
    try:
        held = fit(model, start=best.variances.copy(), fixed={component: value})
    except DesignError:
        return math.inf
    return 2 * (best.log_likelihood - held.log_likelihood)


def total_deviance(model: Model, best: Fit, first: int, value: float) -> float:
    """Return ``2 (l_max - l)`` with the sum of variances from `first` on held.

    Infinite where the measurements have probability 0 at that value.
    """
    from scipy.optimize import minimize

    count = model.n_components
    if first == count - 1:
        return deviance(model, best, first, value)
    size = _size(model, best)
    share = best.variances / size
    within = share[first:].sum()
    start = share.copy()
    held = value / size
    start[first:] = (
        share[first:] * held / within if within > 0 else held / (count - first)
    )
    # Single measurements keep some variance, where nothing else gives them any.
    least = 0.0 if np.all(model.known > 0) else 1e-9 * held
    start[-1] = max(start[-1], least)

    def minus(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        try:
            height, gradient = log_likelihood(model, np.maximum(theta, 0.0) * size)
        except DesignError:
            return _FAR, np.zeros(count)
        return best.log_likelihood - height, -gradient * size

    chosen = (np.arange(count) >= first).astype(float)
    found = minimize(
        minus,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, None)] * (count - 1) + [(least, None)],
        constraints={
            "type": "eq",
            "fun": lambda theta: chosen @ theta - held,
            "jac": lambda theta: chosen,
        },
        options={"ftol": 1e-10, "maxiter": 200},
    )
    return 2 * float(found.fun)


def _g(df: float, alpha: float) -> float:
    from scipy.stats import chi2

    return 1 - df / float(chi2.isf(alpha, df))


def _h(df: float, alpha: float) -> float:
    from scipy.stats import chi2

    return df / float(chi2.isf(1 - alpha, df)) - 1
