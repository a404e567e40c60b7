"""A rule applied to every patient's clinical course."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from longate._dates import DateRule
from longate.clinical.course import (
    NON_RESPONDER,
    RESPONDER,
    UNCLASSIFIABLE,
    Decision,
)
from longate.clinical.courses import read_courses
from longate.clinical.response import Response
from longate.clinical.rules import needs_of, rule_of
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from longate.clinical.course import PatientCourse
    from longate.clinical.courses import Courses
    from longate.clinical.rules import ResponseRule


def classify(
    visits: pd.DataFrame,
    relapses: pd.DataFrame,
    *,
    rule: str | ResponseRule | Callable[[PatientCourse], Decision | str] = (
        "chanvillard2012"
    ),
    mri: pd.DataFrame | None = None,
    baseline: object = None,
    last_visit: object = None,
    landmark: object = None,
    patients: Iterable[object] | None = None,
    disposition: pd.DataFrame | None = None,
    visit_order: Sequence[object] | None = None,
    dayfirst: bool | None = None,
    date_format: str | None = None,
) -> Response:
    """Label patients by a named response rule.

    Parameters
    ----------
    visits : DataFrame
        EDSS over visits: ``patient``, ``visit``, ``edss`` (0 to 10 in steps of
        0.5 without 0.5; empty where not assessed), ``date`` where relapses have
        dates or the rule confirms in time.
    relapses : DataFrame
        One row per relapse: ``patient``, and ``visit`` (the first visit after
        the relapse) or ``date``. An empty table says that there were none. A month
        (2010-05) or year is an interval: it decides where each of its days gives the
        same label.
    rule : str, function or ResponseRule
        A name in ``longate.clinical.RULES``; a function that takes a
        :class:`PatientCourse` and returns a label or a :class:`Decision`; or a
        rule of your own.
    mri : DataFrame, optional
        ``patient``, ``visit`` and counts ``new_t2`` (new or enlarging T2
        lesions), ``gd`` (enhancing lesions) or both, for rules that read them.
    baseline, last_visit : visit, optional
        The first and the last visit that count; by default the first and the
        last of the order. Visits after the last one neither count nor confirm.
    landmark : visit, optional
        A visit whose EDSS is the reference, so that the labels rest on what came
        later alone; measurements until then may be said to precede them. It
        takes the place of `baseline`.
    patients : iterable, optional
        Everyone enrolled, so that patients without any visit are labelled too
        (unclassifiable).
    disposition : DataFrame, optional
        Who stopped the treatment: ``patient``, ``reason`` (a term such as
        "progression", "adverse event", "lost to follow-up"), ``last_dose``,
        ``stop_date``. Whom the rule cannot decide and who stopped for progression or
        lack of efficacy by the last visit is a non-responder.
    visit_order : sequence of visits, optional
        Every visit, first to last. By default that of an ordered categorical, of the
        numbers in the names where nothing else differs, or of the dates; never that
        of the alphabet.
    dayfirst : bool, optional
        How 05.09.2010 is read; without it such dates are refused.
    date_format : str, optional
        The form of all other dates, such as ``"%d %b %Y"`` or ``"excel"``.

    Returns
    -------
    Response
        Its ``table`` has patient, label, reason, deciding_visit, rule. Beside a rule
        that takes a rise of EDSS without confirmation, ``beside`` holds the labels by
        one that confirms; ``limits`` says how many labels rest on such a rise.

    Raises
    ------
    ClinicalError
        If a table is malformed or contradicts the other, or lacks what the rule
        needs (dates, MRI); rows are named.

    References
    ----------
    Chanvillard et al. 2012, PLoS One 7:e39625, doi:10.1371/journal.pone.0039625.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame(
    ...     {"patient": ["P1", "P1", "P2", "P2", "P3"],
    ...      "visit": ["m00", "m12", "m00", "m12", "m00"],
    ...      "edss": [4.0, 4.0, 5.5, 6.0, 5.0]}
    ... )
    >>> none = pd.DataFrame({"patient": [], "visit": []})
    >>> response = classify(visits, none)
    >>> response.table["label"].tolist()
    ['responder', 'non-responder', 'unclassifiable']
    """
    chosen = rule_of(rule)
    courses = read_courses(
        visits,
        relapses,
        mri=mri,
        baseline=reference_of(baseline, landmark),
        last_visit=last_visit,
        patients=patients,
        disposition=disposition,
        visit_order=visit_order,
        dates=DateRule(dayfirst, date_format),
    )
    return with_confirmed(chosen, courses, landmark=landmark is not None)


def with_confirmed(
    rule: ResponseRule, courses: Courses, *, landmark: bool = False
) -> Response:
    """Label every patient by a rule, and by a confirmed one beside it.

    Raises
    ------
    ClinicalError
        If the tables lack what the rule itself needs.
    """
    found = apply_rule(rule, courses, landmark=landmark)
    name = getattr(rule, "confirmed_by", None)
    if name is None:
        return found
    other = rule_of(name)
    lack = courses.lacks(needs_of(other))
    if lack:
        words = (
            f"no rule with a confirmation is shown beside {rule.name}: {name} {lack}"
        )
        return replace(found, limits=(*found.limits, words))
    beside = apply_rule(other, courses, landmark=landmark)
    words = _differences(found, beside)
    return replace(found, beside=beside, limits=(*found.limits, words))


def _differences(found: Response, beside: Response) -> str:
    """Return in a sentence whose labels a confirmed rule changes."""
    pairs = zip(
        found.table["patient"],
        found.table["label"],
        beside.table["label"],
        strict=True,
    )
    other = [f"{name} ({label})" for name, own, label in pairs if own != label]
    counts = ", ".join(f"{number} {label}" for label, number in beside.counts.items())
    moved = f"another label for {', '.join(other)}" if other else "the same labels"
    name = beside.rule.name
    return f"by {name}, which asks for a confirmation of EDSS: {counts}; {moved}"


def reference_of(baseline: object, landmark: object) -> object:
    """Return the reference visit: the landmark where there is one.

    Raises
    ------
    ClinicalError
        If both are given.
    """
    if landmark is not None and baseline is not None:
        msg = (
            f"landmark={landmark!r} is the reference visit and takes the place of "
            f"baseline={baseline!r}; pass one of them"
        )
        raise ClinicalError(msg)
    return baseline if landmark is None else landmark


def apply_rule(
    rule: ResponseRule, courses: Courses, *, landmark: bool = False
) -> Response:
    """Label every patient by a rule.

    Raises
    ------
    ClinicalError
        If the tables lack what the rule needs.
    """
    needs = needs_of(rule)
    lack = courses.lacks(needs)
    if lack:
        msg = f"the rule {rule.name!r} {lack}"
        raise ClinicalError(msg)
    parts = [courses.edss, courses.relapses]
    derived_from = ["edss", "relapses"]
    if "mri" in needs and courses.mri is not None:
        parts.append(courses.mri)
        derived_from += ["mri", "new_t2", "gd"]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.to_csv(index=False).encode())
    order = courses.order
    provenance: dict[str, Any] = {
        "rule": rule.name,
        "source": rule.source,
        "visits": list(order.names),
        "order": order.basis,
        "input_sha256": digest.hexdigest(),
    }
    if courses.stops is not None:
        derived_from.append("disposition")
        provenance["disposition"] = {
            patient: str(stop) for patient, stop in courses.stops.items()
        }
    mark = order.names[0] if landmark else None
    if mark:
        provenance["landmark"] = mark
    decisions = {
        patient: _decide(rule, courses, patient) for patient in courses.patients
    }
    limits = (*courses.notes, *_limits(decisions, courses))
    table = _table(rule, decisions)
    sources = tuple(derived_from)
    return Response(table, rule, order, sources, provenance, mark, limits)


def _decide(rule: ResponseRule, courses: Courses, patient: str) -> Decision:
    """Label one patient; a partial date decides where all its days agree."""
    decisions = [rule.decide(course) for course in courses.of(patient)]
    found = decisions[0]
    labels = list(dict.fromkeys(decision.label for decision in decisions))
    if len(labels) > 1:
        partial = " and ".join(courses.partial_dates(patient))
        reason = f"{' or '.join(labels)}, depending on the day of {partial}"
        found = Decision(UNCLASSIFIABLE, reason)
    stop = courses.stopped(patient)
    if stop is None:
        return found
    if found.label == UNCLASSIFIABLE and stop.failed:
        return Decision(NON_RESPONDER, f"{stop}; {found.reason}", found.visit)
    return replace(found, reason=f"{found.reason}; {stop}")


def _limits(decisions: Mapping[str, Decision], courses: Courses) -> list[str]:
    """Say which labels rest on little, and which contradict the disposition."""
    rises = [name for name, decision in decisions.items() if decision.unconfirmed]
    once = [name for name, decision in decisions.items() if decision.seen_once]
    failed = [d for d in decisions.values() if d.label == NON_RESPONDER]
    said = []
    if rises:
        more = (
            f"; of {', '.join(once)} no later visit shows it again, and no relapse came"
            if once
            else ""
        )
        said.append(
            f"{len(rises)} of {len(failed)} non-responders ({', '.join(rises)}) rest "
            f"on one unconfirmed rise of EDSS{more}"
        )
    for name, decision in decisions.items():
        stop = courses.stopped(name)
        if stop is not None and stop.failed and decision.label == RESPONDER:
            said.append(
                f"{name} is a responder by the rule, but {stop}: the rule did not "
                f"see it"
            )
    return said


def _table(rule: ResponseRule, decisions: Mapping[str, Decision]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "patient": patient,
            "label": decision.label,
            "reason": decision.reason,
            "deciding_visit": decision.visit,
            "rule": rule.name,
        }
        for patient, decision in decisions.items()
    ]
    # As objects, so that no deciding visit is None rather than NaN.
    return pd.DataFrame(rows, dtype=object)
