"""The hyperlog scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from longate.cytometry.transforms.transform import Transform


@dataclass(frozen=True)
class Hyperlog(Transform):
    """Hyperlog: a logarithm and a line in one, solved exactly.

    The inverse of ``EH(y) = α e^(by) + γ y - φ`` with ``b = (m + a) ln 10``, whose
    other constants follow from the four parameters; values below zero are the
    reflection of those above.

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    w : float
        Width of the linear part in decades, above 0, at most ``m / 2``.
    m : float
        Decades, above 0.
    a : float
        Extra negative decades, from ``-w`` to ``m - 2 w``; ``m + a`` at most 100.

    Raises
    ------
    TransformError
        If a parameter is out of its range; the message names the constraint.

    References
    ----------
    Bagwell 2005, doi:10.1002/cyto.a.20114; Gating-ML 2.0, section 6.6
    (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> scale = lg.Hyperlog(t=1000.0, w=1.0, m=4.0, a=0.0)
    >>> float(scale([-10.0])[0].round(6))
    0.083554
    """

    name: ClassVar[str] = "hyperlog"
    element: ClassVar[str] = "hyperlog"

    t: float = 262144.0
    w: float = 0.5
    m: float = 4.5
    a: float = 0.0
