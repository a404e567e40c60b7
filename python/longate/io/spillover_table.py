"""Spillover matrices as tables: dyes in rows, detectors in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed
from longate.cytometry.compensation import Compensation
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from pathlib import Path


def read_spillover_table(path: str | Path) -> Compensation:
    """Read a spillover matrix from a CSV file.

    Parameters
    ----------
    path : path-like
        The first row names the detectors, the first column the dyes by the same names,
        in any order.

    Returns
    -------
    Compensation
        In the order of the columns.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SpilloverError
        If it is no table of numbers, rows and columns have different names, or the
        matrix is singular; the file is named.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, index_col=0, encoding="utf-8-sig")
        rows = [str(name).strip() for name in table.index]
        columns = [str(name).strip() for name in table.columns]
        if sorted(rows) != sorted(columns):
            msg = f"its rows are {listed(rows)}, its columns {listed(columns)}"
            raise SpilloverError(msg)
        order = [rows.index(name) for name in columns]
        return Compensation(table.to_numpy(dtype=float)[order], columns)
    except SpilloverError as error:
        msg = f"the spillover matrix {path} cannot be used: {error}"
        raise SpilloverError(msg) from None
    except ValueError as error:
        msg = f"the spillover matrix {path} is no table of numbers: {error}"
        raise SpilloverError(msg) from None
