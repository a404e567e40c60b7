"""Positivity threshold of every sample and marker, over the densities it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import MaturationError
from longate.plot.palette import FAINT, INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NK_COLOUR = "#4C6A92"
NEGATIVE_COLOUR = "#B0763C"
FMO_COLOUR = "#A03B54"
_MOST_SAMPLES = 12


def thresholds(
    found: Any,
    *,
    samples: Sequence[str] | None = None,
    markers: Sequence[str] | None = None,
) -> Figure:
    """Draw the choice of every threshold: a row per sample, a column per marker.

    Parameters
    ----------
    found : PositivityThresholds
        From :func:`longate.nk.thresholds`.
    samples : sequence of str, optional
        Which samples; the first 12 by default.
    markers : sequence of str, optional
        Which calls; all by default.

    Returns
    -------
    matplotlib.figure.Figure
        The density of the NK cells (filled), of the source's negatives and of the FMO
        control where there is one, each with its highest point at 1; the threshold as
        a full line with its standard error as a band, the strategy's own gate as a
        dotted one. Source and class are written above each panel.

    Raises
    ------
    MaturationError
        If a sample or marker has no threshold.
    """
    from longate.plot.canvas import SMALL, Pads, grid_of

    table = found.table
    rows = _chosen("sample", samples, table["sample"].unique(), most=_MOST_SAMPLES)
    columns = _chosen("marker", markers, table["marker"].unique(), most=None)
    figure, panels = grid_of(
        len(rows) * len(columns),
        columns=len(columns),
        width=1.75,
        height=1.55,
        pads=Pads(0.16, 0.46, 0.06, 0.34),
    )
    lookup = table.set_index(["sample", "marker"])
    for number, ax in enumerate(panels):
        sample, marker = rows[number // len(columns)], columns[number % len(columns)]
        _draw(ax, found.densities[(sample, marker)], lookup.loc[(sample, marker)])
        first = number % len(columns) == 0
        if first:
            ax.set_ylabel(sample, fontsize=SMALL + 0.5, color=INK)
        if number == 0:
            _legend(ax)
    return figure


def _draw(ax: Axes, drawn: dict[str, Any], row: Any) -> None:
    from longate.plot.canvas import SMALL, tidy
    from longate.plot.scaled_axis import label_axis

    ends: list[float] = [float(row["threshold"]), float(row["gate"])]
    for name, colour, filled in (
        ("nk", NK_COLOUR, True),
        ("negatives", NEGATIVE_COLOUR, False),
        ("fmo", FMO_COLOUR, False),
    ):
        density = drawn.get(name)
        # An FMO control that serves is drawn once, not as the negatives as well.
        if density is None or (name == "negatives" and row["source"] == "fmo"):
            continue
        x, y = density.grid, density.density / density.peak
        seen = y > 0.004
        ends += [float(x[seen].min()), float(x[seen].max())]
        if filled:
            ax.fill_between(x, y, color=colour, alpha=0.28, linewidth=0)
        ax.plot(x, y, color=colour, linewidth=0.9 if filled else 1.1)
    threshold, se = float(row["threshold"]), float(row["se"])
    if np.isfinite(se):
        ax.axvspan(threshold - se, threshold + se, color=INK, alpha=0.18, linewidth=0)
    ax.axvline(threshold, color=INK, linewidth=1.1)
    ax.axvline(float(row["gate"]), color=INK, linewidth=0.9, linestyle=":")
    tidy(ax, grid=None)
    label_axis(
        ax,
        "x",
        channel=str(row["channel"]),
        scale=drawn["scale"],
        limits=(min(ends), max(ends)),
    )
    ax.tick_params(labelsize=SMALL - 0.5)
    ax.set_ylim(0, 1.08)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_title(
        f"{row.name[1]} · {row['source']}\n{row['class']}",
        fontsize=SMALL,
        color=INK,
        pad=2,
    )


def _legend(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=NK_COLOUR, label="NK cells"),
        Line2D([], [], color=NEGATIVE_COLOUR, label="negatives"),
        Line2D([], [], color=FMO_COLOUR, label="FMO"),
        Line2D([], [], color=INK, label="threshold ± SE"),
        Line2D([], [], color=INK, linestyle=":", label="strategy's gate"),
    ]
    figure: Any = ax.get_figure()
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=len(handles),
        frameon=False,
        fontsize=6.5,
        handlelength=1.4,
        labelcolor=INK,
        edgecolor=FAINT,
        borderpad=0.0,
        bbox_to_anchor=(0.5, 0.0),
    )


def _chosen(
    what: str, given: Sequence[str] | None, known: Any, *, most: int | None
) -> list[str]:
    names = [str(name) for name in known]
    if given is None:
        return names[:most]
    wanted = [given] if isinstance(given, str) else [str(name) for name in given]
    for name in wanted:
        if name not in names:
            hint = suggest(name, names) or f"; there are {listed(names)}"
            msg = f"{what} {name!r} has no threshold{hint}"
            raise MaturationError(msg)
    return wanted
