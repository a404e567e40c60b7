"""The input of a strategy: a sample, or the metadata of its file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from longate.exceptions import GateError, LongateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample


SCALE = "scale"
"""Values on the channels' scales: amplification, gain and time step applied."""
RAW = "raw"
"""The stored numbers."""


class FileReader(NamedTuple):
    """The functions that read files, which :mod:`longate.io.fcs` registers."""

    read_metadata: Callable[..., Any]
    read_fcs: Callable[..., Sample]


_readers: list[FileReader] = []


def register_reader(reader: FileReader) -> None:
    """Let paths be given where samples are; the last reader that was registered counts.

    Formats are read by modules that know samples; this one must not know them.

    Parameters
    ----------
    reader : FileReader
        Its functions.
    """
    _readers.append(reader)


class Acquired(Protocol):
    """A sample, or the metadata of its file."""

    @property
    def panel(self) -> Panel:
        """Its channels."""

    @property
    def compensation(self) -> Compensation | None:
        """The matrix that came with the acquisition."""

    @property
    def n_events(self) -> int:
        """The number of events."""


def acquired_of(sample: Sample | Acquired | str | PathLike[str]) -> Sample | Acquired:
    """Return what was given, of a path the metadata of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If it cannot be read.
    """
    if not isinstance(sample, str | PathLike):
        return sample
    path = sample if isinstance(sample, str) else Path(sample)
    found: Acquired = _readers[-1].read_metadata(path)
    return found


def in_values(sample: Sample, *, raw: bool) -> Sample:
    """Return a sample with stored numbers or scale values, as a strategy wants them.

    Parameters
    ----------
    sample : Sample
        The events, read in either way.
    raw : bool
        Whether stored numbers are wanted.

    Returns
    -------
    Sample
        The sample itself where both are the same numbers; else what its file gives.

    Raises
    ------
    GateError
        If the file cannot be read again, or is another one by now.
    """
    amplified = any(_is_amplified(sample, index) for index in sample.columns)
    if sample.raw == raw or not amplified:
        return sample
    wanted = RAW if raw else SCALE
    complaint = (
        f"the strategy is drawn on {wanted} values, and {sample.path.name} was read "
        f"with values={RAW if sample.raw else SCALE!r}; read it with values={wanted!r}"
    )
    channels = [sample.panel.channels[index].detector for index in sample.columns]
    try:
        again = _readers[-1].read_fcs(
            str(sample.path),
            values=wanted,
            channels=channels,
            dataset=sample.dataset,
            compensation=sample.compensation,
            aliases=sample.panel.aliases,
        )
    except (LongateError, OSError) as error:
        msg = f"{complaint} ({error})"
        raise GateError(msg) from None
    if (again.n_events, again.text) != (sample.n_events, sample.text):
        msg = f"{complaint} (its file has changed since)"
        raise GateError(msg)
    return again


def _is_amplified(sample: Sample, index: int) -> bool:
    """Whether keywords make a channel's scale values differ from its stored numbers."""
    keywords = sample.keywords

    def number(key: str, default: float) -> float:
        try:
            return float((keywords.get(key) or "").partition(",")[0])
        except ValueError:
            return default

    is_time = sample.panel.channels[index].kind == "time"
    if is_time or f"$P{index + 1}TYPE" in keywords:
        step = number("$TIMESTEP", 1.0)
    else:
        step = 1.0
    gain = number(f"$P{index + 1}G", 1.0)
    decades = number(f"$P{index + 1}E", 0.0)
    return step != 1.0 or decades != 0.0 or gain not in (0.0, 1.0)
