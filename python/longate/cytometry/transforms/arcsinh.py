"""The inverse hyperbolic sine."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np

from longate.cytometry.transforms.transform import Transform
from longate.exceptions import TransformError


@dataclass(frozen=True)
class Arcsinh(Transform):
    """Inverse hyperbolic sine.

    ``y = (asinh(x sinh(m ln 10) / t) + a ln 10) / ((m + a) ln 10)``

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    m : float
        Decades, above 0.
    a : float
        Extra negative decades, at least 0; ``m + a`` at most 100.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    References
    ----------
    Gating-ML 2.0, section 6.4 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> float(lg.Arcsinh(t=1000.0, m=4.0, a=1.0)([-1.0])[0].round(6))
    -0.000856
    """

    name: ClassVar[str] = "arcsinh"
    element: ClassVar[str] = "fasinh"

    t: float = 262144.0
    m: float = 4.5
    a: float = 0.0

    @classmethod
    def with_cofactor(cls, cofactor: float) -> Arcsinh:
        """Return ``asinh(x / cofactor)``, as used in mass cytometry (often 5).

        Parameters
        ----------
        cofactor : float
            Above 0.

        Examples
        --------
        >>> import longate as lg
        >>> float(lg.Arcsinh.with_cofactor(5.0)([10.0])[0].round(6))
        1.443635
        """
        if not isinstance(cofactor, Real) or not cofactor > 0:
            msg = f"cofactor must be above 0, got {cofactor!r}"
            raise TransformError(msg)
        return cls(t=cofactor * float(np.sinh(1.0)), m=1.0 / float(np.log(10.0)), a=0.0)
