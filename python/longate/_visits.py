"""The order of visits, and on what it rests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_PARTS = re.compile(r"\d+|\D+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class VisitOrder:
    """Visits from first to last.

    Attributes
    ----------
    names : tuple of str
        The visits, first to last.
    basis : str
        What the order rests on, for people.
    certain : bool
        False where the names do not tell an order: they are then in order of
        appearance.
    """

    names: tuple[str, ...]
    basis: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{' < '.join(self.names)} ({self.basis})"


def visit_name(value: Any) -> str:
    """Return a visit as text; whole numbers lose their decimals (6.0 -> '6')."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which ``m6`` sorts before ``m12``."""
    return tuple(
        (0, int(part), "") if _DIGITS.fullmatch(part) else (1, 0, part)
        for part in _PARTS.findall(text)
    )


def order_visits(column: pd.Series) -> VisitOrder:
    """Order the visits of a column.

    An ordered categorical declares its order (unused categories count as
    declared visits); numbers are ascending; texts are in natural order
    (m6 before m12) where they differ in their numbers alone. Other texts, such
    as pre and post, have no order that can be known.

    Parameters
    ----------
    column : Series
        One visit per row, without missing values.

    Returns
    -------
    VisitOrder
        The distinct visits and what their order rests on.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        names = tuple(visit_name(value) for value in column.cat.categories)
        return VisitOrder(names, "ordered categorical")
    values = list(dict.fromkeys(column.tolist()))
    if all(isinstance(value, int | float) for value in values):
        return VisitOrder(tuple(visit_name(v) for v in sorted(values)), "numeric")
    names = tuple(dict.fromkeys(visit_name(value) for value in values))
    patterns = {_DIGITS.sub("#", name.casefold()) for name in names}
    if len(patterns) == 1:
        ordered = sorted(names, key=lambda name: natural_key(name.casefold()))
        return VisitOrder(tuple(ordered), "natural order")
    return VisitOrder(names, "order of appearance", certain=len(names) == 1)
