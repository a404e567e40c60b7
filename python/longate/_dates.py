"""Calendar dates in tables: one reader for all of them.

Accepted as they are: dates and date-times (also those of Excel's date cells, whose
epoch openpyxl applies), and texts in extended ISO form (``2022-09-05``, with a time
of day after it if need be). Everything else has two readings, or one that must be
guessed, and is refused with its row and value unless the caller says how to read it:
``dayfirst=`` for numbers with dots, slashes or dashes, ``date_format=`` for any other
form, numbers included (``"%Y%m%d"``, ``"excel"``, ``"excel1904"``).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from longate._names import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.exceptions import LongateError

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]+(\d{2}:\d{2}(?::\d{2})?\S*))?")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")
_NUMBERS = re.compile(
    r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4})(?:[T ,]+\d{1,2}:\d{2}(?::\d{2})?)?"
)
_SHORT_YEAR = re.compile(r"\d{1,2}\s*[./-]\s*\d{1,2}\s*[./-]\s*\d{2}")
_EPOCHS = {"excel": date(1899, 12, 30), "excel1904": date(1904, 1, 1)}
# Excel takes 1900 for a leap year: its day 60 never was.
_FIRST_SERIAL, _LAST_SERIAL = 61, 73050
EARLIEST = date(1900, 1, 1)
"""Before this day nothing that Longate reads can have happened."""
LATEST = date(2200, 12, 31)
MOST_SHOWN = 6


@dataclass(frozen=True)
class Day:
    """A date that is known to the day, or an interval of days.

    Attributes
    ----------
    first, last : date
        The first and the last day that it may be; equal where the day is known.
    """

    first: date
    last: date

    @property
    def is_exact(self) -> bool:
        """Return whether the day itself is known."""
        return self.first == self.last

    def __str__(self) -> str:
        if self.is_exact:
            return self.first.isoformat()
        if self.first.month == self.last.month:
            return f"{self.first:%Y-%m}"
        return f"{self.first:%Y}"


@dataclass(frozen=True)
class DateRule:
    """The rule by which texts and numbers that are not ISO dates are read.

    Attributes
    ----------
    dayfirst : bool, optional
        Whether 05.09.2022 is the 5th of September; None refuses it.
    date_format : str, optional
        A format of :meth:`datetime.datetime.strptime` such as ``"%d %b %Y"`` or
        ``"%Y%m%d"``, or ``"excel"``, ``"excel1904"`` for serial numbers.
    partial : bool
        Whether a month (2022-09) or a year (2022) is taken, as an interval.
    future : bool
        Whether dates after tomorrow are allowed, as for an expiry.
    """

    dayfirst: bool | None = None
    date_format: str | None = None
    partial: bool = False
    future: bool = False

    def read(self, value: Any) -> Day | str:
        """Return the day of a cell, or a clause that says why it has none."""
        found = self._read(value)
        if isinstance(found, str):
            return found
        if found.last < EARLIEST:
            return f"lies before {EARLIEST.year}"
        if found.last > LATEST:
            return f"lies after {LATEST.year}"
        if not self.future and found.first > date.today() + timedelta(days=1):
            return "lies in the future"
        return found

    def _read(self, value: Any) -> Day | str:
        day = _date_object(value)
        if day is not None:
            return Day(day, day)
        if isinstance(value, bool):
            return "is no date"
        if hasattr(value, "start_time"):  # a pandas Period
            return Day(value.start_time.date(), value.end_time.date())
        if isinstance(value, int | float) or hasattr(value, "__index__"):
            return self._number(float(value))
        return self._text(str(value).strip())

    def _number(self, value: float) -> Day | str:
        if self.date_format in _EPOCHS:
            return _serial(value, str(self.date_format))
        whole = str(int(value)) if value == value // 1 else str(value)
        if self.date_format is not None:
            return self._formatted(whole)
        return _advice_on_number(value)

    def _text(self, text: str) -> Day | str:
        iso = _ISO.fullmatch(text)
        told = self.date_format not in (None, *_EPOCHS)
        if iso and not (told and isinstance(self._formatted(text), Day)):
            return _day(int(iso[1]), int(iso[2]), int(iso[3]))
        if self.date_format in _EPOCHS:
            try:
                return _serial(float(text), str(self.date_format))
            except ValueError:
                return f"is no serial number ({self.date_format})"
        if self.date_format is not None:
            return self._formatted(text)
        partial = _PARTIAL.fullmatch(text)
        if partial:
            return self._interval(int(partial[1]), partial[2])
        numbers = _NUMBERS.fullmatch(text)
        if numbers:
            return self._two_ways(int(numbers[1]), int(numbers[3]), int(numbers[4]))
        if text.isdigit():
            return _advice_on_number(float(text))
        if _SHORT_YEAR.fullmatch(text):
            return "has a year of two digits; pass date_format=, e.g. '%d.%m.%y'"
        return "is no ISO date; write 2022-09-05, or pass date_format= ('%d %b %Y')"

    def _formatted(self, text: str) -> Day | str:
        try:
            day = datetime.strptime(text, str(self.date_format)).date()
        except ValueError:
            return f"does not fit date_format={self.date_format!r}"
        return Day(day, day)

    def _interval(self, year: int, month: str | None) -> Day | str:
        first = _day(year, int(month or 1), 1)
        if isinstance(first, str):
            return first
        if not self.partial:
            return "has no day; complete it as 2022-09-05"
        final = int(month or 12)
        last = date(year, final, calendar.monthrange(year, final)[1])
        return Day(first.first, last)

    def _two_ways(self, one: int, two: int, year: int) -> Day | str:
        if self.dayfirst is None:
            ways = [
                f"{day.first.isoformat()} with dayfirst={first}"
                for first, day in (
                    (True, _day(year, two, one)),
                    (False, _day(year, one, two)),
                )
                if isinstance(day, Day)
            ]
            return f"is {' or '.join(ways)}" if ways else "is no day of the calendar"
        day, month = (one, two) if self.dayfirst else (two, one)
        found = _day(year, month, day)
        if isinstance(found, str):
            return f"is no date with dayfirst={self.dayfirst}"
        return found


@dataclass(frozen=True, eq=False)
class Dates:
    """A column of dates.

    Attributes
    ----------
    days : list of Day or None
        By row; None where the cell is empty.
    first, last : Series of datetime64[ns]
        The first and last possible day; NaT where the cell is empty.
    """

    days: list[Day | None]
    first: pd.Series
    last: pd.Series


def read_dates(
    column: pd.Series,
    what: str,
    error: type[LongateError],
    rule: DateRule | None = None,
    *,
    rows: Sequence[str] | None = None,
) -> Dates:
    """Read a column of dates, or raise naming every row that cannot be read.

    Parameters
    ----------
    column : Series
        Of any type; its name is used in the message.
    what : str
        The table, for messages, such as ``"the table of relapses"``.
    error : type
        The exception to raise.
    rule : DateRule, optional
        How to read what is no ISO date; by default that is refused.
    rows : sequence of str, optional
        What each row is called, such as ``"row 3 (patient 'P07')"``; by default
        ``"row <index>"``.

    Returns
    -------
    Dates

    Raises
    ------
    LongateError
        Of type `error`: rows, values, and how they can be read.
    """
    import pandas as pd

    rule = rule or DateRule()
    check_rule(rule, error)
    days, complaints = read_cells(column.tolist(), rule)
    if complaints:
        names = rows or [f"row {index}" for index in column.index]
        msg = refusal(complaints, what, str(column.name or "date"), names)
        raise error(msg)
    ends = [
        pd.Series(
            pd.to_datetime([getattr(day, end) if day else None for day in days]).astype(
                "datetime64[ns]"
            ),
            index=column.index,
            name=column.name,
        )
        for end in ("first", "last")
    ]
    return Dates(days, ends[0], ends[1])


def read_cells(
    values: Sequence[Any], rule: DateRule
) -> tuple[list[Day | None], dict[int, tuple[Any, str]]]:
    """Return the day of each cell, and the value and complaint of those without."""
    known: dict[Any, Day | str | None] = {}
    days: list[Day | None] = []
    complaints: dict[int, tuple[Any, str]] = {}
    for at, value in enumerate(values):
        key = (type(value), value)
        if key not in known:
            known[key] = None if is_missing(value) else rule.read(value)
        found = known[key]
        if isinstance(found, str):
            complaints[at] = value, found
        days.append(None if isinstance(found, str) else found)
    return days, complaints


def refusal(
    complaints: dict[int, tuple[Any, str]], what: str, column: str, rows: Sequence[str]
) -> str:
    """Return the message for cells that cannot be read as dates."""
    shown = [
        f"{rows[at]}: {value if not isinstance(value, str) else repr(value)} {why}"
        for at, (value, why) in list(complaints.items())[:MOST_SHOWN]
    ]
    more = len(complaints) - len(shown)
    return (
        f"{what} has a {column} that cannot be read in {'; '.join(shown)}"
        f"{f'; and {more} more' if more else ''}. Write dates as 2022-09-05, or pass "
        f"dayfirst= or date_format="
    )


def with_advice(why: str) -> str:
    """Return why a cell cannot be read, with what to do where that is not said."""
    if "date_format=" in why:
        return why
    return f"{why}; write 2022-09-05, or pass dayfirst= or date_format="


def check_rule(rule: DateRule, error: type[LongateError]) -> None:
    """Raise unless ``dayfirst`` and ``date_format`` make sense.

    Raises
    ------
    LongateError
        Of type `error`.
    """
    if rule.dayfirst not in (None, True, False):
        msg = f"dayfirst must be True, False or None, got {rule.dayfirst!r}"
        raise error(msg)
    told = rule.date_format
    if told is None:
        return
    if rule.dayfirst is not None:
        msg = (
            f"dayfirst={rule.dayfirst} and date_format={told!r} say the same twice; "
            f"pass one of them"
        )
        raise error(msg)
    if not isinstance(told, str) or (told not in _EPOCHS and "%" not in told):
        msg = (
            f"date_format={told!r} is no format; it takes strptime's codes such as "
            f"'%d.%m.%Y' or '%Y%m%d', 'excel' or 'excel1904'"
        )
        raise error(msg)


def _date_object(value: Any) -> date | None:
    """Return the calendar day of a date object as it is written there."""
    if isinstance(value, datetime):  # pandas' Timestamp is one
        return value.date()
    if isinstance(value, date):
        return value
    if type(value).__name__ == "datetime64":
        return value.astype("datetime64[D]").item()  # type: ignore[no-any-return]
    return None


def _day(year: int, month: int, day: int) -> Day | str:
    try:
        found = date(year, month, day)
    except ValueError:
        return "is no day of the calendar"
    return Day(found, found)


def _serial(value: float, epoch: str) -> Day | str:
    first = _FIRST_SERIAL if epoch == "excel" else 0
    if not first <= value <= _LAST_SERIAL:
        return f"is no serial number of a day ({epoch})"
    found = _EPOCHS[epoch] + timedelta(days=int(value))
    return Day(found, found)


def _advice_on_number(value: float) -> str:
    whole = int(value) if value == value // 1 else None
    if whole is not None and 1900_01_01 <= whole <= 2200_12_31:
        return "is a number; pass date_format='%Y%m%d' if it is year, month, day"
    if _FIRST_SERIAL <= value <= _LAST_SERIAL:
        day = _EPOCHS["excel"] + timedelta(days=int(value))
        return (
            f"is a number; pass date_format='excel' if it is Excel's serial of "
            f"{day.isoformat()}"
        )
    return "is a number, not a date"
