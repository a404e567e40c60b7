"""FCS files: read, look at the head, write."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from longate._core import encode_head, read_columns, read_head
from longate._validation import listed, one_of, suggest
from longate.cytometry.compensation import SPILLOVER_KEYWORDS, Compensation
from longate.cytometry.panel import Channel, Panel
from longate.cytometry.sample import Departure, Keywords, Sample
from longate.exceptions import FcsError, SpilloverError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

Identity = tuple[int, int, int]

DEFAULT_RANGE = 262144.0
"""``$PnR`` of a channel that is written without one."""


@dataclass(frozen=True)
class FileHead:
    """What HEADER and TEXT of a file say; no events.

    Parameters
    ----------
    path : Path
        The file.
    version : str
        ``"FCS3.1"`` and the like.
    panel : Panel
        Its channels.
    keywords : Keywords
        Its keywords.
    n_events : int
        Number of events.
    diagnosis : tuple of Departure
        Departures from the standard that were met and repaired.
    identity : tuple of int
        Length in bytes, modification time in nanoseconds, hash of HEADER and TEXT.
    """

    path: Path
    version: str
    panel: Panel
    keywords: Keywords
    n_events: int
    diagnosis: tuple[Departure, ...]
    identity: Identity

    @property
    def compensation(self) -> Compensation | None:
        """The spillover matrix of the file, or None where it has none.

        Raises
        ------
        SpilloverError
            If it has one that is malformed or singular; the file is named.
        """
        for keyword in SPILLOVER_KEYWORDS:
            if keyword in self.keywords and self.keywords[keyword].strip():
                try:
                    matrix = Compensation.from_keyword(self.keywords[keyword])
                except SpilloverError as error:
                    msg = f"{self.path}: in {keyword}: {error}"
                    raise SpilloverError(msg) from None
                return _fitted(matrix, self.panel)
        return None


def _fitted(matrix: Compensation, panel: Panel) -> Compensation | None:
    """Return the matrix as the panel names it.

    Channel numbers (from 1), which some vendors write, become detectors. Channels that
    the file lacks are left out where they neither give nor take anything, as in files
    from which only some channels were exported; others stay: an error when used.
    """
    names = list(matrix.channels)
    if all(name.isdecimal() and name not in panel for name in names):
        numbers = [int(name) for name in names]
        if all(1 <= number <= len(panel) for number in numbers):
            names = [panel.channels[number - 1].detector for number in numbers]
    identity = np.eye(len(names))
    alone = (matrix.matrix == identity).all(0) & (matrix.matrix == identity).all(1)
    kept = [
        place for place, name in enumerate(names) if name in panel or not alone[place]
    ]
    if not kept:
        return None
    values = matrix.matrix[np.ix_(kept, kept)]
    return Compensation(values, [names[place] for place in kept])


def scan_file(
    path: str | Path, *, aliases: Mapping[str, str] | None = None
) -> FileHead:
    """Read HEADER and TEXT of a file, and no events.

    Parameters
    ----------
    path : path-like
        The file.
    aliases : mapping of str to str, optional
        Further names for markers, see :class:`longate.Panel`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If it is not FCS, is damaged, or uses what this reader does not support.
    """
    head = read_head(path)
    channels = tuple(
        Channel(p["detector"], p["marker"], p["range"], p["voltage"])
        for p in head["parameters"]
    )
    return FileHead(
        path=Path(path),
        version=head["version"],
        panel=Panel(channels, dict(aliases or {})),
        keywords=Keywords(head["keywords"]),
        n_events=head["n_events"],
        diagnosis=tuple(Departure(*entry) for entry in head["departures"]),
        identity=head["identity"],
    )


def read_fcs(
    path: str | Path,
    *,
    values: str = "scale",
    channels: Sequence[str] | None = None,
    compensation: Compensation | str | None = "file",
    aliases: Mapping[str, str] | None = None,
) -> Sample:
    """Read an FCS file: list mode, FCS 2.0 to 3.2, first data set.

    Understood are ``$DATATYPE`` I with 8, 16, 24, 32 or 64 bits (mixed widths too), F
    and D, in either byte order; everything else is refused by name.

    Parameters
    ----------
    path : path-like
        The file.
    values : {"scale", "raw"}
        ``"raw"`` gives the stored numbers after the bit mask of ``$PnR``; ``"scale"``
        applies ``$PnE`` (``f2 10^(f1 x / R)``), ``$PnG`` (``x / gain``, linear
        channels) and ``$TIMESTEP`` (Time in seconds).
    channels : sequence of str, optional
        Markers or detectors to read; all by default.
    compensation : {"file"}, Compensation or None
        The matrix that the sample carries: the file's own, another one, or none, which
        also reads files whose own matrix is malformed.
    aliases : mapping of str to str, optional
        Further names for markers, such as ``{"NCAM": "CD56"}``.

    Returns
    -------
    Sample
        Columns are float32 where that holds every value exactly, as the keywords tell
        (float32 data, integers of up to 24 significant bits), else float64 (doubles,
        wider integers, Time, and scale values with a gain or a log amplifier).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If it is not FCS, is damaged, or uses what this reader does not support.
    PanelError
        If a channel is not in the file.
    SpilloverError
        If the file's spillover matrix is malformed or singular.

    References
    ----------
    FCS 3.1: Spidlen 2010, doi:10.1002/cyto.a.20825.
    """
    one_of("values", values, ("scale", "raw"), FcsError)
    if isinstance(compensation, str):
        one_of("compensation", compensation, ("file",), FcsError)
    head = scan_file(path, aliases=aliases)
    if channels is None:
        places = list(range(len(head.panel)))
    else:
        places = [head.panel.index(name) for name in channels]
    if isinstance(compensation, str):
        compensation = _own_matrix(head)
    arrays = read_columns(head.path, places, values == "raw")
    for array in arrays:
        array.setflags(write=False)
    return Sample(
        path=head.path,
        version=head.version,
        panel=head.panel,
        keywords=head.keywords,
        compensation=compensation,
        diagnosis=head.diagnosis,
        n_events=head.n_events,
        columns=dict(zip(places, arrays, strict=True)),
    )


def _own_matrix(head: FileHead) -> Compensation | None:
    try:
        return head.compensation
    except SpilloverError as error:
        msg = f"{error}; compensation=None reads the events without a matrix"
        raise SpilloverError(msg) from None


def write_fcs(
    path: str | Path,
    events: pd.DataFrame | ArrayLike,
    channels: Sequence[str] | None = None,
    *,
    markers: Mapping[str, str] | None = None,
    ranges: Mapping[str, float] | float | None = None,
    spillover: Compensation | None = None,
    keywords: Mapping[str, str] | None = None,
) -> Path:
    """Write an FCS 3.1 file of little-endian 32-bit floats.

    The file appears under its name only when it is complete: it is written beside and
    then renamed.

    Parameters
    ----------
    path : path-like
        Where to write; an existing file is replaced.
    events : (n_events, n_channels) array-like or DataFrame
        Values; they are rounded to float32.
    channels : sequence of str, optional
        Detectors (``$PnN``); by default the columns of a DataFrame.
    markers : mapping of str to str, optional
        Detector to marker (``$PnS``).
    ranges : mapping of str to float, or float
        Detector to top of scale (``$PnR``), or one for all; 262,144 where not given.
    spillover : Compensation, optional
        Written as ``$SPILLOVER``.
    keywords : mapping of str to str, optional
        Further keywords, such as ``{"$CYT": "..."}``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FcsError
        If shapes do not fit, a value is none that float32 holds, a name or keyword
        would not be read back as it is (empty, repeated, with a comma, a form feed, or
        blanks around it), or a keyword is one that the writer sets itself.
    """
    names, values = _events_to_write(events, channels)
    if isinstance(ranges, int | float):
        tops = dict.fromkeys(names, float(ranges))
    else:
        tops = dict.fromkeys(names, DEFAULT_RANGE) | dict(ranges or {})
    extra = {str(key): str(value) for key, value in (keywords or {}).items()}
    _refuse_what_does_not_come_back(names, markers or {}, tops, extra, spillover)
    described = [(name, (markers or {}).get(name), float(tops[name])) for name in names]
    pairs = list(extra.items())
    if spillover is not None:
        pairs.append(("$SPILLOVER", spillover.to_keyword()))
    try:
        head = encode_head(described, len(values), pairs)
    except FcsError as error:
        msg = f"{path} cannot be written: it {error}"
        raise FcsError(msg) from None
    return _write_atomically(Path(path), head, values)


def _events_to_write(
    events: pd.DataFrame | ArrayLike, channels: Sequence[str] | None
) -> tuple[list[str], NDArray[np.float32]]:
    if channels is None:
        if not hasattr(events, "columns"):
            msg = "channels must be given where events is not a DataFrame"
            raise FcsError(msg)
        channels = [str(name) for name in events.columns]
    names = [str(name) for name in channels]
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
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(wide, dtype="<f4")
    beyond = (np.isinf(values) & np.isfinite(wide)).any(axis=0)
    if beyond.any():
        first = names[int(np.argmax(beyond))]
        msg = f"channel {first!r} holds values beyond what 32-bit floats can hold"
        raise FcsError(msg)
    return names, values


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
        if not 0 < top < float("inf"):
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


def _write_atomically(path: Path, head: bytes, values: NDArray[np.float32]) -> Path:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("xb") as file:
            file.write(head)
            file.write(values.data)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path
