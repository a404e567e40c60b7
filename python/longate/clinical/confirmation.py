"""Changes of EDSS that count, and their confirmation at a later visit.

A change counts where it reaches the step that the reference score asks for; it
is confirmed where every score stays beyond that step up to a visit that lies
far enough behind. A visit soon after a relapse may not serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longate.clinical.course import PatientCourse

WORSE, BETTER = 1, -1


@dataclass(frozen=True)
class Steps:
    """How much EDSS must change, by the score it starts from.

    Attributes
    ----------
    ranges : tuple of (float, float, float)
        First score, last score (both included) and the step between them.
    """

    ranges: tuple[tuple[float, float, float], ...]

    def at(self, score: float) -> float | None:
        """Return the step from `score`, None where the rule defines none."""
        for first, last, step in self.ranges:
            if first <= score <= last:
                return step
        return None

    def __str__(self) -> str:
        parts = []
        for first, last, step in self.ranges:
            scores = f"{first:.1f}" if first == last else f"{first:.1f} to {last:.1f}"
            parts.append(f"{step:.1f} from {scores}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Confirmation:
    """When a later visit confirms a change, in days.

    Attributes
    ----------
    days : int
        From the change to the visit that confirms it.
    early, late : float
        How much earlier or later that visit may be.
    after_relapse_baseline, after_relapse_change, after_relapse_confirmation : int
        A visit fewer days than this after the onset of a relapse may not be the
        reference, show the change, or confirm it; 0 where relapses are not
        looked at.
    """

    days: int
    early: float = 7
    late: float = float("inf")
    after_relapse_baseline: int = 0
    after_relapse_change: int = 0
    after_relapse_confirmation: int = 0

    @property
    def watches_relapses(self) -> bool:
        """Return whether the days since a relapse matter."""
        return (
            max(
                self.after_relapse_baseline,
                self.after_relapse_change,
                self.after_relapse_confirmation,
            )
            > 0
        )

    def __str__(self) -> str:
        return f"confirmed after {self.days} days"


@dataclass(frozen=True)
class Change:
    """A change that reached its step.

    Attributes
    ----------
    visit : str
        Where it was first seen.
    confirmed : str or None
        The visit that confirmed it; None where no visit could.
    """

    visit: str
    confirmed: str | None


def soon_after_relapse(course: PatientCourse, visit: str, days: int) -> bool:
    """Return whether a relapse began fewer than `days` before the visit."""
    if days <= 0 or visit not in course.dates:
        return False
    date = course.dates[visit]
    return any(0 <= (date - onset).days < days for onset in course.relapse_dates)


def reference_visit(course: PatientCourse, confirmation: Confirmation) -> str | None:
    """Return baseline, or the first assessed visit that is clear of relapses."""
    for visit in course.assessed:
        if not soon_after_relapse(course, visit, confirmation.after_relapse_baseline):
            return visit
    return None


def first_change(
    course: PatientCourse,
    reference: str,
    step: float,
    confirmation: Confirmation,
    *,
    direction: int,
) -> Change | None:
    """Find the first confirmed change from the reference.

    Parameters
    ----------
    course : PatientCourse
        Its dates are known wherever EDSS is.
    reference : str
        The visit whose score is compared with.
    step : float
        What the change must reach.
    confirmation : Confirmation
        What confirms it.
    direction : {1, -1}
        Worse (upwards) or better (downwards).

    Returns
    -------
    Change or None
        The first confirmed change; else the first that no later visit refutes;
        None where there is neither.
    """
    start = course.edss[reference]
    later = course.assessed[course.assessed.index(reference) + 1 :]
    reached = {v: direction * (course.edss[v] - start) >= step for v in later}
    pending = None
    for at, visit in enumerate(later):
        if not reached[visit] or soon_after_relapse(
            course, visit, confirmation.after_relapse_change
        ):
            continue
        holds, confirmed = _confirmed(course, later[at:], reached, confirmation)
        if confirmed:
            return Change(visit, confirmed)
        if holds and pending is None:
            pending = Change(visit, None)
    return pending


def _confirmed(
    course: PatientCourse,
    visits: tuple[str, ...],
    reached: dict[str, bool],
    confirmation: Confirmation,
) -> tuple[bool, str | None]:
    """Return whether the change holds, and the visit that confirms it."""
    onset, *later = visits
    for visit in later:
        if not reached[visit]:
            return False, None
        gap = (course.dates[visit] - course.dates[onset]).days - confirmation.days
        in_time = -confirmation.early <= gap <= confirmation.late
        if in_time and not soon_after_relapse(
            course, visit, confirmation.after_relapse_confirmation
        ):
            return True, visit
    return True, None


def undated(course: PatientCourse) -> list[str]:
    """Return the visits with an EDSS and without a date."""
    return [visit for visit in course.assessed if visit not in course.dates]
