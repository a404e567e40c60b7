"""Sample sheets: which file is which tube of which visit of which patient."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from longate._validation import listed, one_of, require_columns
from longate._visits import natural_key
from longate.exceptions import SampleSheetError
from longate.io.remote import is_remote

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_TEXT = ["sample", *REQUIRED, "role", "run", "batch", "specimen", "bead_lot", "reason"]
_SEPARATORS = (",", ";", "\t", "|")
_ABOVE_ZERO = ["blood_ul", "dilution"]


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
    frame, folder = _load(sheet)
    require_columns(frame, REQUIRED, "the sample sheet", SampleSheetError)
    if frame.empty:
        msg = "the sample sheet has a heading, and no rows"
        raise SampleSheetError(msg)
    for column in [name for name in _TEXT if name in frame.columns]:
        frame[column] = frame[column].map(_text)
    if "role" not in frame.columns:
        frame["role"] = ""
    frame["role"] = frame["role"].replace("", "sample")
    _check_roles(frame)
    _check_cells(frame)
    frame["file"] = [
        name if is_remote(name) else str((folder / name).absolute())
        for name in frame["file"]
    ]
    _refuse_one_file_twice(frame)
    if "sample" not in frame.columns:
        frame.insert(0, "sample", frame["patient"] + "_" + frame["visit"])
    _refuse_one_name_for_two(frame)
    frame = _settle_runs(frame, runs).reset_index(drop=True)
    frame["visit"] = _ordered(frame["visit"], visits)
    first = ["sample", "patient", "visit", "tube", "role", "file"]
    return frame[[*first, *(c for c in frame.columns if c not in first)]]


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


def _text(cell: Any) -> str:
    if cell is None or cell != cell:  # NaN differs from itself
        return ""
    return str(cell).strip()


def _rows(frame: pd.DataFrame, where: Any) -> str:
    """Name rows as a spreadsheet shows them."""
    return listed(int(index) + 2 for index in frame.index[where])


def _check_roles(frame: pd.DataFrame) -> None:
    kinds = frame["role"].str.partition(":")
    for index, kind in kinds[0].items():
        what = kinds[2][index]
        row = int(str(index)) + 2
        one_of(f"row {row} of the sample sheet: role", kind, ROLES, SampleSheetError)
        if (kind in ("fmo", "single_stain")) != bool(what):
            msg = (
                f"row {row} of the sample sheet: role {frame['role'][index]!r} must be "
                "'fmo:<marker>', 'single_stain:<detector>', or a role without a colon"
            )
            raise SampleSheetError(msg)
    excluded = frame["role"] == "exclude"
    if excluded.any():
        reason = frame["reason"] if "reason" in frame.columns else ""
        silent = excluded & (reason == "")
        if silent.any():
            msg = f"rows {_rows(frame, silent)} are excluded without a 'reason'"
            raise SampleSheetError(msg)


def _check_cells(frame: pd.DataFrame) -> None:
    is_sample = frame["role"] == "sample"
    for column in REQUIRED:
        blank = (frame[column] == "") & (is_sample | (column == "file"))
        if blank.any():
            msg = (
                f"{column!r} is blank in rows {_rows(frame, blank)} of the sample sheet"
            )
            raise SampleSheetError(msg)
    if "specimen" in frame.columns:
        for index, specimen in frame["specimen"].items():
            argument = f"row {int(str(index)) + 2} of the sample sheet: specimen"
            if specimen:
                one_of(argument, specimen, SPECIMENS, SampleSheetError)
    for column in [name for name in _ABOVE_ZERO if name in frame.columns]:
        import pandas as pd

        numbers = pd.to_numeric(frame[column], errors="coerce")
        given = frame[column].map(_text) != ""
        wrong = given & ~(numbers > 0)
        if wrong.any():
            msg = f"{column!r} must be a number above 0 in rows {_rows(frame, wrong)}"
            raise SampleSheetError(msg)
        frame[column] = numbers


def _refuse_one_file_twice(frame: pd.DataFrame) -> None:
    twice = frame["file"].duplicated(keep=False)
    if twice.any():
        names = listed(Path(name).name for name in frame["file"][twice].unique())
        msg = (
            f"the sample sheet names {names} more than once: rows {_rows(frame, twice)}"
        )
        raise SampleSheetError(msg)


def _refuse_one_name_for_two(frame: pd.DataFrame) -> None:
    samples = frame[frame["role"] == "sample"]
    visits = samples[["sample", "patient", "visit"]].drop_duplicates()
    if not visits["sample"].duplicated().any():
        return
    for name, group in samples.groupby("sample", sort=False):
        visits = group[["patient", "visit"]].drop_duplicates()
        if len(visits) > 1:
            meant = " and ".join(f"{p!r} at {v!r}" for p, v in visits.to_numpy())
            msg = (
                f"sample {name!r} means patients {meant} in rows "
                f"{_rows(frame, frame.index.isin(group.index))}; give each visit of a "
                "patient a name of its own in a column 'sample'"
            )
            raise SampleSheetError(msg)


def _settle_runs(frame: pd.DataFrame, runs: str | None) -> pd.DataFrame:
    keys = ["sample", "tube"]
    is_sample = frame["role"] == "sample"
    repeated = is_sample & frame.duplicated([*keys, "role"], keep=False)
    if not repeated.any():
        return frame
    names = listed(frame["sample"][repeated].unique())
    where = f"rows {_rows(frame, repeated)}"
    has_run = "run" in frame.columns and (frame["run"][repeated] != "").all()
    if not has_run or frame[repeated].duplicated([*keys, "run"]).any():
        msg = (
            f"samples {names} have several files of one tube ({where}); number them in "
            "a column 'run' and choose runs='replace', 'pool' or 'keep'"
        )
        raise SampleSheetError(msg)
    if runs is None:
        msg = (
            f"samples {names} have several runs ({where}); choose runs='replace' (the "
            "last), 'pool' (sum cells and beads) or 'keep' (a sample each)"
        )
        raise SampleSheetError(msg)
    one_of("runs", runs, RUN_RULES, SampleSheetError)
    if runs == "keep":
        suffix = "_run" + frame["run"]
        frame["sample"] = frame["sample"].where(~repeated, frame["sample"] + suffix)
    if runs == "replace":
        order = frame["run"].map(natural_key)
        ranked = frame.assign(_order=order)[is_sample].sort_values("_order")
        kept = ranked.drop_duplicates(keys, keep="last").index
        frame = frame[~is_sample | frame.index.isin(kept)]
    return frame


def _ordered(column: pd.Series, visits: Sequence[str] | None) -> pd.Categorical:
    import pandas as pd

    found = [visit for visit in column.unique() if visit]
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
    return pd.Categorical(column.replace("", None), categories=order, ordered=True)
