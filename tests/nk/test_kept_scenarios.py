"""The kept tables of simulated truth: what they show, and whose they are."""

from __future__ import annotations

import pandas as pd
import pytest

from scenarios import legacy_panel
from scenarios import maturation_coverage as coverage

COVERAGE = pd.read_csv(coverage.KEPT).set_index(["measure", "n"])
LEGACY = pd.read_csv(legacy_panel.KEPT).set_index(["panel", "measured", "truth"])
SCORES = [
    *["index", "index_with_adaptive"],
    *["change of index", "change of index_with_adaptive", "theta"],
]


@pytest.mark.parametrize("n", [100, 300])
def test_the_table_is_of_this_code(n):
    again = coverage.simulated(n, coverage.FEW)
    for measure, (held, _) in again.items():
        assert COVERAGE.loc[(measure, n), "held_of_first"] == held.sum()


def test_every_row_rests_on_enough_replicates():
    assert (COVERAGE["replicates"] >= 5_000).all()
    assert set(COVERAGE.index.get_level_values("n")) == set(coverage.CELLS)


@pytest.mark.parametrize("measure", SCORES)
@pytest.mark.parametrize("n", [300, 1000, 3000])
def test_counting_intervals_are_nominal_from_the_cells_that_are_wanted(measure, n):
    row = COVERAGE.loc[(measure, n)]
    assert row["verdict"] == "not rejected"
    assert abs(row["coverage"] - 0.95) <= 3 * row["monte_carlo_error"]


def test_known_failures_are_those_of_the_log_odds_with_few_bright_cells():
    rejected = COVERAGE[COVERAGE["verdict"] == "rejected"]
    assert rejected.index.tolist() == [("L0", 100), ("L0", 300)]
    assert (rejected["coverage"] > 0.95).all()  # too long, never too short


@pytest.mark.parametrize("measure", SCORES)
def test_scores_are_not_biased(measure):
    assert (COVERAGE.loc[measure, "bias"].abs() <= 0.002).all()


def test_the_ten_colour_panel_is_not_biased_and_what_the_legacy_panel_loses_is_shown():
    ten = LEGACY.loc[("NK", "index", "index")]
    assert abs(ten["bias"]) <= 0.01
    assert ten["largest"] <= 0.03
    legacy = LEGACY.loc[("legacy", "index", "index")]
    # Adaptive cells count as terminal ones, up to .12 in a carrier of CMV.
    assert legacy["bias"] > 0.01
    assert legacy["largest"] > 0.1
    survives = LEGACY.loc[("legacy", "index", "index_with_adaptive")]
    assert abs(survives["bias"]) <= 0.01
    assert survives["largest"] <= 0.03
