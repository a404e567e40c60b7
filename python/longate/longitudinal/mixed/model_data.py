"""From a tidy table and a formula to what a fit needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._names import name_of
from longate._validation import listed, require_columns, table_of
from longate.exceptions import DesignError
from longate.longitudinal.measure import Measure
from longate.longitudinal.mixed.fixed_effects import FixedEffects
from longate.longitudinal.mixed.formula import Formula, parse_formula
from longate.longitudinal.mixed.identifiable import (
    constant_in_time,
    group_variable,
    require_few_covariates,
    require_full_rank,
)
from longate.longitudinal.mixed.variables import (
    Covariate,
    Factor,
    Variable,
    read_variable,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_WHAT = "the table"


@dataclass(frozen=True, eq=False)
class ModelData:
    """The rows that a model can use, coded.

    Attributes
    ----------
    formula : Formula
    values : (n,) array of float64
    fixed : FixedEffects
    patients : (n,) array of int
        The patient of each row, 0 to `n_patients` - 1.
    visits : Factor or None
        The visit of each row, where the table has visits.
    group : str or None
        The variable that makes the groups.
    n_patients : int
    notes : tuple of str
    """

    formula: Formula
    values: NDArray[np.float64]
    fixed: FixedEffects
    patients: NDArray[np.intp]
    visits: Factor | None
    group: str | None
    n_patients: int
    notes: tuple[str, ...]


def read_model_data(
    formula: str, table: object, *, patient: str, visit: str, response: str
) -> ModelData:
    """Read and check what a formula needs of a table.

    Raises
    ------
    DesignError
        If a column is missing, patient-visits repeat, values are not numbers,
        nothing is left, effects are aliased, or covariates are too many.
    """
    parsed = parse_formula(formula)
    frame = table_of(table, _WHAT, DesignError)
    require_columns(
        frame, [parsed.value, *parsed.variables, patient], _WHAT, DesignError
    )
    if patient in parsed.variables:
        msg = f"{patient!r} is the patient and has a random effect; it cannot be fixed"
        raise DesignError(msg)
    has_visits = visit in frame.columns
    keys = list(dict.fromkeys([patient, *([visit] if has_visits else [])]))
    where = _where(frame, keys)
    _require_single(frame, keys, where, has_visits=has_visits)
    values = Measure.of(parsed.value, "identity").read(frame, where)["analysed"]
    needed = [*keys, *parsed.variables]
    usable = values.notna() & frame[needed].notna().all(axis=1)
    if not usable.any():
        msg = f"no row of {_WHAT} has all of {listed([parsed.value, *needed])}"
        raise DesignError(msg)
    kept = frame[usable]
    variables = {
        name: read_variable(kept[name], name, is_visit=name == visit)
        for name in parsed.variables
    }
    fixed = FixedEffects.of(parsed, variables, len(kept))
    codes = {name: code for code, name in enumerate(dict.fromkeys(kept[patient]))}
    patients = kept[patient].map(codes).to_numpy(dtype=np.intp)
    group = group_variable(fixed, visit, response)
    if response in variables:
        _require_one_group(kept, patient, response)
    constant = constant_in_time(fixed, patients, {visit, group})
    require_full_rank(fixed)
    require_few_covariates(fixed, constant, len(codes))
    notes = _left_out(frame, usable, patient)
    notes += _coding_notes(fixed, visit, constant)
    return ModelData(
        formula=parsed,
        values=values[usable].to_numpy(dtype=np.float64),
        fixed=fixed,
        patients=patients,
        visits=_visits(variables, kept, visit) if has_visits else None,
        group=group,
        n_patients=len(codes),
        notes=tuple(notes),
    )


def _visits(
    variables: dict[str, Variable], kept: pd.DataFrame, visit: str
) -> Factor | None:
    found = variables.get(visit)
    if found is None and kept[visit].nunique() > 1:
        found = read_variable(kept[visit], visit, is_visit=True)
    return found if isinstance(found, Factor) else None


def _where(frame: pd.DataFrame, keys: list[str]) -> pd.Series:
    import pandas as pd

    words = pd.Series("", index=frame.index, dtype=object)
    for at, key in enumerate(keys):
        names = frame[key].map(name_of, na_action="ignore").astype(str).map(repr)
        words = words + (", " if at else "") + f"{key} " + names
    return words


def _require_single(
    frame: pd.DataFrame, keys: list[str], where: pd.Series, *, has_visits: bool
) -> None:
    repeated = frame.duplicated(keys, keep=False) & frame[keys].notna().all(axis=1)
    if has_visits and repeated.any():
        rows = list(dict.fromkeys(where[repeated]))
        shown = "; ".join(rows[:5])
        shown += f"; {len(rows) - 5} more" if len(rows) > 5 else ""
        msg = (
            f"{_WHAT} has more than one row for: {shown} (rows "
            f"{listed(frame.index[repeated], most=6)}). Keep one row for each patient "
            f"and visit, of one population"
        )
        raise DesignError(msg)


def _require_one_group(kept: pd.DataFrame, patient: str, response: str) -> None:
    groups = kept.groupby(patient, observed=True, sort=False)[response].nunique()
    several = groups.index[groups > 1]
    if len(several):
        msg = (
            f"{listed(several)} changes its {response} between visits; a patient "
            f"belongs to one group. If the variable is not the groups, name theirs "
            f"by response="
        )
        raise DesignError(msg)


def _left_out(frame: pd.DataFrame, usable: pd.Series, patient: str) -> list[str]:
    if usable.all():
        return []
    lost = set(frame[patient].dropna()) - set(frame.loc[usable, patient])
    names = listed(sorted(name_of(name) for name in lost))
    whole = f"; no row is left of patient(s) {names}" if lost else ""
    return [f"{int((~usable).sum())} row(s) with a missing value left out{whole}."]


def _coding_notes(fixed: FixedEffects, visit: str, constant: list[str]) -> list[str]:
    notes = []
    known = {frozenset(term) for term in fixed.terms}
    for name, variable in fixed.variables.items():
        if isinstance(variable, Factor) and not variable.certain:
            notes.append(
                f"The order of {name} cannot be known; the reference is "
                f"{variable.levels[0]!r}, which appears first."
            )
        interacts = any(name in term and len(term) > 1 for term in fixed.terms)
        if isinstance(variable, Covariate) and interacts:
            notes.append(
                f"Terms that interact with {name} are their effects where {name} is "
                f"0; centre it to read them at its mean."
            )
    for name in constant:
        if visit in fixed.variables and frozenset((name, visit)) not in known:
            notes.append(
                f"{name} is constant in time and enters without {visit}:{name}, so "
                f"changes are hardly adjusted for it; write {visit} * {name}."
            )
    return notes
