"""Other ways to the same difference, tagged sensitivity: models, drop-out, landmark.

Each row stands or fails by itself: a model that cannot be fitted says why, and the
others are delivered. Disagreement is shown, never resolved by choice.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal import ancova as covariance
from longate.longitudinal.counts import beta_binomial, binomial
from longate.longitudinal.design import changes_of
from longate.longitudinal.dropout import LARGEST, dropout_of
from longate.longitudinal.labels import NON_RESPONDER, RESPONDER
from longate.longitudinal.mixed import random_intercept, unstructured
from longate.longitudinal.welch import welch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from longate.longitudinal.design import Changes, Design
    from longate.longitudinal.dropout import Tipping
    from longate.longitudinal.labels import Labels
    from longate.longitudinal.welch import Estimate


def modelled_rows(
    design: Design,
    outcome: str,
    changes: Changes,
    *,
    covariates: Sequence[str],
    landmark: Labels | None,
    confidence: float,
    seed: int,
) -> list[dict[str, object]]:
    """Return the rows that models of one outcome add to its sensitivity analyses.

    Parameters
    ----------
    design : Design
        What is compared.
    outcome : str
        Which outcome.
    changes : Changes
        Its changes from baseline.
    covariates : sequence of str
        Declared columns that enter mixed models with an own effect at each visit.
    landmark : Labels, optional
        Labels from what happened after the last visit that is compared.
    confidence : float
        Of intervals.
    seed : int
        Of imputations.
    """
    table = _long(design, outcome)
    columns = {"value": "analysed", "baseline": design.baseline, "last": design.last}
    shared: dict[str, Any] = {**columns, "covariates": covariates}
    shared["confidence"] = confidence
    with_covariates = f", with {', '.join(covariates)} x visit" if covariates else ""
    rows = [
        _fitted(
            f"MMRM, unstructured covariance, Kenward-Roger{with_covariates}",
            partial(unstructured.difference_in_change, table, **shared),
            _UNEQUAL.format("8.4 to 10.1"),
        )
    ]
    for df, words in (
        ("kenward-roger", "Kenward-Roger"),
        ("satterthwaite", "Satterthwaite"),
    ):
        rows.append(
            _fitted(
                f"random intercept, {words}{with_covariates}",
                partial(random_intercept.difference_in_change, table, **shared, df=df),
                _UNEQUAL.format("7.8 to 9.7"),
            )
        )
    rows.append(_ancova(changes, confidence))
    if len(design.measure.columns) == 2:
        rows += _counts(design, outcome, confidence)
    rows += _dropout(design, outcome, confidence, seed)
    if landmark is not None:
        rows.append(_landmark(design, outcome, landmark, confidence))
    return [
        {"outcome": outcome, "tag": _tag(str(row["analysis"]))} | row for row in rows
    ]


_UNEQUAL = (
    "equal variances are assumed: by Monte Carlo at 5 against 7 it rejects in {} % of "
    "studies where responders vary two to three times as much"
)
# Nine adaptive nodes give estimates within 1e-4 of those of 21, four times as fast.
_NODES = 9
_OTHER_ESTIMANDS = ("ANCOVA", "binomial", "beta-binomial", "landmark labels")


def _tag(analysis: str) -> str:
    """Return supplementary where an analysis aims at another estimand.

    ANCOVA compares patients of equal baseline, count models give conditional odds
    ratios, and landmark labels make other groups (ICH E9(R1), A.5.3).
    """
    other = analysis.startswith(_OTHER_ESTIMANDS)
    return "supplementary" if other else "sensitivity"


def _long(design: Design, outcome: str) -> pd.DataFrame:
    """Return one outcome with labels and the columns it came with."""
    own = design.observations["outcome"] == outcome
    table = design.observations[own].astype({"visit": str})
    keys = ["outcome", "patient", "visit"]
    table = table.merge(design.source, on=keys, how="left", validate="1:1")
    return table.assign(response=table["patient"].map(dict(design.labels.by_patient)))


def _fitted(analysis: str, fit: Callable[[], Any], note: str = "") -> dict[str, object]:
    nan = float("nan")
    row: dict[str, object] = {"analysis": analysis}
    try:
        found = fit()
    except DesignError as error:
        none = dict.fromkeys(("estimate", "low", "high", "p"), nan)
        groups = dict.fromkeys(("n_responder", "n_non_responder"), 0)
        return row | none | groups | {"note": f"not fitted: {error}"}
    names = ("estimate", "low", "high", "p", "n_responder", "n_non_responder")
    row |= {name: getattr(found, name) for name in names}
    return row | {"note": "; ".join(words for words in (*found.notes, note) if words)}


def _ancova(changes: Changes, confidence: float) -> dict[str, object]:
    decided = changes.table[changes.table["in_primary"]]
    responder = (decided["label"] == RESPONDER).to_numpy()
    found = covariance.ancova(
        decided["last"].to_numpy(float),
        decided["baseline"].to_numpy(float),
        responder,
        confidence,
    )
    names = ("estimate", "low", "high", "p")
    return {
        "analysis": "ANCOVA, last visit adjusted for baseline",
        **{name: getattr(found, name, float("nan")) for name in names},
        "n_responder": int(responder.sum()),
        "n_non_responder": int((~responder).sum()),
        "note": covariance.NOTE if found else "not fitted: baselines do not vary",
    }


def _counts(design: Design, outcome: str, confidence: float) -> list[dict[str, object]]:
    """Count models of k of n, where the outcome is a fraction."""
    k, n = design.measure.columns
    table = _long(design, outcome)
    labels = table[["patient", "response"]].drop_duplicates().dropna()
    labels = labels.rename(columns={"response": "label"})
    options: Mapping[str, Any] = {
        "k": k,
        "size": n,
        "baseline": design.baseline,
        "last": design.last,
        "confidence": confidence,
        "nodes": _NODES,
    }
    models = {
        "binomial, patient and sample effects": binomial,
        "beta-binomial, patient effect": beta_binomial,
    }
    note = (
        "log odds; counts as they are, with overdispersion; with few patients p is too "
        "small (by Monte Carlo at 5 against 7 it rejects in 9 to 18 % of studies)"
    )
    return [
        _fitted(
            name,
            partial(model.difference_in_change, table, labels, **options),
            note,
        )
        for name, model in models.items()
    ]


def _dropout(
    design: Design, outcome: str, confidence: float, seed: int
) -> list[dict[str, object]]:
    """Rows of imputed drop-out, tipping points, and labels of the unclassifiable."""
    found = dropout_of(design, outcome, confidence=confidence, seed=seed)
    if found is None:
        return []
    used = (
        f"{found.n_imputed} unseen changes and {found.n_unlabelled} missing labels "
        f"imputed from all visits"
    )
    n = {
        "n_responder": round(found.n_responder),
        "n_non_responder": round(found.n_non_responder),
    }
    if found.n_unlabelled:
        used += (
            f"; {found.n_responder:.1f} responders and {found.n_non_responder:.1f} "
            f"non-responders on average"
        )
    rows = [
        _imputed_row("multiple imputation, missing at random", found.at_random, used, n)
    ]
    for name, whose, one in (
        ("tipping point", "unseen changes", found.tipping),
        ("tipping point of responders", "responders' unseen", found.tipping_responders),
        ("tipping point of non-responders", "others' unseen", found.tipping_others),
    ):
        words = _tipping_words(one, whose)
        rows.append(
            _imputed_row(f"multiple imputation, {name}", one.estimate, words, n)
        )
    unknown = (
        f"{found.n_unlabelled} unclassifiable with a value, unseen changes imputed"
    )
    for name, (estimate, first, second) in found.by_labels.items():
        sizes = {"n_responder": first, "n_non_responder": second}
        rows.append(_imputed_row(name, estimate, unknown, sizes))
    return rows


def _imputed_row(
    analysis: str, found: Estimate | None, note: str, sizes: dict[str, int]
) -> dict[str, object]:
    names = ("estimate", "low", "high", "p")
    numbers = {name: getattr(found, name, float("nan")) for name in names}
    return {"analysis": analysis, **numbers, **sizes, "note": note}


def _tipping_words(tipping: Tipping, whose: str) -> str:
    if np.isnan(tipping.shift):
        return (
            f"no shift of {whose} up to {LARGEST:g} SD of change moves the interval "
            f"to 0"
        )
    if tipping.shift == 0:
        return "the interval holds 0 without any shift"
    return (
        f"{whose} {tipping.shift:g} SD of change worse than missing at random would "
        f"move the interval to 0"
    )


def _landmark(
    design: Design, outcome: str, landmark: Labels, confidence: float
) -> dict[str, object]:
    changes = changes_of(replace(design, labels=landmark), outcome)
    first, second = changes.group(RESPONDER), changes.group(NON_RESPONDER)
    found = welch(first, second, confidence)
    names = ("estimate", "low", "high", "p")
    return {
        "analysis": "landmark labels, Welch t of the changes",
        **{name: getattr(found, name, float("nan")) for name in names},
        "n_responder": len(first),
        "n_non_responder": len(second),
        "note": f"labels by {landmark.rule}" if found else "a group is too small",
    }
