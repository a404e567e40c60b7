"""Draft a sample sheet from a folder of FCS files, to be corrected by hand."""

from __future__ import annotations

import os
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._columns import frame_of, groups_of
from longate._validation import listed
from longate._whole_files import write_csv
from longate.cytometry.acquisition import first_value
from longate.exceptions import LongateError, SampleSheetError
from longate.io.copies import fcs_files
from longate.io.draft_conflicts import COLUMNS, find_conflicts
from longate.io.draft_rows import propose_row
from longate.io.fcs import FcsMetadata, read_metadata
from longate.io.file_names import NamePattern, guess_name
from longate.io.name_patterns import propose_patterns
from longate.io.workbook import save_xlsx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.io.name_patterns import Proposal

SHEET_COLUMNS = [
    "file",
    "patient",
    "visit",
    "tube",
    "role",
    "run",
    "batch",
    "acquired",
    "cytometer",
    "serial",
    "n_events",
    "reason",
]


@dataclass(frozen=True, repr=False)
class DraftSheet:
    """A proposal for a sample sheet, and what a person has to decide.

    Made by :func:`draft_sheet`.

    Parameters
    ----------
    sheet : DataFrame
        One row per FCS file: ``file`` (absolute), ``patient, visit, tube, role, run,
        batch, acquired, cytometer, serial, n_events, reason``, and further names of the
        pattern. :func:`longate.read_study` takes it once no cell of a sample is blank.
    conflicts : DataFrame
        ``conflict`` (a short kind), ``files`` (their names), ``detail``.
    patterns : DataFrame
        What the names of the files show, the best first: ``pattern`` (as
        ``draft_sheet(folder, pattern=...)`` takes it), ``n_files`` that fit,
        ``example``.
    used : str
        The pattern by which names were read; blank where words were guessed one by
        one.
    """

    sheet: pd.DataFrame = field(compare=False)
    conflicts: pd.DataFrame = field(compare=False)
    patterns: pd.DataFrame = field(compare=False)
    used: str = ""

    def __repr__(self) -> str:
        """Count; names of patients are not shown."""
        samples = self.sheet[self.sheet["role"] == "sample"]
        named = {
            column: samples.loc[samples[column] != "", column].nunique()
            for column in ("patient", "visit", "tube")
        }
        return (
            f"DraftSheet · {len(self.sheet)} files · {len(samples)} samples · "
            f"{named['patient']} patients · {named['visit']} visits · "
            f"{named['tube']} tubes · {len(self.conflicts)} conflicts\n"
            f"{self._pattern_line()}"
            "  .sheet  .conflicts  .patterns  .save(path)"
        )

    def _pattern_line(self) -> str:
        if self.used:
            return f"  names read by the pattern {self.used!r}\n"
        if len(self.patterns):
            best = self.patterns.iloc[0]
            return (
                f"  {best['n_files']} names fit pattern={best['pattern']!r}; see "
                ".patterns\n"
            )
        return ""

    def save(self, path: str | Path) -> Path:
        """Write the proposal where a person corrects it; files relative to it.

        Parameters
        ----------
        path : path-like
            ``.xlsx``, with the conflicts on a second sheet, or ``.csv``, with the
            conflicts in a file of its own beside (``<name>_conflicts.csv``). Existing
            files are replaced.

        Raises
        ------
        SampleSheetError
            If the suffix is another.
        """
        import pandas as pd

        path = Path(path)
        sheet = self.sheet.copy()
        folder = path.parent.absolute()
        names = [Path(os.path.relpath(n, folder)).as_posix() for n in sheet["file"]]
        # Objects, since a name may not be UTF-8.
        sheet["file"] = pd.Series(names, index=sheet.index, dtype=object)
        if path.suffix.lower() == ".csv":
            write_csv(sheet, path)
            write_csv(self.conflicts, path.with_name(f"{path.stem}_conflicts.csv"))
        elif path.suffix.lower() == ".xlsx":
            save_xlsx(path, {"samples": sheet, "conflicts": self.conflicts})
        else:
            msg = f"{path.name} must end in .xlsx or .csv"
            raise SampleSheetError(msg)
        return path


def draft_sheet(folder: str | Path, *, pattern: str | None = None) -> DraftSheet:
    r"""Propose a sample sheet for the FCS files of a folder.

    Names of files come first, keywords second; where both say something and differ, it
    is a conflict. Nothing is left out: what cannot be read has the role ``exclude``.

    Parameters
    ----------
    folder : path-like
        Searched with all folders in it; FCS files are told by their first bytes.
    pattern : str, optional
        How names are read: a template such as ``"{patient}_{visit}_{tube}"``, or a
        regular expression with named groups such as
        ``r"s(?P<patient>\d+)a(?P<visit>\d+)"``. Names beside the columns of the sheet
        become columns. Without it, words that look like a patient's number and a visit
        (``P07``, ``m06``, ``24h``) are taken for one; where most names have no such
        words, they are read by the best pattern of ``.patterns``.

    Returns
    -------
    DraftSheet
        Where no visit is known, visits are numbered by date and listed as a conflict.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    SampleSheetError
        If the pattern cannot be understood, or the folder has no FCS file.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        msg = f"no folder at {folder}"
        raise FileNotFoundError(msg)
    names = NamePattern(pattern) if pattern is not None else None
    paths = fcs_files(folder)
    if not paths:
        msg = f"{folder} holds no FCS file"
        raise SampleSheetError(msg)
    shown = [path.relative_to(folder).as_posix() for path in paths]
    proposals = propose_patterns(shown)
    if names is None:
        names = _better_than_words(shown, proposals)
    else:
        _require_fit(names, shown, proposals)
    metadata: dict[int, FcsMetadata] = {}
    rows: list[dict[str, Any]] = []
    notes: list[tuple[str, int, str]] = []
    for index, (path, name) in enumerate(zip(paths, shown, strict=True)):
        try:
            metadata[index] = read_metadata(path)
            row, of_file = propose_row(name, metadata[index], names)
        except (LongateError, OSError) as error:
            reason = f"cannot be read: {error}".replace(str(path), name)
            row, of_file = (
                {"role": "exclude", "reason": reason},
                [("unreadable", reason)],
            )
        rows.append({"file": str(path.absolute()), **row})
        notes += [(kind, index, detail) for kind, detail in of_file]
    frame = _frame(rows, names.fields if names else [])
    notes += _number_visits(frame)
    _number_runs(frame, [_clock(metadata.get(index)) for index in range(len(paths))])
    conflicts = find_conflicts(frame, shown, metadata, notes)
    return DraftSheet(
        frame,
        frame_of(conflicts, COLUMNS),
        frame_of(
            [astuple(one) for one in proposals], ["pattern", "n_files", "example"]
        ),
        str(names) if names else "",
    )


def _better_than_words(
    names: Sequence[str], proposals: Sequence[Proposal]
) -> NamePattern | None:
    """Return the best pattern where words one by one leave most visits unknown."""
    guessed = [guess_name(name) for name in names]
    whole = sum("patient" in told and "visit" in told for told in guessed)
    if not proposals or 2 * whole > len(names) or proposals[0].n_files <= whole:
        return None
    return NamePattern(proposals[0].pattern)


def _require_fit(
    names: NamePattern, shown: Sequence[str], proposals: Sequence[Proposal]
) -> None:
    if any(names.read(name) is not None for name in shown):
        return
    hint = f"; {proposals[0].pattern!r} would" if proposals else ""
    msg = (
        f"no name fits pattern {str(names)!r}, as {listed(shown, most=2)} do not{hint}"
    )
    raise SampleSheetError(msg)


def _frame(rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    further = [name for name in fields if not name.startswith("_") and name != "date"]
    columns = list(dict.fromkeys([*SHEET_COLUMNS, *further]))
    blank = {c: None if c in ("acquired", "n_events") else "" for c in columns}
    frame = frame_of([blank | dict(row) for row in rows], columns)
    frame["n_events"] = frame["n_events"].astype("Int64")
    frame["acquired"] = pd.to_datetime(frame["acquired"]).astype("datetime64[ns]")
    return frame


def _number_visits(frame: pd.DataFrame) -> list[tuple[str, int, str]]:
    """Give numbers to the dates of a patient for whom no visit at all is known."""
    notes = []
    samples = frame[(frame["role"] == "sample") & (frame["patient"] != "")]
    for _, rows in groups_of(samples, ["patient"]):
        if (rows["visit"] == "").all() and rows["acquired"].notna().all():
            numbers = rows["acquired"].rank(method="dense").astype(int)
            frame.loc[rows.index, "visit"] = "v" + numbers.astype(str)
            detail = "numbered by date within the patient, as no name tells a visit"
            notes += [("visit", int(index), detail) for index in rows.index]
    return notes


def _number_runs(frame: pd.DataFrame, clocks: Sequence[str]) -> None:
    """Give numbers to the files of one patient, visit and tube by their time."""
    keys = ["patient", "visit", "tube"]
    samples = frame[(frame["role"] == "sample") & (frame[keys] != "").all(axis=1)]
    for _, rows in groups_of(samples, keys):
        if len(rows) > 1 and (rows["run"] == "").any():
            ordered = sorted(rows.index, key=lambda index: clocks[index])
            for number, index in enumerate(ordered, start=1):
                frame.loc[index, "run"] = str(number)


def _clock(metadata: FcsMetadata | None) -> str:
    """Return day and time of acquisition, so that text sorts as time does."""
    if metadata is None:
        return ""
    day = metadata.acquisition_date
    return f"{day or ''} {first_value(metadata.keywords, ('$BTIM',)) or ''}"
