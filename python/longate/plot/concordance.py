"""Stored counts of another program beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import require_columns, table_of
from longate.exceptions import StudyError
from longate.plot.palette import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID, EXACT = "#0072B2", "#D55E00"


def concordance(compared: Any, *, ax: Axes | None = None) -> Axes:
    """Draw differences from the stored counts by their size, in both geometries.

    Parameters
    ----------
    compared : Concordance or DataFrame
        From :func:`longate.concordance`: columns stored, difference, difference_exact.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, axes on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        One point per population: filled circles for the program's grid, open squares
        for exact geometry. The vertical axis is linear from -1 to 1 event and
        logarithmic beyond.

    Raises
    ------
    StudyError
        If a column is missing, or no population could be compared.
    """
    from longate.plot.canvas import SMALL, TITLE, Pads, axes_or_new, literal, tidy

    table = table_of(compared, "compared", StudyError)
    columns = ("stored", "difference", "difference_exact")
    require_columns(table, columns, "the concordance", StudyError)
    known = table.dropna(subset=list(columns))
    if known.empty:
        msg = "no population has a stored count and a file to compare it with"
        raise StudyError(msg)
    pads = Pads(left=0.8, bottom=0.55, right=0.1, top=0.1)
    ax = axes_or_new(ax, 5.2, 3.4, pads=pads)
    stored = known["stored"].to_numpy(dtype=float)
    ax.axhline(0, color=FAINT, linewidth=0.9, zorder=1)
    for column, colour, marker, face, words in (
        ("difference_exact", EXACT, "s", "none", "exact geometry"),
        ("difference", GRID, "o", GRID, "the program's grid"),
    ):
        difference = known[column].to_numpy(dtype=float)
        equal = int((difference == 0).sum())
        ax.plot(
            np.maximum(stored, 0.5),
            difference,
            linestyle="none",
            marker=marker,
            markersize=4,
            markerfacecolor=face,
            color=colour,
            alpha=0.7,
            label=f"{words}: {equal} of {len(known)} equal",
        )
    tidy(ax, grid=None)
    ax.set_xscale("log")
    ax.set_yscale("symlog", linthresh=1.0)
    ax.set_xlabel("stored count, events", fontsize=TITLE - 1, color=INK)
    ax.set_ylabel("ours minus stored, events", fontsize=TITLE - 1, color=INK)
    ax.legend(frameon=False, fontsize=SMALL + 0.5, loc="best")
    literal(ax)
    return ax
