"""Who responded: a rule applied to every patient's clinical course."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate._visits import VisitOrder, visit_name
from longate.clinical.course import LABELS, PatientCourse
from longate.clinical.edss import edss_series
from longate.clinical.relapses import relapse_list, relapse_visits
from longate.clinical.rules import rule_named
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from longate.clinical.rules import ResponseRule


@dataclass(frozen=True, eq=False, repr=False)
class Response:
    """Every patient's label by one named rule, with the reason.

    Attributes
    ----------
    table : DataFrame
        One row per patient: ``patient``, ``label`` (responder, non-responder or
        unclassifiable), ``reason``, ``deciding_visit`` (empty where nothing
        decided), ``rule`` (its name).
    rule : ResponseRule
        The rule, with its statement and source.
    visits : VisitOrder
        The visits that were looked at, and on what their order rests.
    derived_from : tuple of str
        What the labels were made of; an analysis of one of these by these labels
        would be circular.
    provenance : dict
        Rule, visits, and a hash of what was read.
    """

    table: pd.DataFrame
    rule: ResponseRule
    visits: VisitOrder
    derived_from: tuple[str, ...]
    provenance: dict[str, Any]

    @property
    def counts(self) -> pd.Series:
        """Number of patients by label, all three labels in their order."""
        return self.table["label"].value_counts().reindex(LABELS, fill_value=0)

    def _sentence(self) -> str:
        parts = [f"{number} {label}" for label, number in self.counts.items()]
        return f"{len(self.table)} patients: {', '.join(parts)}"

    def __repr__(self) -> str:
        return (
            f"Response · {self._sentence()}\n"
            f"rule {self.rule.name}: {self.rule.statement} ({self.rule.source})\n"
            f"visits: {self.visits}\n"
            f"look at: .table .counts .rule"
        )

    def _repr_html_(self) -> str:
        columns = ["patient", "label", "reason", "deciding_visit"]
        table = self.table[columns].fillna("").to_html(index=False, border=0)
        return (
            f"<div><p><b>Response</b> · {escape(self._sentence())}<br>"
            f"rule <code>{escape(self.rule.name)}</code>: "
            f"{escape(self.rule.statement)} ({escape(self.rule.source)})<br>"
            f"visits: {escape(str(self.visits))}</p>{table}</div>"
        )


def classify(
    visits: pd.DataFrame,
    relapses: pd.DataFrame,
    *,
    rule: str | ResponseRule = "chanvillard2012",
    baseline: object = None,
    last_visit: object = None,
    patients: Iterable[object] | None = None,
) -> Response:
    """Label patients by a named response rule.

    Parameters
    ----------
    visits : DataFrame
        EDSS over visits: ``patient``, ``visit``, ``edss`` (0 to 10 in steps of
        0.5 without 0.5; empty where not assessed), ``date`` where relapses have
        dates. Visits are ordered as an ordered categorical, as numbers, or as
        texts that differ in their numbers alone.
    relapses : DataFrame
        One row per relapse: ``patient``, and ``visit`` (the first visit after
        the relapse) or ``date``. An empty table says that there were none.
    rule : str or ResponseRule
        A name in ``longate.clinical.RULES``, or a rule of your own.
    baseline, last_visit : visit, optional
        The first and the last visit that count; by default the first and the
        last of the order.
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
        If a table is malformed or contradicts the other; rows are named.

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
    chosen = rule_named(rule) if isinstance(rule, str) else rule
    series, order = edss_series(visits)
    order = _window(order, baseline, last_visit)
    enrolled = _enrolled(series, patients)
    events = relapse_list(relapses, patients=enrolled, order=_every(series, order))
    table = _label(chosen, series, events, order, enrolled)
    digest = hashlib.sha256()
    for part in (series, events):
        digest.update(part.to_csv(index=False).encode())
    provenance = {
        "rule": chosen.name,
        "source": chosen.source,
        "visits": list(order.names),
        "order": order.basis,
        "input_sha256": digest.hexdigest(),
    }
    return Response(table, chosen, order, ("edss", "relapses"), provenance)


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
        name = default if given is None else visit_name(given)
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
    enrolled = list(dict.fromkeys(visit_name(patient) for patient in patients))
    strangers = [patient for patient in seen if patient not in enrolled]
    if strangers:
        msg = (
            f"the EDSS table has patients who are not in patients=: "
            f"{listed(strangers)}{suggest(strangers[0], enrolled)}"
        )
        raise ClinicalError(msg)
    return enrolled


def _label(
    rule: ResponseRule,
    series: pd.DataFrame,
    events: pd.DataFrame,
    order: VisitOrder,
    enrolled: list[str],
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for patient in enrolled:
        course = _course(
            patient,
            series[series["patient"] == patient].set_index("visit"),
            events[events["patient"] == patient],
            order,
        )
        decision = rule.decide(course)
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


def _course(
    patient: str, own: pd.DataFrame, events: pd.DataFrame, order: VisitOrder
) -> PatientCourse:
    """Collect one patient's course within the window of visits."""
    baseline = order.names[0]
    unplaced = 0
    if baseline not in own.index:
        dated = events["visit"].isna()
        unplaced = int(dated.sum())
        events = events[~dated]
    scores = own["edss"].dropna()
    return PatientCourse(
        patient=patient,
        visits=order.names,
        edss={visit: float(scores[visit]) for visit in order.names if visit in scores},
        relapses=tuple(relapse_visits(events, own["date"], order, baseline)),
        unplaced_relapses=unplaced,
    )
