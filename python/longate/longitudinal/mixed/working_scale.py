"""Orthogonal columns and standardised values, in which models are fitted.

Fits do not depend on the unit of the values, on a shift, or on how covariates
are scaled: the columns are replaced by orthonormal ones (X = Q R) and the
values by their ordinary residuals with unit mean square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Residuals below this share of the values' range are rounding.
_FLAT = 1e-10


@dataclass(frozen=True, eq=False)
class WorkingScale:
    """Columns and values of a fit, and the way back.

    Attributes
    ----------
    columns : (n, p + 1) array of float64
        Q and, last, the standardised residuals.
    r : (p, p) array of float64
        X = Q R.
    ordinary : (p,) array of float64
        Least squares coefficients.
    unit : float
        Root mean square of the residuals, the unit of the working scale.
    """

    columns: Floats
    r: Floats
    ordinary: Floats
    unit: float

    @classmethod
    def of(cls, values: Floats, matrix: Floats) -> WorkingScale:
        """Bring values and columns of full rank to the working scale.

        Raises
        ------
        DesignError
            If all values are equal or follow the fixed effects exactly.
        """
        n, p = matrix.shape
        spread = float(np.ptp(values))
        if spread == 0:
            msg = f"all {n} values equal {values[0]:.6g}; nothing varies"
            raise DesignError(msg)
        q, r = np.linalg.qr(matrix)
        centre = float(values.mean())
        centred = values - centre
        projected = q.T @ centred
        residuals = centred - q @ projected
        residuals -= q @ (q.T @ residuals)
        unit = math.sqrt(float(residuals @ residuals) / (n - p))
        if unit <= _FLAT * spread:
            msg = (
                "the values follow the fixed effects exactly, so nothing tells how "
                "sure the estimates are; are the values rounded, or copied?"
            )
            raise DesignError(msg)
        ordinary = np.linalg.solve(r, projected + centre * (q.T @ np.ones(n)))
        return cls(np.column_stack([q, residuals / unit]), r, ordinary, unit)

    def contrasts(self, rows: Floats) -> Floats:
        """Return contrasts of the coefficients as contrasts of Q's, (q, p)."""
        return np.asarray(np.linalg.solve(self.r.T, rows.T).T)

    def coefficients(self, working: Floats) -> Floats:
        """Return the coefficients of X from those of Q."""
        return np.asarray(self.ordinary + self.unit * np.linalg.solve(self.r, working))

    def deviance(self, working: float) -> float:
        """Return -2 log restricted likelihood of the values as measured."""
        n, p = len(self.columns), len(self.r)
        size = float(np.log(np.abs(np.diag(self.r))).sum())
        return working + 2 * (n - p) * math.log(self.unit) + 2 * size
