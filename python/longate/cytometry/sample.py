"""Sample: the events of one file, with its panel, keywords and diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from longate._core import compensate
from longate._validation import listed
from longate.cytometry.acquisition import Acquisition
from longate.cytometry.anndata_output import as_anndata
from longate.cytometry.compensated import resolve_matrix
from longate.cytometry.keywords import Keywords
from longate.cytometry.matrix_input import compensation_of
from longate.cytometry.panel import Channel, Panel
from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.transforms import Transform


@dataclass(frozen=True)
class Violation:
    """A violation of the standard in a file, and its repair.

    Parameters
    ----------
    code : str
        Stable short name, such as ``"data-begin-differs"``.
    found : str
        What was found, and where.
    repair : str
        How it was resolved.
    """

    code: str
    found: str
    repair: str


class NamedFile(Protocol):
    """A file that is no path, such as one of an object store."""

    @property
    def name(self) -> str:
        """The last part of where it is."""


@dataclass(frozen=True, repr=False)
class Sample(Acquisition):
    """The events of one file. They never change: arrays are read-only.

    Made by :func:`longate.read_fcs`. What the keywords say of the acquisition is at
    hand as ``acquisition_date``, ``started``, ``ended``, ``duration``, ``cytometer``,
    ``cytometer_serial``, ``volume``, ``voltages`` and ``wells``.

    Parameters
    ----------
    path : Path or RemoteFile
        The file.
    version : str
        ``"FCS3.1"`` and the like.
    panel : Panel
        Its channels.
    keywords : Keywords
        Its keywords, case-insensitive.
    compensation : Compensation or None
        The spillover matrix of the file, where it has one.
    diagnosis : tuple of Violation
        Violations from the standard that were met and repaired.
    n_events : int
        Number of events.
    columns : mapping of int to array
        The channels that were read, by their index in the panel.
    analysis : Keywords
        The keywords of the ANALYSIS segment.
    text : bytes
        The bytes of the TEXT segment, as they are in the file.
    dataset : int
        Which data set of the file, from 0.
    n_data_sets : int
        How many the file holds.
    raw : bool
        Whether the columns are the stored numbers (``values="raw"``), not values on the
        channels' scales.
    """

    path: Path | NamedFile
    version: str
    panel: Panel
    keywords: Keywords
    compensation: Compensation | None
    diagnosis: tuple[Violation, ...]
    n_events: int
    columns: Mapping[int, NDArray[Any]]
    analysis: Keywords = field(default_factory=lambda: Keywords([]))
    text: bytes = b""
    dataset: int = 0
    n_data_sets: int = 1
    raw: bool = False

    def __repr__(self) -> str:
        """Shape first, then the names one can type next."""
        names = ", ".join(self.panel.channels[index].label for index in self.columns)
        spill = "with" if self.compensation else "without"
        return (
            f"Sample · {self.path.name} · {self.version} · {self.n_events:,} events x "
            f"{len(self.columns)} channels · {spill} spillover matrix · "
            f"{len(self.diagnosis)} violations from the standard\n  {names}"
        )

    def column(self, name: str) -> NDArray[Any]:
        """Return one channel as read, float32 or float64 by the file's keywords.

        Raises
        ------
        PanelError
            If the panel has no such channel.
        FcsError
            If it has, but the channel was not read.
        """
        return self.column_at(self.panel.index(name))

    def column_at(self, index: int) -> NDArray[Any]:
        """Return the channel at an index of the panel, as read.

        Raises
        ------
        FcsError
            If the channel was not read.
        """
        if index not in self.columns:
            msg = (
                f"channel {self.panel.channels[index].label!r} of {self.path} was not "
                f"read; it was read with channels="
                f"[{listed(self.panel.channels[p].label for p in self.columns)}]"
            )
            raise FcsError(msg)
        return self.columns[index]

    def values(
        self,
        name: str,
        *,
        compensated: bool = True,
        compensation: Compensation | Any = None,
        scale: Transform | None = None,
    ) -> NDArray[np.float64]:
        """Return one channel for analysis.

        Parameters
        ----------
        name : str
            Marker or detector, or a fluorochrome of the matrix that the panel does not
            name.
        compensated : bool
            Whether to compensate, where the matrix has this channel as a fluorochrome.
        compensation : Compensation, DataFrame, str or path-like, optional
            A matrix instead of the file's own.
        scale : Transform, optional
            A scale to put the values on.

        Returns
        -------
        (n_events,) numpy.ndarray of float64

        Raises
        ------
        PanelError
            If nothing has this name.
        SpilloverError
            If the matrix names a detector that the file lacks.
        """
        matrix = compensation_of(compensation) or self.compensation
        column = None
        if compensated and matrix is not None:
            fitted = resolve_matrix(matrix, self.panel)
            column = fitted.column(name)
        if matrix is None or column is None:
            values = np.asarray(self.column(name), dtype=np.float64)
        else:
            observed = [
                np.ascontiguousarray(self.column_at(index), dtype=np.float64)
                for index in fitted.detectors
            ]
            values = compensate(observed, matrix.weights[:, column].tolist())
        return values if scale is None else scale(values)

    def to_numpy(self, channels: Sequence[str] | None = None) -> NDArray[Any]:
        """Return events as read, ``(n_events, n_channels)``, not compensated.

        The dtype is float32 where it holds every value of these channels, else float64.
        Channels are contiguous (Fortran order), as everywhere.
        """
        return self._matrix(self._indices(channels))

    def _matrix(self, indices: Sequence[int]) -> NDArray[Any]:
        columns = [self.column_at(index) for index in indices]
        dtype = np.result_type(*columns) if columns else np.dtype(np.float64)
        table = np.empty((len(columns), self.n_events), dtype)
        for row, column in zip(table, columns, strict=True):
            row[:] = column
        return table.T

    def to_pandas(self, channels: Sequence[str] | None = None) -> pd.DataFrame:
        """Return events as read, one column per channel, not compensated.

        Columns are called by marker where there is one, else by detector, and by
        both where a marker occurs twice. ``attrs["channels"]`` keeps detector, marker
        and range of each, so that :func:`longate.write_fcs` writes them again.
        """
        import pandas as pd

        labels = self._labels(self._indices(channels))
        frame = pd.DataFrame({k: self.column_at(p) for k, p in labels.items()})
        frame.attrs["channels"] = {
            label: {
                "detector": self.panel.channels[index].detector,
                "marker": self.panel.channels[index].marker or "",
                "range": self.panel.channels[index].range,
            }
            for label, index in labels.items()
        }
        return frame

    def to_anndata(self, channels: Sequence[str] | None = None) -> AnnData:
        """Return events as read as an AnnData object, not compensated.

        ``X`` is what :meth:`to_numpy` gives; ``var`` has one row per channel, named as
        in :meth:`to_pandas`, with columns ``channel`` and ``detector`` (both ``$PnN``),
        ``marker, kind, range, voltage`` (blank where there is none); ``uns["fcs"]`` has
        the version, the data set and the cytometer, ``uns["meta"]["spill"]`` the
        spillover matrix by detectors, as pytometry expects it. Other keywords
        stay behind, as they may name a person.

        Raises
        ------
        ImportError
            If anndata is not installed.
        """
        labels = self._labels(self._indices(channels))
        return as_anndata(self, labels, self._matrix(list(labels.values())))

    def with_channels(
        self,
        channels: Mapping[str, ArrayLike],
        *,
        markers: Mapping[str, str] | None = None,
        ranges: Mapping[str, float] | None = None,
    ) -> Sample:
        """Return the sample with further channels, such as scores of its events.

        Parameters
        ----------
        channels : mapping of str to (n_events,) array-like
            Detector to values.
        markers : mapping of str to str, optional
            New detector to marker.
        ranges : mapping of str to float, optional
            New detector to top of scale; by default the largest value, at least 1.

        Returns
        -------
        Sample
            With the same file, keywords and matrix; :func:`longate.write_fcs` writes
            it.

        Raises
        ------
        FcsError
            If a name is taken, or there is not one number per event.
        """
        added = {}
        described = []
        taken = {name.casefold() for name in self.panel.names}
        for number, (name, given) in enumerate(channels.items(), len(self.panel)):
            if name.casefold() in taken:
                msg = f"{self.path.name} already has a channel that {name!r} means"
                raise FcsError(msg)
            values = np.array(given, dtype=np.float64)
            if values.shape != (self.n_events,):
                msg = f"{name!r} has shape {values.shape}, expected ({self.n_events},)"
                raise FcsError(msg)
            values.setflags(write=False)
            taken.add(name.casefold())
            finite = values[np.isfinite(values)]
            top = float((ranges or {}).get(name, finite.max(initial=0.0)))
            described.append(Channel(name, (markers or {}).get(name), max(top, 1.0)))
            added[number] = values
        panel = replace(self.panel, channels=(*self.panel.channels, *described))
        return replace(self, panel=panel, columns={**self.columns, **added})

    def _indices(self, channels: Sequence[str] | None) -> list[int]:
        if channels is None:
            return list(self.columns)
        return [self.panel.index(name) for name in channels]

    def _labels(self, indices: Sequence[int]) -> dict[str, int]:
        """Return a unique name for each index, in the order given."""
        labels = [channel.label for channel in self.panel]
        named: dict[str, int] = {}
        for index in indices:
            channel = self.panel.channels[index]
            label = channel.label
            if labels.count(label) > 1:
                label = f"{label} ({channel.detector})"
            if label in named:
                label = f"{label} [{index + 1}]"
            named[label] = index
        return named
