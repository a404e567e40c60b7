"""Repeated-measures ANOVA over visits, and Tukey's comparisons after it."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.longitudinal.classical.outcome_by_visit import (
    OutcomeByVisit,
    over_outcomes,
    read_pairs,
    require_spread,
)
from longate.longitudinal.classical.paired import check_confidence
from longate.longitudinal.classical.sphericity import (
    contrasts,
    corrected_p,
    sphericity,
)
from longate.longitudinal.welch import FLAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

ANOVA_ASSUMES = (
    "normal patient effects and residuals; equal variances of all differences "
    "between visits (sphericity), or the corrected p; complete patients only"
)
TUKEY_ASSUMES = (
    "normal residuals; one error for all pairs, which is right under sphericity "
    "alone; complete patients only"
)


def rm_anova(
    data: object,
    *,
    value: str | tuple[str, str],
    visits: Sequence[object] | None = None,
    by: str | Sequence[str] | None = None,
    scale: str = "identity",
) -> pd.DataFrame:
    r"""Repeated-measures ANOVA over visits, of patients with all of them.

    .. math:: F = MS_{visit} / MS_{visit \times patient}, \quad
       \nu = (k - 1), (k - 1)(n - 1)

    Parameters
    ----------
    data, value, by, scale
        As in :func:`paired_t`.
    visits : sequence of visit, optional
        The visits to compare; by default all.

    Returns
    -------
    DataFrame
        One row per outcome: ``outcome``, ``test``, ``effect`` (visit), ``n``,
        ``n_left_out``, ``ss``, ``df``, ``ss_error``, ``df_error``, ``statistic``
        (F), ``p``, ``epsilon_gg``, ``p_gg`` (Greenhouse-Geisser), ``epsilon_hf``,
        ``p_hf`` (Huynh-Feldt; above 1 it is taken as 1), ``mauchly_w``,
        ``mauchly_p``, ``assumptions``, ``problem``.

    Raises
    ------
    DesignError
        If the data are malformed, fewer than two patients are complete, or
        nothing varies.

    References
    ----------
    Greenhouse and Geisser 1959, doi:10.1007/BF02289823. Huynh and Feldt 1976,
    doi:10.3102/10769986001001069.
    """
    design, outcomes = read_pairs(
        data, value=value, scale=scale, by=by, pairs=_as_pairs(visits)
    )
    chosen = _names(visits)
    return over_outcomes(
        outcomes,
        "repeated-measures ANOVA",
        lambda one: [_anova(one, chosen)],
        design.limits,
    )


def tukey(
    data: object,
    *,
    value: str | tuple[str, str],
    visits: Sequence[object] | None = None,
    by: str | Sequence[str] | None = None,
    scale: str = "identity",
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Tukey's comparisons of all pairs of visits after a repeated-measures ANOVA.

    .. math:: q = |m_i - m_j| / \sqrt{MS_{visit \times patient} / n}

    against the studentised range of k means and (k - 1)(n - 1) degrees of
    freedom.

    Parameters
    ----------
    data, value, visits, by, scale
        As in :func:`rm_anova`.
    confidence : float
        Simultaneous, of all intervals of one outcome.

    Returns
    -------
    DataFrame
        One row per outcome and pair: ``outcome``, ``test``, ``contrast``, ``n``,
        ``n_left_out``, ``estimate``, ``low``, ``high``, ``statistic`` (q),
        ``df``, ``p`` (adjusted for all pairs), ``assumptions``, ``problem``.

    Raises
    ------
    DesignError
        As in :func:`rm_anova`.

    References
    ----------
    Tukey 1949, doi:10.2307/3001913.
    """
    check_confidence(confidence)
    design, outcomes = read_pairs(
        data, value=value, scale=scale, by=by, pairs=_as_pairs(visits)
    )
    chosen = _names(visits)
    return over_outcomes(
        outcomes,
        "Tukey",
        lambda one: _tukey_rows(one, chosen, confidence),
        design.limits,
    )


def _as_pairs(
    visits: Sequence[object] | None,
) -> list[tuple[object, object]] | None:
    """Name chosen visits as pairs, by which they are checked."""
    if visits is None:
        return None
    return [(visits[0], later) for later in list(visits)[1:]]


def _names(visits: Sequence[object] | None) -> list[str] | None:
    from longate._names import name_of

    return None if visits is None else [name_of(visit) for visit in visits]


def _whole(
    one: OutcomeByVisit, visits: list[str] | None
) -> tuple[NDArray[np.float64], list[str], int]:
    chosen = list(one.wide.columns) if visits is None else visits
    whole, left_out = one.complete(chosen)
    values = whole.to_numpy(dtype=np.float64)
    n = len(values)
    require_spread(one, n, least=2, varies=n < 2 or _residual(values) > 0)
    return values, chosen, left_out


def _residual(values: NDArray[np.float64]) -> float:
    """Return the sum of squares of visit x patient; 0 where it is rounding."""
    n, k = values.shape
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0)
    squares = float(np.sum((rest + values.mean()) ** 2))
    rounding = (FLAT * float(np.abs(values).max())) ** 2 * n * k
    return squares if squares > rounding else 0.0


def _anova(one: OutcomeByVisit, visits: list[str] | None) -> dict[str, Any]:
    values, _, left_out = _whole(one, visits)
    n, k = values.shape
    within = values @ contrasts(k)
    effect = n * float(np.sum(within.mean(axis=0) ** 2))
    centred = within - within.mean(axis=0)
    products = centred.T @ centred
    return {
        "effect": "visit",
        "n": n,
        "n_left_out": left_out,
        **within_facts(effect, products, df=k - 1, df_between=n - 1),
        "assumptions": ANOVA_ASSUMES,
    }


def within_facts(
    ss: float, products: NDArray[np.float64], *, df: int, df_between: int
) -> dict[str, Any]:
    """Return F, p and the corrections of an effect within patients."""
    k = len(products)
    error = float(np.trace(products))
    df_error = k * df_between
    statistic = (ss / df) / (error / df_error)
    shape = sphericity(products, df_between)
    p, p_gg = corrected_p(statistic, (df, df_error), shape.gg)
    _, p_hf = corrected_p(statistic, (df, df_error), shape.hf)
    return {
        "ss": ss,
        "df": float(df),
        "ss_error": error,
        "df_error": float(df_error),
        "statistic": statistic,
        "p": p,
        "epsilon_gg": shape.gg,
        "p_gg": p_gg,
        "epsilon_hf": shape.hf,
        "p_hf": p_hf,
        "mauchly_w": shape.mauchly_w,
        "mauchly_p": shape.mauchly_p,
    }


def _tukey_rows(
    one: OutcomeByVisit, visits: list[str] | None, confidence: float
) -> list[dict[str, Any]]:
    from scipy.stats import studentized_range

    values, names, left_out = _whole(one, visits)
    n, k = values.shape
    df = (k - 1) * (n - 1)
    error = math.sqrt(_residual(values) / df / n)
    half = float(studentized_range.ppf(confidence, k, df)) * error
    means = values.mean(axis=0)
    rows = []
    for i, j in combinations(range(k), 2):
        estimate = float(means[j] - means[i])
        q = abs(estimate) / error
        rows.append(
            {
                "contrast": f"{names[j]} - {names[i]}",
                "n": n,
                "n_left_out": left_out,
                "estimate": estimate,
                "low": estimate - half,
                "high": estimate + half,
                "statistic": q,
                "df": float(df),
                "p": float(studentized_range.sf(q, k, df)),
                "assumptions": TUKEY_ASSUMES,
            }
        )
    return rows
