"""The reading of a sample sheet: cells become checked columns."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._columns import taken
from longate._dates import DateRule, check_rule, read_cells, with_advice
from longate._names import is_missing, name_of, spelling_notes, spoilt_by_spreadsheet
from longate._visits import VisitOrder, order_visits, require_order
from longate.exceptions import SampleSheetError
from longate.io.sheet_checks import (
    check_cells,
    check_roles,
    refuse_one_file_twice,
    refuse_one_name_for_two,
    settled_runs,
)
from longate.io.sheet_complaints import Complaints
from longate.io.sheet_file import Shown, number_behind, read_rows
from longate.io.sheet_headings import DATES, NUMBERS, name_columns
from longate.io.sheet_numbers import check_decimal, find_decimal, inferred, numbers_of
from longate.io.sheet_paths import located

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_FIRST = ["sample", "patient", "visit", "tube", "role", "file"]
_IDS = ("sample", "patient", "visit", "tube", "run", "bead_lot")
_TEXT = (*_IDS, "file", "role", "batch", "specimen", "reason")
_SPELT = ("patient", "visit", "tube", "bead_lot")

Table = dict[str, list[Any]]
"""The cells of a sheet by column."""


@dataclass(frozen=True)
class SheetOptions:
    """How a sample sheet is read; see :func:`read_sample_sheet`.

    Attributes
    ----------
    runs, visit_order, columns, sheet, header_row, decimal, encoding, root
        As there.
    dates : DateRule
        How dates are read.
    """

    runs: str | None = None
    visit_order: Sequence[object] | None = None
    columns: Mapping[str, str] | None = None
    sheet: str | int | None = None
    header_row: int | None = None
    decimal: str | None = None
    dates: DateRule = field(default_factory=DateRule)
    encoding: str | None = None
    root: str | Path | None = None


@dataclass(frozen=True)
class Sheet:
    """A checked sample sheet.

    Attributes
    ----------
    columns : dict
        Columns by name, one value per file.
    order : VisitOrder
        The visits, and on what their order rests.
    notes : tuple of (int or None, str)
        What was repaired or is in doubt, and the row of `columns`, if it is one.
    folder : Path
        To which the paths of the sheet are relative.
    name : str
        The sheet, for messages.
    """

    columns: dict[str, Any]
    order: VisitOrder
    notes: tuple[tuple[int | None, str], ...]
    folder: Path
    name: str


def read_sheet(sheet: str | Path | pd.DataFrame, options: SheetOptions) -> Sheet:
    """Read and check a sample sheet, see :func:`read_sample_sheet`.

    Cells are checked as lists: a table costs more for each question than these files
    have rows.

    Raises
    ------
    SampleSheetError
        As there.
    FileNotFoundError
        As there.
    """
    check_decimal(options.decimal)
    if options.columns is not None and not hasattr(options.columns, "items"):
        msg = (
            f"columns must be a mapping such as {{'Pat.-Nr.': 'patient'}}, got "
            f"{options.columns!r}"
        )
        raise SampleSheetError(msg)
    check_rule(options.dates, SampleSheetError)
    table, complaints, folder, frame = _load(sheet, options)
    cells = _names(table, complaints)
    check_roles(cells, complaints)
    check_cells(cells, complaints)
    decimal = options.decimal or find_decimal(table.values())
    numbers = {
        name: numbers_of(table[name], name, decimal, complaints, least=NUMBERS[name])
        for name in NUMBERS
        if name in table
    }
    days = _dates(table, options.dates, complaints)
    repairs = _locate(cells, folder)
    data_sets = _data_sets(table.get("dataset"), complaints)
    refuse_one_file_twice(cells, complaints, data_sets)
    if "sample" not in cells:
        pairs = zip(cells["patient"], cells["visit"], strict=True)
        cells["sample"] = [f"{patient}_{visit}" for patient, visit in pairs]
    refuse_one_name_for_two(cells, complaints)
    cells["sample"], kept = settled_runs(cells, complaints, options.runs)
    order = _order(cells, days, frame, options, complaints)
    complaints.raise_any()
    cells = {name: [column[at] for at in kept] for name, column in cells.items()}
    columns: dict[str, Any] = {name: cells[name] for name in _FIRST}
    for name in table:
        if name in cells:
            columns[name] = cells[name]
        elif name == "dataset" and data_sets is not None:
            columns[name] = [data_sets[at] for at in kept]
        elif name in numbers:
            columns[name] = [numbers[name][at] for at in kept]
        elif name in days:
            columns[name] = _day_column(days[name], kept)
        else:
            columns[name] = _covariate(table[name], frame, name, decimal, kept)
    columns["visit"] = _categorical(columns["visit"], order)
    notes = [
        *((at, repairs[row]) for at, row in enumerate(kept) if row in repairs),
        *_out_of_order(days, kept),
        *((None, text) for text in _spelling(cells)),
    ]
    return Sheet(columns, order, tuple(notes), folder, complaints.sheet)


def _data_sets(cells: Sequence[Any] | None, complaints: Complaints) -> list[int] | None:
    """Return which data set of each file is meant, from 0; 0 where blank."""
    if cells is None:
        return None
    found = []
    for at, cell in enumerate(cells):
        text = "" if cell is None else str(cell).strip().removesuffix(".0")
        if text and not (text.isascii() and text.isdecimal()):
            complaints.cell(at, "dataset", cell, "is no number of a data set, from 0")
            text = ""
        found.append(int(text or 0))
    return found


def _load(
    sheet: str | Path | pd.DataFrame, options: SheetOptions
) -> tuple[Table, Complaints, Path, pd.DataFrame | None]:
    """Return the cells by column, where to complain, the folder, and the frame."""
    import pandas as pd

    frame = None
    if isinstance(sheet, pd.DataFrame):
        frame = sheet.reset_index(drop=True)
        headings = [str(name) for name in frame.columns]
        complaints = Complaints(rows=[at + 2 for at in range(len(frame))])
        names = name_columns(headings, options.columns, complaints)
        complaints.raise_any()
        frame.columns = pd.Index(names)
        values = [
            [None if is_missing(cell) else cell for cell in frame[name].tolist()]
            for name in names
        ]
        folder = Path()
    else:
        path = _sheet_path(sheet)
        rows = read_rows(
            path,
            columns=options.columns,
            sheet=options.sheet,
            header_row=options.header_row,
            encoding=options.encoding,
        )
        complaints = Complaints(rows.name, rows.numbers)
        names = name_columns(rows.headings, options.columns, complaints)
        complaints.raise_any()
        complaints.headings = dict(zip(names, rows.headings, strict=True))
        values = [list(column) for column in zip(*rows.cells, strict=True)]
        folder = path.parent
    if not complaints.rows:
        complaints.add("it has a heading, and no rows")
        complaints.raise_any()
    if options.root is not None:
        folder = Path(options.root).expanduser()
        if not folder.is_dir():
            msg = f"root={str(options.root)!r} is no folder"
            raise FileNotFoundError(msg)
    return dict(zip(names, values, strict=True)), complaints, folder.absolute(), frame


def _sheet_path(sheet: str | Path) -> Path:
    if not isinstance(sheet, str | os.PathLike):
        msg = f"a sample sheet is a path or a DataFrame, got {type(sheet).__name__}"
        raise SampleSheetError(msg)
    path = Path(sheet).expanduser()
    if not path.is_file():
        if os.sep == "/" and "\\" in str(sheet):
            other = Path(str(sheet).replace("\\", "/")).expanduser()
            if other.is_file():
                return other
        what = "a folder; draft_sheet() proposes its sheet" if path.is_dir() else ""
        msg = f"no sample sheet at {path}{f': it is {what}' if what else ''}"
        raise FileNotFoundError(msg)
    return path


def _names(table: Table, complaints: Complaints) -> dict[str, list[str]]:
    """Return the columns of names as normalised text."""
    cells = {
        name: [
            _name(value, at, name, complaints) for at, value in enumerate(table[name])
        ]
        for name in _TEXT
        if name in table
    }
    given = cells.get("role", [""] * len(table["file"]))
    cells["role"] = [role or "sample" for role in given]
    return cells


def _name(value: Any, at: int, column: str, complaints: Complaints) -> str:
    if value is None:
        return ""
    if isinstance(value, Shown):
        text = value.text()
        if text is None:
            complaints.cell(at, column, value, "format the column as text, and type it")
        return text or ""
    made = spoilt_by_spreadsheet(value)
    if made and column in _IDS:
        complaints.cell(
            at,
            column,
            str(value),
            f"is {made}, which a spreadsheet made of a {column}; format the column as "
            f"text and type it again",
        )
        return ""
    if made and hasattr(value, "date"):
        return str(value.date().isoformat())
    return name_of(value)


def _dates(table: Table, rule: DateRule, complaints: Complaints) -> dict[str, Any]:
    """Return the columns of dates as days, None where blank."""
    found = {}
    for name in DATES:
        if name in table:
            values = [number_behind(cell) for cell in table[name]]
            days, wrong = read_cells(values, rule)
            for at, (value, why) in wrong.items():
                complaints.cell(at, name, value, with_advice(why))
            found[name] = [day and day.first for day in days]
    return found


def _out_of_order(
    days: Mapping[str, Sequence[Any]], kept: Sequence[int]
) -> list[tuple[int, str]]:
    """Return the rows in which blood was stained or acquired before it was drawn."""
    found = []
    order = ("collected", "stained", "acquired")
    for first, later in (order[:2], order[1:], order[::2]):
        if first not in days or later not in days:
            continue
        for at, row in enumerate(kept):
            before, after = days[first][row], days[later][row]
            if before is not None and after is not None and after < before:
                found.append((at, f"{later} {after} is before {first} {before}"))
    return found


def _locate(cells: dict[str, list[str]], folder: Path) -> dict[int, str]:
    """Make paths absolute; return what was repaired, by row."""
    repairs = {}
    files = cells["file"]
    for at, name in enumerate(files):
        if name:
            files[at], repair = located(name, folder)
            if repair:
                repairs[at] = repair
    return repairs


def _order(
    cells: dict[str, list[str]],
    days: Mapping[str, Sequence[Any]],
    frame: pd.DataFrame | None,
    options: SheetOptions,
    complaints: Complaints,
) -> VisitOrder:
    """Order the visits; what cannot be ordered goes to the complaints."""
    import pandas as pd

    column = pd.Series(cells["visit"], dtype=object)
    if frame is not None and isinstance(frame["visit"].dtype, pd.CategoricalDtype):
        column = frame["visit"]
    collected = days.get("collected", days.get("date", [None] * len(column)))
    rows = zip(cells["patient"], cells["visit"], cells["role"], collected, strict=True)
    dates = [
        (patient, visit, day, day)
        for patient, visit, role, day in rows
        if patient and visit and day is not None and role == "sample"
    ]
    try:
        found = order_visits(
            column,
            error=SampleSheetError,
            what="the sheet",
            visit_order=options.visit_order,
            dates=dates,
        )
        return require_order(found, "the sheet", SampleSheetError)
    except SampleSheetError as error:
        complaints.add(str(error))
        return VisitOrder((), "not known", certain=False)


def _categorical(cells: list[str], order: VisitOrder) -> pd.Categorical:
    import pandas as pd

    codes = {visit: code for code, visit in enumerate(order.names)}
    return pd.Categorical.from_codes(
        [codes[visit] if visit else -1 for visit in cells],
        categories=list(order.names),
        ordered=True,
    )


def _day_column(days: Sequence[Any], kept: Sequence[int]) -> pd.Series:
    import pandas as pd

    chosen = pd.to_datetime([days[at] for at in kept])
    return pd.Series(chosen.astype("datetime64[ns]"))


def _covariate(
    values: list[Any],
    frame: pd.DataFrame | None,
    name: str,
    decimal: str | None,
    kept: Sequence[int],
) -> Any:
    """Return a covariate: of a frame as it is, of a file with its types found."""
    import pandas as pd

    if frame is not None:
        return taken(frame[name], kept)
    plain = [number_behind(cell) for cell in values]
    found = inferred(plain, decimal)
    return pd.Series([found[at] for at in kept])


def _spelling(cells: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each pair of names that differ in spelling alone."""
    return [
        note
        for column in _SPELT
        if column in cells
        for note in spelling_notes(cells[column], column, "the sheet")
    ]
