"""Variance components by REML, with a known variance of every measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MOST_MEASUREMENTS = 3000
"""More would need matrices of more than 72 MB each."""

_STEPS = 200
_ENOUGH = 1e-11  # gradient, relative to what each variance explains


@dataclass(frozen=True)
class Model:
    """Measurements with fixed effects and nested or crossed random terms.

    ``y = X b + Σ_k Z_k u_k + e + c`` with independent normal ``u_k ~ (0, θ_k)`` and
    ``e ~ (0, θ_last)``; ``c`` has the known variances, of counting.

    Parameters
    ----------
    y : (n,) array
        Measurements, on the analysis scale.
    x : (n, p) array of full column rank
        Fixed effects.
    levels : mapping of str to (n,) arrays of int
        Random term -> level of each measurement, from 0 on.
    known : (n,) array
        Known variances; 0 for none.
    residual : bool
        Whether there is a component of single measurements.
    """

    y: Array
    x: Array
    levels: Mapping[str, NDArray[np.intp]]
    known: Array
    residual: bool = True

    @property
    def n_components(self) -> int:
        """Number of variances to be found."""
        return len(self.levels) + self.residual


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
        Fixed effects, generalised least squares.
    effects_covariance : (p, p) array
        Of the fixed effects.
    """

    variances: Array
    log_likelihood: float
    covariance: Array
    effects: Array
    effects_covariance: Array


class _State:
    """Everything that a step needs at one vector of variances."""

    def __init__(self, model: Model, theta: Array) -> None:
        n, p = model.x.shape
        v = np.diag(model.known + (theta[-1] if model.residual else 0.0))
        for share, level in zip(theta, model.levels.values(), strict=False):
            v += share * (level[:, None] == level[None, :])
        lower = np.linalg.cholesky(v)
        inverse = np.linalg.inv(lower)
        whitened = inverse @ model.x
        q, r = np.linalg.qr(whitened)
        free = inverse - q @ (q.T @ inverse)
        self.p = free.T @ free
        self.py = self.p @ model.y
        self.r = r
        self.effects = np.linalg.solve(r, q.T @ (inverse @ model.y))
        self.log_likelihood = -0.5 * (
            (n - p) * np.log(2 * np.pi)
            + 2 * np.log(np.diag(lower)).sum()
            + 2 * np.log(np.abs(np.diag(r))).sum()
            + float(model.y @ self.py)
        )
        self._model = model

    def derivatives(self) -> tuple[Array, Array, Array]:
        """Return gradient, observed and expected information of the variances."""
        model = self._model
        blocks: list[tuple[NDArray[np.intp], int, Array]] = []
        scores: list[Array] = []
        traces, squares = [], []
        for level in model.levels.values():
            size = int(level.max()) + 1
            summed = _grouped(self.p, level, size)  # Z'P
            blocks.append((level, size, summed))
            u = np.bincount(level, weights=self.py, minlength=size)
            scores.append(np.asarray(u[level], dtype=np.float64))  # Z Z'P y
            traces.append(float(np.trace(_grouped(summed.T, level, size))))
            squares.append(float(u @ u))
        if model.residual:
            scores.append(self.py)
            traces.append(float(np.trace(self.p)))
            squares.append(float(self.py @ self.py))
        gradient = 0.5 * (np.array(squares) - np.array(traces))
        count = model.n_components
        expected, observed = np.empty((count, count)), np.empty((count, count))
        for a in range(count):
            for b in range(a, count):
                trace = self._trace(blocks, a, b)
                quadratic = float(scores[a] @ (self.p @ scores[b]))
                expected[a, b] = expected[b, a] = 0.5 * trace
                observed[a, b] = observed[b, a] = quadratic - 0.5 * trace
        return gradient, observed, expected

    def _trace(
        self, blocks: Sequence[tuple[NDArray[np.intp], int, Array]], a: int, b: int
    ) -> float:
        """Return tr(P V_a P V_b)."""
        if a == b == len(blocks):
            return float(np.sum(self.p**2))
        summed = blocks[a][2]
        if b == len(blocks):
            return float(np.sum(summed**2))
        other, other_size, _ = blocks[b]
        return float(np.sum(_grouped(summed.T, other, other_size) ** 2))


def _grouped(matrix: Array, level: NDArray[np.intp], size: int) -> Array:
    """Return the rows of a matrix summed by level."""
    found = np.zeros((size, matrix.shape[1]))
    np.add.at(found, level, matrix)
    return found


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
        At most 3000 measurements.
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
    inverse = np.linalg.inv(_state(model, theta).r)
    return np.asarray(inverse @ inverse.T)


def _step(
    model: Model,
    theta: Array,
    state: _State,
    gradient: Array,
    information: tuple[Array, Array],
    moving: NDArray[np.bool_],
) -> tuple[Array, _State, bool]:
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


def _state(model: Model, theta: Array) -> _State:
    try:
        return _State(model, theta)
    except np.linalg.LinAlgError:
        msg = (
            "the measurements have no variance that could be divided: all replicates "
            "are equal"
        )
        raise DesignError(msg) from None


def _start(model: Model) -> Array:
    residual = model.y - model.x @ np.linalg.lstsq(model.x, model.y, rcond=None)[0]
    freedom = max(len(model.y) - model.x.shape[1], 1)
    whole = float(residual @ residual) / freedom
    if not whole > 1e-28 * max(1.0, float(np.abs(model.y).max()) ** 2):
        msg = (
            "the measurements have no variance that could be divided: all replicates "
            "are equal"
        )
        raise DesignError(msg)
    return np.full(model.n_components, whole / model.n_components)


def _finished(model: Model, theta: Array, state: _State) -> Fit:
    _, _, expected = state.derivatives()
    inside = theta > 0
    covariance = np.zeros_like(expected)
    if inside.any():
        part = np.ix_(inside, inside)
        covariance[part] = np.linalg.pinv(expected[part])
    inverse = np.linalg.inv(state.r)
    return Fit(
        theta,
        state.log_likelihood,
        covariance,
        state.effects,
        inverse @ inverse.T,
    )
