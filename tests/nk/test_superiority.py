"""Rank shifts: all pairs, only ranks, order, intervals and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import MaturationError
from longate.statistics import newcombe_interval
from reference import event_score as reference

CELLS = st.lists(st.sampled_from([0.0, 0.2, 0.25, 0.5, 0.75, 1.0]), min_size=1)


@settings(deadline=None)
@given(CELLS, CELLS)
def test_theta_is_the_share_of_pairs(earlier, later):
    found = lg.nk.superiority(earlier, later)
    assert found.theta == pytest.approx(reference.theta(earlier, later), abs=1e-12)
    assert 0 <= found.counting_low <= found.theta + 1e-12
    assert found.theta - 1e-12 <= found.counting_high <= 1


@settings(deadline=None)
@given(CELLS, CELLS, st.randoms(use_true_random=False))
def test_only_ranks_matter_and_not_the_order(earlier, later, random):
    before = lg.nk.superiority(earlier, later)
    warped = [[float(np.exp(4 * x) - 2) for x in part] for part in (earlier, later)]
    for part in warped:
        random.shuffle(part)
    assert lg.nk.superiority(*warped) == before


def test_exchanging_the_samples_mirrors_everything():
    rng = np.random.default_rng(1)
    x, y = rng.random(300), rng.random(200) + 0.1
    one, other = lg.nk.superiority(x, y), lg.nk.superiority(y, x)
    assert one.theta + other.theta == pytest.approx(1)
    assert one.counting_low + other.counting_high == pytest.approx(1)
    assert one.method == other.method == "placements, logit"


def test_a_mature_cell_more_raises_theta():
    rng = np.random.default_rng(2)
    x, y = rng.random(50), rng.random(50)
    assert lg.nk.superiority(x, [*y, 2.0]).theta > lg.nk.superiority(x, y).theta


@pytest.mark.parametrize(
    ("earlier", "later", "theta"),
    [([0.1, 0.2], [0.5, 0.6, 0.7], 1.0), ([0.5] * 9, [0.5] * 4, 0.5), ([1], [0], 0.0)],
)
def test_samples_without_variation_still_have_an_interval(earlier, later, theta):
    found = lg.nk.superiority(earlier, later)
    assert (found.theta, found.method) == (theta, "Newcombe 5")
    assert found.counting_low < found.counting_high
    assert found.counting_low <= theta <= found.counting_high


def test_newcombe_solves_its_equation():
    low, high = newcombe_interval(0.7, 20, 30)
    for at in (low, high):
        k = 24.0
        inner = 1 + k * (1 - at) / (2 - at) + k * at / (1 + at)
        distance = 1.959963984540054 * np.sqrt(at * (1 - at) * inner / 600)
        assert abs(0.7 - at) == pytest.approx(distance, rel=1e-9)
    assert low < 0.7 < high


def test_nothing_and_no_number_are_refused():
    with pytest.raises(MaturationError, match=r"the earlier sample has length 0"):
        lg.nk.superiority([], [0.5])
    with pytest.raises(MaturationError, match="the later sample has NaN at position 1"):
        lg.nk.superiority([0.5], [0.5, float("nan")])
