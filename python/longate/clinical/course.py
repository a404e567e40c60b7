"""One patient's clinical course, and what a rule says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
    dates : mapping of str to datetime
        Date by visit, only where it is known.
    relapse_dates : tuple of datetime
        Onset of every dated relapse, those before baseline included.
    mri : mapping of str to int
        Active lesions (new or enlarging T2, or enhancing) by visit, only where
        a scan was read.
    """

    patient: str
    visits: tuple[str, ...]
    edss: Mapping[str, float]
    relapses: tuple[str, ...]
    unplaced_relapses: int = 0
    dates: Mapping[str, datetime] = field(default_factory=dict)
    relapse_dates: tuple[datetime, ...] = ()
    mri: Mapping[str, int] = field(default_factory=dict)

    @property
    def assessed(self) -> tuple[str, ...]:
        """The visits with an EDSS, in order."""
        return tuple(visit for visit in self.visits if visit in self.edss)


@dataclass(frozen=True)
class Decision:
    """A label, why, and the visit that decided (None where nothing did).

    Attributes
    ----------
    label : str
        One of ``LABELS``.
    reason : str
        Why, in words.
    visit : str or None
        The visit that decided.
    unconfirmed : bool
        Whether the label rests on one rise of EDSS that the rule did not confirm.
    seen_once : bool
        Whether, beyond that, no later visit shows the rise and no relapse came.
    """

    label: str
    reason: str
    visit: str | None = None
    unconfirmed: bool = False
    seen_once: bool = False
