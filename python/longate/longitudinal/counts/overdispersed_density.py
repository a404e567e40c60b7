"""Densities with more variation than counting: beta- and negative binomial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.counts.binomial_density import (
    empirical_logit,
    expit,
    log_choose,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST = 1e-8
"""The least inverse of a precision; below, log-gammas lose their digits."""


def precision(own: Array, axes: int) -> Array:
    """Return 1 / t^2 of the own parameter t, for arrays of so many axes."""
    inverse = np.maximum(own[:, 0] ** 2, LEAST)
    return np.asarray(1.0 / inverse.reshape(-1, *(1,) * (axes - 1)))


@dataclass(frozen=True, eq=False)
class BetaBinomial:
    """k of n whose probability varies as Beta(mu phi, (1 - mu) phi).

    Attributes
    ----------
    k, n : (P, J) array
        Events and all events; 0 of 0 where a patient lacks a visit.
    """

    k: Array
    n: Array

    def working(self, own: Array) -> tuple[Array, Array]:
        """Return empirical logits, weighted by both variances."""
        value, weight = empirical_logit(self.k, self.n)
        n = np.maximum(self.n, 1.0)
        return value[None], weight / (1.0 + (n - 1.0) / (1.0 + precision(own, 3)))

    def slopes(self, eta: Array, own: Array) -> tuple[Array, Array]:
        """Return both derivatives by eta, through mu."""
        from scipy.special import polygamma, psi

        phi = precision(own, 3)
        mu = expit(eta)
        # Beyond these no digit of a log-gamma is left, nor is one needed.
        mu = np.clip(mu, 1e-12, 1.0 - 1e-12)
        a, b = mu * phi, (1.0 - mu) * phi
        rest = self.n - self.k
        by_mu = phi * (psi(self.k + a) - psi(a) - psi(rest + b) + psi(b))
        curve = phi**2 * (
            polygamma(1, self.k + a)
            - polygamma(1, a)
            + polygamma(1, rest + b)
            - polygamma(1, b)
        )
        step = mu * (1.0 - mu)
        return by_mu * step, curve * step**2 + by_mu * step * (1.0 - 2.0 * mu)

    def log_density(self, eta: Array, own: Array) -> Array:
        """Return the log of the beta-binomial density."""
        from scipy.special import gammaln

        shape = (*self.k.shape, *(1,) * (eta.ndim - 3))
        k, n = self.k.reshape(shape), self.n.reshape(shape)
        phi = precision(own, eta.ndim)
        mu = np.clip(expit(eta), 1e-12, 1.0 - 1e-12)
        a, b = mu * phi, (1.0 - mu) * phi
        successes = gammaln(k + a) - gammaln(a)
        failures = gammaln(n - k + b) - gammaln(b)
        found = successes + failures - gammaln(n + phi) + gammaln(phi)
        return np.asarray(found + log_choose(n, k))

    def simulate(self, rng: np.random.Generator, eta: Array, own: Array) -> Array:
        """Draw probabilities, then k."""
        phi = precision(own, 1)[0]
        mu = np.clip(expit(eta), 1e-12, 1.0 - 1e-12)
        p = rng.beta(mu * phi, (1.0 - mu) * phi)
        drawn = rng.binomial(self.n.astype(np.int64), p)
        return np.asarray(drawn, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class NegativeBinomial:
    """Counts k with mean mu = exp(eta) and variance mu + mu^2 / theta.

    Attributes
    ----------
    k : (P, J) array
        Events, 0 where a patient lacks a visit.
    seen : (P, J) array of bool
        Whether the patient has the visit.
    """

    k: Array
    seen: NDArray[np.bool_]

    def working(self, own: Array) -> tuple[Array, Array]:
        """Return ln(k + .5), weighted by both variances."""
        variance = 1.0 / (self.k + 0.5) + 1.0 / precision(own, 3)
        return np.log(self.k + 0.5)[None], np.where(self.seen, 1.0 / variance, 0.0)

    def slopes(self, eta: Array, own: Array) -> tuple[Array, Array]:
        """Return k - (k + theta) m and -(k + theta) m (1 - m), m = mu/(theta + mu)."""
        theta = precision(own, 3)
        part = expit(eta - np.log(theta))
        total = self.k + theta
        first = np.where(self.seen, self.k - total * part, 0.0)
        return first, np.where(self.seen, -total * part * (1.0 - part), 0.0)

    def log_density(self, eta: Array, own: Array) -> Array:
        """Return the log of the negative binomial density."""
        from scipy.special import gammaln

        shape = (*self.k.shape, *(1,) * (eta.ndim - 3))
        k, seen = self.k.reshape(shape), self.seen.reshape(shape)
        theta = precision(own, eta.ndim)
        choose = gammaln(k + theta) - gammaln(theta) - gammaln(k + 1.0)
        # k ln(mu / (theta + mu)) + theta ln(theta / (theta + mu)), stably.
        x = eta - np.log(theta)
        soft = np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
        return np.where(seen, choose + k * (x - soft) - theta * soft, 0.0)

    def simulate(self, rng: np.random.Generator, eta: Array, own: Array) -> Array:
        """Draw gamma rates, then k."""
        theta = precision(own, 1)[0]
        rates = np.exp(eta) * rng.gamma(theta, 1.0 / theta, size=eta.shape)
        drawn = np.where(self.seen, rng.poisson(np.minimum(rates, 1e15)), 0)
        return np.asarray(drawn, dtype=np.float64)
