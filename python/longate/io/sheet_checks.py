"""Checks of a sample sheet's cells: roles, blanks, files, names, runs.

Cells are lists by column; `rows` are the numbers that a spreadsheet shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import listed, one_of
from longate._visits import natural_key
from longate.exceptions import SampleSheetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

REQUIRED = ["file", "patient", "visit", "tube"]
ROLES = ("sample", "fmo", "unstained", "single_stain", "bead", "bridging", "exclude")
SPECIMENS = (
    "whole_blood_lyse_no_wash",
    "whole_blood_lyse_wash",
    "pbmc_fresh",
    "pbmc_frozen",
)
RUN_RULES = ("replace", "pool", "keep")
_ABOVE_ZERO = ("blood_ul", "dilution")

Cells = dict[str, list[str]]


def check_roles(cells: Cells, rows: Sequence[int]) -> None:
    """Refuse roles that are none, and exclusions without a reason.

    Raises
    ------
    SampleSheetError
    """
    for row, role in zip(rows, cells["role"], strict=True):
        kind, _, what = role.partition(":")
        if kind not in ROLES:
            argument = f"row {row} of the sample sheet: role"
            one_of(argument, kind, ROLES, SampleSheetError)
        if (kind in ("fmo", "single_stain")) != bool(what):
            msg = (
                f"row {row} of the sample sheet: role {role!r} must be "
                "'fmo:<marker>', 'single_stain:<detector>', or a role without a colon"
            )
            raise SampleSheetError(msg)
    reasons = cells.get("reason", [""] * len(rows))
    roles = zip(cells["role"], reasons, strict=True)
    silent = [role == "exclude" and not reason for role, reason in roles]
    if any(silent):
        msg = f"rows {_where(rows, silent)} are excluded without a 'reason'"
        raise SampleSheetError(msg)


def check_cells(cells: Cells, rows: Sequence[int]) -> None:
    """Refuse blanks where there must be none, and specimens that are none.

    Raises
    ------
    SampleSheetError
    """
    for column in REQUIRED:
        if "" not in cells[column]:
            continue
        pairs = zip(cells[column], cells["role"], strict=True)
        needed = column == "file"
        blank = [not cell and (needed or role == "sample") for cell, role in pairs]
        if any(blank):
            msg = (
                f"{column!r} is blank in rows {_where(rows, blank)} of the sample sheet"
            )
            raise SampleSheetError(msg)
    for row, specimen in zip(rows, cells.get("specimen", ()), strict=False):
        argument = f"row {row} of the sample sheet: specimen"
        if specimen:
            one_of(argument, specimen, SPECIMENS, SampleSheetError)


def above_zero(frame: pd.DataFrame, rows: Sequence[int]) -> dict[str, Any]:
    """Return the columns that hold volumes and dilutions, as numbers.

    Raises
    ------
    SampleSheetError
        If a cell is no number above 0.
    """
    import pandas as pd

    columns = {}
    for column in [name for name in _ABOVE_ZERO if name in frame.columns]:
        given = frame[column]
        columns[column] = numbers = pd.to_numeric(given, errors="coerce")
        plain = numbers.to_numpy(dtype=float, na_value=float("nan")).tolist()
        cells = zip(given.tolist(), plain, strict=True)
        wrong = [not is_blank(cell) and not number > 0 for cell, number in cells]
        if any(wrong):
            msg = f"{column!r} must be a number above 0 in rows {_where(rows, wrong)}"
            raise SampleSheetError(msg)
    return columns


def refuse_one_file_twice(cells: Cells, rows: Sequence[int]) -> None:
    """Refuse a file that has two rows.

    Raises
    ------
    SampleSheetError
    """
    twice = _repeated(cells["file"])
    if any(twice):
        files = dict.fromkeys(_chosen(cells["file"], twice))
        names = listed(Path(name).name for name in files)
        msg = (
            f"the sample sheet names {names} more than once: rows {_where(rows, twice)}"
        )
        raise SampleSheetError(msg)


def refuse_one_name_for_two(cells: Cells, rows: Sequence[int]) -> None:
    """Refuse a sample that is two patients, or two visits of one.

    Raises
    ------
    SampleSheetError
    """
    columns = (cells[name] for name in ("role", "sample", "patient", "visit"))
    meant: dict[str, dict[tuple[str, str], None]] = {}
    for role, sample, patient, visit in zip(*columns, strict=True):
        if role == "sample":
            meant.setdefault(sample, {})[patient, visit] = None
    for sample, visits in meant.items():
        if len(visits) > 1:
            both = " and ".join(
                f"{patient!r} at {visit!r}" for patient, visit in visits
            )
            named = zip(cells["sample"], cells["role"], strict=True)
            where = _where(rows, [one == (sample, "sample") for one in named])
            msg = (
                f"sample {sample!r} means patients {both} in rows {where}; give each "
                "visit of a patient a name of its own in a column 'sample'"
            )
            raise SampleSheetError(msg)


def settled_runs(
    cells: Cells, rows: Sequence[int], rule: str | None
) -> tuple[list[str], list[int]]:
    """Return the names of samples, and the places of the rows that stay.

    Raises
    ------
    SampleSheetError
        If a sample has several files of one tube, and nothing says what to do.
    """
    samples, everything = cells["sample"], list(range(len(rows)))
    keys: list[Any] = [
        (sample, tube) if role == "sample" else place
        for place, (sample, tube, role) in enumerate(
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
        msg = (
            f"samples {names} have several files of one tube ({where}); number them in "
            "a column 'run' and choose runs='replace', 'pool' or 'keep'"
        )
        raise SampleSheetError(msg)
    if rule is None:
        msg = (
            f"samples {names} have several runs ({where}); choose runs='replace' (the "
            "last), 'pool' (sum cells and beads) or 'keep' (a sample each)"
        )
        raise SampleSheetError(msg)
    one_of("runs", rule, RUN_RULES, SampleSheetError)
    if rule == "keep":
        named = zip(samples, runs, repeated, strict=True)
        return [f"{s}_run{run}" if again else s for s, run, again in named], everything
    if rule == "replace":
        last = {}
        for place in sorted(everything, key=lambda place: natural_key(runs[place])):
            last[keys[place]] = place
        return samples, sorted(last.values())
    return samples, everything


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(cell, str):
        return not cell.strip()
    import pandas as pd

    # NaN differs from itself.
    return cell is None or cell is pd.NA or bool(cell != cell)


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
