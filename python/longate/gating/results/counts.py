"""The table of counts of a study: every population of every sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._columns import taken
from longate._validation import listed
from longate.exceptions import PopulationError
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.results.counting import (
    count_rows,
    fraction_columns,
    with_fractions,
)
from longate.gating.results.joining import KEYS, finished, joined_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.gating.results.counting import CountRows
    from longate.gating.results.gated_file import GatedFile
    from longate.gating.tree.gate_tree import GateTree

_COUNTS = ["n_events", "n_parent"]


def study_counts(
    strategies: Mapping[str, GateTree],
    files: Sequence[GatedFile],
    rows: pd.DataFrame,
    run_id: str,
) -> pd.DataFrame:
    """Return a row per sample and population; several files of a sample are summed.

    Parameters
    ----------
    strategies : mapping of str to GateTree
        By tube.
    files : sequence of GatedFile
        What was gated.
    rows : DataFrame
        The row of ``study.samples`` of each file.
    run_id : str
        Becomes a column.
    """
    import pandas as pd

    tubes = rows["tube"].tolist()
    tables = {tube: count_rows(strategy) for tube, strategy in strategies.items()}
    of_file = np.repeat(
        np.arange(len(files)), [len(tables[tube].populations) for tube in tubes]
    )
    columns = {key: taken(rows[key], of_file) for key in KEYS}
    inside, parents = [], []
    for file, tube in zip(files, tubes, strict=True):
        counts = np.array([file.gated.n_events, *file.gated.n_inside], dtype=np.int64)
        inside.append(counts)
        parents.append(counts[tables[tube].parents])
    samples = rows["sample"]
    columns |= _paths(tables, tubes, samples.dtype)
    columns["n_events"] = np.concatenate(inside)
    columns["n_parent"] = np.concatenate(parents)
    if len(set(zip(samples.tolist(), tubes, strict=True))) < len(tubes):
        frame = _pooled(pd.DataFrame(columns))
        return finished(with_fractions(frame, *_COUNTS), rows, run_id)
    columns |= fraction_columns(columns["n_events"], columns["n_parent"])
    columns["run_id"] = run_id
    for name, called in joined_names(rows, columns).items():
        columns[called] = taken(rows[name], of_file)
    return pd.DataFrame(columns, copy=False)


def _paths(
    tables: Mapping[str, CountRows], tubes: Sequence[str], text: Any
) -> dict[str, Any]:
    """Return populations and their parents: those of each file's tube, file by file.

    They are taken from a column of each path once; as many strings would cost far more.
    """
    import pandas as pd

    every = [path for table in tables.values() for path in table.populations]
    known = {path: code for code, path in enumerate(dict.fromkeys(every))}
    names = pd.array(list(known), dtype=text)
    columns = {}
    for column, which in (("population", "populations"), ("parent", "parent_paths")):
        codes = {
            tube: [
                -1 if path is None else known[path] for path in getattr(table, which)
            ]
            for tube, table in tables.items()
        }
        repeated = np.concatenate([codes[tube] for tube in tubes])
        columns[column] = names.take(repeated, allow_fill=True)
    return columns


def _pooled(frame: pd.DataFrame) -> pd.DataFrame:
    by = [*KEYS, "population", "parent"]
    options = {"sort": False, "dropna": False, "observed": True, "as_index": False}
    return frame.groupby(by, **options).sum()


def fraction_table(
    counts: pd.DataFrame, strategy: GateTree, population: str, of: str
) -> pd.DataFrame:
    """Return the share of a population in an ancestor of it, sample by sample.

    Parameters
    ----------
    counts : DataFrame
        Of one tube.
    strategy : GateTree
        Of the tube.
    population, of : str
        Paths or unique names; `of` may be ``"All events"``.

    Raises
    ------
    PopulationError
        If a population is unknown, or `of` is no ancestor.
    """
    import pandas as pd

    inside = strategy.path(population)
    whole = of if of == ALL_EVENTS else strategy.path(of)
    if whole != ALL_EVENTS and not inside.startswith(f"{whole}/"):
        msg = f"{whole!r} is not an ancestor of {inside!r}; its share is not defined"
        raise PopulationError(msg)
    picked = {}
    for column, path in (("k", inside), ("n", whole)):
        rows = counts[counts["population"] == path]
        picked[column] = rows.set_index(KEYS)["n_events"]
    frame = pd.DataFrame(picked).reset_index()
    frame.insert(len(KEYS), "population", inside)
    frame.insert(len(KEYS) + 1, "of", whole)
    return with_fractions(frame, "k", "n")


def undefined_table(
    files: Sequence[GatedFile], keys: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Return events that are in neither a gate nor its complement, where there are any.

    Parameters
    ----------
    files : sequence of GatedFile
        What was gated.
    keys : sequence of mapping
        Sample, patient, visit and tube of each.
    """
    import pandas as pd

    rows = [
        {**one, "population": path, "n_undefined": n_undefined}
        for file, one in zip(files, keys, strict=True)
        for path, n_undefined in zip(
            file.gated.strategy.paths, file.gated.n_undefined, strict=True
        )
        if n_undefined
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "population", "n_undefined"])


def empty_populations(
    strategies: Mapping[str, GateTree],
    files: Sequence[GatedFile],
    keys: Sequence[Mapping[str, Any]],
) -> dict[str, list[str]]:
    """Return the populations without an event in any file, by tube.

    Parameters
    ----------
    strategies : mapping of str to GateTree
        By tube.
    files, keys
        As of :func:`undefined_table`.
    """
    found = {}
    for tube, strategy in strategies.items():
        counts = [
            file.gated.n_inside
            for file, one in zip(files, keys, strict=True)
            if one["tube"] == tube
        ]
        total = np.sum(counts, axis=0) if counts else np.ones(len(strategy), int)
        paths = [p for p, n in zip(strategy.paths, total, strict=True) if n == 0]
        if paths:
            found[tube] = paths
    return found


def empty_words(empty: Mapping[str, Sequence[str]]) -> str:
    """Name populations without an event, for a line of a representation."""
    paths = [path for of_tube in empty.values() for path in of_tube]
    return f"\n  no event in any sample: {listed(paths)}" if paths else ""
