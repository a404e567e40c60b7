"""Relapses: a tidy table, checked, and the visit by which each had happened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from longate._dates import DateRule
from longate._names import names_of, unmatched_names, unmatched_words
from longate._validation import listed, require_columns, table_of
from longate.clinical.rows import (
    as_dates,
    as_names,
    named_rows,
    no_dates,
    require_present,
)
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    import pandas as pd

    from longate._visits import VisitOrder

_WHAT = "the table of relapses"


def relapse_list(
    relapses: object,
    *,
    patients: Collection[str],
    order: VisitOrder,
    dates: DateRule | None = None,
) -> pd.DataFrame:
    """Check a table of relapses and return it tidy.

    Parameters
    ----------
    relapses : DataFrame, or an object with a ``.table``
        One row per relapse: ``patient``, and ``visit`` (the relapse came after
        the visit before and up to this one) or ``date``.
    patients : collection of str
        The patients that are known.
    order : VisitOrder
        The visits that are known.
    dates : DateRule, optional
        How dates are read that are not written as 2010-05-31; a month (2010-05) or
        a year is kept as an interval.

    Returns
    -------
    DataFrame
        Columns patient (str), visit (str or None), date and date_last (datetime,
        the first and last possible day, or empty).

    Raises
    ------
    ClinicalError
        If a patient or visit is unknown, or a relapse has neither visit nor
        date; rows are named.
    """
    import pandas as pd

    if relapses is None:
        msg = (
            "relapses are part of the rule and must be given; an empty table with "
            "the columns patient and visit says that there were none"
        )
        raise ClinicalError(msg)
    frame = table_of(relapses, _WHAT, ClinicalError)
    require_columns(frame, ["patient"], _WHAT, ClinicalError)
    if "visit" not in frame and "date" not in frame:
        columns = listed(frame.columns)
        msg = f"{_WHAT} needs a column visit or date; it has {columns}"
        raise ClinicalError(msg)
    require_present(frame, ["patient"], _WHAT)
    visit = pd.Series(None, index=frame.index, dtype=object)
    if "visit" in frame:
        visit = names_of(frame["visit"])
    rule = replace(dates or DateRule(), partial=True)
    days = as_dates(frame, _WHAT, rule) if "date" in frame else no_dates(frame)
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame, "patient", _WHAT),
            "visit": visit,
            "date": days.first,
            "date_last": days.last,
        }
    )
    _check(tidy, patients, order)
    return tidy


def _check(tidy: pd.DataFrame, patients: Collection[str], order: VisitOrder) -> None:
    columns = ["patient", "visit", "date"]
    unknown = ~tidy["patient"].isin(list(patients))
    if unknown.any():
        lost = unmatched_names(tidy.loc[unknown, "patient"], patients)
        msg = (
            f"{_WHAT} names patients without visits: "
            f"{unmatched_words(lost, list(patients))} in "
            f"{named_rows(tidy, unknown, columns)}; pass "
            f"patients=[...] for patients who were enrolled and never assessed"
        )
        raise ClinicalError(msg)
    nowhere = tidy["visit"].isna() & tidy["date"].isna()
    if nowhere.any():
        msg = f"no visit and no date in {named_rows(tidy, nowhere, ['patient'])}"
        raise ClinicalError(msg)
    strange = tidy["visit"].notna() & ~tidy["visit"].isin(order.names)
    if strange.any():
        lost = unmatched_names(tidy.loc[strange, "visit"], order.names)
        msg = (
            f"{_WHAT} names visits that the EDSS table does not have: "
            f"{unmatched_words(lost, order.names)} in "
            f"{named_rows(tidy, strange, columns)}; "
            f"known are {listed(order.names)}. A relapse between visits belongs to "
            f"the next one, or takes a date"
        )
        raise ClinicalError(msg)


def relapse_visits(
    relapses: Iterable[tuple[str | None, datetime | None]],
    dates: Mapping[str, datetime],
    order: VisitOrder,
    patient: str,
) -> list[str]:
    """Return the visit by which each relapse of one patient had happened.

    Parameters
    ----------
    relapses : iterable of (str or None, date or None)
        The visit of each relapse, or its day.
    dates : mapping of str to date
        The patient's visit dates, where they are known.
    order : VisitOrder
        The visits from baseline to the last that counts; relapses until baseline came
        before the study.
    patient : str
        For the message.

    Returns
    -------
    list of str
        One visit for each relapse after baseline and until the last visit.

    Raises
    ------
    ClinicalError
        If a relapse has only a date and the baseline visit has none.
    """
    baseline, *later = order.names
    found = []
    for visit, day in relapses:
        if visit is not None:
            found += [visit] if visit in later else []
            continue
        if day is None:
            continue
        start = dates.get(baseline)
        if start is None:
            msg = (
                f"the relapse of patient {patient!r} on {day:%Y-%m-%d} cannot be "
                f"assigned to a visit: {baseline!r} has no date; add it, or give the "
                f"relapse a visit"
            )
            raise ClinicalError(msg)
        if day <= start:
            continue
        last = dates.get(later[-1]) if later else start
        if last is None or last >= day:
            reached = [v for v in later if v in dates and dates[v] >= day]
            found.append(reached[0] if reached else later[-1])
    return found
