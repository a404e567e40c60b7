"""Events of four detectors, with matrices and scales to read them by."""

from __future__ import annotations

import numpy as np

import longate as lg
from gating.samples import sample_of

DETECTORS = ["FL1", "FL2", "FL3", "FL4"]
MARKERS = {"FL1": "CD3", "FL2": "CD56", "FL3": "CD16"}
FILE = lg.Compensation(
    [[1.0, 0.2, 0.0], [0.1, 1.0, 0.05], [0.0, 0.3, 1.0]], ["FL1", "FL2", "FL3"]
)
OTHER = lg.Compensation([[1.0, 0.5], [0.25, 1.0]], ["CD56", "CD3"])
SPECTRA = lg.Compensation(
    [[1.0, 0.5, 0.2, 0.1], [0.1, 0.4, 1.0, 0.3]],
    DETECTORS,
    fluorochromes=["BV421", "Alexa 700"],
)
LOGICLE, ARCSINH = lg.Logicle(t=1e4, w=0.4), lg.Arcsinh(t=1e4)


def events_of(n=2000, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    events = rng.lognormal(5, 1.5, (n, 5)) - 40.0
    events[rng.random(events.shape) < 0.01] = np.nan
    events[: n // 50, 1] = 0.0
    return events.astype(np.float32).astype(np.float64)


def sample_with(events, compensation=FILE):
    names = ["FSC-A", *DETECTORS]
    columns = dict(zip(names, events.T, strict=True))
    return sample_of(columns, markers=MARKERS, compensation=compensation)


def strategy_on(axis, **options):
    gates = [
        lg.RectangleGate("Cells", dimensions={"FSC-A": (0, None)}),
        lg.RectangleGate("NK", parent="Cells", dimensions={axis: (0, None)}),
    ]
    return lg.GatingStrategy(gates, **options)
