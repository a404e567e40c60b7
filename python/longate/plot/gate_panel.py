"""One gate in one small panel: density and outline, histogram and borders, or words."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Polygon

from longate.plot.canvas import SMALL
from longate.plot.density import density_image
from longate.plot.palette import INK
from longate.plot.scaled_axis import label_axis, limits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from longate.plot.gating_steps import Events, Step

GATE = "#C1272D"
BINS = 120
LINES = 9


def draw_step(ax: Axes, step: Step, events: Events) -> None:
    """Draw one step, in the way that its number of channels allows.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    step : Step
        The gate as it was applied.
    events : Events
        Of the file.
    """
    curves = step.gate.outline()
    if len(step.axes) == 1:
        limits = (*_histogram(ax, step, events, _borders(curves)), *ax.get_ylim())
    elif curves:
        limits = _outlined(ax, step, events, curves)
    elif len(step.axes) == 2:
        _coloured(ax, step, events)
    else:
        _words(ax, step)
    if step.quadrants and len(step.axes) <= 2:
        _shares(ax, step, curves, limits)


def _histogram(
    ax: Axes, step: Step, events: Events, borders: Iterable[float | None]
) -> tuple[float, float]:
    """Draw the parent's events, those inside, and borders; return the limits."""
    axis = step.axes[0]
    values = events.values(axis)
    borders = tuple(borders)
    parent = values[events.inside(step.parent)]
    low, high = limits_of(parent, include=borders)
    edges = np.linspace(low, high, BINS + 1)
    everyone, _ = np.histogram(parent, edges)
    inside = np.zeros(BINS)
    if not step.quadrants:
        inside, _ = np.histogram(values[events.inside(step.path)], edges)
    ax.fill_between(edges[:-1], everyone, step="post", color="#D9D9D9", linewidth=0)
    ax.fill_between(edges[:-1], inside, step="post", color="#3A8FA8", linewidth=0)
    for border in borders:
        if border is not None:
            ax.axvline(border, color=GATE, linewidth=1.1)
    label_axis(ax, "x", channel=str(axis), scale=events.scale(axis), limits=(low, high))
    ax.set_ylim(0, 1.06 * (everyone.max(initial=0) or 1))
    ax.set_yticks([])
    ax.set_ylabel("events", fontsize=SMALL - 0.5, labelpad=3)
    return low, high


def _borders(curves: Sequence[np.ndarray]) -> list[float]:
    """Return where curves cross the first axis."""
    if not curves:
        return []
    across = np.unique(np.concatenate(curves)[:, 0])
    return [float(border) for border in across[np.isfinite(across)]]


def _outlined(
    ax: Axes, step: Step, events: Events, curves: Sequence[np.ndarray]
) -> tuple[float, float, float, float]:
    """Draw the border of a gate, or its shadow on the first two axes, over events."""
    x, y = np.concatenate(curves).T
    limits = _plane(ax, step, events, x[np.isfinite(x)], y[np.isfinite(y)])
    for curve in curves:
        corners = _ended(curve, limits)
        patch = Polygon(corners, closed=True, fill=False, color=GATE, linewidth=1.2)
        ax.add_patch(patch)
    if len(step.axes) > 2:
        more = f"and {', '.join(map(str, step.axes[2:]))}"
        ax.text(0.03, 0.03, more, transform=ax.transAxes, fontsize=SMALL - 1)
    return limits


def _ended(curve: np.ndarray, limits: tuple[float, float, float, float]) -> np.ndarray:
    """Return a curve whose open sides end far outside the axes."""
    left, right, bottom, top = limits
    low, high = np.array([left, bottom]), np.array([right, top])
    far = high - low
    curve = np.where(curve == -np.inf, low - far, curve)
    return np.where(curve == np.inf, high + far, curve)


def _shares(
    ax: Axes,
    step: Step,
    curves: Sequence[np.ndarray],
    limits: tuple[float, float, float, float],
) -> None:
    """Write its share into each quadrant."""
    left, right, bottom, top = limits
    shares = zip(curves, step.quadrants.values(), strict=True)
    for number, (curve, share) in enumerate(shares):
        x, y = _ended(curve, limits).T
        seen = (max(x.min(), left), min(x.max(), right))
        floor, roof = max(y.min(), bottom), min(y.max(), top)
        step_down = 0.09 * (number % 2) if len(step.axes) == 1 else 0.0
        ax.text(
            (seen[0] + seen[1]) / 2,
            roof - (0.03 + step_down) * (top - bottom),
            percent(share),
            ha="center",
            va="top" if roof - floor > 0.1 * (top - bottom) else "center",
            fontsize=SMALL - 1,
            color=INK,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 0.8},
        )


def percent(fraction: float) -> str:
    """Write a share in percent with as many digits as it deserves."""
    if fraction != fraction:  # no parent events
        return "–"
    digits = 0 if fraction >= 0.995 else 1 if fraction >= 0.01 else 2
    return f"{100 * fraction:.{digits}f} %"


def _plane(
    ax: Axes,
    step: Step,
    events: Events,
    across: Iterable[float | None] = (),
    along: Iterable[float | None] = (),
    *,
    colours: str = "viridis",
) -> tuple[float, float, float, float]:
    """Draw the parent's density with both axes labelled, and return the limits."""
    parent = events.inside(step.parent)
    x, y = (events.values(axis)[parent] for axis in step.axes[:2])
    limits = (
        *limits_of(x, include=tuple(across)),
        *limits_of(y, include=tuple(along)),
    )
    density_image(ax, x, y, limits=limits, colours=colours)
    x_axis, y_axis = step.axes[:2]
    scale = events.scale
    label_axis(ax, "x", channel=str(x_axis), scale=scale(x_axis), limits=limits[:2])
    label_axis(ax, "y", channel=str(y_axis), scale=scale(y_axis), limits=limits[2:])
    return limits


def _coloured(ax: Axes, step: Step, events: Events) -> None:
    """Draw a Boolean gate: its events in colour over the parent's in grey.

    Dashed lines are the borders of the ranges that it combines.
    """
    limits = _plane(ax, step, events, colours="Greys")
    inside = events.inside(step.path)
    x, y = (events.values(axis)[inside] for axis in step.axes)
    density_image(ax, x, y, limits=limits)
    for axis, line in zip(step.axes, (ax.axvline, ax.axhline), strict=True):
        for border in events.borders(step, axis):
            line(border, color=GATE, linewidth=0.9, linestyle=(0, (3, 2)))


def _words(ax: Axes, step: Step) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    lines = textwrap.wrap(step.gate.description, 26)
    shown = lines if len(lines) <= LINES else [*lines[: LINES - 1], "…"]
    ax.text(
        0.5,
        0.5,
        "\n".join(shown),
        transform=ax.transAxes,
        ha="center",
        va="center",
        fontsize=SMALL - 0.5,
        color=INK,
    )
