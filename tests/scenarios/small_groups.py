"""Simulate the type I error of Welch's t in small groups of unequal variance.

Run by hand with ``tests`` on the path: ``PYTHONPATH=tests python -m
scenarios.small_groups``. Normal changes without a difference; responders vary
`sd_ratio` times as much as the others. ``type_one_error`` is at 5 %. Group sizes of 2
to 6 against 2 to 12 also show what losses leave of a planned 5 v 7.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtr

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "small_groups.csv"
REPLICATES, SEED = 100_000, 2012
RATIOS = (1 / 3, 0.4, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


def type_one_error(n, m, ratio, *, replicates, seed):
    """Return the share of p below .05 where there is no difference."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(replicates, n)) * ratio
    second = rng.normal(size=(replicates, m))
    one, other = (it.var(axis=1, ddof=1) / it.shape[1] for it in (first, second))
    df = (one + other) ** 2 / (one**2 / (n - 1) + other**2 / (m - 1))
    t = (first.mean(axis=1) - second.mean(axis=1)) / np.sqrt(one + other)
    return float((2 * stdtr(df, -np.abs(t)) < 0.05).mean())


def table(replicates=REPLICATES, seed=SEED):
    """Return a row for each pair of sizes and ratio."""
    rows = []
    for n in range(2, 7):
        for m in range(2, 13):
            for ratio in RATIOS:
                at = seed + len(rows)
                found = type_one_error(n, m, ratio, replicates=replicates, seed=at)
                rows.append((n, m, round(ratio, 4), replicates, at, found))
    names = ["n_responder", "n_non_responder", "sd_ratio", "replicates", "seed"]
    return pd.DataFrame(rows, columns=[*names, "type_one_error"])


if __name__ == "__main__":
    found = table()
    found.to_csv(KEPT, index=False)
    sys.stdout.write(found.to_string(index=False) + "\n")
