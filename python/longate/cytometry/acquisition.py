"""What the keywords of a file say of its acquisition: when, on what, how much."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.cytometry.panel import Panel

PLAUSIBLE_UL_PER_MINUTE = (5.0, 1000.0)
"""Flow rates at which a ``$VOL`` is believed."""
SERIAL_KEYWORDS = ("$CYTSN", "CYTNUM", "CYTOMETER SERIAL NUMBER")

_MONTHS = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
]
_NAMED = re.compile(r"(\d{1,2})[- /]([A-Za-z]{3})[a-z]*[- /](\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\w{3}|\d{1,2})[-/](\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:([.:])(\d{1,6}))?")
_TWO_DIGIT_PIVOT = 70
_TICKS_PER_SECOND = 60
_LOCATIONS = re.compile(r"INDEX SORTING LOCATIONS_(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Volume:
    """The volume that was acquired, by ``$VOL``.

    The standard's unit is the nanolitre, but some instruments write microlitres. The
    unit is the one that gives a flow rate of 5 to 1000 µL per minute; where none does,
    or the duration is not known, the number has no unit and `microlitres` is None.

    Parameters
    ----------
    value : float
        The number as written.
    unit : {"nL", "µL"} or None
        The unit that is plausible.
    microlitres : float or None
        The volume; it is that of the sample run, not of blood.
    reason : str
        Why this unit, or none.
    """

    value: float
    unit: str | None
    microlitres: float | None
    reason: str


class Acquisition:
    """Typed properties of an acquisition; for classes with `keywords` and `panel`."""

    keywords: Mapping[str, str]
    panel: Panel
    n_events: int

    def _text(self, *keywords: str) -> str | None:
        for keyword in keywords:
            if keyword in self.keywords and self.keywords[keyword].strip():
                return self.keywords[keyword].strip()
        return None

    @property
    def cytometer(self) -> str | None:
        """``$CYT``, the kind of instrument."""
        return self._text("$CYT")

    @property
    def cytometer_serial(self) -> str | None:
        """``$CYTSN`` or a vendor's equivalent."""
        return self._text(*SERIAL_KEYWORDS)

    @property
    def acquisition_date(self) -> date | None:
        """``$DATE``, or the day of ``$BEGINDATETIME`` (FCS 3.2); None where unclear.

        A date of numbers alone is taken only where it can be read in one way.
        """
        text = self._text("$DATE")
        found = parse_date(text) if text else None
        if found is None:
            begin = _moment(self._text("$BEGINDATETIME"))
            found = begin.date() if begin else None
        return found

    @property
    def started(self) -> datetime | None:
        """Begin of the acquisition, from ``$BEGINDATETIME`` or ``$DATE, $BTIM``."""
        begin = _moment(self._text("$BEGINDATETIME"))
        return begin or self._at(self._text("$BTIM"))

    @property
    def ended(self) -> datetime | None:
        """End of the acquisition; on the next day where it would precede the begin."""
        end = _moment(self._text("$ENDDATETIME")) or self._at(self._text("$ETIM"))
        begin = self.started
        if begin and end and end < begin and not self._text("$ENDDATETIME"):
            end += timedelta(days=1)
        return end

    def _at(self, text: str | None) -> datetime | None:
        day = self.acquisition_date
        clock = parse_time(text) if text else None
        return datetime.combine(day, clock) if day and clock else None

    @property
    def duration(self) -> timedelta | None:
        """From begin to end, by the clock of the instrument; no date is needed."""
        begin, end = self.started, self.ended
        if begin and end:
            return end - begin if begin.tzinfo == end.tzinfo else None
        texts = self._text("$BTIM"), self._text("$ETIM")
        clocks = [parse_time(text) if text else None for text in texts]
        if clocks[0] is None or clocks[1] is None:
            return None
        day = date(2000, 1, 1)
        first, last = (datetime.combine(day, clock) for clock in clocks if clock)
        return (last - first) % timedelta(days=1)

    @property
    def volume(self) -> Volume | None:
        """``$VOL`` with the unit that is plausible; None where it is not recorded."""
        text = self._text("$VOL")
        try:
            value = float(text) if text else 0.0
        except ValueError:
            return None
        if not 0 < value < float("inf"):
            return None
        duration = self.duration
        minutes = duration.total_seconds() / 60 if duration else 0.0
        if not minutes > 0:
            reason = "how long the acquisition took is not known"
            return Volume(value, None, None, reason)
        low, high = PLAUSIBLE_UL_PER_MINUTE
        for unit, microlitres in (("nL", value / 1000), ("µL", value)):
            rate = microlitres / minutes
            if low <= rate <= high:
                reason = f"{rate:.4g} µL per minute"
                return Volume(value, unit, microlitres, reason)
        reason = (
            f"neither {value / 1000 / minutes:.4g} µL per minute (as nL) nor "
            f"{value / minutes:.4g} (as µL) lies within {low:g} to {high:g}"
        )
        return Volume(value, None, None, reason)

    @property
    def voltages(self) -> dict[str, float | None]:
        """``$PnV`` by detector; None where it is missing, 0 or no number.

        A detector without a voltage was not recorded, which differs from unchanged.
        """
        return {c.detector: _voltage(c.voltage) for c in self.panel}

    @property
    def wells(self) -> pd.DataFrame | None:
        """Where index sorting put each event; None where nothing is recorded.

        Columns ``event`` (from 1, in file order), ``row, column`` (from 1) and ``well``
        (``"A1"``).

        Raises
        ------
        FcsError
            If the locations cannot be read or are not one per event.
        """
        numbered = {
            int(match[1]): self.keywords[key]
            for key in self.keywords
            if (match := _LOCATIONS.fullmatch(key.strip()))
        }
        if not numbered:
            return None
        entries = ";".join(numbered[key] for key in sorted(numbered)).split(";")
        try:
            places = [_place(entry) for entry in entries if entry.strip()]
        except ValueError as error:
            msg = f"INDEX SORTING LOCATIONS cannot be read: {error}"
            raise FcsError(msg) from None
        if len(places) != self.n_events:
            msg = (
                f"INDEX SORTING LOCATIONS holds {len(places)} wells for "
                f"{self.n_events} events"
            )
            raise FcsError(msg)
        import pandas as pd

        rows = [
            (event, row + 1, column + 1, f"{_letters(row)}{column + 1}")
            for event, (row, column) in enumerate(places, start=1)
        ]
        return pd.DataFrame(rows, columns=["event", "row", "column", "well"])


def parse_date(text: str) -> date | None:
    """Return a calendar date, or None where `text` is none or could be two.

    ``24-SEP-2014``, ``28-Dec-10``, ``21 Dec 2010``, ``2013-Jul-19``, ``2013-07-19`` and
    ``19-10-2020`` are understood; ``03-07-2024`` is two dates.
    """
    text = text.strip()
    if match := _NAMED.fullmatch(text):
        day, month, year = int(match[1]), _month(match[2]), int(match[3])
        if year < 100:
            year += 1900 if year >= _TWO_DIGIT_PIVOT else 2000
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(match[1]), _month(match[2]), int(match[3])
    elif match := _NUMBERS.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        if first <= 12 and second <= 12 and first != second:
            return None
        day, month = (second, first) if second > 12 else (first, second)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(text: str) -> int:
    name = text.lower()
    if name.isdecimal():
        return int(name)
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def parse_time(text: str) -> time | None:
    """Return a time of day, or None.

    ``hh:mm:ss`` with hundredths (``.cc``, FCS 3.1), sixtieths (``:tt``, FCS 2.0 and
    3.0) or milliseconds (``:mmm``, as some instruments write).
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    hour, minute, second = (int(part) for part in match.groups()[:3])
    fraction = 0.0
    if match[5]:
        is_ticks = match[4] == ":" and len(match[5]) <= 2
        parts = _TICKS_PER_SECOND if is_ticks else 10 ** len(match[5])
        fraction = int(match[5]) / parts
    if not fraction < 1:
        return None
    try:
        return time(hour, minute, second, min(round(fraction * 1_000_000), 999_999))
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _voltage(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _place(entry: str) -> tuple[int, int]:
    row, column = (int(part) for part in entry.split(","))
    if row < 0 or column < 0:
        msg = f"{entry!r} is no well"
        raise ValueError(msg)
    return row, column


def _letters(row: int) -> str:
    """Return ``A`` to ``Z``, then ``AA`` and so on, as plates are labelled."""
    name = ""
    row += 1
    while row:
        row, letter = divmod(row - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
