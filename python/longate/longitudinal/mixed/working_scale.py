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
    row_units : (n,) array of float64
        What each row was divided by before, 1 by default.
    """

    columns: Floats
    r: Floats
    ordinary: Floats
    unit: float

    row_units: Floats

    @classmethod
    def of(
        cls, values: Floats, matrix: Floats, row_units: Floats | None = None
    ) -> WorkingScale:
        """Bring values and columns to the working scale.

        Parameters
        ----------
        values : (n,) array of float64
        matrix : (n, p) array of float64
            Of full rank, the intercept first.
        row_units : (n,) array of float64, optional
            What each row is divided by before, where values differ in size.

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
        units = np.ones(n) if row_units is None else row_units
        q, r = np.linalg.qr(matrix / units[:, None])
        centre = float(values.mean())
        centred = (values - centre) / units
        projected = q.T @ centred
        residuals = centred - q @ projected
        residuals -= q @ (q.T @ residuals)
        unit = math.sqrt(float(residuals @ residuals) / (n - p))
        if unit <= _FLAT * float(np.ptp(centred)):
            msg = (
                "the values follow the fixed effects exactly, so nothing tells how "
                "sure the estimates are; are the values rounded, or copied?"
            )
            raise DesignError(msg)
        ordinary = np.linalg.solve(r, projected)
        ordinary[0] += centre
        columns = np.column_stack([q, residuals / unit])
        return cls(columns, r, ordinary, unit, units)

    def residuals(self) -> Floats:
        """Return the residuals of least squares, in the units of the data."""
        return np.asarray(self.columns[:, -1] * self.unit * self.row_units)

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
        rows = float(np.log(self.row_units).sum())
        return working + 2 * ((n - p) * math.log(self.unit) + size + rows)
