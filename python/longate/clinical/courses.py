"""The courses of all patients, cut to the window of visits that counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from longate._names import name_of
from longate._validation import listed, suggest
from longate.clinical.course import PatientCourse
from longate.clinical.edss import edss_series
from longate.clinical.mri import lesion_counts
from longate.clinical.relapses import relapse_list, relapse_visits
from longate.clinical.rows import named_rows
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from longate._visits import VisitOrder


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
    """

    edss: pd.DataFrame
    relapses: pd.DataFrame
    mri: pd.DataFrame | None
    order: VisitOrder
    patients: tuple[str, ...]

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

    def of(self, patient: str) -> PatientCourse:
        """Collect one patient's course within the window of visits."""
        own = self.edss[self.edss["patient"] == patient].set_index("visit")
        events = self.relapses[self.relapses["patient"] == patient]
        onsets = tuple(events["date"].dropna().sort_values())
        baseline = self.order.names[0]
        unplaced = 0
        if baseline not in own.index:
            dated = events["visit"].isna()
            unplaced = int(dated.sum())
            events = events[~dated]
        names = self.order.names
        scores, dates = own["edss"].dropna(), own["date"].dropna()
        return PatientCourse(
            patient=patient,
            visits=names,
            edss={visit: float(scores[visit]) for visit in names if visit in scores},
            relapses=tuple(relapse_visits(events, own["date"], self.order, baseline)),
            unplaced_relapses=unplaced,
            dates={visit: dates[visit] for visit in names if visit in dates},
            relapse_dates=onsets,
            mri=self._lesions(patient),
        )

    def _lesions(self, patient: str) -> dict[str, int]:
        if self.mri is None:
            return {}
        own = self.mri[self.mri["patient"] == patient].set_index("visit")["lesions"]
        return {visit: int(own[visit]) for visit in self.order.names if visit in own}


def read_courses(
    visits: object,
    relapses: object,
    *,
    mri: object = None,
    baseline: object = None,
    last_visit: object = None,
    patients: Iterable[object] | None = None,
) -> Courses:
    """Check the clinical tables against each other and cut the window.

    Raises
    ------
    ClinicalError
        If a table is malformed or contradicts the other; rows are named.
    """
    series, order = edss_series(visits)
    order = _window(order, baseline, last_visit)
    enrolled = _enrolled(series, patients)
    every = _every(series, order)
    events = relapse_list(relapses, patients=enrolled, order=every)
    scans = None
    if mri is not None:
        scans = lesion_counts(mri, patients=enrolled, order=every)
    return Courses(series, events, scans, order, tuple(enrolled))


def _window(order: VisitOrder, baseline: object, last: object) -> VisitOrder:
    """Cut the order to the visits from baseline to the last one."""
    if not order.certain:
        msg = (
            f"the order of the visits {listed(order.names)} cannot be known; make "
            f"the column an ordered categorical, e.g. visits['visit'] = "
            f"pd.Categorical(visits['visit'], [...], ordered=True)"
        )
        raise ClinicalError(msg)
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
    for place, patient in enumerate(patients):
        if patient is None or patient != patient or not str(patient).strip():
            msg = (
                f"patients has no name at place {place}: {patient!r}; leave it out, as "
                "for the controls of a sheet, which are of no patient"
            )
            raise ClinicalError(msg)
    enrolled = list(dict.fromkeys(name_of(patient) for patient in patients))
    strangers = [patient for patient in seen if patient not in enrolled]
    if strangers:
        msg = (
            f"the EDSS table has patients who are not in patients=: "
            f"{listed(strangers)}{suggest(strangers[0], enrolled)}"
        )
        raise ClinicalError(msg)
    return enrolled
