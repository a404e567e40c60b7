"""What a design can show, by the method of its analysis."""

from __future__ import annotations

import math
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import one_of
from longate.exceptions import DesignError
from longate.longitudinal.power import welch_power

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

METHODS = ("welch", "student", "mmrm", "random intercept", "permutation")
_MODELS = {
    "welch": "normal changes of one variance; integrated over both variances",
    "student": "normal changes of one variance; noncentral t",
    "mmrm": "complete data: Student's t of the changes",
    "random intercept": "compound symmetry, complete data; noncentral t",
    "permutation": "normal changes of one variance; simulated",
}
_MOST_LABELLINGS, _SAMPLED = 5000, 999
_BLOCK = 250
_NODES = 80


def power_by_method(
    n_responder: int,
    n_non_responder: int,
    *,
    effects: Sequence[float] = (1.0, 1.5, 1.8, 2.0),
    methods: Sequence[str] = METHODS,
    visits: int = 3,
    alpha: float = 0.05,
    replicates: int = 4000,
    seed: int = 2012,
) -> pd.DataFrame:
    r"""Power of a design for a true difference in change, by method.

    Student's t, and with it the MMRM of complete data, has noncentrality
    :math:`\delta / \sqrt{1/n + 1/m}` on :math:`n + m - 2` degrees of freedom; the
    random-intercept model under compound symmetry has the same noncentrality on
    :math:`(k - 1)(n + m - 2)` of k visits. The permutation of labels with the
    Welch-studentised statistic is simulated.

    Parameters
    ----------
    n_responder, n_non_responder : int
        Patients with both visits, at least two each.
    effects : sequence of float
        True differences in standard deviations of change.
    methods : sequence of str
        Among "welch", "student", "mmrm", "random intercept", "permutation".
    visits : int
        Visits in the random-intercept model, at least two.
    alpha : float
        Two-sided level.
    replicates, seed : int
        Of the simulation.

    Returns
    -------
    DataFrame
        One row per method and effect: ``method``, ``effect_sd``, ``power``,
        ``monte_carlo_error`` (empty where nothing is simulated), ``model``.

    Raises
    ------
    DesignError
        If a number is out of range or a method unknown.

    Examples
    --------
    >>> table = power_by_method(5, 7, effects=[1.8], methods=["student"])
    >>> round(float(table["power"][0]), 2)
    0.79
    """
    import pandas as pd

    _check(n_responder, n_non_responder, methods, visits, alpha)
    rows = []
    for method in methods:
        for effect in effects:
            if method == "permutation":
                power = _Permutations(
                    n_responder, n_non_responder, alpha, replicates, seed
                ).power(effect)
                error = math.sqrt(power * (1 - power) / replicates)
            else:
                power = _analytic(
                    method, effect, n_responder, n_non_responder, visits, alpha
                )
                error = math.nan
            rows.append(
                {
                    "method": method,
                    "effect_sd": float(effect),
                    "power": power,
                    "monte_carlo_error": error,
                    "model": _MODELS[method],
                }
            )
    return pd.DataFrame(rows)


def detectable_effects(
    n_responder: int,
    n_non_responder: int,
    *,
    methods: Sequence[str] = METHODS,
    power: float = 0.8,
    visits: int = 3,
    alpha: float = 0.05,
    replicates: int = 4000,
    seed: int = 2012,
) -> pd.DataFrame:
    """Smallest true difference in change that is found with a given power.

    Parameters
    ----------
    n_responder, n_non_responder, methods, visits, alpha, replicates, seed
        As in :func:`power_by_method`.
    power : float
        The probability of finding it, above alpha and below 1.

    Returns
    -------
    DataFrame
        One row per method: ``method``, ``effect_sd`` (standard deviations of
        change; infinite where the method cannot reach the level at this n),
        ``power``, ``model``.

    Raises
    ------
    DesignError
        As in :func:`power_by_method`, or if power is out of range.
    """
    import pandas as pd

    _check(n_responder, n_non_responder, methods, visits, alpha)
    if not alpha < power < 1:
        msg = f"power must lie above alpha ({alpha:g}) and below 1, got {power!r}"
        raise DesignError(msg)
    rows = []
    for method in methods:
        if method == "permutation":
            simulated = _Permutations(
                n_responder, n_non_responder, alpha, replicates, seed
            )
            effect = _smallest(simulated.power, power, 1e-3)
        else:
            effect = _smallest(
                partial(
                    _analytic,
                    method,
                    n=n_responder,
                    m=n_non_responder,
                    visits=visits,
                    alpha=alpha,
                ),
                power,
                1e-6,
            )
        rows.append(
            {
                "method": method,
                "effect_sd": effect,
                "power": power,
                "model": _MODELS[method],
            }
        )
    return pd.DataFrame(rows)


def _check(
    n_first: int, n_second: int, methods: Sequence[str], visits: int, alpha: float
) -> None:
    for method in methods:
        one_of("method", method, METHODS, DesignError)
    if min(n_first, n_second) < 2 or visits < 2 or not 0 < alpha < 1:
        msg = (
            f"a design needs two patients in each group, two visits and a level "
            f"between 0 and 1; got {n_first} and {n_second}, {visits}, {alpha!r}"
        )
        raise DesignError(msg)


def _analytic(
    method: str, effect: float, n: int, m: int, visits: int, alpha: float
) -> float:
    from scipy.special import stdtrit
    from scipy.stats import nct

    if method == "welch":
        return welch_power(effect, n, m, alpha)
    df = (n + m - 2) * (visits - 1 if method == "random intercept" else 1)
    shift = abs(effect) / math.sqrt(1 / n + 1 / m)
    bar = float(stdtrit(df, 1 - alpha / 2))
    return float(nct.sf(bar, df, shift) + nct.cdf(-bar, df, shift))


def _smallest(
    power_at: Callable[[float], float], power: float, tolerance: float
) -> float:
    """Halve towards the effect at which the power is reached."""
    low, high = 0.0, 1.0
    while power_at(high) < power:
        low, high = high, 2 * high
        if high > 64:
            return math.inf
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if power_at(middle) < power else (low, middle)
    return high


class _Permutations:
    """Simulated cohorts, the same for every effect."""

    def __init__(self, n: int, m: int, alpha: float, replicates: int, seed: int):
        generator = np.random.default_rng(seed)
        self._alpha = alpha
        self._noise = generator.standard_normal((replicates, n + m))
        self._first = np.arange(n + m) < n
        if math.comb(n + m, n) <= _MOST_LABELLINGS:
            rows = [list(members) for members in combinations(range(n + m), n)]
            labels = np.zeros((len(rows), n + m))
            for row, members in enumerate(rows):
                labels[row, members] = 1.0
        else:
            sampled = [generator.permutation(self._first) for _ in range(_SAMPLED)]
            labels = np.vstack([self._first, *sampled]).astype(np.float64)
        # Row 0 is the observed allocation in both cases.
        self._labels: NDArray[np.float64] = labels

    def power(self, effect: float) -> float:
        """Return the share of cohorts whose permutation p is at most alpha."""
        changes = self._noise + effect * self._first
        found = 0
        for start in range(0, len(changes), _BLOCK):
            t = self._statistics(changes[start : start + _BLOCK])
            reached = (t >= t[:, :1] * (1 - 1e-9)).mean(axis=1)
            found += int((reached <= self._alpha).sum())
        return found / len(changes)

    def _statistics(self, changes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return |Welch's t| of every cohort and allocation."""
        parts = []
        for labels in (self._labels.T, 1 - self._labels.T):
            size = labels[:, 0].sum()
            mean = changes @ labels / size
            squares = (changes * changes) @ labels - size * mean * mean
            parts.append((mean, squares / (size - 1) / size))
        (first, error), (second, other) = parts
        t: NDArray[np.float64] = np.abs(first - second) / np.sqrt(error + other)
        return t
