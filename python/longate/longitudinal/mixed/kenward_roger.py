r"""The method of Kenward and Roger for few patients.

The covariance of the estimates is adjusted for its bias and for the
uncertainty of the variances, and the degrees of freedom and scale of F follow
from matching two moments:

.. math:: A = \Phi + 2 \Phi \{ \textstyle\sum_{rq} W_{rq}
   (Q_{rq} - P_r \Phi P_q) \} \Phi, \quad W = I^{-1},

with :math:`I` the expected restricted information. It is evaluated in
parameters in which V is linear, where no second derivative of V enters.

References
----------
Kenward and Roger 1997, Biometrics 53:983, doi:10.2307/2533558. Kenward and
Roger 2009, doi:10.1016/j.csda.2008.12.013. Halekoh and Højsgaard 2014,
doi:10.18637/jss.v059.i09.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.mixed.moments import invert_information
from longate.longitudinal.mixed.small_sample import JointTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.mixed.moments import Moments

    Floats = NDArray[np.float64]

# Below this a sum of terms of size 1 is 0.
_ZERO = 1e-10
# Around 2 degrees of freedom the scale is 0 / 0 and taken as 1.
_NEAR_TWO = 0.01


class KenwardRoger:
    """Adjusted covariance, degrees of freedom and F of a fit.

    Parameters
    ----------
    moments : Moments
        At the restricted maximum likelihood estimates of the variances.
    """

    def __init__(self, moments: Moments) -> None:
        self._phi = moments.phi
        self._slopes = moments.fixed_slopes
        self._curves = moments.curves[:, :, :-1, :-1]
        self._variance, self.identified = invert_information(
            moments.expected_information()
        )

    @cached_property
    def covariance(self) -> Floats:
        """Adjusted covariance A, (p, p)."""
        weights, phi = self._variance, self._phi
        k, p = len(self._slopes), len(phi)
        turned = phi @ self._slopes
        weighted = (weights @ self._slopes.reshape(k, -1)).reshape(k, p, p)
        products = (weighted @ turned).sum(axis=0)
        bracket = np.tensordot(weights, self._curves, axes=2) - products
        bracket = (bracket + bracket.T) / 2
        return np.asarray(phi + 2 * phi @ bracket @ phi)

    def degrees_of_freedom(self, contrast: Floats) -> float:
        r"""Return :math:`2 v^2 / d'Wd` with :math:`v = l'\Phi l`."""
        turned = self._phi @ contrast
        variance = float(contrast @ turned)
        slope = -(self._slopes @ turned) @ turned
        spread = float(slope @ self._variance @ slope)
        return 2 * variance**2 / spread if spread > 0 else math.inf

    def joint(self, contrasts: Floats, estimates: Floats) -> JointTest:
        """Test that all contrasts are 0 by the scaled F."""
        q = len(contrasts)
        wald = float(
            estimates
            @ np.linalg.solve(contrasts @ self.covariance @ contrasts.T, estimates)
        )
        if q == 1:
            return JointTest(wald, 1.0, self.degrees_of_freedom(contrasts[0]), 1.0)
        df2, scale = self._moments_matched(contrasts)
        return JointTest(scale * wald / q, float(q), df2, scale)

    def _moments_matched(self, contrasts: Floats) -> tuple[float, float]:
        """Return the denominator degrees of freedom and the scale of F."""
        q, phi = len(contrasts), self._phi
        theta = contrasts.T @ np.linalg.solve(contrasts @ phi @ contrasts.T, contrasts)
        parts = theta @ phi @ self._slopes @ phi
        traces = np.trace(parts, axis1=1, axis2=2)
        first = float(traces @ self._variance @ traces)
        second = float(
            np.einsum("rq,rab,qba->", self._variance, parts, parts, optimize=True)
        )
        if second <= 0:
            return math.inf, 1.0
        b = (first + 6 * second) / (2 * q)
        g = ((q + 1) * first - (q + 4) * second) / ((q + 2) * second)
        bottom = 3 * q + 2 * (1 - g)
        c1, c2, c3 = g / bottom, (q - g) / bottom, (q + 2 - g) / bottom
        v0 = 1 + c1 * b
        v0 = 0.0 if abs(v0) < _ZERO else v0
        rest = 1 - second / q
        rho = _ratio(rest, 1 - c2 * b) ** 2 * v0 / (1 - c3 * b) / q
        if not math.isfinite(rho) or abs(q * rho - 1) < _ZERO:
            return math.nan, 1.0
        df2 = 4 + (q + 2) / (q * rho - 1)
        # F has no mean that could be matched with 2 or fewer degrees of freedom.
        if df2 < 2 - _NEAR_TWO:
            return math.nan, 1.0
        scale = 1.0 if abs(df2 - 2) < _NEAR_TWO else df2 * rest / (df2 - 2)
        return df2, scale


def _ratio(top: float, bottom: float) -> float:
    if abs(top) < _ZERO and abs(bottom) < _ZERO:
        return 1.0
    return top / bottom if bottom else math.inf
