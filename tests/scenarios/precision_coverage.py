"""Simulate bias and coverage of variance components and their totals.

Run by hand, two minutes, with ``tests`` on the path:
``PYTHONPATH=tests python -m scenarios.precision_coverage``. The table is kept in
``tests/golden/scenarios/precision_coverage.csv``.

Generating models: normal random effects and errors with the variances of the table, in
three balanced designs (EP05-A3 20 x 2 x 2, EP15-A3 5 x 5, multi-site 3 x 5 x 5) with
intervals by the modified large-sample method, and in an unbalanced one (41 measurements
of 16 specimens in 12 runs, with known counting variances from .2 to 1) with intervals
by profile likelihood. Estimates of balanced designs are those that may be negative.

An estimate is not biased, and an interval's coverage not rejected against 95 %, where
it lies within three Monte Carlo standard errors. (The interval of the total by the
chi-square law with Satterthwaite's degrees of freedom covered .969 in the unbalanced
design, so totals are profiled as well.)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2

from longate.quality.precision.intervals import (
    balanced_anova,
    chi_square_interval,
    deviance,
    difference_interval,
    sum_interval,
    total_deviance,
)
from longate.quality.precision.likelihood import Model
from longate.quality.precision.reml import fit

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "precision_coverage.csv"
REPLICATES, FEW = 5000, 40
BALANCED = {
    "EP05-A3": ((20, 2, 2), {"day": 1.96, "run": 3.08, "repeatability": 7.9}),
    "EP15-A3": ((5, 5), {"run": 4.0, "repeatability": 2.0}),
    "EP05-A3 multi-site": ((3, 5, 5), {"site": 4.0, "day": 3.0, "repeatability": 2.0}),
}
UNBALANCED = {"run": 2.0, "repeatability": 1.0}


def balanced(sizes, truth, replicates):
    """Return estimates and whether intervals held, (replicates, components + 1)."""
    random = np.random.default_rng(5)
    n = int(np.prod(sizes))
    levels = [
        np.arange(n) // int(np.prod(sizes[at + 1 :])) for at in range(len(sizes) - 1)
    ]
    variances = np.array(list(truth.values()))
    found, held = [], []
    for _ in range(replicates):
        y = random.normal(0, np.sqrt(variances[-1]), n)
        for level, variance in zip(levels, variances, strict=False):
            y += random.normal(0, np.sqrt(variance), level.max() + 1)[level]
        anova = balanced_anova(y, levels)
        ms, df = anova.mean_squares, anova.df
        inside = []
        for at, size in enumerate(anova.sizes[:-1]):
            ends = difference_interval(ms[at], df[at], ms[at + 1], df[at + 1], 0.95)
            inside.append(ends[0] <= size * variances[at] <= ends[1])
        ends = chi_square_interval(ms[-1], df[-1], 0.95)
        inside.append(ends[0] <= variances[-1] <= ends[1])
        ends = sum_interval(ms, df, anova.weights_of_total, 0.95)
        inside.append(ends[0] <= variances.sum() <= ends[1])
        found.append([*anova.components, anova.components.sum()])
        held.append(inside)
    return np.array(found), np.array(held)


def unbalanced(replicates):
    """The same of one crossed and unbalanced design with counting variance."""
    random = np.random.default_rng(6)
    specimen = np.repeat(np.arange(16), 3)
    run = (specimen * 3 + np.tile(np.arange(3), 16) * 5) % 12
    kept = np.arange(48) % 7 != 0
    specimen, run = specimen[kept], run[kept]
    known = np.linspace(0.2, 1.0, len(specimen))
    between, within = UNBALANCED.values()
    most = chi2.ppf(0.95, 1)
    found, held = [], []
    for _ in range(replicates):
        y = random.normal(0, 2, 16)[specimen]
        y += random.normal(0, np.sqrt(between), 12)[run]
        y += random.normal(0, 1, len(specimen)) * np.sqrt(within + known)
        model = Model(y, specimen, np.zeros((len(y), 0)), {"run": run}, known)
        best = fit(model)
        held.append(
            [
                deviance(model, best, 0, between) <= most,
                deviance(model, best, 1, within) <= most,
                total_deviance(model, best, 0, between + within) <= most,
            ]
        )
        found.append([*best.variances, best.variances.sum()])
    return np.array(found), np.array(held)


def simulated(design, replicates):
    """Return names, truths, estimates and coverage of one design."""
    if design == "unbalanced":
        truth, (found, held) = UNBALANCED, unbalanced(replicates)
    else:
        sizes, truth = BALANCED[design]
        found, held = balanced(sizes, truth, replicates)
    return [*truth, "total"], [*truth.values(), sum(truth.values())], found, held


def table_of(replicates):
    rows = []
    for design in (*BALANCED, "unbalanced"):
        for at, (name, true) in enumerate(
            zip(*(part := simulated(design, replicates))[:2], strict=True)
        ):
            found, held = part[2][:, at], part[3][:, at]
            error = found.std(ddof=1) / np.sqrt(replicates)
            coverage, chance = held.mean(), np.sqrt(0.95 * 0.05 / replicates)
            rows.append(
                {
                    "design": design,
                    "component": name,
                    "truth": round(true, 4),
                    "mean": round(found.mean(), 4),
                    "bias_in_errors": round((found.mean() - true) / error, 2),
                    "coverage": coverage,
                    "monte_carlo_error": round(chance, 5),
                    "verdict": "not rejected"
                    if abs(coverage - 0.95) <= 3 * chance
                    else "rejected",
                    "replicates": replicates,
                    "held_of_first": held[:FEW].sum(),
                }
            )
    return pd.DataFrame(rows)


def main():
    table = table_of(REPLICATES)
    table.to_csv(KEPT, index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
