"""Declared covariates: named without clash, filled from baseline, not aliased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

RESERVED = ("patient", "visit", "response", "value", "analysed", "label", "outcome")


def checked_covariates(
    frame: pd.DataFrame,
    patient: pd.Series,
    visit: pd.Series,
    covariates: Sequence[str],
    measured: Sequence[str],
) -> pd.DataFrame:
    """Return the covariates' columns, those of one value per patient filled.

    A sheet often gives age or batch at baseline alone. Where a patient has a single
    value, it holds for all visits of that patient.

    Raises
    ------
    DesignError
        If a covariate has the name of a column that the models make, is what is
        analysed, has no value at all, or is the same for everyone at each visit.
    """
    for name in covariates:
        if name in RESERVED or name in measured:
            what = "what is analysed" if name in measured else "a name of the models"
            msg = (
                f"the covariate {name!r} is {what} ({listed(RESERVED)} and the value's "
                f"columns are taken); rename it, e.g. "
                f"data.rename(columns={{{name!r}: {name + '_covariate'!r}}})"
            )
            raise DesignError(msg)
    filled = frame[list(covariates)].copy()
    for name in covariates:
        known = filled[name].notna()
        if not known.any():
            msg = f"the covariate {name!r} has no value in any row"
            raise DesignError(msg)
        values = filled.loc[known, name]
        per_patient = values.groupby(patient[known]).nunique()
        if filled[name].isna().any() and (per_patient <= 1).all():
            own = values.groupby(patient[known]).first()
            filled[name] = filled[name].where(known, patient.map(own))
        _refuse_alias(filled[name], visit, name)
    return filled


def _refuse_alias(column: pd.Series, visit: pd.Series, name: str) -> None:
    """Refuse a covariate that is one value at each visit, and not always the same."""
    known = column.notna()
    by_visit = column[known].groupby(visit[known]).nunique()
    if (by_visit <= 1).all() and column[known].nunique() > 1:
        pairs = dict(zip(visit[known], column[known], strict=True))
        shown = ", ".join(f"{one!r} at {at}" for at, one in list(pairs.items())[:4])
        msg = (
            f"the covariate {name!r} is the same for every patient at each visit "
            f"({shown}): it is aliased with visit, and what changed together cannot be "
            f"separated. Leave it out, and say that {name} changed with the visits"
        )
        raise DesignError(msg)
