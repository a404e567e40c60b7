"""Patients of the simulated cohort: enrolment, disability, relapses, drop-out.

The flow of patients is the model study's: of 15, two are lost before month 6
(tolerability), one before month 12 (progression), and of the 12 completers five
respond. Everything else (ages, dates, courses) is an assumption.

The patient lost to progression worsens after month 6 and leaves before anybody
scores it: the worsening is in the truth, not in the observed tables. Observed
tables therefore cannot decide this patient's response, which is what a trial sees.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EDSS_VISITS: tuple[str, ...] = ("m00", "m03", "m06", "m09", "m12")
_NOMINAL_DAYS = (0, 91, 182, 273, 365)
_WINDOW_DAYS = (0, 7, 14, 7, 14)
START = dt.date(2021, 1, 11)
ENROLMENT_DAYS = 450
_BASELINE_EDSS = (3.5, 4.0, 4.5, 5.0, 5.5, 5.5, 5.5, 6.0, 6.0, 6.5)

# Change of EDSS at EDSS_VISITS and whether a relapse occurs. Non-responders
# differ on purpose: rules with and without confirmation disagree about some.
_RESPONDER_COURSES = (
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, -0.5, -0.5, -0.5),
    (0.0, 0.0, 0.0, -0.5, -0.5),
)
_OTHER_COURSES = (
    ((0.0, 0.5, 1.0, 1.0, 1.0), False),
    ((0.0, 0.0, 0.0, 0.0, 0.0), True),
    ((0.0, 0.0, 0.5, 0.5, 0.5), False),
    ((0.0, 0.0, 0.5, 0.0, 0.0), False),
    ((0.0, 0.0, 0.0, 0.5, 1.0), True),
    ((0.0, 0.0, 0.0, 0.0, 0.5), False),
    ((0.0, 0.0, 0.5, 1.0, 1.0), True),
)


@dataclass(frozen=True)
class Flow:
    """How many patients take which way.

    Attributes
    ----------
    early, late : int
        Lost before month 6 (tolerability) and before month 12 (progression).
    responders, others : int
        Completers by response.
    """

    early: int
    late: int
    responders: int
    others: int

    @classmethod
    def of(cls, patients: int) -> Flow:
        """Scale the flow of the model study (2 and 1 of 15; 5 of 12 respond)."""
        early = round(patients * 2 / 15)
        late = round(patients * 1 / 15)
        completers = patients - early - late
        responders = min(max(round(completers * 5 / 12), 1), completers - 1)
        return cls(early, late, responders, completers - responders)


@dataclass(frozen=True)
class Patient:
    """One patient's clinical course.

    Attributes
    ----------
    name : str
        Identifier, such as ``"P07"``.
    group : str
        ``"responder"``, ``"non-responder"``, ``"lost early"``, ``"lost late"``.
    cmv : bool
        CMV seropositive.
    age : int
        At enrolment, years.
    dates : mapping of str to datetime.date
        Of the visits attended.
    edss : mapping of str to float
        Observed at the visits attended.
    relapses : tuple of datetime.date
        Observed relapses after baseline.
    """

    name: str
    group: str
    cmv: bool
    age: int
    dates: Mapping[str, dt.date]
    edss: Mapping[str, float]
    relapses: tuple[dt.date, ...]

    @property
    def lost(self) -> str:
        """Why and when the patient was lost; empty for completers."""
        return {
            "lost early": "tolerability, before month 6",
            "lost late": "progression, before month 12, not scored",
        }.get(self.group, "")

    @property
    def response(self) -> str:
        """Response by the rule of the model study on the observed course.

        Responder: EDSS never above baseline and no relapse, followed to month 12.
        Non-responder: EDSS above baseline at any visit, or a relapse. Otherwise
        unclassifiable: lost before the rule can decide.
        """
        baseline = self.edss[EDSS_VISITS[0]]
        if self.relapses or max(self.edss.values()) > baseline:
            return "non-responder"
        if EDSS_VISITS[-1] in self.edss:
            return "responder"
        return "unclassifiable"


def _groups(rng: np.random.Generator, flow: Flow) -> list[str]:
    groups = (
        ["lost early"] * flow.early
        + ["lost late"] * flow.late
        + ["responder"] * flow.responders
        + ["non-responder"] * flow.others
    )
    return [groups[i] for i in rng.permutation(len(groups))]


def _course(group: str, nth: int) -> tuple[Sequence[float], bool]:
    """Return the EDSS changes and whether a relapse occurs."""
    if group == "responder":
        return _RESPONDER_COURSES[nth % len(_RESPONDER_COURSES)], False
    if group == "non-responder":
        return _OTHER_COURSES[nth % len(_OTHER_COURSES)]
    return (0.0,) * len(EDSS_VISITS), False


_ATTENDED = {"lost early": 2, "lost late": 3}


def enrol(rng: np.random.Generator, patients: int) -> tuple[Patient, ...]:
    """Enrol patients over 15 months and let their courses run.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the clinical course alone.
    patients : int
        At least 2.

    Returns
    -------
    tuple of Patient
        In the order of enrolment.
    """
    groups = _groups(rng, Flow.of(patients))
    enrolled = np.sort(rng.integers(0, ENROLMENT_DAYS + 1, patients))
    cmv = rng.permutation(np.arange(patients) < round(0.55 * patients))
    width = max(2, len(str(patients)))
    seen: dict[str, int] = {}
    result = []
    for i, group in enumerate(groups):
        nth = seen.get(group, 0)
        seen[group] = nth + 1
        change, relapse = _course(group, nth)
        start = START + dt.timedelta(days=int(enrolled[i]))
        attended = EDSS_VISITS[: _ATTENDED.get(group, len(EDSS_VISITS))]
        offsets = [
            day + int(rng.integers(-window, window + 1))
            for day, window in zip(_NOMINAL_DAYS, _WINDOW_DAYS, strict=True)
        ]
        edss0 = float(rng.choice(_BASELINE_EDSS))
        relapse_day = int(rng.integers(offsets[1] + 10, offsets[-1] - 20))
        result.append(
            Patient(
                name=f"P{i + 1:0{width}d}",
                group=group,
                cmv=bool(cmv[i]),
                age=int(np.clip(round(rng.normal(48, 8)), 25, 70)),
                dates={
                    visit: start + dt.timedelta(days=day)
                    for visit, day in zip(attended, offsets, strict=False)
                },
                edss={
                    visit: edss0 + delta
                    for visit, delta in zip(attended, change, strict=False)
                },
                relapses=(start + dt.timedelta(days=relapse_day),) if relapse else (),
            )
        )
    return tuple(result)
