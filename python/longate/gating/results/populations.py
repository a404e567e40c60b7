"""Populations: what a gating of a study leaves, as tidy tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.exceptions import PopulationError, StudyError
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.results.counts import (
    empty_populations,
    empty_words,
    fraction_table,
    study_counts,
    undefined_table,
)
from longate.gating.results.events import RecentEvents
from longate.gating.results.gated_file import by_sample
from longate.gating.results.joining import KEYS, finished
from longate.gating.results.medians import median_table
from longate.gating.results.phenotypes import phenotype_table
from longate.gating.results.statistics import statistic_table
from longate.gating.results.tubes import paths_by_tube, tube_with

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.gates.dimension import Axis
    from longate.gating.results.events import SampleEvents
    from longate.gating.results.gated_file import GatedFile, GatedStudy
    from longate.gating.tree.gate_tree import GateTree


@dataclass(frozen=True, repr=False, eq=False)
class Populations:
    """The populations of every sample of a study.

    Made by ``study.gate(strategy)``.

    Parameters
    ----------
    study : Study
        Where the files are.
    strategies : mapping of str to GateTree
        By tube.
    files : sequence of GatedFile
        In the order of the sheet.
    problems : DataFrame
        Files that could not be used: ``file, sample, tube, step, problem``.
    run_id : str
        Identifies files, strategies and version; a column of every table.
    options : mapping
        What :meth:`Study.gate` was asked for: ``statistics`` and ``keep``.
        ``study.gate(strategies, **options)`` repeats the run.
    """

    study: GatedStudy
    strategies: Mapping[str, GateTree]
    files: Sequence[GatedFile]
    problems: pd.DataFrame = field(compare=False)
    run_id: str
    options: Mapping[str, Any] = field(
        default_factory=lambda: {"statistics": (), "keep": "masks"}
    )

    def __repr__(self) -> str:
        """Shape first, then what one can type next."""
        tubes = self.strategies.items()
        gates = ", ".join(f"{tube}: {len(one)} populations" for tube, one in tubes)
        samples = self._rows["sample"].nunique()
        return (
            f"Populations · {samples} samples · {len(self.files)} files · {gates} · "
            f"{len(self.problems)} problems · run {self.run_id}"
            f"{empty_words(self.empty)}\n"
            "  .counts  .fraction(population, of=...)  .medians(channel, ...)  "
            ".events(population, sample=...)  .mask(population, sample=...)"
        )

    def methods(self) -> str:
        """Return a paragraph for a methods section: files, gates, versions."""
        import longate

        gates = "; ".join(
            f"tube {tube}: {len(strategy)} populations, strategy {strategy.id}"
            for tube, strategy in self.strategies.items()
        )
        return (
            f"{len(self.files)} FCS files of {self._rows['sample'].nunique()} samples "
            f"were gated with Longate {longate.__version__} ({gates}). Events were "
            f"compensated with the matrix of their acquisition unless the strategy "
            f"says otherwise; shares have exact 95 % intervals (Clopper-Pearson). "
            f"{len(self.problems)} problems of files are listed with the results. Run "
            f"{self.run_id}."
        )

    @cached_property
    def _rows(self) -> pd.DataFrame:
        samples = self.study.samples
        if len(self.files) == len(samples):
            return samples
        return samples.loc[[file.row for file in self.files]]

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Events of every population of every sample.

        Columns ``sample, patient, visit, tube, population`` (path), ``parent`` (path),
        ``n_events, n_parent, fraction`` (of the parent), ``low, high`` (exact 95 %
        interval, Clopper & Pearson), ``detection`` (``"below detection"`` under 20
        events, ``"detected"`` under 50, else ``"quantifiable"``), ``quantifiable``,
        ``run_id``, and the further columns of the sheet. Runs that are pooled are
        summed.
        """
        return study_counts(self.strategies, self.files, self._rows, self.run_id)

    @property
    def _keys(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._rows[KEYS].to_dict("records")]

    def finished(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Restore the order of visits, and join run id and the sheet's columns.

        A column of the sheet that has the name of one of the table's own is called
        ``<name>_of_sheet``.

        Parameters
        ----------
        frame : DataFrame
            With ``sample, patient, visit, tube``.
        """
        return finished(frame, self._rows, self.run_id)

    @cached_property
    def statistics(self) -> pd.DataFrame:
        """What was asked for by ``study.gate(..., statistics=...)``.

        Columns ``sample, patient, visit, tube, population`` (path), ``channel,
        statistic, scale`` (``"linear"`` or ``"scaled"``; values are compensated),
        ``value, low, high`` (95 % interval), ``n_events, reason`` (why one of the three
        is NaN; else empty), ``run_id``, and the further columns of the sheet. Runs that
        are pooled are one sample.
        """
        return self.finished(statistic_table(self._by_sample(self.strategies)))

    @property
    def undefined(self) -> pd.DataFrame:
        """Events that are in neither a gate nor its complement: a value is NaN.

        Columns ``sample, patient, visit, tube, population, n_undefined, run_id`` and
        the sheet's columns; only populations with such events, so mostly empty.
        """
        return self.finished(undefined_table(self.files, self._keys))

    @cached_property
    def empty(self) -> dict[str, list[str]]:
        """Populations that hold no event in any sample: tube -> paths.

        Where a whole study has none, a gate often has coordinates of another scale.
        """
        return empty_populations(self.strategies, self.files, self._keys)

    def fraction(
        self, population: str, *, of: str, tube: str | None = None
    ) -> pd.DataFrame:
        """Share of one population in any ancestor of it.

        Parameters
        ----------
        population, of : str
            Paths or unique names; `of` must be an ancestor of `population`, or
            ``"All events"``.
        tube : str, optional
            Needed where several tubes have the population.

        Returns
        -------
        DataFrame
            ``sample, patient, visit, tube, population, of, k, n, fraction, low, high,
            detection, quantifiable, run_id`` and the sheet's columns.

        Raises
        ------
        PopulationError
            If a population is unknown, or `of` is no ancestor.
        """
        tube = self.tube_of(population, tube)
        counts = self.counts[self.counts["tube"] == tube]
        share = fraction_table(counts, self.strategies[tube], population, of)
        return self.finished(share)

    def tube_of(self, population: str, tube: str | None = None) -> str:
        """Return the tube that has a population.

        Raises
        ------
        PopulationError
            If no tube has it, or several have and `tube` is not given.
        StudyError
            If no file of the tube was gated.
        """
        name = tube_with(self.strategies, population, tube)
        if name not in set(self._rows["tube"]):
            msg = f"no file of tube {name!r} could be gated; see .problems"
            raise StudyError(msg)
        return name

    def sample_events(self, sample: str, *, tube: str | None = None) -> SampleEvents:
        """Return the events of a sample: masks, values and tables of its populations.

        Parameters
        ----------
        sample : str
            Sample id, such as ``"P07_m06"``.
        tube : str, optional
            Needed where there are several.

        Raises
        ------
        PopulationError
            If there is no such tube, or several and `tube` is not given.
        StudyError
            If the sample was not gated in the tube.
        """
        name = self.tube_of(ALL_EVENTS, tube)
        grouped = by_sample(self.files, self._keys, [name])
        found = next((fs for keys, fs in grouped if keys["sample"] == sample), None)
        if not found:
            near = suggest(sample, [keys["sample"] for keys in self._keys])
            msg = f"sample {sample!r} was not gated in tube {name!r}{near}"
            raise StudyError(msg)
        return self._events_of(found)

    def each_sample(self, tube: str | None = None) -> Iterator[SampleEvents]:
        """Yield the events of each sample of a tube, in the order of the sheet.

        Parameters
        ----------
        tube : str, optional
            Needed where there are several.

        Raises
        ------
        PopulationError, StudyError
            If there is no such tube, or no file of it was gated.
        """
        return self._each_of([self.tube_of(ALL_EVENTS, tube)])

    def _each_of(self, tubes: Collection[str]) -> Iterator[SampleEvents]:
        samples = self._by_sample(tubes)
        return (self._events_of(files) for _, files in samples)

    def _events_of(self, files: Sequence[GatedFile]) -> SampleEvents:
        row = self.study.samples.loc[files[0].row]
        named = {str(column): value for column, value in row.items()}
        return self._recent.of(self.study, named, files)

    @cached_property
    def _recent(self) -> RecentEvents:
        return RecentEvents()

    def mask(
        self, population: str, *, sample: str, tube: str | None = None
    ) -> NDArray[np.bool_]:
        """Return which events of a sample belong to a population, in file order.

        Raises
        ------
        PopulationError, StudyError
            If there is no such population or sample.
        """
        events = self.sample_events(sample, tube=self.tube_of(population, tube))
        return events.mask(population)

    def events(
        self,
        population: str,
        *,
        sample: str,
        tube: str | None = None,
        channels: Sequence[Axis] | None = None,
        scaled: bool = False,
    ) -> pd.DataFrame:
        """Return the events of a population, one column per channel, compensated.

        Values that were kept while gating are taken from there; otherwise the file is
        read again, and refused if it has changed since the study was read.

        Parameters
        ----------
        population : str
            Path or unique name.
        sample : str
            Sample id, such as ``"P07_m06"``.
        tube : str, optional
            Needed where several tubes have the population.
        channels : sequence of str or Dimension, optional
            Markers, detectors, fluorochromes or axes of gates; all of the file by
            default.
        scaled : bool
            Whether to put each channel on the strategy's scale.

        Returns
        -------
        DataFrame
            Its index is the event's number in the file, from 0 (in all runs together
            where they are pooled).
        """
        events = self.sample_events(sample, tube=self.tube_of(population, tube))
        return events.table(population, channels=channels, scaled=scaled)

    def medians(
        self,
        *channels: str,
        population: str | Sequence[str] | None = None,
        tube: str | None = None,
        scaled: bool = False,
    ) -> pd.DataFrame:
        """Medians of compensated channels within populations, with intervals.

        Parameters
        ----------
        *channels : str
            Markers or detectors, at least one.
        population : str or sequence of str, optional
            Paths or unique names; every population by default.
        tube : str, optional
            Only this tube.
        scaled : bool
            Medians on the strategy's scale instead of on linear values.

        Returns
        -------
        DataFrame
            ``sample, patient, visit, tube, population, channel, n_events, median, low,
            high, run_id`` and the sheet's columns. ``low, high`` is the order-statistic
            95 % interval, NaN under 6 events; ``median`` is NaN where there are none.
            Runs that are pooled are one sample. A tube that lacks a channel or a
            population has no row for it.

        Raises
        ------
        PopulationError
            If a population is in none of the tubes, means several, or no channel is
            given.
        PanelError
            If a channel is in none of the files.
        """
        if not channels:
            msg = "give at least one channel, such as medians('CD56')"
            raise PopulationError(msg)
        paths = paths_by_tube(self.strategies, population, tube)
        samples = self._each_of(paths)
        frame = median_table(samples, paths, channels, scaled=scaled)
        return self.finished(frame)

    def _by_sample(
        self, tubes: Collection[str]
    ) -> list[tuple[dict[str, Any], list[GatedFile]]]:
        """Return keys and files of each sample and tube; several where runs pool."""
        found = by_sample(self.files, self._keys, tubes)
        if not found:
            msg = f"no file of the tubes {listed(tubes)} could be gated; see .problems"
            raise StudyError(msg)
        return found

    def phenotypes(
        self, parent: str, markers: Mapping[str, str], *, tube: str | None = None
    ) -> pd.DataFrame:
        """Count each combination of marker calls among the events of a population.

        Parameters
        ----------
        parent : str
            Path or unique name.
        markers : mapping of str to str
            Name of a call -> the population of positive events; at most 16.
        tube : str, optional
            Needed where several tubes have the parent.

        Returns
        -------
        DataFrame
            ``sample, patient, visit, tube``, one boolean column per call, ``n_events``;
            every combination is a row, also those without events.

        Raises
        ------
        PopulationError
            If a population is unknown, or there are more than 16 calls.
        StudyError
            If no file of the tube was gated.
        """
        samples = self._by_sample([self.tube_of(parent, tube)])
        return phenotype_table(samples, parent, markers)
