"""Missing last visits: imputation at random, and the tipping point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal import multiple_imputation, responder_analysis
from longate.longitudinal.design import read_design
from longate.longitudinal.dropout import dropout_of
from longate.longitudinal.joint_imputation import _draw_missing
from longate.longitudinal.labels import read_labels
from longate.longitudinal.measure import Measure
from longate.longitudinal.rubin import pool
from longitudinal.cohort import OTHERS, RESPONDERS, tables

POOLED = Path(__file__).parents[1] / "golden" / "imputation" / "pooled.csv"


def _design(**groups):
    data, response = tables(**groups)
    labels = read_labels(response)
    measure = Measure.of("index", "identity")
    nothing = dict.fromkeys(("by", "family", "baseline", "last"))
    return read_design(data, labels, measure, **nothing)


def _dropout(design, seed=1):
    return dropout_of(design, "index", confidence=0.95, seed=seed)


def test_nobody_lost_leaves_nothing_to_impute():
    assert _dropout(_design()) is None


def test_the_same_seed_gives_the_same_numbers():
    design = _design(others=(*OTHERS, None), unknown=(None,))
    assert _dropout(design) == _dropout(design)
    assert _dropout(design) != _dropout(design, seed=2)


def test_at_random_stays_near_the_observed_difference():
    design = _design(others=(*OTHERS, None), unknown=(None,))
    found = _dropout(design)
    assert found.n_imputed == 2
    observed = np.mean(RESPONDERS) - np.mean(OTHERS)
    assert found.at_random.estimate == pytest.approx(observed, abs=0.01)


def test_many_lost_tip_the_conclusion_sooner():
    few = _dropout(_design(others=(*OTHERS, None)))
    many = _dropout(_design(others=(*OTHERS, *[None] * 5)))
    larger = np.inf if np.isnan(few.tipping.shift) else few.tipping.shift
    assert 0 < many.tipping.shift < larger
    assert many.tipping.estimate.low <= 0 <= many.tipping.estimate.high


def test_an_interval_that_holds_zero_needs_no_shift():
    flat = tuple(value / 20 for value in RESPONDERS)
    found = _dropout(_design(responders=flat, others=(*OTHERS, None)))
    assert found.tipping.shift == 0


def cohort_lost_after_low_values(n=40, seed=0):
    """Others whose m06 is low have no m12; no true difference in change."""
    rng = np.random.default_rng(seed)
    covariance = np.array([[2, 1, 1], [1, 2, 1.6], [1, 1.6, 2.0]])
    values = rng.normal(size=(n, 3)) @ np.linalg.cholesky(covariance).T
    responder = np.arange(n) < n // 2
    values[~responder & (values[:, 1] < 0), 2] = np.nan
    patients = [f"P{at:02d}" for at in range(n)]
    data = pd.DataFrame(values, patients, ["m00", "m06", "m12"])
    data = data.rename_axis("patient").reset_index().melt("patient", var_name="visit")
    label = np.where(responder, "responder", "non-responder")
    return data, pd.DataFrame({"patient": patients, "label": label})


def test_imputation_uses_what_was_seen_between_as_an_mmrm_does():
    away = []
    for seed in range(5):
        data, response = cohort_lost_after_low_values(seed=seed)
        result = responder_analysis(data, response, value="value")
        rows = result.sensitivity.set_index("analysis")["estimate"]
        mmrm = rows["MMRM, unstructured covariance, Kenward-Roger"]
        imputed = rows["multiple imputation, missing at random"]
        assert abs(imputed - mmrm) < 0.06
        away.append(rows["Welch t of the changes"] - mmrm)
    assert np.mean(away) < -0.2


def test_draws_have_the_moments_of_the_dense_posterior():
    """Given parameters, missing values are normal with the textbook moments."""
    mean = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    covariance = np.array([[2, 1, 1], [1, 2, 1.6], [1, 1.6, 2.0]])
    values = np.array([[0.5, 1.0, np.nan]])
    draws = 40_000
    filled = np.broadcast_to(values, (draws, 1, 3)).copy()
    _draw_missing(
        filled,
        np.ones((draws, 1), bool),
        np.broadcast_to(mean, (draws, 2, 3)),
        np.broadcast_to(covariance, (draws, 3, 3)),
        np.random.default_rng(1),
        seen=values,
    )
    slope = covariance[2, :2] @ np.linalg.inv(covariance[:2, :2])
    centre = 3.0 + slope @ (values[0, :2] - mean[1, :2])
    variance = covariance[2, 2] - slope @ covariance[:2, 2]
    drawn = filled[:, 0, 2]
    assert drawn.mean() == pytest.approx(centre, abs=4 * np.sqrt(variance / draws))
    assert drawn.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / draws))


def test_lost_patients_without_a_label_move_the_worst_and_best_case():
    data, response = tables(unknown=(0.02, None, None))
    rows = responder_analysis(data, response, value="index").sensitivity
    rows = rows.set_index("analysis")
    worst = rows.loc["worst-case labels of the unclassifiable"]
    best = rows.loc["best-case labels of the unclassifiable"]
    primary = rows.loc["Welch t of the changes"]
    assert worst["estimate"] < primary["estimate"]
    assert worst["estimate"] < best["estimate"]
    assert worst["n_responder"] + worst["n_non_responder"] == 15


@pytest.mark.parametrize("row", pd.read_csv(POOLED).itertuples(), ids=lambda r: r.case)
def test_pooling_is_that_of_mice(row):
    estimates = [float(one) for one in row.q.split(";")]
    variances = [float(one) for one in row.u.split(";")]
    found = pool(estimates, variances, row.dfcom)
    assert found.estimate == pytest.approx(row.qbar, rel=1e-12)
    assert (found.estimate / found.t) ** 2 == pytest.approx(row.t, rel=1e-12)
    assert found.df == pytest.approx(row.df, rel=1e-10)


def test_delta_shifts_the_unseen_changes_of_a_group():
    data, response = cohort_lost_after_low_values()
    options = {"value": "value", "seed": 3}
    plain = multiple_imputation(data, response, **options).iloc[0]
    row = responder_analysis(data, response, value="value", seed=3).sensitivity
    row = row.set_index("analysis").loc["multiple imputation, missing at random"]
    assert plain["estimate"] == row["estimate"]
    moved = multiple_imputation(
        data, response, **options, delta={"non-responder": -1.0}
    ).iloc[0]
    share = plain["n_imputed"] / plain["n_non_responder"]
    assert moved["estimate"] - plain["estimate"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "jump to reference"}, "control arm"),
        ({"method": "missing at randm"}, "did you mean 'missing at random'"),
        ({"delta": {"responders": 1.0}}, "did you mean 'responder'"),
        ({"delta": 1.0}, "delta maps labels"),
    ],
)
def test_imputation_that_has_no_meaning_is_refused(options, words):
    data, response = tables(others=(*OTHERS, None))
    with pytest.raises(DesignError, match=words):
        multiple_imputation(data, response, value="index", **options)
