"""What the legacy panel loses: the same cohort through both tubes, end to end.

Run by hand, with ``tests`` on the path:
``PYTHONPATH=tests python -m scenarios.legacy_panel``. The table is kept in
``tests/golden/scenarios/legacy_panel.csv``.

Fifteen simulated patients, three visits, files of both NK tubes: ten colours, and the
legacy tube of eight without dump (CD14, CD19) and without NKG2C. Each is gated by one
strategy (the legacy one leaves out what it cannot see) and scored. ``bias`` is measured
minus the generating expectation, over all files; ``largest`` is the largest absolute
difference of a file.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

import longate as lg
from longate.simulate import strategies

KEPT = Path(__file__).parents[1] / "golden" / "scenarios" / "legacy_panel.csv"
PATIENTS, EVENTS, SEED = 15, 60_000, 2012


def legacy_strategy():
    """The NK strategy without dump and NKG2C."""
    gates = []
    for gate in strategies.nk_strategy().gates:
        if gate.name == "NKG2C+":
            continue
        if gate.name == "CD3- dump-":
            gate = lg.RectangleGate(
                gate.name,
                parent=gate.parent,
                dimensions={"CD3": (None, strategies.CD3_POSITIVE)},
            )
        gates.append(gate)
    return lg.GatingStrategy(gates, scale=strategies._scale(), name="legacy tube")


def compared(folder, *, patients=PATIENTS, events=EVENTS):
    """One row per file: measured scores and what generated them."""
    cohort = lg.simulate.cohort(
        folder,
        seed=SEED,
        patients=patients,
        nk_events=events,
        tubes=["NK", "legacy"],
        progress=False,
    )
    populations = lg.read_study(cohort.sheet).gate(
        {"NK": strategies.nk_strategy(), "legacy": legacy_strategy()}, progress=False
    )
    truth = cohort.read_truth("index")
    made = []
    for tube in ("NK", "legacy"):
        found = lg.nk.maturation(populations, parent="NK", tube=tube)
        true = truth[truth["tube"] == tube]
        made.append(found.table.merge(true, on="sample", suffixes=("", "_true")))
    return pd.concat(made, ignore_index=True)


def table_of(frame):
    rows = []
    for tube, part in frame.groupby("tube", sort=False):
        for measure in ("index", "index_with_adaptive"):
            for truth in ("index", "index_with_adaptive"):
                error = part[measure] - part[f"generating_{truth}"]
                rows.append(
                    {
                        "panel": tube,
                        "measured": measure,
                        "truth": truth,
                        "files": len(part),
                        "bias": round(error.mean(), 4),
                        "sd": round(error.std(), 4),
                        "largest": round(error.abs().max(), 4),
                    }
                )
    return pd.DataFrame(rows)


def main():
    with tempfile.TemporaryDirectory() as folder:
        table = table_of(compared(Path(folder) / "cohort"))
    table.to_csv(KEPT, index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
