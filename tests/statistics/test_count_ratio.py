"""Intervals of a ratio of counts cover at every expected count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from longate.statistics import count_ratio_interval


@pytest.mark.parametrize("expected", [0.13, 0.5, 1.0, 3.0, 30.0])
@pytest.mark.parametrize("cv", [0.0, 0.03])
def test_it_covers_also_where_almost_no_cell_is_expected(expected, cv):
    rng = np.random.default_rng(1)
    n = 40_000
    volume = np.exp(rng.normal(0, cv, n))
    cells = rng.poisson(expected * volume)
    beads = rng.poisson(2_000, n)
    low, high = count_ratio_interval(cells, beads, cv=cv)
    truth = expected / 2_000
    covered = np.mean((low <= truth) & (truth <= high))
    assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / n)


def test_it_is_that_of_the_conditional_binomial():
    low, high = count_ratio_interval(7, 40)
    for end, tail in ((low, stats.binom.sf(6, 47, low / (1 + low))),):
        assert end < 7 / 40
        assert tail == pytest.approx(0.025)
    assert stats.binom.cdf(7, 47, high / (1 + high)) == pytest.approx(0.025)


def test_no_beads_bound_nothing():
    low, high = count_ratio_interval([0, 5], [0, 0])
    assert (high == np.inf).all()
    assert low[0] == 0.0
