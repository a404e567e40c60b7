"""Populations: what a gating of a study leaves, as tidy tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from longate._core import count_phenotypes
from longate._validation import listed, suggest
from longate.exceptions import PopulationError, StudyError
from longate.gating.compiled import scales_by_place
from longate.gating.counting import ALL_EVENTS, with_fractions
from longate.gating.medians import median_with_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.sample import Sample
    from longate.gating.compiled import GatedSample
    from longate.gating.strategy import GatingStrategy

KEYS = ["sample", "patient", "visit", "tube"]
_NOT_JOINED = {*KEYS, "file", "role", "reason", "run", "n_events"}


class GatedStudy(Protocol):
    """What populations need of the study they come from."""

    @property
    def samples(self) -> pd.DataFrame:
        """One row per file."""

    def read_file(self, row: int) -> Sample:
        """Read the file of a row of :attr:`samples`."""


@dataclass(frozen=True)
class GatedFile:
    """One gated file: its row in the study's samples, and its populations."""

    row: int
    gated: GatedSample


@dataclass(frozen=True, repr=False)
class Populations:
    """The populations of every sample of a study.

    Made by ``study.gate(strategy)``.

    Parameters
    ----------
    study : Study
        Where the files are.
    strategies : mapping of str to GatingStrategy
        By tube.
    files : sequence of GatedFile
        In the order of the sheet.
    problems : DataFrame
        Files that could not be used: ``file, sample, tube, step, problem``.
    run_id : str
        Identifies files, strategies and version; a column of every table.
    """

    study: GatedStudy
    strategies: Mapping[str, GatingStrategy]
    files: Sequence[GatedFile]
    problems: pd.DataFrame = field(compare=False)
    run_id: str

    def __repr__(self) -> str:
        """Shape first, then what one can type next."""
        gates = ", ".join(
            f"{tube}: {len(strategy)} populations"
            for tube, strategy in self.strategies.items()
        )
        samples = self._rows["sample"].nunique()
        return (
            f"Populations · {samples} samples · {len(self.files)} files · {gates} · "
            f"{len(self.problems)} problems · run {self.run_id}\n"
            "  .counts  .fraction(population, of=...)  .medians(channel, ...)  "
            ".events(population, sample=...)  .mask(population, sample=...)"
        )

    @cached_property
    def _rows(self) -> pd.DataFrame:
        return self.study.samples.loc[[file.row for file in self.files]]

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
        import pandas as pd

        rows = []
        for file, keys in zip(self.files, self._keys, strict=True):
            rows += [{**keys, **row} for row in file.gated.count_rows()]
        frame = pd.DataFrame(rows)
        by = [*KEYS, "population", "parent"]
        frame = frame.groupby(
            by, sort=False, dropna=False, observed=True, as_index=False
        )
        return self._finished(with_fractions(frame.sum(), "n_events", "n_parent"))

    @property
    def _keys(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._rows[KEYS].to_dict("records")]

    def _finished(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Restore the order of visits, and join run id and the sheet's columns."""
        import pandas as pd

        frame["visit"] = pd.Categorical(
            frame["visit"], categories=self._rows["visit"].cat.categories, ordered=True
        )
        joined = [
            c for c in self._rows.columns if c not in {*_NOT_JOINED, *frame.columns}
        ]
        metadata = self._rows.drop_duplicates(["sample", "tube"])
        metadata = metadata[["sample", "tube", *joined]]
        frame = frame.assign(run_id=self.run_id)
        return frame.merge(metadata, on=["sample", "tube"], how="left", validate="m:1")

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
        strategy = self.strategies[tube]
        inside = strategy.path(population)
        whole = of if of == ALL_EVENTS else strategy.path(of)
        if whole != ALL_EVENTS and not inside.startswith(f"{whole}/"):
            msg = (
                f"{whole!r} is not an ancestor of {inside!r}; its share is not defined"
            )
            raise PopulationError(msg)
        counts = self.counts[self.counts["tube"] == tube]
        picked = {}
        for column, path in (("k", inside), ("n", whole)):
            rows = counts[counts["population"] == path]
            picked[column] = rows.set_index(KEYS)["n_events"]
        import pandas as pd

        frame = pd.DataFrame(picked).reset_index()
        frame.insert(len(KEYS), "population", inside)
        frame.insert(len(KEYS) + 1, "of", whole)
        return self._finished(with_fractions(frame, "k", "n"))

    def tube_of(self, population: str, tube: str | None = None) -> str:
        """Return the tube that has a population.

        Raises
        ------
        PopulationError
            If no tube has it, or several have and `tube` is not given.
        """
        if tube is not None:
            if tube not in self.strategies:
                msg = f"no tube {tube!r} was gated{suggest(tube, self.strategies)}"
                raise PopulationError(msg)
            if population != ALL_EVENTS:
                self.strategies[tube].path(population)
            return tube
        found = [
            name
            for name, strategy in self.strategies.items()
            if population == ALL_EVENTS or population in strategy
        ]
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{population!r} is in the tubes {listed(found)}; give tube=..."
            raise PopulationError(msg)
        for strategy in self.strategies.values():
            strategy.path(population)  # raises, with suggestions
        msg = f"no tube was gated, so there is no population {population!r}"
        raise PopulationError(msg)

    def _files_of(
        self, population: str, sample: str, tube: str | None
    ) -> list[GatedFile]:
        name = self.tube_of(population, tube)
        known = [keys["sample"] for keys in self._keys]
        found = [
            file
            for file, keys in zip(self.files, self._keys, strict=True)
            if keys["sample"] == sample and keys["tube"] == name
        ]
        if not found:
            near = suggest(sample, known)
            msg = f"sample {sample!r} was not gated in tube {name!r}{near}"
            raise StudyError(msg)
        return found

    def mask(
        self, population: str, *, sample: str, tube: str | None = None
    ) -> NDArray[np.bool_]:
        """Return which events of a sample belong to a population, in file order.

        Raises
        ------
        PopulationError, StudyError
            If there is no such population or sample.
        """
        files = self._files_of(population, sample, tube)
        return np.concatenate([file.gated.mask(population) for file in files])

    def events(
        self,
        population: str,
        *,
        sample: str,
        tube: str | None = None,
        channels: Sequence[str] | None = None,
        scaled: bool = False,
    ) -> pd.DataFrame:
        """Return the events of a population, one column per channel, compensated.

        The file is read again, and refused if it has changed since the study was read.

        Parameters
        ----------
        population : str
            Path or unique name.
        sample : str
            Sample id, such as ``"P07_m06"``.
        tube : str, optional
            Needed where several tubes have the population.
        channels : sequence of str, optional
            Markers or detectors; all by default.
        scaled : bool
            Whether to put each channel on the strategy's scale.

        Returns
        -------
        DataFrame
            Its index is the event's number in the file, from 0 (in all runs together
            where they are pooled).
        """
        import pandas as pd

        parts, first = [], 0
        for file in self._files_of(population, sample, tube):
            data = self.study.read_file(file.row)
            mask = file.gated.mask(population)
            names = channels or [c.detector for c in data.panel]
            labels = channels or [c.label for c in data.panel]
            columns = self._columns(file, data, names, scaled=scaled)
            part = pd.DataFrame(
                np.column_stack([column[mask] for column in columns]),
                columns=list(labels),
                index=np.flatnonzero(mask) + first,
            )
            first += file.gated.n_events
            parts.append(part)
        return pd.concat(parts)

    def _columns(
        self, file: GatedFile, data: Sample, names: Sequence[str], *, scaled: bool
    ) -> list[NDArray[np.float64]]:
        strategy = file.gated.strategy
        own = strategy.compensation
        matrix = None if isinstance(own, str) else own
        scales = scales_by_place(strategy.scale, data.panel) if scaled else {}
        return [
            data.values(
                name,
                compensated=own is not None,
                compensation=matrix,
                scale=scales.get(data.panel.index(name)),
            )
            for name in names
        ]

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
            95 % interval, NaN under 6 events; ``median`` is NaN where there are none. A
            tube whose panel lacks a channel is left out.

        Raises
        ------
        PopulationError
            If no channel is given, or none of the tubes has the channels.
        """
        import pandas as pd

        wanted = [population] if isinstance(population, str) else population
        rows = []
        for file, keys in zip(self.files, self._keys, strict=True):
            if tube is not None and keys["tube"] != tube:
                continue
            strategy = file.gated.strategy
            paths = (
                strategy.paths
                if wanted is None
                else [strategy.path(name) for name in wanted if name in strategy]
            )
            data = self.study.read_file(file.row)
            names = [name for name in channels if name in data.panel]
            columns = self._columns(file, data, names, scaled=scaled)
            for path in paths:
                mask = file.gated.mask(path)
                for name, values in zip(names, columns, strict=True):
                    found = median_with_interval(values[mask])
                    rows.append({**keys, "population": path, "channel": name, **found})
        if not rows:
            msg = (
                f"no gated tube has {listed(channels)} and {listed(wanted or ['any'])}"
            )
            raise PopulationError(msg)
        return self._finished(pd.DataFrame(rows))

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
        """
        import pandas as pd

        tube = self.tube_of(parent, tube)
        calls = list(markers)
        codes = np.arange(2 ** len(calls))
        bits = {call: (codes >> bit & 1).astype(bool) for bit, call in enumerate(calls)}
        frames = []
        for file, keys in zip(self.files, self._keys, strict=True):
            if keys["tube"] == tube:
                masks = [file.gated.packed_mask(markers[call]) for call in calls]
                found = count_phenotypes(
                    file.gated.packed_mask(parent), masks, file.gated.n_events
                )
                frames.append(pd.DataFrame({**keys, **bits, "n_events": found}))
        frame = pd.concat(frames, ignore_index=True)
        by = [*KEYS, *calls]
        frame = frame.groupby(by, sort=False, observed=True, as_index=False).sum()
        frame["n_events"] = frame["n_events"].astype("int64")
        return frame
