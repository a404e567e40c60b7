"""Who responded: every patient's label, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from longate._names import is_missing, warn_of_spelling
from longate._validation import listed, require_columns, table_of
from longate._visits import VisitOrder
from longate.clinical.course import LABELS, UNCLASSIFIABLE
from longate.clinical.given_labels import GivenLabels
from longate.clinical.rows import as_names, named_rows, require_present
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    landmark : str or None
        The visit after which the labels look; what was measured until then is
        no part of them.
    limits : tuple of str
        What a reader has to know: labels that rest on one unconfirmed rise of EDSS,
        what a confirmed rule says, names that differ in spelling alone.
    beside : Response or None
        The labels by a rule that asks for a confirmation, beside one that does not.
    """

    table: pd.DataFrame
    rule: ResponseRule
    visits: VisitOrder
    derived_from: tuple[str, ...]
    provenance: dict[str, Any]
    landmark: str | None = None
    limits: tuple[str, ...] = ()
    beside: Response | None = None

    @property
    def counts(self) -> pd.Series:
        """Number of patients by label, all three labels in their order."""
        return self.table["label"].value_counts().reindex(LABELS, fill_value=0)

    def methods(self) -> str:
        """Return a paragraph for a methods section: rule, source, visits, counts."""
        counts = ", ".join(f"{number} {label}" for label, number in self.counts.items())
        said = [
            f"Response was defined by {self.rule.name} ({self.rule.source}): "
            f"{self.rule.statement}",
            f"Visits: {self._looked_at()}",
            f"Of {len(self.table)} patients: {counts}",
            *(f"{limit[0].upper()}{limit[1:]}" for limit in self.limits),
        ]
        return " ".join(f"{text}." for text in said)

    def _sentence(self) -> str:
        parts = [f"{number} {label}" for label, number in self.counts.items()]
        return f"{len(self.table)} patients: {', '.join(parts)}"

    def _looked_at(self) -> str:
        if not self.visits.names:
            return self.visits.basis
        if self.landmark is None:
            return str(self.visits)
        return (
            f"{self.visits}; landmark {self.landmark}: the labels rest on later "
            f"EDSS and relapses alone"
        )

    def __repr__(self) -> str:
        return (
            f"Response · {self._sentence()}\n"
            f"rule {self.rule.name}: {self.rule.statement} ({self.rule.source})\n"
            f"visits: {self._looked_at()}\n"
            + "".join(f"- {limit}\n" for limit in self.limits)
            + "look at: .table .counts .rule .limits .beside"
        )

    def _repr_html_(self) -> str:
        columns = ["patient", "label", "reason", "deciding_visit"]
        table = self.table[columns].fillna("").to_html(index=False, border=0)
        return (
            f"<div><p><b>Response</b> · {escape(self._sentence())}<br>"
            f"rule <code>{escape(self.rule.name)}</code>: "
            f"{escape(self.rule.statement)} ({escape(self.rule.source)})<br>"
            f"visits: {escape(self._looked_at())}</p>"
            f"{self._limits_html()}{table}</div>"
        )

    def _limits_html(self) -> str:
        lines = "".join(f"<li>{escape(limit)}</li>" for limit in self.limits)
        return f"<ul>{lines}</ul>" if lines else ""

    @classmethod
    def from_table(
        cls,
        frame: object,
        *,
        column: str = "label",
        meaning: Mapping[object, str] | None = None,
        name: str = "given",
        derived_from: Sequence[str] = (),
    ) -> Response:
        """Take labels that were made elsewhere, for any disease.

        Parameters
        ----------
        frame : DataFrame, or an object with a ``.table``
            ``patient`` and the labels, one row per patient, or several rows
            that agree (a sample sheet); ``reason`` and ``deciding_visit`` are
            kept where present.
        column : str
            The column with the labels. Empty means unclassifiable.
        meaning : mapping, optional
            What the column's values mean, e.g. ``{"CR": "responder", "SD":
            "non-responder"}``; by default they are the labels themselves.
        name : str
            The id that results carry for this rule.
        derived_from : sequence of str
            The columns of which the labels were made, so that an analysis of one
            of them is known to be circular.

        Returns
        -------
        Response
            Its ``table`` has patient, label, reason, deciding_visit, rule.

        Raises
        ------
        ClinicalError
            If a column is missing, a value has no meaning, or rows of a patient
            disagree; rows are named.

        Examples
        --------
        >>> import pandas as pd
        >>> sheet = pd.DataFrame({"patient": ["A", "B"], "grade": [0, 3]})
        >>> meaning = {0: "responder", 3: "non-responder"}
        >>> response = Response.from_table(sheet, column="grade", meaning=meaning)
        >>> response.table["label"].tolist()
        ['responder', 'non-responder']
        """
        table = _given(frame, column, meaning, name)
        if isinstance(derived_from, str):
            derived_from = (derived_from,)
        rule = GivenLabels(name, column)
        order = VisitOrder((), "no visits were looked at: the labels were given")
        provenance = {"rule": name, "source": rule.source, "column": column}
        return cls(table, rule, order, tuple(derived_from), provenance)


def _given(
    frame: object, column: str, meaning: Mapping[object, str] | None, name: str
) -> pd.DataFrame:
    """Bring given labels into the form of a response's table."""
    import pandas as pd

    what = "the table of labels"
    source = table_of(frame, what, ClinicalError)
    require_columns(source, ["patient", column], what, ClinicalError)
    require_present(source, ["patient"], what)
    source = source.assign(**{column: source[column].map(_bare)})
    allowed = {label: label for label in LABELS} if meaning is None else dict(meaning)
    known = ~source[column].map(is_missing).astype(bool)
    strange = known & ~source[column].isin(list(allowed))
    wrong = [label for label in allowed.values() if label not in LABELS]
    if strange.any() or wrong:
        where = named_rows(source, strange, ["patient", column]) if not wrong else ""
        msg = (
            f"meaning= gives {listed(wrong)}, but labels are {listed(LABELS)}"
            if wrong
            else f"{column} has values without a meaning in {where}; known are "
            f"{listed(allowed)}; pass meaning={{value: label}} with the labels "
            f"{listed(LABELS)}"
        )
        raise ClinicalError(msg)
    table = pd.DataFrame(
        {
            "patient": as_names(source, "patient", what),
            "label": source[column].map(allowed).where(known, UNCLASSIFIABLE),
            "reason": _reasons(source, column, known),
            "deciding_visit": source.get("deciding_visit"),
            "rule": name,
        }
    ).drop_duplicates()
    torn = table.duplicated("patient", keep=False)
    if torn.any():
        rows = named_rows(table, torn, ["patient", "label"])
        msg = f"{what} says more than one thing about a patient: {rows}"
        raise ClinicalError(msg)
    warn_of_spelling(table["patient"], "patient", what, stacklevel=4)
    # As objects, so that no deciding visit is None rather than NaN.
    found = table.reset_index(drop=True).astype(object)
    return found.where(found.notna(), None)


def _bare(value: object) -> object:
    """Return a label without outer blanks; other values as they are."""
    return value.strip() if isinstance(value, str) else value


def _reasons(source: pd.DataFrame, column: str, known: pd.Series) -> pd.Series:
    if "reason" in source:
        return source["reason"]
    words = f"{column} is " + source[column].astype(str)
    return words.where(known, f"{column} is empty")
