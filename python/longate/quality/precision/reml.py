"""Variance components by REML, with a known variance of every measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.quality.precision.likelihood import (
    AbsorbedSpecimens,
    LikelihoodState,
    Model,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST_MEASUREMENTS = 20_000
"""More are refused: nobody measures so many replicates of one assay."""

_STEPS = 200
_ENOUGH = 1e-11  # gradient, relative to what each variance explains


@dataclass(frozen=True)
class Fit:
    """Variances at the maximum of the restricted likelihood.

    Parameters
    ----------
    variances : (k,) array
        Each at least 0, in the order of the model's terms, single measurements last.
    log_likelihood : float
        Restricted, with the constant ``-(n - p)/2 ln 2π``; comparable to
        ``-REMLcrit/2`` of lme4.
    covariance : (k, k) array
        Of the variances, from the expected information of those above 0; 0 for others.
    effects : (p,) array
        Fixed effects beside the specimens, generalised least squares.
    effects_covariance : (p, p) array
        Of these.
    """

    variances: Array
    log_likelihood: float
    covariance: Array
    effects: Array
    effects_covariance: Array


def fit(
    model: Model,
    *,
    start: Array | None = None,
    fixed: Mapping[int, float] | None = None,
) -> Fit:
    """Maximise the restricted likelihood over variances from 0 on.

    Newton's method on the observed information where it is positive definite, else
    Fisher scoring, with an active set at 0 and halved steps.

    Parameters
    ----------
    model : Model
        At most 20,000 measurements.
    start : (k,) array, optional
        Where to begin.
    fixed : mapping of int to float, optional
        Components held at a value, for profiles.

    Returns
    -------
    Fit

    Raises
    ------
    DesignError
        If there are too many measurements, or no maximum is found.

    References
    ----------
    Patterson and Thompson 1971, doi:10.1093/biomet/58.3.545. Searle, Casella and
    McCulloch 1992, Variance Components, chapter 6 (derivatives).
    """
    if len(model.y) > MOST_MEASUREMENTS:
        msg = (
            f"{len(model.y)} replicated measurements; at most {MOST_MEASUREMENTS} are "
            "taken together: estimate by parts of the study"
        )
        raise DesignError(msg)
    held = dict(fixed or {})
    theta = _start(model) if start is None else np.maximum(start, 0.0)
    for at, value in held.items():
        theta[at] = value
    free = np.array([at not in held for at in range(len(theta))])
    state = _state(model, theta)
    for _ in range(_STEPS):
        gradient, observed, expected = state.derivatives()
        size = np.sqrt(np.diag(expected))
        moving = free & ((theta > 0) | (gradient > 0))
        if not moving.any() or np.all(
            np.abs(gradient[moving]) <= _ENOUGH * size[moving] * np.sqrt(len(model.y))
        ):
            break
        theta, state, moved = _step(
            model, theta, state, gradient, (observed, expected), moving
        )
        if not moved:
            break
    return _finished(model, theta, state)


def log_likelihood(model: Model, theta: Array) -> tuple[float, Array]:
    """Return the restricted log-likelihood at given variances, and its gradient.

    Parameters
    ----------
    model : Model
        The measurements.
    theta : (k,) array
        Variances.

    Raises
    ------
    DesignError
        If measurements would have no variance.
    """
    state = _state(model, theta)
    return state.log_likelihood, state.derivatives()[0]


def effects_covariance(model: Model, theta: Array) -> Array:
    """Return the covariance of the fixed effects at given variances.

    Parameters
    ----------
    model : Model
        The measurements.
    theta : (k,) array
        Variances.

    Raises
    ------
    DesignError
        If measurements would have no variance.
    """
    return _state(model, theta).effects()[1]


def _step(
    model: Model,
    theta: Array,
    state: LikelihoodState,
    gradient: Array,
    information: tuple[Array, Array],
    moving: NDArray[np.bool_],
) -> tuple[Array, LikelihoodState, bool]:
    observed, expected = (m[np.ix_(moving, moving)] for m in information)
    direction = np.zeros_like(theta)
    for matrix in (observed, expected):
        try:
            lower = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            continue
        half = np.linalg.solve(lower, gradient[moving])
        direction[moving] = np.linalg.solve(lower.T, half)
        for _ in range(40):
            trial = np.maximum(theta + direction, 0.0)
            try:
                reached = _state(model, trial)
            except DesignError:
                direction /= 2
                continue
            slack = 1e-12 * max(1.0, abs(state.log_likelihood))
            if reached.log_likelihood >= state.log_likelihood - slack:
                moved = bool(np.any(np.abs(trial - theta) > 1e-15 * theta.max()))
                return trial, reached, moved
            direction /= 2
    return theta, state, False


def _state(model: Model, theta: Array) -> LikelihoodState:
    try:
        return LikelihoodState(model, theta)
    except np.linalg.LinAlgError:
        msg = (
            "the measurements have no variance that could be divided: all replicates "
            "are equal"
        )
        raise DesignError(msg) from None


def _start(model: Model) -> Array:
    ones = AbsorbedSpecimens(model, np.ones(len(model.y)))
    inside, x = ones(model.y), ones(model.x)
    residual = inside - x @ np.linalg.lstsq(x, inside, rcond=None)[0]
    freedom = max(len(model.y) - model.n_specimens - model.x.shape[1], 1)
    whole = float(residual @ residual) / freedom
    if not whole > 1e-28 * max(1.0, float(np.abs(model.y).max()) ** 2):
        msg = (
            "the measurements have no variance that could be divided: all replicates "
            "are equal"
        )
        raise DesignError(msg)
    return np.full(model.n_components, whole / model.n_components)


def _finished(model: Model, theta: Array, state: LikelihoodState) -> Fit:
    _, _, expected = state.derivatives()
    inside = theta > 0
    covariance = np.zeros_like(expected)
    if inside.any():
        part = np.ix_(inside, inside)
        covariance[part] = np.linalg.pinv(expected[part])
    effects, effects_of = state.effects()
    return Fit(theta, state.log_likelihood, covariance, effects, effects_of)
