"""The kept table of simulated error rates: what it shows, and that it is ours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scenarios.mixed_error_rates import (
    COVARIANCES,
    KEPT,
    METHODS,
    POWER,
    SEED,
    judged,
    rates,
    simulated,
)

TABLE = pd.read_csv(KEPT)
ROGER = METHODS[0]
UNSTRUCTURED = METHODS[2]


def kept(method, covariance, *, design="drop-out", effect=0.0):
    found = TABLE[
        (TABLE["method"] == method)
        & (TABLE["covariance"] == covariance)
        & (TABLE["design"] == design)
        & (TABLE["effect_sd"] == effect)
    ]
    assert len(found) == 1
    return found.iloc[0]


def error(row, nominal):
    return np.sqrt(nominal * (1 - nominal) / (row["replicates"] - row["failed"]))


def test_there_are_enough_replicates():
    assert (TABLE["replicates"] >= 5_000).all()


def test_the_verdicts_follow_from_the_numbers():
    for row in TABLE.fillna({"verdict": ""}).itertuples():
        replicates = row.replicates - row.failed
        truth = judged(row.rejected, row.nominal, replicates)
        assert (row.error, row.verdict) == truth


def test_the_unstructured_model_keeps_its_level_in_complete_data():
    row = kept(UNSTRUCTURED, "compound symmetry", design="complete")
    assert row["verdict"] == "not rejected"
    assert abs(row["coverage"] - 0.95) <= 3 * error(row, 0.05)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_with_drop_out_it_rejects_a_little_too_often_as_its_note_says(covariance):
    row = kept(UNSTRUCTURED, covariance)
    assert 0.05 < row["rejected"] <= 0.0575
    assert row["failed"] <= row["replicates"] / 1000


def test_the_random_intercept_keeps_its_level_under_compound_symmetry():
    row = kept(ROGER, "compound symmetry")
    assert abs(row["rejected"] - 0.05) <= 3 * error(row, 0.05)


@pytest.mark.parametrize(
    ("covariance", "level"), [("autoregressive .5", 0.083), ("random slopes", 0.119)]
)
def test_its_known_failures_are_in_the_table(covariance, level):
    row = kept(ROGER, covariance)
    assert row["verdict"] == "known failure"
    assert row["rejected"] == pytest.approx(level, abs=0.002)


@pytest.mark.parametrize("effect", POWER)
def test_the_power_is_the_one_that_is_quoted(effect):
    row = kept(ROGER, "compound symmetry", design="complete", effect=effect)
    nominal = POWER[effect]
    # The quoted numbers have two digits.
    assert abs(row["rejected"] - nominal) <= 3 * error(row, nominal) + 0.005


@pytest.mark.parametrize("covariance", ["compound symmetry", "random slopes"])
def test_the_table_is_of_this_code(covariance):
    found = simulated(
        COVARIANCES[covariance], complete=False, replicates=300, seed=SEED
    )
    for method, own in zip(METHODS, rates(found, 0.0), strict=True):
        row = kept(method, covariance)
        spread = np.sqrt(row["rejected"] * (1 - row["rejected"]) / 300)
        assert abs(own[1] - row["rejected"]) <= 4 * spread
        assert own[3] == pytest.approx(row["mean_df"], rel=0.05)
