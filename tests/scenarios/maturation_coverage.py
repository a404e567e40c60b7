"""Simulate how often counting intervals of maturation hold what made the sample.

Run by hand, two minutes, with ``tests`` on the path:
``PYTHONPATH=tests python -m scenarios.maturation_coverage``. The table is kept in
``tests/golden/scenarios/maturation_coverage.csv``.

Generating model: one simulated patient per replicate (``simulate.stages.NkPatient``,
half of them CMV carriers), the composition of the first visit, and for changes that of
the second with a maturation shift of .25 logits. N true NK phenotypes are drawn from
each composition (latent stage, then each marker by its share of positives), calls are
the true ones, and the five-stage rules, the index, its change, the log-odds and the
rank shift of event scores are computed as for real samples. Truth is the expectation
under the generating composition: the expected index is a ratio of expected shares, the
true theta that of the two score distributions.

Coverage is not rejected against 95 % where it lies within three Monte Carlo standard
errors. Known failures, at 5,000 replicates: L0 (CD16 among CD56bright) covers .984 of
100 and .967 of 300 cells, where a stage expects a handful of cells.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import longate as lg
from longate.nk.events.directions import DIRECTIONS
from longate.nk.stages.index import (
    axis_counts,
    index_and_variance,
    log_odds,
    odds_of,
)
from longate.simulate import stages
from longate.statistics import Z95

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "maturation_coverage.csv"
REPLICATES, SEED = 5_000, 2012
# How many replicates tell whether the table is of this code.
FEW = 40
CELLS = (100, 300, 1000, 3000)
TAU = 0.25

CODES = np.array(
    list(itertools.product([False, True], repeat=len(stages.RULE_MARKERS)))
)
SCHEME = lg.nk.stage_scheme(
    "five_stage",
    markers=["CD56", "CD56bright", *stages.RULE_MARKERS],
    parent=lg.nk.NKParent("NK", lineage_removed=True, cd7_positive=True),
)


def _phenotypes():
    """Calls of every pair of latent stage and marker combination."""
    cd56 = np.repeat(stages.CD56_CLASS, len(CODES))
    calls = {
        marker: np.tile(CODES[:, k], len(stages.LATENT))
        for k, marker in enumerate(stages.RULE_MARKERS)
    }
    return {**calls, "CD56": cd56 > 0, "CD56bright": cd56 > 1}


CALLS = _phenotypes()
# A cell that is neither CD56+ nor CD16+ is outside the NK parent.
IN_PARENT = CALLS["CD56"] | CALLS["CD16"]
LABELS = SCHEME.label(CALLS)
_VOTES = [DIRECTIONS[m].sign * (2.0 * CALLS[m] - 1) for m in DIRECTIONS if m in CALLS]
SCORES = 0.5 + 0.5 * np.sum(_VOTES, axis=0) / len(_VOTES)


def _chances(composition):
    """Share of every phenotype among the NK cells of a composition."""
    shares = []
    for stage, share in enumerate(composition):
        positive = np.array([stages.POSITIVE[m][stage] for m in stages.RULE_MARKERS])
        shares.append(share * np.where(CODES, positive, 1 - positive).prod(axis=1))
    chances = np.concatenate(shares) * IN_PARENT
    return chances / chances.sum()


def _by_stage(amounts):
    """Amounts of phenotypes (rows: samples) as a table with a column per stage."""
    labels = [stage.label for stage in SCHEME.stages]
    return pd.DataFrame(
        {label: amounts[:, label == LABELS].sum(axis=1) for label in labels}
    )


def _theta(before, after):
    """P(later > earlier) + P(equal) / 2 of two distributions over phenotypes."""
    levels, place = np.unique(SCORES.round(9), return_inverse=True)
    x = np.bincount(place, before, minlength=len(levels))
    y = np.bincount(place, after, minlength=len(levels))
    return float(y @ (np.cumsum(x) - 0.5 * x))


def _held(value, variance, truth):
    return np.abs(value - truth) <= Z95 * np.sqrt(variance)


def _drawn(n, replicate, seed):
    """Chances and counts of phenotypes at two visits of one simulated patient."""
    rng = np.random.default_rng([seed, n, replicate])
    patient = stages.NkPatient.draw(rng, cmv=bool(rng.random() < 0.5), n_visits=2)
    visits = ((0, 0.0), (1, TAU))
    chances = [_chances(patient.composition(visit, tau)) for visit, tau in visits]
    return chances, [rng.multinomial(n, chance) for chance in chances]


def simulated(n, replicates, seed=SEED):
    """By measure: whether each replicate's interval held its truth, and the error."""
    both = [_drawn(n, replicate, seed) for replicate in range(replicates)]
    # (visits, replicates, phenotypes)
    chances = np.array([chances for chances, _ in both]).swapaxes(0, 1)
    drawn = np.array([counts for _, counts in both]).swapaxes(0, 1)
    true, found = ([_by_stage(at) for at in amounts] for amounts in (chances, drawn))
    made = {}
    for name, adaptive in (("index", False), ("index_with_adaptive", True)):

        def of(table, *, adaptive=adaptive):
            counts = axis_counts(table, SCHEME.axis, adaptive=adaptive)
            return index_and_variance(counts, SCHEME.weights)

        (x, var_x), (y, var_y) = (of(table) for table in found)
        (at_x, _), (at_y, _) = (of(table) for table in true)
        made[name] = _held(x, var_x, at_x), x - at_x
        rise, truth = y - x, at_y - at_x
        made[f"change of {name}"] = _held(rise, var_x + var_y, truth), rise - truth
    for name, (above, below) in odds_of(SCHEME.axis).items():
        value, variance = log_odds(found[0], above, below)
        parts = (true[0][list(names)].sum(axis=1) for names in (above, below))
        truth = np.log(np.divide(*parts)).to_numpy()
        made[name] = _held(value, variance, truth), value - truth
    held, error = [], []
    for (before, after), (x, y) in both:
        shift = lg.nk.superiority(np.repeat(SCORES, x), np.repeat(SCORES, y))
        truth = _theta(before, after)
        held.append(shift.counting_low <= truth <= shift.counting_high)
        error.append(shift.theta - truth)
    made["theta"] = np.array(held), np.array(error)
    return made


def table_of(n, replicates):
    error = float(np.sqrt(0.95 * 0.05 / replicates))
    rows = []
    for measure, (held, off) in simulated(n, replicates).items():
        coverage = held.mean()
        nominal = abs(coverage - 0.95) <= 3 * error
        rows.append(
            {
                "measure": measure,
                "n": n,
                "replicates": replicates,
                "bias": round(off.mean(), 6),
                "coverage": round(coverage, 4),
                "monte_carlo_error": round(error, 4),
                "verdict": "not rejected" if nominal else "rejected",
                "held_of_first": int(held[:FEW].sum()),
            }
        )
    return pd.DataFrame(rows)


def main():
    table = pd.concat([table_of(n, REPLICATES) for n in CELLS], ignore_index=True)
    table.to_csv(KEPT, index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
