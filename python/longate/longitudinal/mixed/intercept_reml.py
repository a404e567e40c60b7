r"""Restricted maximum likelihood with a random intercept for each patient.

:math:`V_i = \sigma^2 I + \tau^2 J`; with :math:`\lambda = \tau^2 / \sigma^2`
everything is a sum over patients of products within,
:math:`C_i = Z_i'Z_i - z_i z_i' / n_i`, and between,
:math:`z_i z_i' / n_i`, :math:`z_i = Z_i'1`, so a fit costs a few matrices of
the size of the coefficients.

References
----------
Patterson and Thompson 1971, doi:10.1093/biomet/58.3.545. Laird and Ware 1982,
doi:10.2307/2529876.
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

# Ratios of variances at which the slope of the likelihood is looked at.
# Beyond the last the residual variance is called 0.
_RATIOS = np.concatenate([[0.0], 10.0 ** np.arange(-6, 8.25, 0.5)])


@dataclass(frozen=True, eq=False)
class InterceptFit:
    """A fit in the units of its values.

    Attributes
    ----------
    patient_variance, residual_variance : float
    deviance : float
        -2 log restricted likelihood.
    moments : Moments
        By (patient variance, residual variance).
    """

    patient_variance: float
    residual_variance: float
    deviance: float
    moments: Moments

    @property
    def singular(self) -> bool:
        """Return whether the patient variance is estimated 0."""
        return self.patient_variance == 0


@dataclass(frozen=True, eq=False)
class _Sums:
    """Products within patients, and sums and numbers of values of each patient."""

    within: Floats
    sums: Floats
    sizes: Floats
    n: int

    @property
    def p(self) -> int:
        return len(self.within) - 1


def fit_random_intercept(columns: Floats, patients: NDArray[np.intp]) -> InterceptFit:
    r"""Maximise the restricted likelihood over :math:`\lambda \ge 0`.

    Parameters
    ----------
    columns : (n, p + 1) array of float64
        Fixed effects of full rank and, last, the values; on the working scale.
    patients : (n,) array of int
        The patient of each row, 0 to m - 1, each occurring.

    Returns
    -------
    InterceptFit

    Raises
    ------
    DesignError
        If no patient has two values, or nothing varies within patients.
    """
    sums = _sums(columns, patients)
    if (sums.sizes < 2).all():
        msg = (
            "every patient has a single value, so the variance between patients "
            "cannot be told from that within; a model of patients needs repeats"
        )
        raise DesignError(msg)
    if sums.within[-1, -1] <= 1e-20 * sums.n:
        msg = "the values do not vary within patients: are visits copied?"
        raise DesignError(msg)
    ratio = _best_ratio(sums)
    return _fit_at(sums, ratio)


def _sums(columns: Floats, patients: NDArray[np.intp]) -> _Sums:
    sizes = np.bincount(patients).astype(np.float64)
    belongs = np.zeros((len(sizes), len(patients)))
    belongs[patients, np.arange(len(patients))] = 1.0
    sums = belongs @ columns
    # Deviations from the patient's mean: differences of large products would
    # lose digits.
    deviations = columns - (sums / sizes[:, None])[patients]
    return _Sums(deviations.T @ deviations, sums, sizes, len(columns))


def _products(sums: _Sums, ratios: Floats) -> Floats:
    """Return Z'V^-1 Z times the residual variance, for each ratio."""
    weights = 1 / (sums.sizes * (1 + np.multiply.outer(ratios, sums.sizes)))
    weighted = weights[:, None, :] * sums.sums.T
    return np.asarray(sums.within + weighted @ sums.sums)


def _slopes(sums: _Sums, ratios: Floats) -> Floats:
    r"""Return the derivative of the profiled deviance by :math:`\lambda`."""
    products = _products(sums, ratios)
    p = sums.p
    phi = np.linalg.inv(products[:, :p, :p])
    coefficients = (phi @ products[:, :p, p:])[:, :, 0]
    squares = products[:, p, p] - (coefficients * products[:, :p, p]).sum(axis=1)
    fixed = sums.sums[:, :p]
    totals = sums.sums[:, p] - coefficients @ fixed.T
    weights = 1 / (1 + np.multiply.outer(ratios, sums.sizes))
    leverage = ((fixed @ phi) * fixed).sum(axis=2)
    by_patient = (
        sums.sizes * weights
        - weights**2 * leverage
        - (sums.n - p) * weights**2 * totals**2 / squares[:, None]
    )
    return np.asarray(by_patient.sum(axis=1))


def _deviance(sums: _Sums, ratio: float) -> float:
    products = _products(sums, np.array([ratio]))[0]
    root = np.linalg.cholesky(products)
    size = np.log(np.diag(root))
    freedom = sums.n - sums.p
    residual = 2 * size[-1] - math.log(freedom)
    return float(
        np.log1p(ratio * sums.sizes).sum()
        + 2 * size[:-1].sum()
        + freedom * (1 + math.log(2 * math.pi) + residual)
    )


def _best_ratio(sums: _Sums) -> float:
    """Return the ratio of variances with the smallest deviance."""
    slopes = _slopes(sums, _RATIOS)
    if slopes[-1] < 0:
        msg = (
            "the values do not vary within patients beyond the fixed effects: the "
            "residual variance is estimated 0. Are visits copied, or are there "
            "too many effects?"
        )
        raise DesignError(msg)
    minima = [0.0] if slopes[0] >= 0 else []
    for at in np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0)):
        minima.append(_root(sums, float(_RATIOS[at]), float(_RATIOS[at + 1])))
    if len(minima) == 1:
        return minima[0]
    return min(minima, key=lambda ratio: _deviance(sums, ratio))


def _root(sums: _Sums, low: float, high: float) -> float:
    """Return where the slope of the deviance is 0."""
    from scipy.optimize import brentq

    def slope(ratio: float) -> float:
        return float(_slopes(sums, np.array([ratio]))[0])

    ends = slope(low), slope(high)
    # One by one the slopes may differ by rounding from those of all ratios.
    if ends[0] * ends[1] >= 0:
        return low if abs(ends[0]) < abs(ends[1]) else high
    return float(brentq(slope, low, high, xtol=1e-300, rtol=1e-14))


def _fit_at(sums: _Sums, ratio: float) -> InterceptFit:
    p = sums.p
    products = _products(sums, np.array([ratio]))[0]
    phi = np.linalg.inv(products[:p, :p])
    coefficients = phi @ products[:p, p]
    squares = float(products[p, p] - coefficients @ products[:p, p])
    residual = squares / (sums.n - p)
    return InterceptFit(
        patient_variance=ratio * residual,
        residual_variance=residual,
        deviance=_deviance(sums, ratio),
        moments=_moments(sums, ratio * residual, residual, phi * residual),
    )


def _moments(
    sums: _Sums, patient_variance: float, residual_variance: float, phi: Floats
) -> Moments:
    """Return the moments by sums over patients, w = 1 / (s + n u)."""
    p, s, n = sums.p, residual_variance, sums.sizes
    w = 1 / (s + n * patient_variance)
    between = (sums.sums * (w / n)[:, None]).T @ sums.sums
    coefficients = phi @ (sums.within[:p, p] / s + between[:p, p])
    turn = np.eye(p + 1)
    turn[:p, p] = -coefficients
    within = turn.T @ sums.within @ turn
    patient = sums.sums @ turn

    def weighted(weights: Floats) -> Floats:
        return np.asarray((patient * weights[:, None]).T @ patient)

    slopes = -np.stack([weighted(w**2), within / s**2 + weighted(w**2 / n)])
    mixed = weighted(w**3)
    last = within / s**3 + weighted(w**3 / n)
    curves = np.stack([np.stack([weighted(n * w**3), mixed]), np.stack([mixed, last])])
    both = float((n * w**2).sum())
    traces = np.array(
        [
            [float((n**2 * w**2).sum()), both],
            [both, float(((n - 1) / s**2 + w**2).sum())],
        ]
    )
    return Moments(coefficients, phi, slopes, curves, traces)
