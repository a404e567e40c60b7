"""Simulate error rates of the count models of k of n at 5 against 7.

Run by hand, half an hour on two processors, with ``tests`` on the path:
``PYTHONPATH=tests python -m scenarios.count_error_rates``. The table is kept in
``tests/golden/scenarios/count_error_rates.csv``.

Generating models, three visits, five responders and seven others, all seen (the lost
are unclassifiable and do not enter), n from 300 to 3,000, uniform in its log, log odds
-2 with +.1 per visit, and no visit x response. The patients' log odds vary with

- ``compound symmetry``: patient SD .5.
- ``autoregressive .5``: SD .5, correlation .5 between neighbours, .25 beyond.
- ``random slopes``: patient SD .5, and slopes per visit of SD .3.

The samples vary beyond counting, for the binomial model by an SD of .3 on the logit,
for the beta-binomial by a precision of 100, which is as much at a fraction of .12.
With compound symmetry each model meets its own assumptions.

p is Wald's, with a normal reference: known to be too small at this n, which every
result notes beside it. The true difference is 0, so coverage of the interval is what
is not rejected. `verdict` and `rejected_of_first` (here of 12) as in
``primary_error_rates``. Known failures, at 5,000, binomial and beta-binomial: .086 and
.087 under compound symmetry, .110 and .119 under autoregression, .152 and .178 under
random slopes.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from longate.longitudinal.counts import beta_binomial, binomial
from scenarios.primary_error_rates import judged

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "count_error_rates.csv"
# Fits take an eighth of a second: fewer than elsewhere, and wider errors.
REPLICATES, SEED = 5_000, 2012
# How many replicates tell whether the table is of this code.
FEW = 12
PATIENT_SD, SAMPLE_SD, SLOPE_SD, PRECISION = 0.5, 0.3, 0.3, 100.0
PATIENTS = [f"P{number:02d}" for number in range(1, 13)]
VISITS = ("m00", "m06", "m12")
RESPONSE = pd.DataFrame(
    {"patient": PATIENTS, "label": ["responder"] * 5 + ["non-responder"] * 7}
)
METHODS = {
    "binomial, patient and sample effects": binomial,
    "beta-binomial, patient effect": beta_binomial,
}
COVARIANCES = ("compound symmetry", "autoregressive .5", "random slopes")
ROWS = [(method, covariance) for covariance in COVARIANCES for method in METHODS]
_STEP = np.arange(len(VISITS))


def patients_log_odds(covariance, rng):
    """Return patients x visits: how far each is from the mean."""
    shape = len(PATIENTS), len(VISITS)
    if covariance == "autoregressive .5":
        correlation = 0.5 ** np.abs(np.subtract.outer(_STEP, _STEP))
        return PATIENT_SD * rng.normal(size=shape) @ np.linalg.cholesky(correlation).T
    level = PATIENT_SD * rng.normal(size=(len(PATIENTS), 1))
    if covariance == "random slopes":
        return level + SLOPE_SD * rng.normal(size=(len(PATIENTS), 1)) * _STEP
    return level + np.zeros(shape)


def drawn(method, covariance, rng):
    """Return one cohort: patient, visit, n_events, n_parent."""
    shape = len(PATIENTS), len(VISITS)
    n = np.round(np.exp(rng.uniform(np.log(300), np.log(3000), shape))).astype(int)
    logits = -2 + 0.1 * _STEP + patients_log_odds(covariance, rng)
    if method.startswith("binomial"):
        logits += SAMPLE_SD * rng.normal(size=shape)
    fraction = 1 / (1 + np.exp(-logits))
    if method.startswith("beta"):
        fraction = rng.beta(fraction * PRECISION, (1 - fraction) * PRECISION)
    return pd.DataFrame(
        {
            "patient": np.repeat(PATIENTS, len(VISITS)),
            "visit": np.tile(VISITS, len(PATIENTS)),
            "n_events": rng.binomial(n, fraction).ravel(),
            "n_parent": n.ravel(),
        }
    )


def simulated(method, covariance, *, replicates, seed):
    """Return (replicates, 3): p, low and high where the truth is 0."""
    rng = np.random.default_rng(seed)
    found = np.empty((replicates, 3))
    for row in found:
        cohort = drawn(method, covariance, rng)
        fitted = METHODS[method].difference_in_change(cohort, RESPONSE)
        row[...] = fitted.p, fitted.low, fitted.high
    return found


def row_of(method, covariance, replicates, seed):
    p, low, high = simulated(method, covariance, replicates=replicates, seed=seed).T
    ok = np.isfinite(p)
    type_one_error = round(float((p[ok] <= 0.05).mean()), 4)
    coverage = round(float(((low[ok] <= 0) & (high[ok] >= 0)).mean()), 4)
    error, verdict = judged(type_one_error, coverage, int(ok.sum()))
    return {
        "method": f"{method}, Wald",
        "covariance": covariance,
        "replicates": replicates,
        "seed": seed,
        "failed": int((~ok).sum()),
        "rejected_of_first": int((p[:FEW] <= 0.05).sum()),
        "type_one_error": type_one_error,
        "coverage": coverage,
        "monte_carlo_error": error,
        "verdict": verdict,
    }


def table(replicates=REPLICATES, seed=SEED):
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        rows = [
            pool.submit(row_of, method, covariance, replicates, seed)
            for method, covariance in ROWS
        ]
        return pd.DataFrame([row.result() for row in rows])


if __name__ == "__main__":
    found = table()
    found.to_csv(KEPT, index=False)
    sys.stdout.write(found.to_string(index=False) + "\n")
