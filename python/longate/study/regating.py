"""Many variants of a strategy on the files of a study, in one reading of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import count_variants
from longate.exceptions import LongateError
from longate.gating.compile.compiler import compile_variants
from longate.gating.results.counting import count_places
from longate.io.remote import locate
from longate.study.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from longate.cytometry.compensation import Compensation
    from longate.gating.strategy.perturbation import Perturbation
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.io.fcs import FcsMetadata

KEYS = ["sample", "patient", "visit", "tube"]
BASE = "as given"
"""Name of the variant that changes nothing, the first of every table."""


def prepared(
    rows: Sequence[tuple[int, GatingStrategy, FcsMetadata, Compensation | None]],
    perturbations: Sequence[Perturbation],
    samples: pd.DataFrame,
    failed: list[dict[str, Any]],
) -> list[tuple[int, GatingStrategy, Any]]:
    """Compile variants, once per strategy, panel and matrix where samples do not.

    Parameters
    ----------
    rows : sequence of tuple
        Row of the study, its strategy, metadata and matrix.
    perturbations : sequence of Perturbation
        The variants.
    samples : DataFrame
        The study's.
    failed : list
        Gets the files that cannot be gated.

    Returns
    -------
    list of (int, GatingStrategy, job)
        Ready for :func:`count`.
    """
    differs = any(one.differs for one in perturbations)
    known: dict[Any, Any] = {}
    ready = []
    names = samples["sample"].to_dict() if differs else {}
    for row, strategy, metadata, matrix in rows:
        own = names.get(row)
        key = (strategy.id, metadata.panel.channels, matrix.id if matrix else None, own)
        try:
            if key not in known:
                changes = [one.gates(strategy, own) for one in perturbations]
                known[key] = compile_variants(strategy, metadata.panel, matrix, changes)
        except LongateError as error:
            failed.append(problem(samples, row, "compile", error))
            continue
        compiled, variants = known[key]
        job = (locate(metadata.path), compiled.plan, metadata.identity, variants)
        ready.append((row, strategy, job))
    return ready


def count(
    ready: Sequence[tuple[int, GatingStrategy, Any]],
    samples: pd.DataFrame,
    failed: list[dict[str, Any]],
    threads: int,
    tick: Callable[[int], object] | None,
) -> list[tuple[int, GatingStrategy, np.ndarray[Any, np.dtype[np.int64]]]]:
    """Read each file once; return events of variants x (all events, populations)."""
    outcomes = count_variants([job for _, _, job in ready], threads, tick)
    counted = []
    for (row, strategy, _), outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            failed.append(problem(samples, row, "gate", outcome))
            continue
        n_events, base, table = outcome
        inside = np.vstack([np.asarray(base, dtype=np.int64)[None], table])
        every = np.full((len(inside), 1), n_events)
        counted.append((row, strategy, np.hstack([every, inside]).astype(np.int64)))
    return counted


def tidy(
    counted: Sequence[tuple[int, GatingStrategy, np.ndarray[Any, np.dtype[np.int64]]]],
    perturbations: Sequence[Perturbation],
    samples: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row per variant, file and population; runs that pool are summed."""
    import pandas as pd

    names = [BASE, *(one.name for one in perturbations)]
    keys = samples.loc[[row for row, _, _ in counted], KEYS]
    pooled: dict[tuple[Any, ...], int] = {}
    places = [pooled.setdefault(key, len(pooled)) for key in _tuples(keys)]
    first = keys.iloc[[places.index(place) for place in range(len(pooled))]]
    frames = []
    for place in range(len(pooled)):
        files = [one for one, at in zip(counted, places, strict=True) if at == place]
        rows = count_places(files[0][1])
        inside = np.sum([table for _, _, table in files], axis=0)
        frames.append((rows, inside, inside[:, rows.parents]))
    widths = [inside.size for _, inside, _ in frames]
    table = first.take(np.repeat(np.arange(len(first)), widths)).reset_index(drop=True)
    variant = [np.repeat(np.arange(len(names)), i.shape[1]) for _, i, _ in frames]
    n_events = np.concatenate([inside.ravel() for _, inside, _ in frames])
    n_parent = np.concatenate([parent.ravel() for _, _, parent in frames])
    table.insert(
        0,
        "variant",
        pd.Categorical.from_codes(np.concatenate(variant), categories=names),
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
    """Return names as one column, each list as often as there are variants."""
    import pandas as pd

    known: dict[str, int] = {}
    codes = []
    for names, times in parts:
        numbers = [-1 if n is None else known.setdefault(n, len(known)) for n in names]
        codes.append(np.tile(numbers, times))
    return pd.Categorical.from_codes(np.concatenate(codes), categories=list(known))
