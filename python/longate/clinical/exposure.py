"""Doses before each visit, and what is constant about a patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longate._dates import DateRule
from longate._names import unmatched_names, unmatched_words, warn_of_spelling
from longate._validation import listed, require_columns, table_of
from longate.clinical.edss import edss_series
from longate.clinical.rows import as_dates, as_names, named_rows, require_present
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_DOSES = "the table of doses"


def dose_exposure(
    visits: object,
    doses: object,
    *,
    visit_order: Sequence[object] | None = None,
    dayfirst: bool | None = None,
    date_format: str | None = None,
) -> pd.DataFrame:
    """Join to each visit what had been given before it.

    Parameters
    ----------
    visits : DataFrame, or an object with a ``.table``
        ``patient``, ``visit``, ``edss`` and ``date``, as for :func:`classify`.
    doses : DataFrame, or an object with a ``.table``
        One row per dose: ``patient``, ``date`` and ``dose`` (above 0, in one
        unit). A month (2010-05) or year is an interval.
    visit_order, dayfirst, date_format
        As in :func:`classify`.

    Returns
    -------
    DataFrame
        One row per patient and visit: ``patient``, ``visit``, ``date``,
        ``n_doses`` and ``cumulative_dose`` (before or on that day),
        ``days_since_dose`` (empty before the first dose or without a date). Numbers
        that depend on the day of a partial date are empty.

    Raises
    ------
    ClinicalError
        If a table is malformed, a patient unknown, or a dose is not above 0;
        rows are named.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame(
    ...     {"patient": ["A", "A"], "visit": ["m00", "m06"], "edss": [4.0, 4.0],
    ...      "date": ["2010-01-01", "2010-07-01"]}
    ... )
    >>> doses = pd.DataFrame(
    ...     {"patient": ["A", "A"], "date": ["2010-01-02", "2010-04-02"],
    ...      "dose": [12, 12]}
    ... )
    >>> dose_exposure(visits, doses)["cumulative_dose"].tolist()
    [0.0, 24.0]
    """
    import pandas as pd

    dates = DateRule(dayfirst, date_format)
    series, _ = edss_series(visits, dates=dates, visit_order=visit_order)
    if series["date"].isna().all():
        msg = "days since a dose need the column date in the EDSS table (2010-05-31)"
        raise ClinicalError(msg)
    given = _dose_list(doses, list(dict.fromkeys(series["patient"])), dates)
    rows = [_exposure(row, given) for row in series.itertuples()]
    return pd.DataFrame(rows).astype({"n_doses": "Int64", "days_since_dose": "Int64"})


def _exposure(visit: Any, given: pd.DataFrame) -> dict[str, Any]:
    """Return what had been given by a visit, where the dates tell it."""
    import pandas as pd

    own = given[given["patient"] == visit.patient]
    before = own[own["date_last"] <= visit.date]
    known = not pd.isna(visit.date)
    open_ = (own["date"] <= visit.date_last) & (own["date_last"] > visit.date)
    sure = known and not open_.any()
    found = {
        "patient": visit.patient,
        "visit": visit.visit,
        "date": visit.date,
        "n_doses": len(before) if sure else pd.NA,
        "cumulative_dose": float(before["dose"].sum()) if sure else None,
        "days_since_dose": pd.NA,
    }
    if sure and len(before) and visit.date == visit.date_last:
        last = before["date_last"].max()
        if (before.loc[before["date_last"] == last, "date"] == last).any():
            found["days_since_dose"] = (visit.date - last).days
    return found


def _dose_list(doses: object, patients: list[str], dates: DateRule) -> pd.DataFrame:
    import pandas as pd

    frame = table_of(doses, _DOSES, ClinicalError)
    require_columns(frame, ["patient", "date", "dose"], _DOSES, ClinicalError)
    require_present(frame, ["patient", "date", "dose"], _DOSES)
    amounts = pd.to_numeric(frame["dose"], errors="coerce").astype("float64")
    columns = ["patient", "date", "dose"]
    bad = ~(amounts > 0)
    if bad.any():
        msg = f"dose is not a number above 0 in {named_rows(frame, bad, columns)}"
        raise ClinicalError(msg)
    days = as_dates(frame, _DOSES, replace(dates, partial=True))
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame, "patient", _DOSES),
            "date": days.first,
            "date_last": days.last,
            "dose": amounts,
        }
    )
    strange = ~tidy["patient"].isin(patients)
    if strange.any():
        lost = unmatched_names(tidy.loc[strange, "patient"], patients)
        msg = (
            f"{_DOSES} names patients without visits: "
            f"{unmatched_words(lost, patients)} in "
            f"{named_rows(tidy, strange, columns)}"
        )
        raise ClinicalError(msg)
    return tidy


def patient_covariates(table: object, columns: Sequence[str]) -> pd.DataFrame:
    """Return what is constant about each patient, one row per patient.

    Parameters
    ----------
    table : DataFrame, or an object with a ``.table``
        ``patient`` and the columns; a sample sheet with several rows per patient
        will do, as long as they agree.
    columns : sequence of str
        The covariates, e.g. age, sex, CMV.

    Returns
    -------
    DataFrame
        ``patient`` and the columns; empty where no row says.

    Raises
    ------
    ClinicalError
        If a column is missing, or a patient has two values: such a covariate
        varies in time and belongs to the visits.
    """
    import pandas as pd

    what = "the table of covariates"
    names = [columns] if isinstance(columns, str) else list(columns)
    frame = table_of(table, what, ClinicalError)
    require_columns(frame, ["patient", *names], what, ClinicalError)
    require_present(frame, ["patient"], what)
    patients = as_names(frame, "patient", what)
    warn_of_spelling(patients, "patient", what)
    found: dict[str, object] = {"patient": list(dict.fromkeys(patients))}
    for name in names:
        grouped = frame[name].groupby(patients, sort=False)
        several = grouped.nunique()
        torn = several[several > 1]
        if len(torn):
            msg = (
                f"{name} has more than one value for {listed(torn.index)}; what "
                f"changes in time belongs to the visits, not to the patient"
            )
            raise ClinicalError(msg)
        found[name] = grouped.first().to_numpy()
    return pd.DataFrame(found)
