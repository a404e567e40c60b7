"""Numbers of a sample sheet that are written as text: point or comma."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from longate.exceptions import SampleSheetError
from longate.io.sheet_file import number_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from longate.io.sheet_complaints import Complaints

_GROUPED = re.compile(r"-?\d{1,3}([.,'\u2019\u00a0 ])\d{3}(?:\1\d{3})*")
_DECIMAL = re.compile(r"-?(?:\d+|\d{1,3}(?:[.,'\u2019\u00a0 ]\d{3})+)([.,])\d+")
_LEADING_ZERO = re.compile(r"-?0\d.*")


def check_decimal(decimal: str | None) -> None:
    """Raise unless `decimal` is a point, a comma or None.

    Raises
    ------
    SampleSheetError
    """
    if decimal not in (None, ".", ","):
        msg = f"decimal must be '.', ',' or None, got {decimal!r}"
        raise SampleSheetError(msg)


def find_decimal(columns: Iterable[Sequence[Any]]) -> str | None:
    """Return the decimal sign of the numbers that are written as text.

    Parameters
    ----------
    columns : iterable of sequence
        Cells, by column.

    Returns
    -------
    str or None
        ``"."`` or ``","`` where some number has one reading and none contradicts it;
        None where there is no such number, or both signs are met.
    """
    found = {
        match[1]
        for column in columns
        for cell in column
        if isinstance(cell, str)
        and (match := _DECIMAL.fullmatch(cell))
        and not _may_be_grouped(cell)
    }
    return found.pop() if len(found) == 1 else None


def _may_be_grouped(text: str) -> bool:
    """Return whether 1,234 may be a thousand and more; 0,234 and 1234,5 may not."""
    grouped = _GROUPED.fullmatch(text)
    return grouped is not None and not text.lstrip("-").startswith("0")


def number_of(text: str, decimal: str | None) -> float | str:
    """Return a number that is written as text, or what is wrong with it.

    Parameters
    ----------
    text : str
        A cell.
    decimal : str or None
        The sheet's decimal sign, where it is known.
    """
    if "," not in text:
        ambiguous = decimal == "," and "." in text
        if not ambiguous:
            return _float(text)
    elif decimal is None:
        return (
            "may be read with a decimal comma or with a point; pass decimal=',' or "
            "decimal='.'"
        )
    sign = decimal or "."
    other = "." if sign == "," else ","
    whole, _, fraction = text.partition(sign)
    if other in whole:
        if not re.fullmatch(rf"-?\d{{1,3}}(?:\{other}\d{{3}})+", whole):
            return f"is no number with the decimal sign {sign!r}"
        whole = whole.replace(other, "")
    if other in fraction or sign in fraction:
        return f"is no number with the decimal sign {sign!r}"
    return _float(f"{whole}.{fraction}" if fraction else whole)


def _float(text: str) -> float | str:
    try:
        found = float(text.replace("\u2212", "-"))
    except ValueError:
        return "is no number"
    return found if abs(found) < float("inf") else "is no number"


def inferred(column: Sequence[Any], decimal: str | None) -> list[Any]:
    """Return a covariate as numbers where every cell is one, else as it is.

    Numbers with leading zeros are names of something and stay text.
    """
    cells = [cell for cell in column if cell is not None]
    texts = [cell for cell in cells if isinstance(cell, str)]
    if len(texts) < len(cells) or not texts:
        return list(column)
    numbers = {text: number_of(text, decimal) for text in texts}
    if any(isinstance(one, str) for one in numbers.values()) or any(
        _LEADING_ZERO.fullmatch(text) and text[1:2] not in ".," for text in texts
    ):
        return list(column)
    if all(re.fullmatch(r"-?\d+", text) for text in texts):
        return [None if cell is None else int(cell) for cell in column]
    return [None if cell is None else numbers[cell] for cell in column]


def numbers_of(
    column: Sequence[Any],
    name: str,
    decimal: str | None,
    complaints: Complaints,
    *,
    least: float | None,
) -> list[float]:
    """Return a column of numbers; NaN where blank or complained of."""
    # Volumes and dilutions are above 0; a day may lie before the first dose.
    right = "must be a number"
    if least is not None:
        right += " above 0" if least > 0 else " of 0 or more"
    found = []
    for at, cell in enumerate(column):
        if cell is None:
            found.append(float("nan"))
            continue
        value = number_of(cell, decimal) if isinstance(cell, str) else _plain(cell)
        if isinstance(value, str):
            complaints.cell(at, name, cell, f"{value}; it {right}")
        elif least is not None and (value < 0 or (least > 0 and value == 0)):
            complaints.cell(at, name, cell, right)
        found.append(value if isinstance(value, float) else float("nan"))
    return found


def _plain(cell: Any) -> float | str:
    """Return a number of any numeric type, also one that is shown otherwise."""
    value = number_behind(cell)
    if isinstance(value, bool):
        return "is no number"
    try:
        return float(value)
    except (TypeError, ValueError):
        return "is no number"
