"""Rules by which any worsening of EDSS or any relapse ends the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate.clinical.course import NON_RESPONDER, RESPONDER, UNCLASSIFIABLE, Decision

if TYPE_CHECKING:
    from longate.clinical.course import PatientCourse


@dataclass(frozen=True)
class AnyWorsening:
    """Any EDSS above baseline, unconfirmed, or any relapse: no response.

    A patient without an EDSS at the last visit, in whom neither was seen until
    then, was lost before the rule could decide and is unclassifiable, and so is
    one without a baseline EDSS (unless a relapse decides). A missing visit in
    between is named in the reason.

    Attributes
    ----------
    name, statement, source : str
        As in :class:`~longate.clinical.rules.ResponseRule`.
    """

    name: str
    statement: str
    source: str

    @property
    def confirmed_by(self) -> str:
        """The rule with a confirmation that is shown beside this one."""
        return "confirmed_12_weeks"

    def decide(self, course: PatientCourse) -> Decision:
        """Label one patient by the first event, or by its absence."""
        baseline_visit, *later = course.visits
        baseline = course.edss.get(baseline_visit)
        for visit in later:
            event = _event(course, visit, baseline)
            if event:
                rise = visit not in course.relapses
                once = rise and _seen_once(course, visit)
                words = f"{event}, not seen again" if once else event
                return Decision(NON_RESPONDER, words, visit, rise, once)
        if baseline is None:
            unplaced = course.unplaced_relapses
            also = f"; {unplaced} dated relapse(s) cannot be placed" if unplaced else ""
            reason = f"no EDSS at baseline ({baseline_visit}){also}"
            return Decision(UNCLASSIFIABLE, reason, None)
        seen = [visit for visit in later if visit in course.edss]
        last = course.visits[-1]
        if not seen or seen[-1] != last:
            until = f"until {seen[-1]}" if seen else "before"
            reason = f"no EDSS at {last}; neither worsening nor relapse seen {until}"
            return Decision(UNCLASSIFIABLE, reason, None)
        missing = [visit for visit in later if visit not in course.edss]
        gap = f" (no EDSS at {', '.join(missing)})" if missing else ""
        reason = (
            f"EDSS never above its baseline of {baseline:.1f} through {last}, "
            f"no relapse{gap}"
        )
        return Decision(RESPONDER, reason, last)


def _seen_once(course: PatientCourse, visit: str) -> bool:
    """Return whether a rise of EDSS at `visit` is the only sign of worsening."""
    baseline = course.edss.get(course.visits[0])
    later = course.visits[course.visits.index(visit) + 1 :]
    again = baseline is not None and any(
        course.edss.get(name, baseline) > baseline for name in later
    )
    return not course.relapses and not again


def _event(course: PatientCourse, visit: str, baseline: float | None) -> str:
    """Say what happened by `visit`, or nothing."""
    events = []
    score = course.edss.get(visit)
    if baseline is not None and score is not None and score > baseline:
        events.append(f"EDSS rose from {baseline:.1f} to {score:.1f} at {visit}")
    if visit in course.relapses:
        events.append(f"relapse by {visit}")
    return " and ".join(events)
