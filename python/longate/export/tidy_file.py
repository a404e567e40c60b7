"""Tidy tables as files: CSV, Parquet or a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate._whole_files import whole_file, write_csv
from longate.exceptions import ExportError
from longate.export.source import frame_of
from longate.io.workbook import save_xlsx

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def tidy(
    source: object, path: str | Path, *, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Write the tidy rows of populations or of a result, and return them.

    Parameters
    ----------
    source : Populations, a result with a ``.table``, or DataFrame
        What to write.
    path : path-like
        ``.csv``, ``.parquet`` (types are kept, also the order of visits) or ``.xlsx``.
    names : mapping of str to str, optional
        The user's own names of columns.

    Returns
    -------
    DataFrame
        As written.

    Raises
    ------
    ExportError
        If the suffix is another, or `names` has a column that is not there.
    """
    frame = frame_of(source).copy()
    for name in names or {}:
        if name not in frame:
            msg = (
                f"names= has {name!r}, which is no column; there are "
                f"{listed(frame.columns, most=20)}{suggest(name, map(str, frame))}"
            )
            raise ExportError(msg)
    frame = frame.rename(columns=dict(names or {}))
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    if suffix == ".csv":
        write_csv(frame, path)
    elif suffix == ".parquet":
        frame.attrs = {}
        with whole_file(path) as unfinished:
            frame.to_parquet(unfinished, index=False)
    elif suffix == ".xlsx":
        save_xlsx(path, {"table": frame})
    else:
        msg = f"{path.name} must end in .csv, .parquet or .xlsx"
        raise ExportError(msg)
    return frame
