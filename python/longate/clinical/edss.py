"""EDSS over visits: a tidy table, checked.

The Expanded Disability Status Scale runs from 0 (normal) to 10 in steps of 0.5,
without 0.5 (Kurtzke 1983, doi:10.1212/WNL.33.11.1444).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import require_columns, table_of
from longate._visits import VisitOrder, order_visits
from longate.clinical.rows import as_dates, as_names, named_rows, require_present
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    import pandas as pd

_WHAT = "the EDSS table (visits)"


def edss_series(visits: object) -> tuple[pd.DataFrame, VisitOrder]:
    """Check a table of EDSS and return it tidy, with the order of its visits.

    Parameters
    ----------
    visits : DataFrame, or an object with a ``.table``
        One row per patient and visit: ``patient``, ``visit``, ``edss`` (empty
        where it was not assessed), and ``date`` where relapses carry dates or
        a rule asks for a confirmation in time.

    Returns
    -------
    tuple of DataFrame and VisitOrder
        Columns patient (str), visit (str), edss (float64) and date (datetime,
        empty where not given).

    Raises
    ------
    ClinicalError
        If a column is missing, a patient-visit is repeated, an EDSS is not a
        value of the scale, or dates contradict the order of visits; rows are
        named.
    """
    import pandas as pd

    frame = table_of(visits, _WHAT, ClinicalError)
    require_columns(frame, ["patient", "visit", "edss"], _WHAT, ClinicalError)
    if frame.empty:
        msg = f"{_WHAT} has no rows"
        raise ClinicalError(msg)
    require_present(frame, ["patient", "visit"], _WHAT)
    order = order_visits(frame["visit"], error=ClinicalError)
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame["patient"]),
            "visit": as_names(frame["visit"]),
            "edss": _scores(frame),
            "date": as_dates(frame, _WHAT) if "date" in frame else pd.NaT,
        }
    )
    repeated = tidy.duplicated(["patient", "visit"], keep=False)
    if repeated.any():
        msg = (
            f"{_WHAT} repeats a patient and visit: "
            f"{named_rows(tidy, repeated, ['patient', 'visit', 'edss'])}; "
            f"keep one row for each"
        )
        raise ClinicalError(msg)
    _require_dates_in_order(tidy, order)
    return tidy, order


def _require_dates_in_order(tidy: pd.DataFrame, order: VisitOrder) -> None:
    """Refuse a visit that is dated before an earlier one of the same patient."""
    if not order.certain or tidy["date"].isna().all():
        return
    ranked = tidy[tidy["date"].notna()].copy()
    ranked["rank"] = ranked["visit"].map(order.names.index)
    ranked = ranked.sort_values(["patient", "rank"])
    latest = ranked.groupby("patient")["date"].cummax()
    bad = ranked["date"] < latest
    if bad.any():
        rows = named_rows(ranked, bad, ["patient", "visit", "date"])
        msg = (
            f"{_WHAT} has visits that are dated before an earlier visit of the same "
            f"patient: {rows}; the order is {order}"
        )
        raise ClinicalError(msg)


def _scores(frame: pd.DataFrame) -> pd.Series:
    import pandas as pd

    scores = pd.to_numeric(frame["edss"], errors="coerce").astype("float64")
    columns = ["patient", "visit", "edss"]
    bad = scores.isna() & frame["edss"].notna()
    if bad.any():
        msg = (
            f"EDSS is not a number in {named_rows(frame, bad, columns)}; "
            f"leave it empty where it was not assessed"
        )
        raise ClinicalError(msg)
    known = scores.notna()
    on_scale = scores.between(0, 10) & (scores * 2 % 1 == 0) & (scores != 0.5)
    bad = known & ~on_scale
    if bad.any():
        msg = (
            f"EDSS is not on its scale in {named_rows(frame, bad, columns)}; "
            f"it takes 0, 1, 1.5, 2 ... 10 (steps of 0.5, without 0.5)"
        )
        raise ClinicalError(msg)
    return scores
