"""How well a value tells responders from non-responders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.exceptions import DesignError
from longate.longitudinal.classical.paired import check_confidence
from longate.longitudinal.effects.cross_section import read_cross_section
from longate.longitudinal.effects.ordinal import auc_interval
from longate.longitudinal.ranks import rank_sum

if TYPE_CHECKING:
    import pandas as pd


def auc(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    visit: object,
    by: str | None = None,
    scale: str = "identity",
    interval: str = "inversion",
    confidence: float = 0.95,
    circular: str = "refused",
    unmatched: str = "error",
) -> pd.DataFrame:
    r"""Area under the ROC curve of a value, with the exact permutation p.

    .. math:: A = P(X_R > X_N) + P(X_R = X_N)/2

    The direction is fixed: areas below 1/2 mean that responders lie lower. The p
    counts all allocations of these values, ties included. No cut-off is chosen:
    at such n it would not hold in other patients. A marker that was chosen among
    several needs :func:`best_marker`.

    Parameters
    ----------
    data : DataFrame, or an object with a ``.table``
        Tidy: ``patient``, ``visit`` and the value's column(s).
    response : DataFrame, or an object with a ``.table``
        ``patient`` and ``label``; the unclassifiable are left out.
    value, scale
        As in :func:`longate.longitudinal.responder_analysis`.
    visit : visit or (visit, visit)
        When the value was taken; a pair (earlier, later) takes the change.
    by : str, optional
        A column whose levels are outcomes.
    interval : {"inversion", "logit", "delong"}
        As in :func:`auc_interval`; DeLong's is refused below 10 per group.
    confidence : float
        Of the interval.
    circular : {"refused", "allowed"}
        What to do with labels that were derived from `value` itself.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no data, or data and no label;
        who is dropped stands in ``.limits`` by name.

    Returns
    -------
    DataFrame
        One row per outcome: ``outcome``, ``visit``, ``n_responder``,
        ``n_non_responder``, ``auc``, ``low``, ``high``, ``interval``, ``p``,
        ``smallest_p`` (the smallest p of these values), ``exact``, ``timing``
        (whether the value precedes the labels).

    Raises
    ------
    DesignError
        If the data are malformed, a group is empty, or labels are circular.

    References
    ----------
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747. Newcombe 2006,
    doi:10.1002/sim.2324.
    """
    import pandas as pd

    from longate.longitudinal.result_table import with_limits

    check_confidence(confidence)
    section = read_cross_section(
        data,
        response,
        value=value,
        visit=visit,
        by=by,
        scale=scale,
        circular=circular,
        unmatched=unmatched,
    )
    rows = []
    for outcome in section.wide.columns:
        first, second = section.groups(outcome)
        if min(len(first), len(second)) == 0:
            msg = (
                f"{outcome}: {len(first)} responder(s) and {len(second)} "
                f"non-responder(s) have a value at {section.when}; each group needs one"
            )
            raise DesignError(msg)
        effect = auc_interval(first, second, interval=interval, confidence=confidence)
        test = rank_sum(first, second)
        rows.append(
            {
                "outcome": outcome,
                "visit": section.when,
                "n_responder": len(first),
                "n_non_responder": len(second),
                "auc": effect.estimate,
                "low": effect.low,
                "high": effect.high,
                "interval": effect.method,
                "p": test.p,
                "smallest_p": test.smallest_p,
                "exact": test.exact,
                "timing": section.timing,
            }
        )
    return with_limits(pd.DataFrame(rows), section.limits)
