"""Changes within responders and within others, beside their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import one_of
from longate.exceptions import DesignError
from longate.longitudinal.classical.outcome_by_visit import (
    OutcomeByVisit,
    over_outcomes,
    read_pairs,
)
from longate.longitudinal.classical.paired import (
    RANKS_ASSUME,
    T_ASSUMES,
    check_confidence,
    rank_facts,
    t_facts,
    varies,
)
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.ranks import rank_sum, shift_between
from longate.longitudinal.ties import difference
from longate.longitudinal.welch import welch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.labels import Labels

DIFFERENCE = "difference (responder - non-responder)"
TESTS = ("paired t", "wilcoxon")
BETWEEN = {"paired t": "Welch t of changes", "wilcoxon": "rank sum of changes"}
BESIDE = (
    "; two p of which one is small and one large do not show that the groups differ: "
    "read the row of the difference"
)


def within_groups(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    pairs: Sequence[tuple[object, object]] | None = None,
    by: str | Sequence[str] | None = None,
    test: str = "paired t",
    scale: str = "identity",
    confidence: float = 0.95,
    zeros: str = "pratt",
    circular: str = "refused",
    unmatched: str = "error",
    visit_order: Sequence[object] | None = None,
) -> pd.DataFrame:
    """Test each group's change as papers do, with the difference in change first.

    For each pair of visits the first row is the difference in change between
    responders and non-responders (Welch's t, or the exact rank-sum test of the
    changes), then each group's own change. The groups' rows are never returned
    without it: "significant here and not there" is no evidence of a difference.

    Parameters
    ----------
    data, value, pairs, by, scale, confidence
        As in :func:`paired_t`.
    response : DataFrame, or an object with a ``.table``
        ``patient`` and ``label``; the unclassifiable are left out.
    test : {"paired t", "wilcoxon"}
        The test within groups.
    zeros : {"pratt", "wilcoxon"}
        As in :func:`wilcoxon`.
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
        Three rows per outcome and pair: ``outcome``, ``test``, ``contrast``,
        ``group`` (the difference first), ``n``, ``n_left_out``, ``estimate``,
        ``low``, ``high``, ``statistic``, ``df``, ``p``, ``assumptions``,
        ``problem``; with ranks also ``n_zero``, ``zeros``, ``smallest_p``, ``exact``.

    Raises
    ------
    DesignError
        If the data are malformed, a group has fewer than two patients with both
        visits, nothing varies, or labels are circular.

    References
    ----------
    Gelman and Stern 2006, doi:10.1198/000313006X152649. Nieuwenhuis et al. 2011,
    doi:10.1038/nn.2886.
    """
    from longate.longitudinal.result_table import with_limits

    check_confidence(confidence)
    one_of("test", test, TESTS, DesignError)
    labels = read_labels(response, unmatched=unmatched)
    design, outcomes = read_pairs(
        data,
        value=value,
        scale=scale,
        by=by,
        pairs=pairs,
        labels=labels,
        visit_order=visit_order,
    )
    refuse_circular(labels, design.measure.columns, circular)
    table = over_outcomes(
        outcomes, test, lambda one: _rows(one, labels, test, confidence, zeros)
    )
    return with_limits(table, design.limits)


def _rows(
    one: OutcomeByVisit, labels: Labels, test: str, confidence: float, zeros: str
) -> list[dict[str, Any]]:
    import pandas as pd

    rows = []
    for first, last in one.pairs:
        whole, _ = one.complete([first, last])
        changes = pd.Series(difference(whole[last], whole[first]), index=whole.index)
        groups, left_out = {}, {}
        for label in (RESPONDER, NON_RESPONDER):
            names = [name for name in labels.patients(label) if name in changes.index]
            groups[label] = changes[names].to_numpy(dtype=np.float64)
            left_out[label] = len(labels.patients(label)) - len(names)
        contrast = f"{last} - {first}"
        _require(one, contrast, groups)
        rows.append(
            {
                "test": BETWEEN[test],
                "contrast": contrast,
                "group": DIFFERENCE,
                "n": sum(len(values) for values in groups.values()),
                "n_left_out": sum(left_out.values()),
                **_difference(one, groups, test, confidence),
                "assumptions": _between_assumes(test),
            }
        )
        for label, values in groups.items():
            ranked = test == "wilcoxon"
            facts = (
                rank_facts(values, confidence, zeros)
                if ranked
                else t_facts(values, confidence)
            )
            rows.append(
                {
                    "contrast": contrast,
                    "group": label,
                    "n": len(values),
                    "n_left_out": left_out[label],
                    **facts,
                    "assumptions": (RANKS_ASSUME if ranked else T_ASSUMES) + BESIDE,
                }
            )
    return rows


def _between_assumes(test: str) -> str:
    if test == "wilcoxon":
        return "under no difference the labels are exchangeable"
    return "changes are roughly normal in each group; their variances may differ"


def _require(
    one: OutcomeByVisit, contrast: str, groups: dict[str, NDArray[np.float64]]
) -> None:
    for label, values in groups.items():
        if len(values) < 2 or not (varies(values) or np.any(values != 0)):
            problem = "no change in any" if len(values) >= 2 else "two are needed"
            msg = (
                f"{one.outcome}, {contrast}: {len(values)} {label}(s) have both "
                f"visits ({problem})"
            )
            raise DesignError(msg)


def _difference(
    one: OutcomeByVisit,
    groups: dict[str, NDArray[np.float64]],
    test: str,
    confidence: float,
) -> dict[str, Any]:
    first, second = groups[RESPONDER], groups[NON_RESPONDER]
    if test == "wilcoxon":
        ranks = rank_sum(first, second)
        shift = shift_between(first, second, confidence)
        return {
            "estimate": shift.estimate,
            "low": shift.low,
            "high": shift.high,
            "statistic": ranks.statistic,
            "df": float("nan"),
            "p": ranks.p,
            "smallest_p": ranks.smallest_p,
            "exact": ranks.exact,
        }
    found = welch(first, second, confidence)
    if found is None or not (varies(first) and varies(second)):
        msg = (
            f"{one.outcome}: the changes do not vary within responders or within "
            f"non-responders, so that nothing tells how sure they are"
        )
        raise DesignError(msg)
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "statistic": found.t,
        "df": found.df,
        "p": found.p,
    }
