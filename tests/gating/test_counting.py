"""Exact intervals of proportions, flags of counts, and medians with their ranks."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from longate.gating.results.counting import detection, with_fractions
from longate.gating.results.medians import median_with_interval
from longate.statistics import clopper_pearson

SCIPY = 2e-12  # where scipy stops its search


def _scipy(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    found = binomtest(k, n).proportion_ci(confidence_level=confidence, method="exact")
    return found.low, found.high


@pytest.mark.parametrize("n", [1, 2, 19, 50, 101])
def test_intervals_are_scipy_s_for_every_k(n):
    k = np.arange(n + 1)
    low, high = clopper_pearson(k, n)
    expected = np.array([_scipy(i, n) for i in k])
    np.testing.assert_allclose(low, expected[:, 0], rtol=1e-9, atol=SCIPY)
    np.testing.assert_allclose(high, expected[:, 1], rtol=1e-9, atol=SCIPY)


@settings(deadline=None)
@given(st.integers(1, 3_000_000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_are_scipy_s_for_large_counts(n, share, confidence):
    k = round(n * share)
    low, high = clopper_pearson(k, n, confidence=confidence)
    expected = _scipy(k, n, confidence)
    np.testing.assert_allclose([low, high], expected, rtol=1e-9, atol=SCIPY)


def test_an_interval_has_its_tails_exactly():
    low, high = (float(bound) for bound in clopper_pearson(3, 20))

    def tail(p: float, ks: range) -> float:
        return sum(comb(20, k) * p**k * (1 - p) ** (20 - k) for k in ks)

    assert tail(low, range(3, 21)) == pytest.approx(0.025, rel=1e-9)
    assert tail(high, range(4)) == pytest.approx(0.025, rel=1e-9)


def test_no_events_give_no_interval_and_all_or_none_give_one_sided_ones():
    low, high = clopper_pearson([0, 0, 7], [0, 7, 7])
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] == 0.0
    assert high[2] == 1.0
    assert high[1] == pytest.approx(1 - 0.025 ** (1 / 7))
    assert low[2] == pytest.approx(0.025 ** (1 / 7))


def test_flags_change_at_20_and_at_50():
    counts = [0, 19, 20, 49, 50, 10**9]
    flags = ["below detection"] * 2 + ["detected"] * 2 + ["quantifiable"] * 2
    assert detection(counts).tolist() == flags
    rows = [{"n_events": k, "n_parent": 10**9} for k in counts]
    table = with_fractions(pd.DataFrame(rows), "n_events", "n_parent")
    assert table["detection"].tolist() == flags
    assert table["quantifiable"].tolist() == [False] * 4 + [True] * 2


def test_an_empty_parent_has_no_fraction():
    frame = pd.DataFrame([{"n_events": 0, "n_parent": 0, "more": "kept"}])
    table = with_fractions(frame, "n_events", "n_parent")
    assert table[["fraction", "low", "high"]].isna().all(axis=None)
    assert table["more"].tolist() == ["kept"]
    assert isinstance(table, pd.DataFrame)


# Medians


def _rank(n: int) -> int:
    """The largest j with P(Bin(n, 1/2) < j) <= 2.5 %, in exact arithmetic."""
    below, j = Fraction(0), 0
    while True:
        below += Fraction(comb(n, j), 2**n)
        if below > Fraction(25, 1000):
            return j
        j += 1


@pytest.mark.parametrize("n", [*range(1, 130), 999, 1000, 1001, 4096])
def test_the_interval_of_a_median_runs_between_exact_ranks(n):
    values = np.random.default_rng(n).permutation(n).astype(float) + 1
    found = median_with_interval(values)
    rank = _rank(n)
    assert found["n_events"] == n
    assert found["median"] == (n + 1) / 2
    if n < 6:
        assert rank == 0
        assert np.isnan([found["low"], found["high"]]).all()
    else:
        assert rank >= 1
        assert (found["low"], found["high"]) == (rank, n + 1 - rank)


@pytest.mark.parametrize("n", [100_000, 1_234_567])
def test_ranks_stay_exact_for_whole_files(n):
    from scipy.stats import binom

    rank = int(binom.ppf(0.025, n, 0.5))
    while binom.cdf(rank, n, 0.5) <= 0.025:
        rank += 1
    while binom.cdf(rank - 1, n, 0.5) > 0.025:
        rank -= 1
    found = median_with_interval(np.arange(1.0, n + 1))
    assert (found["low"], found["high"]) == (rank, n + 1 - rank)


def test_the_interval_covers_as_its_ranks_promise():
    """By exact law, P(low <= median <= high) = 1 - 2 P(Bin(n, 1/2) < j) >= 95 %."""
    rng = np.random.default_rng(2)
    n, replicates, centre = 15, 4000, np.log(2.0)
    bounds = [median_with_interval(rng.exponential(size=n)) for _ in range(replicates)]
    covered = np.mean([b["low"] <= centre <= b["high"] for b in bounds])
    below = sum(comb(n, j) for j in range(_rank(n))) / 2**n
    law = 1 - 2 * below
    assert law >= 0.95
    assert abs(covered - law) <= 3 * np.sqrt(law * (1 - law) / replicates)


def test_a_median_of_nothing_or_of_nan_is_not_known():
    nothing = median_with_interval(np.array([]))
    assert nothing["n_events"] == 0
    assert np.isnan([nothing["median"], nothing["low"], nothing["high"]]).all()
    unknown = median_with_interval(np.array([1.0, np.nan, *range(20)]))
    assert unknown["n_events"] == 22
    assert np.isnan([unknown["median"], unknown["low"], unknown["high"]]).all()


@settings(deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40), st.randoms())
def test_ties_and_order_do_not_matter(values, random):
    shuffled = values.copy()
    random.shuffle(shuffled)
    one, other = (median_with_interval(np.array(v, float)) for v in (values, shuffled))
    np.testing.assert_equal(one, other)
    if len(values) >= 6:
        assert one["low"] <= one["median"] <= one["high"]
