"""The maturation index, its variance and the coverage of its counting interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longate.nk.stages.index import stage_index
from reference import stages as reference

WEIGHTS = reference.FIVE
STAGES = list(WEIGHTS)
Z = 1.959963984540054


def _one(counts, weights=WEIGHTS):
    index, low, high = stage_index(np.array([counts], dtype=float), weights)
    return float(index[0]), float(low[0]), float(high[0])


def test_by_hand():
    # 10, 20, 30, 25, 15 events: (0 + 5 + 15 + 18.75 + 15) / 100.
    index, low, high = _one([10, 20, 30, 25, 15])
    assert index == pytest.approx(0.5375)
    p = np.array([10.5, 20.5, 30.5, 25.5, 15.5]) / 102.5
    w = np.array([0, 0.25, 0.5, 0.75, 1])
    half = Z * math.sqrt((np.sum(p * w**2) - np.sum(p * w) ** 2) / 100)
    assert (low, high) == pytest.approx((0.5375 - half, 0.5375 + half))


def test_a_single_stage_still_has_an_interval_of_some_width():
    for stage, weight in enumerate(WEIGHTS.values()):
        counts = np.zeros(5)
        counts[stage] = 7
        index, low, high = _one(counts)
        assert index == weight
        assert low < index < high


def test_no_event_on_the_axis_gives_no_index():
    assert np.isnan(_one([0] * 5)).all()


COUNTS = st.lists(st.integers(0, 10**6), min_size=5, max_size=5)


@settings(deadline=None)
@given(COUNTS, st.integers(3, 5))
def test_agrees_with_the_formula_written_out(counts, n_stages):
    counts = counts[:n_stages]
    axis = STAGES[:n_stages]
    weights = {stage: place / (n_stages - 1) for place, stage in enumerate(axis)}
    index, low, high = _one(counts, weights)
    expected, variance = reference.index(dict(zip(axis, counts, strict=True)), axis)
    half = Z * math.sqrt(variance) if sum(counts) else math.nan
    np.testing.assert_allclose(
        [index, low, high],
        [expected, expected - half, expected + half],
        rtol=1e-9,
        atol=1e-9,
    )


@settings(deadline=None)
@given(COUNTS, st.integers(0, 3), st.integers(1, 1000))
def test_moving_cells_one_stage_up_raises_the_index(counts, stage, moved):
    counts[stage] += moved
    after = counts.copy()
    after[stage] -= moved
    after[stage + 1] += moved
    assert _one(after)[0] > _one(counts)[0]


TYPICAL = [0.08, 0.05, 0.15, 0.32, 0.40]
EVEN = [0.2] * 5
MATURE = [0.01, 0.01, 0.03, 0.15, 0.80]
ENDS = [0.5, 0.0, 0.0, 0.0, 0.5]
REPLICATES = 10_000


def _coverage(composition, n, seed=20):
    """Share of multinomial samples whose counting interval holds the true index."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, composition, size=REPLICATES).astype(float)
    _, low, high = stage_index(counts, WEIGHTS)
    true = float(np.dot(composition, list(WEIGHTS.values())))
    return float(np.mean((low <= true) & (true <= high)))


@pytest.mark.parametrize(
    ("composition", "n"),
    [
        *[(TYPICAL, 200), (TYPICAL, 1000), (TYPICAL, 10_000)],
        *[(EVEN, 200), (EVEN, 1000)],
        *[(MATURE, 1000), (MATURE, 10_000)],
    ],
)
def test_the_interval_covers_95_percent_of_multinomial_samples(composition, n):
    """Not rejected against .95 at three Monte Carlo standard errors."""
    error = math.sqrt(0.95 * 0.05 / REPLICATES)
    assert abs(_coverage(composition, n) - 0.95) <= 3 * error


@pytest.mark.parametrize(
    ("composition", "n", "known"),
    [
        (EVEN, 5, 0.921),  # too short: five events
        (EVEN, 20, 0.933),
        (ENDS, 20, 0.885),  # the worst found: all cells at the two ends
        (ENDS, 50, 0.935),
        (MATURE, 20, 0.9985),  # too long: nearly all cells in one stage
        (MATURE, 50, 0.978),
    ],
)
def test_where_the_interval_departs_from_95_percent_it_is_known(composition, n, known):
    """Of few events the interval is not nominal; these are its simulated numbers."""
    error = math.sqrt(known * (1 - known) / REPLICATES)
    assert abs(_coverage(composition, n) - known) <= 3 * error + 0.0005
