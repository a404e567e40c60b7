"""One row of a drafted sample sheet: what a file's name and keywords propose."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from longate.cytometry.acquisition import first_value
from longate.cytometry.dates import find_date
from longate.io.file_names import (
    COMPENSATION_SPECIMEN,
    NamePattern,
    guess_name,
    guess_role,
)

if TYPE_CHECKING:
    from longate.cytometry.keywords import Keywords
    from longate.io.fcs import FcsMetadata

_PATIENT_KEYWORDS = ("PATIENT ID", "SUBJECT ID", "$SRC")
_TUBE_KEYWORDS = ("TUBE NAME", "TUBENAME", "TUBE_NAME")
_BATCH_KEYWORDS = ("EXPERIMENT NAME", "EXPERIMENT_NAME", "$PROJ")
_NUMBERED = re.compile(r"^&\d+")
_SAYS_NOTHING = re.compile(
    r"(specimen|sample|tube|project|default|untitled)?[_ ]*\d*|removed|na|n/a|none",
    re.IGNORECASE,
)

Note = tuple[str, str]
"""A kind of conflict, and what is in doubt."""


def propose_row(
    name: str, metadata: FcsMetadata, names: NamePattern | None
) -> tuple[dict[str, Any], list[Note]]:
    """Return the cells that are proposed for a file, and what is in doubt.

    Parameters
    ----------
    name : str
        Its path below the folder.
    metadata : FcsMetadata
        What it says.
    names : NamePattern or None
        How its name is read.
    """
    words = metadata.keywords
    told, notes = _told_by_name(name, names)
    tube = first_value(words, _TUBE_KEYWORDS) or ""
    specimen = first_value(words, ("$SRC",)) or ""
    role = guess_role(name, tube, specimen, metadata.panel)
    if not role.is_in_panel:
        notes.append(("role", f"{role.role!r} is not in the panel of the file"))
    within = {"patient": patient_of(words), "tube": _tube(tube, name, told)}
    if names is None or "tube" not in names.fields:
        group = words.get("GROUPNAME", "").strip()
        if group and not within["tube"]:
            within["tube"] = group
            told.pop("tube", None)  # words that are left over tell less than a group
        elif within["tube"] and not _is_in(within["tube"], told.get("tube", "")):
            told.pop("tube", None)
    day = metadata.acquisition_date
    written = first_value(words, ("$DATE",))
    if written and day is None:
        notes.append(("date", f"$DATE {written!r} is no day of a measurement"))
    notes += _differences(name, told, within, metadata)
    batch = first_value(words, _BATCH_KEYWORDS)
    row: dict[str, Any] = {
        "role": role.role,
        "batch": batch or (day.isoformat() if day else ""),
        "cytometer": metadata.cytometer or "",
    }
    for said in (within, told):
        row |= {key: value for key, value in said.items() if value}
    row["serial"] = metadata.cytometer_serial or ""
    row["n_events"] = metadata.n_events
    row.pop("date", None)
    row["acquired"] = day or find_date(told.get("date", ""))
    return row, notes


def _told_by_name(
    name: str, names: NamePattern | None
) -> tuple[dict[str, str], list[Note]]:
    if names is None:
        return guess_name(name), []
    told = names.read(name)
    if told is None:
        return guess_name(name), [("pattern", "the name does not fit the pattern")]
    return {key: value for key, value in told.items() if not key.startswith("_")}, []


def patient_of(words: Keywords) -> str:
    """Return what a keyword says of the patient, where it says anything."""
    plain = {
        (_NUMBERED.sub("", key) if key[:1] == "&" else key).upper(): value
        for key, value in words.items()
    }
    for key in _PATIENT_KEYWORDS:
        value = plain.get(key, "").strip(" \t\r\n\0")
        if not _SAYS_NOTHING.fullmatch(value) and not COMPENSATION_SPECIMEN.search(
            value
        ):
            return value
    return ""


def _tube(tube: str, name: str, told: dict[str, str]) -> str:
    """Return the tube's name, unless it is that of the file or of the patient."""
    stem = PurePosixPath(name).stem
    patient = told.get("patient", "")
    is_sample = tube.casefold() == stem.casefold() or _is_in(patient, tube)
    return "" if is_sample or tube.casefold() == "removed" else tube


def _differences(
    name: str, told: dict[str, str], within: dict[str, str], metadata: FcsMetadata
) -> list[Note]:
    """Return where the name says one thing and a keyword another."""
    notes = []
    for column, value in within.items():
        in_name = told.get(column, "")
        if value and in_name and not (_is_in(value, in_name) or _is_in(in_name, value)):
            detail = f"{column} {in_name!r} by name, {value!r} by keyword"
            notes.append(("name and keyword", detail))
    day = metadata.acquisition_date
    in_name = told.get("date", "")
    if in_name and day and find_date(in_name) != day:
        detail = f"date {in_name!r} by name, {day.isoformat()} by keyword"
        notes.append(("name and keyword", detail))
    own = first_value(metadata.keywords, ("$FIL",)) or ""
    own = own.replace("\\", "/").rpartition("/")[2]
    if own not in ("", "removed", PurePosixPath(name).name):
        notes.append(("$FIL", f"$FIL says {own!r}"))
    return notes


def _is_in(part: str, whole: str) -> bool:
    return bool(part) and part.casefold() in whole.casefold()
