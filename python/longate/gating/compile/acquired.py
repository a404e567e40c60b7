"""What a strategy is applied to: a sample, or the head of its file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample


class Acquired(Protocol):
    """A sample, or the head of its file."""

    @property
    def panel(self) -> Panel:
        """Its channels."""

    @property
    def compensation(self) -> Compensation | None:
        """The matrix that came with the acquisition."""

    @property
    def n_events(self) -> int:
        """How many events it has."""


def acquired_of(sample: Sample | Acquired | str | PathLike[str]) -> Sample | Acquired:
    """Return what was given, of a path the head of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If it cannot be read.
    """
    if not isinstance(sample, str | PathLike):
        return sample
    # The one step from here into the room of files; a path is what people have.
    from longate.io.fcs import scan_file

    return scan_file(sample if isinstance(sample, str) else Path(sample))
