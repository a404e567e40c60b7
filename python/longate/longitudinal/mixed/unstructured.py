"""An own variance of each visit and covariance of each two (MMRM)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import one_of
from longate.exceptions import DesignError
from longate.longitudinal.mixed.difference import modelled_difference
from longate.longitudinal.mixed.fitted import estimates_of, fitted_model, small_sample
from longate.longitudinal.mixed.model_data import read_model_data
from longate.longitudinal.mixed.random_intercept import require_confidence
from longate.longitudinal.mixed.result import METHODS, MixedModel
from longate.longitudinal.mixed.unstructured_reml import fit_unstructured
from longate.longitudinal.mixed.working_scale import WorkingScale

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.mixed.model_data import ModelData
    from longate.longitudinal.mixed.unstructured_reml import UnstructuredFit
    from longate.longitudinal.mixed.variables import Factor

# Patients for each variance or covariance, below which a note says so.
_PATIENTS_PER_ELEMENT = 2
_LEVEL = (
    "With drop-out Kenward-Roger is near its level, not at it: by Monte Carlo at 5 "
    "against 7 patients, tests of the last visit reject in 5.4 to 5.7 % of studies "
    "instead of 5 %; with every visit seen, in 5 %."
)
# Residuals of a visit below this share of those of all are rounding.
_FLAT = 1e-8


def mmrm(
    formula: str,
    table: object,
    *,
    patient: str = "patient",
    visit: str = "visit",
    response: str = "response",
    df: str = "kenward-roger",
    confidence: float = 0.95,
) -> MixedModel:
    r"""Fit a model for repeated measures with unstructured covariance.

    .. math:: y_i = X_i \beta + e_i, \quad e_i \sim N(0, \Sigma_{[v_i]}),

    with one covariance :math:`\Sigma` of all visits, of which a patient has
    the part of the visits seen, by restricted maximum likelihood over its
    log-Cholesky parameters; Kenward-Roger is evaluated in the variances and
    covariances themselves, in which V is linear. Right where drop-out depends
    on nothing but values that were seen.

    Parameters
    ----------
    formula, table, patient, visit, response, confidence
        As in :func:`longate.longitudinal.mixed.mixed_model`; the table needs
        visits, at least two.
    df : {"kenward-roger", "satterthwaite"}
        The small-sample method.

    Returns
    -------
    MixedModel
        ``visit_covariance`` is the estimate of :math:`\Sigma`.

    Raises
    ------
    DesignError
        As :func:`longate.longitudinal.mixed.mixed_model`, and if too few
        patients have two visits together for their covariance.

    References
    ----------
    Jennrich and Schluchter 1986, doi:10.2307/2530695. Mallinckrodt et al. 2008,
    doi:10.1177/009286150804200402. Kenward and Roger 1997, doi:10.2307/2533558.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"patient": list("ABCDEF") * 2, "visit": ["m00"] * 6 + ["m12"] * 6,
    ...      "response": (["responder"] * 3 + ["non-responder"] * 3) * 2,
    ...      "y": [.70, .72, .69, .71, .73, .68, .78, .77, .76, .72, .72, .70]}
    ... )
    >>> row = mmrm("y ~ visit * response", table).contrast().iloc[0]
    >>> round(float(row["estimate"]), 4), round(float(row["df"]), 4)
    (0.06, 4.0)
    """
    one_of("df", df, METHODS, DesignError)
    require_confidence(confidence)
    data = read_model_data(
        formula, table, patient=patient, visit=visit, response=response
    )
    visits = _require_visits(data, visit)
    units = _units(WorkingScale.of(data.values, data.fixed.matrix), visits)
    working = WorkingScale.of(data.values, data.fixed.matrix, units[visits.codes])
    fit = fit_unstructured(working.columns, data.patients, visits.codes)
    method = small_sample(fit.moments, df)
    covariance = fit.visit_covariance * working.unit**2 * np.outer(units, units)
    return fitted_model(
        data,
        estimates_of(working, fit.moments, method, confidence),
        model="unstructured covariance of visits, restricted maximum likelihood",
        df=df,
        deviance=working.deviance(fit.deviance),
        variances=_variances(covariance, visits.levels),
        visit_covariance=_named(covariance, visits.levels),
        notes=data.notes + _notes(data, visits, fit, identified=method.identified),
    )


difference_in_change = partial(modelled_difference, mmrm)
"""The difference in change by this model; see :func:`modelled_difference`."""


def _require_visits(data: ModelData, visit: str) -> Factor:
    """Refuse designs whose covariances cannot be told."""
    visits = data.visits
    if visits is None:
        msg = f"an MMRM needs a column of visits with at least two of them: {visit!r}"
        raise DesignError(msg)
    k = len(visits.levels)
    seen = np.zeros((data.n_patients, k), dtype=np.intp)
    seen[data.patients, visits.codes] = 1
    together = seen.T @ seen
    # With fewer, a visit can be a combination of the others in every patient, and
    # the likelihood has no bound.
    least = _between_columns(data, visits) + k
    for one in range(k):
        for other in range(one):
            if together[one, other] < least:
                msg = (
                    f"{together[one, other]} patient(s) have both "
                    f"{visits.levels[other]!r} and {visits.levels[one]!r}; their "
                    f"covariance in this model needs at least {least}. Leave a visit "
                    f"out, or use the random-intercept model"
                )
                raise DesignError(msg)
    return visits


def _units(working: WorkingScale, visits: Factor) -> NDArray[np.float64]:
    """Return the root mean square residual of each visit."""
    squares = np.bincount(visits.codes, working.residuals() ** 2)
    units = np.sqrt(squares / np.bincount(visits.codes))
    for level, unit in zip(visits.levels, units, strict=True):
        if unit <= _FLAT * working.unit:
            msg = (
                f"the values of visit {level!r} follow the fixed effects exactly, so "
                f"it has no variance. Leave the visit out, or use the "
                f"random-intercept model"
            )
            raise DesignError(msg)
    return np.asarray(units)


def _between_columns(data: ModelData, visits: Factor) -> int:
    """Return the rank of the fixed effects within one visit, the largest."""
    matrix = data.fixed.matrix
    return max(
        int(np.linalg.matrix_rank(matrix[visits.codes == code]))
        for code in range(len(visits.levels))
    )


def _named(covariance: NDArray[np.float64], levels: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(covariance, index=list(levels), columns=list(levels))


def _variances(
    covariance: NDArray[np.float64], levels: tuple[str, ...]
) -> pd.DataFrame:
    import pandas as pd

    found = np.diag(covariance)
    return pd.DataFrame(
        {"component": list(levels), "variance": found, "sd": np.sqrt(found)}
    )


def _notes(
    data: ModelData, visits: Factor, fit: UnstructuredFit, *, identified: bool
) -> tuple[str, ...]:
    k = len(visits.levels)
    n = k * (k + 1) // 2
    notes = []
    if fit.singular:
        notes.append(
            "Covariance of the visits estimated singular: a combination of visits is "
            "estimated not to vary between patients."
        )
    if not identified:
        notes.append(
            "These patients do not identify every covariance of the visits; "
            "directions without information are left out of the degrees of freedom."
        )
    if data.n_patients < _PATIENTS_PER_ELEMENT * n:
        notes.append(
            f"{data.n_patients} patients carry {n} variances and covariances of "
            f"{k} visits: few; look at the random-intercept model too."
        )
    notes.append(
        "Patients who were lost are taken to be lost at random given their values "
        "that were seen. One covariance is taken to hold in all groups."
    )
    if len(data.values) < data.n_patients * k:
        notes.append(_LEVEL)
    return tuple(notes)
