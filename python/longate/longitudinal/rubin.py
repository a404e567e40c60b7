"""Rubin's rules with the degrees of freedom of Barnard and Rubin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.welch import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def pool(
    estimates: ArrayLike,
    variances: ArrayLike,
    df_complete: float,
    confidence: float = 0.95,
) -> Estimate:
    r"""Pool estimates of completed data sets.

    .. math:: T = \bar U + (1 + 1/m) B, \quad \lambda = (1 + 1/m) B / T, \quad
       \nu = \left(\frac{\lambda^2}{m - 1} + \frac{\nu_c + 3}
       {(\nu_c + 1) \nu_c (1 - \lambda)}\right)^{-1}

    Parameters
    ----------
    estimates, variances : (m,) array-like of float64
        Of each completed data set, at least two; variances of the estimates.
    df_complete : float
        Degrees of freedom that complete data would have.
    confidence : float
        Of the interval.

    Returns
    -------
    Estimate
        With t and two-sided p against 0.

    References
    ----------
    Rubin 1987, Multiple Imputation for Nonresponse in Surveys, Wiley,
    doi:10.1002/9780470316696. Barnard and Rubin 1999, doi:10.1093/biomet/86.4.948.

    Examples
    --------
    >>> from longate.longitudinal.rubin import pool
    >>> found = pool([1.0, 1.4, 1.2], [0.09, 0.1, 0.08], 10)
    >>> round(found.estimate, 2), round(found.df, 3)
    (1.2, 3.884)
    """
    from scipy.special import stdtr, stdtrit

    each = np.asarray(estimates, dtype=np.float64)
    m = len(each)
    within = float(np.asarray(variances, dtype=np.float64).mean())
    between = (1 + 1 / m) * float(each.var(ddof=1))
    total = within + between
    share = between / total
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    df = 1 / (share**2 / (m - 1) + 1 / observed)
    estimate, error = float(each.mean()), math.sqrt(total)
    half = float(stdtrit(df, (1 + confidence) / 2)) * error
    t = estimate / error
    p = 2 * float(stdtr(df, -abs(t)))
    return Estimate(estimate, estimate - half, estimate + half, df, t, p)
