"""Within-patient contrasts, sphericity and the corrections for its lack."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def contrasts(k: int) -> NDArray[np.float64]:
    """Return orthonormal contrasts of k visits, (k, k - 1), each summing to 0."""
    rows = np.zeros((k, k - 1))
    for at in range(1, k):
        rows[:at, at - 1] = 1.0
        rows[at, at - 1] = -at
        rows[:, at - 1] /= math.sqrt(at * (at + 1))
    return rows


@dataclass(frozen=True)
class Sphericity:
    r"""How far within-patient contrasts are from equal variances.

    Attributes
    ----------
    gg : float
        Greenhouse-Geisser's
        :math:`\epsilon = \mathrm{tr}(S)^2 / ((k-1)\,\mathrm{tr}(S^2))`.
    hf : float
        Huynh-Feldt's, :math:`((\nu+1)(k-1)\epsilon - 2) /
        ((k-1)(\nu - (k-1)\epsilon))` with :math:`\nu` the patients less the
        groups (Lecoutre's form); not cut at 1.
    mauchly_w, mauchly_p : float
        Mauchly's test; NaN for two visits or too few patients.
    """

    gg: float
    hf: float
    mauchly_w: float
    mauchly_p: float


def sphericity(products: NDArray[np.float64], df: int) -> Sphericity:
    """Measure sphericity from residual sums of products.

    Parameters
    ----------
    products : (k - 1, k - 1) array of float64
        Residual sums of squares and products of orthonormal contrasts.
    df : int
        Patients less groups.

    References
    ----------
    Greenhouse and Geisser 1959, doi:10.1007/BF02289823. Huynh and Feldt 1976,
    doi:10.3102/10769986001001069. Lecoutre 1991,
    doi:10.3102/10769986016004371. Mauchly 1940, doi:10.1214/aoms/1177731915.
    """
    p = len(products)
    gg = float(np.trace(products) ** 2 / (p * np.sum(products * products)))
    below = p * (df - p * gg)
    hf = ((df + 1) * p * gg - 2) / below if below > 0 else math.inf
    return Sphericity(gg, hf, *_mauchly(products, df))


def _mauchly(products: NDArray[np.float64], df: int) -> tuple[float, float]:
    from scipy.special import chdtrc

    p = len(products)
    if p < 2 or df < p:
        return math.nan, math.nan
    sign, log_det = np.linalg.slogdet(products)
    if sign <= 0:
        return 0.0, math.nan
    log_w = log_det - p * math.log(float(np.trace(products)) / p)
    # R's mauchly.test has 3 k in place of 3 p in the second-order term, where k is
    # the number of visits; Anderson's expansion is in p throughout.
    rho = 1 - (2 * p * p + p + 2) / (6 * p * df)
    second = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p * p + 3 * p + 2)
    weight = second / (288 * (df * p * rho) ** 2)
    z = -df * rho * float(log_w)
    f = p * (p + 1) / 2 - 1
    first, later = float(chdtrc(f, z)), float(chdtrc(f + 4, z))
    return math.exp(float(log_w)), min(1.0, first + weight * (later - first))


def corrected_p(
    statistic: float, df: tuple[float, float], epsilon: float
) -> tuple[float, float]:
    """Return F's p as it stands and with both df times epsilon (at most 1)."""
    from scipy.special import fdtrc

    scale = min(1.0, epsilon)
    return (
        float(fdtrc(df[0], df[1], statistic)),
        float(fdtrc(df[0] * scale, df[1] * scale, statistic)),
    )
