"""Tidy tables on disk: Parquet for programs, CSV for everyone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longate._whole_files import whole_file, write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    import pandas as pd


def write_tables(
    folder: str | PathLike[str], tables: Mapping[str, pd.DataFrame]
) -> dict[str, Path]:
    """Write each table as ``<name>.parquet`` and ``<name>.csv``.

    Parameters
    ----------
    folder : path
        Made if absent; files of the same names are replaced.
    tables : mapping of str to DataFrame
        By file name without ending. Parquet keeps types and the order of visits.

    Returns
    -------
    dict of str to pathlib.Path
        The CSV file of each table.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, table in tables.items():
        with whole_file(target / f"{name}.parquet") as unfinished:
            table.to_parquet(unfinished, index=False)
        written[name] = write_csv(table, target / f"{name}.csv")
    return written
