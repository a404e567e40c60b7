"""Sign flips against brute force, SciPy, and laws."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from longate._core import flip_signs
from longate.exceptions import DesignError
from longate.longitudinal.sign_flips import sign_flips as flips
from longitudinal.cohort import tables
from reference.families import adjusted, flipped

sign_flips = partial(flips, value="index")

OPTIONS = {"most_enumerated": 10**6, "replicates": 999, "seed": 1, "threads": 2}
NAMES = ("p", "p_max_t", "p_step_down", "smallest_p", "smallest_p_max_t")
number = st.one_of(
    st.integers(-2, 2).map(float),
    st.floats(-10, 10).map(lambda x: round(x, 3)),
    st.just(float("nan")),
)


def run(values, **options):
    return flip_signs(np.atleast_2d(values), **({"alpha": 0.05} | OPTIONS | options))


@settings(max_examples=150, deadline=None)
@given(st.lists(number, min_size=18, max_size=18))
def test_six_patients_agree_with_brute_force(values):
    values = np.array(values).reshape(3, 6)
    found = run(values)
    if found is None:
        assert (~np.isnan(values)).sum(axis=1).min() < 2
        return
    observed, every = flipped(values)
    assert np.abs(found["statistic"]) == pytest.approx(observed, rel=1e-9, abs=1e-12)
    for name, twin in zip(NAMES, adjusted(observed, every), strict=True):
        assert found[name] == pytest.approx(twin, abs=1e-12), name
    assert (found["allocations"], found["exact"]) == (64, True)


def p_of(changes):
    """Two-sided p of the mean over all flips, plainly."""
    observed, every = flipped(np.atleast_2d(changes))
    return adjusted(observed, every)[0][0]


def test_intervals_end_where_p_crosses_alpha():
    changes = np.array([0.31, 0.72, 0.55, -0.18, 0.93, -0.11, 0.27])
    for alpha in (0.05, 0.1, 0.5):
        found = run(changes, alpha=alpha)
        low, high = found["low"][0], found["high"][0]
        assert p_of(changes - low - 1e-7) > alpha >= p_of(changes - low + 1e-7)
        assert p_of(changes - high + 1e-7) > alpha >= p_of(changes - high - 1e-7)


def test_scipy_finds_the_same_p_and_statistic():
    changes = np.random.default_rng(4).normal(0.6, 1, size=(5, 10))
    found = run(changes)
    t = stats.ttest_1samp(changes, 0, axis=1)
    assert found["statistic"] == pytest.approx(t.statistic, rel=1e-12)
    for row, p in zip(changes, found["p"], strict=True):
        scipy = stats.permutation_test(
            (row,), np.mean, permutation_type="samples", n_resamples=np.inf
        )
        assert p == pytest.approx(scipy.pvalue, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "smallest_p"), [(5, 0.0625), (6, 0.03125), (7, 0.015625)]
)
def test_the_floor_of_untied_patients(n, smallest_p):
    found = run(np.random.default_rng(n).normal(2, 1, size=n))
    assert found["smallest_p"][0] == smallest_p
    assert np.isinf(found["low"][0]) == (smallest_p > 0.05)


def test_patients_without_change_raise_the_floor():
    assert run([0.0, 0.0, 1.0, 2.0, 3.5])["smallest_p"][0] == 8 / 32


def test_many_patients_are_sampled_with_a_seed_and_threads_change_nothing():
    values = np.random.default_rng(5).normal(0.3, 1, size=(12, 70))
    values[3, 5] = np.nan
    one = run(values, threads=1, replicates=9_999)
    three = run(values, threads=3, replicates=9_999)
    assert not one["exact"]
    for name in (*NAMES, "low", "high"):
        assert (one[name] == three[name]).all()
    t = stats.ttest_1samp(values, 0, axis=1, nan_policy="omit")
    assert np.abs(one["p"] - t.pvalue).max() < 0.03
    interval = t.confidence_interval()
    assert np.abs(one["low"] - interval.low).max() < 0.05
    assert np.abs(one["high"] - interval.high).max() < 0.05


def test_a_sample_agrees_with_all_flips():
    values = np.random.default_rng(9).normal(0.4, 1, size=(4, 12))
    every, some = run(values), run(values, most_enumerated=0, replicates=200_000)
    for name in ("p", "p_max_t", "p_step_down"):
        error = np.sqrt(every[name] * (1 - every[name]) / 2e5)
        assert (np.abs(some[name] - every[name]) < 4.5 * error + 1e-5).all()
    assert np.abs(some["low"] - every["low"]).max() < 0.01


def test_the_table_says_what_was_done():
    data, _ = tables()
    table = sign_flips(data)
    changes = data.pivot(index="patient", columns="visit", values="index")
    changes = changes["m12"] - changes["m00"]
    row = table.iloc[0]
    assert row["estimate"] == pytest.approx(changes.mean())
    assert row["statistic"] == pytest.approx(stats.ttest_1samp(changes, 0).statistic)
    assert row["low"] < row["estimate"] < row["high"]
    assert (row["n"], row["allocations"], row["exact"]) == (12, 4096, True)
    assert row["seed"] is pd.NA
    assert row["problem"] == ""
    sampled = sign_flips(data, most_enumerated=100, replicates=999, seed=7)
    assert sampled["seed"].tolist() == [7]
    assert sampled["allocations"].tolist() == [1000]
    assert sampled["smallest_p"].tolist() == [0.001]


def test_what_cannot_be_tested_is_said():
    data, _ = tables()
    other = data[data["patient"] == "P01"].assign(kind="b")
    table = sign_flips(pd.concat([data.assign(kind="a"), other]), by="kind")
    assert table["problem"].tolist() == [
        "",
        "1 patients have a change; two at least are needed",
    ]
    assert np.isnan(table["p"][1])
    with pytest.raises(DesignError, match="none of 1 outcomes"):
        sign_flips(other)
    with pytest.raises(DesignError, match="confidence must be above 0"):
        sign_flips(data, confidence=95)
    assert run([1.0, np.inf, 2.0]) is None
