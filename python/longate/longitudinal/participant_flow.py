"""Participant flow (CONSORT): who was labelled, seen, and analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.longitudinal.labels import LABELS

if TYPE_CHECKING:
    import pandas as pd

    from longate.longitudinal.design import Changes, Design


def participant_flow_of(
    design: Design, outcome: str, changes: Changes
) -> list[dict[str, object]]:
    """Count one outcome's patients at every step, by label.

    Returns
    -------
    list of dict
        Rows with outcome, step, label, n and patients (comma-separated). Steps:
        labelled; value at each visit; no value at baseline or at the last visit;
        both visits; in the response, not in the data; in the data, not in the
        response.
    """
    wide = design.of(outcome)
    seen = {
        visit: set(wide.index[wide[visit].notna().to_numpy()])
        for visit in design.order.names
    }
    rows: list[dict[str, object]] = []

    def add(step: str, label: str, patients: list[str]) -> None:
        rows.append(
            {
                "outcome": outcome,
                "step": step,
                "label": label,
                "n": len(patients),
                "patients": ", ".join(patients),
            }
        )

    for label in LABELS:
        labelled = design.labels.patients(label)
        in_data = [name for name in labelled if name in wide.index]
        add("labelled", label, labelled)
        for visit in design.order.names:
            add(f"value at {visit}", label, [n for n in in_data if n in seen[visit]])
        for visit in (design.baseline, design.last):
            lacking = [name for name in in_data if name not in seen[visit]]
            add(f"no value at {visit}", label, lacking)
        add("both visits", label, changes.patients(label))
        absent = [name for name in labelled if name not in wide.index]
        add("in the response, not in the data", label, absent)
    strangers = [name for name in wide.index if name not in design.labels.by_patient]
    add("in the data, not in the response", "not labelled", strangers)
    return rows


def trajectories_of(design: Design) -> pd.DataFrame:
    """Return every labelled patient's values over the visits.

    Returns
    -------
    DataFrame
        outcome, patient, visit (ordered categorical), value (as measured),
        analysed (on the scale of analysis), label; rows without a value are
        left out.
    """
    seen = design.observations.dropna(subset=["analysed"])
    label = seen["patient"].map(design.labels.by_patient)
    table = seen.assign(label=label)
    return table[label.notna()].reset_index(drop=True)
