"""What users see of a mixed model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal.mixed import mixed_model, mmrm
from longitudinal.mixed.cohorts import FORMULA, cohort, lost

NUMBERS = ["estimate", "se", "df", "t", "p", "low", "high"]


@pytest.fixture(scope="module")
def fitted():
    return mixed_model(FORMULA, lost(cohort()))


def test_tables_have_their_columns(fitted):
    assert fitted.table.columns.tolist() == ["term", *NUMBERS]
    assert fitted.anova.columns.tolist() == ["term", "F", "df1", "df2", "p", "scale"]
    assert fitted.variances.columns.tolist() == ["component", "variance", "sd"]
    terms = fitted.table["term"].tolist()
    assert fitted.covariance.index.tolist() == terms
    np.testing.assert_allclose(np.sqrt(np.diag(fitted.covariance)), fitted.table["se"])


def test_the_contrast_by_default_is_the_difference_in_change(fitted):
    found = fitted.contrast()
    truth = fitted.table.iloc[-1]
    assert found["term"].tolist() == ["change m00 to m12, responder - non-responder"]
    np.testing.assert_allclose(
        found[NUMBERS].iloc[0].astype(float), truth[NUMBERS].astype(float), rtol=1e-10
    )


def test_contrasts_between_any_visits_are_those_of_coefficients(fitted):
    found = fitted.contrast(change=("m06", "m12"))[NUMBERS]
    truth = fitted.contrast(
        {
            "visit[m12]:response[responder]": 1,
            "visit[m06]:response[responder]": -1,
        }
    )[NUMBERS]
    np.testing.assert_allclose(found, truth, rtol=1e-10)


def test_groups_can_be_turned(fitted):
    found = fitted.contrast(between=("non-responder", "responder"))
    assert found["estimate"][0] == pytest.approx(-fitted.contrast()["estimate"][0])


def test_the_t_of_one_coefficient_is_the_root_of_its_f():
    table = lost(cohort())
    found = mixed_model(FORMULA, table[table["visit"] != "m06"])
    interaction = found.anova.iloc[-1]
    assert interaction["F"] == pytest.approx(found.table["t"].iloc[-1] ** 2)
    assert interaction["p"] == pytest.approx(found.table["p"].iloc[-1])


def test_a_change_within_a_group_has_no_p_and_the_difference_beside_it(fitted):
    responders = {"visit[m12]": 1, "visit[m12]:response[responder]": 1}
    for own in (responders, {"visit[m12]": -2.0}, {"visit[m12]": 1, "visit[m06]": -1}):
        found = fitted.contrast(own)
        assert len(found) == 2
        assert np.isnan(found["p"].iloc[0])
        assert np.isfinite(found["low"].iloc[0])
        assert found.iloc[1]["p"] == fitted.contrast()["p"][0]


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.contrast({"visit[m13]": 1}),
        lambda m: m.contrast({"visit[m12]": 0}),
        lambda m: m.contrast({"visit[m12]": np.nan}),
        lambda m: m.contrast(change=("m00", "m24")),
        lambda m: m.contrast(change=("m00", "m00")),
        lambda m: m.contrast(between=("responder", "other")),
        lambda m: m.contrast({"visit[m12]": 1}, change=("m00", "m12")),
    ],
)
def test_contrasts_that_are_not_in_the_model_are_refused(fitted, call):
    with pytest.raises(DesignError):
        call(fitted)


def test_a_model_without_interaction_has_no_difference_in_change():
    found = mixed_model("y ~ visit + response", cohort())
    with pytest.raises(DesignError, match=r"visit \* response"):
        found.contrast()
    assert "random intercept" in repr(found)


def test_it_prints_the_difference_first_and_what_to_look_at(fitted):
    text = repr(fitted)
    assert text.startswith("Difference in change (change m00 to m12, responder - non-")
    assert "look at: .table" in text
    assert "responders only" not in text.lower()
    html = fitted._repr_html_()
    assert "<table" in html
    assert "responder" in html


def test_names_are_escaped_in_html():
    table = cohort().rename(columns={"y": "a<b>"})
    assert "a<b>" not in mixed_model("`a<b>` ~ visit * response", table)._repr_html_()


def test_a_singular_fit_is_said_and_nothing_is_empty():
    table = cohort(between=0.0, seed=3)
    table["y"] -= 0.8 * table.groupby("patient")["y"].transform("mean")
    for method in ("kenward-roger", "satterthwaite"):
        found = mixed_model(FORMULA, table, df=method)
        assert any("Patient variance estimated 0" in note for note in found.notes)
        assert np.isfinite(found.table[NUMBERS].to_numpy()).all()
        assert np.isfinite(found.anova.drop(columns="term").to_numpy()).all()
    assert any("jump" in note for note in found.notes)


def test_the_weakness_of_the_random_intercept_is_said(fitted):
    assert any("compound symmetry" in note for note in fitted.notes)
    assert not any("compound symmetry" in n for n in mmrm(FORMULA, cohort()).notes)


def test_few_patients_for_many_covariances_are_said():
    assert any("few" in note for note in mmrm(FORMULA, cohort(5, 6)).notes)
    assert not any("few;" in note for note in mmrm(FORMULA, cohort(5, 7)).notes)


def test_a_covariate_constant_in_time_without_visit_is_said():
    table = cohort()
    table["age"] = table["patient"].str[1:].astype(int) ** 2.0
    without = mixed_model("y ~ visit * response + age", table)
    assert any("visit * age" in note for note in without.notes)
    crossed = mixed_model("y ~ visit * response + visit * age", table)
    assert any("where age is 0" in note for note in crossed.notes)


def test_columns_may_have_other_names():
    table = cohort()
    names = {"patient": "who", "visit": "when", "response": "my group", "y": "NK %"}
    found = mixed_model(
        "`NK %` ~ when * `my group`",
        table.rename(columns=names),
        patient="who",
        visit="when",
        response="my group",
    )
    truth = mixed_model(FORMULA, table)
    assert found.contrast()["p"][0] == truth.contrast()["p"][0]
    assert found.table["term"][3] == "my group[responder]"


def test_the_covariance_of_visits_is_that_of_the_model(fitted):
    patient, residual = fitted.variances["variance"]
    found = fitted.visit_covariance
    assert found.loc["m00", "m12"] == pytest.approx(patient)
    assert found.loc["m06", "m06"] == pytest.approx(patient + residual)


def test_categories_give_their_order():
    table = cohort()
    table["response"] = pd.Categorical(
        table["response"], ["responder", "non-responder"]
    )
    assert mixed_model(FORMULA, table).table["term"][3] == "response[non-responder]"


def test_visits_without_an_order_are_in_order_of_appearance_and_it_is_said():
    table = cohort()
    table["visit"] = table["visit"].map({"m00": "pre", "m06": "mid", "m12": "post"})
    found = mixed_model(FORMULA, table)
    assert found.table["term"].tolist()[1:3] == ["visit[mid]", "visit[post]"]
    assert any("order of visit cannot be known" in note for note in found.notes)


def test_the_mean_alone_can_be_modelled():
    table = lost(cohort())
    for model in (mixed_model, mmrm):
        found = model("y ~ 1", table)
        assert found.table["term"].tolist() == ["intercept"]
        assert found.anova.empty


def test_changes_within_groups_are_seen_beside_covariates_too():
    table = cohort(8, 8)
    table["age"] = table["patient"].str[1:].astype(int) ** 2.0
    found = mixed_model("y ~ visit * response + visit * age", table)
    assert len(found.contrast({"visit[m12]": 1})) == 2
    assert len(found.contrast({"age": 1})) == 1


def test_unclassifiable_patients_are_a_level_and_not_the_contrast():
    table = cohort(6, 8)
    alone = table["patient"].isin(["P13", "P14"])
    table["response"] = table["response"].mask(alone, "unclassifiable")
    found = mixed_model(FORMULA, table).contrast()
    assert found["term"][0] == "change m00 to m12, responder - non-responder"


def test_categorical_columns_and_repeated_index_labels_are_read():
    table = lost(cohort())
    before = mixed_model(FORMULA, table).table
    typed = table.astype({"patient": "category", "visit": "category"})
    typed["response"] = typed["response"].astype("category")
    typed.index = [0] * len(typed)
    after = mixed_model(FORMULA, typed).table
    np.testing.assert_allclose(after[NUMBERS], before[NUMBERS], rtol=1e-9)
