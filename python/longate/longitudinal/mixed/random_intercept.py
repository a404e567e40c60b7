"""A random intercept for each patient: two variances for everything."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import one_of
from longate.exceptions import DesignError
from longate.longitudinal.mixed.difference import modelled_difference
from longate.longitudinal.mixed.fitted import estimates_of, fitted_model, small_sample
from longate.longitudinal.mixed.intercept_reml import fit_random_intercept
from longate.longitudinal.mixed.model_data import read_model_data
from longate.longitudinal.mixed.result import METHODS, MixedModel
from longate.longitudinal.mixed.working_scale import WorkingScale

if TYPE_CHECKING:
    import pandas as pd

    from longate.longitudinal.mixed.intercept_reml import InterceptFit
    from longate.longitudinal.mixed.variables import Factor

_RESIDUAL = 1
_WEAKNESS = (
    "Any two visits of a patient are taken as equally alike (compound symmetry). "
    "Where near visits are more alike, or patients drift apart, tests of the last "
    "visit reject too often: by Monte Carlo at 5 against 7 patients with drop-out, in "
    "8 % of studies instead of 5 % with an autocorrelation of .5, and in 12 % with "
    "random slopes."
)


def mixed_model(
    formula: str,
    table: object,
    *,
    patient: str = "patient",
    visit: str = "visit",
    response: str = "response",
    df: str = "kenward-roger",
    confidence: float = 0.95,
) -> MixedModel:
    r"""Fit a linear model with a random intercept for each patient.

    .. math:: y_{it} = x_{it}'\beta + u_i + e_{it}, \quad
       u_i \sim N(0, \tau^2), \; e_{it} \sim N(0, \sigma^2),

    by restricted maximum likelihood, with small-sample standard errors and
    degrees of freedom. Patients seen once are kept. Where the patient variance
    is estimated 0 the patient stays in the model and a note says so.

    Parameters
    ----------
    formula : str
        ``"y ~ visit * response + batch"``: ``+``, ``a:b`` and ``a * b`` of
        columns; the intercept is always there. Texts and categoricals are
        coded as differences from their first level: the first visit (visits
        are categorical, in their order), the non-responder, the first category.
    table : DataFrame, or an object with a ``.table``
        Tidy, one row per patient and visit. Rows with missing values are left
        out, and a note says so.
    patient, visit : str
        The columns of patients and visits.
    response : str
        The column of the groups. Other variables that are constant in time are
        covariates: one coefficient for six patients is allowed.
    df : {"kenward-roger", "satterthwaite"}
        Kenward-Roger adjusts the standard errors too; Satterthwaite does not.
    confidence : float
        Of all intervals.

    Returns
    -------
    MixedModel
        With ``table`` (term, estimate, se, df, t, p, low, high), ``anova``,
        ``contrast()``, ``covariance``, ``variances``, ``notes``.

    Raises
    ------
    DesignError
        If the formula cannot be read, rows repeat, effects are aliased,
        covariates are too many, or nothing varies.

    References
    ----------
    Laird and Ware 1982, doi:10.2307/2529876. Kenward and Roger 1997,
    doi:10.2307/2533558. Giesbrecht and Burns 1985, doi:10.2307/2530872.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"patient": list("ABCDEF") * 2, "visit": ["m00"] * 6 + ["m12"] * 6,
    ...      "response": (["responder"] * 3 + ["non-responder"] * 3) * 2,
    ...      "y": [.70, .72, .69, .71, .73, .68, .78, .77, .76, .72, .72, .70]}
    ... )
    >>> result = mixed_model("y ~ visit * response", table)
    >>> row = result.contrast().iloc[0]
    >>> round(float(row["estimate"]), 4), round(float(row["df"]), 4)
    (0.06, 4.0)
    """
    one_of("df", df, METHODS, DesignError)
    require_confidence(confidence)
    data = read_model_data(
        formula, table, patient=patient, visit=visit, response=response
    )
    working = WorkingScale.of(data.values, data.fixed.matrix)
    fit = fit_random_intercept(working.columns, data.patients)
    method = small_sample(
        fit.moments, df, estimated=[_RESIDUAL] if fit.singular else None
    )
    return fitted_model(
        data,
        estimates_of(working, fit.moments, method, confidence),
        model="random intercept per patient, restricted maximum likelihood",
        df=df,
        deviance=working.deviance(fit.deviance),
        variances=_variances(fit, working.unit),
        visit_covariance=_visit_covariance(fit, working.unit, data.visits),
        notes=data.notes + _notes(fit, df, identified=method.identified),
    )


difference_in_change = partial(modelled_difference, mixed_model)
"""The difference in change by this model; see :func:`modelled_difference`."""


def require_confidence(confidence: float) -> None:
    """Refuse a confidence that is not between 0 and 1."""
    if not 0 < confidence < 1:
        msg = f"confidence must be above 0 and below 1 (e.g. 0.95), got {confidence!r}"
        raise DesignError(msg)


def _variances(fit: InterceptFit, unit: float) -> pd.DataFrame:
    import pandas as pd

    found = [fit.patient_variance * unit**2, fit.residual_variance * unit**2]
    return pd.DataFrame(
        {
            "component": ["patient", "residual"],
            "variance": found,
            "sd": [math.sqrt(one) for one in found],
        }
    )


def _visit_covariance(
    fit: InterceptFit, unit: float, visits: Factor | None
) -> pd.DataFrame | None:
    import pandas as pd

    if visits is None:
        return None
    k = len(visits.levels)
    values = fit.residual_variance * np.eye(k) + fit.patient_variance
    return pd.DataFrame(
        values * unit**2, index=list(visits.levels), columns=list(visits.levels)
    )


def _notes(fit: InterceptFit, df: str, *, identified: bool) -> tuple[str, ...]:
    notes: list[str] = []
    if fit.singular:
        notes.append(
            "Patient variance estimated 0 (singular fit): visits of a patient are no "
            "more alike than those of different patients, or vary more. The patient "
            "stays in the model."
        )
        if df == "satterthwaite":
            notes.append(
                "With a patient variance of 0 Satterthwaite's degrees of freedom jump "
                "to the number of values less the effects, as if values were "
                "patients; Kenward-Roger does not."
            )
    if not identified:
        notes.append(
            "These patients do not identify both variances; the direction without "
            "information is left out of the degrees of freedom."
        )
    notes.append(_WEAKNESS)
    return tuple(notes)
