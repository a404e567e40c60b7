"""What cannot be answered is refused, with what is wrong and what would be right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal.mixed import mixed_model, mmrm, random_intercept, unstructured
from longitudinal.mixed.cohorts import FORMULA, cohort, lost

MODELS = pytest.mark.parametrize("model", [mixed_model, mmrm])


def refused(call, *words):
    with pytest.raises(DesignError) as error:
        call()
    for word in words:
        assert word in str(error.value)


def number_of(table):
    return table["patient"].str[1:].astype(int)


@MODELS
def test_a_batch_that_is_the_visit_is_named(model):
    table = cohort().assign(batch=lambda t: t["visit"].map({"m00": "A"}).fillna("B"))
    refused(
        lambda: model("y ~ visit * response + batch", table),
        "batch[B] = visit[m06] + visit[m12]",
    )


@MODELS
def test_a_covariate_that_is_the_response_is_named(model):
    table = cohort().assign(site=lambda t: t["response"].map(str.title))
    refused(
        lambda: model("y ~ visit * response + visit * site", table),
        "site[Responder] = response[responder]",
    )


def test_a_number_that_is_a_combination_is_named_with_weights():
    table = cohort()
    table["days"] = table["visit"].map({"m00": 10, "m06": 180, "m12": 350})
    refused(
        lambda: mixed_model("y ~ visit * response + days", table),
        "days = 10 intercept + 170 visit[m06] + 340 visit[m12]",
    )


@MODELS
def test_an_empty_cell_is_named(model):
    table = cohort()
    gone = (table["response"] == "responder") & (table["visit"] == "m12")
    refused(lambda: model(FORMULA, table[~gone]), "visit[m12] and response[responder]")


def test_more_covariates_than_the_patients_bear_are_refused():
    table = cohort()
    rng = np.random.default_rng(1)
    for name in ("age", "edss", "years"):
        own = rng.normal(size=12)
        table[name] = number_of(table).map(lambda at, own=own: own[at - 1])
    mixed_model("y ~ visit * response + visit * age + visit * edss", table)
    refused(
        lambda: mixed_model("y ~ visit * response + age + edss + years", table),
        "12 patients bear 2",
        "'age', 'edss', 'years'",
    )


@MODELS
def test_more_effects_than_values_are_refused(model):
    table = cohort(1, 1)
    refused(lambda: model(FORMULA, table), "6 values cannot carry 6 fixed effects")


@MODELS
def test_one_group_is_refused(model):
    table = cohort(others=0)
    refused(lambda: model(FORMULA, table), "response is 'responder' in every row")


@MODELS
def test_one_visit_is_refused(model):
    table = cohort()
    refused(lambda: model(FORMULA, table[table["visit"] == "m00"]), "visit is 'm00'")


def test_patients_without_repeats_are_refused():
    table = cohort().drop_duplicates("patient")
    refused(lambda: mixed_model("y ~ response", table), "single value")
    refused(lambda: mmrm("y ~ response", table), "visits with at least two")


@MODELS
def test_repeated_rows_are_named(model):
    table = pd.concat([cohort(), cohort().iloc[[3]]], ignore_index=True)
    refused(lambda: model(FORMULA, table), "patient 'P02', visit 'm00'", "'3', '36'")


@MODELS
def test_values_that_are_not_numbers_are_named(model):
    table = cohort().astype({"y": object})
    table.loc[5, "y"] = "3,4"
    refused(lambda: model(FORMULA, table), "patient 'P02', visit 'm12' (3,4)")


@MODELS
def test_equal_values_are_refused(model):
    refused(lambda: model(FORMULA, cohort().assign(y=2.5)), "all 36 values equal 2.5")


@MODELS
def test_values_that_follow_the_effects_exactly_are_refused(model):
    means = cohort().groupby(["visit", "response"])["y"].transform("mean")
    refused(lambda: model(FORMULA, cohort().assign(y=means)), "exactly")


def test_values_that_do_not_vary_within_patients_are_refused():
    table = cohort()
    first = table.groupby("patient")["y"].transform("first")
    refused(lambda: mixed_model(FORMULA, table.assign(y=first)), "within patients")
    with pytest.raises(DesignError):
        mmrm(FORMULA, table.assign(y=first))


def test_visits_seldom_seen_together_are_refused_in_the_unstructured_model():
    table = cohort()
    number = number_of(table)
    gone = (table["visit"] == "m12") & ~number.isin([1, 2, 6, 7])
    refused(
        lambda: mmrm(FORMULA, table[~gone]),
        "4 patient(s) have both 'm00' and 'm12'",
        "at least 5",
    )


@MODELS
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"formula": "y ~ visit * respose"}, ["'respose'", "did you mean 'response'"]),
        ({"formula": "y ~ visit * patient"}, ["random effect"]),
        ({"df": "kenward"}, ["df='kenward'", "kenward-roger"]),
        ({"confidence": 95}, ["confidence"]),
        ({"patient": "subject"}, ["'subject'"]),
    ],
)
def test_options_are_checked(model, change, words):
    options = {"formula": FORMULA} | change
    refused(lambda: model(options.pop("formula"), cohort(), **options), *words)


@MODELS
def test_a_table_is_needed(model):
    refused(lambda: model(FORMULA, [1, 2]), "must be a pandas DataFrame")
    refused(lambda: model(FORMULA, cohort().assign(y=np.nan)), "no row")


@MODELS
def test_missing_values_are_left_out_and_said(model):
    table = lost(cohort())
    table.loc[table["patient"] == "P05", "y"] = np.nan
    table.loc[0, "y"] = np.nan
    found = model(FORMULA, table)
    assert found.n_patients == 11
    assert (
        "4 row(s) with a missing value left out; no row is left of patient(s) 'P05'."
        in (found.notes)
    )


def test_infinite_covariates_are_refused():
    table = cohort().assign(dose=1.0)
    table.loc[4, "dose"] = np.inf
    refused(lambda: mixed_model("y ~ visit * response + dose", table), "row(s) '4'")


@pytest.mark.parametrize("room", [random_intercept, unstructured])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"last": "m24"}, ["last='m24'", "'m12'"]),
        ({"value": "index"}, ["'index'"]),
        ({"covariates": "age"}, ["list of columns"]),
        ({"last": "m00"}, ["two visits"]),
    ],
)
def test_the_function_for_the_analysis_checks_its_options(room, change, words):
    options = {"value": "y", "baseline": "m00", "last": "m12"} | change
    refused(lambda: room.difference_in_change(cohort(), **options), *words)


@pytest.mark.parametrize("room", [random_intercept, unstructured])
def test_a_missing_group_is_named(room):
    refused(
        lambda: room.difference_in_change(
            cohort(others=0), value="y", baseline="m00", last="m12"
        ),
        "no non-responder",
    )


@MODELS
def test_a_patient_in_two_groups_is_named(model):
    table = cohort()
    table.loc[2, "response"] = "non-responder"
    refused(lambda: model(FORMULA, table), "'P01' changes its response")
