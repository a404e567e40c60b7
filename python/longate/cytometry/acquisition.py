"""The acquisition of a file by its keywords: time, cytometer, volume."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from longate.cytometry.dates import find_date, parse_time
from longate.cytometry.spillover_keyword import plain_number
from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from longate.cytometry.panel import Panel

PLAUSIBLE_UL_PER_MINUTE = (5.0, 1000.0)
"""Flow rates at which a ``$VOL`` is believed."""
SERIAL_KEYWORDS = ("$CYTSN", "CYTNUM", "@CYTOMETERID", "CYTOMETER SERIAL NUMBER")

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
        return first_value(self.keywords, keywords)

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
        texts = (self._text(name) for name in ("$DATE", "$BEGINDATETIME"))
        days = (find_date(text) for text in texts if text)
        return next((day for day in days if day), None)

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
            value = float(plain_number(text)) if text else 0.0
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
            wells = [_well(entry) for entry in entries if entry.strip()]
        except ValueError as error:
            msg = f"INDEX SORTING LOCATIONS cannot be read: {error}"
            raise FcsError(msg) from None
        if len(wells) != self.n_events:
            msg = (
                f"INDEX SORTING LOCATIONS holds {len(wells)} wells for "
                f"{self.n_events} events"
            )
            raise FcsError(msg)
        import pandas as pd

        rows = [
            (event, row + 1, column + 1, f"{_letters(row)}{column + 1}")
            for event, (row, column) in enumerate(wells, start=1)
        ]
        return pd.DataFrame(rows, columns=["event", "row", "column", "well"])


def first_value(keywords: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Return the first of these keywords that is there and not blank, stripped."""
    values = (keywords[name].strip(" \t\r\n\0") for name in names if name in keywords)
    return next((value for value in values if value), None)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _voltage(text: str | None) -> float | None:
    try:
        value = float(plain_number(text or ""))
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _well(entry: str) -> tuple[int, int]:
    row, column = (int(plain_number(part)) for part in entry.split(","))
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
