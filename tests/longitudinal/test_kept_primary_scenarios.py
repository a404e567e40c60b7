"""The kept error rates of the primary and beside it: what they show, whose they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtr

from longate.longitudinal import responder_analysis
from longate.longitudinal.welch import welch
from scenarios import count_error_rates as counts
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
WELCH, PERMUTATION, ANCOVA = METHODS


def kept(method, scenario):
    found = of(method, **vars(scenario))
    assert len(found) == 1
    return found.iloc[0]


def of(method, **conditions):
    own = TABLE["method"] == method
    for name, value in conditions.items():
        own &= TABLE[name] == value
    return TABLE[own]


def within(share, nominal, replicates):
    return abs(share - nominal) <= 3 * np.sqrt(nominal * (1 - nominal) / replicates)


def sizes_of_welch(spread, *, replicates, seed):
    """Return p of Welch's t of 5 and 7 normal changes, and the changes."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(replicates, 5)) * spread
    second = rng.normal(size=(replicates, 7))
    one, other = (it.var(axis=1, ddof=1) / it.shape[1] for it in (first, second))
    df = (one + other) ** 2 / (one**2 / 4 + other**2 / 6)
    t = (first.mean(axis=1) - second.mean(axis=1)) / np.sqrt(one + other)
    return 2 * stdtr(df, -np.abs(t)), first, second


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
    ]
    np.testing.assert_allclose(
        analysed(values, 7), np.array(truth, dtype=float), rtol=1e-9
    )


def test_the_primary_keeps_its_level_where_variances_are_equal():
    found = of(WELCH, responders_sd=1.0, drop_out="at random")
    assert len(found) == 6
    assert (found["verdict"] == "not rejected").all()


@pytest.mark.parametrize(("spread", "level"), [(1, 0.0474), (2, 0.0533), (3, 0.0548)])
def test_the_level_of_the_primary_is_that_of_welch(spread, level):
    # `level` is of a million replicates of another seed; only the ratio of the
    # groups' SD matters, so the covariances are replicates of one another.
    p, first, second = sizes_of_welch(spread, replicates=200_000, seed=1)
    ours = [welch(*both, 0.95).p for both in zip(first[:50], second[:50], strict=True)]
    np.testing.assert_allclose(p[:50], ours, rtol=1e-9)
    assert within((p < 0.05).mean(), level, len(p))
    kept_ones = of(WELCH, responders_sd=spread, drop_out="at random")
    replicates = kept_ones["replicates"].sum()
    assert within(kept_ones["type_one_error"].mean(), level, replicates)
    if spread > 1:
        assert kept_ones["type_one_error"].max() <= 0.0575


def test_the_permutation_is_exact_only_where_labels_are_exchangeable():
    equal = of(PERMUTATION, responders_sd=1.0, drop_out="at random")
    assert (equal["verdict"] == "not rejected").all()
    for spread, least, most in ((2.0, 0.065, 0.070), (3.0, 0.075, 0.078)):
        found = of(PERMUTATION, responders_sd=spread)
        assert (found["verdict"] == "rejected").all()
        assert found["type_one_error"].between(least, most).all()


def test_ancova_needs_equal_spread_and_equal_baselines():
    sound = of(ANCOVA, responders_sd=1.0, drop_out="at random", baseline_gap=0.0)
    assert (sound["verdict"] == "not rejected").all()
    gap = of(ANCOVA, baseline_gap=1.0).set_index("covariance")["type_one_error"]
    assert gap["compound symmetry"] == pytest.approx(0.112, abs=0.001)
    assert gap["autoregressive .5"] == pytest.approx(0.175, abs=0.001)
    assert gap["random slopes"] == pytest.approx(0.067, abs=0.001)
    assert (of(ANCOVA, responders_sd=3.0)["type_one_error"] > 0.12).all()


def test_drop_out_that_depends_on_the_changes_shows_in_the_primary():
    found = of(WELCH, drop_out="lowest change lost").set_index("covariance")
    assert found.loc["random slopes", "verdict"] == "rejected"
    assert found.loc["random slopes", "type_one_error"] == pytest.approx(0.0594)


def test_the_count_models_are_anticonservative_as_their_notes_say():
    assert len(COUNTS) == len(counts.ROWS)
    assert (COUNTS["replicates"] >= 5_000).all()
    assert (COUNTS["verdict"] == "rejected").all()
    mean = COUNTS.groupby("covariance")["type_one_error"].mean()
    assert mean["compound symmetry"] < mean["autoregressive .5"] < mean["random slopes"]
    assert COUNTS["type_one_error"].between(0.08, 0.18).all()
    assert (COUNTS["failed"] <= COUNTS["replicates"] / 100).all()


@pytest.mark.parametrize(("method", "covariance"), counts.ROWS)
def test_the_kept_rates_of_counts_are_of_this_code(method, covariance):
    own = COUNTS["method"].eq(f"{method}, Wald") & COUNTS["covariance"].eq(covariance)
    row = COUNTS[own].squeeze()
    p, low, high = counts.simulated(
        method, covariance, replicates=counts.FEW, seed=counts.SEED
    ).T
    rejected = (p <= 0.05).sum()
    assert rejected == row["rejected_of_first"]
    np.testing.assert_array_equal(p <= 0.05, (low > 0) | (high < 0))
