"""Rules by which a confirmed change of EDSS decides about the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate.clinical.confirmation import (
    BETTER,
    WORSE,
    first_change,
    reference_visit,
    undated,
)
from longate.clinical.course import NON_RESPONDER, RESPONDER, UNCLASSIFIABLE, Decision

if TYPE_CHECKING:
    from longate.clinical.confirmation import Change, Confirmation, Steps
    from longate.clinical.course import PatientCourse


@dataclass(frozen=True)
class ConfirmedChange:
    """Confirmed worsening ends the response, or confirmed improvement makes it.

    Relapses do not decide by themselves; where the confirmation looks at them,
    they only bar visits soon after their onset. The visit that decides is the
    one that confirms the change, or the last visit where there is none.

    A patient is unclassifiable without an EDSS at baseline or at the last visit,
    where a change was reached that no visit confirms or refutes, and where the
    rule defines no step from the reference score.

    Attributes
    ----------
    name, statement, source : str
        As in :class:`~longate.clinical.rules.ResponseRule`.
    steps : Steps
        How much EDSS must change, by the reference score.
    confirmation : Confirmation
        What confirms the change.
    direction : {1, -1}
        1: responder = no confirmed worsening; -1: responder = confirmed
        improvement.
    roving : bool
        Whether the reference moves to the confirming visit of each confirmed
        improvement (of the same steps), so that a later loss of it counts.
    """

    name: str
    statement: str
    source: str
    steps: Steps
    confirmation: Confirmation
    direction: int = WORSE
    roving: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """What the tables must hold beyond EDSS and relapses by visit."""
        more = ("relapse dates",) if self.confirmation.watches_relapses else ()
        return ("dates", *more)

    def decide(self, course: PatientCourse) -> Decision:
        """Label one patient by the first confirmed change, or by its absence."""
        baseline = course.visits[0]
        if baseline not in course.edss:
            return Decision(UNCLASSIFIABLE, f"no EDSS at baseline ({baseline})")
        silent = undated(course)
        if silent and (self._moved(course) or self._bars_visits(course)):
            reason = f"no date at {', '.join(silent)}, so that nothing can be confirmed"
            return Decision(UNCLASSIFIABLE, reason)
        reference = reference_visit(course, self.confirmation)
        if reference is None or reference == course.visits[-1]:
            days = self.confirmation.after_relapse_baseline
            reason = f"every reference lies within {days} days after a relapse"
            return Decision(UNCLASSIFIABLE, reason)
        if not silent and self.roving:
            reference = self._lowest_reference(course, reference)
        return self._from(course, reference)

    def _bars_visits(self, course: PatientCourse) -> bool:
        return self.confirmation.watches_relapses and bool(course.relapse_dates)

    def _moved(self, course: PatientCourse) -> bool:
        """Return whether any score moved in a direction that might count."""
        scores = [course.edss[visit] for visit in course.assessed]
        if self.roving:
            return len(set(scores)) > 1
        return any(self.direction * (score - scores[0]) > 0 for score in scores)

    def _from(self, course: PatientCourse, reference: str) -> Decision:
        score = course.edss[reference]
        step = self.steps.at(score)
        where = self._where(course, reference)
        if step is None:
            reason = (
                f"the rule defines no step from {where}; it has steps of {self.steps}"
            )
            return Decision(UNCLASSIFIABLE, reason)
        change = None
        if not undated(course):
            change = first_change(
                course, reference, step, self.confirmation, direction=self.direction
            )
        if change is not None:
            return self._decided(course, change, where, step)
        last = course.visits[-1]
        if last not in course.edss:
            seen = course.assessed[-1]
            reason = f"no EDSS at {last}; {self._nothing(step)} seen until {seen}"
            return Decision(UNCLASSIFIABLE, reason)
        reason = f"{self._nothing(step)} from {where} through {last}"
        return Decision(self._label(found=False), reason, last)

    def _lowest_reference(self, course: PatientCourse, reference: str) -> str:
        """Move the reference with confirmed improvements before any worsening."""
        while (step := self.steps.at(course.edss[reference])) is not None:
            better, worse = (
                first_change(
                    course, reference, step, self.confirmation, direction=direction
                )
                for direction in (BETTER, WORSE)
            )
            if better is None or better.confirmed is None:
                break
            order = course.visits.index
            if worse is not None and order(worse.visit) < order(better.visit):
                break
            reference = better.confirmed
        return reference

    def _decided(
        self, course: PatientCourse, change: Change, where: str, step: float
    ) -> Decision:
        verb = "rose" if self.direction == WORSE else "fell"
        score = course.edss[change.visit]
        moved = (
            f"EDSS {verb} to {score:.1f} at {change.visit} from {where} "
            f"(a step of {step:.1f} counts)"
        )
        if change.confirmed is None:
            days = self.confirmation.days
            reason = f"{moved}; no visit {days} days later confirms or refutes it"
            return Decision(UNCLASSIFIABLE, reason)
        gap = (course.dates[change.confirmed] - course.dates[change.visit]).days
        reason = f"{moved}, confirmed at {change.confirmed} after {gap} days"
        return Decision(self._label(found=True), reason, change.confirmed)

    def _label(self, *, found: bool) -> str:
        return RESPONDER if found == (self.direction == BETTER) else NON_RESPONDER

    def _nothing(self, step: float) -> str:
        change = "worsening" if self.direction == WORSE else "improvement"
        return f"no confirmed {change} of {step:.1f}"

    def _where(self, course: PatientCourse, reference: str) -> str:
        score = f"{course.edss[reference]:.1f}"
        if reference == course.visits[0]:
            return f"its baseline of {score}"
        return f"its reference of {score} at {reference}"
