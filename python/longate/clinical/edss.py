"""EDSS over visits: a tidy table, checked.

The Expanded Disability Status Scale runs from 0 (normal) to 10 in steps of 0.5,
without 0.5 (Kurtzke 1983, doi:10.1212/WNL.33.11.1444).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longate._dates import DateRule
from longate._names import is_missing
from longate._validation import require_columns, table_of
from longate._visits import VisitOrder, order_visits
from longate.clinical.rows import (
    as_dates,
    as_names,
    named_rows,
    no_dates,
    require_present,
)
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_WHAT = "the EDSS table (visits)"


def edss_series(
    visits: object,
    *,
    dates: DateRule | None = None,
    visit_order: Sequence[object] | None = None,
) -> tuple[pd.DataFrame, VisitOrder]:
    """Check a table of EDSS and return it tidy, with the order of its visits.

    Parameters
    ----------
    visits : DataFrame, or an object with a ``.table``
        One row per patient and visit: ``patient``, ``visit``, ``edss`` (empty
        where it was not assessed), and ``date`` where relapses carry dates or
        a rule asks for a confirmation in time.
    dates : DateRule, optional
        How dates are read that are not written as 2010-05-31.
    visit_order : sequence of visits, optional
        Every visit, first to last.

    Returns
    -------
    tuple of DataFrame and VisitOrder
        Columns patient (str), visit (str), edss (float64), date and date_last
        (datetime, the first and the last possible day; empty where not given).

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
    rule = replace(dates or DateRule(), partial=True)
    days = as_dates(frame, _WHAT, rule) if "date" in frame else no_dates(frame)
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame, "patient", _WHAT),
            "visit": as_names(frame, "visit", _WHAT),
            "edss": _scores(frame),
            "date": days.first,
            "date_last": days.last,
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
    order = _order(frame["visit"], tidy, visit_order)
    _require_dates_in_order(tidy, order)
    return tidy, order


def _order(
    column: pd.Series, tidy: pd.DataFrame, visit_order: Sequence[object] | None
) -> VisitOrder:
    """Order the visits as declared or by number; by date where neither tells."""
    options: dict[str, Any] = {"error": ClinicalError, "what": _WHAT}
    order = order_visits(column, visit_order=visit_order, **options)
    if order.certain:
        return order
    known = tidy[tidy["date"].notna()]
    dates = (
        (row.patient, row.visit, row.date.date(), row.date_last.date())
        for row in known.itertuples()
    )
    return order_visits(column, dates=dates, **options)


def _require_dates_in_order(tidy: pd.DataFrame, order: VisitOrder) -> None:
    """Refuse a visit that is dated before an earlier one of the same patient."""
    if not order.certain or tidy["date"].isna().all():
        return
    ranked = tidy[tidy["date"].notna()].copy()
    ranked["rank"] = ranked["visit"].map(order.names.index)
    ranked = ranked.sort_values(["patient", "rank"])
    # An interval contradicts the order only where it lies wholly before.
    latest = ranked.groupby("patient")["date"].cummax()
    bad = ranked["date_last"] < latest
    if bad.any():
        rows = named_rows(ranked, bad, ["patient", "visit", "date"])
        msg = (
            f"{_WHAT} has visits that are dated before an earlier visit of the same "
            f"patient: {rows}; the order is {order}"
        )
        raise ClinicalError(msg)


def _scores(frame: pd.DataFrame) -> pd.Series:
    import pandas as pd

    empty = frame["edss"].map(is_missing).astype(bool)
    scores = pd.to_numeric(frame["edss"], errors="coerce").astype("float64")
    columns = ["patient", "visit", "edss"]
    bad = scores.isna() & ~empty
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
