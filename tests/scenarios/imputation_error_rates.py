"""Simulate the bias and error rates of multiple imputation under drop-out.

Run by hand, half an hour, with ``tests`` on the path:
``PYTHONPATH=tests python -m scenarios.imputation_error_rates``.

Cohorts of 5 responders, 7 others and 3 more who are lost, as of
``primary_error_rates``, and larger ones of 20 v 20. There is no true difference in
change. `lost`: ``unclassifiable`` (three lost independently of their values, labels
missing), ``low m06`` (others whose m06 is below its mean have no m12; labels known).
``mean_estimate`` is in SD of one visit; ``complete_cases`` that of those with both
visits. Type I error is at 5 %.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from longate.longitudinal.dropout import pooled
from longate.longitudinal.joint_imputation import Cohort, impute
from scenarios.mixed_error_rates import COVARIANCES
from scenarios.primary_error_rates import LABEL, Scenario, drawn

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "imputation_error_rates.csv"
REPLICATES, SEED = 5_000, 2012
SCENARIOS = [
    (name, lost, sizes)
    for name in ("compound symmetry", "autoregressive .5")
    for lost, sizes in (
        ("unclassifiable", (5, 7)),
        ("low m06", (5, 7)),
        ("low m06", (20, 20)),
    )
]


def cohort(name, lost, sizes, rng):
    """Return a cohort, and the complete cases' difference in change."""
    if lost == "unclassifiable":
        values = drawn(Scenario(name), rng)
        responder, labelled = LABEL == "responder", LABEL != "unclassifiable"
    else:
        n = sum(sizes)
        root = np.linalg.cholesky(COVARIANCES[name])
        values = rng.normal(size=(n, 3)) @ root.T
        responder = np.arange(n) < sizes[0]
        labelled = np.ones(n, bool)
        values[~responder & (values[:, 1] < 0), 2] = np.nan
    change = values[:, 2] - values[:, 0]
    groups = [change[labelled & (responder == one)] for one in (True, False)]
    names = tuple(map(str, range(len(values))))
    found = Cohort(names, values, responder & labelled, labelled)
    return found, np.nanmean(groups[0]) - np.nanmean(groups[1])


def rows_of(at, name, lost, sizes, replicates, seed):
    rng = np.random.default_rng(seed + at)
    found = np.full((replicates, 3), np.nan)
    for row in found:
        one, complete = cohort(name, lost, sizes, rng)
        imputed = impute(one, np.random.default_rng(int(rng.integers(2**32))))
        estimate = None if imputed is None else pooled(imputed, 0.95)
        if estimate is not None:
            row[...] = estimate.estimate, estimate.p, complete
    kept = found[~np.isnan(found[:, 0])]
    unit = np.sqrt(COVARIANCES[name][0, 0])
    tested = kept[~np.isnan(kept[:, 1])]
    return {
        "covariance": name,
        "lost": lost,
        "n_responder": sizes[0],
        "n_non_responder": sizes[1],
        "replicates": replicates,
        "seed": seed + at,
        "failed": replicates - len(kept),
        "too_few_for_a_test": len(kept) - len(tested),
        "mean_estimate": round(kept[:, 0].mean() / unit, 4),
        "complete_cases": round(kept[:, 2].mean() / unit, 4),
        "type_one_error": round(float((tested[:, 1] < 0.05).mean()), 4),
    }


def table(replicates=REPLICATES, seed=SEED):
    """Return a row for each scenario."""
    return pd.DataFrame(
        [rows_of(at, *one, replicates, seed) for at, one in enumerate(SCENARIOS)]
    )


if __name__ == "__main__":
    found = table()
    found.to_csv(KEPT, index=False)
    sys.stdout.write(found.to_string(index=False) + "\n")
