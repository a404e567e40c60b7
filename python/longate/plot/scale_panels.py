"""The same events on several scales, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from longate.cytometry.transforms import Transform

BINS = 150
MOST = 36  # characters above a panel
CURVE = "#C1272D"


def scales(
    values: ArrayLike,
    candidates: Mapping[str, Transform],
    *,
    channel: str = "signal",
    columns: int = 6,
) -> Figure:
    """Draw the same events on several scales, one small panel a scale.

    Parameters
    ----------
    values : (n_events,) array-like of float
        Compensated values of one channel, such as ``sample.values("CD56")``.
    candidates : mapping of str to Transform
        What each is called, and the scale.
    channel : str
        Written below the axes.
    columns : int
        Panels in a row.

    Returns
    -------
    matplotlib.figure.Figure
        A panel shows a histogram of the scaled values, whose area is that of its
        events; ticks are at decades of the compensated signal, a dashed line is at data
        zero. Above are the parameters, or the share of events that are not on the axis
        (such as the logarithm of what is not above 0).

    Raises
    ------
    TransformError
        If no scale is given.
    """
    from longate.plot.canvas import Pads, grid_of

    if not candidates:
        msg = "give at least one scale, such as {'logicle': lg.Logicle()}"
        raise TransformError(msg)
    array = np.asarray(values, dtype=np.float64).ravel()
    pads = Pads(left=0.5, bottom=0.4, right=0.08, top=0.4)
    figure, panels = grid_of(
        len(candidates), columns=columns, width=2.15, height=2.12, pads=pads
    )
    for ax, (name, scale) in zip(panels, candidates.items(), strict=True):
        _panel(ax, name, scale, array, channel)
    return figure


def _panel(
    ax: Axes, name: str, scale: Transform, values: np.ndarray, channel: str
) -> None:
    from longate.plot.canvas import SMALL, TEXT, PanelText, frame_panel
    from longate.plot.palette import INK
    from longate.plot.scaled_axis import label_axis, limits_of

    scaled = scale(values)
    low, high = limits_of(scaled)
    counts, edges = np.histogram(
        scaled[np.isfinite(scaled)], np.linspace(low, high, BINS)
    )
    ax.fill_between(edges[:-1], counts, step="post", color="#3A8FA8", linewidth=0)
    zero = float(scale([0.0])[0])
    if low < zero < high:
        ax.axvline(zero, color=CURVE, linewidth=0.9, linestyle=(0, (3, 2)))
    label_axis(ax, "x", channel=channel, scale=scale, limits=(low, high))
    ax.set_ylim(0, 1.08 * (counts.max(initial=0) or 1))
    ax.set_yticks([])
    lost = len(values) - int(counts.sum())
    words = ", ".join(f"{letter} {value:g}" for letter, value in vars(scale).items())
    if lost > 0.002 * len(values):
        words = f"{100 * lost / len(values):.1f} % of events are not on the axis"
    lines = [
        PanelText(name, 13, TEXT - 0.5, INK, "bold", MOST),
        PanelText(words, 3, SMALL - 1, "#555555", "normal", MOST),
    ]
    frame_panel(ax, lines)
