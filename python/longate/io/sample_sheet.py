"""Sample sheets: which file is which tube of which visit of which patient."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from longate._columns import frame_of
from longate._dates import DateRule
from longate.exceptions import NameWarning, SampleSheetWarning
from longate.io.sheet_reading import Sheet, SheetOptions, read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd


def read_sample_sheet(
    source: str | Path | pd.DataFrame,
    /,
    *,
    runs: str | None = None,
    visit_order: Sequence[object] | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
    decimal: str | None = None,
    dayfirst: bool | None = None,
    date_format: str | None = None,
    encoding: str | None = None,
    root: str | Path | None = None,
) -> pd.DataFrame:
    """Read and check a sample sheet.

    Parameters
    ----------
    source : path-like or DataFrame
        CSV, xlsx, or a frame. Required columns: ``file`` (relative to `root`),
        ``patient, visit, tube``. Known and checked where present: ``sample`` (else
        ``patient_visit``), ``role`` (``sample`` where blank; ``fmo:<marker>``,
        ``single_stain:<detector>``, ``unstained, bead, bridging``, or ``exclude``
        with a ``reason``), ``run, batch, specimen, bead_lot, blood_ul, dilution``, and
        the dates ``collected, stained, acquired`` (or ``date`` of collection). Their
        case, blanks and punctuation don't matter. All others are covariates.
    runs : {"replace", "pool", "keep"}, optional
        What to do with several files of one patient, visit and tube, which need a
        ``run``: take the last, sum them, or keep each as another sample.
    visit_order : sequence, optional
        The visits, first to last; by default by the dates of collection or by the
        numbers in the names where nothing else differs, never by the alphabet.
    columns : mapping of str to str, optional
        Columns with other names, ``{"Pat.-Nr.": "patient"}``.
    sheet : str or int, optional
        The sheet of a workbook, by name or number from 1; by default the only one with
        the required columns.
    header_row : int, optional
        The row with the headings, from 1; by default it is found.
    decimal : {".", ","}, optional
        The decimal sign of numbers that are text; by default found where some number
        has one reading and none contradicts it.
    dayfirst : bool, optional
        How 05.09.2022 is read; without it such dates are refused.
    date_format : str, optional
        The form of all other dates: ``"%d %b %Y"``, ``"%Y%m%d"`` or ``"excel"``.
    encoding : str, optional
        Of a text file; by default UTF-8 or what its byte order mark says.
    root : path-like, optional
        The folder of the files; by default that of the sheet (the current folder for a
        frame).

    Returns
    -------
    DataFrame
        One row per file, with the columns above first; ``visit`` is an ordered
        categorical, ``file`` an absolute path.

    Raises
    ------
    SampleSheetError
        If a column is missing, cells are wrong, or a sample is there twice: all of it
        in one error, by row (as a spreadsheet counts), column and value.
    FileNotFoundError
        If there is no such sheet.

    Warns
    -----
    NameWarning
        If names differ in spelling alone.
    SampleSheetWarning
        If a path was repaired.
    """
    options = SheetOptions(
        runs=runs,
        visit_order=visit_order,
        columns=columns,
        sheet=sheet,
        header_row=header_row,
        decimal=decimal,
        dates=DateRule(dayfirst, date_format),
        encoding=encoding,
        root=root,
    )
    found = read_sheet(source, options)
    warn_of_notes(found, stacklevel=3)
    return frame_of(found.columns)


def warn_of_notes(sheet: Sheet, *, stacklevel: int) -> None:
    """Warn once of names and once of repairs.

    Warns
    -----
    NameWarning, SampleSheetWarning
    """
    names = [text for row, text in sheet.notes if row is None]
    repairs = [text for row, text in sheet.notes if row is not None]
    for texts, kind in ((names, NameWarning), (repairs, SampleSheetWarning)):
        if texts:
            words = f"{sheet.name}: {'; '.join(texts)}"
            warnings.warn(words, kind, stacklevel=stacklevel + 1)
