"""SampleEvents: the events of one sample, its pooled runs together, read once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.cytometry.acquired import RAW, in_values
from longate.exceptions import PanelError
from longate.gating.compile.panel_axes import PanelAxes
from longate.gating.gates.base import ALL_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample
    from longate.cytometry.transforms import Transform
    from longate.gating.gates.dimension import Axis
    from longate.gating.results.gated_file import GatedFile, GatedStudy

MOST_EVENTS = 3_000_000
"""Events of samples that populations keep in memory between two uses."""


class SampleEvents:
    """The events of one sample of a tube; runs that are pooled follow one another.

    Made by ``populations.sample_events(...)`` and ``populations.each_sample(...)``. A
    file is read when values are first needed, and once: scaled and linear values,
    of any population, come from that reading. Masks need no file.

    Parameters
    ----------
    study : GatedStudy
        Where the files are.
    row : mapping of str to object
        The sample's row of the sheet (of its first run).
    files : sequence of GatedFile
        Its runs, in the order of the sheet.
    read : mapping of int to Sample, optional
        Files that were read before, by row: a control that was gated by itself.
    """

    def __init__(
        self,
        study: GatedStudy,
        row: Mapping[str, Any],
        files: Sequence[GatedFile],
        *,
        read: Mapping[int, Sample] | None = None,
    ) -> None:
        self._study = study
        self._samples: dict[int, Sample] = dict(read or {})
        self.row = dict(row)
        self.files = tuple(files)

    def __repr__(self) -> str:
        """Say whose events, how many, and of how many runs."""
        return (
            f"SampleEvents · {self.sample} · {self.row['tube']} · "
            f"{self.n_events:,} events · {len(self.files)} files"
        )

    @property
    def sample(self) -> str:
        """The sample's id."""
        return str(self.row["sample"])

    @property
    def n_events(self) -> int:
        """Number of events of all runs together."""
        return sum(file.gated.n_events for file in self.files)

    @property
    def panel(self) -> Panel:
        """The channels of the first run."""
        return self._study.panel_of(self.files[0].row)

    @cached_property
    def _axes(self) -> list[PanelAxes]:
        return [
            PanelAxes(
                file.gated.strategy,
                self._study.panel_of(file.row),
                self._study.compensations[file.row],
            )
            for file in self.files
        ]

    def has(self, channel: Axis) -> bool:
        """Say whether every run has a channel, a fluorochrome, or the axis of a gate.

        Parameters
        ----------
        channel : str or Dimension
        """
        try:
            for axes in self._axes:
                axes.resolve(channel)
        except PanelError:
            return False
        return True

    def scale(self, channel: Axis) -> Transform | None:
        """Return the scale of a channel in the strategy, None for linear values.

        Parameters
        ----------
        channel : str or Dimension

        Raises
        ------
        PanelError
            If the first run has no such channel.
        """
        return self._axes[0].resolve(channel).scale

    def mask(self, population: str) -> NDArray[np.bool_]:
        """Return which events are in a population, ``(n_events,)`` of bool.

        Parameters
        ----------
        population : str
            Path, unique name, or ``"All events"``.

        Raises
        ------
        PopulationError
            If the strategy has no such population, or masks were not kept.
        """
        return np.concatenate([file.gated.mask(population) for file in self.files])

    def values(
        self,
        channels: Sequence[Axis],
        *,
        population: str = ALL_EVENTS,
        where: NDArray[np.bool_] | None = None,
        scaled: bool = True,
    ) -> dict[Axis, NDArray[np.float64]]:
        """Return compensated values of channels, of the events of a population.

        Parameters
        ----------
        channels : sequence of str or Dimension
            Markers, detectors, fluorochromes, or axes of gates.
        population : str
            Path, unique name, or ``"All events"``.
        where : (n_events,) numpy.ndarray of bool, optional
            These events instead of those of a population.
        scaled : bool
            Whether to put each channel on the strategy's scale.

        Returns
        -------
        dict of str or Dimension to (n,) numpy.ndarray of float64
            By channel as given, in contiguous columns.

        Raises
        ------
        PanelError
            If a run lacks a channel.
        PopulationError
            If the strategy has no such population, or masks were not kept.
        StudyError
            If a file has changed since the study was read.
        """
        columns: dict[Axis, list[NDArray[np.float64]]] = {name: [] for name in channels}
        first = 0
        for number, file in enumerate(self.files):
            last = first + file.gated.n_events
            kept = {} if scaled or where is not None else _kept(file, population)
            inside = None if where is None else where[first:last]
            if inside is None and population != ALL_EVENTS:
                inside = file.gated.mask(population)
            for name, parts in columns.items():
                if name in kept:
                    parts.append(kept[name])
                    continue
                axes, data = self._axes[number], self._read(file)
                parts.append(axes.values(data, name, scaled=scaled, where=inside))
            first = last
        return {
            name: np.ascontiguousarray(
                parts[0] if len(parts) == 1 else np.concatenate(parts), dtype=np.float64
            )
            for name, parts in columns.items()
        }

    def table(
        self,
        population: str = ALL_EVENTS,
        *,
        channels: Sequence[Axis] | None = None,
        scaled: bool = False,
    ) -> pd.DataFrame:
        """Return the events of a population, one column per channel, compensated.

        Parameters
        ----------
        population : str
            Path, unique name, or ``"All events"``.
        channels : sequence of str or Dimension, optional
            All of the file by default, called by marker (and by detector too where a
            marker occurs twice).
        scaled : bool
            Whether to put each channel on the strategy's scale.

        Returns
        -------
        DataFrame
            Its index is the event's number, in all runs together.
        """
        import pandas as pd

        inside = np.flatnonzero(self.mask(population))
        if channels is not None:
            found = self.values(channels, population=population, scaled=scaled)
            columns = [found[name] for name in channels]
            return _frame(columns, [str(name) for name in channels], inside)
        parts, first = [], 0
        for file in self.files:
            run = SampleEvents(self._study, self.row, [file])
            run._samples = self._samples
            detectors = [channel.detector for channel in run.panel]
            found = run.values(detectors, population=population, scaled=scaled)
            rows = np.flatnonzero(run.mask(population)) + first
            parts.append(_frame(list(found.values()), _labels(run.panel), rows))
            first += file.gated.n_events
        return parts[0] if len(parts) == 1 else pd.concat(parts)

    def _read(self, file: GatedFile) -> Sample:
        if file.row not in self._samples:
            raw = file.gated.strategy.values == RAW
            read = self._study.read_file(file.row)
            self._samples[file.row] = in_values(read, raw=raw)
        return self._samples[file.row]


class RecentEvents:
    """The samples that were used last, with up to :data:`MOST_EVENTS` events.

    Copies and pickles begin with none.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], SampleEvents] = {}

    def __reduce__(self) -> tuple[type[RecentEvents], tuple[()]]:
        """Be without events elsewhere."""
        return RecentEvents, ()

    def of(
        self, study: GatedStudy, row: Mapping[str, Any], files: Sequence[GatedFile]
    ) -> SampleEvents:
        """Return the events of some runs, the object of before where it is kept.

        Parameters
        ----------
        study, row, files
            As for :class:`SampleEvents`.
        """
        key = tuple(file.row for file in files)
        found = self._known.pop(key, None) or SampleEvents(study, row, files)
        self._known[key] = found
        while sum(one.n_events for one in self._known.values()) > MOST_EVENTS:
            del self._known[next(iter(self._known))]
        return found


def _kept(file: GatedFile, population: str) -> dict[Axis, NDArray[np.float64]]:
    """Return the linear values of a population that were kept while gating."""
    path = file.gated.path(population)
    return {
        request.channel: values
        for request, _, _, values in file.gated.answers
        if request.population == path
        and values is not None
        and not request.scaled
        and not request.statistics
    }


def _frame(
    columns: list[NDArray[np.float64]], labels: list[str], index: NDArray[np.intp]
) -> pd.DataFrame:
    import pandas as pd

    table = np.column_stack(columns) if columns else np.empty((len(index), 0))
    return pd.DataFrame(table, columns=labels, index=index)


def _labels(panel: Panel) -> list[str]:
    """Name columns by marker, and by detector too where a marker occurs twice."""
    labels = [channel.label for channel in panel]
    return [
        label if labels.count(label) == 1 else f"{label} ({channel.detector})"
        for label, channel in zip(labels, panel, strict=True)
    ]
