"""What both small-sample methods give: covariance, degrees of freedom, joint F."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JointTest:
    """A joint test of several contrasts.

    Attributes
    ----------
    statistic : float
        F, scaled.
    df1, df2 : float
        Numerator and denominator degrees of freedom; df2 is NaN where the
        data cannot give it.
    scale : float
        What the Wald F was multiplied with.
    """

    statistic: float
    df1: float
    df2: float
    scale: float


class SmallSample(Protocol):
    """A method for standard errors and degrees of freedom."""

    @property
    def covariance(self) -> Floats:
        """Covariance of the estimates, (p, p)."""

    @property
    def identified(self) -> bool:
        """Return whether the data identify every variance."""

    def degrees_of_freedom(self, contrast: Floats) -> float:
        """Return the degrees of freedom of one contrast, (p,)."""

    def joint(self, contrasts: Floats, estimates: Floats) -> JointTest:
        """Test that q contrasts, (q, p), with their estimates, (q,), are 0."""
