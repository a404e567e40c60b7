"""Exact rank tests against brute force, and what intervals must do."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from longate.longitudinal.ranks import (
    pseudo_median,
    rank_sum,
    shift_between,
    signed_rank,
)
from longate.longitudinal.ties import difference

few = st.lists(st.integers(-3, 3), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(few, st.sampled_from(["pratt", "wilcoxon"]))
def test_signed_rank_counts_every_sign(values, zeros):
    d = np.array(values, dtype=float)
    kept = d != 0
    found = signed_rank(d, zeros)
    if not kept.any():
        assert (found.p, found.smallest_p) == (1.0, 1.0)
        return
    base = np.abs(d[kept]) if zeros == "wilcoxon" else np.abs(d)
    ranks = stats.rankdata(base)
    ranks = ranks if zeros == "wilcoxon" else ranks[kept]
    sums = [np.dot(signs, ranks) for signs in product([0, 1], repeat=len(ranks))]
    middle, observed = ranks.sum() / 2, ranks[d[kept] > 0].sum()
    far = [abs(s - middle) >= abs(observed - middle) - 1e-9 for s in sums]
    assert found.p == pytest.approx(np.mean(far))
    assert found.statistic == observed
    assert found.p >= found.smallest_p - 1e-15


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
)
def test_rank_sum_counts_every_allocation(one, two):
    first, second = np.array(one, dtype=float), np.array(two, dtype=float)
    ranks = stats.rankdata(np.concatenate([first, second]))
    n, size = len(first), len(ranks)
    sums = np.array([ranks[list(c)].sum() for c in combinations(range(size), n)])
    middle = n * ranks.sum() / size
    distance = np.abs(sums - middle)
    found = rank_sum(first, second)
    observed = abs(ranks[:n].sum() - middle)
    assert found.p == pytest.approx((distance >= observed - 1e-9).mean())
    assert found.smallest_p == pytest.approx((distance >= distance.max() - 1e-9).mean())
    assert found.p == pytest.approx(rank_sum(second, first).p)


def test_without_ties_scipy_agrees():
    generator = np.random.default_rng(7)
    for size in (4, 9, 20):
        d = generator.normal(0.4, 1, size)
        assert signed_rank(d).p == pytest.approx(
            stats.wilcoxon(d, method="exact").pvalue, rel=1e-12
        )
        other = generator.normal(0, 1, 6)
        assert rank_sum(d, other).p == pytest.approx(
            stats.mannwhitneyu(d, other, method="exact").pvalue, rel=1e-10
        )


def test_many_values_take_the_normal_approximation():
    generator = np.random.default_rng(8)
    d = generator.normal(0.05, 1, 501)
    found = signed_rank(d)
    assert not found.exact
    # SciPy 1.15 renamed the method.
    old = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 15)
    method = "approx" if old else "asymptotic"
    truth = stats.wilcoxon(d, method=method, correction=False).pvalue
    assert found.p == pytest.approx(truth, rel=1e-10)
    first, second = np.round(d[:70], 1), np.round(d[70:130], 1)
    found = rank_sum(first, second)
    assert not found.exact
    truth = stats.mannwhitneyu(
        first, second, method="asymptotic", use_continuity=False
    ).pvalue
    assert found.p == pytest.approx(truth, rel=1e-10)


def test_five_patients_cannot_reach_five_percent():
    found = signed_rank(np.array([0.3, 0.5, 0.2, 0.9, 1.4]))
    assert found.p == found.smallest_p == 0.0625
    shift = pseudo_median(np.array([0.3, 0.5, 0.2, 0.9, 1.4]), 0.95)
    assert (shift.low, shift.high) == (-np.inf, np.inf)
    assert np.isfinite(pseudo_median(np.array([0.3, 0.5, 0.2, 0.9, 1.4]), 0.9).low)


def test_the_floor_of_a_rank_sum_at_five_v_seven():
    found = rank_sum(np.arange(5.0), np.arange(5.0, 12.0))
    assert found.smallest_p == pytest.approx(2 / 792)
    assert found.p == pytest.approx(2 / 792)


@pytest.mark.parametrize("seed", range(5))
def test_intervals_hold_the_shifts_that_are_not_rejected(seed):
    generator = np.random.default_rng(seed)
    first, second = generator.normal(1, 1, 6), generator.normal(0, 1, 7)
    shift = shift_between(first, second, 0.95)
    for end, inwards in ((shift.low, 1), (shift.high, -1)):
        assert rank_sum(first - end - inwards * 1e-9, second).p > 0.05
        assert rank_sum(first - end + inwards * 1e-9, second).p <= 0.05
    one = pseudo_median(first, 0.9)
    for end, inwards in ((one.low, 1), (one.high, -1)):
        assert signed_rank(first - end - inwards * 1e-9).p > 0.1
        assert signed_rank(first - end + inwards * 1e-9).p <= 0.1


def test_rounding_noise_makes_no_order():
    values = np.array([0.1, 0.3, 0.2, 0.4, 0.7, 0.9])
    later, earlier = values[1::2], values[::2]
    assert len(set(later - earlier)) > 1
    assert len(set(difference(later, earlier))) == 1
    assert difference(np.zeros(2), np.zeros(2)).tolist() == [0, 0]


def test_an_outlier_does_not_blur_the_differences_of_others():
    later = np.array([0.3, 0.2, 0.2504, 1e9, np.nan])
    earlier = np.array([0.2, 0.1, 0.15, 0.0, 1.0])
    found = difference(later, earlier)
    assert found[0] == found[1] != found[2]
    assert found[3] == 1e9
    assert np.isnan(found[4])
