"""Bounds that no event comes near, mostly coordinates of another scale."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import GateWarning

if TYPE_CHECKING:
    from longate.gating.compile.panel_axes import PanelAxes
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis

MARGIN = 100.0
"""Events beyond so many times the range of their channel are not expected."""


def warn_of_unreachable(path: str, gate: Gate, axes: PanelAxes) -> None:
    """Warn of a gate that keeps nothing, or all, since a bound is beyond the scale.

    Parameters
    ----------
    path : str
        Of the gate.
    gate : Gate
        Its coordinates are looked at, axis by axis.
    axes : PanelAxes
        Give the scales and the ranges of the channels.

    Warns
    -----
    GateWarning
        The bound is named, and its value on the scale.
    """
    for axis, (low, high) in gate.bounds.items():
        reach = _reach(axes, axis)
        if reach is None:
            continue
        bottom, top = reach
        beyond = (low is not None and low > top) or (high is not None and high < bottom)
        if low is None or high is None:
            one = high if low is None else low
            beyond = beyond or (one is not None and not bottom <= one <= top)
        if beyond:
            bound = low if low is not None else high
            here = axes.resolve(axis).scale(np.array([bound]))[0]  # type: ignore[misc]
            shown = "no value" if np.isnan(here) else f"{here:.3g}"
            msg = (
                f"gate {path!r}: no event comes near {bound:g} on {str(axis)!r}, whose "
                f"scaled values end at about {top:.3g}. The value {bound:g} is {shown} "
                "on this scale: give scaled values, or units='data'"
            )
            warnings.warn(msg, GateWarning, stacklevel=2)


def _reach(axes: PanelAxes, axis: Axis) -> tuple[float, float] | None:
    """Return the lowest and highest scaled value that is expected, where known."""
    resolved = axes.resolve(axis)
    if resolved.scale is None or resolved.ratio is not None:
        return None
    most = MARGIN * max(axes.range_of(resolved.channels[0]), 1.0)
    with np.errstate(all="ignore"):
        bottom, top = resolved.scale(np.array([-most, most]))
    if not np.isfinite(top):
        return None
    return (-np.inf if np.isnan(bottom) else float(bottom)), float(top)
