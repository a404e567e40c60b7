"""FCS files: events, or metadata alone; :mod:`longate.io.fcs_write` writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from longate import _core
from longate._validation import one_of
from longate.cytometry.acquired import FileReader, register_reader
from longate.cytometry.acquisition import Acquisition
from longate.cytometry.compensation import SPILLOVER_KEYWORDS, Compensation
from longate.cytometry.file_spillover import stated_compensation
from longate.cytometry.keywords import Keywords
from longate.cytometry.matrix_input import compensation_of
from longate.cytometry.panel import Channel, Panel
from longate.cytometry.sample import Sample, Violation
from longate.exceptions import FcsError, SpilloverError
from longate.io.fcs_write import write_fcs
from longate.io.remote import RemoteFile, locate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["FcsMetadata", "read_fcs", "read_metadata", "write_fcs"]

Identity = tuple[int, int, int, int]

NOTES = {"mask-applied", "several-data-sets"}
"""Codes of a diagnosis that are no violations from the standard."""


@dataclass(frozen=True)
class FcsMetadata(Acquisition):
    """What HEADER and TEXT of a file say; no events.

    Parameters
    ----------
    path : Path or RemoteFile
        The file.
    version : str
        ``"FCS3.1"`` and the like.
    panel : Panel
        Its channels.
    keywords : Keywords
        Its keywords.
    n_events : int
        Number of events.
    diagnosis : tuple of Violation
        Violations from the standard that were met and repaired.
    identity : tuple of int
        Length in bytes, modification time in nanoseconds, hash of HEADER and TEXT, and
        the byte at which the data set begins.
    dataset : int
        Which data set of the file, from 0.
    n_data_sets : int
        How many the file holds, as far as ``$NEXTDATA`` leads.
    analysis : Keywords
        The keywords of the ANALYSIS segment.
    text : bytes
        The bytes of the TEXT segment, as they are in the file.
    segments : dict
        Where ``text``, ``supplement``, ``data`` and ``analysis`` lie, as half-open
        ranges of bytes of the file or None, and where this data set begins (``begin``)
        and the next one (``next``).
    crc : int or None
        The check word behind the last segment, where one was computed.
    spillover : tuple of (str, str) or None
        The keyword that holds a spillover matrix, readable or not, and its value.
    """

    path: Path | RemoteFile
    version: str
    panel: Panel
    keywords: Keywords
    n_events: int
    diagnosis: tuple[Violation, ...]
    identity: Identity
    dataset: int = 0
    n_data_sets: int = 1
    analysis: Keywords = field(default_factory=lambda: Keywords([]), repr=False)
    text: bytes = field(default=b"", repr=False)
    segments: dict[str, Any] = field(default_factory=dict, repr=False)
    crc: int | None = None
    spillover: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def has_spillover(self) -> bool:
        """Return whether a keyword holds a spillover matrix, readable or not."""
        return self.spillover is not None

    @property
    def compensation(self) -> Compensation | None:
        """The spillover matrix of the file, or None where it has none.

        Raises
        ------
        SpilloverError
            If it has one that is malformed or singular; the file is named.
        """
        try:
            found = stated_compensation(self.spillover, self.panel)
        except SpilloverError as error:
            msg = f"{self.path}: {error}"
            raise SpilloverError(msg) from None
        return None if found is None else found[1]


def read_metadata(
    path: str | Path | RemoteFile,
    *,
    aliases: Mapping[str, str] | None = None,
    dataset: int = 0,
) -> FcsMetadata:
    """Read HEADER and TEXT of a file, and no events.

    Parameters
    ----------
    path : path-like
        The file.
    aliases : mapping of str to str, optional
        Further names for markers, see :class:`longate.Panel`.
    dataset : int
        Which data set of the file, from 0.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If it is not FCS, is damaged, or uses what this reader does not support.
    """
    if dataset < 0:
        msg = f"dataset counts from 0, got {dataset}"
        raise FcsError(msg)
    location = locate(path)
    begins = _data_set_begins(location) if dataset else (0,)
    if dataset >= len(begins):
        msg = (
            f"{location} has {len(begins)} data sets; data set number {dataset} was "
            "asked for, counted from 0"
        )
        raise FcsError(msg)
    begin = begins[dataset]
    metadata = _core.read_metadata(location, SPILLOVER_KEYWORDS, begin=begin)
    n_data_sets = metadata["n_data_sets"] or len(begins)
    pairs, text = metadata["keywords"], metadata["text"]
    diagnosis = [Violation(*entry) for entry in metadata["violations"]]
    if n_data_sets > 1:
        found = f"the file holds {n_data_sets} data sets"
        repair = f"read number {dataset}, counted from 0; dataset= reads another"
        diagnosis.append(Violation("several-data-sets", found, repair))
    return FcsMetadata(
        path=location,
        version=metadata["version"],
        panel=Panel(_channels(metadata["parameters"]), dict(aliases or {})),
        keywords=Keywords.of_text(text) if pairs is None else Keywords(pairs),
        n_events=metadata["n_events"],
        diagnosis=tuple(diagnosis),
        identity=metadata["identity"],
        dataset=dataset,
        n_data_sets=n_data_sets,
        analysis=Keywords(metadata["analysis"]),
        text=text,
        segments=metadata["segments"],
        crc=metadata["crc"],
        spillover=_shared(metadata["stated"]),
    )


def _data_set_begins(location: Path | RemoteFile) -> tuple[int, ...]:
    """Return the byte at which each data set of a file begins."""
    if isinstance(location, RemoteFile):
        return tuple(_core.data_set_begins(location))
    try:
        found = location.stat()
    except OSError:
        return tuple(_core.data_set_begins(location))  # says what is wrong
    return _begins_of(location, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=16)
def _begins_of(path: Path, size: int, modified: int) -> tuple[int, ...]:
    """Walk once through a file of many data sets, and not again for each of them."""
    return tuple(_core.data_set_begins(path))


@lru_cache(maxsize=64)
def _channels(
    parameters: tuple[tuple[str, str | None, float, str | None], ...],
) -> tuple[Channel, ...]:
    """Return the channels of a file; the files of a study mostly share them."""
    return tuple(Channel(*parameter) for parameter in parameters)


@lru_cache(maxsize=64)
def _shared(stated: tuple[str, str] | None) -> tuple[str, str] | None:
    """Return what equals it and was there first: many files have one long matrix."""
    return stated


def read_fcs(
    path: str | Path | RemoteFile,
    *,
    values: str = "scale",
    channels: Sequence[str] | None = None,
    dataset: int = 0,
    compensation: Compensation | pd.DataFrame | str | Path | None = "file",
    aliases: Mapping[str, str] | None = None,
    on_problem: str = "repair",
    threads: int | None = None,
) -> Sample:
    """Read an FCS file: list mode, FCS 2.0 to 3.2.

    Understood are ``$DATATYPE`` I of 1 to 64 bits (mixed widths and tightly packed bits
    too), F, D and A (of fixed width and delimited), and the mixed types of FCS 3.2, in
    any byte order; everything else is refused by name.

    Parameters
    ----------
    path : path-like, or URL
        The file; a URL (``s3://…``, ``https://…``) is read in parts by fsspec.
    values : {"scale", "raw"}
        ``"raw"`` gives the stored numbers after the bit mask of ``$PnR``; ``"scale"``
        applies ``$PnE`` (``f2 10^(f1 x / R)``), ``$PnG`` (``x / gain``, linear
        channels) and ``$TIMESTEP`` (Time in seconds).
    channels : sequence of str, optional
        Markers or detectors to read; all by default.
    dataset : int
        Which data set of the file, from 0; most files have one.
    compensation : {"file"}, Compensation, DataFrame, path-like or None
        The matrix that the sample carries: the file's own, another one (an object, a
        frame with detectors as columns, the value of ``$SPILLOVER``, a file), or none,
        which also reads files whose own matrix is malformed.
    aliases : mapping of str to str, optional
        Further names for markers, such as ``{"NCAM": "CD56"}``.
    on_problem : {"repair", "strict"}
        ``"repair"`` repairs violations from the standard that leave no doubt about
        values, and lists them in ``sample.diagnosis``; ``"strict"`` refuses them.
    threads : int, optional
        How many to read with; one per processor by default.

    Returns
    -------
    Sample
        Columns are float32 where that holds every value exactly, as the keywords tell
        (float32 data, integers of up to 24 significant bits), else float64 (doubles,
        wider integers, ASCII, Time, and scale values with a gain or a log amplifier).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If it is not FCS, is damaged, or uses what this reader does not support; with
        ``on_problem="strict"`` also if it departs from the standard.
    PanelError
        If a channel is not in the file.
    SpilloverError
        If the file's spillover matrix is malformed or singular.

    References
    ----------
    FCS 3.1: Spidlen 2010, doi:10.1002/cyto.a.20825; 3.2: Spidlen 2021,
    doi:10.1002/cyto.a.24225.
    """
    one_of("values", values, ("scale", "raw"), FcsError)
    one_of("on_problem", on_problem, ("repair", "strict"), FcsError)
    is_own = isinstance(compensation, str) and compensation == "file"
    if isinstance(compensation, str) and compensation.isalpha():
        one_of("compensation", compensation, ("file",), FcsError)
    matrix = None if is_own else compensation_of(compensation)
    metadata = read_metadata(path, aliases=aliases, dataset=dataset)
    if channels is None:
        indices = list(range(len(metadata.panel)))
    else:
        indices = [metadata.panel.index(name) for name in channels]
    if is_own:
        matrix = _own_matrix(metadata)
    arrays, met = _core.read_columns(
        metadata.path,
        indices,
        values == "raw",
        begin=metadata.segments["begin"],
        threads=threads or 0,
        identity=metadata.identity,
    )
    for array in arrays:
        array.setflags(write=False)
    diagnosis = (
        *metadata.diagnosis,
        *(Violation(*one) for one in met),
        *_crc(metadata),
    )
    if on_problem == "strict":
        _refuse(metadata.path, diagnosis)
    return Sample(
        path=metadata.path,
        version=metadata.version,
        panel=metadata.panel,
        keywords=metadata.keywords,
        compensation=matrix,
        diagnosis=diagnosis,
        n_events=metadata.n_events,
        columns=dict(zip(indices, arrays, strict=True)),
        analysis=metadata.analysis,
        text=metadata.text,
        dataset=metadata.dataset,
        n_data_sets=metadata.n_data_sets,
        raw=values == "raw",
    )


def _crc(metadata: FcsMetadata) -> list[Violation]:
    """Return what the check word has to say, where there is one."""
    if metadata.crc is None or _core.check_crc(
        metadata.path, begin=metadata.segments["begin"]
    ):
        return []
    found = (
        f"the check word (CRC) is {metadata.crc}; the bytes before it have another sum"
    )
    return [Violation("crc-differs", found, "read the file; bytes of it may be wrong")]


def _refuse(path: Path | RemoteFile, diagnosis: Sequence[Violation]) -> None:
    """Refuse what departs from the standard; notes are no violations."""
    problems = [one for one in diagnosis if one.code not in NOTES]
    if problems:
        told = "; ".join(f"{one.found} ({one.code})" for one in problems)
        msg = f"{path} departs from the standard, and on_problem is 'strict': {told}"
        raise FcsError(msg)


def _own_matrix(metadata: FcsMetadata) -> Compensation | None:
    try:
        return metadata.compensation
    except SpilloverError as error:
        msg = f"{error}; compensation=None reads the events without a matrix"
        raise SpilloverError(msg) from None


register_reader(FileReader(read_metadata, read_fcs))
