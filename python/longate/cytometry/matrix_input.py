"""Whatever form a spillover matrix comes in: an object, a frame, a keyword, a file."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate.cytometry.compensation import Compensation
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYWORD = re.compile(r"\s*\d+\s*,")


_READERS: list[Callable[[Path], Compensation]] = []


def register_matrix_reader(reader: Callable[[Path], Compensation]) -> None:
    """Set the function that reads a matrix from a file; file formats are of io."""
    _READERS[:] = [reader]


def is_no_path(given: object) -> bool:
    """Return whether something is a matrix itself, and not the path of one."""
    return not isinstance(given, str | PathLike) or (
        isinstance(given, str) and _KEYWORD.match(given) is not None
    )


def compensation_of(given: Any, argument: str = "compensation") -> Compensation | None:
    """Return a matrix from what was given for it.

    Parameters
    ----------
    given : Compensation, DataFrame, str, path-like or None
        A data frame has the detectors as columns, and as its index too (in any order)
        or a plain one. A text is the value of ``$SPILLOVER`` (``"2,FITC-A,PE-A,1,…"``)
        or the path of a file that :func:`longate.read_compensation` reads.
    argument : str
        The name of the argument, for messages.

    Raises
    ------
    SpilloverError
        If it is none of these, or no matrix that can be used.
    FileNotFoundError
        If there is no such file.
    """
    if given is None or isinstance(given, Compensation):
        return given
    if hasattr(given, "columns") and hasattr(given, "index"):
        return _of_frame(given, argument)
    if isinstance(given, str) and _KEYWORD.match(given):
        return Compensation.from_keyword(given.strip())
    if isinstance(given, str | PathLike):
        return _READERS[0](Path(given).expanduser())
    if hasattr(given, "shape"):
        msg = (
            f"{argument} is an array, which does not say its detectors; give "
            f"Compensation(array, detectors) or a DataFrame with them as columns"
        )
        raise SpilloverError(msg)
    msg = (
        f"{argument}={given!r} is no matrix; give a Compensation, a DataFrame, the "
        f"value of $SPILLOVER or the path of a file"
    )
    raise SpilloverError(msg)


def _of_frame(frame: Any, argument: str) -> Compensation:
    """Return the matrix of a frame whose columns, and perhaps rows, are detectors."""
    columns = [str(name) for name in frame.columns]
    rows = [str(name) for name in frame.index]
    if set(rows) == set(columns) and len(rows) == len(columns):
        frame = frame.set_axis(rows, axis="index").loc[columns]
    elif rows != [str(at) for at in range(len(rows))]:
        odd = sorted(set(rows) ^ set(columns))
        msg = (
            f"{argument}: rows and columns of the data frame name other detectors "
            f"({', '.join(map(repr, odd[:6]))})"
        )
        raise SpilloverError(msg)
    try:
        values = frame.to_numpy(dtype=float, na_value=float("nan"))
    except (TypeError, ValueError):
        msg = f"{argument}: the data frame holds something that is no number"
        raise SpilloverError(msg) from None
    return Compensation(values, columns)
