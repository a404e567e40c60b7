"""Values after an intercurrent event, set aside where the estimand says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._dates import read_dates
from longate._names import names_of
from longate._validation import require_columns, table_of
from longate.clinical.disposition import stop_list
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.longitudinal.estimand import Estimand


def set_aside(
    data: object, columns: Sequence[str], estimand: Estimand, disposition: object
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the data without values after events whose strategy is hypothetical.

    Parameters
    ----------
    data : DataFrame, or an object with a ``.table``
        With ``patient``, ``visit`` and ``date`` where a strategy is hypothetical.
    columns : sequence of str
        The value's columns.
    estimand : Estimand
        Its strategies.
    disposition : DataFrame or None
        ``patient, last_dose, stop_date, reason``; see
        :func:`longate.clinical.classify`.

    Returns
    -------
    DataFrame
        The data; values that were set aside are missing.
    tuple of str
        Who had which event and what became of the values, in sentences.

    Raises
    ------
    DesignError
        If a strategy is hypothetical and the disposition table or dates are missing.
    """
    estimand.require_answered()
    frame = table_of(data, "the data", DesignError)
    hypothetical = [
        event
        for event, how in estimand.intercurrent_events.items()
        if how == "hypothetical"
    ]
    if disposition is None:
        if hypothetical:
            msg = (
                f"the estimand sets values after {', '.join(hypothetical)} aside, for "
                f"which the analysis needs disposition=, a table of patient, "
                f"stop_date (or last_dose) and reason"
            )
            raise DesignError(msg)
        return frame, ()
    require_columns(frame, ["patient", "visit"], "the data", DesignError)
    patients = names_of(frame["patient"])
    stops = stop_list(disposition, patients=set(patients.dropna()))
    events = {
        name: (stop, estimand.strategy_of(stop.reason))
        for name, stop in stops.items()
        if stop.reason != "completed"
    }
    said = [f"{name} {stop} ({how})" for name, (stop, how) in sorted(events.items())]
    affected = {name for name, (_, how) in events.items() if how == "hypothetical"}
    if affected:
        require_columns(frame, ["date"], "the data", DesignError)
        days = read_dates(frame["date"], "the data", DesignError).first
        frame = frame.copy()
        for name in affected:
            when = events[name][0].when
            after = patients.eq(name) & (days > _last_day(when))
            frame.loc[after, list(columns)] = None
            visits = ", ".join(map(str, frame.loc[after, "visit"].unique()))
            said.append(f"values of {name} set aside at {visits or 'no visit'}")
    limit = f"Intercurrent events: {'; '.join(said)}." if said else ""
    return frame, (limit,) if limit else ()


def _last_day(when: object) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(when.last)  # type: ignore[attr-defined]
