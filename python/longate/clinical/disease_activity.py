"""Rules by which any sign of disease activity ends the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate.clinical.course import NON_RESPONDER, RESPONDER, UNCLASSIFIABLE, Decision

if TYPE_CHECKING:
    from longate.clinical.confirmed_change import ConfirmedChange
    from longate.clinical.course import PatientCourse


@dataclass(frozen=True)
class NoEvidenceOfActivity:
    """No relapse, no confirmed worsening and no active lesion: response.

    Lesions at the baseline visit do not count: that scan is the reference.
    Without an event, a patient is unclassifiable where the worsening is, or
    without a scan at the last visit. To start again at 3 or 6 months, as is
    often done, pass that visit as ``baseline``.

    Attributes
    ----------
    name, statement, source : str
        As in :class:`~longate.clinical.rules.ResponseRule`.
    worsening : ConfirmedChange
        The rule for confirmed worsening.
    """

    name: str
    statement: str
    source: str
    worsening: ConfirmedChange

    @property
    def needs(self) -> tuple[str, ...]:
        """What the tables must hold beyond EDSS and relapses by visit."""
        return (*self.worsening.needs, "mri")

    def decide(self, course: PatientCourse) -> Decision:
        """Label one patient by the first sign of activity, or by its absence."""
        _, *later = course.visits
        worse = self.worsening.decide(course)
        for visit in later:
            signs = []
            if visit in course.relapses:
                signs.append(f"relapse by {visit}")
            if worse.label == NON_RESPONDER and worse.visit == visit:
                signs.append(worse.reason)
            lesions = course.mri.get(visit, 0)
            if lesions:
                signs.append(f"{lesions} active lesion(s) at {visit}")
            if signs:
                return Decision(NON_RESPONDER, " and ".join(signs), visit)
        if worse.label == UNCLASSIFIABLE:
            return worse
        last = course.visits[-1]
        if last not in course.mri:
            reason = f"no MRI at {last}; no relapse, worsening or lesion seen before"
            return Decision(UNCLASSIFIABLE, reason)
        missing = [visit for visit in later if visit not in course.mri]
        gap = f" (no MRI at {', '.join(missing)})" if missing else ""
        reason = f"no relapse, {worse.reason}, no active lesion{gap}"
        return Decision(RESPONDER, reason, last)
