"""The keywords of an FCS file that hold a spillover matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def parse_keyword(value: str) -> tuple[NDArray[np.float64], list[str]]:
    """Read the value of ``$SPILLOVER``: n, n names, n x n numbers by rows.

    Raises
    ------
    SpilloverError
        If counts and numbers do not fit.
    """
    fields = [entry.strip() for entry in value.split(",")]
    size = _size(fields[0], "spillover")
    expected = 1 + size + size * size
    if size < 1 or len(fields) != expected:
        msg = (
            f"the spillover keyword declares {size} channels and so needs "
            f"{expected} entries; it has {len(fields)}"
        )
        raise SpilloverError(msg)
    names = fields[1 : size + 1]
    return _table(fields[size + 1 :], names), names


def format_keyword(names: Sequence[str], matrix: NDArray[np.float64]) -> str:
    """Write the value of ``$SPILLOVER``.

    Raises
    ------
    SpilloverError
        If a name holds a comma, by which the keyword separates.
    """
    for name in names:
        if "," in name:
            msg = f"the spillover keyword separates by commas; it cannot name {name!r}"
            raise SpilloverError(msg)
    numbers = [repr(float(value)) for value in matrix.ravel()]
    return ",".join([str(len(names)), *names, *numbers])


def plain_number(text: str) -> str:
    """Return the text of a number as files write it; Python also takes ``1_0``.

    Raises
    ------
    ValueError
        If it holds an underscore, or digits that are not ASCII.
    """
    if "_" in text or not text.isascii():
        msg = f"{text[:60]!r} is no number"
        raise ValueError(msg)
    return text


def _size(field: str, keyword: str) -> int:
    try:
        return int(plain_number(field))
    except ValueError:
        msg = f"the {keyword} keyword starts with {field!r}, not with a number"
        raise SpilloverError(msg) from None


def _table(entries: list[str], names: list[str]) -> NDArray[np.float64]:
    size = len(names)
    numbers = np.empty(size * size)
    for index, entry in enumerate(entries):
        try:
            numbers[index] = float(plain_number(entry))
        except ValueError:
            row, column = divmod(index, size)
            msg = (
                f"the spillover keyword holds {entry!r}, which is no number, in row "
                f"{names[row]!r}, column {names[column]!r}"
            )
            raise SpilloverError(msg) from None
    return numbers.reshape(size, size)
