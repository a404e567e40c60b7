"""Every patient's values over the visits, by response, with the groups' means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import one_of, require_columns
from longate.exceptions import DesignError
from longate.plot.palette import GRID, INK, LABELS, outcome_words
from longate.plot.visit_order import visits_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Offset of a group's patients and mean from the visit's tick, in visits.
DODGE = {"responder": -0.07, "non-responder": 0.07, "unclassifiable": 0.0}


def trajectories(
    result: Any,
    *,
    outcome: str | None = None,
    ax: Axes | None = None,
    ylabel: str | None = None,
    title: str | None = None,
) -> Axes:
    """Draw one line per patient and each compared group's mean with its interval.

    All patients are drawn, also those without a label or a last visit: a line
    that stops has no value at later visits. Below the axis is n per visit and label.

    Parameters
    ----------
    result : ResponderAnalysis
        Whose ``.trajectories`` has the columns outcome, patient, visit, value,
        analysed and label.
    outcome : str, optional
        Which outcome; needed where the analysis has several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, axes on a new figure.
    ylabel, title : str, optional
        Words instead of the outcome's own.

    Returns
    -------
    matplotlib.axes.Axes
        With the picture; ``.figure`` is the whole figure.

    Raises
    ------
    DesignError
        If the outcome is not in the analysis, or several are and none is named.

    Notes
    -----
    The mean and its 95 % interval (Student t over the patients of that visit) are
    formed on the scale of the analysis and drawn back on that of the values:
    geometric for ``scale="log"``, whose axis is logarithmic. The interval describes
    a group at a visit; whether groups changed differently is the business of
    :func:`effects`.
    """
    from longate.plot.canvas import TITLE, Pads, axes_or_new, literal, tidy

    table = _one_outcome(result, outcome)
    scale = _scale_of(result, str(table["outcome"].iloc[0]))
    pads = Pads(left=1.15, bottom=0.75, right=0.1, top=0.3 if title else 0.1)
    ax = axes_or_new(ax, 5.0, 3.9, pads=pads)
    visits = visits_of(table["visit"])
    _draw_patients(ax, table, visits)
    for label in ("responder", "non-responder"):
        _draw_mean(ax, table[table["label"] == label], visits, label, scale)
    tidy(ax)
    if scale == "log":
        _log_axis(ax)
    name = str(table["outcome"].iloc[0])
    words = outcome_words(name) if ylabel is None else ylabel
    columns: Any = getattr(result.design.measure, "columns", ())
    if ylabel is None and len(columns) == 2 and columns[0] not in words:
        words = f"{words}\nfraction: {columns[0]} / {columns[1]}"
    ax.set_ylabel(words, color=INK, fontsize=TITLE - 0.5)
    if title:
        ax.set_title(title, loc="left", fontsize=TITLE, color=INK, fontweight="bold")
    _counts_below(ax, table, visits)
    literal(ax)
    return ax


def trajectory_panels(
    result: Any,
    *,
    outcomes: list[str] | None = None,
    columns: int = 3,
    ylabel: str | None = None,
) -> Figure:
    """Draw a panel of :func:`trajectories` for each outcome of an analysis.

    Parameters
    ----------
    result : ResponderAnalysis
        With one or more outcomes.
    outcomes : list of str, optional
        Which, in which order; all of the analysis by default.
    columns : int
        Panels in a row.
    ylabel : str, optional
        The unit that all panels share, e.g. ``"cells per µL blood"``.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per outcome; the groups are named once, below each panel.
    """
    from longate.plot.canvas import Pads, grid_of

    _checked(result)
    names = outcomes or list(result.design.outcomes)
    pads = Pads(left=1.05, bottom=0.72, right=0.1, top=0.3)
    figure, panels = grid_of(
        len(names), columns=columns, width=3.45, height=2.95, pads=pads
    )
    for panel, name in zip(panels, names, strict=True):
        words = outcome_words(name)
        trajectories(result, outcome=name, ax=panel, ylabel=ylabel or "", title=words)
    return figure


def _checked(result: Any) -> pd.DataFrame:
    table: pd.DataFrame = result.trajectories
    columns = ("outcome", "patient", "visit", "value", "analysed", "label")
    require_columns(table, columns, "the trajectories of the analysis", DesignError)
    return table


def _one_outcome(result: Any, outcome: str | None) -> pd.DataFrame:
    table = _checked(result)
    names = list(dict.fromkeys(table["outcome"].astype(str)))
    if outcome is None:
        if len(names) != 1:
            msg = (
                f"the analysis has {len(names)} outcomes; name one with outcome=, "
                "or draw all with trajectory_panels(result)"
            )
            raise DesignError(msg)
        outcome = names[0]
    one_of("outcome", outcome, names, DesignError)
    return table[table["outcome"].astype(str) == outcome]


def _draw_patients(ax: Axes, table: pd.DataFrame, visits: list[str]) -> None:
    at = {visit: i for i, visit in enumerate(visits)}
    for label in reversed(LABELS):
        mark = LABELS[label]
        for _, rows in table[table["label"] == label].groupby("patient", sort=True):
            x = np.array([at[str(v)] for v in rows["visit"]], dtype=float)
            order = np.argsort(x)
            ax.plot(
                x[order] + DODGE[label],
                rows["value"].to_numpy(dtype=float)[order],
                color=mark.colour,
                marker=mark.marker,
                markersize=3.2,
                markeredgewidth=0,
                linewidth=0.9,
                linestyle=":" if label == "unclassifiable" else "-",
                alpha=0.8 if label == "unclassifiable" else 0.5,
                zorder=2,
                gid=str(rows["patient"].iloc[0]),
            )


def _scale_of(result: Any, outcome: str) -> str:
    """Return the scale on which an outcome is analysed."""
    own = getattr(result.design, "measure_of", None)
    return str((own(outcome) if own else result.design.measure).scale)


def _draw_mean(
    ax: Axes, rows: pd.DataFrame, visits: list[str], label: str, scale: str
) -> None:
    points = []
    for i, visit in enumerate(visits):
        analysed = rows.loc[rows["visit"].astype(str) == visit, "analysed"]
        if analysed.notna().sum() >= 2:
            found = mean_interval(analysed.dropna().to_numpy(dtype=float), scale)
            points.append((i, *found))
    if not points:
        return
    x, mean, low, high = np.array(points, dtype=float).T
    mark = LABELS[label]
    ax.errorbar(
        x + 2.4 * DODGE[label],
        mean,
        yerr=np.vstack([mean - low, high - mean]),
        color=mark.colour,
        marker=mark.marker,
        markersize=7,
        markeredgecolor="white",
        markeredgewidth=0.8,
        linewidth=2.4,
        elinewidth=1.6,
        capsize=0,
        zorder=4,
    )


def mean_interval(
    analysed: np.ndarray, scale: str = "identity", *, level: float = 0.95
) -> tuple[float, float, float]:
    """Return mean, low and high of a group at one visit by Student's t.

    Parameters
    ----------
    analysed : (n,) array of float
        One per patient, on the scale of analysis, n >= 2.
    scale : {"identity", "log", "logit", "fraction"}
        From which the three numbers are brought back.
    level : float
        Of the interval.
    """
    from scipy import special

    back = {"log": np.exp, "logit": special.expit}.get(scale, np.asarray)
    n = analysed.size
    mean = float(np.mean(analysed))
    half = float(special.stdtrit(n - 1, 0.5 + level / 2))
    half *= float(np.std(analysed, ddof=1)) / n**0.5
    low, high = float(back(mean - half)), float(back(mean + half))
    if scale == "fraction":
        # No fraction lies beyond: the interval ends where fractions do.
        low, high = max(low, 0.0), min(high, 1.0)
    return float(back(mean)), low, high


def _log_axis(ax: Axes) -> None:
    """Set a logarithmic axis with three or more round, plainly written ticks."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    candidates = [
        [step * 10.0**e for e in exponents for step in steps]
        for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7))
    ]
    candidates.append([float(t) for t in MaxNLocator(5).tick_values(low, high)])
    shown = ([t for t in ticks if low <= t <= high] for ticks in candidates)
    ticks = next((ticks for ticks in shown if len(ticks) >= 3), [low, high])
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.12g}"))


def _counts_below(ax: Axes, table: pd.DataFrame, visits: list[str]) -> None:
    """Write the visits and, as under a survival curve, n per visit and label."""
    from longate.plot.canvas import SMALL

    ax.set_xticks(range(len(visits)), visits)
    ax.set_xlim(-0.35, len(visits) - 0.65)
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    measured = table.dropna(subset="value")
    row = 0
    for label, mark in LABELS.items():
        rows = measured[measured["label"] == label]
        if rows.empty:
            continue
        counts = [int((rows["visit"].astype(str) == v).sum()) for v in visits]
        below = -22 - 10.5 * row
        words: dict[str, Any] = dict(color=mark.colour, fontsize=SMALL, va="center")
        for i, n in enumerate(counts):
            ax.annotate(
                str(n),
                (i, 0),
                xycoords=ax.get_xaxis_transform(),
                xytext=(0, below),
                textcoords="offset points",
                ha="center",
                annotation_clip=False,
                **words,
            )
        ax.annotate(
            f"{mark.glyph} {mark.plural}, n",
            (0, 0),
            xycoords="axes fraction",
            xytext=(2, below),
            textcoords="offset points",
            ha="right",
            annotation_clip=False,
            **words,
        )
        row += 1
