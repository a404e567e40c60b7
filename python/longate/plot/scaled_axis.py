"""Axes of scaled channels whose ticks speak in the detector's own units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
DECADES = (-1e4, -1e3, 0.0, 1e2, 1e3, 1e4, 1e5, 1e6)


def limits_of(
    values: np.ndarray, *, include: tuple[float | None, ...] = ()
) -> tuple[float, float]:
    """Return limits that hold all but one event in a thousand at each end.

    Parameters
    ----------
    values : (n,) array of float
        Scaled values.
    include : tuple of float or None
        Borders of a gate, kept in view where they are bounded.
    """
    finite = values[np.isfinite(values)]
    borders = [float(b) for b in include if b is not None and np.isfinite(b)]
    if finite.size:
        borders += [float(v) for v in np.quantile(finite, [0.001, 0.999])]
    if not borders:
        return 0.0, 1.0
    low, high = min(borders), max(borders)
    pad = 0.04 * ((high - low) or 1.0)
    return low - pad, high + pad


def label_axis(
    ax: Axes,
    which: Literal["x", "y"],
    *,
    channel: str,
    scale: Any,
    limits: tuple[float, float],
) -> None:
    """Name an axis and put its ticks at decades of the compensated signal.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What is labelled, in place.
    which : {"x", "y"}
        The axis.
    channel : str
        Marker or detector, written beside the axis.
    scale : transform or None
        Forward function of the axis; None for a channel that stays linear, whose
        ticks are written in thousands.
    limits : (low, high)
        Of the axis, scaled.
    """
    from longate.plot.canvas import SMALL

    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xlim if which == "x" else ax.set_ylim)(*limits)
    if scale is None:
        at, words = _thousands(*limits)
    else:
        at, words = _decade_ticks(scale, *limits)
    axis.set_ticks(at, words)
    axis.set_label_text(channel, fontsize=SMALL + 0.5)
    axis.labelpad = 1.5


def _decade_ticks(scale: Any, low: float, high: float) -> tuple[list[float], list[str]]:
    where = np.asarray(scale(np.array(DECADES)), dtype=float)
    kept: list[tuple[float, float]] = []
    # Zero first, then outwards from the top: near zero the decades crowd.
    for i in (2, 7, 6, 5, 4, 3, 1, 0):
        position = float(where[i])
        gap = 0.11 * (high - low)
        free = all(abs(position - other) >= gap for other, _ in kept)
        if np.isfinite(position) and low <= position <= high and free:
            kept.append((position, DECADES[i]))
    kept.sort()
    return [position for position, _ in kept], decades(value for _, value in kept)


def _thousands(low: float, high: float) -> tuple[list[float], list[str]]:
    from matplotlib.ticker import MaxNLocator

    ticks = [
        float(t) for t in MaxNLocator(4).tick_values(low, high) if low <= t <= high
    ]
    if max(abs(low), abs(high)) >= 5000:
        return ticks, [f"{t / 1000:g}k" for t in ticks]
    return ticks, [f"{t:g}" for t in ticks]


def decades(values: Iterable[float]) -> list[str]:
    """Return tick labels ``10³`` for powers of ten, ``0`` for zero."""
    words = []
    for value in values:
        exponent = round(math.log10(abs(value))) if value else 0
        sign = "−" if value < 0 else ""
        # Superscript digits rather than mathtext, which is slow to lay out.
        words.append(f"{sign}10{str(exponent).translate(RAISED)}" if value else "0")
    return words
