"""Made-up cohorts, three visits, for the tests of mixed models."""

from __future__ import annotations

import numpy as np
import pandas as pd

FORMULA = "y ~ visit * response"


def cohort(responders=5, others=7, *, seed=1, between=1.0, within=0.6, effect=1.0):
    """Return a complete table: patient, visit, response, y."""
    rng = np.random.default_rng(seed)
    rows = []
    for at in range(responders + others):
        response = "responder" if at < responders else "non-responder"
        own = rng.normal(0, between)
        for step, visit in enumerate(("m00", "m06", "m12")):
            rise = effect * step / 2 if response == "responder" else 0.0
            value = own + 0.2 * step + rise + rng.normal(0, within)
            rows.append((f"P{at + 1:02d}", visit, response, value))
    return pd.DataFrame(rows, columns=["patient", "visit", "response", "y"])


def lost(table, *, early=("P02", "P08"), late=("P11",)):
    """Return the table without the visits after patients were lost."""
    gone = table["patient"].isin(early) & (table["visit"] != "m00")
    gone |= table["patient"].isin(late) & (table["visit"] == "m12")
    return table[~gone].reset_index(drop=True)


def wide(table):
    """Return (responders, others), patients by visits, complete."""
    values = table.pivot(index="patient", columns="visit", values="y")
    label = table.groupby("patient")["response"].first()
    return (
        values[label == "responder"].to_numpy(),
        values[label == "non-responder"].to_numpy(),
    )
