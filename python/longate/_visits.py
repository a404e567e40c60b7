"""The order of visits, and on what it rests; never the alphabet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate._names import is_missing, name_of
from longate._validation import listed, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from longate.exceptions import LongateError

_PARTS = re.compile(r"\d+|\D+")
_NUMBER = re.compile(r"(?:(?<=\s)|^)-\d+(?:[.,]\d+)?|\d+(?:[.,]\d+)?")
Pair = tuple[str, str]


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
        False where nothing tells an order: they are then in order of appearance.
    """

    names: tuple[str, ...]
    basis: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{' < '.join(self.names)} ({self.basis})"


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which ``m6`` sorts before ``m12``."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in _PARTS.findall(text)
    )


def order_visits(
    column: pd.Series,
    *,
    error: type[LongateError],
    what: str = "the data",
    visit_order: Sequence[object] | None = None,
    dates: Iterable[tuple[str, str, object, object]] = (),
) -> VisitOrder:
    """Order the visits of a column.

    What tells the order, first that applies: `visit_order`, or an ordered categorical
    (unused categories count as declared visits); the dates at which patients were
    seen; numbers, where the labels are numbers or differ in their numbers alone (m6
    before m12). Where two of them contradict each other, the order is refused.

    Parameters
    ----------
    column : Series
        One visit per row; missing ones are passed over.
    error : type
        The exception to raise.
    what : str
        The table, for messages.
    visit_order : sequence, optional
        Every visit, first to last.
    dates : iterable of (str, str, date, date)
        Patient, visit, first and last possible day, where they are known.

    Returns
    -------
    VisitOrder
        The distinct visits and what their order rests on; `certain` is False where
        nothing tells it (pre and post).

    Raises
    ------
    LongateError
        Of type `error`: `visit_order` lacks a visit or repeats one, or dates
        contradict the order or each other.
    """
    found = _distinct(column)
    dated = list(dates)
    order = _declared(column, visit_order, found, what, error)
    if order is None:
        order = _numbered(column, found)
    if order is not None:
        _refuse_contradiction(order, dated, what, error)
        return order
    by_date = _dated(found, dated, what, error)
    if by_date is not None:
        return by_date
    return VisitOrder(found, "order of appearance", certain=len(found) <= 1)


def require_order(
    order: VisitOrder, what: str, error: type[LongateError]
) -> VisitOrder:
    """Return an order that is certain, or raise with the ways out.

    Raises
    ------
    LongateError
        Of type `error`.
    """
    if not order.certain:
        msg = (
            f"the order of the visits {listed(order.names)} of {what} cannot be known: "
            f"neither dates nor numbers in the names tell it; pass visit_order=[...], "
            f"first to last"
        )
        raise error(msg)
    return order


def _distinct(column: pd.Series) -> tuple[str, ...]:
    values = dict.fromkeys(column.tolist())
    return tuple(dict.fromkeys(name_of(v) for v in values if not is_missing(v)))


def _declared(
    column: pd.Series,
    visit_order: Sequence[object] | None,
    found: tuple[str, ...],
    what: str,
    error: type[LongateError],
) -> VisitOrder | None:
    import pandas as pd

    if visit_order is None:
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
            names = tuple(name_of(value) for value in column.cat.categories)
            return VisitOrder(names, "as declared")
        return None
    if isinstance(visit_order, str):
        msg = f"visit_order must be a list of visits, got the text {visit_order!r}"
        raise error(msg)
    names = tuple(name_of(visit) for visit in visit_order)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"visit_order={listed(names)} names {listed(twice)} twice"
        raise error(msg)
    lacking = [name for name in found if name not in names]
    if lacking:
        msg = (
            f"visit_order={listed(names)} lacks {listed(lacking)} of {what}"
            f"{suggest(lacking[0], names)}"
        )
        raise error(msg)
    return VisitOrder(names, "as declared")


def _numbered(column: pd.Series, found: tuple[str, ...]) -> VisitOrder | None:
    """Order by numbers, where nothing but numbers tells the labels apart."""
    if not found:
        return None
    words = {_NUMBER.sub("#", name.casefold()) for name in found}
    if len(words) > 1 or "#" not in next(iter(words)):
        return None
    values = {name: _numbers(name) for name in found}
    if len(set(values.values())) < len(found):
        return None  # m6 and m06: which of them is first cannot be told
    basis = "by their numbers"
    return VisitOrder(tuple(sorted(found, key=values.__getitem__)), basis)


def _numbers(name: str) -> tuple[float, ...]:
    return tuple(float(text.replace(",", ".")) for text in _NUMBER.findall(name))


def _steps(dated: Sequence[tuple[str, str, object, object]]) -> dict[Pair, str]:
    """Return pairs of visits of which a patient had the first before the second."""
    by_patient: dict[str, list[tuple[str, object, object]]] = {}
    for patient, visit, first, last in dated:
        by_patient.setdefault(patient, []).append((visit, first, last))
    steps: dict[Pair, str] = {}
    for patient, seen in by_patient.items():
        for one, _, ended in seen:
            for other, began, _ in seen:
                if one != other and ended < began:  # type: ignore[operator]
                    steps.setdefault(
                        (one, other),
                        f"patient {patient!r}: {one} by {ended}, {other} from {began}",
                    )
    return steps


def _refuse_contradiction(
    order: VisitOrder,
    dated: Sequence[tuple[str, str, object, object]],
    what: str,
    error: type[LongateError],
) -> None:
    rank = {name: at for at, name in enumerate(order.names)}
    wrong = [
        words
        for (one, other), words in _steps(dated).items()
        if rank[one] > rank[other]
    ]
    if wrong:
        msg = (
            f"the dates of {what} contradict the order of visits {order}: "
            f"{'; '.join(wrong[:5])}; correct the dates, or pass visit_order="
        )
        raise error(msg)


def _dated(
    found: tuple[str, ...],
    dated: Sequence[tuple[str, str, object, object]],
    what: str,
    error: type[LongateError],
) -> VisitOrder | None:
    """Order by dates within patients; None where they leave two visits open."""
    steps = _steps(dated)
    for (one, other), words in steps.items():
        if (other, one) in steps and one < other:
            msg = (
                f"the dates of {what} contradict each other about the order of "
                f"{one!r} and {other!r}: {words}; {steps[other, one]}; "
                f"pass visit_order="
            )
            raise error(msg)
    left, names = list(found), []
    while left:
        ready = [
            visit
            for visit in left
            if not any((other, visit) in steps for other in left)
        ]
        if len(ready) != 1:
            return None
        names += ready
        left.remove(ready[0])
    return VisitOrder(tuple(names), "by date") if len(names) > 1 else None
