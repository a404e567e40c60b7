"""Simulated: error rates and power of the primary test, under named models."""

from __future__ import annotations

import numpy as np
import pytest

from longate.longitudinal.exact import permutation
from longate.longitudinal.power import smallest_effect, welch_power
from longate.longitudinal.welch import welch

REPLICATES = 10_000


def rejections(effect, spread, n=5, m=7, seed=2012):
    """Share of p < .05 for normal changes, responders' SD `spread` times."""
    rng = np.random.default_rng(seed)
    first = rng.normal(effect, spread, (REPLICATES, n))
    second = rng.normal(0, 1, (REPLICATES, m))
    found = [
        welch(one, two, 0.95).p < 0.05 for one, two in zip(first, second, strict=True)
    ]
    return np.mean(found)


@pytest.mark.parametrize(("spread", "nominal"), [(1, 0.05), (2, 0.054), (3, 0.052)])
def test_welch_keeps_its_level_at_five_against_seven(spread, nominal):
    # Normal changes, no difference, responders' SD 1, 2 and 3 times that of the
    # others. Nominal is .05; the known deviations at unequal spread stand beside.
    error = np.sqrt(nominal * (1 - nominal) / REPLICATES)
    assert abs(rejections(0.0, spread) - nominal) <= 3 * error


def test_the_permutation_is_exact_where_labels_are_exchangeable():
    # Exponential changes, 4 v 5: the attainable level below .05 is 6 / 126.
    rng = np.random.default_rng(7)
    values = rng.exponential(size=(5_000, 9))
    found = [
        permutation(row[:4], row[4:], confidence=0.95, seed=1).p <= 0.05
        for row in values
    ]
    level = 6 / 126
    assert abs(np.mean(found) - level) <= 3 * np.sqrt(level * (1 - level) / 5_000)


@pytest.mark.parametrize(
    ("effect", "power"), [(1.0, 0.32), (1.5, 0.60), (1.8, 0.77), (2.0, 0.84)]
)
def test_the_power_approximation_is_near_simulation(effect, power):
    assert welch_power(effect, 5, 7, 0.05) == pytest.approx(power, abs=0.01)


def test_power_at_no_effect_is_the_level_of_welch_and_nears_the_nominal_one():
    # Welch's t is a little conservative with few patients of equal variance.
    assert 0.045 < welch_power(0.0, 5, 7, 0.05) < 0.05
    assert welch_power(0.0, 200, 200, 0.05) == pytest.approx(0.05, abs=1e-4)


def test_the_smallest_effect_has_its_power_and_falls_with_n():
    effect = smallest_effect(5, 7)
    assert effect == pytest.approx(1.89, abs=0.005)
    assert welch_power(effect, 5, 7, 0.05) == pytest.approx(0.8, abs=1e-5)
    assert rejections(effect, 1) == pytest.approx(0.8, abs=0.02)
    assert smallest_effect(50, 50) < smallest_effect(5, 7) < smallest_effect(2, 2)
