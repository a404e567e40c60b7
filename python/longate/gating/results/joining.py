"""What every table of populations has beside its own columns: keys, run, the sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

    import pandas as pd

KEYS = ["sample", "patient", "visit", "tube"]
_NOT_JOINED = {*KEYS, "file", "role", "reason", "run", "n_events"}


def joined_names(rows: pd.DataFrame, known: Container[str]) -> dict[str, str]:
    """Return the columns of a sheet that tables take, and what they are called there.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``study.samples``.
    known : container of str
        Columns of the table; one of the sheet with the name of one of these is called
        ``<name>_of_sheet``.
    """
    joined = [column for column in rows.columns if column not in _NOT_JOINED]
    return {name: f"{name}_of_sheet" if name in known else name for name in joined}


def finished(frame: pd.DataFrame, rows: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """Restore the order of visits, and join run id and the sheet's columns.

    Parameters
    ----------
    frame : DataFrame
        With ``sample, patient, visit, tube``.
    rows : DataFrame
        Rows of ``study.samples``; the first of a sample and tube is taken.
    run_id : str
        Becomes a column.
    """
    import pandas as pd

    visits = rows["visit"].dtype
    if frame["visit"].dtype != visits:
        frame["visit"] = pd.Categorical(frame["visit"], dtype=visits)
    frame = frame.assign(run_id=run_id)
    names: dict[Any, str] = joined_names(rows, frame.columns)
    if not names:
        return frame
    metadata = rows.drop_duplicates(["sample", "tube"])
    metadata = metadata[["sample", "tube", *names]].rename(columns=names)
    return frame.merge(metadata, on=["sample", "tube"], how="left", validate="m:1")
