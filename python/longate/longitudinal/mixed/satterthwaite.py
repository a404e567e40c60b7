r"""Satterthwaite's degrees of freedom, for comparison with Kenward-Roger.

The covariance of the estimates is not adjusted, and the uncertainty of the
variances is that of the observed information:
:math:`\nu = 2 v^2 / d'Wd`, :math:`v = l'\Phi l`, :math:`W = 2 H^{-1}`, H the
Hessian of -2 log restricted likelihood.

References
----------
Satterthwaite 1946, doi:10.2307/3002019. Giesbrecht and Burns 1985,
doi:10.2307/2530872. Fai and Cornelius 1996, doi:10.1080/00949659608811740.
Kuznetsova, Brockhoff and Christensen 2017, doi:10.18637/jss.v082.i13.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.mixed.moments import invert_information
from longate.longitudinal.mixed.small_sample import JointTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.mixed.moments import Moments

    Floats = NDArray[np.float64]


class Satterthwaite:
    """Unadjusted covariance, degrees of freedom and F of a fit.

    Parameters
    ----------
    moments : Moments
        At the restricted maximum likelihood estimates, of the variances that
        are not estimated 0.
    """

    def __init__(self, moments: Moments) -> None:
        self.covariance = moments.phi
        self._slopes = moments.fixed_slopes
        self._variance, self.identified = invert_information(
            moments.observed_information()
        )

    def degrees_of_freedom(self, contrast: Floats) -> float:
        r"""Return :math:`2 v^2 / d'Wd` with :math:`v = l'\Phi l`."""
        turned = self.covariance @ contrast
        variance = float(contrast @ turned)
        slope = -(self._slopes @ turned) @ turned
        spread = float(slope @ self._variance @ slope)
        return 2 * variance**2 / spread if spread > 0 else math.inf

    def joint(self, contrasts: Floats, estimates: Floats) -> JointTest:
        r"""Test that all contrasts are 0.

        Each eigenvector of :math:`L \Phi L'` has its own degrees of freedom
        :math:`\nu_m`; with E the sum of :math:`\nu_m / (\nu_m - 2)` over those
        above 2, the denominator has :math:`2 E / (E - q)`.
        """
        q = len(contrasts)
        values, vectors = np.linalg.eigh(contrasts @ self.covariance @ contrasts.T)
        wald = float((((vectors.T @ estimates) ** 2) / values).sum())
        own = [self.degrees_of_freedom(row) for row in vectors.T @ contrasts]
        if q == 1:
            return JointTest(wald, 1.0, own[0], 1.0)
        expected = sum(1.0 if math.isinf(nu) else nu / (nu - 2) for nu in own if nu > 2)
        above = expected - q
        df2 = 2 * expected / above if above > 0 else math.nan
        if all(math.isinf(nu) for nu in own):
            df2 = math.inf
        return JointTest(wald / q, float(q), df2, 1.0)
