"""A rule applied to every patient's clinical course."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from longate.clinical.courses import read_courses
from longate.clinical.response import Response
from longate.clinical.rules import needs_of, rule_of
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from longate.clinical.course import Decision, PatientCourse
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
) -> Response:
    """Label patients by a named response rule.

    Parameters
    ----------
    visits : DataFrame
        EDSS over visits: ``patient``, ``visit``, ``edss`` (0 to 10 in steps of
        0.5 without 0.5; empty where not assessed), ``date`` where relapses have
        dates or the rule confirms in time. Visits are ordered as an ordered
        categorical, as numbers, or as texts that differ in their numbers alone.
    relapses : DataFrame
        One row per relapse: ``patient``, and ``visit`` (the first visit after
        the relapse) or ``date``. An empty table says that there were none.
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

    Returns
    -------
    Response
        Its ``table`` has patient, label, reason, deciding_visit, rule.

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
    )
    return apply_rule(chosen, courses, landmark=landmark is not None)


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
    provenance = {
        "rule": rule.name,
        "source": rule.source,
        "visits": list(order.names),
        "order": order.basis,
        "input_sha256": digest.hexdigest(),
    }
    mark = order.names[0] if landmark else None
    if mark:
        provenance["landmark"] = mark
    table = _label(rule, courses)
    return Response(table, rule, order, tuple(derived_from), provenance, mark)


def _label(rule: ResponseRule, courses: Courses) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for patient in courses.patients:
        decision = rule.decide(courses.of(patient))
        rows.append(
            {
                "patient": patient,
                "label": decision.label,
                "reason": decision.reason,
                "deciding_visit": decision.visit,
                "rule": rule.name,
            }
        )
    # As objects, so that no deciding visit is None rather than NaN.
    return pd.DataFrame(rows, dtype=object)
