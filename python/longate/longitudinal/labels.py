"""Patients' labels, whichever way they come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from longate._label_matching import UNMATCHED, unmatched_limits
from longate._names import (
    is_missing,
    require_names,
    warn_of_spelling,
)
from longate._validation import listed, one_of, require_columns, suggest, table_of
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESPONDER = "responder"
NON_RESPONDER = "non-responder"
UNCLASSIFIABLE = "unclassifiable"
LABELS = (RESPONDER, NON_RESPONDER, UNCLASSIFIABLE)
_NO_LABELS = "ignore"
_NAMELESS = "a rule without a name"


@dataclass(frozen=True)
class Labels:
    """Every labelled patient, and where the labels come from.

    Attributes
    ----------
    by_patient : mapping of str to str
        Label of each patient.
    rule : str
        The rule's name, or words that say that it has none.
    derived_from : tuple of str
        What the labels were made of, as far as they say.
    unmatched : {"error", "drop"}
        What to do with patients of the labels alone, or of the data alone.
    limits : tuple of str
        Sentences that name the patients who were dropped as unmatched, and names
        that differ in spelling alone.
    """

    by_patient: Mapping[str, str]
    rule: str
    derived_from: tuple[str, ...]
    unmatched: str = "error"
    limits: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Labels:
        """Return no labels, for analyses that compare no groups."""
        return cls({}, "no labels", (), _NO_LABELS)

    def patients(self, label: str) -> list[str]:
        """Return the patients with one label."""
        return [name for name, own in self.by_patient.items() if own == label]


def read_labels(response: object, *, unmatched: str = "error") -> Labels:
    """Read labels from a frame or from a result with a ``.table``.

    Parameters
    ----------
    response : DataFrame, or an object with a ``.table``
        ``patient`` and ``label``.
    unmatched : {"error", "drop"}
        Kept for :func:`match_labels`.

    Raises
    ------
    DesignError
        If a column is missing, a patient is repeated, or a label is unknown.
    """
    one_of("unmatched", unmatched, UNMATCHED, DesignError)
    what = "the response"
    frame = table_of(response, what, DesignError)
    require_columns(frame, ["patient", "label"], what, DesignError)
    unlabelled = frame["patient"].map(is_missing) | frame["label"].map(is_missing)
    if unlabelled.any():
        msg = (
            f"the response has no patient or no label in row(s) "
            f"{listed(frame.index[unlabelled])}; a patient whom the rule cannot "
            f"decide is {UNCLASSIFIABLE!r}"
        )
        raise DesignError(msg)
    patients = require_names(frame, ["patient"], what, DesignError)["patient"]
    repeated = patients[patients.duplicated()]
    if len(repeated):
        msg = f"the response labels {listed(dict.fromkeys(repeated))} more than once"
        raise DesignError(msg)
    labels = frame["label"].astype(str).str.strip()
    for label in dict.fromkeys(labels):
        if label not in LABELS:
            msg = (
                f"the response has the label {label!r}; allowed are {listed(LABELS)}"
                f"{suggest(str(label), LABELS)}. Other words are given a meaning by "
                f"Response.from_table(table, meaning={{{label!r}: 'responder', ...}})"
            )
            raise DesignError(msg)
    by_patient = dict(zip(patients, labels, strict=True))
    rule, sources = _rule(response, frame), _sources(response, frame)
    return Labels(by_patient, rule, sources, unmatched)


def match_labels(
    labels: Labels, patients: Iterable[str], what: str = "the data"
) -> Labels:
    """Match labels with the patients of the data.

    Every patient of the data needs a label, and every responder and non-responder a
    row of the data. An unclassifiable patient enters no comparison and may lack data.

    Parameters
    ----------
    labels : Labels
        As read; its `unmatched` says what to do with the others.
    patients : iterable of str
        The patients of the data, as :func:`longate._names.name_of` writes them.
    what : str
        The data, for messages.

    Returns
    -------
    Labels
        The same labels, and `limits` that name the patients who did not match.

    Raises
    ------
    DesignError
        If patients do not match and `unmatched` is "error".

    Warns
    -----
    NameWarning
        If patients were dropped, or names differ in spelling alone.
    """
    seen = list(dict.fromkeys(patients))
    limits = []
    if labels.unmatched != _NO_LABELS:
        limits = unmatched_limits(
            labels.by_patient,
            seen,
            what=what,
            error=DesignError,
            unmatched=labels.unmatched,
            stacklevel=4,
        )
    pairs = warn_of_spelling(seen, "patient", what, stacklevel=5)
    found = tuple(dict.fromkeys([*labels.limits, *limits, *pairs]))
    return replace(labels, limits=found)


def with_spelling(
    labels: Labels, columns: Mapping[str, Iterable[str]], what: str
) -> Labels:
    """Return labels whose limits name what differs in spelling alone in the data.

    Warns
    -----
    NameWarning
        If there are such names.
    """
    notes = [
        note
        for column, names in columns.items()
        for note in warn_of_spelling(names, column, what, stacklevel=5)
    ]
    return replace(labels, limits=(*labels.limits, *notes)) if notes else labels


def _rule(response: object, frame: object) -> str:
    name = getattr(getattr(response, "rule", None), "name", None)
    if isinstance(name, str):
        return name
    if "rule" in frame:  # type: ignore[operator]
        names = list(dict.fromkeys(frame["rule"].dropna().astype(str)))  # type: ignore[index]
        return " and ".join(names) or _NAMELESS
    return _NAMELESS


def _sources(response: object, frame: object) -> tuple[str, ...]:
    declared = getattr(response, "derived_from", None)
    if declared is None:
        declared = getattr(frame, "attrs", {}).get("derived_from", ())
    return (declared,) if isinstance(declared, str) else tuple(map(str, declared))


def refuse_circular(labels: Labels, columns: Iterable[str], circular: str) -> bool:
    """Refuse labels that were made of the values to be analysed.

    Returns
    -------
    bool
        True where the analysis is circular and was allowed.

    Raises
    ------
    DesignError
        If a column is among what the labels derive from.
    """
    one_of("circular", circular, ("refused", "allowed"), DesignError)
    sources = {name.casefold() for name in labels.derived_from}
    shared = [column for column in columns if column.casefold() in sources]
    if shared and circular == "refused":
        msg = (
            f"the response ({labels.rule}) was derived from {listed(shared)}, so "
            f"testing {listed(shared)} against it is circular: a difference is "
            f"built in. Analyse another value, or pass circular='allowed' to "
            f"describe it, which the result will say"
        )
        raise DesignError(msg)
    return bool(shared)
