"""The kept tables of simulated truth: what they show, and that they are of this code."""

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
    held = again.groupby("measure")["held"].sum()
    for measure, count in held.items():
        assert COVERAGE.loc[(measure, n), "held_of_first"] == count


def test_every_row_rests_on_enough_replicates():
    assert (COVERAGE["replicates"] >= 5_000).all()
    assert set(COVERAGE.index.get_level_values("n")) == set(coverage.CELLS)


@pytest.mark.parametrize("measure", SCORES)
@pytest.mark.parametrize("n", [300, 1000, 3000])
def test_counting_intervals_are_nominal_from_the_cells_that_are_wanted(measure, n):
    row = COVERAGE.loc[(measure, n)]
    assert row["verdict"] == "not rejected"
    assert abs(row["coverage"] - 0.95) <= 3 * row["monte_carlo_error"]


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
