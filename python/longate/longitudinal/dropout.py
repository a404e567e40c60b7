"""Patients whose change was not seen: multiple imputation and tipping points."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.joint_imputation import Cohort, Imputed, impute
from longate.longitudinal.rubin import pool
from longate.longitudinal.welch import FEWEST_FOR_TEST, Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.design import Design

STEP = 0.25
LARGEST = 3.0
"""Unseen changes are shifted by up to this many standard deviations."""
_MOST_ENUMERATED = 12
"""Unclassifiable patients whose labels are all enumerated."""


@dataclass(frozen=True)
class Tipping:
    """A shift of unseen changes at which the interval reaches 0.

    Attributes
    ----------
    shift : float
        In standard deviations of the changes within groups, against the estimate;
        0 if the interval holds 0 without any, NaN if none up to :data:`LARGEST` does.
    estimate : Estimate or None
        The pooled estimate there.
    """

    shift: float
    estimate: Estimate | None


@dataclass(frozen=True)
class Dropout:
    """The estimate where changes that were not seen are imputed.

    Attributes
    ----------
    n_imputed : int
        Patients with a value whose change was imputed.
    n_unlabelled : int
        Patients with a value whose label was imputed.
    n_responder, n_non_responder : float
        Patients in the analysis, means over the imputations.
    at_random : Estimate
        Missing at random given all visits that were seen.
    tipping : Tipping
        Unseen changes of both groups shifted against the estimate.
    tipping_responders, tipping_others : Tipping
        Of one group alone.
    by_labels : dict of str to (Estimate, int, int)
        Estimate and group sizes with the unclassifiable as non-responders, as
        responders, and in the worst and best labels.
    """

    n_imputed: int
    n_unlabelled: int
    n_responder: float
    n_non_responder: float
    at_random: Estimate
    tipping: Tipping
    tipping_responders: Tipping
    tipping_others: Tipping
    by_labels: dict[str, tuple[Estimate, int, int]]


def dropout_of(
    design: Design, outcome: str, *, confidence: float, seed: int
) -> Dropout | None:
    """Impute unseen changes and missing labels, and shift until the answer changes.

    Imputations are of :func:`longate.longitudinal.joint_imputation.impute`;
    each completed data set is analysed as the primary is, and estimates are pooled by
    Rubin's rules. The tipping points start from missing at random.

    Parameters
    ----------
    design : Design
        What is compared.
    outcome : str
        Which outcome.
    confidence : float
        Of intervals.
    seed : int
        Of the imputations.

    Returns
    -------
    Dropout or None
        None where nothing is missing, or too few patients are seen to impute.

    References
    ----------
    Cro et al. 2020 on delta-adjusted imputation, doi:10.1002/sim.8569.
    """
    cohort = Cohort.of(design, outcome)
    if cohort.changed.all() and cohort.labelled.all():
        return None
    rng = np.random.default_rng(seed)
    imputed = impute(cohort, rng)
    if imputed is None:
        return None
    at_random = pooled(imputed, confidence)
    if at_random is None:
        return None
    tipping = [
        _tipping(imputed, at_random, which, confidence)
        for which in ((True, True), (True, False), (False, True))
    ]
    return Dropout(
        n_imputed=int((~cohort.changed).sum()),
        n_unlabelled=int((~cohort.labelled).sum()),
        n_responder=float(imputed.responder.sum(axis=1).mean()),
        n_non_responder=float((~imputed.responder).sum(axis=1).mean()),
        at_random=at_random,
        tipping=tipping[0],
        tipping_responders=tipping[1],
        tipping_others=tipping[2],
        by_labels=_by_labels(imputed, at_random, confidence, rng),
    )


def spread_of(cohort: Cohort) -> float:
    """Return the standard deviation of the seen changes within groups."""
    change = cohort.values[:, -1] - cohort.values[:, 0]
    known = cohort.changed & cohort.labelled
    groups = [change[known & (cohort.responder == one)] for one in (True, False)]
    squares = sum(float(((g - g.mean()) ** 2).sum()) for g in groups)
    return math.sqrt(squares / (sum(len(g) for g in groups) - 2))


def shifted(imputed: Imputed, responders: float, others: float) -> Imputed:
    """Return imputations whose unseen changes are shifted by group (delta)."""
    unseen = ~imputed.cohort.changed
    delta = np.where(imputed.responder, responders, others) * unseen
    return replace(imputed, change=imputed.change + delta)


def _tipping(
    imputed: Imputed, start: Estimate, which: tuple[bool, bool], confidence: float
) -> Tipping:
    if start.low <= 0 <= start.high:
        return Tipping(0.0, start)
    spread = spread_of(imputed.cohort)
    against = -math.copysign(1.0, start.estimate)
    for shift in np.arange(STEP, LARGEST + STEP / 2, STEP):
        size = float(shift) * spread * against
        moved = shifted(imputed, size * which[0], -size * which[1])
        found = pooled(moved, confidence)
        if found is not None and found.low <= 0 <= found.high:
            return Tipping(float(shift), found)
    return Tipping(math.nan, None)


def _by_labels(
    imputed: Imputed, start: Estimate, confidence: float, rng: np.random.Generator
) -> dict[str, tuple[Estimate, int, int]]:
    """Give the unclassifiable labels in every way that matters."""
    unknown = np.flatnonzero(~imputed.cohort.labelled)
    if not len(unknown):
        return {}
    sign = 1.0 if start.estimate >= 0 else -1.0
    ranked = _ranked_labels(imputed, unknown, sign)
    u = len(unknown)
    named = {
        "unclassifiable as non-responders": (False,) * u,
        "unclassifiable as responders": (True,) * u,
        "worst-case labels of the unclassifiable": ranked[0],
        "best-case labels of the unclassifiable": ranked[1],
    }
    found = {}
    for name, labels in named.items():
        given = imputed.relabelled(dict(zip(unknown, labels, strict=True)), rng)
        estimate = pooled(given, confidence)
        if estimate is not None:
            n = int(given.responder[0].sum())
            found[name] = (estimate, n, given.responder.shape[1] - n)
    return found


def _ranked_labels(
    imputed: Imputed, unknown: NDArray[np.intp], sign: float
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Return the labels that are worst and best for the estimate.

    By the expected change of each unclassifiable patient given either label.
    """
    quiet = np.random.default_rng(0)
    expected = np.empty((2, len(unknown)))
    for label in (False, True):
        given = imputed.relabelled(dict.fromkeys(unknown, label), quiet)
        expected[int(label)] = given.change[:, unknown].mean(axis=0)
    labelled = imputed.cohort.labelled
    responder = imputed.cohort.responder
    mean = imputed.change.mean(axis=0)
    sums = [mean[labelled & (responder == one)].sum() for one in (False, True)]
    sizes = [(labelled & (responder == one)).sum() for one in (False, True)]
    ways: list[tuple[bool, ...]]
    if len(unknown) <= _MOST_ENUMERATED:
        ways = list(product((False, True), repeat=len(unknown)))
    else:
        order = np.argsort(np.argsort(expected.mean(axis=0)))
        cuts = range(len(unknown) + 1)
        ways = [tuple(bool(o >= c) for o in order) for c in cuts]
        ways += [tuple(bool(o < c) for o in order) for c in cuts]

    def difference(way: tuple[bool, ...]) -> float:
        own = np.array(way)
        first = (sums[1] + expected[1, own].sum()) / (sizes[1] + own.sum())
        second = (sums[0] + expected[0, ~own].sum()) / (sizes[0] + (~own).sum())
        return sign * float(first - second)

    ranked = sorted(ways, key=difference)
    return ranked[0], ranked[-1]


def pooled(imputed: Imputed, confidence: float) -> Estimate | None:
    """Pool Welch's difference over the imputations."""
    groups = [
        np.where(own, imputed.change, np.nan)
        for own in (imputed.responder, ~imputed.responder)
    ]
    sizes = [(~np.isnan(group)).sum(axis=1) for group in groups]
    if min(size.min() for size in sizes) < 2:
        return None
    means = [np.nanmean(group, axis=1) for group in groups]
    parts = [
        np.nanvar(g, axis=1, ddof=1) / n for g, n in zip(groups, sizes, strict=True)
    ]
    variance = parts[0] + parts[1]
    if not np.all(variance > 0):
        return None
    freedom = variance**2 / sum(
        part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True)
    )
    fewest = int(min(size.min() for size in sizes))
    few = fewest < FEWEST_FOR_TEST
    df = float(fewest - 1) if few else float(np.mean(freedom))
    found = pool(means[0] - means[1], variance, df, confidence)
    return replace(found, t=math.nan, p=math.nan) if few else found
