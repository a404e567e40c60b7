"""Writing FCS files: FCS 3.1 and 3.2, floats and integers, little-endian."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import encode_metadata
from longate._names import is_missing, name_of
from longate._validation import listed, one_of, suggest
from longate._whole_files import whole_file
from longate.cytometry.matrix_input import compensation_of
from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.compensation import Compensation

DATATYPES = {"float32": "<f4", "float64": "<f8", "uint16": "<u2", "uint32": "<u4"}
"""What may be written, and how numpy calls it."""
VERSIONS = ("3.1", "3.2")
DEFAULT_RANGE = 262144.0
"""``$PnR`` of a channel of floats that is written without one."""


def write_fcs(
    path: str | Path,
    events: pd.DataFrame | ArrayLike,
    channels: Sequence[str] | None = None,
    *,
    markers: Mapping[str, object] | None = None,
    ranges: Mapping[str, float] | float | None = None,
    spillover: Compensation | pd.DataFrame | str | Path | None = None,
    keywords: Mapping[str, str] | None = None,
    datatype: str = "float32",
    version: str = "3.1",
) -> Path:
    """Write an FCS file of little-endian numbers, by default 32-bit floats.

    The file appears under its name only when it is complete: it is written beside and
    then renamed.

    Parameters
    ----------
    path : path-like
        Where to write; an existing file is replaced.
    events : (n_events, n_channels) array-like or DataFrame
        Values; for ``"float32"`` they are rounded, integers must be whole numbers from
        0 on that the range of their channel holds.
    channels : sequence of str, optional
        Detectors (``$PnN``); by default the columns of a DataFrame.
    markers : mapping of str to str, optional
        Detector to marker (``$PnS``); one that is missing (None, NaN) is none.
    ranges : mapping of str to float, or float
        Detector to top of scale (``$PnR``), or one for all; where not given, 262,144
        for floats and 2 to the number of bits for integers.
    spillover : Compensation, DataFrame, str or path-like, optional
        Written as ``$SPILLOVER``; a frame has detectors as columns, a text is the value
        of the keyword or a file of a matrix.
    keywords : mapping of str to str, optional
        Further keywords, such as ``{"$CYT": "..."}``.
    datatype : {"float32", "float64", "uint16", "uint32"}
        How numbers are written.
    version : {"3.1", "3.2"}
        Version of the standard; 3.2 requires ``$CYT``, which is "unknown" where it is
        not among `keywords`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FcsError
        If shapes do not fit, a value is none that the datatype holds, a name or keyword
        would not be read back as it is (empty, repeated, with a comma, a form feed, or
        blanks around it), or a keyword is one that the writer sets itself.
    """
    one_of("datatype", datatype, DATATYPES, FcsError)
    one_of("version", version, VERSIONS, FcsError)
    names, table = _events_to_write(events, channels)
    if isinstance(ranges, int | float):
        tops = dict.fromkeys(names, float(ranges))
    else:
        code = np.dtype(DATATYPES[datatype])
        top = 2.0 ** (8 * code.itemsize) if code.kind == "u" else DEFAULT_RANGE
        given = {} if ranges is None else ranges
        if not hasattr(given, "items"):
            msg = f"ranges must be a number or a mapping, got {ranges!r}"
            raise FcsError(msg)
        tops = dict.fromkeys(names, top) | dict(given.items())
    extra = _texts(keywords)
    called = _texts(markers)
    matrix = compensation_of(spillover, "spillover")
    _refuse_what_does_not_come_back(names, called, tops, extra, matrix)
    described = [(name, called.get(name), float(tops[name])) for name in names]
    values = _as_stored(table, names, tops, datatype)
    pairs = list(extra.items())
    if matrix is not None:
        pairs.append(("$SPILLOVER", matrix.to_keyword()))
    try:
        head = encode_metadata(
            described, len(values), pairs, datatype=datatype, version=version
        )
    except FcsError as error:
        msg = f"{path} cannot be written: it {error}"
        raise FcsError(msg) from None
    return _write_atomically(Path(path), head, values)


def _events_to_write(
    events: pd.DataFrame | ArrayLike, channels: Sequence[str] | None
) -> tuple[list[str], NDArray[np.float64]]:
    if channels is None:
        if not hasattr(events, "columns"):
            msg = "channels must be given where events is not a DataFrame"
            raise FcsError(msg)
        channels = list(events.columns)
    # Texts stay as they are: blanks around them are refused and not taken off.
    names = [name if isinstance(name, str) else name_of(name) for name in channels]
    try:
        wide = np.asarray(events, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"events must be a table of numbers: {error}"
        raise FcsError(msg) from None
    if wide.ndim != 2 or wide.shape[1] != len(names):
        msg = (
            f"events of shape {wide.shape} do not fit {len(names)} channels "
            f"({listed(names)}); expected (n_events, {len(names)})"
        )
        raise FcsError(msg)
    return names, wide


def _as_stored(
    wide: NDArray[np.float64],
    names: Sequence[str],
    tops: Mapping[str, float],
    datatype: str,
) -> NDArray[Any]:
    """Return the numbers as they will stand in the file; refuse what would not fit."""
    if datatype.startswith("uint"):
        limits = np.array([_largest(tops[name], datatype) for name in names])
        with np.errstate(invalid="ignore"):
            wrong = ~((wide >= 0) & (wide <= limits) & (wide == np.floor(wide)))
        said = "values that are no whole numbers within 0 and their range"
        values = np.ascontiguousarray(np.where(wrong, 0, wide), DATATYPES[datatype])
    else:
        with np.errstate(over="ignore"):
            values = np.ascontiguousarray(wide, dtype=DATATYPES[datatype])
        wrong = np.isinf(values) & np.isfinite(wide)
        said = "values beyond what 32-bit floats can hold"
    wrong_channels = wrong.any(axis=0)
    if wrong_channels.any():
        first = names[int(np.argmax(wrong_channels))]
        msg = f"channel {first!r} holds {said}"
        raise FcsError(msg)
    return values


def _largest(top: float, datatype: str) -> float:
    """Return the largest integer that the bit mask of a range leaves as it is."""
    largest = 2.0 ** np.ceil(np.log2(max(top, 1.0)))
    return float(min(largest, 2.0 ** (8 * np.dtype(DATATYPES[datatype]).itemsize)) - 1)


def _texts(given: Mapping[str, object] | None) -> dict[str, str]:
    """Return a mapping of texts; what is missing (None, NaN, NA) is left out."""
    return {
        str(key): value if isinstance(value, str) else name_of(value)
        for key, value in (given or {}).items()
        if isinstance(value, str) or not is_missing(value)
    }


def _refuse_what_does_not_come_back(
    names: Sequence[str],
    markers: Mapping[str, str],
    ranges: Mapping[str, float],
    keywords: Mapping[str, str],
    spillover: Compensation | None,
) -> None:
    """Refuse names, ranges and keywords that no reader would give back as they are."""
    matrix = spillover.channels if spillover else ()
    for argument, given in (
        ("markers", markers),
        ("ranges", ranges),
        ("spillover", matrix),
    ):
        for name in given:
            if name not in names:
                near = suggest(name, names)
                msg = f"{argument} names {name!r}, which is no channel{near}"
                raise FcsError(msg)
    for name, top in ranges.items():
        if is_missing(top) or not 0 < top < float("inf"):
            msg = f"the range of {name!r} must be a finite number above 0, got {top!r}"
            raise FcsError(msg)
    for word in (*names, *markers.values(), *keywords):
        if word != word.strip():
            msg = f"{word!r} starts or ends with a blank, which readers leave out"
            raise FcsError(msg)
    for word in (*names, *markers.values(), *keywords, *keywords.values()):
        if "\x0c" in word:
            msg = f"{word!r} holds a form feed, which separates keywords"
            raise FcsError(msg)


def _write_atomically(path: Path, head: bytes, values: NDArray[Any]) -> Path:
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        file.write(head)
        file.write(values.data)
    return path
