"""A study held ready: one gate moves, and the counts of all samples follow."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import LiveStudy as _LiveStudy
from longate.exceptions import StudyError
from longate.gating.compile.compiler import KernelGates, compile_strategy
from longate.gating.results.counting import count_rows
from longate.gating.results.joining import KEYS
from longate.io.remote import locate
from longate.study.problems import problem, problem_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.compile.compiler import CompiledStrategy
    from longate.gating.gates.base import Gate
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.study.files import StudyFile
    from longate.study.run import Ready, Run

MAX_MEMORY = 1 << 30
"""Bytes of values and masks that a live study holds by default."""


class LiveStudy:
    """The samples of a study, ready to be counted again when a gate moves.

    Made by :meth:`longate.Study.live`. Counts are those of
    :meth:`longate.Study.gate`, to the last event: values are held in single
    precision, and events too near to a border for that are decided on the values of
    the file.

    Parameters
    ----------
    strategy : GatingStrategy
        The gates at the beginning.
    ready : sequence of Ready
        The files, and the strategy compiled for each.
    samples : DataFrame
        The study's.
    problems : sequence of dict
        Files that could not be compiled.
    max_memory : int
        Bytes of values and masks that are held at most. Files beyond are read again
        for every change, as slowly as :meth:`longate.Study.gate`.
    threads : int
        0 for all processors.
    """

    def __init__(
        self,
        strategy: GatingStrategy,
        ready: list[Ready[CompiledStrategy]],
        samples: pd.DataFrame,
        problems: list[dict[str, Any]],
        *,
        max_memory: int,
        threads: int,
    ) -> None:
        self._strategy = strategy
        self._ready = ready
        self._samples = samples
        self._problems = problems
        self._lock = threading.Lock()
        # One of each plan, in the order in which the kernel meets them.
        plans = {id(one.compiled): one for one in reversed(ready)}
        self._plans = [
            (one.file.sample, _gates_of(one)) for one in reversed(plans.values())
        ]
        jobs = []
        for one in ready:
            metadata = one.file.metadata
            plan = one.compiled.plan
            jobs.append((locate(metadata.path), plan, metadata.identity))
        processors = threads or 1 << 10
        self._live = _LiveStudy(jobs, max_memory=max_memory, threads=processors)

    def __repr__(self) -> str:
        """Say how many files are held, and in how many bytes."""
        return (
            f"LiveStudy · {len(self._ready)} files, {self._live.n_held} held in "
            f"{self.n_bytes / 1e6:,.0f} MB · {len(self.strategy.paths)} populations"
        )

    @property
    def strategy(self) -> GatingStrategy:
        """The gates as they are now."""
        return self._strategy

    @property
    def n_bytes(self) -> int:
        """Bytes of values and masks that are held."""
        return self._live.n_bytes

    @property
    def samples(self) -> pd.DataFrame:
        """The files in the order of :attr:`table`: ``sample, patient, visit, tube``."""
        rows = [one.file.row for one in self._ready]
        return self._samples.loc[rows, KEYS].reset_index(drop=True)

    @property
    def table(self) -> NDArray[np.int64]:
        """Events of each file (rows) in all events and each population (columns).

        Populations are in the order of ``strategy.paths``. The row of a file that could
        not be counted is -1; see :attr:`problems`.
        """
        table, failed = self._live.counts()
        counts = table.astype(np.int64)
        for row, _ in failed:
            counts[row] = -1
        return counts

    @property
    def counts(self) -> pd.DataFrame:
        """Events per sample and population, the runs of a sample pooled.

        Columns ``sample, patient, visit, tube, population, parent, n_events, n_parent,
        fraction`` (of the parent). Samples with a file that could not be counted are
        left out; see :attr:`problems`.
        """
        import pandas as pd

        files, table = self.samples, self.table
        pooled = pd.DataFrame(table).groupby(
            [files[key] for key in KEYS], sort=False, observed=True, dropna=False
        )
        sums = pooled.sum()[(pooled.min() >= 0).all(axis=1)]
        rows = count_rows(self._strategy)
        inside = sums.to_numpy()
        parents = inside[:, rows.parents]
        n_samples, n_rows = inside.shape
        keys = sums.index.to_frame(index=False)
        found = keys.loc[keys.index.repeat(n_rows)].reset_index(drop=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            fraction = np.where(parents > 0, inside / parents, np.nan)
        return found.assign(
            population=list(rows.populations) * n_samples,
            parent=list(rows.parent_paths) * n_samples,
            n_events=inside.ravel(),
            n_parent=parents.ravel(),
            fraction=fraction.ravel(),
        )

    @property
    def problems(self) -> pd.DataFrame:
        """Files that could not be counted, as ``study.problems``."""
        _, failed = self._live.counts()
        rows = [
            problem(self._samples, self._ready[row].file.row, "gate", error)
            for row, error in failed
        ]
        return problem_table([*self._problems, *rows])

    def set_gate(self, population: str, gate: Gate) -> NDArray[np.int64]:
        """Put another gate in the place of one, and count what depends on it.

        Parameters
        ----------
        population : str
            Path or unique name.
        gate : Gate
            On the axes of the strategy's gates; its own name and parent do not matter.

        Returns
        -------
        (n_files, 1 + n_populations) numpy.ndarray of int64
            As :attr:`table`.

        Raises
        ------
        PopulationError
            If the strategy has no such population.
        StrategyError
            If either is a Boolean gate, or the gate is on an axis that no gate of the
            strategy was on at the beginning; make a new live study then.
        """
        path = self._strategy.path(population)
        gate = replace(gate, name=path.rpartition("/")[2], parent=None)
        strategy = self._strategy.replace(path, gate)
        entries = [
            gates.exchanged(path, strategy.for_sample(sample)[path])
            for sample, gates in self._plans
        ]
        number = self._strategy.paths.index(path)
        with self._lock:
            self._live.set_gate(number, entries)
            self._strategy = strategy
        return self.table


def live_study(
    strategy: GatingStrategy,
    run: Run,
    samples: pd.DataFrame,
    problems: pd.DataFrame,
    *,
    max_memory: int,
    threads: int,
) -> LiveStudy:
    """Compile a strategy for the files of a study and hold these, see its method."""
    if not isinstance(max_memory, int) or max_memory < 0:
        msg = f"max_memory must be a number of bytes; got {max_memory!r}"
        raise StudyError(msg)

    def make(file: StudyFile, own: GatingStrategy) -> CompiledStrategy:
        return compile_strategy(own, file.metadata.panel, file.compensation)

    ready = run.compiled(make)
    known = [*problems.to_dict("records"), *run.failed]
    return LiveStudy(
        strategy,
        ready,
        samples,
        known,
        max_memory=max_memory,
        threads=threads,
    )


def _gates_of(ready: Ready[CompiledStrategy]) -> KernelGates:
    file = ready.file
    return KernelGates(ready.strategy, file.metadata.panel, file.compensation)
