"""The kernel of permutations against its twin, by brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longate._core import permute_welch
from longate.exceptions import DesignError
from longate.longitudinal.exact import permutation
from reference.permutation import permute_labels, statistic

number = st.floats(-10, 10).map(lambda x: round(x, 3))


def run(first, second, **options):
    first, second = np.asarray(first, float), np.asarray(second, float)
    return permutation(first, second, **({"confidence": 0.95, "seed": 1} | options))


@settings(max_examples=200, deadline=None)
@given(st.lists(number, min_size=6, max_size=6), st.sampled_from([2, 3, 4]))
def test_six_patients_agree_with_brute_force(values, n_first):
    first, second = np.array(values[:n_first]), np.array(values[n_first:])
    found = run(first, second)
    assert (found.p, found.smallest_p, found.allocations) == pytest.approx(
        permute_labels(first, second), abs=1e-12
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-1, 2), min_size=8, max_size=8))
def test_ties_agree_with_brute_force(values):
    first, second = np.array(values[:3], float), np.array(values[3:], float)
    found = run(first, second)
    assert (found.p, found.smallest_p) == pytest.approx(
        permute_labels(first, second)[:2], abs=1e-12
    )


def test_the_floor_is_what_the_most_extreme_allocation_reaches():
    values = np.array([0.3, 1.2, 0.7, 0.1, 0.2, 1.9, 0.5])
    reached = []
    for chosen in combinations(range(7), 3):
        first = values[list(chosen)]
        reached.append(run(first, np.delete(values, list(chosen))).p)
    assert run(values[:3], values[3:]).smallest_p == pytest.approx(min(reached))


@pytest.mark.parametrize(
    ("n", "m", "smallest_p"), [(5, 7, 1 / 792), (4, 5, 1 / 126), (6, 6, 2 / 924)]
)
def test_the_floor_of_untied_patients(n, m, smallest_p):
    values = np.random.default_rng(5).normal(size=n + m)
    assert run(values[:n], values[n:]).smallest_p == pytest.approx(smallest_p)


def test_shifts_inside_the_interval_are_not_rejected():
    rng = np.random.default_rng(11)
    first, second = rng.normal(1, 2, 4), rng.normal(0, 1, 5)
    found = run(first, second)
    eps = 1e-7
    assert permute_labels(first - found.low + eps, second)[0] <= 0.05
    assert permute_labels(first - found.low - eps, second)[0] > 0.05
    assert permute_labels(first - found.high - eps, second)[0] <= 0.05
    assert permute_labels(first - found.high + eps, second)[0] > 0.05


def test_allocations_without_variation_are_reported():
    found = run([1, 1, 1, 2], [0, 0, 0, 0, 1])
    assert found.degenerate == 0
    found = run([1, 1, 2], [0, 0, 0, 0])
    assert np.isfinite(found.p)
    found = run([1, 1, 1], [1, 1, 0, 0, 0])
    assert found.degenerate == 1
    found = run([1, 1, 0], [1, 0, 0])
    assert found.degenerate == 2
    assert "2 of them without variation" in found.words()


def test_groups_that_do_not_vary_have_no_interval_but_a_p():
    found = run([0.3, 0.3, 0.3], [0.1, 0.1, 0.1])
    assert found.p == pytest.approx(2 / 20)
    assert np.isnan(found.low)
    assert statistic(np.array([0.3] * 3), np.array([0.1] * 3)) == np.inf


def test_an_endless_interval_is_said():
    found = run([1, 2], [0.5, 4, 3])
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert "endless" in found.words()


def test_many_patients_are_sampled_with_a_seed():
    rng = np.random.default_rng(2)
    first, second = rng.normal(0.8, 1, 14), rng.normal(0, 1, 15)
    found = run(first, second)
    assert not found.exact
    assert found.allocations == 100_000
    assert found.smallest_p == pytest.approx(1e-5)
    assert "seeded sample" in found.words()
    assert run(first, second) == found
    assert run(first, second, seed=2).p != found.p
    assert abs(run(first, second, seed=2).p - found.p) < 0.005


def test_the_kernel_refuses_what_it_cannot_permute():
    options = {"alpha": 0.05, "most_enumerated": 1000, "replicates": 10, "seed": 1}
    values = np.array([1.0, 2.0, np.nan, 3.0])
    labels = np.array([True, True, False, False])
    assert permute_welch(values, labels, **options) is None
    assert permute_welch(values[:2], labels[:2], **options) is None
    with pytest.raises(DesignError, match="at least two finite values"):
        run([1.0], [2.0, 3.0])


def test_a_strided_view_is_read_as_it_looks():
    values = np.arange(24.0)[::2] ** 2
    labels = np.arange(12) % 3 == 0
    options = {"alpha": 0.05, "most_enumerated": 1000, "replicates": 10, "seed": 1}
    assert permute_welch(values, labels, **options) == permute_welch(
        values.copy(), labels, **options
    )
