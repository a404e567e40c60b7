"""Multiple imputation as an analysis by itself: at random, or shifted by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import DesignError
from longate.longitudinal.design import read_design
from longate.longitudinal.dropout import pooled, shifted
from longate.longitudinal.joint_imputation import IMPUTATIONS, Cohort, impute
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.measure import Measure

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("missing at random",)
_REFERENCE = (
    "jump to reference",
    "copy reference",
    "copy increments in reference",
    "reference",
)


def multiple_imputation(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    method: str = "missing at random",
    delta: Mapping[str, float] | None = None,
    baseline: object = None,
    last: object = None,
    scale: str = "identity",
    confidence: float = 0.95,
    circular: str = "refused",
    unmatched: str = "error",
    seed: int = 2012,
) -> pd.DataFrame:
    """Estimate the difference in change with unseen changes imputed.

    From all visits by one joint normal model, missing labels together with the
    values, 200 times; each completed data set is analysed as the primary is, and
    pooled by Rubin's rules with the degrees of freedom of Barnard and Rubin.

    Parameters
    ----------
    data, response, value, baseline, last, scale, confidence, circular, unmatched
        As of :func:`longate.longitudinal.responder_analysis`.
    method : {"missing at random"}
        Reference-based methods need a control arm, which groups made of response
        do not have; they are refused.
    delta : mapping of str to float, optional
        What is added to the unseen changes of a label, on the scale of analysis,
        e.g. ``{"non-responder": -0.02}``; 0 where not named.
    seed : int
        Of the imputations.

    Returns
    -------
    DataFrame
        One row: ``outcome, method, delta_responder, delta_non_responder, estimate,
        low, high, df, t, p, n_imputed`` (unseen changes), ``n_unlabelled``,
        ``n_responder, n_non_responder`` (means over the imputations),
        ``imputations``.

    Raises
    ------
    DesignError
        If the method is reference-based or unknown, a label of `delta` is unknown,
        or too few patients are seen to impute.

    References
    ----------
    Carpenter, Roger and Kenward 2013 (reference-based imputation),
    doi:10.1080/10543406.2013.834911. Cro et al. 2020 (delta), doi:10.1002/sim.8569.
    """
    import pandas as pd

    _check_method(method)
    shift = _deltas(delta)
    measure = Measure.of(value, scale)
    labels = read_labels(response, unmatched=unmatched)
    refuse_circular(labels, measure.columns, circular)
    design = read_design(
        data, labels, measure, by=None, family=None, baseline=baseline, last=last
    )
    outcome = design.outcomes[0]
    cohort = Cohort.of(design, outcome)
    imputed = impute(cohort, np.random.default_rng(seed))
    found = (
        None
        if imputed is None
        else pooled(
            shifted(imputed, shift[RESPONDER], shift[NON_RESPONDER]), confidence
        )
    )
    if imputed is None or found is None:
        msg = (
            f"{outcome}: {int((cohort.changed & cohort.labelled).sum())} labelled "
            f"patients have both visits, too few to estimate the covariance of "
            f"{cohort.values.shape[1]} visits; nothing can be imputed"
        )
        raise DesignError(msg)
    names = ("estimate", "low", "high", "df", "t", "p")
    row = {
        "outcome": outcome,
        "method": method,
        "delta_responder": shift[RESPONDER],
        "delta_non_responder": shift[NON_RESPONDER],
        **{name: getattr(found, name) for name in names},
        "n_imputed": int((~cohort.changed).sum()),
        "n_unlabelled": int((~cohort.labelled).sum()),
        "n_responder": float(imputed.responder.sum(axis=1).mean()),
        "n_non_responder": float((~imputed.responder).sum(axis=1).mean()),
        "imputations": IMPUTATIONS,
    }
    return pd.DataFrame([row])


def _check_method(method: str) -> None:
    if method in _REFERENCE:
        msg = (
            f"method={method!r} imputes as if patients had been in a control arm; "
            f"groups made of response have none, and non-responders are no reference "
            f"for responders. Use delta= to shift unseen changes"
        )
        raise DesignError(msg)
    if method not in METHODS:
        msg = (
            f"method={method!r} is not known; {listed(METHODS)} is"
            f"{suggest(str(method), METHODS)}"
        )
        raise DesignError(msg)


def _deltas(delta: Mapping[str, float] | None) -> dict[str, float]:
    found = {RESPONDER: 0.0, NON_RESPONDER: 0.0}
    if delta is None:
        return found
    if not isinstance(delta, Mapping):
        msg = f"delta maps labels to shifts, e.g. {{'responder': -0.1}}; got {delta!r}"
        raise DesignError(msg)
    for label, size in delta.items():
        if label not in found or not np.isfinite(size):
            msg = (
                f"delta has {label!r}: {size!r}; it takes finite shifts of "
                f"{listed(found)}{suggest(str(label), found)}"
            )
            raise DesignError(msg)
        found[label] = float(size)
    return found
