"""One outcome: the difference in change, and all that stands beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.design import changes_of
from longate.longitudinal.exact import permutation
from longate.longitudinal.labels import NON_RESPONDER, RESPONDER, UNCLASSIFIABLE
from longate.longitudinal.modelled import modelled_rows
from longate.longitudinal.participant_flow import participant_flow_of
from longate.longitudinal.power import smallest_effect
from longate.longitudinal.sensitivity import sensitivity_of
from longate.longitudinal.welch import (
    FEWEST_FOR_TEST,
    FLAT,
    Estimate,
    group_difference,
    mean_interval,
    welch,
)

if TYPE_CHECKING:
    import pandas as pd

    from longate.longitudinal.design import Changes, Design
    from longate.longitudinal.exact import Permutation
    from longate.longitudinal.labels import Labels

DIFFERENCE = "difference (responder - non-responder)"
WELCH = "Welch t"
TOO_FEW = "none: too few patients for a test"


@dataclass(frozen=True, eq=False)
class Options:
    """How to analyse, the same for every outcome.

    Attributes
    ----------
    confidence : float
        Of all intervals.
    seed : int
        Of sampled allocations and imputations.
    models : bool
        Whether models of all visits stand beside the primary analysis.
    covariates : tuple of str
        What enters these models.
    landmark : Labels, optional
        Labels from what happened after the visits that are compared.
    """

    confidence: float
    seed: int
    models: bool = True
    covariates: tuple[str, ...] = ()
    landmark: Labels | None = None


@dataclass(frozen=True, eq=False)
class Contrast:
    """The rows that one outcome gives to each table of the result."""

    row: dict[str, object]
    changes: pd.DataFrame
    participant_flow: list[dict[str, object]]
    groups: list[dict[str, object]] = field(default_factory=list)
    sensitivity: list[dict[str, object]] = field(default_factory=list)


def contrast_of(design: Design, outcome: str, options: Options) -> Contrast:
    """Analyse one outcome.

    Raises
    ------
    DesignError
        If a group has fewer than two patients with both visits, or nothing
        varies.
    """
    confidence = options.confidence
    changes = changes_of(design, outcome)
    first, second = changes.group(RESPONDER), changes.group(NON_RESPONDER)
    _require_groups(design, outcome, changes)
    _require_events(design, outcome)
    primary = group_difference(first, second, confidence)
    if primary is None:
        msg = (
            f"{outcome}: the changes from {design.baseline} to {design.last} do not "
            f"vary within responders nor within non-responders "
            f"({_spread(first)} and {_spread(second)}), so nothing tells how sure "
            f"their difference is; are the values rounded, or copied?"
        )
        raise DesignError(msg)
    exact = permutation(first, second, confidence=confidence, seed=options.seed)
    sensitivity = sensitivity_of(outcome, changes, primary, exact, confidence)
    if options.models:
        sensitivity += modelled_rows(
            design,
            outcome,
            changes,
            covariates=options.covariates,
            landmark=options.landmark,
            confidence=confidence,
            seed=options.seed,
        )
    row = _row(design, outcome, changes, primary, exact, confidence)
    return Contrast(
        row=row,
        changes=changes.table,
        participant_flow=participant_flow_of(design, outcome, changes),
        groups=_groups(design, outcome, changes, primary, confidence),
        sensitivity=sensitivity,
    )


def untested(design: Design, outcome: str, problem: str) -> Contrast:
    """Return what is known of an outcome that cannot be tested, and why."""
    changes = changes_of(design, outcome)
    row = {
        "outcome": outcome,
        "scale": design.measure_of(outcome).scale,
        "n_responder": len(changes.group(RESPONDER)),
        "n_non_responder": len(changes.group(NON_RESPONDER)),
        "problem": problem,
    }
    return Contrast(row, changes.table, participant_flow_of(design, outcome, changes))


def _require_events(design: Design, outcome: str) -> None:
    """Refuse an outcome in which nothing was ever counted, or nothing else."""
    if outcome not in design.scarcity:
        return
    fractions = design.of(outcome).to_numpy(float)
    seen = fractions[~np.isnan(fractions)]
    if len(seen) and (np.all(seen == 0) or np.all(seen == 1)):
        what = "no event" if seen[0] == 0 else "nothing but events"
        msg = (
            f"{outcome}: {what} in any of {len(seen)} samples "
            f"({'; '.join(design.scarcity[outcome].empty)}), so there is neither an "
            f"effect nor a test. The numbers of events looked at bound the fraction: "
            f"see clopper_pearson in longate.statistics"
        )
        raise DesignError(msg)


def _spread(values: np.ndarray) -> str:
    return f"{len(values)} patients, all {values[0]:.4g}"


def _require_groups(design: Design, outcome: str, changes: Changes) -> None:
    for label in (RESPONDER, NON_RESPONDER):
        n = len(changes.group(label))
        if n >= 2:
            continue
        found = "no" if n == 0 else "a single"
        labelled = design.labels.patients(label)
        found_in = set(changes.patients(label))
        lost = [name for name in labelled if name not in found_in]
        why = (
            f"{len(labelled)} labelled, without both visits: {', '.join(lost)}"
            if lost
            else f"{len(labelled)} labelled"
        )
        advice = (
            "Another last= or the visits' names may be what is meant"
            if len(labelled) >= 2
            else "Groups cannot be compared with these labels; changes by visit can "
            'still be described, e.g. mixed_model("value ~ visit", ...)'
        )
        msg = (
            f"{outcome}: {found} {label} has a value at both {design.baseline!r} and "
            f"{design.last!r} ({why}); Welch's t needs at least two in each group. "
            f"{advice}"
        )
        raise DesignError(msg)


def _row(
    design: Design,
    outcome: str,
    changes: Changes,
    primary: Estimate,
    exact: Permutation,
    confidence: float,
) -> dict[str, object]:
    first, second = changes.group(RESPONDER), changes.group(NON_RESPONDER)
    n, m = len(first), len(second)
    start = _baseline_difference(changes, confidence)
    within = (first.var(ddof=1) * (n - 1) + second.var(ddof=1) * (m - 1)) / (n + m - 2)
    in_sd = smallest_effect(n, m, alpha=1 - confidence)
    ratio = math.exp if design.measure_of(outcome).ratio else lambda _: math.nan
    return {
        "outcome": outcome,
        "estimate": primary.estimate,
        "low": primary.low,
        "high": primary.high,
        "df": primary.df,
        "t": primary.t,
        "p": primary.p,
        "n_responder": n,
        "n_non_responder": m,
        "scale": design.measure_of(outcome).scale,
        "test": WELCH if min(n, m) >= FEWEST_FOR_TEST else TOO_FEW,
        "ratio": ratio(primary.estimate),
        "ratio_low": ratio(primary.low),
        "ratio_high": ratio(primary.high),
        "permutation_p": exact.p,
        "permutation_low": exact.low,
        "permutation_high": exact.high,
        "permutation_smallest_p": exact.smallest_p,
        "permutation_allocations": exact.allocations,
        "baseline_difference": start.estimate,
        "baseline_low": start.low,
        "baseline_high": start.high,
        "smallest_effect_sd": in_sd,
        "smallest_effect": in_sd * math.sqrt(within),
        "problem": "",
    }


def _baseline_difference(changes: Changes, confidence: float) -> Estimate:
    first = changes.group(RESPONDER, "baseline")
    second = changes.group(NON_RESPONDER, "baseline")
    found = welch(first, second, confidence)
    if found is not None:
        return found
    difference = float(first.mean() - second.mean())
    if abs(difference) <= FLAT * float(np.abs(first).max()):
        difference = 0.0
    return Estimate(difference, math.nan, math.nan, math.nan)


def _groups(
    design: Design,
    outcome: str,
    changes: Changes,
    primary: Estimate,
    confidence: float,
) -> list[dict[str, object]]:
    """Rows of the within-group changes, which always end in the difference."""
    ratio = math.exp if design.measure_of(outcome).ratio else lambda _: math.nan
    rows = []
    for label in (RESPONDER, NON_RESPONDER, UNCLASSIFIABLE, DIFFERENCE):
        values = changes.group(label)
        if label == DIFFERENCE:
            found, values = primary, values[:0]
            n = len(changes.group(RESPONDER)) + len(changes.group(NON_RESPONDER))
        else:
            found, n = mean_interval(values, confidence), len(values)
        start = changes.group(label, "baseline")
        rows.append(
            {
                "outcome": outcome,
                "label": label,
                "n": n,
                "mean_baseline": float(start.mean()) if len(start) else math.nan,
                "mean_change": found.estimate,
                "low": found.low,
                "high": found.high,
                "sd_change": float(values.std(ddof=1)) if len(values) > 1 else math.nan,
                "ratio": ratio(found.estimate),
                "ratio_low": ratio(found.low),
                "ratio_high": ratio(found.high),
            }
        )
    return rows
