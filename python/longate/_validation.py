"""Checks that name the argument, what was found, and what would be right."""

from __future__ import annotations

import difflib
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from longate.exceptions import LongateError


def unmasked(values: Any) -> Any:
    """Return values as they are, or with NaN where a masked array hides them."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype(np.float64), np.nan)
    return values


_MOST_QUOTED = 200
_MOST_COMPARED = 5000


def suggest(name: str, candidates: Iterable[str]) -> str:
    """Return ``"; did you mean 'CD56'?"`` for near names, or an empty string.

    Parameters
    ----------
    name : str
        What the user wrote.
    candidates : iterable of str
        What would have been understood.

    Returns
    -------
    str
        A clause that starts with ``"; "``, listing at most three near names.
    """
    if len(name) > _MOST_QUOTED:
        return ""
    folded: dict[str, str] = {}
    # Comparing takes the product of the lengths: long names, and those behind many
    # others, are no slips of the pen.
    for candidate in islice(candidates, _MOST_COMPARED):
        if len(candidate) <= _MOST_QUOTED:
            folded.setdefault(candidate.casefold(), candidate)
    wanted = name.casefold()
    near = difflib.get_close_matches(wanted, folded, n=3, cutoff=0.5)
    if not near:
        return ""
    # CD65 for CD56 is two digits turned, a likelier slip than any other digit.
    near.sort(key=lambda candidate: sorted(candidate) != sorted(wanted))
    return "; did you mean " + " or ".join(repr(folded[key]) for key in near) + "?"


def cut(text: str) -> str:
    """Return a text in quotes, at most 200 characters of it."""
    return repr(text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}...")


def listed(names: Iterable[object], *, most: int = 8) -> str:
    """Return names as ``'a', 'b', 'c' and 4 more``, quoted and bounded."""
    quoted = [cut(str(name)) for name in names]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" and {len(quoted) - most} more"
    return ", ".join(quoted)


def one_of(
    argument: str, value: str, allowed: Iterable[str], error: type[LongateError]
) -> str:
    """Return `value` if it is allowed, else raise `error` naming the argument.

    Parameters
    ----------
    argument : str
        The name of the argument, for the message.
    value : str
        What was given.
    allowed : iterable of str
        What is understood.
    error : type
        The exception to raise.
    """
    known = list(allowed)
    if value in known:
        return value
    msg = (
        f"{argument}={value!r} is not known; allowed are {listed(known)}"
        f"{suggest(str(value), known)}"
    )
    raise error(msg)


def require_columns(
    frame: pd.DataFrame, columns: Iterable[str], what: str, error: type[LongateError]
) -> None:
    """Raise `error` unless `frame` has all `columns`, with suggestions."""
    names = [str(column) for column in frame.columns]
    missing = [column for column in columns if column not in names]
    if missing:
        first = missing[0]
        msg = (
            f"{what} lacks the column{'s' if len(missing) > 1 else ''} "
            f"{listed(missing)}; it has {listed(names)}{suggest(first, names)}"
        )
        raise error(msg)


def table_of(data: Any, what: str, error: type[LongateError]) -> pd.DataFrame:
    """Return a pandas frame from a frame or from a result that has ``.table``."""
    import pandas as pd

    frame = getattr(data, "table", data)
    if not isinstance(frame, pd.DataFrame):
        msg = (
            f"{what} must be a pandas DataFrame or a result with a .table, "
            f"got {type(data).__name__}"
        )
        raise error(msg)
    return frame
