"""Quadrics of Gating-ML files whose matrix is no covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from longate.gating.gates.ellipsoid import EllipsoidGate


@dataclass(frozen=True, init=False, repr=False)
class QuadraticFormGate(EllipsoidGate):
    """Events by ``(x - mean)' matrix^-1 (x - mean) <= distance_square``, any matrix.

    The matrix is taken as it is written: any that has an inverse, also one that is not
    symmetric or not positive definite, as in files with which ISAC checks software. The
    region may be no ellipsoid, and reach without end. Reading Gating-ML makes such
    gates; their parameters are those of :class:`EllipsoidGate`.

    Raises
    ------
    GateError
        If the numbers do not fit the dimensions, or the matrix has no inverse.
    """

    kind: ClassVar[str] = "quadratic_form"

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return f"{super().description}, matrix as written"
