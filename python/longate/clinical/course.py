"""One patient's clinical course, and what a rule says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RESPONDER = "responder"
NON_RESPONDER = "non-responder"
UNCLASSIFIABLE = "unclassifiable"
LABELS = (RESPONDER, NON_RESPONDER, UNCLASSIFIABLE)


@dataclass(frozen=True)
class PatientCourse:
    """What is known about one patient, from baseline to the last visit.

    Attributes
    ----------
    patient : str
        The patient.
    visits : tuple of str
        The declared visits, baseline first, the last one last.
    edss : mapping of str to float
        EDSS by visit, only where it was assessed.
    relapses : tuple of str
        For each relapse after baseline, the visit by which it had happened.
    unplaced_relapses : int
        Dated relapses of a patient without a baseline visit.
    """

    patient: str
    visits: tuple[str, ...]
    edss: Mapping[str, float]
    relapses: tuple[str, ...]
    unplaced_relapses: int = 0


@dataclass(frozen=True)
class Decision:
    """A label, why, and the visit that decided (None where nothing did)."""

    label: str
    reason: str
    visit: str | None
