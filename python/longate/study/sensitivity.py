"""Gate sensitivity: a strategy and its perturbations, in one reading of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import count_perturbations
from longate.gating.compile.compiler import compile_perturbed
from longate.gating.results.counting import count_rows
from longate.gating.results.joining import KEYS
from longate.io.remote import locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.gating.strategy.perturbation import Perturbation
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.study.files import StudyFile
    from longate.study.run import Run

REFERENCE = "reference"
"""Name of the strategy without a perturbation, the first of every table."""


def sensitivity_table(
    run: Run,
    perturbations: Sequence[Perturbation],
    samples: pd.DataFrame,
    *,
    threads: int,
    progress: bool,
) -> pd.DataFrame:
    """Count a strategy and its perturbations in one reading of each file.

    Parameters
    ----------
    run : Run
        Files and strategies.
    perturbations : sequence of Perturbation
        They move or exchange gates.
    samples : DataFrame
        The study's.
    threads : int
        0 for all processors.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        As of :meth:`longate.Study.regate`.
    """

    def make(file: StudyFile, strategy: GatingStrategy) -> Any:
        changes = [one.gates(strategy, file.sample) for one in perturbations]
        panel = file.metadata.panel
        return compile_perturbed(strategy, panel, file.compensation, changes)

    def decide(tick: Any) -> Any:
        jobs: list[Any] = []
        for file, _, (compiled, perturbed) in ready:
            where, identity = locate(file.metadata.path), file.metadata.identity
            jobs.append((where, compiled.plan, identity, perturbed))
        return count_perturbations(jobs, threads, tick)

    ready = run.compiled(make, by_sample=any(one.differs for one in perturbations))
    counted = []
    for one, (n_events, base, table) in run.outcomes(ready, decide, progress=progress):
        inside = np.vstack([np.asarray(base, dtype=np.int64)[None], table])
        every = np.full((len(inside), 1), n_events)
        counts = np.hstack([every, inside]).astype(np.int64)
        counted.append((one.file.row, one.strategy, counts))
    return _tidy(counted, perturbations, samples)


def _tidy(
    counted: Sequence[tuple[int, GatingStrategy, np.ndarray[Any, np.dtype[np.int64]]]],
    perturbations: Sequence[Perturbation],
    samples: pd.DataFrame,
) -> pd.DataFrame:
    """Return a row per perturbation, file and population; pooled runs are summed."""
    import pandas as pd

    names = [REFERENCE, *(one.name for one in perturbations)]
    keys = samples.loc[[row for row, _, _ in counted], KEYS]
    pooled: dict[tuple[Any, ...], int] = {}
    numbers = [pooled.setdefault(key, len(pooled)) for key in _tuples(keys)]
    first = keys.iloc[[numbers.index(number) for number in range(len(pooled))]]
    frames = []
    for number in range(len(pooled)):
        files = [one for one, at in zip(counted, numbers, strict=True) if at == number]
        rows = count_rows(files[0][1])
        inside = np.sum([table for _, _, table in files], axis=0)
        frames.append((rows, inside, inside[:, rows.parents]))
    widths = [inside.size for _, inside, _ in frames]
    table = first.take(np.repeat(np.arange(len(first)), widths)).reset_index(drop=True)
    which = [np.repeat(np.arange(len(names)), i.shape[1]) for _, i, _ in frames]
    n_events = np.concatenate([inside.ravel() for _, inside, _ in frames])
    n_parent = np.concatenate([parent.ravel() for _, _, parent in frames])
    table.insert(
        0,
        "perturbation",
        pd.Categorical.from_codes(np.concatenate(which), categories=names),
    )
    paths = _repeated([(rows.populations, len(inside)) for rows, inside, _ in frames])
    above = _repeated([(rows.parent_paths, len(inside)) for rows, inside, _ in frames])
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = np.where(n_parent > 0, n_events / n_parent, np.nan)
    return table.assign(
        population=paths,
        parent=above,
        n_events=n_events,
        n_parent=n_parent,
        fraction=fraction,
    )


def _tuples(keys: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(keys.itertuples(index=False, name=None))


def _repeated(parts: Sequence[tuple[Sequence[str | None], int]]) -> pd.Categorical:
    """Return names as one column, each list as often as there are perturbations."""
    import pandas as pd

    known: dict[str, int] = {}
    codes = []
    for names, times in parts:
        numbers = [-1 if n is None else known.setdefault(n, len(known)) for n in names]
        codes.append(np.tile(numbers, times))
    return pd.Categorical.from_codes(np.concatenate(codes), categories=list(known))
