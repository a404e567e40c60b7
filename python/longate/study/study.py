"""Study: the files of a sample sheet, and what gating them leaves."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longate.exceptions import StudyError
from longate.gating.results.populations import Populations
from longate.gating.strategy.perturbation import check_perturbations
from longate.io.fcs import FcsMetadata, read_fcs
from longate.io.remote import sha256_of
from longate.quality.instrument_log import instrument_log
from longate.quality.negatives import negative_references
from longate.study.diagnosis import diagnosis_table
from longate.study.files import (
    StudyFile,
    identity_of,
    one_tube,
    refuse_changed,
    row_of,
    run_id_of,
    usable_files,
)
from longate.study.gated import gated_files
from longate.study.live import MAX_MEMORY, LiveStudy, live_study
from longate.study.overview import overview, panel_table
from longate.study.problems import problem_table
from longate.study.run import Run, refuse_threads, strategies_by_tube
from longate.study.sensitivity import sensitivity_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from distributed import Client

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample
    from longate.gating.compile.requests import Statistic
    from longate.gating.gates.dimension import Axis
    from longate.gating.strategy.perturbation import Perturbation
    from longate.gating.strategy.strategy import GatingStrategy


@dataclass(frozen=True, repr=False)
class Study:
    """The files of a clinical study. Made by :func:`read_study`; it never changes.

    Parameters
    ----------
    samples : DataFrame
        One row per file: ``sample, patient, visit`` (ordered), ``tube, role, file``,
        the further columns of the sheet, and ``n_events`` (missing where a file is
        unusable).
    metadata : mapping of int to FcsMetadata
        What HEADER and TEXT say, by row of `samples`; usable files only.
    compensations : mapping of int to Compensation or None
        The matrix of each acquisition, by row.
    problems : DataFrame
        Files that cannot be used: ``file, sample, tube, step, problem``.
    bead_lots : DataFrame or None
        Lot table: ``lot, beads_per_tube`` and perhaps ``expiry``.
    sha256 : mapping of int to str
        Of a study whose populations were saved: the hash that each file had.
    """

    samples: pd.DataFrame = field(compare=False)
    metadata: Mapping[int, FcsMetadata]
    compensations: Mapping[int, Compensation | None]
    problems: pd.DataFrame = field(compare=False)
    bead_lots: pd.DataFrame | None = field(compare=False, default=None)
    sha256: Mapping[int, str] = field(compare=False, default_factory=dict)

    def __repr__(self) -> str:
        """Return the shape first, then the names to type next."""
        return overview(self._usable, self.metadata, len(self.problems))

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        return f"<pre>{html.escape(repr(self))}</pre>"

    @property
    def _usable(self) -> pd.DataFrame:
        """Rows of samples (not controls) whose file could be read."""
        known = self.samples.index.isin(self.metadata)
        return self.samples[(self.samples["role"] == "sample") & known]

    @cached_property
    def _files(self) -> list[StudyFile]:
        return usable_files(self.samples, self.metadata, self.compensations)

    @cached_property
    def tubes(self) -> tuple[str, ...]:
        """The tubes of the samples, in the order of the sheet."""
        return tuple(dict.fromkeys(file.tube for file in self._files))

    @cached_property
    def diagnosis(self) -> pd.DataFrame:
        """Violations of the standard and their repairs, see ``sample.diagnosis``.

        ``file, sample, tube, dataset, code, found, repair``; what HEADER and TEXT show.
        """
        return diagnosis_table(self.samples, self.metadata)

    @cached_property
    def panel(self) -> pd.DataFrame:
        """Channels by tube: ``tube, detector, marker, kind, range, n_files``."""
        return panel_table(self.samples, self.metadata)

    def panel_of(self, row: int) -> Panel:
        """Return the channels of the file of a row of :attr:`samples`.

        Raises
        ------
        StudyError
            If the file is not usable.
        """
        return self._metadata_of(row).panel

    def _metadata_of(self, row: int) -> FcsMetadata:
        if row not in self.metadata:
            msg = f"row {row} has no usable file; see study.problems"
            raise StudyError(msg)
        return self.metadata[row]

    def read_file(self, row: int) -> Sample:
        """Read the file of a row of :attr:`samples`, with its acquisition's matrix.

        Raises
        ------
        StudyError
            If the file is not usable, has changed since the study was read, or is not
            the one that was gated when populations were saved.
        """
        metadata = self._metadata_of(row)
        saved = self.sha256.get(row)
        if saved is not None and sha256_of(metadata.path) != saved:
            msg = f"{metadata.path} is not the file that was gated: its SHA-256 differs"
            raise StudyError(msg)
        sample = read_fcs(
            metadata.path,
            compensation=self.compensations[row],
            aliases=metadata.panel.aliases,
            dataset=metadata.dataset,
        )
        refuse_changed(metadata)
        return sample

    def read(self, sample: str, *, tube: str | None = None) -> Sample:
        """Read the events of one sample.

        Parameters
        ----------
        sample : str
            Sample id, such as ``"P07_m06"``.
        tube : str, optional
            Needed where the sample has several tubes.

        Raises
        ------
        StudyError
            If there is no such sample, or several files and `tube` does not decide.
        """
        return self.read_file(row_of(self._usable, sample, tube))

    def identity_of(self, row: int) -> dict[str, Any]:
        """Return what tells a file from every other one, and how it was read.

        Returns
        -------
        dict
            ``file, length`` (bytes), ``text_hash`` (of HEADER and TEXT), ``sha256`` (of
            the whole file, computed now), ``aliases`` and ``dataset``.

        Raises
        ------
        StudyError
            If the file has changed since the study was read.
        """
        refuse_changed(self.metadata[row])
        return identity_of(self.metadata[row], str(self.samples["file"][row]))

    def instrument_log(self) -> pd.DataFrame:
        """Return the settings of the cytometer by file and channel."""
        return instrument_log(self)

    def negative_references(
        self, *, tube: str | None = None
    ) -> dict[str, tuple[float, float | None]]:
        """How far each fluorescence channel reaches below zero over the whole study.

        Returns
        -------
        dict
            Detector -> (largest ``$PnR``, 5th percentile of the negative compensated
            values pooled over the files, or None where there are none).

        Raises
        ------
        StudyError
            If the study has several tubes and `tube` does not say which.
        """
        wanted = self.one_tube(tube)
        return negative_references(
            self.read_file(file.row) for file in self._files if file.tube == wanted
        )

    def one_tube(self, tube: str | None) -> str:
        """Return a tube of the study: the given one, or the only one.

        Raises
        ------
        StudyError
            If there is no such tube, or several and none is given.
        """
        return one_tube(self.tubes, tube)

    def gate(
        self,
        strategy: GatingStrategy | Mapping[str, GatingStrategy],
        *,
        statistics: Sequence[Statistic] = (),
        keep: str | Mapping[str, Sequence[Axis]] | None = "masks",
        threads: int | None = None,
        progress: bool = True,
        client: Client | None = None,
    ) -> Populations:
        """Gate every sample in one pass over each file.

        Parameters
        ----------
        strategy : GatingStrategy, or mapping of str to GatingStrategy
            One for a study of one tube; one per tube otherwise. Tubes without a
            strategy are left out.
        statistics : sequence of Statistic
            What to estimate in the pass, see ``populations.statistics``.
        keep : "masks", None, or mapping of str to sequence of str
            One bit per event and population by default; None keeps counts and
            statistics alone. A mapping of populations to channels keeps, beside the
            masks, the compensated values of these, so that ``populations.events`` need
            not read the files again: 8 bytes per event and channel.
        threads : int, optional
            All processors by default. Results do not depend on it.
        progress : bool
            Whether to show a progress bar.
        client : distributed.Client, optional
            Of a running Dask cluster whose workers can open the files: each file is
            then gated by one thread of a worker, with the very same results. Needs the
            extra ``longate[distributed]``.

        Returns
        -------
        Populations
            A file that fails is listed in ``.problems``; the others are delivered.

        Raises
        ------
        StudyError
            If tubes and strategies do not fit, `threads` is no number of threads, or no
            file at all could be gated.

        Warns
        -----
        FileWarning
            If files could not be gated.
        """
        if keep is not None and keep != "masks" and not isinstance(keep, Mapping):
            msg = f"keep must be 'masks', None, or populations and channels: {keep!r}"
            raise StudyError(msg)
        run = self._run(strategy, threads)
        before = self.problems.to_dict("records")
        files = gated_files(
            run,
            statistics,
            keep,
            before,
            client=client,
            threads=threads or 0,
            progress=progress,
        )
        problems = self.problems
        if run.failed:
            problems = problem_table([*before, *run.failed])
        run_id = run_id_of(self._files, run.strategies)
        options = {"statistics": tuple(statistics), "keep": keep}
        return Populations(
            self, run.strategies, tuple(files), problems, run_id, options
        )

    def live(
        self,
        strategy: GatingStrategy,
        *,
        max_memory: int = MAX_MEMORY,
        threads: int | None = None,
    ) -> LiveStudy:
        """Read the samples once, to count them again and again as gates move.

        Parameters
        ----------
        strategy : GatingStrategy
            The gates at the beginning; of a study of one tube.
        max_memory : int
            Bytes of values and masks that are held at most: 4 per event and axis of a
            gate, and an eighth per event and gate. Files beyond are read again for
            every change.
        threads : int, optional
            All processors by default. Counts do not depend on it.

        Returns
        -------
        LiveStudy
            A file that fails is listed in ``.problems``; the others are counted.

        Raises
        ------
        StudyError
            If `max_memory` is negative, or as :meth:`gate`.
        """
        run = self._run(strategy, threads)
        return live_study(
            strategy,
            run,
            self.samples,
            self.problems,
            max_memory=max_memory,
            threads=threads or 0,
        )

    def _run(
        self,
        strategy: GatingStrategy | Mapping[str, GatingStrategy],
        threads: int | None,
    ) -> Run:
        """Return a run over the study's files, tubes and strategies checked."""
        by_tube = strategies_by_tube(strategy, self._files, self.samples, self.problems)
        refuse_threads(threads)
        return Run(self._files, by_tube, self.samples)

    def regate(
        self,
        strategy: GatingStrategy | Mapping[str, GatingStrategy],
        perturbations: Sequence[Perturbation],
        *,
        threads: int | None = None,
        progress: bool = True,
    ) -> pd.DataFrame:
        """Count a strategy and perturbed ones in one reading of each file.

        This is a gate sensitivity analysis. Decoding, compensation and scales are
        shared; of each perturbed strategy only the gates that differ, and those that
        depend on them, are decided again. Counts are those of gating with it alone.

        Parameters
        ----------
        strategy : GatingStrategy, or mapping of str to GatingStrategy
            As for :meth:`gate`.
        perturbations : sequence of Perturbation
            How gates are moved; populations that a tube's strategy lacks are passed
            over.
        threads : int, optional
            All processors by default. Results do not depend on it.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        DataFrame
            ``perturbation`` (its name; ``"reference"`` first, the strategy as it is),
            ``sample, patient, visit, tube, population, parent, n_events, n_parent,
            fraction`` (of the parent).

        Raises
        ------
        StrategyError
            If two perturbations have one name, or a population is unknown.
        GateError
            If a gate cannot be moved like that.
        StudyError
            As :meth:`gate`.

        Warns
        -----
        FileWarning
            If files could not be gated.
        """
        run = self._run(strategy, threads)
        perturbations = list(perturbations)
        check_perturbations(run.strategies, perturbations)
        for one in perturbations:
            for known in run.strategies.values():
                one.gates(known)  # raises what no file could mend
        return sensitivity_table(
            run, perturbations, self.samples, threads=threads or 0, progress=progress
        )
