"""The logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from longate.cytometry.transforms.transform import Transform


@dataclass(frozen=True)
class Log(Transform):
    """Logarithm, ``y = log10(x / t) / m + 1``.

    Values at or below zero have no logarithm: their scaled value is -inf, which lies in
    no range that is bounded below.

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    m : float
        Decades, above 0, at most 100; ``t / 10**m`` maps to 0.

    Raises
    ------
    TransformError
        If a parameter is out of its range; the message names the constraint.

    References
    ----------
    Gating-ML 2.0, section 6.3 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Log(t=1000.0, m=3.0)([1000.0, 100.0, 0.0]).round(6).tolist()
    [1.0, 0.666667, -inf]
    """

    name: ClassVar[str] = "log"
    element: ClassVar[str] = "flog"

    t: float = 262144.0
    m: float = 4.5
