"""Relapses: a tidy table, checked, and their place between the visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, require_columns, suggest, table_of
from longate.clinical.rows import as_dates, as_names, named_rows, require_present
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from longate._visits import VisitOrder

_WHAT = "the table of relapses"


def relapse_list(
    relapses: object, *, patients: Collection[str], order: VisitOrder
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

    Returns
    -------
    DataFrame
        Columns patient (str), visit (str or None), date (datetime or empty).

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
        has = frame["visit"].notna()
        visit[has] = as_names(frame.loc[has, "visit"])
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame["patient"]),
            "visit": visit,
            "date": as_dates(frame, _WHAT) if "date" in frame else pd.NaT,
        }
    )
    _check(tidy, patients, order)
    return tidy


def _check(tidy: pd.DataFrame, patients: Collection[str], order: VisitOrder) -> None:
    columns = ["patient", "visit", "date"]
    unknown = ~tidy["patient"].isin(list(patients))
    if unknown.any():
        first = tidy.loc[unknown, "patient"].iloc[0]
        msg = (
            f"{_WHAT} names patients without visits: "
            f"{named_rows(tidy, unknown, columns)}{suggest(first, patients)}; pass "
            f"patients=[...] for patients who were enrolled and never assessed"
        )
        raise ClinicalError(msg)
    nowhere = tidy["visit"].isna() & tidy["date"].isna()
    if nowhere.any():
        msg = f"no visit and no date in {named_rows(tidy, nowhere, ['patient'])}"
        raise ClinicalError(msg)
    strange = tidy["visit"].notna() & ~tidy["visit"].isin(order.names)
    if strange.any():
        first = tidy.loc[strange, "visit"].iloc[0]
        msg = (
            f"{_WHAT} names visits that the EDSS table does not have: "
            f"{named_rows(tidy, strange, columns)}{suggest(first, order.names)}; "
            f"known are {listed(order.names)}. A relapse between visits belongs to "
            f"the next one, or takes a date"
        )
        raise ClinicalError(msg)


def relapse_visits(
    relapses: pd.DataFrame, dates: pd.Series, order: VisitOrder, baseline: str
) -> list[str]:
    """Place one patient's relapses: the visit by which each had happened.

    Parameters
    ----------
    relapses : DataFrame
        The patient's rows of :func:`relapse_list`.
    dates : Series
        The patient's visit dates, by visit.
    order : VisitOrder
        The visits, up to the last that counts.
    baseline : str
        The first visit; relapses until then came before the study.

    Returns
    -------
    list of str
        One visit for each relapse after baseline and until the last visit.

    Raises
    ------
    ClinicalError
        If a relapse has only a date and the baseline visit has none.
    """
    import pandas as pd

    later = order.names[order.names.index(baseline) + 1 :]
    found = []
    for row in relapses.itertuples():
        if isinstance(row.visit, str):
            found += [row.visit] if row.visit in later else []
            continue
        start = dates.get(baseline)
        if start is None or pd.isna(start):
            msg = (
                f"the relapse of patient {row.patient!r} on {row.date:%Y-%m-%d} "
                f"cannot be placed: visit {baseline!r} has no date; add it, or give "
                f"the relapse a visit"
            )
            raise ClinicalError(msg)
        if row.date <= start:
            continue
        reached = [v for v in later if dates.get(v, pd.NaT) >= row.date]
        ended = dates.get(later[-1], pd.NaT) < row.date if later else True
        if not ended:
            found.append(reached[0] if reached else later[-1])
    return found
