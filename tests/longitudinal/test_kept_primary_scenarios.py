"""The kept error rates of the primary and beside it: what they show, whose they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.longitudinal import responder_analysis
from scenarios import count_error_rates as counts
from scenarios import primary_error_rates as primary
from scenarios.primary_error_rates import (
    FEW,
    KEPT,
    LABEL,
    METHODS,
    PATIENTS,
    SCENARIOS,
    SEED,
    Scenario,
    analysed,
    drawn,
    judged,
    rejected_of_first,
    simulated,
)

TABLE = pd.read_csv(KEPT)
COUNTS = pd.read_csv(counts.KEPT)
WELCH, PERMUTATION, ANCOVA, IMPUTATION = METHODS
AT_RANDOM = [one for one in SCENARIOS if one.drop_out == "at random"]


def kept(method, scenario):
    own = TABLE["method"] == method
    for name, value in vars(scenario).items():
        own &= TABLE[name] == value
    assert own.sum() == 1
    return TABLE[own].iloc[0]


def within(share, nominal, replicates):
    return abs(share - nominal) <= 3 * np.sqrt(nominal * (1 - nominal) / replicates)


def test_there_is_every_scenario_with_enough_replicates():
    assert len(TABLE) == len(SCENARIOS) * len(METHODS)
    assert (TABLE["replicates"] >= 5_000).all()
    assert (TABLE["failed"] == 0).all()


@pytest.mark.parametrize("table", [TABLE, COUNTS], ids=["primary", "counts"])
def test_the_verdicts_follow_from_the_numbers(table):
    for row in table.itertuples():
        truth = judged(row.type_one_error, row.coverage, row.replicates - row.failed)
        assert (row.monte_carlo_error, row.verdict) == truth
        n = row.replicates - row.failed
        both = within(row.type_one_error, 0.05, n) and within(row.coverage, 0.95, n)
        assert (row.verdict == "not rejected") == both


@pytest.mark.parametrize("at", [0, 5, 11, len(SCENARIOS) - 1])
def test_the_table_is_of_this_code(at):
    found = simulated(SCENARIOS[at], replicates=FEW, seed=SEED + at)
    own = [kept(method, SCENARIOS[at]) for method in METHODS]
    assert rejected_of_first(found) == [row["rejected_of_first"] for row in own]
    assert [row["seed"] for row in own] == [SEED + at] * len(METHODS)


def test_what_was_simulated_is_what_the_analysis_reports():
    values = drawn(Scenario("random slopes"), np.random.default_rng(3))
    data = pd.DataFrame(
        {
            "patient": np.repeat(PATIENTS, 3),
            "visit": np.tile(["m00", "m06", "m12"], len(PATIENTS)),
            "index": values.ravel(),
        }
    ).dropna()
    response = pd.DataFrame({"patient": PATIENTS, "label": LABEL})
    result = responder_analysis(data, response, value="index", seed=7)
    rows = result.sensitivity.set_index("analysis")[["p", "low", "high"]]
    permuted = result.table.loc[
        0, ["permutation_p", "permutation_low", "permutation_high"]
    ]
    truth = [
        result.table.loc[0, ["p", "low", "high"]],
        permuted,
        rows.loc[ANCOVA],
        rows.loc[IMPUTATION],
    ]
    np.testing.assert_allclose(
        analysed(values, 7), np.array(truth, dtype=float), rtol=1e-9
    )
