"""What was measured against what is true, where truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import one_of, require_columns, table_of
from longate.exceptions import StudyError
from longate.plot.palette import FAINT, INK, outcome_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INSIDE, OUTSIDE = "#0072B2", "#D55E00"


def truth(comparison: Any, *, measure: str = "index", ax: Axes | None = None) -> Axes:
    """Draw measured against true values with counting intervals, one point a sample.

    Parameters
    ----------
    comparison : TruthComparison or DataFrame
        Columns sample, measure, measured, low, high and true.
    measure : str
        Which of its measures, e.g. ``"index"``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, axes on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Samples whose interval misses the truth are drawn as open squares.

    Raises
    ------
    StudyError
        If the comparison lacks a column or the measure.
    """
    from longate.plot.canvas import TITLE, Pads, axes_or_new, literal, tidy

    table = _rows(comparison, measure)
    pads = Pads(left=0.75, bottom=0.5, right=0.1, top=0.1)
    ax = axes_or_new(ax, 3.85, 3.6, pads=pads)
    true = table["true"].to_numpy(dtype=float)
    measured = table["measured"].to_numpy(dtype=float)
    low = table["low"].to_numpy(dtype=float)
    high = table["high"].to_numpy(dtype=float)
    inside = (low <= true) & (true <= high)
    edges = [float(np.nanmin([true, low])), float(np.nanmax([true, high]))]
    pad = 0.05 * (edges[1] - edges[0] or 1.0)
    edges = [edges[0] - pad, edges[1] + pad]
    ax.plot(edges, edges, color=FAINT, linewidth=0.9, zorder=1)
    for who, colour, marker in ((inside, INSIDE, "o"), (~inside, OUTSIDE, "s")):
        ax.errorbar(
            true[who],
            measured[who],
            yerr=np.vstack([measured - low, high - measured])[:, who].clip(min=0),
            linestyle="none",
            marker=marker,
            markersize=4,
            markerfacecolor=colour if marker == "o" else "white",
            color=colour,
            elinewidth=0.9,
            alpha=0.85,
        )
    tidy(ax, grid=None)
    ax.set_xlim(*edges)
    ax.set_ylim(*edges)
    ax.set_aspect("equal")
    words = outcome_words(measure)
    ax.set_xlabel(f"true {words}", fontsize=TITLE - 1, color=INK)
    ax.set_ylabel(f"measured {words}", fontsize=TITLE - 1, color=INK)
    _summary(ax, measured - true, inside)
    literal(ax)
    return ax


def _rows(comparison: Any, measure: str) -> pd.DataFrame:
    table = table_of(comparison, "comparison", StudyError)
    columns = ("measure", "measured", "low", "high", "true")
    require_columns(table, columns, "the comparison with the truth", StudyError)
    one_of("measure", measure, dict.fromkeys(table["measure"]), StudyError)
    return table[table["measure"] == measure]


def _summary(ax: Axes, error: np.ndarray, inside: np.ndarray) -> None:
    from longate.plot.canvas import SMALL

    ax.text(
        0.04,
        0.97,
        f"bias {np.mean(error):+.4f}\n".replace("-", "−")
        + f"{int(inside.sum())} of {inside.size} inside the counting interval",
        transform=ax.transAxes,
        va="top",
        fontsize=SMALL + 0.5,
        color=INK,
    )
