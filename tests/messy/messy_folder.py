"""A study as labs keep it: files, a workbook and a clinical table with their faults.

Files are simulated; what surrounds them is as people write it. One file is missing,
one is cut short, one is of another panel, one is there under two names.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd

import longate as lg

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Style:
    """How a country writes: words of the headings, dates, decimals, visits."""

    name: str
    headings: dict[str, str]
    date: str
    decimal: str
    visits: dict[str, str]
    cover: list[list[str]]
    sheet: str


GERMAN = Style(
    "german",
    {
        "file": "Datei",
        "patient": "Pat.-Nr.",
        "visit": "Visite",
        "tube": "Röhrchen",
        "collected": "Entnahme",
        "blood_ul": "Blut (µl)",
        "remark": "Bemerkung",
    },
    "%d.%m.%Y",
    ",",
    {"m00": "Screening", "m06": "Follow-up", "m12": "Abschluss"},
    [["Studie NK-Reifung"], ["Prüfärztin", "Dr. Müller"], ["Stand", "01.10.2022"]],
    "Messungen",
)
US = Style(
    "us",
    {
        "file": "File Name",
        "patient": "Subject #",
        "visit": "Timepoint",
        "tube": "Tube ",
        "collected": "Date drawn",
        "blood_ul": "Blood uL",
        "remark": "Comment",
    },
    "%m/%d/%Y",
    ".",
    {"m00": "Baseline", "m06": "Month 6", "m12": "End of study"},
    [["NK maturation study"], ["PI", "Dr. O'Neil"]],
    "Data",
)
ISO = Style(
    "iso",
    {
        "file": "FILE",
        "patient": "Patient",
        "visit": "visit",
        "tube": "tube",
        "collected": "collected",
        "blood_ul": "blood_ul",
        "remark": "remark",
    },
    "%Y-%m-%d",
    ".",
    {"m00": "m00", "m06": "m06", "m12": "m12"},
    [["Cover"]],
    "samples",
)
STYLES = {style.name: style for style in (GERMAN, US, ISO)}
PATIENTS = 9


@dataclass(frozen=True)
class MessyFolder:
    """What was written, and which files have which fault."""

    folder: Path
    missing: str
    corrupt: str
    other_panel: str
    twice: tuple[str, str]


def make_messy(folder: Path, style: Style, *, patients: int = PATIENTS) -> MessyFolder:
    """Write ``Study.xlsx``, ``Clinic.xlsx`` and the folder ``FCS`` into a folder."""
    cohort = lg.simulate.cohort(
        folder / "simulated",
        patients=patients,
        nk_events=1500,
        lineage_events=300,
        progress=False,
    )
    sheet = pd.read_csv(cohort.sheet, dtype={"patient": str})
    lineage = sheet[sheet["tube"] == "lineage"]
    sheet = sheet[sheet["tube"] == "NK"].reset_index(drop=True)
    ids = {name: f"{3 * int(name[1:]):03d}" for name in sheet["patient"].unique()}
    (folder / "FCS").mkdir(parents=True)
    rows, names = [], []
    for row in sheet.itertuples():
        visit = style.visits[row.visit]
        name = f"{ids[row.patient]} {visit} NK.fcs"
        shutil.copyfile(cohort.sheet.parent / row.file, folder / "FCS" / name)
        names.append(name)
        blood = f"{row.blood_ul / 2 + 0.5:.1f}".replace(".", style.decimal)
        date = pd.Timestamp(row.date).strftime(style.date)
        rows.append([name, ids[row.patient], visit, "NK", date, blood, "geprüft – ok"])
    missing, corrupt, other = names[4], names[8], names[11]
    twice = (names[-1], f"copy of {names[-1]}")
    _spoil(folder / "FCS", cohort.sheet.parent / lineage["file"].iloc[0], names, twice)
    rows.append([twice[1], *rows[-1][1:3], "NK2", *rows[-1][4:]])
    _write_study(folder / "Study.xlsx", style, rows)
    _write_clinic(folder / "Clinic.xlsx", style, cohort, ids)
    shutil.rmtree(folder / "simulated")
    return MessyFolder(folder, missing, corrupt, other, twice)


def _spoil(
    fcs: Path, other_panel: Path, names: list[str], twice: tuple[str, str]
) -> None:
    (fcs / names[4]).unlink()
    whole = (fcs / names[8]).read_bytes()
    (fcs / names[8]).write_bytes(whole[: len(whole) // 3])
    shutil.copyfile(other_panel, fcs / names[11])
    shutil.copyfile(fcs / twice[0], fcs / twice[1])


def _write_study(path: Path, style: Style, rows: list[list[str]]) -> None:
    """Write a cover sheet, and the measurements below some lines of prose."""
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "Deckblatt"
    for line in style.cover:
        cover.append(line)
    page = book.create_sheet(style.sheet)
    page.append(["exported by the LIMS"])
    page.append([])
    page.append(list(style.headings.values()))
    for row in rows:
        page.append(row)
    book.save(path)


def _write_clinic(path: Path, style: Style, cohort, ids: dict[str, str]) -> None:
    """Write EDSS by visit and relapses, the ids as numbers shown with zeros."""
    book = openpyxl.Workbook()
    edss, relapses = book.active, book.create_sheet("relapses")
    edss.title = "edss"
    edss.append(["patient", "visit", "edss", "date"])
    known = cohort.visits[cohort.visits["patient"].isin(ids)]
    for row in known.itertuples():
        date = pd.Timestamp(row.date).strftime(style.date)
        score = None if pd.isna(row.edss) else row.edss
        edss.append([ids[row.patient], row.visit, score, date])
    relapses.append(["patient", "date"])
    for row in cohort.relapses[cohort.relapses["patient"].isin(ids)].itertuples():
        relapses.append([ids[row.patient], pd.Timestamp(row.date).strftime(style.date)])
    book.save(path)
