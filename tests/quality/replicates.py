"""Replicates with chosen sums of squares."""

from __future__ import annotations

import numpy as np
import pandas as pd


def nested(sums, mean=244.2, seed=0):
    """20 days x 2 runs x 2 with exactly these sums of squares."""
    random = np.random.default_rng(seed)
    day, run, error = (random.normal(size=n) for n in (20, 20, 40))
    day -= day.mean()
    day *= np.sqrt(sums[0] / 4 / np.sum(day**2))
    run *= np.sqrt(sums[1] / 4 / np.sum(run**2))
    error *= np.sqrt(sums[2] / 2 / np.sum(error**2))
    rows = [
        (d, r, mean + day[d] + run[d] * (2 * r - 1) + error[2 * d + r] * (2 * k - 1))
        for d in range(20)
        for r in range(2)
        for k in range(2)
    ]
    return pd.DataFrame(rows, columns=["day", "run", "glucose"])


GOOD = nested((415.8, 281.0, 316.0))
