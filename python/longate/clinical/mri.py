"""Active lesions on MRI over visits: a tidy table, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._names import unmatched_names, unmatched_words
from longate._validation import listed, require_columns, table_of
from longate.clinical.rows import as_names, named_rows, require_present
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from longate._visits import VisitOrder

_WHAT = "the MRI table"
_COUNTS = ("new_t2", "gd")


def lesion_counts(
    mri: object, *, patients: Collection[str], order: VisitOrder
) -> pd.DataFrame:
    """Check a table of MRI readings and return it tidy.

    Parameters
    ----------
    mri : DataFrame, or an object with a ``.table``
        One row per patient and visit with a scan: ``patient``, ``visit`` and
        ``new_t2`` (new or enlarging T2 lesions), ``gd`` (enhancing lesions) or
        both; counts, empty where they were not read.
    patients : collection of str
        The patients that are known.
    order : VisitOrder
        The visits that are known.

    Returns
    -------
    DataFrame
        Columns patient, visit, lesions (int64, the sum of the counts); scans
        without any count are left out.

    Raises
    ------
    ClinicalError
        If a column is missing, a patient-visit is repeated or unknown, or a
        count is none; rows are named.
    """
    import pandas as pd

    frame = table_of(mri, _WHAT, ClinicalError)
    require_columns(frame, ["patient", "visit"], _WHAT, ClinicalError)
    given = [name for name in _COUNTS if name in frame]
    if not given:
        msg = (
            f"{_WHAT} needs a column new_t2 (new or enlarging T2 lesions), gd "
            f"(enhancing lesions) or both; it has {listed(frame.columns)}"
        )
        raise ClinicalError(msg)
    require_present(frame, ["patient", "visit"], _WHAT)
    counts = pd.DataFrame({name: _counts(frame, name) for name in given})
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame, "patient", _WHAT),
            "visit": as_names(frame, "visit", _WHAT),
            "lesions": counts.sum(axis=1),
        }
    )
    _check(tidy, patients, order)
    read = counts.notna().any(axis=1)
    return tidy[read].astype({"lesions": "int64"})


def _counts(frame: pd.DataFrame, name: str) -> pd.Series:
    import pandas as pd

    counts = pd.to_numeric(frame[name], errors="coerce").astype("float64")
    unread = counts.isna() & frame[name].notna()
    bad = unread | (counts.notna() & ~((counts >= 0) & (counts % 1 == 0)))
    if bad.any():
        rows = named_rows(frame, bad, ["patient", "visit", name])
        msg = f"{name} is not a count of lesions in {rows}"
        raise ClinicalError(msg)
    return counts


def _check(tidy: pd.DataFrame, patients: Collection[str], order: VisitOrder) -> None:
    keys = ["patient", "visit"]
    repeated = tidy.duplicated(keys, keep=False)
    if repeated.any():
        rows = named_rows(tidy, repeated, keys)
        msg = f"{_WHAT} repeats a patient and visit: {rows}; keep one row for each"
        raise ClinicalError(msg)
    for column, known in (("patient", list(patients)), ("visit", list(order.names))):
        strange = ~tidy[column].isin(known)
        if strange.any():
            lost = unmatched_names(tidy.loc[strange, column], known)
            msg = (
                f"{_WHAT} has a {column} that the EDSS table does not have: "
                f"{unmatched_words(lost, known)} in {named_rows(tidy, strange, keys)}"
            )
            raise ClinicalError(msg)
