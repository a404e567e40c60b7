"""The same patients under several response rules: who flips, and what survives."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, Any

from longate._dates import DateRule
from longate._validation import table_of
from longate.clinical.confirmation import BETTER, WORSE
from longate.clinical.course import LABELS, NON_RESPONDER, RESPONDER, UNCLASSIFIABLE
from longate.clinical.courses import read_courses
from longate.clinical.labelling import apply_rule, reference_of
from longate.clinical.rules import RULES, needs_of, rule_of
from longate.exceptions import ClinicalError, LongateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from longate.clinical.response import Response

_ANOTHER = "asks for improvement, another question; name it in rules= to compare it"
_NUMBERS = ("estimate", "low", "high", "p")


@dataclass(frozen=True, eq=False, repr=False)
class RuleComparison:
    """Labels of the same patients by several rules.

    Attributes
    ----------
    table : DataFrame
        One row per patient: ``patient``, a column of labels for each rule, and
        ``flips`` (True where one rule says responder and another non-responder).
    counts : DataFrame
        One row per rule: ``rule``, the number of patients by label, ``statement``,
        ``source``.
    agreement : DataFrame
        One row per pair of rules: ``rule``, ``other``, ``n_both`` (patients whom
        both classify), ``n_agree``, ``agreement`` (their share), ``kappa``
        (Cohen's; empty where it is not defined).
    conclusions : DataFrame
        One row per rule: ``rule``, what `conclude` returned, ``survives``
        (whether it concludes as the first rule does), ``problem``. Empty without
        `conclude`.
    not_applied : dict
        For each registered rule that was not compared by default, why.
    responses : dict
        The :class:`Response` by each rule.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    agreement: pd.DataFrame
    conclusions: pd.DataFrame
    not_applied: Mapping[str, str]
    responses: Mapping[str, Response]

    @property
    def flipped(self) -> list[str]:
        """The patients whose label depends on the rule."""
        return list(self.table.loc[self.table["flips"], "patient"])

    def _sentences(self) -> list[str]:
        flipped = self.flipped
        who = f" ({', '.join(flipped)})" if flipped else ""
        found = [
            f"{len(flipped)} of {len(self.table)} patients are responders by one rule "
            f"and non-responders by another{who}"
        ]
        if len(self.conclusions):
            survives = self.conclusions["survives"]
            first, others = self.conclusions["rule"].iloc[0], survives.iloc[1:]
            kept, told = int((others == True).sum()), int(others.notna().sum())  # noqa: E712
            found.append(
                f"the conclusion under {first} is also that of {kept} of {told} other "
                f"rules; {len(others) - told} could not conclude"
            )
        found += [f"{name} not applied: it {why}" for name, why in self._left_out()]
        return found

    def _left_out(self) -> list[tuple[str, str]]:
        return list(self.not_applied.items())

    def __repr__(self) -> str:
        lines = "\n".join(self._sentences())
        return (
            f"RuleComparison · {len(self.responses)} rules\n{lines}\n"
            f"look at: .table .counts .agreement .conclusions .responses"
        )

    def _repr_html_(self) -> str:
        lines = "<br>".join(escape(line) for line in self._sentences())
        table = self.table.to_html(index=False, border=0)
        more = ""
        if len(self.conclusions):
            more = self.conclusions.to_html(index=False, border=0, na_rep="")
        return (
            f"<div><p><b>Response rules compared</b><br>{lines}</p>{table}{more}</div>"
        )


def compare_rules(
    visits: pd.DataFrame,
    relapses: pd.DataFrame,
    *,
    rules: Iterable[Any] | None = None,
    conclude: Callable[[Response], Any] | None = None,
    mri: pd.DataFrame | None = None,
    baseline: object = None,
    last_visit: object = None,
    landmark: object = None,
    patients: Iterable[object] | None = None,
    disposition: pd.DataFrame | None = None,
    visit_order: Sequence[object] | None = None,
    dayfirst: bool | None = None,
    date_format: str | None = None,
) -> RuleComparison:
    """Label the same patients by several rules and show where they differ.

    Parameters
    ----------
    visits, relapses, mri, baseline, last_visit, landmark, patients, disposition
        As in :func:`classify`.
    visit_order, dayfirst, date_format
        As in :func:`classify`.
    rules : iterable, optional
        Names, functions or rules; the first one is the one that the others are
        held against. By default every registered rule about worsening that the
        tables can serve; improvement is another question and must be named.
    conclude : callable, optional
        Takes a :class:`Response` and returns the conclusion under it: a result
        whose ``.table`` has a row with ``estimate``, ``low`` and ``high``, a
        mapping with these, or any value. What an interval concludes is the sign
        of the estimate where it excludes 0, and nothing shown where it does not;
        a conclusion survives where it is that of the first rule. Other values
        survive where they are equal.

    Returns
    -------
    RuleComparison
        Tables ``table``, ``counts``, ``agreement``, ``conclusions``.

    Raises
    ------
    ClinicalError
        If a table is malformed, or a rule that was asked for needs what the
        tables lack.

    References
    ----------
    Why rules matter: Kalincik et al. 2015, Brain 138:3287,
    doi:10.1093/brain/awv258. Cohen 1960, doi:10.1177/001316446002000104.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame(
    ...     {"patient": ["P1"] * 3 + ["P2"] * 3, "visit": ["m00", "m06", "m12"] * 2,
    ...      "edss": [5.5, 6.0, 6.0, 4.0, 4.0, 4.0],
    ...      "date": ["2010-01-01", "2010-07-01", "2011-01-01"] * 2}
    ... )
    >>> none = pd.DataFrame({"patient": [], "date": []})
    >>> compared = compare_rules(visits, none, rules=["expand", "cut55"])
    >>> compared.flipped
    ['P1']
    """
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
    asked = list(RULES) if rules is None else _listed_rules(rules)
    chosen = [rule_of(rule) for rule in asked]
    names = [rule.name for rule in chosen]
    if len(set(names)) < len(names):
        msg = f"rules= names a rule more than once: {', '.join(names)}"
        raise ClinicalError(msg)
    left_out = {}
    if rules is None:
        lacks = {
            rule.name: (
                _ANOTHER
                if _asks_for_improvement(rule)
                else courses.lacks(needs_of(rule))
            )
            for rule in chosen
        }
        left_out = {name: lack for name, lack in lacks.items() if lack}
        chosen = [rule for rule in chosen if rule.name not in left_out]
    marked = landmark is not None
    responses = {
        rule.name: apply_rule(rule, courses, landmark=marked) for rule in chosen
    }
    return RuleComparison(
        table=_wide(responses),
        counts=_counts(responses),
        agreement=_agreement(responses),
        conclusions=_conclusions(responses, conclude),
        not_applied=left_out,
        responses=responses,
    )


def _asks_for_improvement(rule: Any) -> bool:
    return getattr(rule, "direction", WORSE) == BETTER


def _listed_rules(rules: Iterable[Any]) -> list[Any]:
    found = [rules] if isinstance(rules, str) else list(rules)
    if len(found) < 2:
        msg = f"a comparison needs at least two rules, got {len(found)}"
        raise ClinicalError(msg)
    return found


def _wide(responses: Mapping[str, Response]) -> pd.DataFrame:
    import pandas as pd

    first = next(iter(responses.values())).table
    table = pd.DataFrame({"patient": first["patient"]})
    for name, response in responses.items():
        table[name] = response.table["label"]
    labels = table[list(responses)]
    table["flips"] = (labels == RESPONDER).any(axis=1) & (labels == NON_RESPONDER).any(
        axis=1
    )
    return table


def _counts(responses: Mapping[str, Response]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "rule": name,
            **{label: int(response.counts[label]) for label in LABELS},
            "statement": response.rule.statement,
            "source": response.rule.source,
        }
        for name, response in responses.items()
    ]
    return pd.DataFrame(rows)


def _agreement(responses: Mapping[str, Response]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for name, other in combinations(responses, 2):
        one, two = (responses[key].table["label"] for key in (name, other))
        both = (one != UNCLASSIFIABLE) & (two != UNCLASSIFIABLE)
        n = int(both.sum())
        agree = int((one[both] == two[both]).sum())
        chance = sum(
            float((one[both] == label).mean() * (two[both] == label).mean())
            for label in (RESPONDER, NON_RESPONDER)
        )
        defined = n > 0 and chance < 1
        rows.append(
            {
                "rule": name,
                "other": other,
                "n_both": n,
                "n_agree": agree,
                "agreement": agree / n if n else float("nan"),
                "kappa": (agree / n - chance) / (1 - chance)
                if defined
                else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def _conclusions(
    responses: Mapping[str, Response], conclude: Callable[[Response], Any] | None
) -> pd.DataFrame:
    import pandas as pd

    if conclude is None:
        return pd.DataFrame(columns=["rule", "survives", "problem"])
    rows: list[dict[str, Any]] = []
    for name, response in responses.items():
        row: dict[str, Any] = {"rule": name}
        try:
            row |= _facts(conclude(response))
            row["problem"] = None
        except LongateError as error:
            row["problem"] = str(error)
        rows.append(row)
    reference = rows[0]
    for row in rows:
        row["survives"] = _survives(row, reference)
    table = pd.DataFrame(rows)
    words = table["problem"].astype(object)
    # None, as elsewhere, where nothing went wrong.
    return table.assign(problem=words.where(words.notna(), None))


def _facts(found: Any) -> dict[str, Any]:
    """Bring a conclusion into columns."""
    if hasattr(found, "table"):
        table = table_of(found, "the conclusion", ClinicalError)
        if len(table) != 1:
            msg = (
                f"the conclusion has {len(table)} rows; let conclude return one "
                f"outcome, or a value of your own"
            )
            raise ClinicalError(msg)
        row = table.iloc[0]
        return {name: row[name] for name in _NUMBERS if name in table}
    if isinstance(found, dict):
        return dict(found)
    return {"conclusion": found}


def _survives(row: dict[str, Any], reference: dict[str, Any]) -> bool | None:
    """Return whether a rule concludes as the first one; None where one cannot."""
    if row["problem"] or reference["problem"]:
        return None
    if all(name in row and name in reference for name in ("estimate", "low", "high")):
        return _verdict(row) == _verdict(reference)
    ignored = {"rule", "problem", "survives"}
    one, two = (
        {name: value for name, value in facts.items() if name not in ignored}
        for facts in (row, reference)
    )
    return bool(one == two)


def _verdict(row: dict[str, Any]) -> int:
    """Return what an interval shows: 1 above 0, -1 below it, 0 neither."""
    if row["low"] <= 0 <= row["high"]:
        return 0
    return 1 if row["estimate"] > 0 else -1
