"""Figures that need no pyplot: made, tidied, shown in notebooks, and saved.

This module imports matplotlib, so the drawing functions import it when they
are called; nothing here touches pyplot's state or the global rcParams.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple, cast

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

from longate.plot.palette import FAINT, GRID, INK

SMALL = 7.0
TEXT = 8.5
TITLE = 9.5


def whole_figure(artist: Any) -> Figure:
    """Return the figure that holds an artist, not the subfigure.

    ``get_figure(root=True)`` says the same from matplotlib 3.10 on.
    """
    found = artist.get_figure()
    while getattr(found, "figure", found) not in (found, None):
        found = found.figure
    return cast("Figure", found)


def png(figure: Figure, *, dpi: float = 110) -> bytes:
    """Return a figure as PNG bytes, cropped to what is drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is rendered.
    dpi : float
        Dots per inch.

    Returns
    -------
    bytes
        A PNG file.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return buffer.getvalue()


def literal(drawn: Figure | Axes) -> None:
    """Let every text of a figure or of axes mean itself, ``$`` and backslashes too.

    Names of markers, gates, patients and visits are no mathematics: two ``$`` in one of
    them would be taken for a formula, or end the drawing with an error. Ticks that
    matplotlib labels by itself are left alone.
    """
    automatic = {
        label
        for axes in ([drawn] if isinstance(drawn, Axes) else drawn.axes)
        for axis in (axes.xaxis, axes.yaxis)
        if not isinstance(axis.get_major_formatter(), FixedFormatter | FuncFormatter)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
    }
    for text in drawn.findobj(Text):
        if text not in automatic:
            text.set_parse_math(False)


class Picture(Figure):
    """A figure that shows itself as a PNG wherever IPython displays it."""

    def draw(self, renderer: Any) -> None:
        """Draw the figure; its texts are no mathematics."""
        literal(self)
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        return png(self)


class PictureAxes(Axes):
    """Axes that show their whole figure as a PNG where IPython displays them."""

    def _repr_png_(self) -> bytes:
        return png(whole_figure(self))


def picture(width: float, height: float) -> Picture:
    """Return an empty figure on an Agg canvas, in inches, laid out by itself."""
    figure = Picture(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


class Pads(NamedTuple):
    """Room around the axes of one panel, in inches."""

    left: float
    bottom: float
    right: float
    top: float


def axes_or_new(
    ax: Axes | None, width: float, height: float, *, pads: Pads | None = None
) -> Axes:
    """Return the axes given, or new ones on a figure of their own, in inches.

    Without `pads` the figure is laid out when it is drawn, around whatever stands
    beside the axes; with them the position is fixed, which is quicker.
    """
    if ax is not None:
        return ax
    if pads is not None:
        _, panels = grid_of(1, columns=1, width=width, height=height, pads=pads)
        return panels[0]
    return picture(width, height).add_subplot(axes_class=PictureAxes)


def tidy(ax: Axes, *, grid: str | None = "y") -> None:
    """Remove what carries no data: two spines, heavy ticks; add a faint grid.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What is tidied, in place.
    grid : {"x", "y", None}
        The axis whose ticks get faint lines.
    """
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FAINT)
        ax.spines[side].set_linewidth(0.8)
    ax.tick_params(labelsize=TEXT - 0.5, colors=INK, color=FAINT, width=0.8, length=3)
    ax.set_axisbelow(True)
    if grid is not None:
        ax.grid(axis=cast("Any", grid), color=GRID, linewidth=0.7)


class PanelText(NamedTuple):
    """A line above a small panel."""

    words: str
    above: float
    """How far above the panel, in points."""
    size: float
    colour: str
    weight: str
    most: int
    """Characters that there is room for."""


def frame_panel(ax: Axes, lines: list[PanelText]) -> None:
    """Write lines above a small panel, and make its frame and ticks quiet.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    lines : list of PanelText
        What stands above it; what is too long is cut with an ellipsis.
    """
    for line in lines:
        fits = len(line.words) <= line.most
        ax.annotate(
            line.words if fits else line.words[: line.most - 1] + "…",
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, line.above),
            textcoords="offset points",
            fontsize=line.size,
            color=line.colour,
            fontweight=line.weight,
            annotation_clip=False,
        )
    for spine in ax.spines.values():
        spine.set_color(FAINT)
        spine.set_linewidth(0.7)
    ax.tick_params(
        labelsize=SMALL - 1, color=FAINT, labelcolor=INK, length=2, width=0.7, pad=1.5
    )


def grid_of(
    n: int, *, columns: int, width: float, height: float, pads: Pads
) -> tuple[Picture, list[Axes]]:
    """Return a figure with `n` panels in rows of `columns`, sizes in inches.

    The positions are computed here rather than by a layout engine, which would draw
    every panel's text three times.

    Parameters
    ----------
    n : int
        Number of panels, at least one.
    columns : int
        Panels in a row, at most.
    width, height : float
        Of one panel with its pads.
    pads : Pads
        Room for tick labels, words and title.
    """
    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    figure = picture(width * columns, height * rows)
    figure.set_layout_engine("none")
    panels: list[Axes] = []
    for i in range(n):
        row, column = divmod(i, columns)
        position = (
            (column + pads.left / width) / columns,
            1 - (row + 1 - pads.bottom / height) / rows,
            (1 - (pads.left + pads.right) / width) / columns,
            (1 - (pads.top + pads.bottom) / height) / rows,
        )
        panels.append(figure.add_axes(PictureAxes(figure, position)))
    return figure, panels
