"""Effect sizes of the difference in change between responders and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.classical.outcome_by_visit import (
    OutcomeByVisit,
    over_outcomes,
    read_pairs,
)
from longate.longitudinal.classical.paired import check_confidence
from longate.longitudinal.effects.ordinal import cliffs_delta, hodges_lehmann
from longate.longitudinal.effects.standardised import hedges_g
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.ties import difference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import pandas as pd

    from longate.longitudinal.labels import Labels


def effect_sizes(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    pairs: Sequence[tuple[object, object]] | None = None,
    by: str | Sequence[str] | None = None,
    scale: str = "identity",
    confidence: float = 0.95,
    circular: str = "refused",
    unmatched: str = "error",
    visit_order: Sequence[object] | None = None,
) -> pd.DataFrame:
    """Effect sizes of the difference in change, each with its interval.

    Parameters
    ----------
    data, value, pairs, by, scale, confidence
        As in :func:`longate.longitudinal.classical.paired_t`.
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
        Three rows per outcome and pair of visits: ``outcome``, ``test`` (always
        "effect size"), ``contrast``, ``effect`` (Hedges' g in pooled standard
        deviations of change; Cliff's delta; the Hodges-Lehmann shift in the
        units of the scale), ``estimate``, ``low``, ``high``, ``method``,
        ``n_responder``, ``n_non_responder``, ``problem``.

    Raises
    ------
    DesignError
        If the data are malformed, a group has fewer than two patients with both
        visits, or labels are circular.

    References
    ----------
    Hedges 1981, doi:10.3102/10769986006002107. Cliff 1993,
    doi:10.1037/0033-2909.114.3.494. Hodges and Lehmann 1963,
    doi:10.1214/aoms/1177704172.
    """
    from longate.longitudinal.result_table import with_limits

    check_confidence(confidence)
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
        outcomes, "effect size", lambda one: _rows(one, labels, confidence)
    )
    return with_limits(table, design.limits)


def _rows(
    one: OutcomeByVisit, labels: Labels, confidence: float
) -> list[dict[str, Any]]:
    rows = []
    for start, end in one.pairs:
        whole, _ = one.complete([start, end])
        changes = difference(whole[end], whole[start])
        label = np.array([labels.by_patient.get(name, "") for name in whole.index])
        first, second = changes[label == RESPONDER], changes[label == NON_RESPONDER]
        for measure in (hedges_g, cliffs_delta, hodges_lehmann):
            effect = measure(first, second, confidence=confidence)
            rows.append(
                {
                    "contrast": f"{end} - {start}",
                    "effect": effect.name,
                    "estimate": effect.estimate,
                    "low": effect.low,
                    "high": effect.high,
                    "method": effect.method,
                    "n_responder": len(first),
                    "n_non_responder": len(second),
                }
            )
    return rows
