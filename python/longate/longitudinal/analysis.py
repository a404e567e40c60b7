"""Return whether a value changed over time differently in responders."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from typing import TYPE_CHECKING, Any

from longate._validation import table_of
from longate.exceptions import DesignError
from longate.longitudinal.contrast import Contrast, Options, contrast_of, untested
from longate.longitudinal.design import Design, read_design
from longate.longitudinal.estimand import (
    ALL_OTHERS,
    Estimand,
    default_estimand,
)
from longate.longitudinal.intercurrent import set_aside
from longate.longitudinal.labels import match_labels, read_labels, refuse_circular
from longate.longitudinal.measure import Measure
from longate.longitudinal.participant_flow import trajectories_of
from longate.longitudinal.result import ResponderAnalysis
from longate.longitudinal.sentences import assumptions_of, limits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.longitudinal.labels import Labels

_COLUMNS = [
    *("outcome", "estimate", "low", "high", "df", "t", "p", "p_adjusted", "test"),
    *("n_responder", "n_non_responder", "scale"),
    *("ratio", "ratio_low", "ratio_high"),
    *("permutation_p", "permutation_p_adjusted"),
    *("permutation_low", "permutation_high"),
    *("permutation_smallest_p", "smallest_p_times_family", "permutation_allocations"),
    *("baseline_difference", "baseline_low", "baseline_high"),
    *("smallest_effect_sd", "smallest_effect", "problem", "run_id"),
]

_ANY = Estimand("any", "any", "any", {ALL_OTHERS: "treatment policy"}, "any")


def responder_analysis(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    by: str | Sequence[str] | None = None,
    family: Sequence[str] | None = None,
    baseline: object = None,
    last: object = None,
    scale: str = "identity",
    covariates: Sequence[str] = (),
    landmark: object = None,
    estimand: Estimand | None = None,
    disposition: object = None,
    models: bool = True,
    confidence: float = 0.95,
    circular: str = "refused",
    seed: int = 2012,
    unmatched: str = "error",
    visit_order: Sequence[object] | None = None,
) -> ResponderAnalysis:
    r"""Compare changes from baseline between responders and non-responders.

    The estimand is the between-group difference in change from baseline,

    .. math:: E[Y_{last} - Y_{baseline} \mid R] - E[Y_{last} - Y_{baseline} \mid N],

    by Welch's t of the patients' changes, over the classifiable patients with
    both visits. With fewer than four patients in a group there is no t test: the
    interval covers whatever the variances, and the exact permutation p is beside
    it. Tagged sensitivity are the exact permutation of labels with the
    Welch-studentised statistic, worst-case and best-case labels of the
    unclassifiable, the range when one patient is left out, models of all visits
    (MMRM and random intercept with Kenward-Roger, ANCOVA, counts where the value is
    k of n), and imputed drop-out with its tipping point. Changes within groups are
    described by intervals and never tested.

    Parameters
    ----------
    data : DataFrame, or an object with a ``.table``
        Tidy: ``patient``, ``visit`` and the value's column(s), one row per
        patient and visit (and level of `by`). Missing values are allowed.
    response : DataFrame, or an object with a ``.table``
        ``patient`` and ``label`` (responder, non-responder, unclassifiable).
    value : str or (str, str)
        The column to analyse, or the counts (k, n) with ``scale="logit"``.
    by : str or sequence of str, optional
        Column(s) whose levels are outcomes of one declared family, adjusted
        together by Benjamini-Hochberg.
    family : sequence of str, optional
        The levels of `by` that were declared; by default all.
    baseline, last : visit, optional
        The visits to compare; by default the first and the last.
    scale : {"identity", "log", "logit", "fraction"}
        The scale of analysis; log and logit report ratios too. An outcome with
        fewer than five events per sample in a group at a visit is analysed as a
        fraction instead of log odds, which ``.limits`` says.
    covariates : sequence of str
        Declared columns of the data that enter the mixed models, each with an own
        effect at every visit; the primary analysis does not use them.
    landmark : DataFrame, or an object with a ``.table``, optional
        Labels from what happened after `last`, as one more sensitivity analysis.
    estimand : Estimand, optional
        The quantity to estimate; by default treatment policy for all intercurrent
        events. Values after events with the strategy "hypothetical" are set aside.
    disposition : DataFrame, or an object with a ``.table``, optional
        Who stopped treatment, when and why: ``patient, last_dose, stop_date,
        reason``; the intercurrent events of the estimand. The data then need a
        column ``date`` where a strategy is hypothetical.
    models : bool
        Whether to fit the models of all visits; off, only what needs none.
    confidence : float
        Of all intervals, above 0 and below 1.
    circular : {"refused", "allowed"}
        What to do with labels that were derived from `value` itself.
    seed : int
        Of the sampled allocations where there are more than 10^6.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no data, or data and no label;
        who is dropped stands in ``.limits`` by name.
    visit_order : sequence of visits, optional
        Every visit, first to last; by default that of an ordered categorical, or of
        the numbers in the names.

    Returns
    -------
    ResponderAnalysis
        Tables ``table``, ``groups``, ``changes``, ``trajectories``,
        ``sensitivity``, ``participant_flow``, and sentences ``limits``,
        ``assumptions``.

    Raises
    ------
    DesignError
        If a group has fewer than two patients with both visits, nothing varies,
        patient-visits repeat, values are not numbers, or labels are circular.
        Within a family, an outcome that cannot be tested is kept with its
        ``problem``; it is an error where none can.

    References
    ----------
    Welch 1947, doi:10.1093/biomet/34.1-2.28. Janssen 1997,
    doi:10.1016/S0167-7152(97)00043-6. Benjamini and Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x. On why groups are not tested apart:
    Gelman and Stern 2006, doi:10.1198/000313006X152649.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {"patient": list("ABCDEF") * 2, "visit": [0] * 6 + [12] * 6,
    ...      "index": [.70, .72, .69, .71, .73, .68, .78, .77, .76, .72, .72, .70]}
    ... )
    >>> response = pd.DataFrame(
    ...     {"patient": list("ABCDEF"),
    ...      "label": ["responder"] * 3 + ["non-responder"] * 3}
    ... )
    >>> result = responder_analysis(data, response, value="index")
    >>> round(float(result.table["estimate"][0]), 4)
    0.06
    """
    _check_options(confidence, seed)
    measure = Measure.of(value, scale)
    labels = read_labels(response, unmatched=unmatched)
    is_circular = refuse_circular(labels, measure.columns, circular)
    if estimand is not None and not isinstance(estimand, Estimand):
        msg = f"estimand must be an Estimand, got {type(estimand).__name__}"
        raise DesignError(msg)
    stated = estimand or _ANY
    values, events = set_aside(data, measure.columns, stated, disposition)
    design = read_design(
        values,
        labels,
        measure,
        by=by,
        family=family,
        baseline=baseline,
        last=last,
        covariates=covariates,
        visit_order=visit_order,
    )
    options = Options(
        confidence=confidence,
        seed=seed,
        models=models,
        covariates=tuple(covariates),
        landmark=_landmark(landmark, unmatched, design),
    )
    if estimand is None:
        estimand = default_estimand(
            measure.name, design.baseline, design.last, labels.rule, measure.scale
        )
    contrasts = _contrasts(design, options)
    provenance = _provenance(data, design, confidence, seed, by, estimand)
    table = _table(contrasts, provenance["run_id"])
    return ResponderAnalysis(
        table=table,
        groups=_rows(contrasts, "groups"),
        changes=_rows(contrasts, "changes"),
        trajectories=trajectories_of(design),
        sensitivity=_rows(contrasts, "sensitivity"),
        participant_flow=_rows(contrasts, "participant_flow"),
        limits=(
            *events,
            *limits_of(table, design, confidence, circular=is_circular),
            *(options.landmark.limits if options.landmark else ()),
        ),
        assumptions=assumptions_of(design, confidence),
        provenance=provenance,
        design=design,
        estimand=estimand,
        confidence=confidence,
    )


def _landmark(landmark: object, unmatched: str, design: Design) -> Labels | None:
    """Return the labels after a landmark, matched with the data as the others are."""
    if landmark is None:
        return None
    labels = read_labels(landmark, unmatched=unmatched)
    patients = design.observations["patient"]
    return match_labels(labels, patients, "the data (landmark labels)")


def _check_options(confidence: float, seed: int) -> None:
    if not 0 < confidence < 1:
        msg = f"confidence must be above 0 and below 1 (e.g. 0.95), got {confidence!r}"
        raise DesignError(msg)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        msg = f"seed must be a whole number from 0 to 2^64 - 1, got {seed!r}"
        raise DesignError(msg)


def _contrasts(design: Design, options: Options) -> list[Contrast]:
    """Analyse every outcome; in a family, one failure does not stop the others."""
    if len(design.outcomes) == 1:
        outcome = design.outcomes[0]
        return [contrast_of(design, outcome, options)]
    found, problems = [], []
    for outcome in design.outcomes:
        try:
            one = contrast_of(design, outcome, options)
        except DesignError as error:
            problems.append(str(error))
            one = untested(design, outcome, str(error))
        found.append(one)
    if len(problems) == len(found):
        msg = (
            f"none of the {len(found)} outcomes can be tested. The first: {problems[0]}"
        )
        raise DesignError(msg)
    return found


def _table(contrasts: list[Contrast], run_id: str) -> pd.DataFrame:
    """Join the outcomes' rows and adjust over those that were tested."""
    import pandas as pd
    from scipy.stats import false_discovery_control

    table = pd.DataFrame([contrast.row for contrast in contrasts])
    for column in ("p", "permutation_p"):
        tested = table[column].notna()
        adjusted = pd.Series(float("nan"), index=table.index)
        if tested.any():
            adjusted[tested] = false_discovery_control(table.loc[tested, column])
        table[f"{column}_adjusted"] = adjusted
    table["smallest_p_times_family"] = table["permutation_smallest_p"] * int(
        tested.sum()
    )
    table["permutation_allocations"] = table["permutation_allocations"].astype("Int64")
    table["run_id"] = run_id
    return table[_COLUMNS]


def _rows(contrasts: list[Contrast], name: str) -> pd.DataFrame:
    import pandas as pd

    parts = [getattr(contrast, name) for contrast in contrasts]
    if name == "changes":
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame([row for part in parts for row in part])


def _provenance(
    data: object,
    design: Design,
    confidence: float,
    seed: int,
    by: str | Sequence[str] | None,
    estimand: Estimand,
) -> dict[str, Any]:
    frame = table_of(data, "the data", DesignError)
    sources = {
        column: sorted(set(frame[column].dropna().astype(str)))
        for column in ("run_id", "scheme")
        if column in frame
    }
    values = design.observations.to_csv(index=False).encode()
    labels = json.dumps(dict(design.labels.by_patient), sort_keys=True).encode()
    found: dict[str, Any] = {
        "analysis": "longate.longitudinal.responder_analysis",
        "sources": sources,
        "value": list(design.measure.columns),
        "scale": design.measure.scale,
        "by": [by] if isinstance(by, str) else list(by or []),
        "outcomes": list(design.outcomes),
        "visits": list(design.order.names),
        "order": design.order.basis,
        "baseline": design.baseline,
        "last": design.last,
        "rule": design.labels.rule,
        "estimand": str(estimand),
        "confidence": confidence,
        "seed": seed,
        "values_sha256": hashlib.sha256(values).hexdigest(),
        "labels_sha256": hashlib.sha256(labels).hexdigest(),
        "versions": {
            name: _version(name) for name in ("longate", "numpy", "pandas", "scipy")
        },
    }
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode())
    return found | {"run_id": digest.hexdigest()[:12]}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
