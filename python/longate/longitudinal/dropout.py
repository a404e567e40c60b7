"""Patients whose last visit is missing: multiple imputation and the tipping point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.labels import NON_RESPONDER, RESPONDER
from longate.longitudinal.welch import Estimate, welch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.design import Design

IMPUTATIONS = 200
STEP = 0.25
LARGEST = 3.0
"""Unseen changes are shifted by up to this many standard deviations."""


@dataclass(frozen=True)
class Dropout:
    """What the estimate owes to last visits that were never seen.

    Attributes
    ----------
    n_imputed : int
        Patients with a baseline and a label but no last visit.
    at_random : Estimate
        Pooled over imputations in which the lost changed as the seen of their group
        with the same baseline.
    tipping : float
        The smallest shift of the unseen changes, in residual standard deviations
        against the estimate, at which the interval reaches 0; NaN if none up to
        :data:`LARGEST` does; 0 if it already holds 0.
    at_tipping : Estimate or None
        The pooled estimate there.
    """

    n_imputed: int
    at_random: Estimate
    tipping: float
    at_tipping: Estimate | None


def dropout_of(
    design: Design, outcome: str, *, confidence: float, seed: int
) -> Dropout | None:
    """Impute missing last visits and shift them until the conclusion would change.

    The change is drawn from ``a_group + b baseline + e``, its parameters from their
    posterior (proper imputation), and estimates are pooled by Rubin's rules with the
    small-sample degrees of freedom of Barnard and Rubin. Unclassifiable patients who
    were lost count as non-responders. The shift is against the sign of the estimate.

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
        None where no last visit is missing, or too few patients are seen to impute.

    References
    ----------
    Barnard & Rubin 1999, doi:10.1093/biomet/86.4.948. Cro et al. 2020 on
    delta-adjusted imputation, doi:10.1002/sim.8569.
    """
    seen, lost = _seen_and_lost(design, outcome)
    if (
        len(lost.baseline) == 0
        or min(np.sum(seen.responder), np.sum(~seen.responder)) < 2
    ):
        return None
    drawn = _draws(seen, lost, np.random.default_rng(seed))
    if drawn is None:
        return None
    changes, spread = drawn
    observed = welch(
        seen.change[seen.responder], seen.change[~seen.responder], confidence
    )
    if observed is None:
        return None
    against = -math.copysign(1.0, observed.estimate)
    direction = np.where(lost.responder, against, -against)

    def pooled(shift: float) -> Estimate:
        moved = changes + shift * spread * direction
        return _pool(seen, lost, moved, confidence)

    at_random = pooled(0.0)
    if at_random.low <= 0 <= at_random.high:
        return Dropout(len(lost.baseline), at_random, 0.0, at_random)
    for shift in np.arange(STEP, LARGEST + STEP / 2, STEP):
        found = pooled(float(shift))
        if found.low <= 0 <= found.high:
            return Dropout(len(lost.baseline), at_random, float(shift), found)
    return Dropout(len(lost.baseline), at_random, math.nan, None)


@dataclass(frozen=True)
class _Patients:
    """Patients by baseline, label, and change where it was seen."""

    baseline: NDArray[np.float64]
    responder: NDArray[np.bool_]
    change: NDArray[np.float64]


def _seen_and_lost(design: Design, outcome: str) -> tuple[_Patients, _Patients]:
    wide = design.of(outcome)
    start = wide[design.baseline].to_numpy(float)
    change = wide[design.last].to_numpy(float) - start
    labels = np.array([design.labels.by_patient.get(name, "") for name in wide.index])
    decided = (labels == RESPONDER) | (labels == NON_RESPONDER)
    has_start = ~np.isnan(start)
    seen = has_start & ~np.isnan(change) & decided
    lost = has_start & np.isnan(change) & (labels != "")
    return tuple(  # type: ignore[return-value]
        _Patients(start[one], labels[one] == RESPONDER, change[one])
        for one in (seen, lost)
    )


def _draws(
    seen: _Patients, lost: _Patients, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float] | None:
    """Return imputed changes (imputations, lost) and the residual spread."""
    centre = seen.baseline.mean()

    def rows(who: _Patients) -> NDArray[np.float64]:
        return np.column_stack(
            [who.responder, ~who.responder, who.baseline - centre]
        ).astype(float)

    x = rows(seen)
    df = len(x) - 3
    if df < 2 or np.linalg.matrix_rank(x) < 3:
        return None
    inverse = np.linalg.inv(x.T @ x)
    mean = inverse @ x.T @ seen.change
    residuals = seen.change - x @ mean
    squares = float(residuals @ residuals)
    if squares == 0:
        return None
    sigma = np.sqrt(squares / rng.chisquare(df, IMPUTATIONS))
    root = np.linalg.cholesky(inverse)
    around = rng.standard_normal((IMPUTATIONS, 3)) @ root.T
    coefficients = mean + sigma[:, None] * around
    noise = rng.standard_normal((IMPUTATIONS, len(lost.baseline)))
    return coefficients @ rows(lost).T + sigma[:, None] * noise, math.sqrt(squares / df)


def _pool(
    seen: _Patients,
    lost: _Patients,
    changes: NDArray[np.float64],
    confidence: float,
) -> Estimate:
    """Pool Welch's difference over imputations by Rubin's rules."""
    from scipy.special import stdtr, stdtrit

    responder = np.concatenate([seen.responder, lost.responder])
    whole = np.column_stack([np.tile(seen.change, (IMPUTATIONS, 1)), changes])
    groups = [whole[:, responder], whole[:, ~responder]]
    means = [group.mean(axis=1) for group in groups]
    parts = [group.var(axis=1, ddof=1) / group.shape[1] for group in groups]
    within = np.mean(parts[0] + parts[1])
    freedom = (parts[0] + parts[1]) ** 2 / sum(
        part**2 / (group.shape[1] - 1)
        for part, group in zip(parts, groups, strict=True)
    )
    differences = means[0] - means[1]
    between = (1 + 1 / IMPUTATIONS) * differences.var(ddof=1)
    total = within + between
    share = between / total
    complete = float(np.mean(freedom))
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (share**2 / (IMPUTATIONS - 1) + 1 / observed)
    estimate, error = float(differences.mean()), math.sqrt(total)
    half = float(stdtrit(df, (1 + confidence) / 2)) * error
    t = estimate / error
    return Estimate(
        estimate, estimate - half, estimate + half, df, t, 2 * float(stdtr(df, -abs(t)))
    )
