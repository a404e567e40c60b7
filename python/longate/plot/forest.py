"""Differences in change with their intervals, one row per outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import require_columns
from longate.exceptions import DesignError
from longate.plot.palette import FAINT, INK, outcome_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


COLUMNS = ["outcome", "estimate", "low", "high", "p", "p_adjusted"]
DIFFERENCE = "difference in change, responders − non-responders"


def effects(result: Any, *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Draw the difference in change of each outcome as a forest plot.

    Parameters
    ----------
    result : ResponderAnalysis
        Whose ``.table`` has a row per outcome.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, axes on a new figure.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.axes.Axes
        The estimate as a square, its 95 % interval as a line, the numbers beside
        them. On the identity scale the axis is a difference, 0 where the groups
        changed alike; on the others a ratio, 1 where they did. An outcome that
        could not be tested keeps its row, empty.

    Raises
    ------
    DesignError
        If the table lacks a column.

    Notes
    -----
    All rows come from the same contrast: (last visit - baseline among responders)
    - (the same among non-responders). Intervals are not adjusted for multiplicity;
    the adjusted p stands beside them.
    """
    from longate.plot.canvas import TITLE, axes_or_new, literal, tidy

    table = _rows(result)
    ratio = result.design.measure.ratio if table["ratio"].notna().any() else None
    names = ["ratio", "ratio_low", "ratio_high"] if ratio else COLUMNS[1:4]
    values = table[names].to_numpy(dtype=float)
    estimate, low, high = values.T
    y = np.arange(len(table))[::-1]
    ax = axes_or_new(ax, 7.2, 1.15 + 0.36 * len(table))
    ax.axvline(1.0 if ratio else 0.0, color=FAINT, linewidth=0.9, zorder=1)
    ax.hlines(y, low, high, color=INK, linewidth=1.5, zorder=2)
    ax.plot(estimate, y, "s", color=INK, markersize=5.5, zorder=3)
    tidy(ax, grid="x")
    ax.spines["left"].set_visible(False)
    ax.set_yticks(y, [outcome_words(str(name)) for name in table["outcome"]])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.6, len(table) - 0.4)
    if ratio:
        _ratio_axis(ax)
    words = f"{ratio}, responders / non-responders" if ratio else DIFFERENCE
    design = result.design
    ax.set_xlabel(
        f"{words}\nchange from {design.baseline} to {design.last}",
        fontsize=TITLE - 1,
        color=INK,
    )
    if title:
        ax.set_title(title, loc="left", fontsize=TITLE, color=INK, fontweight="bold")
    _numbers(ax, table, y, values)
    literal(ax)
    return ax


def _rows(result: Any) -> pd.DataFrame:
    table: pd.DataFrame = result.table
    require_columns(table, COLUMNS, "the table of effects", DesignError)
    return table.reset_index(drop=True)


def _ratio_axis(ax: Axes) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ax.set_xscale("log")
    low, high = ax.get_xlim()
    fine = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5]
    coarse = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    ticks = [t for t in (fine if high / low < 8 else coarse) if low <= t <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))


def _numbers(ax: Axes, table: pd.DataFrame, y: np.ndarray, values: np.ndarray) -> None:
    """Write estimate, interval and p beside each row, under small headings."""
    from longate.plot.canvas import SMALL

    columns = [("estimate [95 %]", [_interval(*row) for row in values])]
    columns.append(("p", [_p(v) for v in table["p"]]))
    if len(table) > 1:
        columns.append(("p adjusted", [_p(v) for v in table["p_adjusted"]]))
    for x, (heading, words) in zip((12, 124, 166), columns, strict=False):
        for height, text in zip(
            [len(table) - 0.42, *y], [heading, *words], strict=True
        ):
            ax.annotate(
                text,
                (1.0, height),
                xycoords=ax.get_yaxis_transform(),
                xytext=(x, 0),
                textcoords="offset points",
                va="center",
                fontsize=SMALL + 0.5,
                color=FAINT if text == heading else INK,
                annotation_clip=False,
            )


def _interval(estimate: float, low: float, high: float) -> str:
    if np.isnan(estimate):
        return "not tested"
    words = (f"{v:#.3g}".rstrip(".") for v in (estimate, low, high))
    return "{} [{}, {}]".format(*words).replace("-", "−")


def _p(value: float) -> str:
    if np.isnan(value):
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"
