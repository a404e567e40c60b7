"""Mixed ANOVA: response between patients, visits within them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.classical.outcome_by_visit import (
    OutcomeByVisit,
    over_outcomes,
    read_pairs,
    require_spread,
)
from longate.longitudinal.classical.repeated import within_facts
from longate.longitudinal.classical.sphericity import contrasts
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.welch import FLAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.labels import Labels

SPLIT_ASSUMES = (
    "normal patient effects and residuals, equal covariances in both groups; "
    "sphericity, or the corrected p; complete patients with a label only"
)


def mixed_anova(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    by: str | Sequence[str] | None = None,
    scale: str = "identity",
    circular: str = "refused",
    unmatched: str = "error",
    visit_order: Sequence[object] | None = None,
) -> pd.DataFrame:
    """Mixed ANOVA of visits and response, with sums of squares of type III.

    The interaction visit x response comes first: it says whether the groups
    change differently. Effects are those of unweighted means of the groups.

    Parameters
    ----------
    data, value, by, scale
        As in :func:`paired_t`; all visits are taken.
    response : DataFrame, or an object with a ``.table``
        ``patient`` and ``label``; the unclassifiable are left out.
    circular : {"refused", "allowed"}
        What to do with labels that were derived from `value` itself.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no data, or data and no label;
        who is dropped stands in ``.limits`` by name.
    visit_order : sequence of visits, optional
        Every visit, first to last; by default that of an ordered categorical, or of
        the numbers in the names.

    Returns
    -------
    DataFrame
        Per outcome three rows (``effect`` visit x response, visit, response) with
        the columns of :func:`rm_anova`, and ``n_responder``,
        ``n_non_responder``. The corrections are empty for response.

    Raises
    ------
    DesignError
        If the data are malformed, a group has fewer than two complete patients,
        nothing varies, or labels are circular.

    References
    ----------
    Greenhouse and Geisser 1959, doi:10.1007/BF02289823. Huynh and Feldt 1976,
    doi:10.3102/10769986001001069.
    """
    from longate.longitudinal.result_table import with_limits

    labels = read_labels(response, unmatched=unmatched)
    design, outcomes = read_pairs(
        data,
        value=value,
        scale=scale,
        by=by,
        pairs=None,
        labels=labels,
        visit_order=visit_order,
    )
    refuse_circular(labels, design.measure.columns, circular)
    table = over_outcomes(outcomes, "mixed ANOVA", lambda one: _rows(one, labels))
    return with_limits(table, design.limits)


def _rows(one: OutcomeByVisit, labels: Labels) -> list[dict[str, Any]]:
    whole, _ = one.complete(list(one.wide.columns))
    label = np.array([labels.by_patient.get(name, "") for name in whole.index])
    known = (label == RESPONDER) | (label == NON_RESPONDER)
    values = whole.to_numpy(dtype=np.float64)[known]
    first = label[known] == RESPONDER
    sizes = int(first.sum()), int((~first).sum())
    if min(sizes) < 2:
        msg = (
            f"{one.outcome}: {sizes[0]} responder(s) and {sizes[1]} "
            f"non-responder(s) have every visit; each group needs two"
        )
        raise DesignError(msg)
    counts = {
        "n": len(values),
        "n_left_out": len(one.wide.dropna(how="all")) - len(values),
        "n_responder": sizes[0],
        "n_non_responder": sizes[1],
    }
    within = values @ contrasts(values.shape[1])
    products = _residual_products(within, first)
    floor = (FLAT * float(np.abs(values).max())) ** 2 * values.size
    require_spread(one, len(values), least=4, varies=float(np.trace(products)) > floor)
    df, df_between = within.shape[1], len(values) - 2
    tail = {"assumptions": SPLIT_ASSUMES}
    return [
        {"effect": "visit x response"}
        | counts
        | within_facts(
            _type_three(within, first, (1, -1)),
            products,
            df=df,
            df_between=df_between,
        )
        | tail,
        {"effect": "visit"}
        | counts
        | within_facts(
            _type_three(within, first, (0.5, 0.5)),
            products,
            df=df,
            df_between=df_between,
        )
        | tail,
        {"effect": "response"} | counts | _between(values, first) | tail,
    ]


def _residual_products(
    columns: NDArray[np.float64], first: NDArray[np.bool_]
) -> NDArray[np.float64]:
    rest = columns.copy()
    for group in (first, ~first):
        rest[group] -= columns[group].mean(axis=0)
    return rest.T @ rest


def _type_three(
    columns: NDArray[np.float64],
    first: NDArray[np.bool_],
    weights: tuple[float, float],
) -> float:
    """Return the sum of squares of a weighting of the groups' means."""
    groups = (first, ~first)
    mean = sum(
        weight * columns[group].mean(axis=0)
        for weight, group in zip(weights, groups, strict=True)
    )
    variance = sum(
        weight**2 / int(group.sum())
        for weight, group in zip(weights, groups, strict=True)
    )
    return float(np.sum(np.square(mean)) / variance)


def _between(values: NDArray[np.float64], first: NDArray[np.bool_]) -> dict[str, Any]:
    from scipy.special import fdtrc

    n, k = values.shape
    totals = values.sum(axis=1, keepdims=True) / np.sqrt(k)
    ss = _type_three(totals, first, (1, -1))
    error = float(_residual_products(totals, first)[0, 0])
    statistic = ss / (error / (n - 2)) if error > 0 else float("nan")
    return {
        "ss": ss,
        "df": 1.0,
        "ss_error": error,
        "df_error": float(n - 2),
        "statistic": statistic,
        "p": float(fdtrc(1, n - 2, statistic)),
    }
