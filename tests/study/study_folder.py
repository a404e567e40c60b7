"""A small study of small files, written to a folder, for the tests of this room."""

from __future__ import annotations

import numpy as np
import pandas as pd

import longate as lg

CHANNELS = ["FSC-A", "SSC-A", "PE-A", "APC-A", "Time"]
MARKERS = {"PE-A": "CD56", "APC-A": "CD16"}
SPILLOVER = lg.Compensation([[1, 0.2], [0.05, 1]], ["PE-A", "APC-A"])
STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("Cells", dimensions={"FSC-A": (100, None)}),
        lg.RectangleGate("CD56+", parent="Cells", CD56=(0.5, None)),
        lg.RectangleGate("CD16+", parent="Cells", CD16=(0.5, None)),
        lg.BooleanGate("NK", "CD56+ or CD16+", parent="Cells"),
    ],
    scale=lg.Logicle(t=1000.0),
)


def events(seed, n_events=200):
    """Return events that fill both sides of every gate."""
    rng = np.random.default_rng(seed)
    scatter = rng.uniform(0, 300, (n_events, 2))
    fluorochromes = rng.normal(0, 20, (n_events, 2)) + rng.choice(
        [0, 400], (n_events, 2)
    )
    return np.column_stack([scatter, fluorochromes, np.arange(n_events)])


def write_file(path, seed=0, n_events=200, **options):
    """Write one file of the panel; options go to ``write_fcs``."""
    options = {"markers": MARKERS, "spillover": SPILLOVER, "ranges": 1000.0, **options}
    return lg.write_fcs(path, events(seed, n_events), CHANNELS, **options)


def write_sheet(folder, rows):
    """Write rows (dicts) as the sheet of the folder, and return its path."""
    path = folder / "samples.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def write_study(folder, patients=("P01", "P02", "P03"), **more):
    """Write one file per patient and a sheet; `more` holds further columns."""
    rows = []
    for number, patient in enumerate(patients):
        write_file(folder / f"{patient}.fcs", seed=number)
        row = {"file": f"{patient}.fcs", "patient": patient, "visit": "m00"}
        extra = {column: cells[number] for column, cells in more.items()}
        rows.append({**row, "tube": "NK", **extra})
    return write_sheet(folder, rows)
