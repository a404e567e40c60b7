"""Return whether the data can tell the effects of a model apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed
from longate.exceptions import DesignError
from longate.longitudinal.mixed.variables import Factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.mixed.fixed_effects import FixedEffects

    Floats = NDArray[np.float64]

# A column whose part outside of the columns before it is below this share of its
# length is a combination of them.
_DEPENDENT = 1e-9
# Patients needed for each coefficient of a covariate that is constant in time.
PATIENTS_PER_COVARIATE = 6


def require_full_rank(fixed: FixedEffects) -> None:
    """Refuse columns that are combinations of others, naming the aliasing.

    Raises
    ------
    DesignError
        If a cell has no rows, a column is a combination of the columns before
        it, or there are as many columns as rows.
    """
    matrix, columns = fixed.matrix, fixed.columns
    n, p = matrix.shape
    for column, values in zip(columns, matrix.T, strict=True):
        if not values.any():
            cell = " and ".join(column.split(":"))
            msg = f"no row that can be used has {cell}, so {column} has no estimate"
            raise DesignError(msg)
    lengths = np.linalg.norm(matrix, axis=0)
    basis = np.zeros((n, 0))
    said = []
    kept: list[int] = []
    for at in range(p):
        rest = matrix[:, at] / lengths[at]
        for _ in range(2):
            rest = rest - basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > _DEPENDENT:
            basis = np.column_stack([basis, rest / size])
            kept.append(at)
        else:
            said.append(_combination(matrix, columns, kept, at))
    if said:
        msg = (
            f"the data cannot tell these effects apart: {'; '.join(said)} in every "
            f"row that can be used. Take one of them out, or look at the design: "
            f"what changed together cannot be separated afterwards"
        )
        raise DesignError(msg)
    if n <= p:
        msg = (
            f"{n} values cannot carry {p} fixed effects ({listed(columns, most=12)}) "
            f"and their variance"
        )
        raise DesignError(msg)


def _combination(
    matrix: Floats, columns: tuple[str, ...], kept: list[int], at: int
) -> str:
    """Return ``batch[B2] = visit[m06] + visit[m12]``."""
    weights = np.linalg.lstsq(matrix[:, kept], matrix[:, at], rcond=None)[0]
    largest = np.abs(weights).max()
    parts = []
    for weight, column in zip(weights, kept, strict=True):
        if abs(weight) > 1e-7 * largest:
            size = abs(weight)
            factor = "" if abs(size - 1) < 1e-7 else f"{size:.4g} "
            parts.append(f"{'-' if weight < 0 else '+'} {factor}{columns[column]}")
    return f"{columns[at]} = {' '.join(parts).removeprefix('+ ')}"


def group_variable(fixed: FixedEffects, visit: str, response: str) -> str | None:
    """Return the variable that makes the groups, if any.

    That is `response` where the model has it, else the first categorical
    variable that interacts with the visits.
    """
    if response in fixed.variables:
        return response
    for term in fixed.terms:
        if len(term) == 2 and visit in term:
            other = next(name for name in term if name != visit)
            if isinstance(fixed.variables[other], Factor):
                return other
    return None


def constant_in_time(
    fixed: FixedEffects, patients: NDArray[np.intp], exclude: set[str | None]
) -> list[str]:
    """Return the variables that never change within a patient."""
    constant = []
    order = np.argsort(patients, kind="stable")
    same = np.diff(patients[order]) == 0
    for name, variable in fixed.variables.items():
        steps = np.diff(variable.treatment()[order], axis=0)[same]
        if name not in exclude and not steps.any():
            constant.append(name)
    return constant


def require_few_covariates(
    fixed: FixedEffects, constant: list[str], n_patients: int
) -> None:
    """Refuse more covariates constant in time than the patients bear.

    Raises
    ------
    DesignError
        If their coefficients are more than one for six patients.
    """
    n = sum(len(fixed.variables[name].names) for name in constant)
    most = n_patients // PATIENTS_PER_COVARIATE
    if n > most:
        msg = (
            f"{n_patients} patients bear {most} coefficient(s) of covariates that are "
            f"constant in time (one for {PATIENTS_PER_COVARIATE} patients), but "
            f"{listed(constant)} need {n}; declare the most important, or enter "
            f"one after another as sensitivity analyses"
        )
        raise DesignError(msg)
