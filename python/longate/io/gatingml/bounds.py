"""Intervals of the dimensions of gates, and values that are held back at bounds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from longate.gating.gates.dimension import Dimension

Bounds = tuple[float | None, float | None]


class Clamp(NamedTuple):
    """Values below `low` count as `low`, above `high` as `high`."""

    low: float
    high: float


def unclamped(bounds: Bounds, clamps: tuple[Clamp, ...]) -> Bounds | None:
    """Return the range of values that are in a range once they are clamped.

    Parameters
    ----------
    bounds : (min, max)
        Half-open, None for an open side.
    clamps : tuple of Clamp
        Applied one after another.

    Returns
    -------
    (min, max) or None
        None where no value is.
    """
    least, most = bounds
    for low, high in reversed(clamps):
        if (least is not None and least > high) or (most is not None and most <= low):
            return None
        if least is not None and least <= low:
            least = None
        if most is not None and most > high:
            most = None
    return least, most


def overlap(one: Bounds, other: Bounds) -> Bounds:
    """Return the range that lies in two ranges."""
    lows = [low for low in (one[0], other[0]) if low is not None]
    highs = [high for high in (one[1], other[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)


def is_ratio(axis: Dimension) -> bool:
    """Say whether an axis is the ratio of two channels."""
    return len(axis.channels) > 1


def finite(bounds: Bounds, axis: Dimension) -> Bounds:
    """Return a range on an axis, without +infinity where the axis is a ratio.

    A ratio with the divisor 0 is infinite. In the standard's compliance set +infinity
    lies in no range, also in none that is open above, and -infinity in those that are
    open below.
    """
    if is_ratio(axis) and bounds[1] is None:
        return bounds[0], sys.float_info.max
    return bounds


def beyond(clamps: tuple[Clamp, ...], least: float, most: float) -> bool:
    """Say whether clamping could move a value into or out of [least, most]."""
    return any(low >= least or high <= most for low, high in clamps)
