"""The matrix of fixed effects, and what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from longate.longitudinal.mixed.formula import Formula
    from longate.longitudinal.mixed.variables import Variable

    Floats = NDArray[np.float64]

INTERCEPT = "intercept"


@dataclass(frozen=True, eq=False)
class FixedEffects:
    """Treatment contrasts of the terms of a formula.

    A categorical variable of k levels has k - 1 columns, each the difference
    of a level from the first; a number has one. An interaction has the
    products of its variables' columns, its first variable varying fastest.

    Attributes
    ----------
    terms : tuple of tuple of str
        Variables of each term, without the intercept.
    variables : mapping of str to Variable
        By name.
    columns : tuple of str
        ``intercept``, ``visit[m06]``, ``visit[m06]:response[responder]``, ...
    spans : tuple of slice
        The columns of each term.
    matrix : (n, p) array of float64
    """

    terms: tuple[tuple[str, ...], ...]
    variables: Mapping[str, Variable]
    columns: tuple[str, ...]
    spans: tuple[slice, ...]
    matrix: Floats

    @classmethod
    def of(
        cls, formula: Formula, variables: Mapping[str, Variable], n: int
    ) -> FixedEffects:
        """Code the variables of a formula in `n` rows."""
        columns, spans = [INTERCEPT], []
        for term in formula.terms:
            names = reduce(_joined, (variables[name].names for name in term))
            spans.append(slice(len(columns), len(columns) + len(names)))
            columns += names
        matrix = _coded(
            formula.terms,
            {name: variable.treatment() for name, variable in variables.items()},
            n,
        )
        return cls(formula.terms, variables, tuple(columns), tuple(spans), matrix)

    def hypothesis(self, term: int) -> Floats:
        r"""Return the contrasts that are 0 where a term has no effect.

        A main effect is averaged over the levels of the other categorical
        variables with equal weights, numbers being 0 ("type III"): with
        :math:`X_s = X T` in sum-to-zero coding, the rows of :math:`T^{-1}`
        that belong to the term, as differences from the first level.

        Returns
        -------
        (q, p) array of float64
        """
        coded = {name: one.sum_to_zero() for name, one in self.variables.items()}
        other = _coded(self.terms, coded, len(self.matrix))
        change = np.linalg.lstsq(self.matrix, other, rcond=None)[0]
        rows = np.linalg.inv(change)[self.spans[term]]
        # Satterthwaite's denominator depends on the rows; these are differences from
        # the first level, as lmerTest takes them.
        rows = np.linalg.solve(rows[:, self.spans[term]], rows)
        # Differences of levels are exact numbers; leave no rounding in them.
        return np.where(np.abs(rows) < 1e-12, 0.0, rows)

    def row(self, levels: Mapping[str, str]) -> Floats:
        """Return the row of a cell, the other variables at their average.

        Categorical variables that are not given are averaged over their levels
        with equal weights, numbers over the rows.
        """
        coded = {
            name: variable.at(levels.get(name))[None, :]
            for name, variable in self.variables.items()
        }
        return np.asarray(_coded(self.terms, coded, 1)[0])

    def made_of(self, names: set[str]) -> NDArray[np.bool_]:
        """Return which columns are of terms of these variables alone, (p,)."""
        found = np.zeros(len(self.columns), dtype=bool)
        for term, span in zip(self.terms, self.spans, strict=True):
            found[span] = set(term) <= names
        return found

    def vector(self, coefficients: Mapping[str, float]) -> Floats:
        """Return a contrast of named columns.

        Raises
        ------
        DesignError
            If a name is not a column, a weight is not a finite number, or all
            weights are 0.
        """
        weights = np.zeros(len(self.columns))
        for name, weight in coefficients.items():
            if name not in self.columns:
                msg = (
                    f"the contrast names {name!r}, which is not a term of the model; "
                    f"it has {listed(self.columns, most=12)}"
                    f"{suggest(str(name), self.columns)}"
                )
                raise DesignError(msg)
            weights[self.columns.index(name)] = weight
        if not np.isfinite(weights).all() or not weights.any():
            msg = f"a contrast needs finite weights, not all 0; got {coefficients!r}"
            raise DesignError(msg)
        return weights


def _joined(first: list[str], second: list[str]) -> list[str]:
    return [f"{one}:{two}" for two in second for one in first]


def _coded(
    terms: tuple[tuple[str, ...], ...], coded: Mapping[str, Floats], n: int
) -> Floats:
    blocks = [np.ones((n, 1))]
    blocks += [reduce(_products, (coded[name] for name in term)) for term in terms]
    return np.hstack(blocks)


def _products(first: Floats, second: Floats) -> Floats:
    """Return all products of columns, those of `first` varying fastest."""
    both = second[:, :, None] * first[:, None, :]
    return np.asarray(both.reshape(len(first), -1))
