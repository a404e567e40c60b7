"""Study: the files of a sample sheet, and what gating them leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longate._core import gate_files
from longate._validation import listed, suggest
from longate.exceptions import StudyError
from longate.gating.compile.requests import requests_of
from longate.gating.results.gated_file import GatedFile
from longate.gating.results.gated_sample import GatedSample
from longate.gating.results.populations import Populations
from longate.gating.strategy.perturbation import check_perturbations
from longate.io.fcs import FcsMetadata, read_fcs, read_metadata
from longate.io.remote import locate, sha256_of
from longate.quality.instrument_log import instrument_log
from longate.quality.negatives import negative_references
from longate.study import regating
from longate.study.cluster import gate_on
from longate.study.files import is_pooled, run_id_of, usable_files
from longate.study.problems import listing, problem, problem_table, warn_of
from longate.study.run import (
    Progress,
    cluster_tasks,
    compiled_files,
    refuse_threads,
    refuse_unmeasured,
    strategies_by_tube,
)

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
    """

    samples: pd.DataFrame = field(compare=False)
    metadata: Mapping[int, FcsMetadata]
    compensations: Mapping[int, Compensation | None]
    problems: pd.DataFrame = field(compare=False)
    bead_lots: pd.DataFrame | None = field(compare=False, default=None)

    def __repr__(self) -> str:
        """Shape first, then what one can type next."""
        usable = self._usable
        channels = {c.label for row in usable.index for c in self.metadata[row].panel}
        events = sum(self.metadata[row].n_events for row in usable.index)
        problems = f" · {len(self.problems)} problems" if len(self.problems) else ""
        return (
            f"Study · {usable['sample'].nunique()} samples · "
            f"{usable['patient'].nunique()} patients · "
            f"{usable['visit'].nunique()} visits · tubes {', '.join(self.tubes)} · "
            f"{len(channels)} channels · {events / 1e6:.1f} M events{problems}\n"
            "  .samples  .panel  .problems  .gate(strategy)  .read(sample, tube=...)"
        )

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>"

    @property
    def _usable(self) -> pd.DataFrame:
        """Rows of samples (not controls) whose file could be read."""
        wanted = (self.samples["role"] == "sample") & self.samples.index.isin(
            self.metadata
        )
        return self.samples[wanted]

    @cached_property
    def tubes(self) -> tuple[str, ...]:
        """The tubes of the samples, in the order of the sheet."""
        usable = usable_files(self.samples, self.metadata)
        return tuple(dict.fromkeys(file.tube for file in usable))

    @cached_property
    def panel(self) -> pd.DataFrame:
        """Channels by tube: ``tube, detector, marker, kind, range, n_files``."""
        import pandas as pd

        tables = [
            metadata.panel.table.assign(tube=self.samples["tube"][row])
            for row, metadata in self.metadata.items()
            if self.samples["role"][row] == "sample"
        ]
        by = ["tube", "detector", "marker", "kind", "range"]
        frame = pd.concat(tables)
        counted = frame.groupby(by, sort=False, dropna=False, observed=True).size()
        return counted.reset_index(name="n_files")

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
            If the file is not usable, or has changed since the study was read.
        """
        metadata = self._metadata_of(row)
        sample = read_fcs(
            metadata.path,
            compensation=self.compensations[row],
            aliases=metadata.panel.aliases,
        )
        if read_metadata(metadata.path).identity != metadata.identity:
            msg = f"{metadata.path} has changed since the study was read; read it again"
            raise StudyError(msg)
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
            If there is no such sample, or it has several files and `tube` does not
            decide.
        """
        found = self._usable[self._usable["sample"] == sample]
        if found.empty:
            msg = f"no sample {sample!r}{suggest(sample, self._usable['sample'])}"
            raise StudyError(msg)
        tubes = list(found["tube"])
        if tube is not None:
            found = found[found["tube"] == tube]
        if len(found) != 1:
            msg = (
                f"sample {sample!r} has {len(found)} files of tube {tube!r}; it has "
                f"the tubes {listed(tubes)}"
            )
            raise StudyError(msg)
        return self.read_file(int(found.index[0]))

    def identity_of(self, row: int) -> dict[str, Any]:
        """Return what tells a file from every other one, and how it was read.

        Returns
        -------
        dict
            ``file, length`` (bytes), ``text_hash`` (of HEADER and TEXT), ``sha256`` (of
            the whole file, computed now) and ``aliases``.

        Raises
        ------
        StudyError
            If the file has changed since the study was read.
        """
        metadata = self.metadata[row]
        if read_metadata(metadata.path).identity != metadata.identity:
            msg = f"{metadata.path} has changed since the study was read; read it again"
            raise StudyError(msg)
        length, _, text_hash = metadata.identity
        return {
            "file": str(self.samples["file"][row]),
            "length": length,
            "text_hash": f"{text_hash:016x}",
            "sha256": sha256_of(metadata.path),
            "aliases": dict(metadata.panel.aliases),
        }

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
            self.read_file(file.row)
            for file in usable_files(self.samples, self.metadata)
            if file.tube == wanted
        )

    def one_tube(self, tube: str | None) -> str:
        """Return a tube of the study: the given one, or the only one.

        Raises
        ------
        StudyError
            If there is no such tube, or several and none is given.
        """
        if tube is None and len(self.tubes) == 1:
            return self.tubes[0]
        if tube in self.tubes:
            return str(tube)
        what = f"no tube {tube!r}" if tube else "several tubes"
        msg = f"the study has {what}; its tubes are {listed(self.tubes)}"
        raise StudyError(msg)

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
        strategies = strategies_by_tube(self, strategy)
        refuse_threads(threads)
        if keep is not None and keep != "masks" and not isinstance(keep, Mapping):
            msg = f"keep must be 'masks', None, or populations and channels: {keep!r}"
            raise StudyError(msg)
        events = keep if isinstance(keep, Mapping) else {}
        usable = usable_files(self.samples, self.metadata)
        pooled = is_pooled(usable)
        requests = requests_of(strategies, statistics, events, pooled=pooled)
        failed: list[dict[str, Any]] = []
        compiled = compiled_files(self, usable, strategies, failed, requests)
        refuse_unmeasured(self, compiled, requests)
        with Progress(len(compiled), show=progress) as tick:
            if client is None:
                jobs = [
                    (locate(self.metadata[r].path), c.plan, self.metadata[r].identity)
                    for r, c in compiled
                ]
                outcomes = gate_files(jobs, threads or 0, keep is not None, tick)
            else:
                tasks = cluster_tasks(self, compiled, keep_masks=keep is not None)
                outcomes = gate_on(client, tasks, tick)
        files = []
        for (row, made), outcome in zip(compiled, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                failed.append(problem(self.samples, row, "gate", outcome))
            else:
                gated = GatedSample.of(made, outcome)
                files.append(GatedFile(row, gated))
        problems = self.problems
        if failed:
            problems = problem_table([*problems.to_dict("records"), *failed])
        if not files:
            msg = "no file could be gated:\n" + listing(problems)
            raise StudyError(msg)
        warn_of(failed)
        run_id = run_id_of(self, usable, strategies)
        options = {"statistics": tuple(statistics), "keep": keep}
        return Populations(self, strategies, tuple(files), problems, run_id, options)

    def regate(
        self,
        strategy: GatingStrategy | Mapping[str, GatingStrategy],
        perturbations: Sequence[Perturbation],
        *,
        threads: int | None = None,
        progress: bool = True,
    ) -> pd.DataFrame:
        """Count many variants of a strategy in one reading of each file.

        Decoding, compensation and scales are shared; of each variant only what hangs on
        a gate that it moves is decided again. Counts are those that gating with the
        variant by itself gives.

        Parameters
        ----------
        strategy : GatingStrategy, or mapping of str to GatingStrategy
            As for :meth:`gate`.
        perturbations : sequence of Perturbation
            The variants; populations that a tube's strategy lacks are passed over.
        threads : int, optional
            All processors by default. Results do not depend on it.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        DataFrame
            ``variant`` (``"as given"`` first), ``sample, patient, visit, tube,
            population, parent, n_events, n_parent, fraction`` (of the parent).

        Raises
        ------
        StrategyError
            If two variants have one name, or a population is unknown.
        GateError
            If a gate cannot be moved like that.
        StudyError
            As :meth:`gate`.

        Warns
        -----
        FileWarning
            If files could not be gated.
        """
        strategies = strategies_by_tube(self, strategy)
        refuse_threads(threads)
        perturbations = list(perturbations)
        check_perturbations(strategies, perturbations)
        for one in perturbations:
            for known in strategies.values():
                one.gates(known)  # raises what no file could mend
        failed: list[dict[str, Any]] = []
        rows = []
        for row, sample, of_tube in usable_files(self.samples, self.metadata):
            if of_tube in strategies:
                own = strategies[of_tube].for_sample(sample)
                rows.append((row, own, self.metadata[row], self.compensations[row]))
        ready = regating.prepared(rows, perturbations, self.samples, failed)
        with Progress(len(ready), show=progress) as tick:
            counted = regating.count(ready, self.samples, failed, threads or 0, tick)
        if not counted:
            msg = "no file could be gated:\n" + listing(problem_table(failed))
            raise StudyError(msg)
        warn_of(failed)
        return regating.tidy(counted, perturbations, self.samples)
