"""Sample sheets: which file is which tube of which visit of which patient."""

from __future__ import annotations

import warnings
from os.path import isabs, normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from longate._columns import taken
from longate._validation import listed, require_columns
from longate._visits import natural_key
from longate.exceptions import SampleSheetError
from longate.io.remote import is_remote
from longate.io.sheet_checks import (
    REQUIRED,
    above_zero,
    check_cells,
    check_roles,
    is_blank,
    refuse_one_file_twice,
    refuse_one_name_for_two,
    settled_runs,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_FIRST = ["sample", "patient", "visit", "tube", "role", "file"]
_TEXT = ["sample", *REQUIRED, "role", "run", "batch", "specimen", "bead_lot", "reason"]
_SEPARATORS = (",", ";", "\t", "|")


def read_sample_sheet(
    sheet: str | Path | pd.DataFrame,
    *,
    runs: str | None = None,
    visits: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Read and check a sample sheet.

    Parameters
    ----------
    sheet : path-like or DataFrame
        CSV, xlsx, or a frame. Required columns: ``file`` (relative to the sheet; to the
        current folder for a frame), ``patient, visit, tube``. Known and checked where
        present: ``sample`` (else ``patient_visit``), ``role`` (``sample`` where blank;
        ``fmo:<marker>``, ``single_stain:<detector>``, ``unstained, bead, bridging``, or
        ``exclude`` with a ``reason``), ``run, batch, specimen, date, bead_lot,
        blood_ul, dilution``. All others are covariates.
    runs : {"replace", "pool", "keep"}, optional
        What to do with several files of one patient, visit and tube, which need a
        ``run``: take the last, sum them, or keep them as samples of their own.
    visits : sequence of str, optional
        The order of the visits; by default in natural order (``m00, m06, m12``).

    Returns
    -------
    DataFrame
        One row per file, with the columns above first; ``visit`` is an ordered
        categorical, ``file`` an absolute path.

    Raises
    ------
    SampleSheetError
        If a column is missing, a cell is wrong, or a sample is there twice; rows are
        counted as in a spreadsheet, the heading being row 1.
    FileNotFoundError
        If there is no such sheet.
    """
    import pandas as pd

    return pd.DataFrame(sheet_columns(sheet, runs=runs, visits=visits))


def sheet_columns(
    sheet: str | Path | pd.DataFrame,
    *,
    runs: str | None = None,
    visits: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the checked columns of a sample sheet, see :func:`read_sample_sheet`.

    Cells are checked as lists: a table costs more for each question than these files
    have rows.

    Parameters
    ----------
    sheet, runs, visits
        As there.

    Raises
    ------
    SampleSheetError
        As there.
    FileNotFoundError
        As there.
    """
    frame, folder = _load(sheet)
    _check_columns(frame)
    rows = [int(index) + 2 for index in frame.index.tolist()]  # as a spreadsheet
    cells = {
        name: [_text(cell) for cell in frame[name].tolist()]
        for name in _TEXT
        if name in frame.columns
    }
    given = cells.get("role", [""] * len(rows))
    cells["role"] = [role or "sample" for role in given]
    check_roles(cells, rows)
    check_cells(cells, rows)
    numbers = above_zero(frame, rows)
    base = folder.absolute()
    cells["file"] = [_located(name, base) for name in cells["file"]]
    refuse_one_file_twice(cells, rows)
    if "sample" not in cells:
        pairs = zip(cells["patient"], cells["visit"], strict=True)
        cells["sample"] = [f"{patient}_{visit}" for patient, visit in pairs]
    refuse_one_name_for_two(cells, rows)
    cells["sample"], kept = settled_runs(cells, rows, runs)
    cells = {name: [column[place] for place in kept] for name, column in cells.items()}
    columns: dict[str, Any] = {name: cells[name] for name in _FIRST}
    for name in frame.columns:
        if name not in columns:
            own = numbers.get(name, frame[name])
            columns[name] = cells.get(name) or taken(own, kept)
    columns["visit"] = _ordered(columns["visit"], visits)
    return columns


def _load(sheet: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, Path]:
    """Return the rows that hold anything, by their place in the sheet; its folder."""
    import pandas as pd

    if isinstance(sheet, pd.DataFrame):
        return sheet.reset_index(drop=True), Path()
    path = Path(sheet)
    if not path.is_file():
        msg = f"no sample sheet at {path}"
        raise FileNotFoundError(msg)
    try:
        frame = _read_table(path).dropna(how="all")
    except (ValueError, BadZipFile, pd.errors.ParserWarning) as error:
        msg = f"the sample sheet {path} cannot be read as a table: {error}"
        raise SampleSheetError(msg) from None
    if "date" in frame.columns:
        try:
            frame["date"] = pd.to_datetime(frame["date"], format="ISO8601")
        except (ValueError, TypeError) as error:
            # 03/04/2012 is a day in March or in April: it is not for us to choose.
            msg = (
                f"the sample sheet {path} has a date that is not written as "
                f"2012-04-30: {error}"
            )
            raise SampleSheetError(msg) from None
    return frame, path.parent


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    text = dict.fromkeys(_TEXT, str)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return pd.read_excel(path, dtype=text)
    encoding = "utf-8-sig"  # spreadsheets write a byte order mark
    with path.open(encoding=encoding) as file:
        heading = file.readline()
    with warnings.catch_warnings():
        # Rows longer than the heading would be cut with a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path,
            sep=max(_SEPARATORS, key=heading.count),
            dtype=text,
            encoding=encoding,
            index_col=False,
            skip_blank_lines=False,
        )


def _located(name: str, base: Path) -> str:
    # A Path for each of a thousand names costs more than all the checks.
    is_whole = isabs(name) and normpath(name) == name  # noqa: PTH117
    return name if is_whole or is_remote(name) else str(base / name)


def _check_columns(frame: pd.DataFrame) -> None:
    require_columns(frame, REQUIRED, "the sample sheet", SampleSheetError)
    names = frame.columns.tolist()
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        msg = f"the sample sheet has the column {listed(twice)} more than once"
        raise SampleSheetError(msg)
    if not len(frame):
        msg = "the sample sheet has a heading, and no rows"
        raise SampleSheetError(msg)


def _text(cell: Any) -> str:
    return "" if is_blank(cell) else str(cell).strip()


def _ordered(cells: list[str], visits: Sequence[str] | None) -> pd.Categorical:
    import pandas as pd

    found = [visit for visit in dict.fromkeys(cells) if visit]
    declared = [str(visit) for visit in visits] if visits is not None else None
    order = sorted(found, key=natural_key) if declared is None else declared
    twice = sorted({visit for visit in order if order.count(visit) > 1})
    if twice:
        msg = f"visits={listed(order)} names {listed(twice)} twice"
        raise SampleSheetError(msg)
    missing = [visit for visit in found if visit not in order]
    if missing:
        msg = f"visits={listed(order)} lacks {listed(missing)} of the sample sheet"
        raise SampleSheetError(msg)
    places = {visit: place for place, visit in enumerate(order)}
    codes = [places.get(visit, -1) if visit else -1 for visit in cells]
    return pd.Categorical.from_codes(codes, categories=order, ordered=True)
