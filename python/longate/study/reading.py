"""From a sample sheet to a study: files are looked at, problems collected."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._columns import frame_of
from longate._dates import DateRule
from longate._names import is_missing
from longate._validation import listed, one_of
from longate.cytometry.compensation import Compensation
from longate.cytometry.matrix_input import compensation_of, is_no_path
from longate.exceptions import (
    DateWarning,
    FileWarning,
    LongateError,
    PanelWarning,
    SampleSheetWarning,
    StudyError,
)
from longate.io.draft_conflicts import conflicts_of_study
from longate.io.fcs import FcsMetadata, read_metadata
from longate.io.lot_table import read_lots
from longate.io.sample_sheet import warn_of_notes
from longate.io.sheet_paths import hint_for_missing
from longate.io.sheet_reading import Sheet, SheetOptions, read_sheet
from longate.io.spillover_table import read_compensation
from longate.study.consistency import differing_files, require_matrices
from longate.study.diagnosis import CHANGES_RESULTS, count_of_repaired
from longate.study.problems import (
    listing,
    problem,
    problem_table,
    sheet_problem,
    warn_of,
)
from longate.study.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


# Each looks through the folder; who has moved all files needs no thousand hints.
_MOST_HINTS = 20


def read_study(
    source: str | Path | pd.DataFrame,
    /,
    *,
    aliases: Mapping[str, str] | None = None,
    runs: str | None = None,
    visit_order: Sequence[object] | None = None,
    bead_lots: str | Path | pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | int | None = None,
    header_row: int | None = None,
    decimal: str | None = None,
    dayfirst: bool | None = None,
    date_format: str | None = None,
    encoding: str | None = None,
    root: str | Path | None = None,
    compensation: str | None = None,
) -> Study:
    """Read a study from its sample sheet. Files are looked at, events are not read.

    Parameters
    ----------
    source : path-like or DataFrame
        The sample sheet: CSV, xlsx, or a frame with the columns ``file, patient, visit,
        tube``; see :func:`longate.io.sample_sheet.read_sample_sheet` for the others. A
        column ``compensation`` may name a CSV matrix (relative to the sheet), ``none``,
        or be blank for the file's own.
    aliases : mapping of str to str, optional
        Further names for markers, such as ``{"NCAM": "CD56"}``.
    runs : {"replace", "pool", "keep"}, optional
        What to do with several files of one patient, visit and tube.
    visit_order : sequence, optional
        The visits, first to last; by default by the dates of collection or by the
        numbers in the names where nothing else differs, never by the alphabet.
    bead_lots : path-like or DataFrame, optional
        Lot table with ``lot, beads_per_tube`` and perhaps ``expiry``; by default
        ``bead_lots.csv`` beside the sheet, where there is one.
    columns : mapping of str to str, optional
        Columns with other names, ``{"Pat.-Nr.": "patient"}``.
    sheet : str or int, optional
        The sheet of a workbook, by name or number from 1; by default the only one with
        the required columns.
    header_row : int, optional
        The row with the headings, from 1; by default it is found.
    decimal : {".", ","}, optional
        The decimal sign of numbers that are text; by default found where unambiguous.
    dayfirst : bool, optional
        How 05.09.2022 is read; without it such dates are refused.
    date_format : str, optional
        The form of all other dates: ``"%d %b %Y"``, ``"%Y%m%d"`` or ``"excel"``.
    encoding : str, optional
        Of a text file; by default UTF-8 or what its byte order mark says.
    root : path-like, optional
        The folder of the files; by default that of the sheet.
    compensation : {"require"}, optional
        Refuse the study where a sample has no spillover matrix, or the identity; by
        default that is said where other files of its tube have one.

    Returns
    -------
    Study
        Unusable files and what is in doubt are in ``.problems``; the others are ready.

    Raises
    ------
    SampleSheetError
        If the sheet is malformed: every fault in one error.
    StudyError
        If no sample at all has a usable file, or a matrix is required and missing.

    Warns
    -----
    FileWarning
        If files are unusable, or violate the standard in what decides about events.
    PanelWarning
        If a file differs from the others of its tube in its matrix, in a marker's
        detector or voltage, or in the cytometer.
    NameWarning
        If patients, visits, tubes or lots differ in spelling alone.
    DateWarning
        If an ``acquired`` date contradicts that of the file by more than a day.
    """
    import pandas as pd

    if compensation is not None:
        one_of("compensation", compensation, ("require",), StudyError)
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
    is_frame = isinstance(source, pd.DataFrame)
    read = read_sheet(source, options)
    folder = Path() if is_frame else Path(source).expanduser().parent
    lots = _lots(bead_lots, folder, options, beside=not is_frame)
    table = read.columns
    metadata: dict[int, FcsMetadata] = {}
    compensations: dict[int, Compensation | None] = {}
    failed: list[dict[str, Any]] = []
    given = table.get("compensation", [None] * len(table["file"]))
    for row, role in enumerate(table["role"]):
        if role == "exclude":
            continue
        try:
            dataset = table["dataset"][row] if "dataset" in table else 0
            of_file = read_metadata(
                table["file"][row], aliases=aliases, dataset=dataset
            )
            compensations[row] = _acquisition_matrix(given[row], of_file, folder)
            metadata[row] = of_file
        except (LongateError, OSError, ImportError, ValueError, MemoryError) as error:
            told: Exception = error
            if len(failed) < _MOST_HINTS:
                told = _with_hint(error, table["file"][row], read.folder)
            failed.append(problem(table, row, "read", told))
    table["n_events"] = pd.array(
        [
            metadata[row].n_events if row in metadata else None
            for row in range(len(given))
        ],
        dtype="Int64",
    )
    doubts = [
        *_notes(read),
        *_contradicted_dates(table, metadata),
        *_conflicts(table, metadata),
        *_differences(table, metadata, compensations),
    ]
    if compensation == "require":
        require_matrices(table, metadata, compensations)
    samples = frame_of(table)
    problems = problem_table([*failed, *doubts])
    study = Study(samples, metadata, compensations, problems, lots)
    if not any(table["role"][row] == "sample" for row in metadata):
        found = listing(study.problems) or "  it lists no file with the role 'sample'"
        msg = f"no sample of the study has a usable file:\n{found}"
        raise StudyError(msg)
    warn_of(failed)
    warn_of_notes(read, stacklevel=2)
    _warn_of_repairs(study)
    return study


def _warn_of_repairs(study: Study) -> None:
    """Warn of repairs that decide about events or values.

    Warns
    -----
    FileWarning
        Once, of all of them.
    """
    if not count_of_repaired(study.metadata) and not any(
        one.n_data_sets > 1 for one in study.metadata.values()
    ):
        return
    table = study.diagnosis
    found = table[table["code"].isin(CHANGES_RESULTS)]
    if len(found):
        lines = [
            f"  {one.file}: {one.found}; {one.repair}" for one in found.itertuples()
        ]
        more = [f"  and {len(lines) - 10} more"] if len(lines) > 10 else []
        msg = (
            f"{found['file'].nunique()} files violate the FCS standard in what decides "
            "about events:\n" + "\n".join([*lines[:10], *more]) + "\nsee .diagnosis"
        )
        warnings.warn(msg, FileWarning, stacklevel=3)


def _differences(
    table: Mapping[str, Any],
    metadata: Mapping[int, FcsMetadata],
    compensations: Mapping[int, Compensation | None],
) -> list[dict[str, Any]]:
    """Return files that differ from the others of their tube in what matters.

    Warns
    -----
    PanelWarning
        Once, of all of them.
    """
    found = [
        problem(table, row, "compare", PanelWarning(words))
        for row, words in differing_files(table, metadata, compensations)
    ]
    if found:
        rows = listing(problem_table(found))
        msg = f"{len(found)} files differ from their tube:\n{rows}\nsee .problems"
        warnings.warn(msg, PanelWarning, stacklevel=3)
    return found


def _with_hint(error: Exception, path: str, folder: Path) -> Exception:
    """Return the error, with where the file may be if it is not there."""
    if not isinstance(error, FileNotFoundError) or Path(path).exists():
        return error
    return FileNotFoundError(hint_for_missing(path, folder))


def _notes(read: Sheet) -> list[dict[str, Any]]:
    """Return what was repaired or is in doubt in the sheet, as problems."""
    return [
        sheet_problem(read.name, text)
        if row is None
        else problem(read.columns, row, "sheet", SampleSheetWarning(text))
        for row, text in read.notes
    ]


def _conflicts(
    table: Mapping[str, Any], metadata: Mapping[int, FcsMetadata]
) -> list[dict[str, Any]]:
    """Return files with the same events, and keywords that name another patient.

    Warns
    -----
    FileWarning
        Once, of all of them.
    """
    found = []
    for rows, detail in conflicts_of_study(table, metadata):
        others = listed(Path(table["file"][row]).name for row in rows)
        words = detail if len(rows) == 1 else f"{detail}: {others}"
        found += [problem(table, row, "compare", FileWarning(words)) for row in rows]
    if found:
        table_ = problem_table(found)
        msg = f"{len(found)} files are in doubt:\n{listing(table_)}\nsee .problems"
        warnings.warn(msg, FileWarning, stacklevel=3)
    return found


def _contradicted_dates(
    table: Mapping[str, Any], metadata: Mapping[int, FcsMetadata]
) -> list[dict[str, Any]]:
    """Return files whose own date is more than a day from the one in the sheet.

    Warns
    -----
    DateWarning
        Once, of all of them.
    """
    found = []
    for row, day in enumerate(table.get("acquired", ())):
        own = metadata[row].acquisition_date if row in metadata else None
        if own is None or day != day or abs((day.date() - own).days) <= 1:
            continue
        words = (
            f"acquired is {day.date().isoformat()} in the sheet, but the file's $DATE "
            f"is {own.isoformat()}"
        )
        found.append(problem(table, row, "date", DateWarning(words)))
    if found:
        rows = listing(problem_table(found))
        msg = f"{len(found)} dates of acquisition contradict the files:\n{rows}"
        warnings.warn(msg, DateWarning, stacklevel=3)
    return found


def _acquisition_matrix(
    given: object, metadata: FcsMetadata, folder: Path
) -> Compensation | None:
    if not isinstance(given, str):
        if hasattr(given, "shape") or isinstance(given, Compensation):
            return compensation_of(given)
        if is_missing(given):
            return metadata.compensation
    words = str(given).strip()
    if words in ("", "acquisition"):
        return metadata.compensation
    if words.lower() == "none":
        return None
    if is_no_path(words):
        return compensation_of(words)
    return read_compensation(folder / Path(words).expanduser())


def _lots(
    lots: str | Path | pd.DataFrame | None,
    folder: Path,
    options: SheetOptions,
    *,
    beside: bool,
) -> pd.DataFrame | None:
    default = folder / "bead_lots.csv"
    if lots is None and not (beside and default.is_file()):
        return None
    return read_lots(
        default if lots is None else lots,
        dates=options.dates,
        decimal=options.decimal,
        encoding=options.encoding,
    )
