"""From a fit to the tables that users read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.mixed.kenward_roger import KenwardRoger
from longate.longitudinal.mixed.result import Estimates, MixedModel
from longate.longitudinal.mixed.satterthwaite import Satterthwaite

if TYPE_CHECKING:
    import pandas as pd

    from longate.longitudinal.mixed.model_data import ModelData
    from longate.longitudinal.mixed.moments import Moments
    from longate.longitudinal.mixed.small_sample import SmallSample
    from longate.longitudinal.mixed.working_scale import WorkingScale


def small_sample(
    moments: Moments, df: str, *, estimated: list[int] | None = None
) -> SmallSample:
    """Return the method of a name; `estimated` are the variances not 0."""
    if df == "kenward-roger":
        return KenwardRoger(moments)
    return Satterthwaite(moments if estimated is None else moments.only(estimated))


def fitted_model(
    data: ModelData,
    estimates: Estimates,
    *,
    model: str,
    df: str,
    deviance: float,
    variances: pd.DataFrame,
    visit_covariance: pd.DataFrame | None,
    notes: tuple[str, ...],
) -> MixedModel:
    """Lay a fit out in tables."""
    import pandas as pd

    fixed = data.fixed
    names = list(fixed.columns)
    table = pd.DataFrame(
        [
            estimates.row(name, row)
            for name, row in zip(names, np.eye(len(names)), strict=True)
        ]
    )
    anova = pd.DataFrame(
        [
            estimates.joint(":".join(term), fixed.hypothesis(at))
            for at, term in enumerate(fixed.terms)
        ],
        columns=["term", "F", "df1", "df2", "p", "scale"],
    )
    without = anova.loc[anova["df2"].isna(), "term"]
    if len(without):
        notes += (
            f"No degrees of freedom can be given for the joint test of "
            f"{', '.join(without)}: too few patients; p is left empty.",
        )
    return MixedModel(
        table=table,
        anova=anova,
        covariance=pd.DataFrame(estimates.covariance(), index=names, columns=names),
        variances=variances,
        visit_covariance=visit_covariance,
        notes=notes,
        formula=data.formula,
        model=model,
        df_method=df,
        deviance=deviance,
        n_values=len(data.values),
        n_patients=data.n_patients,
        confidence=estimates.confidence,
        _fixed=fixed,
        _estimates=estimates,
        _visit=None if data.visits is None else data.visits.name,
        _group=data.group,
    )


def estimates_of(
    working: WorkingScale, moments: Moments, method: SmallSample, confidence: float
) -> Estimates:
    """Bring a fit back to the units of the data."""
    coefficients = working.coefficients(moments.coefficients)
    return Estimates(working, coefficients, method, confidence)
