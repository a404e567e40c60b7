"""The closed forms against dense matrices and a general optimiser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.longitudinal.mixed import mixed_model, mmrm
from longate.longitudinal.mixed.kenward_roger import KenwardRoger
from longate.longitudinal.mixed.unstructured_reml import fit_unstructured
from longitudinal.mixed.cohorts import FORMULA, cohort, lost
from reference.mixed_models import (
    Inference,
    deviance,
    intercept_parts,
    unstructured_estimates,
    unstructured_parts,
)

TABLES = {
    "drop-out": lost(cohort(seed=11)),
    "few": lost(cohort(4, 4, seed=12), early=("P03",), late=("P06",)),
    "negative correlation": lost(
        cohort(seed=13).assign(
            y=lambda t: t["y"] - 1.4 * t.groupby("patient")["y"].transform("mean")
        )
    ),
}


def arrays(table):
    patients = pd.factorize(table["patient"])[0]
    visits = table["visit"].map({"m00": 0, "m06": 1, "m12": 2}).to_numpy()
    steps = np.eye(3)[visits, 1:]
    label = (table["response"] == "responder").to_numpy(float)[:, None]
    x = np.hstack([np.ones((len(table), 1)), steps, label, steps * label])
    return patients, visits, x, table["y"].to_numpy()


@pytest.mark.parametrize("name", TABLES)
def test_the_random_intercept_follows_the_definitions(name):
    patients, _, x, y = arrays(TABLES[name])
    fitted = mixed_model(FORMULA, TABLES[name])
    parts = intercept_parts(patients)
    variances = fitted.variances["variance"].to_numpy()
    truth = Inference(variances, parts, x, y)
    np.testing.assert_allclose(fitted.table["estimate"], truth.beta, rtol=1e-9)
    np.testing.assert_allclose(fitted.covariance, truth.adjusted, rtol=1e-8, atol=1e-13)
    rows = np.eye(6)
    np.testing.assert_allclose(
        fitted.table["df"], [truth.df(row) for row in rows], rtol=1e-8
    )
    joint = truth.joint(rows[4:])
    found = fitted.anova.set_index("term").loc["visit:response", ["F", "df2", "scale"]]
    np.testing.assert_allclose(found.astype(float), joint, rtol=1e-8)
    assert fitted.deviance == pytest.approx(deviance(variances, parts, x, y), abs=1e-9)


@pytest.mark.parametrize("name", TABLES)
def test_no_other_ratio_of_variances_has_a_smaller_deviance(name):
    patients, _, x, y = arrays(TABLES[name])
    fitted = mixed_model(FORMULA, TABLES[name])
    parts = intercept_parts(patients)
    n, p = x.shape
    for ratio in np.r_[0.0, np.logspace(-5, 5, 60)]:
        v = ratio * parts[0] + parts[1]
        w = np.linalg.inv(v)
        e = y - x @ np.linalg.solve(x.T @ w @ x, x.T @ w @ y)
        s = e @ w @ e / (n - p)
        assert deviance([ratio * s, s], parts, x, y) >= fitted.deviance - 1e-10


@pytest.mark.parametrize("name", ["drop-out", "negative correlation"])
def test_the_unstructured_optimum_is_that_of_a_general_optimiser(name):
    patients, visits, x, y = arrays(TABLES[name])
    fitted = mmrm(FORMULA, TABLES[name])
    parts = unstructured_parts(patients, visits)
    truth = unstructured_estimates(parts, x, y, 3)
    found = fitted.visit_covariance.to_numpy()[np.tril_indices(3)]
    np.testing.assert_allclose(found, truth, rtol=1e-5)
    assert fitted.deviance <= deviance(truth, parts, x, y) + 1e-9


@pytest.mark.parametrize("method", ["kenward-roger", "satterthwaite"])
@pytest.mark.parametrize("name", ["drop-out", "negative correlation"])
def test_the_unstructured_model_follows_the_definitions(name, method):
    patients, visits, x, y = arrays(TABLES[name])
    fitted = mmrm(FORMULA, TABLES[name], df=method)
    parts = unstructured_parts(patients, visits)
    variances = fitted.visit_covariance.to_numpy()[np.tril_indices(3)]
    truth = Inference(variances, parts, x, y)
    roger = method == "kenward-roger"
    covariance = truth.adjusted if roger else truth.phi
    np.testing.assert_allclose(fitted.covariance, covariance, rtol=1e-7, atol=1e-12)
    w = truth.w if roger else truth.w_observed
    df = [truth.df(row, w) for row in np.eye(6)]
    np.testing.assert_allclose(fitted.table["df"], df, rtol=1e-7)
    if roger:
        found = fitted.anova.set_index("term").loc["visit:response"]
        np.testing.assert_allclose(
            found[["F", "df2", "scale"]].astype(float),
            truth.joint(np.eye(6)[4:]),
            rtol=1e-7,
        )


def test_the_slope_of_the_deviance_is_zero_at_the_optimum():
    patients, visits, x, y = arrays(TABLES["drop-out"])
    parts = unstructured_parts(patients, visits)
    found = fit_unstructured(np.column_stack([x, y]), patients, visits)
    best = found.visit_covariance[np.tril_indices(3)]
    for at in range(6):
        step = np.zeros(6)
        step[at] = 1e-5
        change = deviance(best + step, parts, x, y) - deviance(best - step, parts, x, y)
        assert abs(change / 2e-5) < 1e-6


def test_kenward_roger_needs_no_unit_of_the_visits():
    # Linear reparametrisations of V leave the method as it is.
    patients, visits, x, y = arrays(TABLES["drop-out"])
    fit = fit_unstructured(np.column_stack([x, y]), patients, visits)
    variances = fit.visit_covariance[np.tril_indices(3)]
    truth = Inference(variances, unstructured_parts(patients, visits), x, y)
    np.testing.assert_allclose(
        KenwardRoger(fit.moments).covariance, truth.adjusted, rtol=1e-8, atol=1e-13
    )
