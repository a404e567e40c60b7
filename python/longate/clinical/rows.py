"""Rows of a clinical table, named so that a reader finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._dates import Dates, read_dates
from longate._names import is_missing, require_names
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate._dates import DateRule


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
        empty = frame[column].map(is_missing).astype(bool)
        if empty.any():
            msg = (
                f"{what} has no {column} in {named_rows(frame, empty, columns)}; "
                f"every row needs one"
            )
            raise ClinicalError(msg)


def as_names(frame: pd.DataFrame, column: str, what: str) -> pd.Series:
    """Return a column of patients or visits as normalised names."""
    return require_names(frame, [column], what, ClinicalError)[column]


def as_dates(
    frame: pd.DataFrame, what: str, rule: DateRule, column: str = "date"
) -> Dates:
    """Return a column of dates, or raise naming the rows with their patients."""
    rows = [
        f"row {index} (patient {_shown(patient)})"
        for index, patient in zip(frame.index, frame["patient"], strict=True)
    ]
    return read_dates(frame[column], what, ClinicalError, rule, rows=rows)


def no_dates(frame: pd.DataFrame) -> Dates:
    """Return empty dates for a table without a column of dates."""
    import pandas as pd

    empty = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    return Dates([None] * len(frame), empty, empty)
