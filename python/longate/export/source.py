"""What an exported table is made of: tidy rows, values and their units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate._names import names_of
from longate._validation import listed, suggest
from longate.exceptions import ExportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_BY = ("population", "name", "outcome", "stage", "marker")
_DEFAULTS = ("fraction", "per_microlitre", "index", "value")
_UNITS = {
    "n_events": "events",
    "n_parent": "events",
    "per_microlitre": "cells per µL",
    "index": "0 to 1",
    "value": "",
}
ALL_EVENTS = "All events"


@dataclass(frozen=True, eq=False)
class Series:
    """One quantity of many samples.

    Attributes
    ----------
    title : str
        What it is, in words, its unit included: ``"NK (% of lymphocytes)"``.
    unit : str
        For headings of columns: ``"% of lymphocytes"``.
    rows : DataFrame
        ``patient, visit``, the sheet's columns, and ``exported``, the number.
    """

    title: str
    unit: str
    rows: pd.DataFrame


def frame_of(source: object) -> pd.DataFrame:
    """Return the tidy rows behind populations, a result or a frame.

    Raises
    ------
    ExportError
        If there are none.
    """
    import pandas as pd

    for name in ("counts", "table"):
        found = getattr(source, name, None)
        if isinstance(found, pd.DataFrame):
            return found
    if isinstance(source, pd.DataFrame):
        return source
    msg = (
        f"populations, a result with a .table or a DataFrame can be exported, not "
        f"{type(source).__name__}"
    )
    raise ExportError(msg)


def series_of(
    source: object,
    *,
    value: str | Sequence[str] | None,
    populations: Sequence[str] | str | None,
    of: str | None,
    percent: bool,
) -> list[Series]:
    """Return the quantities that are to be exported, in their order.

    Raises
    ------
    ExportError
        If a column or population is not known, or patient-visits repeat.
    """
    frame = frame_of(source)
    wanted = [populations] if isinstance(populations, str) else populations
    if of is not None:
        frame = _shares(source, frame, wanted, of)
    for column in ("patient", "visit"):
        if column not in frame:
            msg = f"the table has no column {column!r}; it has {listed(frame.columns)}"
            raise ExportError(msg)
    values = _values(frame, value)
    by = next((name for name in _BY if name in frame), None)
    if wanted is not None and by is None:
        msg = "populations= is for tables of several populations, which this is not"
        raise ExportError(msg)
    if by is None:
        parts: dict[Any, pd.DataFrame] = {"": frame}
    else:
        chosen = _chosen([str(one) for one in frame[by].unique()], wanted, by)
        parts = {name: frame[frame[by].astype(str) == name] for name in chosen}
    short = short_names([name for name in parts if name])
    return [
        _series(short.get(name, ""), rows, one, percent=percent)
        for name, rows in parts.items()
        for one in values
    ]


def _shares(
    source: object, frame: pd.DataFrame, wanted: Sequence[str] | None, of: str
) -> pd.DataFrame:
    import pandas as pd

    fraction = getattr(source, "fraction", None)
    if fraction is None or not wanted:
        msg = "of= is for populations= of gated populations"
        raise ExportError(msg)
    parts = [fraction(name, of=of) for name in wanted]
    return pd.concat(
        [part.assign(population=name) for part, name in zip(parts, wanted, strict=True)]
    ).rename(columns={"of": "parent"})


def _values(frame: pd.DataFrame, value: str | Sequence[str] | None) -> list[str]:
    names = [str(name) for name in frame.columns]
    if value is None:
        found = [name for name in _DEFAULTS if name in names][:1]
        if not found:
            msg = f"pass value=, a column of {listed(names, most=20)}"
            raise ExportError(msg)
        return found
    wanted = [value] if isinstance(value, str) else list(value)
    for name in wanted:
        if name not in names:
            msg = (
                f"value={name!r} is no column; there are {listed(names, most=20)}"
                f"{suggest(name, names)}"
            )
            raise ExportError(msg)
    return wanted


def _chosen(known: list[str], wanted: Sequence[str] | None, by: str) -> list[str]:
    if wanted is None:
        return known
    found = []
    for name in wanted:
        own = [one for one in known if one == name or one.endswith(f"/{name}")]
        if len(own) != 1:
            problem = f"means {listed(own)}" if own else "is not there"
            msg = (
                f"{by} {name!r} {problem}; there are {listed(known, most=12)}"
                f"{suggest(name, [one.rpartition('/')[2] for one in known])}"
            )
            raise ExportError(msg)
        found += own
    return found


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Return the last part of each path where it is unique, else the path."""
    lasts = [path.rpartition("/")[2] for path in paths]
    return {
        path: last if lasts.count(last) == 1 else path
        for path, last in zip(paths, lasts, strict=True)
    }


def _series(name: str, rows: pd.DataFrame, value: str, *, percent: bool) -> Series:
    import pandas as pd

    is_share = value == "fraction"
    unit = _UNITS.get(value, "")
    numbers = pd.to_numeric(rows[value], errors="coerce").astype("float64")
    if is_share:
        parents = rows["parent"].fillna(ALL_EVENTS).unique() if "parent" in rows else []
        one = str(parents[0]) if len(parents) == 1 else "its parent"
        parent = one.rpartition("/")[2]
        unit = f"% of {parent}" if percent else f"fraction of {parent}"
        numbers = numbers * 100 if percent else numbers
    words = name or value.replace("_", " ")
    if name and not is_share:
        words = f"{name}: {value.replace('_', ' ')}"
    keys = rows.assign(
        patient=names_of(rows["patient"]), exported=numbers.to_numpy()
    ).reset_index(drop=True)
    repeated = keys.duplicated(["patient", "visit"], keep=False)
    if repeated.any():
        first = keys[repeated].iloc[0]
        msg = (
            f"{words} has several rows of patient {first['patient']!r} at "
            f"{first['visit']!r} (tubes or runs); keep one of them, or name one in "
            f"populations="
        )
        raise ExportError(msg)
    return Series(f"{words} ({unit})" if unit else words, unit, keys)
