"""Coordinates of gates in data units, brought onto the scale of an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import GateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from longate.cytometry.transforms import Transform
    from longate.gating.gates.dimension import Axis

SCALED, DATA = "scaled", "data"
UNITS = (SCALED, DATA)
"""Coordinates on the scales of the axes, or in the units of the data before them."""

ScaleOf = "Callable[[Axis], Transform | None]"


def on_scale(
    name: str, axis: Axis, value: float, scale_of: Callable[[Axis], Transform | None]
) -> float:
    """Return a coordinate in data units on the scale of an axis.

    Parameters
    ----------
    name : str
        Of the gate, for errors.
    axis : str or Dimension
        Which axis.
    value : float
        In data units.
    scale_of : callable
        Returns the scale of an axis, None where it has none.

    Raises
    ------
    GateError
        If the scale has no such value, as a logarithm of 0.
    """
    scale = scale_of(axis)
    if scale is None:
        return value
    found = float(scale(np.array([value]))[0])
    if not np.isfinite(found):
        msg = (
            f"gate {name!r}: {value:g} of {str(axis)!r} in data units is not on its "
            f"scale, {scale!r}"
        )
        raise GateError(msg)
    return found
