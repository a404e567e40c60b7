"""Who stopped the treatment, when and why: a tidy table, checked.

Reasons follow the terms of CDISC's disposition events (domain DS). Stopping for
progression or for lack of efficacy is an outcome; the other reasons say why somebody
was lost, and leave the label to the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from longate._dates import DateRule, Day
from longate._names import likeness, unmatched_names, unmatched_words
from longate._validation import listed, require_columns, suggest, table_of
from longate.clinical.rows import as_dates, as_names, named_rows, no_dates
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

_WHAT = "the disposition table"
REASONS = {
    "completed": ("complete", "finished"),
    "progression": (
        "progressive disease",
        "disease progression",
        "progress",
        "progressed",
    ),
    "lack of efficacy": ("inefficacy", "no efficacy", "treatment failure"),
    "adverse event": ("toxicity", "side effect", "side effects", "ae", "intolerance"),
    "death": ("died",),
    "lost to follow-up": ("lost", "lost to follow up", "ltfu"),
    "withdrawal by subject": (
        "withdrawal",
        "withdrew",
        "consent withdrawn",
        "patient decision",
    ),
    "physician decision": (),
    "pregnancy": (),
    "maximum dose reached": ("maximum dose", "cumulative dose limit"),
    "other": (),
}
"""The reasons that are known, with words that are read as each."""
FAILURES = ("progression", "lack of efficacy")
"""Reasons by which a treatment is known to have failed."""


@dataclass(frozen=True)
class Stop:
    """The end of one patient's treatment.

    Attributes
    ----------
    reason : str
        One of :data:`REASONS`.
    last_dose, stopped : Day or None
        The last dose, and the day on which the treatment was given up.
    """

    reason: str
    last_dose: Day | None
    stopped: Day | None

    @property
    def failed(self) -> bool:
        """Return whether the treatment was stopped because it did not work."""
        return self.reason in FAILURES

    @property
    def when(self) -> Day | None:
        """The day of the stop; that of the last dose where it alone is known."""
        return self.stopped or self.last_dose

    def __str__(self) -> str:
        when = f" on {self.stopped}" if self.stopped else ""
        if self.stopped and not self.stopped.is_exact:
            when = f" in {self.stopped}"
        dose = f", last dose {self.last_dose}" if self.last_dose else ""
        return f"stopped for {self.reason}{when}{dose}"


def stop_list(
    disposition: object,
    *,
    patients: Collection[str],
    dates: DateRule | None = None,
) -> dict[str, Stop]:
    """Check a table of dispositions and return it by patient.

    Parameters
    ----------
    disposition : DataFrame, or an object with a ``.table``
        One row per patient whose treatment ended: ``patient``, ``reason`` (a term of
        :data:`REASONS`), ``last_dose`` and ``stop_date``, of which one at least.
    patients : collection of str
        The patients that are known.
    dates : DateRule, optional
        How dates are read that are not written as 2010-05-31.

    Raises
    ------
    ClinicalError
        If a column is missing, a patient is unknown or repeated, a reason is no known
        term, or the last dose comes after the stop; rows are named.
    """
    frame = table_of(disposition, _WHAT, ClinicalError)
    require_columns(frame, ["patient", "reason"], _WHAT, ClinicalError)
    if "last_dose" not in frame and "stop_date" not in frame:
        msg = f"{_WHAT} needs last_dose or stop_date; it has {listed(frame.columns)}"
        raise ClinicalError(msg)
    names = as_names(frame, "patient", _WHAT)
    _check_patients(frame, names, patients)
    reasons = _reasons(frame)
    rule = replace(dates or DateRule(), partial=True)
    dose, stop = (
        (as_dates(frame, _WHAT, rule, name) if name in frame else no_dates(frame)).days
        for name in ("last_dose", "stop_date")
    )
    wrong = [
        given is not None and end is not None and given.first > end.last
        for given, end in zip(dose, stop, strict=True)
    ]
    undated = [
        given is None and end is None and reason != "completed"
        for given, end, reason in zip(dose, stop, reasons, strict=True)
    ]
    _refuse(frame, wrong, "the last dose after the stop")
    _refuse(frame, undated, "neither last_dose nor stop_date")
    columns = (names, reasons, dose, stop)
    return {
        name: Stop(reason, given, end)
        for name, reason, given, end in zip(*columns, strict=True)
    }


def _refuse(frame: pd.DataFrame, bad: list[bool], what: str) -> None:
    import pandas as pd

    if any(bad):
        own = ("patient", "last_dose", "stop_date")
        columns = [name for name in own if name in frame]
        rows = named_rows(frame, pd.Series(bad), columns)
        msg = f"{_WHAT} has {what} in {rows}"
        raise ClinicalError(msg)


def _check_patients(
    frame: pd.DataFrame, names: pd.Series, patients: Collection[str]
) -> None:
    repeated = names.duplicated(keep=False)
    if repeated.any():
        rows = named_rows(frame, repeated, ["patient", "reason"])
        msg = f"{_WHAT} repeats a patient: {rows}; keep the final stop of each"
        raise ClinicalError(msg)
    lost = unmatched_names(names, patients)
    if lost:
        msg = (
            f"{_WHAT} names patients without visits: "
            f"{unmatched_words(lost, list(patients))}; pass patients=[...] for "
            f"patients who were enrolled and never assessed"
        )
        raise ClinicalError(msg)


def _reasons(frame: pd.DataFrame) -> list[str]:
    """Return each reason as its term, or raise naming the rows."""
    import pandas as pd

    terms = {
        likeness(word): term
        for term, words in REASONS.items()
        for word in (term, *words)
    }
    found = [terms.get(likeness(str(cell))) for cell in frame["reason"]]
    bad = pd.Series([reason is None for reason in found])
    if bad.any():
        first = str(frame["reason"].to_numpy()[bad.to_numpy()][0])
        msg = (
            f"{_WHAT} has a reason that is not known in "
            f"{named_rows(frame, bad, ['patient', 'reason'])}; known are "
            f"{listed(REASONS, most=len(REASONS))}{suggest(first, REASONS)}"
        )
        raise ClinicalError(msg)
    return [str(reason) for reason in found]
