"""Simulated counts of 5 responders and 7 others at three visits."""

from __future__ import annotations

import numpy as np
import pandas as pd


def cohort(seed=1, *, base=-2.0, patient=0.5, sample=0.3, effect=0.6, n=(300, 3000)):
    """Return (data, response): k of n, and cells in microlitres."""
    rng = np.random.default_rng(seed)
    rows = []
    effects = rng.normal(size=12) * patient
    for at in range(12):
        for late, visit in enumerate(("m00", "m06", "m12")):
            eta = base + effects[at] + 0.1 * late + (at < 5) * effect * late / 2
            eta += rng.normal() * sample
            total = round(np.exp(rng.uniform(*np.log(n))))
            seen = rng.uniform(1, 6)
            k = rng.binomial(total, 1 / (1 + np.exp(-eta)))
            cells = rng.poisson(np.exp(eta + 5) * seen)
            rows.append((f"P{at + 1:02d}", visit, k, total, cells, seen))
    columns = ["patient", "visit", "n_events", "n_parent", "cells", "microlitres"]
    labels = ["responder"] * 5 + ["non-responder"] * 7
    patients = [f"P{at + 1:02d}" for at in range(12)]
    data = pd.DataFrame(rows, columns=columns)
    return data, pd.DataFrame({"patient": patients, "label": labels})
