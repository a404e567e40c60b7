"""Complete data, limits and equivariances: what needs no other program."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from longate.longitudinal.mixed import mixed_model, mmrm, random_intercept, unstructured
from longitudinal.mixed.cohorts import FORMULA, cohort, lost, wide

SEEDS = [1, 2, 3, 4]
MODELS = pytest.mark.parametrize("model", [mixed_model, mmrm])
NUMBERS = ["estimate", "se", "df", "t", "p", "low", "high"]


def row(table, term):
    return table.set_index("term").loc[term]


def assert_same(one, other, rtol=1e-9):
    np.testing.assert_allclose(one[NUMBERS], other[NUMBERS], rtol=rtol, atol=1e-12)


def within_patients(table):
    """Least squares with a column for each patient: (design, values, names)."""
    steps = pd.get_dummies(table["visit"], dtype=float).iloc[:, 1:]
    own = pd.get_dummies(table["patient"], dtype=float)
    responder = (table["response"] == "responder").to_numpy(dtype=float)
    both = steps.mul(responder, axis=0)
    return own, steps, both


def residual(x, y):
    fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_interaction_is_that_of_the_mixed_anova(seed):
    table = cohort(seed=seed)
    own, steps, both = within_patients(table)
    y = table["y"].to_numpy()
    full = residual(np.hstack([own, steps, both]), y)
    less = residual(np.hstack([own, steps]), y)
    found = row(mixed_model(FORMULA, table).anova, "visit:response")
    assert found["F"] == pytest.approx((less - full) / 2 / (full / 20), rel=1e-9)
    assert found["df1"] == 2
    assert found["df2"] == pytest.approx(20, rel=1e-9)
    assert found["scale"] == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("method", ["kenward-roger", "satterthwaite"])
def test_changes_have_the_degrees_of_freedom_of_the_anova(method):
    table = mixed_model(FORMULA, cohort(), df=method).table
    changes = table[table["term"].str.contains("visit")]
    np.testing.assert_allclose(changes["df"], 20, rtol=1e-9)


def test_methods_agree_in_balanced_complete_data():
    roger = mixed_model(FORMULA, cohort()).table
    satterthwaite = mixed_model(FORMULA, cohort(), df="satterthwaite").table
    np.testing.assert_allclose(roger["se"], satterthwaite["se"], rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_unstructured_difference_is_students_t_of_changes(seed):
    table = cohort(seed=seed)
    first, second = (values[:, 2] - values[:, 0] for values in wide(table))
    truth = ttest_ind(first, second)
    found = unstructured.difference_in_change(
        table, value="y", baseline="m00", last="m12"
    )
    interval = truth.confidence_interval()
    np.testing.assert_allclose(
        [found.t, found.df, found.p, found.low, found.high],
        [truth.statistic, 10, truth.pvalue, interval.low, interval.high],
        rtol=1e-9,
    )


def test_two_visits_make_every_model_students_t():
    table = cohort()
    table = table[table["visit"] != "m06"]
    first, second = (values[:, 1] - values[:, 0] for values in wide(table))
    truth = ttest_ind(first, second)
    for model in (mixed_model, mmrm):
        found = row(model(FORMULA, table).table, "visit[m12]:response[responder]")
        np.testing.assert_allclose(
            [found["t"], found["df"], found["p"]],
            [truth.statistic, 10, truth.pvalue],
            rtol=1e-8,
        )


def test_a_huge_patient_variance_leaves_the_comparison_within_patients():
    table = lost(cohort(between=3e3, within=1.0))
    own, steps, both = within_patients(table)
    x = np.hstack([own, steps, both])
    y = table["y"].to_numpy()
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    scale = residual(x, y) / (len(y) - x.shape[1])
    se = np.sqrt(scale * np.linalg.inv(x.T @ x)[-1, -1])
    found = row(mixed_model(FORMULA, table).table, "visit[m12]:response[responder]")
    assert found["estimate"] == pytest.approx(beta[-1], rel=1e-3)
    assert found["se"] == pytest.approx(se, rel=1e-4)
    assert found["df"] == pytest.approx(len(y) - x.shape[1], rel=1e-4)


def test_without_patient_variance_estimates_are_least_squares():
    table = lost(cohort(between=0.0, seed=3))
    table["y"] -= 0.8 * table.groupby("patient")["y"].transform("mean")
    fitted = mixed_model(FORMULA, table)
    assert fitted.variances["variance"][0] == 0
    x = np.column_stack(
        [
            np.ones(len(table)),
            *(table["visit"] == name for name in ("m06", "m12")),
            table["response"] == "responder",
            *(
                (table["visit"] == name) & (table["response"] == "responder")
                for name in ("m06", "m12")
            ),
        ]
    ).astype(float)
    beta = np.linalg.lstsq(x, table["y"], rcond=None)[0]
    np.testing.assert_allclose(fitted.table["estimate"], beta, rtol=1e-9)
    freedom = len(table) - 6
    plain = mixed_model(FORMULA, table, df="satterthwaite").table
    np.testing.assert_allclose(plain["df"], freedom, rtol=1e-9)
    changes = fitted.table["term"].str.contains("visit")
    assert (fitted.table.loc[changes, "df"] < freedom - 5).all()


@MODELS
def test_shift_and_scale_move_estimates_only(model):
    table = lost(cohort())
    before = model(FORMULA, table)
    after = model(FORMULA, table.assign(y=-250.0 * table["y"] + 4e4))
    np.testing.assert_allclose(
        after.table["estimate"][1:], -250 * before.table["estimate"][1:], rtol=1e-9
    )
    np.testing.assert_allclose(after.table["se"], 250 * before.table["se"], rtol=1e-9)
    np.testing.assert_allclose(after.table["df"], before.table["df"], rtol=1e-8)
    np.testing.assert_allclose(after.anova["p"], before.anova["p"], rtol=1e-7)


@MODELS
def test_rows_and_names_do_not_matter(model):
    table = lost(cohort())
    before = model(FORMULA, table).table
    shuffled = table.sample(frac=1, random_state=4)
    assert_same(model(FORMULA, shuffled).table, before)
    renamed = table.assign(patient=table["patient"].map(lambda name: "x" + name[::-1]))
    assert_same(model(FORMULA, renamed).table, before)


@MODELS
def test_swapping_labels_turns_the_difference(model):
    table = lost(cohort())
    swap = {"responder": "non-responder", "non-responder": "responder"}
    before = model(FORMULA, table).contrast().iloc[0]
    after = model(FORMULA, table.assign(response=table["response"].map(swap)))
    after = after.contrast().iloc[0]
    assert after["estimate"] == pytest.approx(-before["estimate"], rel=1e-9)
    assert after["p"] == pytest.approx(before["p"], rel=1e-9)


@MODELS
def test_the_reference_visit_does_not_change_the_joint_test(model):
    table = lost(cohort())
    before = row(model(FORMULA, table).anova, "visit:response")
    table["visit"] = pd.Categorical(table["visit"], ["m12", "m00", "m06"], ordered=True)
    after = row(model(FORMULA, table).anova, "visit:response")
    np.testing.assert_allclose(
        after[["F", "df2", "p"]].astype(float),
        before[["F", "df2", "p"]].astype(float),
        rtol=1e-8,
    )


@MODELS
def test_patients_with_one_visit_are_kept_and_matter(model):
    table = lost(cohort())
    alone = {"P02", "P08"}
    with_all = model(FORMULA, table)
    without = model(FORMULA, table[~table["patient"].isin(alone)])
    assert with_all.n_patients == 12
    assert without.n_patients == 10
    assert with_all.table["estimate"][2] != without.table["estimate"][2]


@MODELS
def test_numbers_of_visits_are_categorical_and_in_order(model):
    table = lost(cohort())
    months = table.assign(visit=table["visit"].str[1:].astype(int))
    found = model(FORMULA, months)
    assert found.table["term"].tolist()[1:3] == ["visit[6]", "visit[12]"]
    assert_same(found.table, model(FORMULA, table).table)


@pytest.mark.parametrize("room", [random_intercept, unstructured])
def test_the_function_for_the_analysis_is_the_models_contrast(room):
    table = lost(cohort())
    model = mixed_model if room is random_intercept else mmrm
    found = room.difference_in_change(table, value="y", baseline="m00", last="m06")
    truth = model(FORMULA, table).contrast(change=("m00", "m06")).iloc[0]
    for name in NUMBERS:
        assert getattr(found, name) == pytest.approx(truth[name], rel=1e-12)
    assert (found.n_responder, found.n_non_responder) == (5, 7)


def test_a_covariate_enters_with_an_effect_at_each_visit():
    table = lost(cohort(12, 12))
    age = np.random.default_rng(5).normal(50, 8, 24)
    table["age"] = table["patient"].str[1:].astype(int).map(lambda at: age[at - 1])
    found = random_intercept.difference_in_change(
        table, value="y", baseline="m00", last="m12", covariates=["age"]
    )
    truth = mixed_model("y ~ visit * response + visit * age", table)
    assert found.p == pytest.approx(truth.contrast()["p"][0], rel=1e-12)


def test_others_than_the_two_groups_are_left_out():
    table = lost(cohort(6, 7))
    table["response"] = table["response"].mask(
        table["patient"] == "P13", "unclassifiable"
    )
    without = table[table["patient"] != "P13"]
    found = unstructured.difference_in_change(
        table, value="y", baseline="m00", last="m12"
    )
    truth = unstructured.difference_in_change(
        without, value="y", baseline="m00", last="m12"
    )
    assert found == truth
