"""The tables a lab would keep beside its files: study sheet, lots, visits, relapses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from longate.simulate.blood import VISITS
from longate.simulate.clinical_course import EDSS_VISITS, START

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from longate.simulate.clinical_course import Patient
    from longate.simulate.panels import Panel

BATCH_DAYS = 120
CONTROLLED = ("CD16", "KIR", "NKG2A", "NKG2C", "CX3CR1", "CD57")
CONTROL_DONOR = "control donor"
LOT_DAYS = 415  # on this day of the study the second bead lot takes over
SPECIMEN = "whole_blood_lyse_no_wash"
CYTOMETER = "Longate simulator"

NOTE = """\
SIMULATED DATA - no real patient.

Made by longate.simulate. The cohort follows the DIRECTIONS described in the
abstract of Chanvillard et al. 2012 (doi:10.1371/journal.pone.0039625), never that
paper's numbers: effect sizes, stains, dates and courses are assumptions.

samples.csv      study sheet: one row per FCS file
bead_lots.csv    counting beads per tube, by lot
visits.csv       clinical visits with EDSS
relapses.csv     relapses after baseline
fcs/             FCS 3.1 files; $SPILLOVER is the true spillover
truth/           what is true of each patient, sample and population (Parquet)
manifest.json    parameters, generator, files

days_since_dose is empty at m00: the first dose follows the baseline sample.
One patient is lost to a progression that nobody scored: it is in truth/patients,
not in visits.csv.
"""


@dataclass(frozen=True)
class BeadLot:
    """One lot of counting beads.

    Attributes
    ----------
    name : str
        As in the study sheet.
    beads_per_tube : int
        From the label of the pouch.
    expiry : datetime.date
        Last day of use.
    """

    name: str
    beads_per_tube: int
    expiry: dt.date


def bead_lots(rng: np.random.Generator) -> tuple[BeadLot, BeadLot]:
    """Draw the two bead lots of the study, 49,000 to 53,000 beads per tube."""
    first, second = (int(n) for n in rng.integers(49_000, 53_001, 2))
    return (
        BeadLot("TC-2101", first, START + dt.timedelta(days=LOT_DAYS + 60)),
        BeadLot("TC-2202", second, START + dt.timedelta(days=LOT_DAYS + 600)),
    )


def lot_on(day: dt.date, lots: tuple[BeadLot, BeadLot]) -> BeadLot:
    """Return the bead lot in use on a day."""
    return lots[(day - START).days >= LOT_DAYS]


def sheet_row(
    patient: Patient,
    visit: str,
    panel: Panel,
    *,
    lot: BeadLot | None,
    hours_to_stain: float,
    days_since_dose: int | None,
) -> dict[str, Any]:
    """Return one row of the study sheet."""
    date = patient.dates[visit]
    return {
        "file": f"fcs/{patient.name}_{visit}_{panel.tube}.fcs",
        "patient": patient.name,
        "visit": visit,
        "tube": panel.tube,
        "role": "sample",
        "date": date.isoformat(),
        "specimen": SPECIMEN,
        "batch": batch_on(date),
        "cytometer": CYTOMETER,
        "panel_version": panel.version,
        "bead_lot": lot.name if lot else None,
        "blood_ul": panel.blood_ul,
        "dilution": 1.0,
        "hours_to_stain": hours_to_stain,
        "days_since_dose": days_since_dose,
        "age": patient.age,
        "cmv": "positive" if patient.cmv else "negative",
    }


def batch_on(day: dt.date) -> str:
    """Return the batch of stains in use on a day."""
    return f"B{(day - START).days // BATCH_DAYS + 1:02d}"


def control_row(date: str, batch: str, panel: Panel, marker: str) -> dict[str, Any]:
    """Return the sheet's row of an FMO control: a healthy donor, once per batch."""
    return {
        "file": f"fcs/{batch}_FMO_{marker}_{panel.tube}.fcs",
        "patient": None,
        "visit": None,
        "tube": panel.tube,
        "role": f"fmo:{marker}",
        "date": date,
        "specimen": SPECIMEN,
        "batch": batch,
        "cytometer": CYTOMETER,
        "panel_version": panel.version,
        "blood_ul": panel.blood_ul,
        "dilution": 1.0,
    }


def lot_table(lots: Iterable[BeadLot]) -> pd.DataFrame:
    """Return lot, beads_per_tube, expiry."""
    return pd.DataFrame(
        {
            "lot": lot.name,
            "beads_per_tube": lot.beads_per_tube,
            "expiry": lot.expiry.isoformat(),
        }
        for lot in lots
    )


def visit_table(patients: Iterable[Patient]) -> pd.DataFrame:
    """Return patient, visit, date, edss."""
    return pd.DataFrame(
        {
            "patient": patient.name,
            "visit": visit,
            "date": patient.dates[visit].isoformat(),
            "edss": patient.edss[visit],
        }
        for patient in patients
        for visit in EDSS_VISITS
        if visit in patient.dates
    )


def relapse_table(patients: Iterable[Patient]) -> pd.DataFrame:
    """Return patient, date, interval (between which clinical visits)."""
    rows = []
    for patient in patients:
        for date in patient.relapses:
            later = [v for v, day in patient.dates.items() if day > date]
            earlier = [v for v, day in patient.dates.items() if day <= date]
            rows.append(
                {
                    "patient": patient.name,
                    "date": date.isoformat(),
                    "interval": f"{earlier[-1]}-{later[0] if later else ''}",
                }
            )
    return pd.DataFrame(rows, columns=["patient", "date", "interval"])


def patient_table(
    patients: Iterable[Patient],
    *,
    tau: dict[str, tuple[float, float, float]],
    adaptive_share: dict[str, float],
) -> pd.DataFrame:
    """Return the truth about patients: group, response, CMV, maturation shifts."""
    return pd.DataFrame(
        {
            "patient": patient.name,
            "group": patient.group,
            "response": patient.response,
            "lost": patient.lost,
            "cmv": patient.cmv,
            "age": patient.age,
            "adaptive_share": adaptive_share[patient.name],
            **{
                f"tau_{visit}": shift
                for visit, shift in zip(VISITS, tau[patient.name], strict=True)
                if visit != VISITS[0]
            },
        }
        for patient in patients
    )
