"""The variables of a formula: categorical with an order of levels, or numbers.

The first level is the reference. Visits are categorical and in their order,
also when they are numbers; among response labels the reference is the
non-responder; an (ordered) categorical column keeps its categories' order, and
other texts are in natural order (m6 before m12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._names import name_of
from longate._validation import listed, suggest
from longate._visits import order_visits
from longate.exceptions import DesignError
from longate.longitudinal.labels import NON_RESPONDER, RESPONDER, UNCLASSIFIABLE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LABELS = (NON_RESPONDER, RESPONDER, UNCLASSIFIABLE)


@dataclass(frozen=True, eq=False)
class Factor:
    """A categorical variable.

    Attributes
    ----------
    name : str
    levels : tuple of str
        The first is the reference.
    codes : (n,) array of int
        The level of each row.
    certain : bool
        False where the order of the levels is that of appearance.
    """

    name: str
    levels: tuple[str, ...]
    codes: NDArray[np.intp]
    certain: bool = True

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [f"{self.name}[{level}]" for level in self.levels[1:]]

    def treatment(self) -> Floats:
        """Return indicators of the levels but the first, (n, k - 1)."""
        return np.asarray(np.eye(len(self.levels))[self.codes, 1:])

    def sum_to_zero(self) -> Floats:
        """Return sum-to-zero columns, (n, k - 1)."""
        k = len(self.levels)
        coding = np.vstack([np.eye(k - 1), -np.ones((1, k - 1))])
        return np.asarray(coding[self.codes])

    def at(self, level: str | None) -> Floats:
        """Return the columns of one level, or of the average level."""
        k = len(self.levels)
        if level is None:
            return np.full(k - 1, 1 / k)
        if level not in self.levels:
            msg = (
                f"{self.name} has no {level!r}; it has {listed(self.levels)}"
                f"{suggest(str(level), self.levels)}"
            )
            raise DesignError(msg)
        return np.asarray(np.eye(k)[self.levels.index(level), 1:])


@dataclass(frozen=True, eq=False)
class Covariate:
    """A number.

    Attributes
    ----------
    name : str
    values : (n,) array of float64
    """

    name: str
    values: Floats

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [self.name]

    def treatment(self) -> Floats:
        """Return the values as one column."""
        return self.values[:, None]

    def sum_to_zero(self) -> Floats:
        """Return the values as one column."""
        return self.values[:, None]

    def at(self, level: str | None) -> Floats:
        """Return the mean."""
        if level is not None:
            msg = f"{self.name} is a number and has no level {level!r}"
            raise DesignError(msg)
        return np.array([self.values.mean()])


Variable = Factor | Covariate


def read_variable(column: pd.Series, name: str, *, is_visit: bool = False) -> Variable:
    """Read a column without missing values.

    Raises
    ------
    DesignError
        If it has a single level or value, or numbers that are not finite.
    """
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    if numeric and not pd.api.types.is_bool_dtype(column.dtype) and not is_visit:
        values = column.to_numpy(dtype=np.float64)
        bad = ~np.isfinite(values)
        if bad.any():
            msg = f"{name} is not finite in row(s) {listed(column.index[bad])}"
            raise DesignError(msg)
        if np.ptp(values) == 0:
            raise DesignError(_single(name, f"{values[0]:g}"))
        return Covariate(name, values)
    names = column.map(name_of).astype(object)
    levels, certain = _levels(column, names, is_visit=is_visit)
    if len(levels) < 2:
        raise DesignError(_single(name, levels[0]))
    at = {level: code for code, level in enumerate(levels)}
    codes = np.array([at[level] for level in names], dtype=np.intp)
    return Factor(name, levels, codes, certain)


def _single(name: str, level: str) -> str:
    return (
        f"{name} is {level!r} in every row that can be used, so it explains nothing; "
        f"take it out of the model, or look which rows were lost"
    )


def _levels(
    column: pd.Series, names: pd.Series, *, is_visit: bool
) -> tuple[tuple[str, ...], bool]:
    """Return the levels that occur, the reference first."""
    import pandas as pd

    seen = set(names)
    if isinstance(column.dtype, pd.CategoricalDtype):
        declared = [name_of(value) for value in column.cat.categories]
        return tuple(name for name in declared if name in seen), True
    if seen <= set(_LABELS):
        return tuple(name for name in _LABELS if name in seen), True
    order = order_visits(column, error=DesignError)
    if order.certain or is_visit:
        return order.names, order.certain
    return tuple(sorted(seen)), True
