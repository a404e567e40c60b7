"""What small-sample inference needs of a fit: derivatives by the variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Directions of the information below this share of the largest are not identified.
_UNIDENTIFIED = 1e-10


@dataclass(frozen=True, eq=False)
class Moments:
    r"""Cross-products under :math:`V = \sum_r \gamma_r G_r`.

    The columns are :math:`Z = [X, e]`, the fixed effects and the residuals
    of generalised least squares, so that one set of cross-products serves the
    adjusted covariance and the observed information.

    Attributes
    ----------
    coefficients : (p,) array of float64
    phi : (p, p) array of float64
        :math:`\Phi = (X'V^{-1}X)^{-1}`.
    slopes : (k, p + 1, p + 1) array of float64
        :math:`P_r = -Z'V^{-1}G_rV^{-1}Z`.
    curves : (k, k, p + 1, p + 1) array of float64
        :math:`Q_{rq} = Z'V^{-1}G_rV^{-1}G_qV^{-1}Z`.
    traces : (k, k) array of float64
        :math:`tr(V^{-1}G_rV^{-1}G_q)`.
    """

    coefficients: Floats
    phi: Floats
    slopes: Floats
    curves: Floats
    traces: Floats

    @property
    def fixed_slopes(self) -> Floats:
        """P of the fixed effects alone, (k, p, p)."""
        return self.slopes[:, :-1, :-1]

    def expected_information(self) -> Floats:
        r"""Return the expected information of the variances.

        .. math:: I_{rq} = \tfrac12 [tr(V^{-1}G_rV^{-1}G_q) - 2\,tr(\Phi Q_{rq})
           + tr(\Phi P_r \Phi P_q)]
        """
        turned = self.phi @ self.fixed_slopes
        twice = np.einsum("ab,klba->kl", self.phi, self.curves[:, :, :-1, :-1])
        both = np.einsum("kab,lba->kl", turned, turned)
        found = (self.traces - 2 * twice + both) / 2
        return np.asarray((found + found.T) / 2)

    def observed_information(self) -> Floats:
        r"""Return the observed information, half the Hessian of -2 log likelihood.

        .. math:: e'V^{-1}G_r P G_q V^{-1}e - I_{rq}, \quad
           P = V^{-1} - V^{-1}X \Phi X'V^{-1}
        """
        mixed = self.slopes[:, -1, :-1]
        quadratic = self.curves[:, :, -1, -1] - mixed @ self.phi @ mixed.T
        found = quadratic - self.expected_information()
        return np.asarray((found + found.T) / 2)

    def only(self, kept: list[int]) -> Moments:
        """Return the moments of some of the variances, the others being known."""
        at = np.array(kept)
        return Moments(
            self.coefficients,
            self.phi,
            self.slopes[at],
            self.curves[np.ix_(at, at)],
            self.traces[np.ix_(at, at)],
        )


def invert_information(information: Floats) -> tuple[Floats, bool]:
    """Return the inverse, and whether every direction was identified.

    The matrix is brought to unit diagonal first, so that the tolerance does
    not depend on units; directions that are not identified are left out.
    """
    diagonal = np.diag(information)
    largest = float(np.abs(diagonal).max())
    safe = np.where(diagonal > 0, diagonal, largest or 1.0)
    size = 1 / np.sqrt(safe)
    values, vectors = np.linalg.eigh(information * np.outer(size, size))
    good = values > _UNIDENTIFIED * values.max()
    kept = vectors[:, good]
    inverse = (kept / values[good]) @ kept.T
    return np.asarray(inverse * np.outer(size, size)), bool(good.all())
