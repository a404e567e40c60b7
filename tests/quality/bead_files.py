"""Files with beads and NK cells of known numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

import longate as lg
from gating.samples import write_study

LOTS = pd.DataFrame(
    {
        "lot": ["L1", "L2"],
        "beads_per_tube": [50_000, 52_300],
        "expiry": ["2024-06-30", "2025-06-30"],
    }
)
STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("Beads", C=(1.0, None)),
        lg.BooleanGate("Cells", "not Beads"),
        lg.RectangleGate("Lymphocytes", parent="Cells", A=(1.0, None)),
        lg.RectangleGate("NK", parent="Lymphocytes", B=(1.0, None)),
    ]
)
OTHER = lg.GatingStrategy(
    [
        lg.RectangleGate("Lymphocytes", A=(1.0, None)),
        lg.RectangleGate("NK", parent="Lymphocytes", B=(1.0, None)),
    ]
)


def bead_events(n_nk=120, n_lymphocytes=1000, n_cells=3000, n_beads=2000) -> np.ndarray:
    events = np.zeros((n_cells + n_beads, 4))
    events[:n_lymphocytes, 1] = 1
    events[:n_nk, 2] = 1
    events[n_cells:, 3] = 1
    return events


def bead_file(patient="P1", visit="m0", *, sizes=None, **columns):
    known = {"bead_lot": "L1", "blood_ul": 100, "dilution": 1, "date": "2024-03-01"}
    return {
        "patient": patient,
        "visit": visit,
        "events": bead_events(**(sizes or {})),
        **known,
        **columns,
    }


def counted(folder, files, *, lots=LOTS, strategy=STRATEGY, runs=None, **options):
    study = write_study(folder, files, bead_lots=lots, runs=runs)
    populations = study.gate(strategy, progress=False)
    return lg.quality.per_microlitre(populations, beads="Beads", **options)


def row_of(table, name="NK"):
    (row,) = table[table["name"] == name].to_dict("records")
    return row
