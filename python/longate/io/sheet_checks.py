"""Checks of a sample sheet's cells: roles, blanks, files, names, runs.

Cells are lists by column; `rows` are the numbers that a spreadsheet shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import listed, one_of, suggest
from longate._visits import natural_key
from longate.exceptions import SampleSheetError
from longate.io.sheet_headings import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from longate.io.sheet_complaints import Complaints

ROLES = ("sample", "fmo", "unstained", "single_stain", "bead", "bridging", "exclude")
SPECIMENS = (
    "whole_blood_lyse_no_wash",
    "whole_blood_lyse_wash",
    "pbmc_fresh",
    "pbmc_frozen",
)
RUN_RULES = ("replace", "pool", "keep")

Cells = dict[str, list[str]]


def check_roles(cells: Cells, complaints: Complaints) -> None:
    """Complain of roles that are not known, and of exclusions without a reason."""
    reasons = cells.get("reason", [""] * len(cells["role"]))
    for at, (role, reason) in enumerate(zip(cells["role"], reasons, strict=True)):
        kind, _, what = role.partition(":")
        if kind not in ROLES:
            complaints.cell(
                at,
                "role",
                role,
                f"is no role; allowed are {listed(ROLES)}{suggest(kind, ROLES)}",
            )
        elif (kind in ("fmo", "single_stain")) != bool(what):
            complaints.cell(
                at,
                "role",
                role,
                "must be 'fmo:<marker>', 'single_stain:<detector>', or a role without "
                "a colon",
            )
        elif kind == "exclude" and not reason:
            complaints.cell(at, "role", role, "needs the column 'reason' to say why")


def check_cells(cells: Cells, complaints: Complaints) -> None:
    """Complain of blanks where there must be none, and of unknown specimens."""
    for column in REQUIRED:
        pairs = zip(cells[column], cells["role"], strict=True)
        for at, (cell, role) in enumerate(pairs):
            if not cell and (column == "file" or role == "sample"):
                complaints.cell(at, column, None, f"every sample needs a {column}")
    for at, specimen in enumerate(cells.get("specimen", ())):
        if specimen and specimen not in SPECIMENS:
            complaints.cell(
                at,
                "specimen",
                specimen,
                f"is no specimen; allowed are {listed(SPECIMENS)}"
                f"{suggest(specimen, SPECIMENS)}",
            )


def refuse_one_file_twice(
    cells: Cells, complaints: Complaints, data_sets: Sequence[int] | None = None
) -> None:
    """Complain of a file, or of one of its data sets, that has two rows."""
    rows = complaints.rows
    numbers = data_sets or [0] * len(rows)
    keys = [
        f"{name}\0{number}" if name else ""
        for name, number in zip(cells["file"], numbers, strict=True)
    ]
    twice = [
        again and bool(key) for again, key in zip(_repeated(keys), keys, strict=True)
    ]
    for key in dict.fromkeys(_chosen(keys, twice)):
        own = [cell == key for cell in keys]
        name = key.partition("\0")[0]
        complaints.add(
            f"it names {Path(name).name!r} more than once: rows {_where(rows, own)}; "
            f"keep one of them"
        )


def refuse_one_name_for_two(cells: Cells, complaints: Complaints) -> None:
    """Complain of a sample that is two patients, or two visits of one."""
    columns = (cells[name] for name in ("role", "sample", "patient", "visit"))
    meant: dict[str, dict[tuple[str, str], None]] = {}
    for role, sample, patient, visit in zip(*columns, strict=True):
        if role == "sample" and patient and visit:
            meant.setdefault(sample, {})[patient, visit] = None
    for sample, visits in meant.items():
        if len(visits) > 1:
            both = " and ".join(
                f"{patient!r} at {visit!r}" for patient, visit in visits
            )
            named = zip(cells["sample"], cells["role"], strict=True)
            own = [one == (sample, "sample") for one in named]
            complaints.add(
                f"sample {sample!r} means patients {both} in rows "
                f"{_where(complaints.rows, own)}; give each visit of a patient "
                "another name in a column 'sample'"
            )


def settled_runs(
    cells: Cells, complaints: Complaints, rule: str | None
) -> tuple[list[str], list[int]]:
    """Return the names of samples, and the rows that stay, from 0.

    Where a sample has several files of one tube and nothing says what to do, it is
    complained of.

    Raises
    ------
    SampleSheetError
        If `rule` is no rule.
    """
    if rule is not None:
        one_of("runs", rule, RUN_RULES, SampleSheetError)
    rows = complaints.rows
    samples, everything = cells["sample"], list(range(len(rows)))
    keys: list[Any] = [
        (sample, tube) if role == "sample" else at
        for at, (sample, tube, role) in enumerate(
            zip(samples, cells["tube"], cells["role"], strict=True)
        )
    ]
    repeated = _repeated(keys)
    if not any(repeated):
        return samples, everything
    names = listed(dict.fromkeys(_chosen(samples, repeated)))
    where = f"rows {_where(rows, repeated)}"
    runs = cells.get("run", [""] * len(rows))
    numbered = list(_chosen(zip(keys, runs, strict=True), repeated))
    if not all(run for _, run in numbered) or any(_repeated(numbered)):
        complaints.add(
            f"samples {names} have several files of one tube ({where}); number them in "
            "a column 'run' and choose runs='replace', 'pool' or 'keep'"
        )
        return samples, everything
    if rule is None:
        complaints.add(
            f"samples {names} have several runs ({where}); choose runs='replace' (the "
            "last), 'pool' (sum cells and beads) or 'keep' (a sample each)"
        )
        return samples, everything
    if rule == "keep":
        named = zip(samples, runs, repeated, strict=True)
        return [f"{s}_run{run}" if again else s for s, run, again in named], everything
    if rule == "replace":
        last = {}
        for at in sorted(everything, key=lambda at: natural_key(runs[at])):
            last[keys[at]] = at
        return samples, sorted(last.values())
    return samples, everything


def _repeated(values: Sequence[Any]) -> list[bool]:
    """Say of each value whether it is there more than once."""
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return [counts[value] > 1 for value in values]


def _chosen(values: Iterable[Any], wanted: Sequence[bool]) -> Iterable[Any]:
    return (value for value, is_one in zip(values, wanted, strict=True) if is_one)


def _where(rows: Sequence[int], wanted: Sequence[bool]) -> str:
    """Name rows as a spreadsheet shows them."""
    return listed(_chosen(rows, wanted))
