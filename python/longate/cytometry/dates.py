"""Calendar dates and times of day, as instruments and people write them."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

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
        r"(?<!\d)(?P<day>\d{1,2})[-. /_](?P<name>[^\W\d_]{3})[^\W\d_]*\.?[-. /_]"
        r"(?P<year>\d{4}|\d{2})(?!\d)"
    ),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})[-. /_](?P<name>[^\W\d_]{3})[-. /_]"
        r"(?P<day>\d{1,2})(?!\d)"
    ),
    re.compile(
        r"(?<!\d)(?P<year>\d{4})[-./_](?P<month>\d{1,2})[-./_](?P<day>\d{1,2})(?!\d)"
    ),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)"),
    # Day or month first: one of the two readings is no date, or both are the same.
    re.compile(
        r"(?<!\d)(?P<day>\d{1,2})[-/_](?P<month>\d{1,2})[-/_](?P<year>\d{4})(?!\d)"
    ),
    re.compile(
        r"(?<!\d)(?P<month>\d{1,2})[-/_](?P<day>\d{1,2})[-/_](?P<year>\d{4})(?!\d)"
    ),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?!\d)"),
)
_TWO_WAYS = re.compile(r"(?<!\d)(\d{1,2})[-/_](\d{1,2})[-/_]\d{4}(?!\d)")
_TWO_DIGIT_PIVOT = 70
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 12, 31)
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:([.:])(\d{1,6}))?")
_TICKS_PER_SECOND = 60


def find_date(text: str) -> date | None:
    """Return the first calendar date in `text`; None where it has none or could be two.

    A day before 1900 or after 2200 is what an unset clock writes: none.
    ``24-SEP-2014``, ``28-Dec-10``, ``2013-Jul-19``, ``2016-04-26``, ``20101228``,
    ``19.07.2013`` (day first), ``10/19/2020`` and ``06_27_2018`` are understood;
    ``02/06/2014`` is two.
    """
    found = _matched(text)
    return found[0] if found and _EARLIEST <= found[0] <= _LATEST else None


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


def shift_dates(text: str, days: int) -> str | None:
    """Return `text` with all of its dates moved by `days`.

    None where it has none, one cannot be moved, or numbers beside them may be one.
    """
    found = _matched(text)
    moved = shift_date(text, days)
    if found is None or moved is None:
        return None
    begin, end = found[1].span()
    before, behind = text[:begin], text[end:]
    inner = moved[begin : len(moved) - len(behind)]
    parts = []
    for part in (before, behind):
        if _matched(part) is not None:
            further = shift_dates(part, days)
            if further is None:
                return None
            parts.append(further)
        elif _TWO_WAYS.search(part):
            return None
        else:
            parts.append(part)
    return parts[0] + inner + parts[1]


def parse_time(text: str) -> time | None:
    """Return a time of day, or None.

    ``hh:mm:ss`` with hundredths (``.cc``, FCS 3.1), sixtieths (``:tt``, FCS 2.0 and
    3.0; from 60 on they are hundredths, as Accuri writes) or milliseconds (``:mmm``).
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    hour, minute, second = (int(part) for part in match.groups()[:3])
    fraction = 0.0
    if match[5]:
        is_ticks = match[4] == ":" and len(match[5]) <= 2
        parts = (
            _TICKS_PER_SECOND
            if is_ticks and int(match[5]) < _TICKS_PER_SECOND
            else 10 ** len(match[5])
        )
        fraction = int(match[5]) / parts
    if not fraction < 1:
        return None
    try:
        return time(hour, minute, second, min(round(fraction * 1_000_000), 999_999))
    except ValueError:
        return None


def _matched(text: str) -> tuple[date, re.Match[str]] | None:
    both = _TWO_WAYS.search(text)
    if both and both[1] != both[2] and max(int(both[1]), int(both[2])) <= 12:
        return None
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
