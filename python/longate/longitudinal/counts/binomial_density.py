"""Densities of k events among n: binomial, with and without a sample effect."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.counts.quadrature import climb, nodes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def expit(eta: Array) -> Array:
    """Return 1 / (1 + exp(-eta))."""
    from scipy.special import expit as scipy_expit

    return np.asarray(scipy_expit(eta), dtype=np.float64)


def log_choose(n: Array, k: Array) -> Array:
    """Return the logarithm of n over k."""
    from scipy.special import gammaln

    found = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return np.asarray(found, dtype=np.float64)


def empirical_logit(k: Array, n: Array) -> tuple[Array, Array]:
    """Return ln((k + .5) / (n - k + .5)) and its weight, 0 where n is 0."""
    k, rest = k + 0.5, n - k + 0.5
    return np.log(k / rest), np.where(n > 0, k * rest / (k + rest), 0.0)


@dataclass(frozen=True, eq=False)
class Binomial:
    """k of n, without more variation than that of counting.

    Attributes
    ----------
    k, n : (P, J) array
        Events and all events; 0 of 0 where a patient lacks a visit.
    """

    k: Array
    n: Array

    @cached_property
    def _choose(self) -> Array:
        return log_choose(self.n, self.k)

    def working(self, own: Array) -> tuple[Array, Array]:
        """Return empirical logits and weights."""
        value, weight = empirical_logit(self.k, self.n)
        return value[None], np.broadcast_to(weight, (len(own), *weight.shape))

    def slopes(self, eta: Array, own: Array) -> tuple[Array, Array]:
        """Return k - n mu and -n mu (1 - mu)."""
        mu = expit(eta)
        return self.k - self.n * mu, -self.n * mu * (1.0 - mu)

    def log_density(self, eta: Array, own: Array) -> Array:
        """Return the log of the binomial density."""
        shape = (*self.k.shape, *(1,) * (eta.ndim - 3))
        k, n = self.k.reshape(shape), self.n.reshape(shape)
        soft = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
        found = k * eta - n * soft + self._choose.reshape(shape)
        return np.asarray(found, dtype=np.float64)

    def simulate(self, rng: np.random.Generator, eta: Array, own: Array) -> Array:
        """Draw k at eta (P, J)."""
        drawn = rng.binomial(self.n.astype(np.int64), expit(eta))
        return np.asarray(drawn, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class BinomialWithSamples:
    r"""k of n with a normal effect of every sample, integrated out.

    .. math:: f(k \mid \eta) = \int \mathrm{Bin}(k; n, \mathrm{expit}(\eta + s v))
       \varphi(v)\, dv

    Modes are those of the joint density of patient and sample effects, so that a
    single node gives Laplace's approximation of both together.

    Attributes
    ----------
    plain : Binomial
        Without the effect.
    nodes : int
        Of the inner quadrature.
    """

    plain: Binomial
    nodes: int

    def _spread(self, own: Array, axes: int) -> Array:
        return own[:, 0].reshape(-1, *(1,) * (axes - 1))

    def working(self, own: Array) -> tuple[Array, Array]:
        """Return empirical logits, weighted by both variances."""
        value, weight = self.plain.working(own)
        return value, weight / (1.0 + self._spread(own, 3) ** 2 * weight)

    def _modes(self, eta: Array, own: Array) -> tuple[Array, Array]:
        s = self._spread(own, eta.ndim)
        shape = (*self.plain.k.shape, *(1,) * (eta.ndim - 3))
        k, n = self.plain.k.reshape(shape), self.plain.n.reshape(shape)
        value, weight = empirical_logit(k, n)

        def derivatives(v: Array) -> tuple[Array, Array]:
            mu = expit(eta + s * v)
            return s * (k - n * mu) - v, -(s**2) * n * mu * (1.0 - mu) - 1.0

        start = s * weight * (value - eta) / (1.0 + s**2 * weight)
        return climb(start, s, derivatives, self.nodes)

    def slopes(self, eta: Array, own: Array) -> tuple[Array, Array]:
        """Return derivatives with the sample's effect at its mode."""
        s = self._spread(own, 3)
        mode, _ = self._modes(eta, own)
        first, second = self.plain.slopes(eta + s * mode, own)
        return first, second / (1.0 - s**2 * second)

    def log_density(self, eta: Array, own: Array) -> Array:
        """Return the log of the integral over the sample's effect."""
        s = self._spread(own, eta.ndim)
        mode, width = self._modes(eta, own)
        points, weights = nodes_of(self.nodes)
        top = self.plain.log_density(eta + s * mode, own) - 0.5 * mode**2
        summed = np.zeros(eta.shape)
        for point, weight in zip(points, weights, strict=True):
            v = mode + width * point
            here = self.plain.log_density(eta + s * v, own) - 0.5 * v**2
            summed += np.exp(here - top + weight)
        total = top + np.log(summed * width) - 0.5 * np.log(2.0 * np.pi)
        seen = (self.plain.n > 0).reshape(self.plain.n.shape + (1,) * (eta.ndim - 3))
        return np.where(seen, total, 0.0)

    def simulate(self, rng: np.random.Generator, eta: Array, own: Array) -> Array:
        """Draw the samples' effects, then k."""
        effects = rng.normal(size=eta.shape) * own[0, 0]
        return self.plain.simulate(rng, eta + effects, own)
