"""The likelihood against plain numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from longate.longitudinal.counts.binomial_density import Binomial, BinomialWithSamples
from longate.longitudinal.counts.overdispersed_density import (
    BetaBinomial,
    NegativeBinomial,
)
from longate.longitudinal.counts.quadrature import log_likelihood, nodes_of

K = np.array([[3.0, 9.0, 0.0], [120.0, 80.0, 40.0]])
N = np.array([[40.0, 55.0, 0.0], [900.0, 1100.0, 310.0]])
ETA = np.array([[[-2.0, -1.5, 0.0], [-1.9, -2.2, -2.0]]])
S = 0.7


def expit(x):
    return 1 / (1 + np.exp(-x))


def plainly(density):
    """Sum over patients of the log of the integral, by 8001 plain steps."""
    z = np.linspace(-8, 8, 8001)
    total = 0.0
    for i in range(2):
        seen = [j for j in range(3) if N[i, j]]
        parts = [density(i, j, ETA[0, i, j] + S * z) for j in seen]
        total += np.log(np.sum(np.prod(parts, axis=0) * stats.norm.pdf(z)) * 0.002)
    return total


def ours(density, own, nodes=25):
    return log_likelihood(density, ETA, np.array([S]), np.array([own]), nodes)[0]


def test_binomial():
    expected = plainly(lambda i, j, eta: stats.binom.pmf(K[i, j], N[i, j], expit(eta)))
    assert ours(Binomial(K, N), []) == pytest.approx(expected, abs=1e-8)


def test_beta_binomial():
    phi = 30.0

    def density(i, j, eta):
        mu = expit(eta)
        return stats.betabinom.pmf(K[i, j], N[i, j], mu * phi, (1 - mu) * phi)

    own = [phi**-0.5]
    assert ours(BetaBinomial(K, N), own) == pytest.approx(plainly(density), abs=1e-6)


def test_negative_binomial():
    theta = 4.0

    def density(i, j, eta):
        return stats.nbinom.pmf(K[i, j], theta, theta / (theta + np.exp(eta + 5)))

    found = log_likelihood(
        NegativeBinomial(K, N > 0), ETA + 5, np.array([S]), np.array([[0.5]]), 25
    )[0]
    assert found == pytest.approx(plainly(density), abs=1e-8)


def test_binomial_with_samples():
    spread = 0.4
    v = np.linspace(-8, 8, 121)

    def density(i, j, eta):
        at = eta[:, None] + spread * v
        inner = np.exp(stats.binom.logpmf(K[i, j], N[i, j], expit(at)))
        return (inner * stats.norm.pdf(v)).sum(axis=1) * (v[1] - v[0])

    found = ours(BinomialWithSamples(Binomial(K, N), 15), [spread])
    assert found == pytest.approx(plainly(density), abs=1e-7)


def test_without_spread_nothing_is_integrated():
    zero = np.zeros(1)
    plain = stats.binom.logpmf(K, N, expit(ETA[0]))[N > 0].sum()
    for nodes in (1, 7, 25):
        found = log_likelihood(Binomial(K, N), ETA, zero, np.zeros((1, 0)), nodes)
        assert found[0] == pytest.approx(plain, abs=1e-10)
    samples = BinomialWithSamples(Binomial(K, N), 5)
    found = log_likelihood(samples, ETA, zero, np.zeros((1, 1)), 5)
    assert found[0] == pytest.approx(plain, abs=1e-10)


def test_the_sign_of_a_spread_does_not_matter():
    for density in (BetaBinomial(K, N), BinomialWithSamples(Binomial(K, N), 11)):
        values = log_likelihood(
            density,
            np.repeat(ETA, 2, axis=0),
            np.array([S, -S]),
            np.array([[0.3], [-0.3]]),
            21,
        )
        assert values[0] == pytest.approx(values[1], abs=1e-9)


def test_nodes_that_stay_in_place_fail():
    # Why the nodes are centred: 81 of them, not moved, lose what 15 keep.
    n = np.full((1, 3), 4799.0)
    k = np.array([[400.0, 900.0, 1500.0]])
    eta = np.log([[[0.05, 0.15, 0.3]]])
    density = Binomial(k, n)
    own = np.zeros((1, 0))
    few = log_likelihood(density, eta, np.array([0.9]), own, 15)[0]
    many = log_likelihood(density, eta, np.array([0.9]), own, 61)[0]
    assert few == pytest.approx(many, abs=1e-6)
    places, weights = nodes_of(81)
    fixed = density.log_density(eta[..., None] + 0.9 * places, own).sum(axis=2)
    fixed = fixed - places**2 / 2 + weights
    top = fixed.max()
    plain = top + np.log(np.exp(fixed - top).sum()) - 0.5 * np.log(2 * np.pi)
    assert abs(plain - many) > 0.05


@pytest.mark.parametrize(
    ("density", "own"),
    [
        (Binomial(K, N), []),
        (BinomialWithSamples(Binomial(K, N), 1), [0.4]),
        (BetaBinomial(K, N), [0.2]),
        (NegativeBinomial(K, N > 0), [0.4]),
    ],
)
def test_slopes_are_those_of_the_density(density, own):
    own, h = np.array([own]), 1e-5
    first, second = density.slopes(ETA, own)
    if isinstance(density, BinomialWithSamples):
        # The derivatives of the joint density at the sample's mode.
        s = own[0, 0]

        def value(eta):
            moved, _ = density._modes(eta, own)
            return density.plain.log_density(eta + s * moved, own) - moved**2 / 2
    else:

        def value(eta):
            return density.log_density(eta, own)

    up, at, down = value(ETA + h), value(ETA), value(ETA - h)
    assert first == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-5)
    h = 1e-3
    up, down = value(ETA + h), value(ETA - h)
    assert second == pytest.approx((up - 2 * at + down) / h**2, rel=1e-3, abs=1e-3)
