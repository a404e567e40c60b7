"""Restricted likelihood of variance components, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """Measurements of specimens, with fixed effects and random terms.

    ``y = specimen + X b + Σ_k Z_k u_k + e + c`` with independent normal
    ``u_k ~ (0, θ_k)`` and ``e ~ (0, θ_last)``; ``c`` has the known variances, of
    counting. Specimens are fixed effects.

    Parameters
    ----------
    y : (n,) array
        Measurements, on the analysis scale.
    specimen : (n,) array of int
        From 0 on.
    x : (n, p) array
        Further fixed effects, of full column rank within specimens.
    levels : mapping of str to (n,) arrays of int
        Random term -> level of each measurement, from 0 on.
    known : (n,) array
        Known variances; 0 for none.
    """

    y: Array
    specimen: NDArray[np.intp]
    x: Array
    levels: Mapping[str, NDArray[np.intp]]
    known: Array

    @property
    def n_components(self) -> int:
        """Number of variances to be found."""
        return len(self.levels) + 1

    @cached_property
    def n_specimens(self) -> int:
        """Number of specimens."""
        return int(self.specimen.max()) + 1

    @cached_property
    def z(self) -> Array:
        """Indicators of all random terms side by side, (n, levels)."""
        blocks = [np.zeros((len(self.y), 0))]
        for level in self.levels.values():
            blocks.append((level[:, None] == np.arange(level.max() + 1)).astype(float))
        return np.column_stack(blocks)

    @cached_property
    def spans(self) -> list[slice]:
        """Columns of :attr:`z` by term."""
        ends = np.cumsum([0, *(int(v.max()) + 1 for v in self.levels.values())])
        return [slice(int(i), int(j)) for i, j in pairwise(ends)]


class AbsorbedSpecimens:
    """The projection that takes out specimens when only single errors vary.

    ``Q0 v = w (v - weighted mean of the specimen)`` with weights ``w = 1 / variance``:
    one pass over the measurements instead of a matrix of specimens.
    """

    def __init__(self, model: Model, weights: Array) -> None:
        self._specimen, self._n = model.specimen, model.n_specimens
        self.weights = weights
        self.totals = np.bincount(self._specimen, weights=weights)

    def __call__(self, columns: Array) -> Array:
        """Apply it to (n,) or (n, m) columns."""
        weighted = columns * (
            self.weights if columns.ndim == 1 else self.weights[:, None]
        )
        sums = _by_level(weighted, self._specimen, self._n)
        means = sums / (self.totals if columns.ndim == 1 else self.totals[:, None])
        share = means[self._specimen]
        return weighted - share * (
            self.weights if columns.ndim == 1 else self.weights[:, None]
        )

    @property
    def trace(self) -> float:
        """Sum of the diagonal."""
        squares = np.bincount(self._specimen, weights=self.weights**2)
        return float(self.weights.sum() - np.sum(squares / self.totals))

    @property
    def squared(self) -> float:
        """Sum of all squared elements."""
        second = np.bincount(self._specimen, weights=self.weights**2)
        third = np.bincount(self._specimen, weights=self.weights**3)
        whole = np.sum(self.weights**2) - 2 * np.sum(third / self.totals)
        return float(whole + np.sum((second / self.totals) ** 2))


class LikelihoodState:
    """Everything that a step needs at one vector of variances.

    ``P = Q1 - U B U'``, where Q1 takes out all fixed effects under single errors,
    ``U = Q1 Z L``, ``L² = θ`` of each level and ``B = (I + L Z'Q1 Z L)^-1``: work grows
    with measurements times levels, not with the cube of measurements.
    """

    def __init__(self, model: Model, theta: Array) -> None:
        single = model.known + theta[-1]
        if not np.all(single > 0):
            raise np.linalg.LinAlgError
        n, fixed = len(model.y), model.x.shape[1]
        self._q0 = AbsorbedSpecimens(model, 1 / single)
        self._h = self._q0(model.x)
        inner = model.x.T @ self._h
        self._c = np.linalg.inv(inner) if fixed else inner
        scales = np.concatenate(
            [np.zeros(0)]
            + [
                np.full(span.stop - span.start, np.sqrt(variance))
                for span, variance in zip(model.spans, theta, strict=False)
            ]
        )
        self._q1z = self._q1(model.z)
        self.m = model.z.T @ self._q1z
        self._u = self._q1z * scales
        lower = np.linalg.cholesky(
            np.eye(len(scales)) + scales[:, None] * self.m * scales
        )
        half = np.linalg.inv(lower)
        self._b = half.T @ half
        self._scales = scales
        self.py = self.apply(model.y)
        log_fixed = np.log(self._q0.totals).sum()
        log_fixed += np.linalg.slogdet(inner)[1] if fixed else 0.0
        self.log_likelihood = -0.5 * (
            (n - model.n_specimens - fixed) * np.log(2 * np.pi)
            + np.log(single).sum()
            + float(log_fixed)
            + 2 * np.log(np.diag(lower)).sum()
            + float(model.y @ self.py)
        )
        self._model = model

    def _q1(self, columns: Array) -> Array:
        return self._q0(columns) - self._h @ (self._c @ (self._h.T @ columns))

    def apply(self, columns: Array) -> Array:
        """Return P times columns."""
        return self._q1(columns) - self._u @ (self._b @ (self._u.T @ columns))

    def derivatives(self) -> tuple[Array, Array, Array]:
        """Return gradient, observed and expected information of the variances."""
        model, count = self._model, self._model.n_components
        inside = self._scales[:, None] * self.m
        g = self.m - inside.T @ self._b @ inside  # Z'PZ
        pz = self._q1z - self._u @ (self._b @ inside)
        u = model.z.T @ self.py
        scores = [model.z[:, span] @ u[span] for span in model.spans] + [self.py]
        squares = [float(u[span] @ u[span]) for span in model.spans]
        squares.append(float(self.py @ self.py))
        traces = [float(np.trace(g[span, span])) for span in model.spans]
        uu = self._u.T @ self._u
        traces.append(
            self._q0.trace
            - float(np.sum(self._c * (self._h.T @ self._h)))
            - float(np.sum(self._b * uu))
        )
        gradient = 0.5 * (np.array(squares) - np.array(traces))
        expected, observed = np.empty((count, count)), np.empty((count, count))
        applied = [self.apply(score) for score in scores]
        for i in range(count):
            for j in range(i, count):
                if j < count - 1:
                    trace = float(np.sum(g[model.spans[i], model.spans[j]] ** 2))
                elif i < count - 1:
                    trace = float(np.sum(pz[:, model.spans[i]] ** 2))
                else:
                    trace = self._squared(uu)
                quadratic = float(scores[i] @ applied[j])
                expected[i, j] = expected[j, i] = 0.5 * trace
                observed[i, j] = observed[j, i] = quadratic - 0.5 * trace
        return gradient, observed, expected

    def _squared(self, uu: Array) -> float:
        """Return tr(P P)."""
        hh = self._c @ (self._h.T @ self._h)
        q1 = (
            self._q0.squared
            - 2 * float(np.sum(self._c * (self._h.T @ self._q0(self._h))))
            + float(np.sum(hh * hh.T))
        )
        bu = self._b @ uu
        mixed = float(np.sum(self._b * (self._u.T @ self._q1(self._u))))
        return q1 - 2 * mixed + float(np.sum(bu * bu.T))

    def effects(self) -> tuple[Array, Array]:
        """Return fixed effects beside the specimens, and their covariance."""
        model = self._model
        z = self._q0(model.z)
        inside = self._scales[:, None] * (model.z.T @ z) * self._scales
        half = np.linalg.inv(np.linalg.cholesky(np.eye(len(inside)) + inside))
        reached = half @ (self._scales[:, None] * (z.T @ model.x))
        seen = half @ (self._scales * (z.T @ model.y))
        covariance = np.linalg.inv(model.x.T @ self._h - reached.T @ reached)
        found = covariance @ (self._h.T @ model.y - reached.T @ seen)
        return found, np.asarray(covariance, dtype=np.float64)


def _by_level(columns: Array, level: NDArray[np.intp], size: int) -> Array:
    """Return (n,) or (n, m) columns summed by level."""
    if columns.ndim == 1:
        return np.asarray(
            np.bincount(level, weights=columns, minlength=size), dtype=np.float64
        )
    found = np.zeros((size, columns.shape[1]))
    np.add.at(found, level, columns)
    return found
