"""The maximum of a likelihood, its information, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Objective = Callable[[Array], Array]
    """(B, d) parameter vectors to (B,) log likelihoods."""

_GRADIENT_STEP = 1e-3
_CURVATURE_STEP = 1e-2
_STILL = 1e-5
"""A last Newton step below this share of a standard error has arrived."""
_ROUNDING = 1e-2
"""A step below this that gains nothing is rounding."""
_POLISHING, _HALVINGS = 8, 12
_NOT_A_NUMBER = -1e12


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a likelihood is largest.

    Attributes
    ----------
    theta : (d,) array
        The parameters.
    value : float
        The log likelihood there.
    covariance : (d, d) array or None
        Inverse of the observed information of all parameters; rows of fixed
        parameters are 0. None where there is none or none was asked for.
    problem : str
        Why this is no maximum; empty where it is one.
    """

    theta: Array
    value: float
    covariance: Array | None
    problem: str


def maximise(
    objective: Objective,
    start: Array,
    scale: Array,
    *,
    free: NDArray[np.bool_] | None = None,
    polish: bool = True,
) -> Maximum:
    """Climb by BFGS with central differences, then by Newton's steps.

    Parameters
    ----------
    objective : callable
        Log likelihoods of many parameter vectors at once.
    start : (d,) array
        Where to begin.
    scale : (d, d) array
        A square root of the expected covariance: steps are taken in its columns.
    free : (d,) array of bool, optional
        Which parameters move; by default all.
    polish : bool
        Whether Newton's steps and the information are asked for.
    """
    free = np.ones(len(start), bool) if free is None else free
    axes = scale[np.ix_(free, free)]

    def at(points: Array) -> Array:
        theta = np.tile(start, (len(points), 1))
        theta[:, free] += points @ axes.T
        with np.errstate(all="ignore"):
            found = objective(theta)
        return np.where(np.isfinite(found), found, _NOT_A_NUMBER)

    point, value = _climb(at, int(free.sum()))
    problem = "" if value > _NOT_A_NUMBER / 2 else "the likelihood is not a number"
    covariance = None
    if polish and not problem:
        point, value, inverse, problem = _polish(at, point, value)
        if inverse is not None:
            covariance = np.zeros((len(start), len(start)))
            covariance[np.ix_(free, free)] = axes @ inverse @ axes.T
    theta = start.copy()
    theta[free] += axes @ point
    return Maximum(theta, value, covariance, problem)


def _climb(at: Objective, d: int) -> tuple[Array, float]:
    from scipy.optimize import minimize

    steps = np.vstack([np.zeros(d), np.eye(d), -np.eye(d)]) * _GRADIENT_STEP

    def value_and_slope(point: Array) -> tuple[float, Array]:
        values = at(point + steps)
        slope = (values[1 : d + 1] - values[d + 1 :]) / (2 * _GRADIENT_STEP)
        return -float(values[0]), -slope

    found: Any = minimize(
        value_and_slope,
        np.zeros(d),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-3, "maxiter": 200},
    )
    return np.asarray(found.x, dtype=np.float64), -float(found.fun)


def _polish(
    at: Objective, point: Array, value: float
) -> tuple[Array, float, Array | None, str]:
    """Take Newton's steps; return the point, value, covariance, and any problem."""
    for _ in range(_POLISHING):
        slope, information = _curvature(at, point)
        try:
            root = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return point, value, None, "the information is not positive definite"
        inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
        step = inverse @ slope
        size = float(np.linalg.norm(root.T @ step))
        shares = 0.5 ** np.arange(_HALVINGS)
        moved = at(point + shares[:, None] * step)
        better = np.flatnonzero(moved > value)
        if size < _STILL or (size < _ROUNDING and not len(better)):
            return point, value, inverse, ""
        if not len(better):
            break
        point, value = point + shares[better[0]] * step, float(moved[better[0]])
    return point, value, None, "the steps towards the maximum do not end"


def _curvature(at: Objective, point: Array) -> tuple[Array, Array]:
    """Return slope and observed information by central differences."""
    d, h = len(point), _CURVATURE_STEP
    unit = np.eye(d) * h
    pairs = [(i, j) for i in range(d) for j in range(i + 1, d)]
    corners = [
        a * unit[i] + b * unit[j]
        for i, j in pairs
        for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    near = np.eye(d) * _GRADIENT_STEP
    steps = np.vstack([np.zeros(d), unit, -unit, *corners, near, -near])
    values = at(point + steps)
    middle, up, down = values[0], values[1 : d + 1], values[d + 1 : 2 * d + 1]
    slope = (values[-2 * d : -d] - values[-d:]) / (2 * _GRADIENT_STEP)
    information = np.diag((2 * middle - up - down) / h**2)
    signed = values[2 * d + 1 : -2 * d].reshape(-1, 4) @ np.array(
        [1.0, -1.0, -1.0, 1.0]
    )
    for (i, j), mixed in zip(pairs, signed, strict=True):
        information[i, j] = information[j, i] = -mixed / (4 * h**2)
    return slope, information
