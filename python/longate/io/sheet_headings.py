"""The columns of a sample sheet: what a heading means, whatever its spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate._names import likeness
from longate._validation import listed, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from longate.io.sheet_complaints import Complaints

REQUIRED = ["file", "patient", "visit", "tube"]
DATES = ("collected", "stained", "acquired", "date")
"""Columns of dates; ``date`` is that of collection where it is the only one."""
NUMBERS: dict[str, float | None] = {
    "blood_ul": 1.0,
    "dilution": 1.0,
    "hours_to_stain": 0.0,
    "days_since_dose": None,
}
"""Columns of numbers: above 0 (1), of 0 or more (0), or any (None)."""
KNOWN = (
    *REQUIRED,
    *("sample", "role", "reason", "run", "batch", "specimen", "bead_lot"),
    *DATES,
    *NUMBERS,
    *("cytometer", "panel_version", "compensation", "anticoagulant", "dataset"),
)
"""The columns that mean something; all others are covariates."""
_BY_LIKENESS = {likeness(name): name for name in KNOWN}


def as_known(heading: str, columns: Mapping[str, str] | None = None) -> str:
    """Return the name of a column: as told, as known, or the heading itself."""
    told = columns or {}
    if heading in told:
        return told[heading]
    alike = likeness(heading)
    for given, name in told.items():
        if likeness(str(given)) == alike:
            return name
    known = _BY_LIKENESS.get(alike)
    return heading if known is None or known in told.values() else known


def count_known(
    row: Iterable[Any], columns: Mapping[str, str] | None, *, whole: bool = False
) -> int:
    """Return how many cells of a row name known columns; 0 if `whole` and one lacks."""
    told = set((columns or {}).values())
    names = {as_known(cell, columns) for cell in row if isinstance(cell, str)}
    found = names & (set(KNOWN) | told)
    if whole and not found >= set(REQUIRED):
        return 0
    return len(found)


def name_columns(
    headings: Sequence[str],
    columns: Mapping[str, str] | None,
    complaints: Complaints,
) -> list[str]:
    """Return the name of every column; what is wrong goes to the complaints.

    Parameters
    ----------
    headings : sequence of str
        As the sheet writes them.
    columns : mapping of str to str, optional
        Longate's name by the user's, for columns with other names.
    complaints : Complaints
        Takes columns that are not there, are there twice, or are required and lacking.
    """
    for given in columns or {}:
        if not any(likeness(str(given)) == likeness(name) for name in headings):
            complaints.add(
                f"columns= names {str(given)!r}, which the sheet does not have; it has "
                f"{listed(headings, most=20)}{suggest(str(given), headings)}"
            )
    names = [as_known(heading, columns) for heading in headings]
    for name in dict.fromkeys(names):
        own = [h for h, one in zip(headings, names, strict=True) if one == name]
        if len(own) > 1:
            more = "" if set(own) == {name} else f" (the columns {listed(own)})"
            complaints.add(
                f"it has the column {name!r} more than once{more}; pass columns= with "
                f"the one that is meant"
            )
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        hints = "".join(suggest(name, headings) for name in missing[:1])
        complaints.add(
            f"it lacks the column{'s' if len(missing) > 1 else ''} {listed(missing)}; "
            f"it has {listed(headings, most=20)}{hints}; pass columns="
            f"{{'Pat.-Nr.': 'patient'}} where columns have other names"
        )
    return names
