"""Multiple imputation of missing visits and labels by one joint normal model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.labels import NON_RESPONDER, RESPONDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from longate.longitudinal.design import Design

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

IMPUTATIONS = 200
_SWEEPS = 30
"""Each imputation is the end of its own chain after so many sweeps."""
_FEWEST_AT_A_VISIT = 4


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients with at least one value, by visits.

    Attributes
    ----------
    patients : tuple of str
    values : (n, k) array of float64
        On the scale of analysis, NaN where a visit was missed; baseline first, the
        last visit last.
    responder : (n,) array of bool
        Only where `labelled`.
    labelled : (n,) array of bool
        False where the label is missing (unclassifiable).
    """

    patients: tuple[str, ...]
    values: Floats
    responder: Bools
    labelled: Bools

    @classmethod
    def of(cls, design: Design, outcome: str) -> Cohort:
        """Return the patients of one outcome who have a label, known or missing."""
        wide = design.of(outcome)
        labels = [design.labels.by_patient.get(name) for name in wide.index]
        at = design.order.names
        first, last = at.index(design.baseline), at.index(design.last)
        between = [name for name in at[first + 1 : last] if name in wide]
        seen = wide.notna().sum()
        kept = [name for name in between if seen[name] >= _FEWEST_AT_A_VISIT]
        columns = [design.baseline, *kept, design.last]
        values = wide[columns].to_numpy(np.float64)
        own = np.array([label is not None for label in labels]) & ~np.isnan(values).all(
            axis=1
        )
        if own.sum() - 2 < len(columns) + 1 and kept:
            values = values[:, [0, -1]]
            own &= ~np.isnan(values).all(axis=1)
        label = np.array(labels, dtype=object)[own]
        return cls(
            tuple(wide.index[own]),
            values[own],
            label == RESPONDER,
            np.isin(label, [RESPONDER, NON_RESPONDER]),
        )

    @property
    def changed(self) -> Bools:
        """Return whether a patient's change was seen, (n,)."""
        return np.asarray(~np.isnan(self.values[:, [0, -1]]).any(axis=1))


@dataclass(frozen=True, eq=False)
class Imputed:
    """Completed changes and labels of all patients, one set for each imputation.

    Attributes
    ----------
    cohort : Cohort
    change : (B, n) array of float64
    responder : (B, n) array of bool
    mean : (B, 2, k) array of float64
        Drawn means of non-responders and responders.
    covariance : (B, k, k) array of float64
        Drawn covariance of the visits.
    """

    cohort: Cohort
    change: Floats
    responder: Bools
    mean: Floats
    covariance: Floats

    def relabelled(
        self, labels: Mapping[int, bool], rng: np.random.Generator
    ) -> Imputed:
        """Return imputations in which some patients have a given label.

        Their missing visits are drawn anew, given that label and what was seen.
        """
        responder = self.responder.copy()
        values = np.broadcast_to(
            self.cohort.values, (len(responder), *self.cohort.values.shape)
        ).copy()
        change = self.change.copy()
        for at, label in labels.items():
            responder[:, at] = label
            _draw_missing(values, responder, self.mean, self.covariance, rng, only=at)
            change[:, at] = values[:, at, -1] - values[:, at, 0]
        return Imputed(self.cohort, change, responder, self.mean, self.covariance)


def impute(cohort: Cohort, rng: np.random.Generator) -> Imputed | None:
    r"""Draw missing visits and labels from their joint posterior.

    .. math:: y_i \mid g_i \sim N(\mu_{g_i}, \Sigma), \quad g_i \sim B(\pi), \quad
       p(\mu, \Sigma) \propto |\Sigma|^{-(k+1)/2}

    over all visits from baseline to the last one: the model of an MMRM with one
    unstructured covariance, so that values seen between inform those that were not
    (missing at random given all that was seen). Each imputation is the end of its
    own chain of 30 alternations of drawing the missing values and labels and
    drawing the parameters.

    Parameters
    ----------
    cohort : Cohort
        With at least two labelled patients of each kind whose change was seen.
    rng : Generator

    Returns
    -------
    Imputed or None
        None where too few patients are seen for the covariance of their visits.

    References
    ----------
    Schafer 1997, Analysis of Incomplete Multivariate Data, Chapman and Hall,
    doi:10.1201/9780367803025 (data augmentation for the normal model).
    """
    n, k = cohort.values.shape
    whole = cohort.changed & cohort.labelled
    sizes = [int((whole & (cohort.responder == one)).sum()) for one in (False, True)]
    if min(sizes) < 2 or n - 2 < k + 1:
        return None
    centre = np.nanmean(cohort.values, axis=0)
    unit = np.nanstd(cohort.values, axis=0)
    if not np.all(unit > 0):
        return None
    scaled = (cohort.values - centre) / unit
    values = np.broadcast_to(scaled, (IMPUTATIONS, n, k)).copy()
    missing = np.isnan(scaled)
    values[:, missing] = rng.standard_normal((IMPUTATIONS, int(missing.sum())))
    responder = np.broadcast_to(cohort.responder, (IMPUTATIONS, n)).copy()
    unknown = np.flatnonzero(~cohort.labelled)
    responder[:, unknown] = rng.random((IMPUTATIONS, len(unknown))) < 0.5
    for _ in range(_SWEEPS):
        found = _draw_parameters(values, responder, rng)
        if found is None:
            return None
        mean, covariance = found
        if len(unknown):
            _draw_labels(scaled, responder, unknown, mean, covariance, rng)
        _draw_missing(values, responder, mean, covariance, rng, seen=scaled)
    mean = mean * unit + centre
    covariance = covariance * np.outer(unit, unit)
    change = values[:, :, -1] * unit[-1] + centre[-1]
    change = change - (values[:, :, 0] * unit[0] + centre[0])
    seen = cohort.changed
    change[:, seen] = (cohort.values[:, -1] - cohort.values[:, 0])[seen]
    return Imputed(cohort, change, responder, mean, covariance)


def _draw_parameters(
    values: Floats, responder: Bools, rng: np.random.Generator
) -> tuple[Floats, Floats] | None:
    """Draw means and covariance given complete values and labels."""
    draws, n, k = values.shape
    one_hot = np.stack([~responder, responder], axis=1).astype(np.float64)
    sizes = one_hot.sum(axis=2)
    means = one_hot @ values / sizes[:, :, None]
    residuals = values - np.where(
        responder[:, :, None], means[:, 1][:, None], means[:, 0][:, None]
    )
    squares = residuals.transpose(0, 2, 1) @ residuals
    try:
        root = np.linalg.cholesky(squares)
    except np.linalg.LinAlgError:
        return None
    # Bartlett: A A' is Wishart with n - 2 degrees of freedom.
    bartlett = np.tril(rng.standard_normal((draws, k, k)), -1)
    freedom = n - 2 - np.arange(k)
    at = np.arange(k)
    bartlett[:, at, at] = np.sqrt(rng.chisquare(freedom, size=(draws, k)))
    half = root @ np.linalg.inv(bartlett).transpose(0, 2, 1)
    noise = rng.standard_normal((draws, 2, k)) / np.sqrt(sizes)[:, :, None]
    return means + noise @ half.transpose(0, 2, 1), half @ half.transpose(0, 2, 1)


def _draw_labels(
    seen: Floats,
    responder: Bools,
    unknown: NDArray[np.intp],
    mean: Floats,
    covariance: Floats,
    rng: np.random.Generator,
) -> None:
    """Draw missing labels given the values that were seen, in place."""
    number = responder.sum(axis=1)
    share = rng.beta(1 + number, 1 + responder.shape[1] - number)
    for at in unknown:
        known = ~np.isnan(seen[at])
        precision = np.linalg.inv(covariance[:, known][:, :, known])
        away = seen[at, known] - mean[:, :, known]
        far = np.einsum("bgi,bij,bgj->bg", away, precision, away)
        odds = np.log(share) - np.log1p(-share) + (far[:, 0] - far[:, 1]) / 2
        chance = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        responder[:, at] = rng.random(len(chance)) < chance


def _draw_missing(
    values: Floats,
    responder: Bools,
    mean: Floats,
    covariance: Floats,
    rng: np.random.Generator,
    *,
    seen: Floats | None = None,
    only: int | None = None,
) -> None:
    """Draw missing values given what was seen and the label, in place."""
    observed = values[0] if seen is None else seen
    missing = np.isnan(observed)
    draws = np.arange(len(values))[:, None]
    for lost in np.unique(missing[missing.any(axis=1)], axis=0):
        rows = np.flatnonzero((missing == lost).all(axis=1))
        if only is not None:
            rows = rows[rows == only]
        if not len(rows):
            continue
        known = ~lost
        centre = mean[draws, responder[:, rows].astype(np.intp)]
        across = covariance[:, lost][:, :, known]
        slope = across @ np.linalg.inv(covariance[:, known][:, :, known])
        rest = covariance[:, lost][:, :, lost] - slope @ across.transpose(0, 2, 1)
        away = observed[rows][:, known] - centre[:, :, known]
        expected = centre[:, :, lost] + away @ slope.transpose(0, 2, 1)
        noise = rng.standard_normal(expected.shape)
        drawn = expected + noise @ np.linalg.cholesky(rest).transpose(0, 2, 1)
        values[:, rows[:, None], np.flatnonzero(lost)] = drawn
