"""Summaries of event scores, and how often files are read for them."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from longate.nk.events.summaries import mean_with_interval
from longate.statistics import quantile_interval
from nk.cells import events_of, gates, random_cells, study_of


def test_a_mean_always_has_a_width():
    for scores in (np.zeros(5), np.ones(3), np.array([0.5])):
        mean, low, high = mean_with_interval(scores)
        assert low < mean < high
    assert np.isnan(mean_with_interval(np.zeros(0))).all()


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("n", [8, 40, 500])
def test_order_statistics_cover_the_quantile(share, n):
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(2000):
        _, low, high = quantile_interval(np.sort(rng.random(n)), share)
        above = np.isnan(low) or low <= share
        below = np.isnan(high) or high >= share
        held += above and below
    assert held / 2000 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 2000)


def test_each_file_is_read_once_for_scores_thresholds_and_robustness(
    tmp_path, monkeypatch
):
    events = {f"P1_m{visit}": events_of(random_cells(400, visit)) for visit in (0, 6)}
    populations = study_of(tmp_path, events).gate(
        lg.GatingStrategy(gates()), progress=False
    )
    read = []
    whole = lg.Study.read_file
    monkeypatch.setattr(
        lg.Study, "read_file", lambda self, row: read.append(row) or whole(self, row)
    )
    thresholds = lg.nk.thresholds(populations, parent="NK", order=["gate"])
    made = lg.nk.maturation(
        populations, parent="NK", positivity=thresholds.positivities
    )
    assert len(made.event_scores) == len(made.superiority()) + 1 == 2
    lg.nk.robustness(thresholds)
    assert sorted(read) == [0, 1]
