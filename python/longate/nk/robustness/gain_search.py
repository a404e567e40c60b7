"""The smallest gain change that would by itself produce a change of the index."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 4.0
"""Gains up to this factor, and down to its inverse, are looked at."""

_STEP = 0.02  # natural logarithm of the gain
_ENOUGH = 1e-4  # likewise


def smallest_gain(produced: Callable[[float], float], wanted: float) -> float:
    """Return the gain nearest to 1 that produces a change.

    The gains ``exp(±0.02 k)`` are tried outwards from 1 until the produced change
    reaches the wanted one; the border is then found by bisection to 0.01 %. The index
    is a step function of the gain, so "produces" means at least as much, in the same
    direction.

    Parameters
    ----------
    produced : callable
        Gain -> change of the index that it makes by itself.
    wanted : float
        The change to be explained.

    Returns
    -------
    float
        NaN if no gain from 1/4 to 4 produces it (or the change is not known); 1 if the
        change is 0.
    """
    if math.isnan(wanted):
        return math.nan
    if wanted == 0:
        return 1.0
    sign = math.copysign(1.0, wanted)

    def reached(log_gain: float) -> bool:
        return sign * produced(math.exp(log_gain)) >= abs(wanted)

    for step in np.arange(_STEP, math.log(MOST) + _STEP, _STEP):
        for log_gain in (float(step), -float(step)):
            if reached(log_gain):
                return math.exp(_bisected(reached, log_gain))
    return math.nan


def _bisected(reached: Callable[[float], bool], outer: float) -> float:
    inner = outer - math.copysign(_STEP, outer)
    while abs(outer - inner) > _ENOUGH:
        middle = (inner + outer) / 2
        if reached(middle):
            outer = middle
        else:
            inner = middle
    return outer
