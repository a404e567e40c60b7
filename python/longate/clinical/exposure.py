"""Doses before each visit, and what is constant about a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, require_columns, suggest, table_of
from longate.clinical.edss import edss_series
from longate.clinical.rows import as_dates, as_names, named_rows, require_present
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_DOSES = "the table of doses"


def dose_exposure(visits: object, doses: object) -> pd.DataFrame:
    """Join to each visit what had been given before it.

    Parameters
    ----------
    visits : DataFrame, or an object with a ``.table``
        ``patient``, ``visit``, ``edss`` and ``date``, as for :func:`classify`.
    doses : DataFrame, or an object with a ``.table``
        One row per dose: ``patient``, ``date`` and ``dose`` (above 0, in one
        unit).

    Returns
    -------
    DataFrame
        One row per patient and visit: ``patient``, ``visit``, ``date``,
        ``n_doses`` and ``cumulative_dose`` (before or on that day),
        ``days_since_dose`` (empty before the first dose or without a date).

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

    series, _ = edss_series(visits)
    if series["date"].isna().all():
        msg = "days since a dose need the column date in the EDSS table (2010-05-31)"
        raise ClinicalError(msg)
    given = _dose_list(doses, list(dict.fromkeys(series["patient"])))
    rows = []
    for row in series.itertuples():
        own = given[(given["patient"] == row.patient) & (given["date"] <= row.date)]
        known = not pd.isna(row.date)
        last = own["date"].max() if len(own) else None
        rows.append(
            {
                "patient": row.patient,
                "visit": row.visit,
                "date": row.date,
                "n_doses": len(own) if known else pd.NA,
                "cumulative_dose": float(own["dose"].sum()) if known else None,
                "days_since_dose": pd.NA if last is None else (row.date - last).days,
            }
        )
    return pd.DataFrame(rows).astype({"n_doses": "Int64", "days_since_dose": "Int64"})


def _dose_list(doses: object, patients: list[str]) -> pd.DataFrame:
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
    tidy = pd.DataFrame(
        {
            "patient": as_names(frame["patient"]),
            "date": as_dates(frame, _DOSES),
            "dose": amounts,
        }
    )
    strange = ~tidy["patient"].isin(patients)
    if strange.any():
        first = str(tidy.loc[strange, "patient"].iloc[0])
        msg = (
            f"{_DOSES} names patients without visits: "
            f"{named_rows(tidy, strange, columns)}{suggest(first, patients)}"
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
    patients = as_names(frame["patient"])
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
