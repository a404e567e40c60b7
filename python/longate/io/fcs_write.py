"""Writing FCS files: FCS 3.1 and 3.2, floats and integers, little-endian."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import encode_metadata
from longate._names import is_missing, name_of
from longate._validation import one_of, suggest
from longate._whole_files import whole_file
from longate.cytometry.compensation import SPILLOVER_KEYWORDS, Compensation
from longate.cytometry.matrix_input import compensation_of
from longate.cytometry.panel import Channel
from longate.cytometry.sample import Sample
from longate.cytometry.spillover_keyword import parse_keyword
from longate.exceptions import FcsError, SpilloverError
from longate.io.fcs_contents import Contents, contents_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


DATATYPES = {"float32": "<f4", "float64": "<f8", "uint16": "<u2", "uint32": "<u4"}
"""What may be written, and how numpy calls it."""
VERSIONS = ("3.1", "3.2")
DEFAULT_RANGE = 262144.0
"""``$PnR`` of a channel of floats that is written without one."""


def write_fcs(
    path: str | Path,
    events: Sample | pd.DataFrame | ArrayLike,
    channels: Sequence[str] | None = None,
    *,
    markers: Mapping[str, object] | None = None,
    ranges: Mapping[str, float] | float | None = None,
    spillover: Compensation | pd.DataFrame | str | Path | None = None,
    keywords: Mapping[str, str] | None = None,
    datatype: str | None = None,
    version: str = "3.1",
    values: str = "scale",
) -> Path:
    """Write an FCS file of little-endian numbers, by default 32-bit floats.

    The file appears under its name only when it is complete: it is written beside and
    then renamed.

    Parameters
    ----------
    path : path-like
        Where to write; an existing file is replaced.
    events : Sample, DataFrame or (n_events, n_channels) array-like
        Values; for ``"float32"`` they are rounded, integers must be whole numbers from
        0 on that the range of their channel holds. A sample keeps its detectors,
        markers, ranges, keywords and spillover matrix; a frame of
        :meth:`Sample.to_pandas` its detectors, markers and ranges.
    channels : sequence of str, optional
        Detectors (``$PnN``); by default the columns of a DataFrame. Of a sample, which
        channels are written.
    markers : mapping of str to str, optional
        Detector to marker (``$PnS``); one that is missing (None, NaN) is none.
    ranges : mapping of str to float, or float
        Detector to top of scale (``$PnR``), or one for all; where not given, 262,144
        for floats and 2 to the number of bits for integers.
    spillover : Compensation, DataFrame, str or path-like, optional
        Written as ``$SPILLOVER``; a frame has detectors as columns, a text is the value
        of the keyword or a file of a matrix.
    keywords : mapping of str to str, optional
        Further keywords, such as ``{"$CYT": "..."}``; they replace those of a sample.
    datatype : {"float32", "float64", "uint16", "uint32"}, optional
        How numbers are written; by default 32-bit floats, or 64-bit ones for a sample
        with values that 32 bits would round.
    version : {"3.1", "3.2"}
        Version of the standard; 3.2 requires ``$CYT``, which is "unknown" where it is
        not among `keywords`.
    values : {"scale", "raw"}
        Of arrays and frames, whether keywords such as ``$TIMESTEP`` and ``$PnG`` are
        applied already; they would be applied again when the file is read, so that
        ``"scale"`` refuses them. A sample knows.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FcsError
        If shapes do not fit, a value is none that the datatype holds, a name or keyword
        would not be read back as it is (empty, repeated, with a comma, a form feed, or
        blanks around it), a keyword is one that the writer sets itself, or would change
        values that are on their scale.
    SpilloverError
        If a keyword holds a spillover matrix that cannot be read, or names a channel
        that is not written.
    """
    one_of("values", values, ("scale", "raw"), FcsError)
    contents = contents_of(events, channels)
    if datatype is None:
        datatype = _default_type(contents) if isinstance(events, Sample) else "float32"
    one_of("datatype", datatype, DATATYPES, FcsError)
    one_of("version", version, VERSIONS, FcsError)
    names, table = contents.detectors, contents.values
    if isinstance(ranges, int | float):
        tops = dict.fromkeys(names, float(ranges))
    else:
        code = np.dtype(DATATYPES[datatype])
        top = 2.0 ** (8 * code.itemsize) if code.kind == "u" else DEFAULT_RANGE
        given = {} if ranges is None else ranges
        if not hasattr(given, "items"):
            msg = f"ranges must be a number or a mapping, got {ranges!r}"
            raise FcsError(msg)
        tops = dict.fromkeys(names, top) | contents.ranges | dict(given.items())
    told = _texts(keywords)
    called = contents.markers | _texts(markers)
    taken = {key.upper() for key in told}
    extra = {k: v for k, v in contents.keywords.items() if k.upper() not in taken}
    extra |= told
    raw = events.raw if isinstance(events, Sample) else values == "raw"
    if not raw:
        _refuse_applied_again(names, extra)
    matrix = compensation_of(spillover, "spillover")
    stated = _stated_matrix(told, names)
    if stated is not None and matrix is not None:
        msg = f"the matrix is given twice, by spillover= and by the keyword {stated}"
        raise FcsError(msg)
    if stated is None and matrix is None:
        matrix = contents.spillover
    _refuse_what_does_not_come_back(names, called, tops, extra, matrix)
    described = [(name, called.get(name), float(tops[name])) for name in names]
    stored = _as_stored(table, names, tops, datatype)
    pairs = list(extra.items())
    if matrix is not None:
        pairs.append(("$SPILLOVER", matrix.to_keyword()))
    try:
        head = encode_metadata(
            described, len(stored), pairs, datatype=datatype, version=version
        )
    except FcsError as error:
        msg = f"{path} cannot be written: it {error}"
        raise FcsError(msg) from None
    return _write_atomically(Path(path), head, stored)


def _default_type(contents: Contents) -> str:
    """Return the narrowest floats that hold every value."""
    wide = contents.values
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    return "float32" if np.array_equal(narrow, wide, equal_nan=True) else "float64"


def _refuse_applied_again(names: Sequence[str], keywords: Mapping[str, str]) -> None:
    """Refuse keywords that a reader would apply to values which are on their scale."""
    timed = any(Channel(name).kind == "time" for name in names)
    for key, value in keywords.items():
        gain = re.fullmatch(r"\$P\d+G", key, re.IGNORECASE)
        step = key.upper() == "$TIMESTEP" and timed
        if not (gain or step):
            continue
        try:
            number = float(value)
        except ValueError:
            number = 1.0
        if number not in (0.0, 1.0):
            msg = (
                f"{key} = {value} would be applied again when the file is read; leave "
                "it out, or write stored numbers with values='raw'"
            )
            raise FcsError(msg)


def _stated_matrix(keywords: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the keyword that holds a matrix, which must be as good as `spillover`."""
    for key, value in keywords.items():
        if key.upper() not in SPILLOVER_KEYWORDS or not value.strip():
            continue
        try:
            matrix, channels = parse_keyword(value)
            Compensation(matrix, channels)
        except SpilloverError as error:
            msg = f"the keyword {key} cannot be written: {error}"
            raise SpilloverError(msg) from None
        for name in channels:
            if name not in names:
                near = suggest(name, names)
                msg = f"the keyword {key} names {name!r}, which is no channel{near}"
                raise SpilloverError(msg)
        return key
    return None


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
