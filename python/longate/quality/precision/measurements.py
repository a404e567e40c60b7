"""Replicated measurements: specimens, levels, analysis scale and counting variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import is_missing, names_of, unmatched_names, unmatched_words
from longate._validation import listed, one_of, require_columns
from longate.exceptions import DesignError
from longate.statistics import Z95

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

SCALES = ("identity", "log", "logit")

Counting = "str | tuple[str, str] | None"


@dataclass(frozen=True)
class Measurements:
    """Measurements of specimens that were measured more than once.

    Parameters
    ----------
    y, known : (n,) arrays
        Values on the analysis scale, and their counting variance (0 without counts).
    specimen : (n,) array of int
        From 0 on.
    levels : dict of str to (n,) arrays of int
        Random term -> level.
    fixed : dict of str to (n,) object or float arrays
        Column -> labels, or numbers.
    rows : DataFrame
        Their rows of the table.
    mean : float
        Of the measurements on their own scale: the level at which a coefficient of
        variation is stated.
    scale : str
        Of the analysis.
    words : tuple of str
        What was left out.
    """

    y: NDArray[np.float64]
    known: NDArray[np.float64]
    specimen: NDArray[np.intp]
    levels: dict[str, NDArray[np.intp]]
    fixed: dict[str, NDArray[Any]]
    rows: pd.DataFrame
    mean: float
    scale: str
    words: tuple[str, ...]

    @property
    def n_specimens(self) -> int:
        """Number of specimens."""
        return int(self.specimen.max()) + 1


def read_measurements(
    table: pd.DataFrame,
    value: str,
    *,
    scale: str,
    counts: Sequence[str],
    counting: str | tuple[str, str] | None,
    specimen: str | Sequence[str] | None,
    one_specimen: bool,
    terms: Sequence[str],
    crossed: Sequence[str],
    fixed: Sequence[str],
) -> Measurements:
    """Read measurements from a table; see :func:`longate.quality.uncertainty`.

    Raises
    ------
    DesignError
        If a column is missing, a value is no number or impossible on its scale, a
        label is missing, replicates are not marked or name no row, or nothing is
        replicated.
    """
    one_of("scale", scale, SCALES, DesignError)
    if scale == "logit" and len(counts) != 2:
        msg = (
            "scale='logit' needs counts=(events, parent's events), the columns of "
            f"k and n; got {tuple(counts)!r}"
        )
        raise DesignError(msg)
    columns = [*counts] if scale == "logit" else [value, *counts]
    columns += [counting] if isinstance(counting, str) else list(counting or ())
    require_columns(
        table, [*columns, *terms, *crossed, *fixed], "measurements", DesignError
    )
    for name in dict.fromkeys([*columns, *terms, *crossed, *fixed]):
        if table.columns.tolist().count(name) > 1:
            msg = f"measurements: several columns are called {name!r}"
            raise DesignError(msg)
    codes = _specimens(table, specimen, one_specimen=one_specimen)
    numbers = {name: _numbers(table, name) for name in dict.fromkeys(columns)}
    whole = np.all([~np.isnan(column) for column in numbers.values()], axis=0)
    words = _left_out(int((~whole).sum()), "hold no value")
    rows = table[whole].reset_index(drop=True)
    numbers = {name: column[whole] for name, column in numbers.items()}
    codes = codes[whole]
    repeated = np.bincount(codes, minlength=1)[codes] > 1
    words += _left_out(int((~repeated).sum()), "have no replicate")
    if not repeated.any():
        msg = (
            "nothing is replicated: no specimen was measured twice, so no component of "
            "variance can be estimated. Mark replicates in the sheet (replicate_of = "
            "the sample that the row repeats), or measure a control by a precision "
            "design such as EP15-A3 (5 x 5)"
        )
        raise DesignError(msg)
    rows = rows[repeated].reset_index(drop=True)
    numbers = {name: column[repeated] for name, column in numbers.items()}
    y, known, mean = _on_scale(rows, numbers, value, scale, counts, counting)
    return Measurements(
        y,
        known,
        np.unique(codes[repeated], return_inverse=True)[1].ravel(),
        _levels(rows, terms, crossed),
        {name: _fixed(rows, name) for name in fixed},
        rows,
        mean,
        scale,
        tuple(words),
    )


def _numbers(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    import pandas as pd

    column = pd.to_numeric(table[name], errors="coerce")
    missing = table[name].map(is_missing).to_numpy(dtype=bool)
    wrong = np.flatnonzero(column.isna().to_numpy(dtype=bool) & ~missing)
    if len(wrong):
        found, at = table[name].iloc[wrong[0]], table.index[wrong[0]]
        msg = (
            f"measurements: {name!r} of row {at} is {found!r}, not a number"
            f"{f' (and {len(wrong) - 1} more rows)' if len(wrong) > 1 else ''}"
        )
        raise DesignError(msg)
    values = column.to_numpy(dtype=float, na_value=np.nan)
    endless = np.flatnonzero(np.isinf(values))
    if len(endless):
        msg = f"measurements: {name!r} of row {table.index[endless[0]]} is infinite"
        raise DesignError(msg)
    return np.asarray(values)


def _left_out(n: int, why: str) -> list[str]:
    return [f"{n} measurements {why} and are left out."] if n else []


def _specimens(
    rows: pd.DataFrame, columns: str | Sequence[str] | None, *, one_specimen: bool
) -> NDArray[np.intp]:
    """Return the specimen of each row, from 0 on."""
    import pandas as pd

    if columns is None:
        if "replicate_of" not in rows:
            if one_specimen:
                return np.zeros(len(rows), dtype=np.intp)
            msg = (
                "say which rows are replicates of one specimen: a column replicate_of "
                "(the sample that the row repeats), specimen=... (columns that tell "
                "specimens apart, such as ('patient', 'visit')), or a precision design "
                "of one control"
            )
            raise DesignError(msg)
        columns = "replicate_of"
    if columns == "replicate_of":
        return _marked(rows)
    names = [columns] if isinstance(columns, str) else list(columns)
    require_columns(rows, names, "measurements", DesignError)
    code = np.zeros(len(rows), dtype=np.intp)
    for name in names:
        labels = names_of(rows[name])
        if labels.isna().any():
            at = rows.index[labels.isna()][0]
            msg = f"measurements: {name!r} of row {at} is missing"
            raise DesignError(msg)
        pair = np.column_stack([code, pd.factorize(labels)[0]])
        code = np.unique(pair, axis=0, return_inverse=True)[1].ravel()
    return code


def _marked(rows: pd.DataFrame) -> NDArray[np.intp]:
    """Return the specimen of each row from the column ``replicate_of``."""
    import pandas as pd

    require_columns(rows, ["sample"], "measurements", DesignError)
    samples, marks = names_of(rows["sample"]), names_of(rows["replicate_of"])
    known = list(dict.fromkeys(samples.dropna()))
    lost = unmatched_names(marks.dropna(), known)
    if lost:
        msg = (
            "replicate_of names samples that the table does not hold: "
            f"{unmatched_words(lost, known)}"
        )
        raise DesignError(msg)
    repeats = dict(zip(samples, marks.where(marks.notna(), samples), strict=True))
    first = []
    for sample in samples:
        seen = [sample]
        while repeats[seen[-1]] != seen[-1]:
            seen.append(repeats[seen[-1]])
            if seen[-1] in seen[:-1]:
                msg = f"replicate_of goes in a circle: {' -> '.join(map(str, seen))}"
                raise DesignError(msg)
        first.append(seen[-1])
    return np.asarray(pd.factorize(pd.Series(first))[0], dtype=np.intp)


def _levels(
    rows: pd.DataFrame, terms: Sequence[str], crossed: Sequence[str]
) -> dict[str, NDArray[np.intp]]:
    import pandas as pd

    found: dict[str, NDArray[np.intp]] = {}
    above = np.zeros(len(rows), dtype=np.intp)
    for name in (*terms, *crossed):
        labels = names_of(rows[name])
        if labels.isna().any():
            at = rows.index[labels.isna()]
            msg = (
                f"measurements: {name!r} is missing in {len(at)} rows of {len(rows)} "
                f"(the first is {dict(rows.loc[at[0]].astype(str))}); a replicate "
                "without its level cannot be placed in the design"
            )
            raise DesignError(msg)
        level = np.asarray(pd.factorize(labels)[0], dtype=np.intp)
        if name in terms:
            pairs = np.column_stack([above, level])
            level = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
            above = level
        found[name] = level
    return found


def _fixed(rows: pd.DataFrame, name: str) -> NDArray[Any]:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(rows[name]):
        return _numbers(rows, name)
    labels = names_of(rows[name])
    if labels.isna().any():
        msg = f"measurements: {name!r} of row {rows.index[labels.isna()][0]} is missing"
        raise DesignError(msg)
    return np.asarray(labels, dtype=object)


def _on_scale(
    rows: pd.DataFrame,
    numbers: Mapping[str, NDArray[np.float64]],
    value: str,
    scale: str,
    counts: Sequence[str],
    counting: str | tuple[str, str] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return values on the analysis scale, counting variances, and the mean level."""
    if scale == "logit":
        k, n = (numbers[name] for name in counts)
        _refuse(rows, ~((k >= 0) & (k <= n) & (n > 0)), f"{counts[0]} of {counts[1]}")
        inside, outside = k + 0.5, n - k + 0.5
        return np.log(inside / outside), 1 / inside + 1 / outside, float((k / n).mean())
    values = numbers[value]
    known = _counting_variance(rows, numbers, scale, counts, counting)
    if scale == "log":
        _refuse(rows, ~(values > 0), f"{value} (no logarithm)")
        return np.log(values), known, float(values.mean())
    return values, known, float(values.mean())


def _counting_variance(
    rows: pd.DataFrame,
    numbers: Mapping[str, NDArray[np.float64]],
    scale: str,
    counts: Sequence[str],
    counting: str | tuple[str, str] | None,
) -> NDArray[np.float64]:
    if counts:
        if scale != "log":
            msg = (
                "counts give the counting variance on the scales 'log' and 'logit'; "
                "for values as they are, name a column of standard deviations or of "
                "interval ends as counting="
            )
            raise DesignError(msg)
        for name in counts:
            _refuse(rows, ~(numbers[name] > 0), f"{name} (no cell counted)")
        return np.asarray(np.sum([1 / numbers[name] for name in counts], axis=0))
    if counting is None:
        return np.zeros(len(rows))
    if isinstance(counting, str):
        sd = numbers[counting]
    else:
        low, high = (numbers[name] for name in counting)
        sd = (high - low) / (2 * Z95)
    _refuse(rows, ~(sd >= 0), f"counting {counting!r}")
    return np.asarray(sd**2)


def _refuse(rows: pd.DataFrame, wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        at = np.flatnonzero(wrong)
        named = [
            str(rows.iloc[i]["sample"]) if "sample" in rows else str(rows.index[i])
            for i in at
        ]
        msg = f"measurements: {what} is impossible in the rows {listed(named)}"
        raise DesignError(msg)
