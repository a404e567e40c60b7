"""When and on what a file was acquired, as its keywords say."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CYTOMETER_KEYWORDS = ("$CYT",)
SERIAL_KEYWORDS = ("$CYTSN", "CYTNUM", "@CYTOMETERID", "CYTOMETER SERIAL NUMBER")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb fev fév",
            "mar mrz mär",
            "apr avr",
            "may mai",
            "jun",
            "jul",
            "aug aou aoû ago",
            "sep set",
            "oct okt ott",
            "nov",
            "dec dez dic déc",
        ),
        start=1,
    )
    for name in names.split()
}
_ENGLISH = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DATES = (
    # FCS 3.1 §3.2.20 wants dd-mmm-yyyy; the others are met in files.
    re.compile(
        r"(?<!\d)(?P<day>\d{1,2})[-. /](?P<name>[^\W\d_]{3})[^\W\d_]*\.?[-. /]"
        r"(?P<year>\d{4}|\d{2})(?!\d)"
    ),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})[-. /](?P<name>[^\W\d_]{3})[-. /](?P<day>\d{1,2})(?!\d)"
    ),
    re.compile(r"(?<!\d)(?P<year>\d{4})[-./](?P<month>\d{2})[-./](?P<day>\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?!\d)"),
)
_TWO_DIGIT_PIVOT = 70


def find_date(text: str) -> date | None:
    """Return the first calendar date in `text`, or None.

    ``24-SEP-2014``, ``28-Dec-10``, ``2013-Jul-19``, ``2016-04-26``, ``20101228`` and
    ``19.07.2013`` are understood; ``02/06/2014`` is not, as it is two dates.
    """
    found = _matched(text)
    return found[0] if found else None


def shift_date(text: str, days: int) -> str | None:
    """Return `text` with its first date moved by `days`, else None.

    The date is written as it was; what stands around it stays.
    """
    found = _matched(text)
    if found is None:
        return None
    old, match = found
    try:
        new = old + timedelta(days=days)
    except OverflowError:
        return None
    parts = {
        "day": f"{new.day:0{len(match['day'])}d}",
        "year": f"{new.year:04d}"[-len(match["year"]) :],
    }
    if "name" in match.re.groupindex:
        month = _ENGLISH[3 * new.month - 3 : 3 * new.month]
        cased = (month.upper, month.lower)[match["name"].islower()]
        single_case = match["name"].isupper() or match["name"].islower()
        parts["name"] = cased() if single_case else month
    else:
        parts["month"] = f"{new.month:0{len(match['month'])}d}"
    out = text
    for name in sorted(parts, key=match.start, reverse=True):
        out = out[: match.start(name)] + parts[name] + out[match.end(name) :]
    return out


def _matched(text: str) -> tuple[date, re.Match[str]] | None:
    for pattern in _DATES:
        match = pattern.search(text)
        if match is None:
            continue
        year = int(match["year"])
        if len(match["year"]) == 2:
            year += 1900 if year >= _TWO_DIGIT_PIVOT else 2000
        if "name" in pattern.groupindex:
            month = _MONTHS.get(match["name"].casefold(), 0)
        else:
            month = int(match["month"])
        try:
            return date(year, month, int(match["day"])), match
        except ValueError:
            continue
    return None


def first_value(keywords: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return the first of these keywords that is there and not blank, stripped."""
    for name in names:
        value = keywords[name].strip(" \t\r\n\0") if name in keywords else ""
        if value:
            return value
    return None


def acquisition_date(keywords: Mapping[str, str]) -> date | None:
    """Return the day of acquisition (``$DATE``, or ``$BEGINDATETIME`` of FCS 3.2)."""
    for name in ("$DATE", "$BEGINDATETIME"):
        value = first_value(keywords, (name,))
        found = find_date(value) if value else None
        if found is not None:
            return found
    return None


def cytometer(keywords: Mapping[str, str]) -> str | None:
    """Return the cytometer's name, or None where it is not recorded."""
    return first_value(keywords, CYTOMETER_KEYWORDS)


def serial(keywords: Mapping[str, str]) -> str | None:
    """Return the cytometer's serial number, or None where it is not recorded."""
    return first_value(keywords, SERIAL_KEYWORDS)
