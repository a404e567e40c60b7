"""Rows of a clinical table, named so that a reader finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._names import name_of
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def named_rows(frame: pd.DataFrame, bad: pd.Series, columns: Sequence[str]) -> str:
    """Return ``row 3 (patient 'P07', edss 5.3), row 9 (...) and 2 more``."""
    found = frame.loc[bad.to_numpy()]
    parts = [
        f"row {index} ("
        + ", ".join(f"{column} {_shown(row[column])}" for column in columns)
        + ")"
        for index, row in found.head(5).iterrows()
    ]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return ", ".join(parts) + more


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def require_present(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Raise where one of `columns` is empty in some row."""
    for column in columns:
        empty = frame[column].isna()
        if empty.any():
            msg = (
                f"{what} has no {column} in {named_rows(frame, empty, columns)}; "
                f"every row needs one"
            )
            raise ClinicalError(msg)


def as_names(column: pd.Series) -> pd.Series:
    """Return patients or visits as text, whole numbers without decimals."""
    return column.map(name_of).astype(str)


def as_dates(frame: pd.DataFrame, what: str) -> pd.Series:
    """Return the column ``date`` as dates, or raise naming the rows."""
    import pandas as pd

    dates = pd.to_datetime(frame["date"], errors="coerce")
    bad = dates.isna() & frame["date"].notna()
    if bad.any():
        msg = (
            f"{what} has dates that cannot be read in "
            f"{named_rows(frame, bad, ['patient', 'date'])}; write them as 2010-05-31"
        )
        raise ClinicalError(msg)
    return dates
