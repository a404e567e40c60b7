"""Names of patients, visits, tubes, lots and samples: one normalisation.

Names are text. Before two are compared, each is brought to Unicode NFC, loses its
outer blanks (non-breaking and zero-width ones included) and, where it is a number,
its ``.0`` (6.0 is ``6``, and so is the text ``6.0`` that pandas writes for it).
Nothing else is changed: ``007`` is not ``7``, and ``p01`` is not ``P01``. Names that
differ in case, leading zeros, blanks or punctuation alone are a suspected pair: they
are never joined, and the user is told of both.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from datetime import date, time
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.exceptions import NameWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from longate.exceptions import LongateError

# str.strip() knows the non-breaking blanks, but not those without width.
_NO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_OUTER = re.compile(rf"^[\s{_NO_WIDTH}\x00]+|[\s{_NO_WIDTH}\x00]+$")
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
_POWER = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
# A sign before a number (day -1) or after a marker (CD3-), a point within a number.
_PIECES = re.compile(
    r"(?<![^\s_(])-(?=\d)|(?<=\w)[-+](?!\w)|(?<=\d)[.,](?=\d)|\d+|[^\W\d_]+"
)


def name_of(value: Any) -> str:
    """Return a name as text, normalised; see the module for the rule.

    Parameters
    ----------
    value : object
        What a cell holds; not missing (see :func:`is_missing`).

    Returns
    -------
    str
        Empty where the cell holds nothing but blanks.
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = _OUTER.sub("", text)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def is_missing(value: Any) -> bool:
    """Return whether a cell holds no name: None, NaN, NaT, NA or blanks alone."""
    if isinstance(value, str):
        return not _OUTER.sub("", value)
    import pandas as pd

    if value is None or value is pd.NA:
        return True
    try:
        return bool(value != value)  # NaN and NaT differ from themselves
    except (TypeError, ValueError):
        return False  # a table or an array is no missing cell


def names_of(column: pd.Series) -> pd.Series:
    """Return a column of names normalised, as objects; None where there is none."""
    import pandas as pd

    known: dict[Any, str | None] = {}
    found: list[str | None] = []
    for value in column.tolist():
        key = (type(value), value)
        if key not in known:
            known[key] = None if is_missing(value) else name_of(value)
        found.append(known[key])
    return pd.Series(found, index=column.index, dtype=object, name=column.name)


def spoilt_by_spreadsheet(value: Any) -> str | None:
    """Say what a spreadsheet made of an id, or None where it left it alone.

    ``1E5`` becomes 100000 and ``3-5`` the 5th of March; what was typed is lost.
    """
    if isinstance(value, date | time) or type(value).__name__ == "datetime64":
        return "a date"
    if isinstance(value, str) and _POWER.fullmatch(_OUTER.sub("", value)):
        return "a number with a power of ten"
    return None


def likeness(name: str) -> str:
    """Return what is left of a name without case, leading zeros, blanks, punctuation.

    Two names of one likeness are a suspected pair. Signs of numbers and of markers and
    the point within a number are no mere punctuation: ``day -1`` is not like ``day 1``,
    ``CD3-`` not like ``CD3+``, and ``1.5`` not like ``15``.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    pieces: list[str] = []
    for piece in _PIECES.findall(folded):
        before = pieces[-1] if pieces else ""
        if not piece.isdigit():
            pieces.append("." if piece == "," else piece)
        elif before == ".":
            fraction = piece.rstrip("0")
            pieces[-1:] = [".", fraction] if fraction else []
        else:
            # Two numbers stay two: 1-2 is not like 12.
            pieces += ["|"] * before.isdigit() + [piece.lstrip("0") or "0"]
    return "".join(pieces)


def suspected_pairs(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of names that differ in spelling alone, in their order."""
    alike: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if name:
            alike.setdefault(likeness(name), []).append(name)
    return [tuple(group) for group in alike.values() if len(group) > 1]


def spelling_notes(names: Iterable[str], column: str, what: str) -> list[str]:
    """Return a sentence for each suspected pair of one column."""
    return [
        f"{column} {listed(pair)} of {what} differ in case, zeros, blanks or "
        f"punctuation alone and are kept apart; write them alike if they are one "
        f"{column}"
        for pair in suspected_pairs(names)
    ]


def warn_of_spelling(
    names: Iterable[str], column: str, what: str, *, stacklevel: int = 3
) -> list[str]:
    """Warn of suspected pairs in one column, and return the sentences.

    Warns
    -----
    NameWarning
        Once, naming every pair.
    """
    notes = spelling_notes(names, column, what)
    if notes:
        warnings.warn("; ".join(notes), NameWarning, stacklevel=stacklevel)
    return notes


def counterpart(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that differs from `name` in spelling alone, or None."""
    own = likeness(name)
    return next((one for one in known if one != name and likeness(one) == own), None)


def unmatched_names(
    given: Iterable[str], known: Iterable[str]
) -> dict[str, str | None]:
    """Return the given names that are not known, each with its suspected counterpart.

    Parameters
    ----------
    given, known : iterable of str
        Names as :func:`name_of` returns them.
    """
    has = list(dict.fromkeys(known))
    alike: Mapping[str, str] = {likeness(name): name for name in reversed(has)}
    known_names = set(has)
    return {
        name: alike.get(likeness(name))
        for name in dict.fromkeys(given)
        if name not in known_names
    }


def unmatched_words(unmatched: Mapping[str, str | None], known: Sequence[str]) -> str:
    """Return the unmatched names for a message, each with what it may have meant.

    ``'01' (differs in spelling alone from '1'), 'P9'; did you mean 'P09'?``
    """
    parts = [
        f"{name!r} (like {pair!r}, but for case, zeros, blanks or punctuation)"
        if pair
        else repr(name)
        for name, pair in unmatched.items()
    ]
    shown = ", ".join(parts[:8])
    if len(parts) > 8:
        shown += f" and {len(parts) - 8} more"
    lonely = [name for name, pair in unmatched.items() if not pair]
    return shown + (suggest(lonely[0], known) if lonely and len(parts) == 1 else "")


def require_names(
    frame: pd.DataFrame,
    columns: Iterable[str],
    what: str,
    error: type[LongateError],
    *,
    rows: Sequence[object] | None = None,
) -> pd.DataFrame:
    """Return the columns as normalised names, or raise naming the rows.

    Parameters
    ----------
    frame : DataFrame
        Holds `columns`.
    columns : iterable of str
        Columns of names, each of which every row needs.
    what : str
        The table, for messages.
    error : type
        The exception to raise.
    rows : sequence, optional
        What the rows are called; by default the frame's index.

    Returns
    -------
    DataFrame
        The columns alone, as objects, on the frame's index.

    Raises
    ------
    LongateError
        If a cell is empty, or holds what a spreadsheet made of an id.
    """
    import pandas as pd

    labels = list(frame.index if rows is None else rows)
    found = {}
    for column in columns:
        values = frame[column].tolist()
        names = names_of(frame[column])
        empty = [at for at, name in zip(labels, names, strict=True) if name is None]
        if empty:
            msg = (
                f"{what} has no {column} in row(s) {listed(empty)}; every row needs one"
            )
            raise error(msg)
        spoilt = [
            f"row {at}: {str(value)!r} is {made}"
            for at, value in zip(labels, values, strict=True)
            if (made := spoilt_by_spreadsheet(value))
        ]
        if spoilt:
            msg = (
                f"{what} has a {column} that a spreadsheet changed "
                f"({'; '.join(spoilt[:5])}); format the column as text and type the "
                f"{column} again"
            )
            raise error(msg)
        found[column] = names
    return pd.DataFrame(found, index=frame.index, dtype=object)
