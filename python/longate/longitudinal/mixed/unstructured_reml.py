r"""Restricted maximum likelihood with an unstructured covariance of visits.

:math:`V_i` is the part of one positive definite :math:`\Sigma` that belongs to
the visits of patient i. The deviance is minimised over the log-Cholesky
parameters of :math:`\Sigma` by Newton steps (observed information where it is
positive definite, else expected, both from the linear parameters), halved
until the deviance falls.

References
----------
Jennrich and Schluchter 1986, doi:10.2307/2530695. Pinheiro and Bates 1996,
doi:10.1007/BF00140873.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.mixed.moments import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_STEPS = 200
# Newton decrements (differences of deviances that steps promise): below the
# first full steps are taken, below the second too if the deviance is too rough to
# fall, below the third they end.
_NEAR = 1e-7
_NEARBY = 1e-3
_CONVERGED = 1e-20
# Logarithm of a standard deviation, of unit visits, at which the likelihood is
# taken to have no bound.
_VANISHED = -16.0
# Smallest eigenvalue of the correlations below which they are called singular.
SINGULAR = 1e-6


@dataclass(frozen=True, eq=False)
class UnstructuredFit:
    """A fit in the units of its values.

    Attributes
    ----------
    visit_covariance : (k, k) array of float64
    deviance : float
        -2 log restricted likelihood.
    moments : Moments
        By the elements of S in :math:`L S L'`, L the Cholesky root of the
        estimated covariance (V is linear in them; S is estimated I).
    """

    visit_covariance: Floats
    deviance: float
    moments: Moments

    @property
    def singular(self) -> bool:
        """Return whether a combination of visits is estimated without variance."""
        size = 1 / np.sqrt(np.diag(self.visit_covariance))
        scaled = self.visit_covariance * np.outer(size, size)
        return bool(np.linalg.eigvalsh(scaled)[0] < SINGULAR)


@dataclass(frozen=True, eq=False)
class _Padded:
    """Rows arranged as patients by visits, 0 where a visit was not observed."""

    columns: Floats
    patterns: NDArray[np.bool_]
    pattern_of: NDArray[np.intp]
    counts: Floats
    elements: Floats

    @property
    def p(self) -> int:
        return int(self.columns.shape[2]) - 1

    @property
    def n(self) -> int:
        return int(self.counts @ self.patterns.sum(axis=1))


def fit_unstructured(
    columns: Floats, patients: NDArray[np.intp], visits: NDArray[np.intp]
) -> UnstructuredFit:
    """Maximise the restricted likelihood over all covariances of the visits.

    Parameters
    ----------
    columns : (n, p + 1) array of float64
        Fixed effects of full rank and, last, the values; on the working scale,
        every visit of about unit size.
    patients, visits : (n,) array of int
        Patient and visit of each row, from 0, each pair at most once.

    Returns
    -------
    UnstructuredFit

    Raises
    ------
    DesignError
        If the steps do not converge.
    """
    padded = _padded(columns, patients, visits)
    k = padded.patterns.shape[1]
    try:
        parameters = _maximise(padded, _log_cholesky(_start(padded)))
    except np.linalg.LinAlgError:
        raise DesignError(_not_found(k)) from None
    covariance = _covariance(parameters, k)
    # Linear too, and with information that can be inverted where visits are nearly
    # the same: S in L S L', L the Cholesky root of the estimate.
    root = _root(parameters, k)
    moments, _ = _derivatives(padded, covariance, root @ padded.elements @ root.T)
    return UnstructuredFit(covariance, _deviance(padded, covariance), moments)


def _start(padded: _Padded) -> Floats:
    """Return the covariance of the complete patients if it has full rank."""
    k = padded.patterns.shape[1]
    complete = np.asarray(padded.patterns.all(axis=1))[padded.pattern_of]
    values = padded.columns[complete, :, -1]
    plain = (np.eye(k) + 1) / 2
    if len(values) <= k:
        return plain
    found = values.T @ values / len(values)
    good = np.linalg.eigvalsh(found)[0] > SINGULAR * float(np.trace(found))
    return np.asarray(found) if good else plain


def _maximise(padded: _Padded, parameters: Floats) -> Floats:
    """Walk from `parameters` to the smallest deviance."""
    k = padded.patterns.shape[1]
    deviance = _deviance(padded, _covariance(parameters, k))
    near, previous = _NEAR, math.inf
    for _ in range(_MOST_STEPS):
        covariance = _covariance(parameters, k)
        moments, slope = _derivatives(padded, covariance, padded.elements)
        jacobian = _jacobian(parameters, padded.elements)
        step, decrement = _direction(moments, slope, jacobian)
        # Near the end differences of deviances are rounding; steps are not.
        if decrement < near:
            parameters = parameters + step
            if decrement < _CONVERGED or decrement >= previous:
                return parameters
            previous = decrement
            continue
        parameters, lower = _walk(padded, parameters, step, deviance)
        if parameters.min() < _VANISHED:
            break
        if lower >= deviance:
            if decrement > _NEARBY:
                break
            near = _NEARBY
        deviance = lower
    raise DesignError(_not_found(k))


def _not_found(k: int) -> str:
    return (
        f"the {k * (k + 1) // 2} variances and covariances of {k} visits cannot be "
        f"estimated: in the patients who have them, a visit or a combination of "
        f"visits does not vary beyond the fixed effects. Analyse fewer visits, or use "
        f"the random-intercept model, which has two variances"
    )


def _padded(
    columns: Floats, patients: NDArray[np.intp], visits: NDArray[np.intp]
) -> _Padded:
    m, k = int(patients.max()) + 1, int(visits.max()) + 1
    seen = np.zeros((m, k), dtype=bool)
    seen[patients, visits] = True
    full = np.zeros((m, k, columns.shape[1]))
    full[patients, visits] = columns
    patterns, pattern_of = np.unique(seen, axis=0, return_inverse=True)
    pattern_of = pattern_of.reshape(-1)
    rows, others = np.tril_indices(k)
    elements = np.zeros((len(rows), k, k))
    at = np.arange(len(rows))
    elements[at, rows, others] = 1.0
    elements[at, others, rows] = 1.0
    counts = np.bincount(pattern_of).astype(np.float64)
    return _Padded(full, patterns, pattern_of, counts, elements)


def _log_cholesky(covariance: Floats) -> Floats:
    root = np.linalg.cholesky(covariance)
    k = len(root)
    root[np.arange(k), np.arange(k)] = np.log(np.diag(root))
    return np.asarray(root[np.tril_indices(k)])


def _root(parameters: Floats, k: int) -> Floats:
    root = np.zeros((k, k))
    root[np.tril_indices(k)] = parameters
    at = np.arange(k)
    root[at, at] = np.exp(root[at, at])
    return root


def _covariance(parameters: Floats, k: int) -> Floats:
    root = _root(parameters, k)
    return np.asarray(root @ root.T)


def _jacobian(parameters: Floats, elements: Floats) -> Floats:
    """Return derivatives of the covariance's elements, (elements, parameters)."""
    k = elements.shape[1]
    root = _root(parameters, k)
    rows, others = np.tril_indices(k)
    moved = np.zeros((len(rows), k, k))
    at = np.arange(len(rows))
    scale = np.where(rows == others, root[rows, others], 1.0)
    moved[at, rows, :] = scale[:, None] * root[:, others].T
    both = moved + moved.transpose(0, 2, 1)
    return np.asarray(both[:, rows, others].T)


def _weights(padded: _Padded, covariance: Floats) -> tuple[Floats, float]:
    """Return V^-1 of each pattern, 0 where not observed, and sum of log det V."""
    seen = padded.patterns
    both = seen[:, :, None] & seen[:, None, :]
    filled = np.where(both, covariance, np.eye(len(covariance)))
    size = np.linalg.slogdet(filled)[1]
    inverse = np.where(both, np.linalg.inv(filled), 0.0)
    return inverse, float(padded.counts @ size)


def _deviance(padded: _Padded, covariance: Floats) -> float:
    """Return -2 log restricted likelihood, infinite where it cannot be had."""
    p = padded.p
    try:
        weights, size = _weights(padded, covariance)
        turned = weights[padded.pattern_of] @ padded.columns
        products = np.tensordot(padded.columns, turned, axes=([0, 1], [0, 1]))
        root = np.linalg.cholesky((products + products.T) / 2)
    except np.linalg.LinAlgError:
        return math.inf
    fixed = 2 * float(np.log(np.diag(root)[:p]).sum())
    squares = float(root[p, p]) ** 2
    found = size + fixed + squares + (padded.n - p) * math.log(2 * math.pi)
    return found if math.isfinite(found) else math.inf


def _derivatives(
    padded: _Padded, covariance: Floats, elements: Floats
) -> tuple[Moments, Floats]:
    """Return the moments, and the slope of the deviance, by `elements` of V."""
    p, k = padded.p, len(covariance)
    by_pattern, _ = _weights(padded, covariance)
    weights = by_pattern[padded.pattern_of]
    turned = weights @ padded.columns
    products = np.tensordot(padded.columns, turned, axes=([0, 1], [0, 1]))
    phi = np.asarray(np.linalg.inv(products[:p, :p]))
    coefficients = phi @ products[:p, p]
    turned[:, :, p] -= turned[:, :, :p] @ coefficients
    m, d = len(turned), k * (p + 1)
    flat = turned.reshape(m, d)
    outer = flat[:, :, None] * flat[:, None, :]
    total = outer.sum(axis=0).reshape(k, p + 1, k, p + 1)
    slopes = -np.tensordot(elements, total, axes=([1, 2], [0, 2]))
    heavy = weights.reshape(m, k * k).T @ outer.reshape(m, d * d)
    heavy = heavy.reshape(k, k, k, p + 1, k, p + 1)
    half = np.tensordot(elements, heavy, axes=([1, 2], [2, 0]))
    curves = np.tensordot(half, elements, axes=([1, 3], [1, 2]))
    curves = curves.transpose(0, 3, 1, 2)
    squared = np.einsum(
        "nst,nur->rstu", by_pattern * padded.counts[:, None, None], by_pattern
    )
    traces = np.tensordot(elements, squared, axes=([1, 2], [0, 1]))
    traces = np.tensordot(traces, elements, axes=([1, 2], [1, 2]))
    total_weight = np.tensordot(padded.counts, by_pattern, axes=1)
    slope = (
        np.tensordot(elements, total_weight, axes=2)
        + np.tensordot(slopes[:, :p, :p], phi, axes=2)
        + slopes[:, p, p]
    )
    return Moments(coefficients, phi, slopes, curves, traces), np.asarray(slope)


def _direction(
    moments: Moments, slope: Floats, jacobian: Floats
) -> tuple[Floats, float]:
    """Return a step downhill and the fall of the deviance that it promises."""
    downhill = -jacobian.T @ slope
    for information in (
        moments.observed_information(),
        moments.expected_information(),
    ):
        hessian = 2 * jacobian.T @ information @ jacobian
        values, vectors = np.linalg.eigh(hessian)
        if values[0] > 1e-10 * values[-1]:
            break
    # Directions of no information are walked as slowly as the best known ones.
    floor = max(values[-1], 1e-300) * 1e-10
    step = vectors @ ((vectors.T @ downhill) / np.maximum(values, floor))
    return step, float(downhill @ step)


def _walk(
    padded: _Padded, parameters: Floats, step: Floats, deviance: float
) -> tuple[Floats, float]:
    """Halve the step until the deviance falls."""
    k = padded.patterns.shape[1]
    size = min(1.0, 3.0 / float(np.abs(step).max()))
    for _ in range(40):
        trial = parameters + size * step
        lower = _deviance(padded, _covariance(trial, k))
        if lower < deviance:
            return trial, lower
        size /= 2
    return parameters, deviance
