"""Labels of patients against the patients of the data: one rule for all functions."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from longate._names import (
    is_missing,
    require_names,
    unmatched_names,
    unmatched_words,
)
from longate._validation import one_of, require_columns, table_of
from longate.exceptions import NameWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from longate.exceptions import LongateError

UNCLASSIFIABLE = "unclassifiable"
UNMATCHED = ("error", "drop")


def unmatched_limits(
    labels: Mapping[str, str],
    patients: Iterable[str],
    *,
    what: str,
    error: type[LongateError],
    unmatched: str = "error",
    stacklevel: int = 3,
) -> list[str]:
    """Return sentences that name the patients of the labels or of the data alone.

    Every patient of the data needs a label, and every labelled patient a row of the
    data. An unclassifiable patient enters no comparison and may lack data.

    Parameters
    ----------
    labels : mapping of str to str
        Label of each patient; names as :func:`longate._names.name_of` writes them.
    patients : iterable of str
        The patients of the data.
    what : str
        The data, for messages.
    error : type
        The exception to raise.
    unmatched : {"error", "drop"}
        Whether patients that do not match are an error, or named and left out.
    stacklevel : int
        Of the warning.

    Raises
    ------
    LongateError
        Of type `error`, if patients do not match and `unmatched` is "error".

    Warns
    -----
    NameWarning
        If patients are left out.
    """
    one_of("unmatched", unmatched, UNMATCHED, error)
    seen = list(dict.fromkeys(patients))
    decided = [name for name, label in labels.items() if label != UNCLASSIFIABLE]
    parts = []
    for given, known, words in (
        (seen, list(labels), f"no label for the patient(s) of {what}"),
        (decided, seen, f"no row of {what} for the labelled patient(s)"),
    ):
        lost = unmatched_names(given, known)
        if lost:
            parts.append(f"{words} {unmatched_words(lost, known)}")
    if parts and unmatched == "error":
        msg = (
            f"the labels do not match the patients of {what}: {'; '.join(parts)}. "
            f"Write the names alike, or pass unmatched='drop' to leave these patients "
            f"out and name them in the limits"
        )
        raise error(msg)
    limits = [f"left out as unmatched: {part}" for part in parts]
    if limits:
        warnings.warn("; ".join(limits), NameWarning, stacklevel=stacklevel + 1)
    return limits


def labels_by_patient(
    response: object, what: str, error: type[LongateError]
) -> dict[str, str]:
    """Return the label of each patient; who has none is left out.

    Raises
    ------
    LongateError
        Of type `error`, if a column is missing, or a patient has two labels.
    """
    frame = table_of(response, what, error)
    require_columns(frame, ["patient", "label"], what, error)
    names = require_names(frame, ["patient"], what, error)["patient"]
    found: dict[str, str] = {}
    for name, label in zip(names, frame["label"], strict=True):
        if is_missing(label):
            continue
        text = str(label).strip()
        if found.setdefault(name, text) != text:
            msg = f"{what}: patient {name!r} has two labels: {found[name]!r}, {text!r}"
            raise error(msg)
    return found
