"""Simulate error rates, coverage and power of the mixed models at 5 against 7.

Run by hand, some minutes: ``python tests/scenarios/mixed_error_rates.py``. The
table is kept in ``tests/golden/scenarios/mixed_error_rates.csv``.

Generating models, three visits 0, 1, 2, five responders and seven others:

- ``compound symmetry``: patient SD 1, residual SD 1.
- ``autoregressive .5``: SD 1, correlation .5 between neighbours, .25 beyond.
- ``random slopes``: patient SD 1, residual SD 1, slopes per visit of SD 1.

``drop-out`` as in the model study: a patient is lost before the second visit with
probability 2/15 and before the third with 1/15, independent of the values; cohorts
with fewer than two patients of a group at the last visit are drawn again. The
contrast is the difference in change from the first to the last visit, responders
minus others; `effect_sd` is its true value in standard deviations of one patient's
change; `failed` counts cohorts that the unstructured model refuses. Estimates move
with an effect and nothing else does, so the cohorts of one design serve all
effects; the three covariances share their random numbers.

Rejected is at 5 %, coverage at 95 %. `verdict` compares with `nominal` (a power is
quoted with two digits) at three Monte Carlo errors. Known failures, at 20,000:
the random intercept has .083 under autoregression and .119 under random slopes;
the unstructured model with drop-out .057 under compound symmetry and .056 under
autoregression (.054 under random slopes is not rejected; .050 in complete data).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from longate.longitudinal.mixed.intercept_reml import fit_random_intercept
from longate.longitudinal.mixed.kenward_roger import KenwardRoger
from longate.longitudinal.mixed.satterthwaite import Satterthwaite
from longate.longitudinal.mixed.unstructured_reml import fit_unstructured
from longate.longitudinal.mixed.working_scale import WorkingScale

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "mixed_error_rates.csv"
REPLICATES, SEED = 20_000, 2012
RESPONDERS, OTHERS, VISITS = 5, 7, 3
LABEL = np.repeat([1.0, 0.0], [RESPONDERS, OTHERS])
# Below this `mmrm` refuses: two groups and three visits.
FEWEST_AT_THE_END = 5
METHODS = (
    "random intercept, Kenward-Roger",
    "random intercept, Satterthwaite",
    "unstructured, Kenward-Roger",
)
# The published rounding of the power of the random intercept is two digits.
POWER = {1.0: 0.37, 1.5: 0.68, 1.8: 0.83, 2.0: 0.90}
_STEP = np.arange(VISITS)
COVARIANCES = {
    "compound symmetry": np.eye(VISITS) + 1.0,
    "autoregressive .5": 0.5 ** np.abs(np.subtract.outer(_STEP, _STEP)),
    "random slopes": np.eye(VISITS) + 1.0 + np.multiply.outer(_STEP, _STEP),
}


def drawn_seen(rng, *, complete):
    """Return which of patients by visits were seen."""
    seen = np.ones((len(LABEL), VISITS), dtype=bool)
    while not complete:
        early = rng.random(len(LABEL)) < 2 / 15
        late = rng.random(len(LABEL)) < 1 / 13
        seen[:, 1] = ~early
        seen[:, 2] = ~early & ~late
        at_end = [int(seen[label == LABEL, 2].sum()) for label in (0.0, 1.0)]
        if min(at_end) >= 2:
            break
    return seen


def coded(seen):
    """Return patients, visits and the columns of visit * response."""
    patients, visits = np.nonzero(seen)
    indicators = np.eye(VISITS)[visits, 1:]
    response = LABEL[patients][:, None]
    matrix = np.hstack(
        [np.ones((len(visits), 1)), indicators, response, indicators * response]
    )
    return patients, visits, matrix


def analysed(values, patients, visits, matrix):
    """Return estimate, se and df of the last difference in change, by method."""
    contrast = np.zeros(matrix.shape[1])
    contrast[-1] = 1.0
    working = WorkingScale.of(values, matrix)
    own = working.contrasts(contrast[None, :])[0]
    columns = working.columns
    intercept = fit_random_intercept(columns, patients)
    known = intercept.moments.only([1]) if intercept.singular else intercept.moments
    fits = [
        (intercept.moments, KenwardRoger(intercept.moments)),
        (intercept.moments, Satterthwaite(known)),
    ]
    if (visits == VISITS - 1).sum() >= FEWEST_AT_THE_END:
        general = fit_unstructured(columns, patients, visits).moments
        fits.append((general, KenwardRoger(general)))
    found = np.full((len(METHODS), 3), np.nan)
    for row, (moments, method) in zip(found, fits, strict=False):
        row[0] = working.coefficients(moments.coefficients)[-1]
        row[1] = working.unit * np.sqrt(own @ method.covariance @ own)
        row[2] = method.degrees_of_freedom(own)
    return found


def simulated(covariance, *, complete, replicates, seed):
    """Return (replicates, methods, 3): estimate, se and df without an effect."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(covariance)
    found = np.empty((replicates, len(METHODS), 3))
    for row in found:
        seen = drawn_seen(rng, complete=complete)
        values = rng.normal(size=seen.shape) @ root.T
        row[...] = analysed(values[seen], *coded(seen))
    return found


def rates(found, effect):
    """Return failed, rejected, coverage, mean df, for each method."""
    estimate, se, df = np.moveaxis(found, 2, 0)
    ok = np.isfinite(estimate) & np.isfinite(df)
    p = 2 * stdtr(df, -np.abs((estimate + effect) / se))
    covered = np.abs(estimate) <= stdtrit(df, 0.975) * se
    for at in range(len(METHODS)):
        good = ok[:, at]
        yield (
            int((~good).sum()),
            float((p[good, at] < 0.05).mean()),
            float(covered[good, at].mean()),
            float(df[good, at].mean()),
        )


def judged(rejected, nominal, replicates):
    """Return the Monte Carlo error at the nominal rate, and the verdict."""
    rate = rejected if np.isnan(nominal) else nominal
    error = float(np.sqrt(rate * (1 - rate) / replicates))
    if np.isnan(nominal):
        return round(error, 4), ""
    rounding = 0.005 if nominal > 0.05 else 0.0
    within = abs(rejected - nominal) <= 3 * error + rounding
    return round(error, 4), "not rejected" if within else "known failure"


def rows_of(name, covariance, *, complete, replicates, seed, effects):
    found = simulated(covariance, complete=complete, replicates=replicates, seed=seed)
    sd = np.sqrt(covariance[0, 0] + covariance[-1, -1] - 2 * covariance[0, -1])
    for effect in effects:
        for method, own in zip(METHODS, rates(found, effect * sd), strict=True):
            failed, rejected, coverage, df = own
            nominal = 0.05 if effect == 0 else np.nan
            if effect and method.startswith("random intercept, K"):
                nominal = POWER[effect]
            error, verdict = judged(rejected, nominal, replicates - failed)
            yield {
                "method": method,
                "covariance": name,
                "design": "complete" if complete else "drop-out",
                "effect_sd": effect,
                "replicates": replicates,
                "seed": seed,
                "failed": failed,
                "rejected": round(rejected, 4),
                "coverage": round(coverage, 4),
                "error": error,
                "nominal": nominal,
                "verdict": verdict,
                "mean_df": round(df, 2),
            }


def table(replicates=REPLICATES, seed=SEED):
    rows = []
    for name, covariance in COVARIANCES.items():
        rows += rows_of(
            name,
            covariance,
            complete=False,
            replicates=replicates,
            seed=seed,
            effects=(0.0,),
        )
    rows += rows_of(
        "compound symmetry",
        COVARIANCES["compound symmetry"],
        complete=True,
        replicates=replicates,
        seed=seed + 1,
        effects=(0.0, *POWER),
    )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    found = table()
    found.to_csv(KEPT, index=False)
    sys.stdout.write(found.to_string(index=False) + "\n")
