"""Count models against glmmTMB, lme4, and dense sums made in R."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longate.longitudinal.counts import (
    beta_binomial,
    binomial,
    microlitres_seen,
    negative_binomial,
)
from longate.longitudinal.counts.binomial_density import Binomial
from longate.longitudinal.counts.model import CountModel
from longate.longitudinal.counts.model import fit as fit_model
from longate.longitudinal.counts.table import read_counts

GOLDEN = Path(__file__).parents[2] / "golden" / "counts"
FITS = pd.read_csv(GOLDEN / "fits.csv")
VALUES = pd.read_csv(GOLDEN / "values.csv")
TERMS = {
    "(Intercept)": "(Intercept)",
    "visitm06": "visit[m06]",
    "visitm12": "visit[m12]",
    "labelresponder": "label[responder]",
    "visitm06:labelresponder": "visit[m06]:label[responder]",
    "visitm12:labelresponder": "visit[m12]:label[responder]",
}
PATIENTS_ONLY = CountModel(
    "binomial of patients",
    lambda table, nodes: Binomial(table.k, table.size),
    False,
    (),
    lambda own: {},
    (),
)
SHARES = {"k": "k", "size": "n"}
MODELS = {
    "binomial": lambda data, response, nodes: binomial.fit(
        data, response, nodes=nodes, **SHARES
    ),
    "beta-binomial": lambda data, response, nodes: beta_binomial.fit(
        data, response, nodes=nodes, **SHARES
    ),
    "negative binomial": lambda data, response, nodes: negative_binomial.fit(
        data, response, nodes=nodes, k="cells"
    ),
    "binomial of patients": lambda data, response, nodes: fit_model(
        PATIENTS_ONLY,
        read_counts(
            data,
            response,
            k="k",
            size="n",
            whole=True,
            baseline=None,
            last=None,
            circular="refused",
        ),
        nodes=nodes,
        confidence=0.95,
    ),
}


def tables(case):
    data = VALUES[VALUES["case"] == case].copy()
    data["microlitres"] = microlitres_seen(
        data["n_beads"], data["blood_ul"], data["beads_per_tube"], data["dilution"]
    )
    return data, data[["patient", "label"]].drop_duplicates()


groups = FITS.groupby(["case", "model", "method", "package"], sort=False)


@pytest.mark.parametrize("key", list(groups.groups), ids="-".join)
def test_four_digits_of_estimates_errors_and_likelihood(key):
    case, model, method, package = key
    golden = groups.get_group(key).set_index("term")
    nodes = 1 if method == "laplace" else 25
    found = MODELS[model](*tables(case), nodes)
    assert found.problem == ""
    fixed = golden.loc[list(TERMS)]
    mine = found.table.set_index("term").loc[list(TERMS.values())]
    error = fixed["se"].to_numpy()
    # Four digits, and where an estimate is near 0, of its standard error.
    near = np.abs(mine["estimate"].to_numpy() - fixed["estimate"].to_numpy())
    size = np.maximum(np.abs(fixed["estimate"].to_numpy()), error)
    assert (near <= 1e-4 * size).all()
    # lme4's errors after Laplace are good to three digits: see make_golden.R.
    rough = (method, package) == ("laplace", "lme4")
    assert mine["se"].to_numpy() == pytest.approx(error, rel=3e-3 if rough else 1e-4)
    if golden["logLik"].notna().all():
        assert found.log_likelihood == pytest.approx(golden["logLik"].iloc[0], abs=1e-5)
    for name, value in golden.drop(index=list(TERMS))["estimate"].items():
        assert found.spread[name] == pytest.approx(value, rel=1e-4)


def test_the_interesting_cases_are_there():
    cases = set(FITS["case"])
    assert cases == {"balanced", "dropout", "overdispersed", "small"}
    assert VALUES.groupby("case").size().to_dict()["dropout"] == 30
    assert (VALUES.loc[VALUES["case"] == "small", "k"] == 0).any()
