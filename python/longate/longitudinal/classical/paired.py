"""Paired tests of a change between two visits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import one_of
from longate.exceptions import DesignError
from longate.longitudinal.classical.outcome_by_visit import (
    OutcomeByVisit,
    over_outcomes,
    read_pairs,
    require_spread,
)
from longate.longitudinal.ranks import ZERO_RULES, pseudo_median, signed_rank
from longate.longitudinal.ties import difference
from longate.longitudinal.welch import FLAT, mean_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

T_ASSUMES = (
    "changes are roughly normal; patients with both visits only, right where being "
    "lost does not depend on the change"
)
RANKS_ASSUME = (
    "changes are symmetric about their centre; patients with both visits only, right "
    "where being lost does not depend on the change"
)


def paired_t(
    data: object,
    *,
    value: str | tuple[str, str],
    pairs: Sequence[tuple[object, object]] | None = None,
    by: str | Sequence[str] | None = None,
    scale: str = "identity",
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Paired t test of the change between visits, over all patients.

    .. math:: t = \bar d / (s_d / \sqrt n), \quad \nu = n - 1

    Parameters
    ----------
    data : DataFrame, or an object with a ``.table``
        Tidy: ``patient``, ``visit`` and the value's column(s), one row per
        patient and visit (and level of `by`).
    value : str or (str, str)
        The column to analyse, or counts (k, n) with ``scale="logit"``.
    pairs : sequence of (visit, visit), optional
        Earlier and later visit; by default each later visit against the first.
    by : str or sequence of str, optional
        Column(s) whose levels are outcomes. A column of response labels is
        refused: see :func:`within_groups`.
    scale : {"identity", "log", "logit"}
        The scale of analysis.
    confidence : float
        Of the intervals.

    Returns
    -------
    DataFrame
        One row per outcome and pair: ``outcome``, ``test``, ``contrast`` (later -
        earlier), ``n``, ``n_left_out`` (patients without both visits),
        ``estimate`` (mean change), ``low``, ``high``, ``statistic`` (t), ``df``,
        ``p``, ``assumptions``, ``problem`` (where an outcome of several cannot be
        tested).

    Raises
    ------
    DesignError
        If the data are malformed, fewer than two patients have both visits, or
        the changes do not vary.

    References
    ----------
    Student 1908, doi:10.1093/biomet/6.1.1.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {"patient": list("ABCD") * 2, "visit": [0] * 4 + [6] * 4,
    ...      "index": [1.0, 2.0, 3.0, 4.0, 2.0, 3.5, 3.5, 5.0]}
    ... )
    >>> paired_t(data, value="index")[["contrast", "n", "estimate", "df"]].values
    array([['6 - 0', 4, 1.0, 3.0]], dtype=object)
    """
    check_confidence(confidence)
    design, outcomes = read_pairs(data, value=value, scale=scale, by=by, pairs=pairs)
    return over_outcomes(
        outcomes, "paired t", lambda one: _t_rows(one, confidence), design.limits
    )


def wilcoxon(
    data: object,
    *,
    value: str | tuple[str, str],
    pairs: Sequence[tuple[object, object]] | None = None,
    by: str | Sequence[str] | None = None,
    scale: str = "identity",
    confidence: float = 0.95,
    zeros: str = "pratt",
) -> pd.DataFrame:
    r"""Wilcoxon's signed-rank test of the change, exact with ties.

    The p counts all :math:`2^n` signs of the (mid-)ranks; beside it stand the
    Hodges-Lehmann estimate (the median of the Walsh averages) with its exact
    interval, and the smallest p that these patients can reach.

    Parameters
    ----------
    data, value, pairs, by, scale, confidence
        As in :func:`paired_t`.
    zeros : {"pratt", "wilcoxon"}
        Zero changes are ranked and then dropped (the default of R's coin), or
        dropped before the ranking (R's ``wilcox.test``).

    Returns
    -------
    DataFrame
        As of :func:`paired_t`, with ``statistic`` = the sum of the positive
        ranks, and ``n_zero``, ``zeros``, ``smallest_p``, ``exact`` (False above 500
        patients). Ends are infinite where no shift can be rejected.

    Raises
    ------
    DesignError
        If the data are malformed, or no patient has both visits.

    References
    ----------
    Wilcoxon 1945, doi:10.2307/3001968. Pratt 1959,
    doi:10.1080/01621459.1959.10501526. Hodges and Lehmann 1963,
    doi:10.1214/aoms/1177704172.
    """
    check_confidence(confidence)
    one_of("zeros", zeros, ZERO_RULES, DesignError)
    design, outcomes = read_pairs(data, value=value, scale=scale, by=by, pairs=pairs)
    return over_outcomes(
        outcomes,
        "Wilcoxon signed rank",
        lambda one: _rank_rows(one, confidence, zeros),
        design.limits,
    )


def check_confidence(confidence: float) -> None:
    """Raise unless 0 < confidence < 1."""
    if not 0 < confidence < 1:
        msg = f"confidence must be above 0 and below 1 (e.g. 0.95), got {confidence!r}"
        raise DesignError(msg)


def t_facts(changes: NDArray[np.float64], confidence: float) -> dict[str, Any]:
    """Return estimate, interval, t, df and p of a mean change; at least two."""
    from scipy.special import stdtr

    found = mean_interval(changes, confidence)
    n = len(changes)
    t = found.estimate / (float(changes.std(ddof=1)) / math.sqrt(n))
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "statistic": t,
        "df": float(n - 1),
        "p": 2 * float(stdtr(n - 1, -abs(t))),
    }


def rank_facts(
    changes: NDArray[np.float64], confidence: float, zeros: str
) -> dict[str, Any]:
    """Return estimate, interval, rank sum and exact p of a change."""
    test = signed_rank(changes, zeros)
    shift = pseudo_median(changes, confidence)
    return {
        "estimate": shift.estimate,
        "low": shift.low,
        "high": shift.high,
        "statistic": test.statistic,
        "df": math.nan,
        "p": test.p,
        "n_zero": int((changes == 0).sum()),
        "zeros": zeros,
        "smallest_p": test.smallest_p,
        "exact": test.exact,
    }


def varies(changes: NDArray[np.float64]) -> bool:
    """Return whether changes differ by more than rounding."""
    if len(changes) < 2:
        return False
    return bool(np.ptp(changes) > FLAT * float(np.abs(changes).max()))


def _t_rows(one: OutcomeByVisit, confidence: float) -> list[dict[str, Any]]:
    rows = []
    for first, last in one.pairs:
        whole, left_out = one.complete([first, last])
        changes = difference(whole[last], whole[first])
        n = len(changes)
        require_spread(one, n, least=2, varies=n < 2 or varies(changes))
        rows.append(
            {
                "contrast": f"{last} - {first}",
                "n": n,
                "n_left_out": left_out,
                **t_facts(changes, confidence),
                "assumptions": T_ASSUMES,
            }
        )
    return rows


def _rank_rows(
    one: OutcomeByVisit, confidence: float, zeros: str
) -> list[dict[str, Any]]:
    rows = []
    for first, last in one.pairs:
        whole, left_out = one.complete([first, last])
        changes = difference(whole[last], whole[first])
        require_spread(one, len(changes), least=1, varies=True)
        rows.append(
            {
                "contrast": f"{last} - {first}",
                "n": len(changes),
                "n_left_out": left_out,
                **rank_facts(changes, confidence, zeros),
                "assumptions": RANKS_ASSUME,
            }
        )
    return rows
