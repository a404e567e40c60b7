"""The rows of a sample sheet as its file holds them: CSV or a sheet of a workbook."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from longate._validation import listed, suggest
from longate._whole_files import plain_text
from longate.exceptions import SampleSheetError
from longate.io.sheet_headings import count_known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SEPARATORS = (",", ";", "\t", "|")
_MISSING = frozenset(
    ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A", "None"]
)
_LOOKED_AT = 40
_PADDED = re.compile(r'(?:"([^"]*)")?(0{2,})')
_PLAIN = re.compile(r"General|@|#|0|#,##0|0\.0+|#,##0\.0+|Standard", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """A number of a workbook whose number format shows something else.

    Attributes
    ----------
    value : float
        The number.
    number_format : str
        How Excel shows it.
    """

    value: float
    number_format: str

    def text(self) -> str | None:
        """Return what Excel shows; None where the format cannot be told.

        ``000`` shows 7 as ``007``, and ``"P"00`` as ``P07``.
        """
        padded = _PADDED.fullmatch(self.number_format)
        if padded and self.value == self.value // 1 and self.value >= 0:
            return (padded[1] or "") + str(int(self.value)).zfill(len(padded[2]))
        return None

    def __str__(self) -> str:
        return f"{self.value:g} (shown as {self.number_format!r})"


def number_behind(cell: Any) -> Any:
    """Return the number behind a cell that shows something else, or the cell."""
    return cell.value if isinstance(cell, Shown) else cell


@dataclass(frozen=True)
class SheetRows:
    """A heading and the rows below it.

    Attributes
    ----------
    headings : list of str
        As they are written.
    cells : list of list
        Values by row; None where a cell is blank.
    numbers : list of int
        The number of each row as a spreadsheet shows it.
    name : str
        The sheet, for messages.
    typed : bool
        Whether cells have types (a workbook); else all are text.
    """

    headings: list[str]
    cells: list[list[Any]]
    numbers: list[int]
    name: str
    typed: bool


def read_rows(
    path: Path,
    *,
    columns: Mapping[str, str] | None,
    sheet: str | int | None,
    header_row: int | None,
    encoding: str | None,
) -> SheetRows:
    """Return the rows of a CSV file or of a sheet of a workbook.

    Parameters
    ----------
    path : path-like
        ``.xlsx`` and ``.xlsm`` are workbooks, all else is text.
    columns : mapping of str to str, optional
        Names of the user's columns, by which a heading is told.
    sheet : str or int, optional
        The sheet of a workbook, by name or number from 1.
    header_row : int, optional
        The row with the headings, from 1; by default the first that has them.
    encoding : str, optional
        Of a text file; by default UTF-8 or what its byte order mark says.

    Raises
    ------
    SampleSheetError
        If it is no table, or the sheet or heading cannot be told.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        tables = _workbook(path)
        title, rows = _chosen(path, tables, columns, sheet, header_row)
        name = f"the sample sheet {path.name}"
        if len(tables) > 1:
            name += f" (sheet {title!r})"
        return _below_heading(rows, columns, header_row, name, typed=True)
    if path.suffix.lower() in (".xls", ".ods"):
        msg = f"the sample sheet {path} cannot be read; save it as .xlsx or .csv"
        raise SampleSheetError(msg)
    if sheet is not None:
        msg = f"sheet={sheet!r} is of workbooks, but {path.name} is a text file"
        raise SampleSheetError(msg)
    text = _decoded(path, encoding)
    rows = _split(path, text, columns, header_row)
    name = f"the sample sheet {path.name}"
    return _below_heading(rows, columns, header_row, name, typed=False)


def _decoded(path: Path, encoding: str | None) -> str:
    raw = path.read_bytes()
    found = encoding
    if found is None:
        is_wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        found = "utf-16" if is_wide else "utf-8-sig"
    try:
        return raw.decode(found)
    except (UnicodeDecodeError, LookupError) as error:
        more = ""
        if encoding is None and isinstance(error, UnicodeDecodeError):
            row = raw[: error.start].count(b"\n") + 1
            line = raw.splitlines()[row - 1].decode("cp1252", errors="replace")
            more = (
                f"; row {row} would be {line[:80]!r} in Windows' encoding: pass "
                f"encoding='cp1252' if that is right"
            )
        msg = f"the sample sheet {path} cannot be read as a table: {error}{more}"
        raise SampleSheetError(msg) from None


def _split(
    path: Path,
    text: str,
    columns: Mapping[str, str] | None,
    header_row: int | None,
) -> list[list[Any]]:
    """Return the cells by row, with the separator that makes the best heading."""
    told = re.match(r"sep=(.)\r?\n", text)
    best: list[list[Any]] = []
    most = -1
    for separator in (told[1],) if told else _SEPARATORS:
        try:
            lines = list(
                csv.reader(
                    io.StringIO(text, newline=""), delimiter=separator, strict=True
                )
            )
        except csv.Error as error:
            msg = f"the sample sheet {path} cannot be read as a table: {error}"
            raise SampleSheetError(msg) from None
        rows = [[_text_cell(cell) for cell in line] for line in lines]
        heads = rows[:_LOOKED_AT]
        if header_row is not None:
            heads = rows[header_row - 1 : header_row]
        # Known names decide; then the widest row, as for names that are not known.
        score = 1000 * max((count_known(row, columns) for row in heads), default=0)
        score += max((len(row) for row in heads), default=0)
        if score > most:
            best, most = rows, score
    return best


def _text_cell(cell: str) -> str | None:
    bare = plain_text(cell.strip())
    return None if bare in _MISSING else bare


def _workbook(path: Path) -> dict[str, list[list[Any]]]:
    """Return the rows of every sheet by its title."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        msg = f"the sample sheet {path} cannot be read as a table: {error}"
        raise SampleSheetError(msg) from None
    try:
        return {
            page.title: [[_book_cell(cell) for cell in row] for row in page.iter_rows()]
            for page in book.worksheets
        }
    finally:
        book.close()


def _book_cell(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, str):
        return _text_cell(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = str(cell.number_format or "General")
        return value if _PLAIN.fullmatch(shown) else Shown(value, shown)
    return value


def _chosen(
    path: Path,
    tables: Mapping[str, list[list[Any]]],
    columns: Mapping[str, str] | None,
    sheet: str | int | None,
    header_row: int | None,
) -> tuple[str, list[list[Any]]]:
    """Return the sheet that was named, or the only one that has the columns."""
    titles = list(tables)
    held = "; ".join(f"{title!r}: {_held(rows)}" for title, rows in tables.items())
    if isinstance(sheet, int) and not isinstance(sheet, bool):
        if not 1 <= sheet <= len(titles):
            msg = f"sheet={sheet} is none of {path.name}, which has {held}"
            raise SampleSheetError(msg)
        return titles[sheet - 1], tables[titles[sheet - 1]]
    if sheet is not None:
        alike = [title for title in titles if title.strip() == str(sheet).strip()]
        if len(alike) != 1:
            msg = (
                f"sheet={sheet!r} is none of {path.name}, which has {held}"
                f"{suggest(str(sheet), titles)}"
            )
            raise SampleSheetError(msg)
        return alike[0], tables[alike[0]]
    if len(titles) == 1:
        return titles[0], tables[titles[0]]
    whole = [
        title
        for title, rows in tables.items()
        if any(
            count_known(row, columns, whole=True) for row in _heads(rows, header_row)
        )
    ]
    if len(whole) != 1:
        found = "several sheets have" if whole else "no sheet has"
        msg = (
            f"{path.name}: {found} the columns file, patient, visit, tube; it has "
            f"{held}. Pass sheet=, and columns={{'Pat.-Nr.': 'patient'}} where the "
            f"columns have other names"
        )
        raise SampleSheetError(msg)
    return whole[0], tables[whole[0]]


def _heads(rows: list[list[Any]], header_row: int | None) -> list[list[Any]]:
    return (
        rows[:_LOOKED_AT] if header_row is None else rows[header_row - 1 : header_row]
    )


def _held(rows: list[list[Any]]) -> str:
    """Say what a sheet holds: its size, and its widest row near the top."""
    filled = [row for row in rows if any(cell is not None for cell in row)]
    if not filled:
        return "nothing"
    widest = max(filled[:_LOOKED_AT], key=lambda row: sum(c is not None for c in row))
    words = [str(cell) for cell in widest if cell is not None]
    return f"{len(filled)} rows, such as {listed(words, most=6)}"


def _below_heading(
    rows: list[list[Any]],
    columns: Mapping[str, str] | None,
    header_row: int | None,
    name: str,
    *,
    typed: bool,
) -> SheetRows:
    at = _heading_at(rows, columns, header_row, name)
    headings = ["" if cell is None else str(cell) for cell in rows[at]]
    while headings and not headings[-1]:
        headings.pop()
    cells, numbers = [], []
    for number, row in enumerate(rows[at + 1 :], start=at + 2):
        if all(cell is None for cell in row):
            continue
        if any(cell is not None for cell in row[len(headings) :]):
            msg = (
                f"{name} cannot be read as a table: row {number} has "
                f"{len(row)} cells, but the heading in row {at + 1} has {len(headings)}"
            )
            raise SampleSheetError(msg)
        cells.append([*row, *[None] * len(headings)][: len(headings)])
        numbers.append(number)
    named = [at for at, heading in enumerate(headings) if heading]
    nameless = next(
        (
            (column, number)
            for column in range(len(headings))
            if column not in named
            for number, row in zip(numbers, cells, strict=True)
            if row[column] is not None
        ),
        None,
    )
    if nameless:
        column, number = nameless
        msg = (
            f"{name}: column {column + 1} has no heading in row {at + 1}, but row "
            f"{number} has a value there; give it a name"
        )
        raise SampleSheetError(msg)
    return SheetRows(
        [headings[column] for column in named],
        [[row[column] for column in named] for row in cells],
        numbers,
        name,
        typed,
    )


def _heading_at(
    rows: Sequence[Sequence[Any]],
    columns: Mapping[str, str] | None,
    header_row: int | None,
    name: str,
) -> int:
    """Return which row is the heading: the first with the most known names."""
    if header_row is not None:
        whole = isinstance(header_row, int) and not isinstance(header_row, bool)
        if not whole or not 1 <= header_row <= len(rows):
            msg = (
                f"header_row={header_row!r} is no row of {name}, which has {len(rows)}"
            )
            raise SampleSheetError(msg)
        return header_row - 1
    counts = [count_known(row, columns) for row in rows[:_LOOKED_AT]]
    if counts and max(counts) > 0:
        return counts.index(max(counts))
    filled = (
        at for at, row in enumerate(rows) if any(cell is not None for cell in row)
    )
    at = next(filled, None)
    if at is None:
        msg = f"{name} cannot be read as a table: it is empty"
        raise SampleSheetError(msg)
    return at
