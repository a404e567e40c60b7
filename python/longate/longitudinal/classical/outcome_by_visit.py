"""One outcome as patients by visits, the input of every classical test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate._names import name_of
from longate._validation import listed, require_columns, table_of
from longate._visits import order_visits
from longate.exceptions import DesignError
from longate.longitudinal.design import Design, read_design
from longate.longitudinal.labels import Labels
from longate.longitudinal.measure import Measure
from longate.longitudinal.result_table import ResultTable, with_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd


@dataclass(frozen=True, eq=False)
class OutcomeByVisit:
    """One outcome, patients by visits, missing values included.

    Attributes
    ----------
    outcome : str
        The outcome's name.
    wide : DataFrame
        Patients by visits, float64, on the scale of analysis.
    pairs : tuple of (str, str)
        The pairs of visits to compare, the earlier one first.
    """

    outcome: str
    wide: pd.DataFrame
    pairs: tuple[tuple[str, str], ...]

    def complete(self, visits: Sequence[str]) -> tuple[pd.DataFrame, int]:
        """Return the patients with all these visits, and how many lack one.

        Patients without any value of the outcome are no part of it.
        """
        seen = self.wide.dropna(how="all")
        whole = seen[list(visits)].dropna()
        return whole, len(seen) - len(whole)


def read_pairs(
    data: object,
    *,
    value: str | tuple[str, str],
    scale: str,
    by: str | Sequence[str] | None,
    pairs: Sequence[tuple[object, object]] | None,
    labels: Labels | None = None,
    visit_order: Sequence[object] | None = None,
) -> tuple[Design, list[OutcomeByVisit]]:
    """Check the data and return each outcome's outcomes.

    Raises
    ------
    DesignError
        If the data are malformed, a pair is unknown, or responders are apart.
    """
    refuse_groups_apart(data, by)
    named = None if pairs is None else _names(pairs)
    _require_order(data, named, visit_order)
    first, last = (None, None) if named is None else named[0]
    design = read_design(
        data,
        labels or Labels.none(),
        Measure.of(value, scale),
        by=by,
        family=None,
        baseline=first,
        last=last,
        visit_order=visit_order,
    )
    known = design.order.names
    if named is None:
        named = tuple((known[0], later) for later in known[1:])
    for pair in named:
        for visit in pair:
            if visit not in known:
                msg = (
                    f"pairs names the visit {visit!r}, which the data do not have; "
                    f"known are {listed(known)}"
                )
                raise DesignError(msg)
    return design, [
        OutcomeByVisit(outcome, design.of(outcome), named)
        for outcome in design.outcomes
    ]


def _require_order(
    data: object,
    pairs: tuple[tuple[str, str], ...] | None,
    visit_order: Sequence[object] | None,
) -> None:
    """Check that visits have an order, and pairs follow it."""
    frame = table_of(data, "the data", DesignError)
    require_columns(frame, ["patient", "visit"], "the data", DesignError)
    order = order_visits(frame["visit"], error=DesignError, visit_order=visit_order)
    if not order.certain:
        if pairs is None and len(order.names) > 1:
            msg = (
                f"the order of the visits {listed(order.names)} cannot be known; "
                f"name those to compare (pairs=, visits=), or declare it: "
                f"visit_order=[...], or an ordered categorical"
            )
            raise DesignError(msg)
        return
    for first, last in pairs or ():
        known = first in order.names and last in order.names
        if known and order.names.index(first) > order.names.index(last):
            msg = (
                f"the pair ({first!r}, {last!r}) runs backwards; the order of visits "
                f"is {order}"
            )
            raise DesignError(msg)


def _names(pairs: Sequence[tuple[object, object]]) -> tuple[tuple[str, str], ...]:
    found = []
    for pair in pairs:
        if isinstance(pair, str) or len(tuple(pair)) != 2:
            msg = f"pairs must hold pairs of visits (earlier, later), got {pair!r}"
            raise DesignError(msg)
        first, last = (name_of(visit) for visit in pair)
        if first == last:
            msg = f"a pair needs two visits, got {first!r} twice"
            raise DesignError(msg)
        found.append((first, last))
    if not found:
        msg = "pairs must hold at least one pair of visits (earlier, later)"
        raise DesignError(msg)
    return tuple(found)


def refuse_groups_apart(data: object, by: str | Sequence[str] | None) -> None:
    """Refuse to test responders or non-responders by themselves.

    Raises
    ------
    DesignError
        If `by` splits by response, or the data's column label has one label.
    """
    frame = table_of(data, "the data", DesignError)
    groupers = [by] if isinstance(by, str) else list(by or [])
    for column in frame.columns:
        if column not in [*groupers, "label"]:
            continue
        words = frame[column].dropna().astype(str).unique()
        found = {word for word in words if _as_label(word) in _LABELS}
        if found and (column in groupers or len(found) == 1):
            msg = (
                f"responders and non-responders are not tested apart ({column!r} "
                f"holds {listed(sorted(found))}): a difference between a small and "
                f"a large p is no evidence of a difference. Use within_groups(data, "
                f"response, ...), which shows the difference in change beside them"
            )
            raise DesignError(msg)


_LABELS = {"responder", "nonresponder"}


def _as_label(word: str) -> str:
    """Return a word without case, blanks and hyphens, and without a plural's s."""
    return re.sub(r"[\s_-]", "", word.casefold()).removesuffix("s")


def over_outcomes(
    outcomes: Sequence[OutcomeByVisit],
    test: str,
    rows_of: Callable[[OutcomeByVisit], list[dict[str, Any]]],
    limits: Sequence[str] = (),
) -> ResultTable:
    """Collect rows; among several outcomes one failure does not stop the others.

    Raises
    ------
    DesignError
        If no outcome can be tested.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    problems = []
    for one in outcomes:
        lead = {"outcome": one.outcome, "test": test}
        try:
            rows += [lead | row | {"problem": None} for row in rows_of(one)]
        except DesignError as error:
            problems.append(error)
            rows.append(lead | {"problem": str(error)})
    if len(problems) == len(outcomes):
        raise problems[0]
    table = pd.DataFrame(rows)
    words = table["problem"].astype(object)
    return with_limits(table.assign(problem=words.where(words.notna(), None)), limits)


def require_spread(
    outcomes: OutcomeByVisit, n: int, *, least: int, varies: bool
) -> None:
    """Raise where too few patients are complete, or nothing varies."""
    if n < least:
        msg = (
            f"{outcomes.outcome}: {n} patient(s) have every visit that is compared; "
            f"the test needs {least}"
        )
        raise DesignError(msg)
    if not varies:
        msg = (
            f"{outcomes.outcome}: the values do not vary between patients, so that "
            f"nothing tells how sure a change is; are they rounded, or copied?"
        )
        raise DesignError(msg)
