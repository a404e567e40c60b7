"""The courses of all patients, cut to the window of visits that counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from longate._dates import Day
from longate._names import (
    is_missing,
    name_of,
    unmatched_names,
    unmatched_words,
    warn_of_spelling,
)
from longate._validation import listed, suggest
from longate._visits import require_order
from longate.clinical.course import PatientCourse
from longate.clinical.disposition import stop_list
from longate.clinical.edss import edss_series
from longate.clinical.mri import lesion_counts
from longate.clinical.relapses import relapse_list, relapse_visits
from longate.clinical.rows import named_rows
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from longate._dates import DateRule
    from longate._visits import VisitOrder
    from longate.clinical.disposition import Stop

Key = tuple[str, int]
"""A table (visit or relapse) and a row of it."""
Span = tuple[datetime, datetime]
"""The first and the last possible day of a row."""


@dataclass(frozen=True, eq=False)
class Courses:
    """Checked clinical tables, and the window of visits.

    Attributes
    ----------
    edss : DataFrame
        As of :func:`~longate.clinical.edss.edss_series`.
    relapses : DataFrame
        As of :func:`~longate.clinical.relapses.relapse_list`.
    mri : DataFrame or None
        As of :func:`~longate.clinical.mri.lesion_counts`.
    order : VisitOrder
        The visits from baseline to the last that counts.
    patients : tuple of str
        Everyone enrolled.
    stops : mapping of str to Stop, or None
        Who stopped the treatment, when and why; None where nobody said.
    notes : tuple of str
        Names that differ in spelling alone.
    """

    edss: pd.DataFrame
    relapses: pd.DataFrame
    mri: pd.DataFrame | None
    order: VisitOrder
    patients: tuple[str, ...]
    stops: Mapping[str, Stop] | None = None
    notes: tuple[str, ...] = ()

    def lacks(self, needs: Iterable[str]) -> str | None:
        """Say what a rule needs and the tables do not hold, or None."""
        for need in needs:
            if need == "dates" and self.edss["date"].isna().all():
                return (
                    "confirms by dates, but the EDSS table has none; add a column "
                    "date (2010-05-31)"
                )
            undated = self.relapses["date"].isna()
            if need == "relapse dates" and undated.any():
                rows = named_rows(self.relapses, undated, ["patient", "visit"])
                return (
                    f"looks at the days since a relapse, but relapses have no date "
                    f"in {rows}"
                )
            if need == "mri" and self.mri is None:
                return (
                    "needs MRI readings; pass mri= with patient, visit and new_t2, "
                    "gd or both"
                )
        return None

    def of(self, patient: str) -> list[PatientCourse]:
        """Return one patient's course within the window of visits.

        Returns
        -------
        list of PatientCourse
            One where every date is known to the day; else one for each way in which
            the partial dates may fall.
        """
        own = self.edss[self.edss["patient"] == patient]
        events = self.relapses[self.relapses["patient"] == patient]
        rows = [*_spans(own, "visit"), *_spans(events, "relapse")]
        return [
            self._course(patient, own, events, days)
            for days in resolutions({key: span for key, span in rows})
        ]

    def _course(
        self,
        patient: str,
        own: pd.DataFrame,
        events: pd.DataFrame,
        days: Mapping[Key, datetime],
    ) -> PatientCourse:
        names = self.order.names
        dates = {
            visit: days["visit", at]
            for at, visit in own["visit"].items()
            if ("visit", at) in days
        }
        scores = dict(zip(own["visit"], own["edss"], strict=True))
        relapses = [
            (
                row.visit if isinstance(row.visit, str) else None,
                days.get(("relapse", row.Index)),
            )
            for row in events.itertuples()
        ]
        unplaced = 0
        if names[0] not in scores:
            unplaced = sum(visit is None for visit, _ in relapses)
            relapses = [one for one in relapses if one[0] is not None]
        onsets = (day for (kind, _), day in days.items() if kind == "relapse")
        return PatientCourse(
            patient=patient,
            visits=names,
            edss={
                visit: float(scores[visit])
                for visit in names
                if visit in scores and scores[visit] == scores[visit]
            },
            relapses=tuple(relapse_visits(relapses, dates, self.order, patient)),
            unplaced_relapses=unplaced,
            dates={visit: dates[visit] for visit in names if visit in dates},
            relapse_dates=tuple(sorted(onsets)),
            mri=self._lesions(patient),
        )

    def stopped(self, patient: str) -> Stop | None:
        """Return how a patient's treatment ended by the last visit, if it did.

        A stop that may lie after the last visit does not count: the rule saw all.
        """
        stop = (self.stops or {}).get(patient)
        if stop is None or stop.reason == "completed":
            return None
        own = self.edss[self.edss["patient"] == patient]
        ends = own.loc[own["visit"] == self.order.names[-1], "date_last"].dropna()
        when = stop.when
        if len(ends) and when is not None and when.first > ends.iloc[0].date():
            return None
        return stop

    def partial_dates(self, patient: str) -> list[str]:
        """Return the dates of a patient that are not known to the day, in words."""
        found = []
        for table, kind in ((self.edss, "visit"), (self.relapses, "relapse")):
            own = table[(table["patient"] == patient) & _is_partial(table)]
            found += [
                f"the {kind} {'' if kind == 'relapse' else row.visit + ' '}of "
                f"{Day(row.date.date(), row.date_last.date())}"
                for row in own.itertuples()
            ]
        return found

    def _lesions(self, patient: str) -> dict[str, int]:
        if self.mri is None:
            return {}
        own = self.mri[self.mri["patient"] == patient].set_index("visit")["lesions"]
        return {visit: int(own[visit]) for visit in self.order.names if visit in own}


def _is_partial(table: pd.DataFrame) -> pd.Series:
    return table["date"].notna() & (table["date"] != table["date_last"])


def _spans(table: pd.DataFrame, kind: str) -> list[tuple[Key, Span]]:
    """Return first and last possible day of the dated rows of a table."""
    dated = table[table["date"].notna()]
    columns = (dated.index, dated["date"], dated["date_last"])
    return [
        ((kind, int(at)), (first, last))
        for at, first, last in zip(*columns, strict=True)
    ]


def resolutions(spans: Mapping[Key, Span]) -> Iterator[dict[Key, datetime]]:
    """Yield the ways in which partial dates may fall.

    All at their first day, all at their last; and each by itself on every day of its
    interval, the others at either end.
    """
    ends = [{key: span[end] for key, span in spans.items()} for end in (0, 1)]
    yield ends[0]
    open_ = [key for key, (first, last) in spans.items() if first != last]
    if not open_:
        return
    yield ends[1]
    for key in open_:
        first, last = spans[key]
        days = (last - first).days
        for others in ends if len(open_) > 1 else ends[:1]:
            for day in range(days + 1):
                yield others | {key: first + timedelta(days=day)}


def read_courses(
    visits: object,
    relapses: object,
    *,
    mri: object = None,
    baseline: object = None,
    last_visit: object = None,
    patients: Iterable[object] | None = None,
    disposition: object = None,
    visit_order: Sequence[object] | None = None,
    dates: DateRule | None = None,
) -> Courses:
    """Check the clinical tables against each other and cut the window.

    Raises
    ------
    ClinicalError
        If a table is malformed or contradicts the other; rows are named.
    """
    series, order = edss_series(visits, dates=dates, visit_order=visit_order)
    order = _window(order, baseline, last_visit)
    enrolled = _enrolled(series, patients)
    every = _every(series, order)
    events = relapse_list(relapses, patients=enrolled, order=every, dates=dates)
    scans = None
    if mri is not None:
        scans = lesion_counts(mri, patients=enrolled, order=every)
    stops = None
    if disposition is not None:
        stops = stop_list(disposition, patients=enrolled, dates=dates)
    notes = [
        *warn_of_spelling(enrolled, "patient", "the clinical tables", stacklevel=4),
        *warn_of_spelling(every.names, "visit", "the clinical tables", stacklevel=4),
    ]
    return Courses(series, events, scans, order, tuple(enrolled), stops, tuple(notes))


def _window(order: VisitOrder, baseline: object, last: object) -> VisitOrder:
    """Cut the order to the visits from baseline to the last one."""
    require_order(order, "the EDSS table (visits)", ClinicalError)
    ends = []
    for argument, given, default in (
        ("baseline", baseline, order.names[0]),
        ("last_visit", last, order.names[-1]),
    ):
        name = default if given is None else name_of(given)
        if name not in order.names:
            msg = (
                f"{argument}={name!r} is not a visit of the EDSS table; known are "
                f"{listed(order.names)}{suggest(name, order.names)}"
            )
            raise ClinicalError(msg)
        ends.append(order.names.index(name))
    first, final = ends
    if first >= final:
        msg = (
            f"a response needs a visit after baseline; got baseline="
            f"{order.names[first]!r} and last_visit={order.names[final]!r} in "
            f"{order}"
        )
        raise ClinicalError(msg)
    return replace(order, names=order.names[first : final + 1])


def _every(series: pd.DataFrame, order: VisitOrder) -> VisitOrder:
    """All visits that a relapse may name: those of the window and the others."""
    names = (*order.names, *series["visit"])
    return replace(order, names=tuple(dict.fromkeys(names)))


def _enrolled(series: pd.DataFrame, patients: Iterable[object] | None) -> list[str]:
    seen = list(dict.fromkeys(series["patient"]))
    if patients is None:
        return seen
    if isinstance(patients, str):
        msg = f"patients must be a list of patients, got the text {patients!r}"
        raise ClinicalError(msg)
    patients = list(patients)
    for at, patient in enumerate(patients):
        if is_missing(patient):
            msg = (
                f"patients has no name at index {at}: {patient!r}; leave it out, as "
                "for the controls of a sheet, which are of no patient"
            )
            raise ClinicalError(msg)
    enrolled = list(dict.fromkeys(name_of(patient) for patient in patients))
    strangers = [patient for patient in seen if patient not in enrolled]
    if strangers:
        msg = (
            f"the EDSS table has patients who are not in patients=: "
            f"{unmatched_words(unmatched_names(strangers, enrolled), enrolled)}"
        )
        raise ClinicalError(msg)
    return enrolled
