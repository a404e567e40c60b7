"""The linear scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from longate.cytometry.transforms.transform import Transform


@dataclass(frozen=True)
class Linear(Transform):
    """Linear scale, ``y = (x + a) / (t + a)``.

    Parameters
    ----------
    t : float
        Top of scale, above 0; it maps to 1.
    a : float
        What lies below 0, from 0 to `t`; ``-a`` maps to 0.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    References
    ----------
    Gating-ML 2.0, section 6.2 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Linear(t=200.0, a=0.0)([50.0]).tolist()
    [0.25]
    """

    name: ClassVar[str] = "linear"
    element: ClassVar[str] = "flin"

    t: float = 262144.0
    a: float = 0.0
