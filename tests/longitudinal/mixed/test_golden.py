"""Numbers of R (lme4, lmerTest, pbkrtest, nlme), by ``make_golden.R``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longate.longitudinal.mixed import mixed_model, mmrm

GOLDEN = Path(__file__).parents[2] / "golden" / "mixed"
FORMULAS = pd.read_csv(GOLDEN / "formulas.csv").set_index("case")["formula"]
CASES = list(FORMULAS.index)
METHODS = ["kenward-roger", "satterthwaite"]
TABLE = ["estimate", "se", "df", "t", "p", "low", "high"]
SIX, FIVE = 5e-7, 5e-6


def golden(name):
    return pd.read_csv(GOLDEN / f"{name}.csv")


def of(name, case, **others):
    found = golden(name)
    found = found[found["case"] == case]
    for column, value in others.items():
        found = found[found[column] == value]
    return found.reset_index(drop=True)


def close(found, truth, rtol):
    np.testing.assert_allclose(found, truth, rtol=rtol, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_the_random_intercept_is_that_of_r_to_six_digits(case, method):
    fitted = mixed_model(FORMULAS[case], of("values", case), df=method)
    truth = of("coefficients", case, method=method)
    assert fitted.table["term"].tolist() == truth["term"].tolist()
    for column in TABLE:
        found, right = fitted.table[column], truth[column]
        if case == "large" and column == "p":
            # The intercept's p is of order 1e-17, where 3e-7 of lmerTest's
            # numerical Hessian become 4e-6.
            found, right = found[1:], right[1:]
        close(found, right, SIX)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", CASES)
def test_joint_tests_are_those_of_r_to_six_digits(case, method):
    fitted = mixed_model(FORMULAS[case], of("values", case), df=method)
    truth = of("joint", case, method=method)
    assert fitted.anova["term"].tolist() == truth["term"].tolist()
    for column in ("F", "df1", "df2", "p", "scale"):
        close(fitted.anova[column], truth[column], SIX)


@pytest.mark.parametrize("case", CASES)
def test_variances_and_deviance_are_those_of_lme4(case):
    fitted = mixed_model(FORMULAS[case], of("values", case))
    truth = of("variances", case).iloc[0]
    variances = fitted.variances.set_index("component")["variance"]
    np.testing.assert_allclose(
        variances[["patient", "residual"]],
        [truth["patient"], truth["residual"]],
        rtol=SIX,
        atol=1e-12,
    )
    assert fitted.deviance == pytest.approx(truth["deviance"], abs=1e-9)


def test_the_singular_case_is_singular():
    fitted = mixed_model(FORMULAS["singular"], of("values", "singular"))
    assert fitted.variances["variance"][0] == 0
    assert any("Patient variance estimated 0" in note for note in fitted.notes)
    assert np.isfinite(fitted.table[TABLE].to_numpy()).all()


@pytest.mark.parametrize("case", CASES)
def test_the_unstructured_model_is_that_of_r_to_five_digits(case):
    # Variances of nlme::gls, polished by Newton steps in R; Kenward-Roger by the
    # matrices of pbkrtest.
    fitted = mmrm(FORMULAS[case], of("values", case))
    truth = of("unstructured", case)
    assert fitted.table["term"].tolist() == truth["term"].tolist()
    for column in TABLE:
        found, right = fitted.table[column], truth[column]
        if case == "large" and column == "p":
            # As above: a relative error of t of 6e-7 where p is of order 1e-17.
            found, right = found[1:], right[1:]
        close(found, right, FIVE)


@pytest.mark.parametrize("case", CASES)
def test_joint_tests_of_the_unstructured_model_are_those_of_r(case):
    fitted = mmrm(FORMULAS[case], of("values", case))
    truth = of("unstructured_joint", case)
    for column in ("F", "df1", "df2", "p", "scale"):
        close(fitted.anova[column], truth[column], FIVE)


@pytest.mark.parametrize("case", CASES)
def test_the_covariance_of_visits_is_that_of_r(case):
    fitted = mmrm(FORMULAS[case], of("values", case))
    truth = of("unstructured_covariance", case)
    found = [
        fitted.visit_covariance.loc[row.visit, row.other] for row in truth.itertuples()
    ]
    close(found, truth["covariance"], FIVE)
    assert fitted.deviance == pytest.approx(truth["deviance"][0], abs=1e-9)


@pytest.mark.parametrize("case", [case for case in CASES if case != "large"])
def test_gls_alone_gives_the_same_as_far_as_it_converges(case):
    # In the case of a large patient variance gls stops at a deviance 6e-9 above.
    fitted = mmrm(FORMULAS[case], of("values", case), df="satterthwaite")
    truth = of("unstructured", case)
    close(fitted.table["estimate"], truth["estimate_gls"], FIVE)
    close(fitted.table["se"], truth["se_unadjusted"], FIVE)
    close(fitted.table["se"], truth["se_unadjusted_gls"], 5e-5)
    assert fitted.deviance <= of("unstructured_covariance", case)["deviance_gls"][0]
