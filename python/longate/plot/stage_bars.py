"""The composition of the NK cells by stage, visit and response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._label_matching import labels_by_patient, unmatched_limits
from longate._names import name_of
from longate._validation import require_columns
from longate.exceptions import ClinicalError, MaturationError
from longate.nk.stages.scheme import require_one_scheme
from longate.plot.palette import INK, LABELS, STAGES, stage_colour, stage_words
from longate.plot.visit_order import visits_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def stages(
    maturation: Any,
    response: Any = None,
    *,
    ax: Axes | None = None,
    unmatched: str = "error",
) -> Axes:
    """Draw the mean stage fractions as stacked bars, by visit within each label.

    Parameters
    ----------
    maturation : Maturation
        Whose ``.stages`` has the columns patient, visit, stage, on_axis and fraction.
    response : Response or DataFrame, optional
        Columns patient and label; without it all patients form one block.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, axes on a new figure.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no samples, or samples and no
        label; the latter are then drawn as unclassifiable.

    Returns
    -------
    matplotlib.axes.Axes
        Bars from the least mature stage upwards, off-axis cells in grey on top; the
        number of patients stands under each bar.

    Notes
    -----
    A bar is the unweighted mean of the patients' fractions of the NK parent, so it
    describes who was there at that visit; changes are judged within patients.
    """
    from longate.plot.canvas import SMALL, TITLE, axes_or_new, literal, tidy

    table, blocks = _by_label(maturation, response, unmatched)
    names = _ordered(table)
    visits = visits_of(table["visit"])
    ax = axes_or_new(ax, 2.3 + 0.62 * len(visits) * len(blocks), 3.6)
    for block, label in enumerate(blocks):
        start = block * (len(visits) + 0.8)
        rows = table[table["label"] == label]
        for i, visit in enumerate(visits):
            at_visit = rows[rows["visit"].astype(str) == visit]
            _draw_bar(ax, at_visit, names, start + i, visit)
        ax.annotate(
            LABELS[label].plural if label in LABELS else label,
            (start + (len(visits) - 1) / 2, 100),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=TITLE,
            color=LABELS[label].colour if label in LABELS else INK,
            fontweight="bold",
        )
    tidy(ax, grid=None)
    ax.set_ylim(0, 100)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set_ylabel("mean % of NK cells", fontsize=TITLE - 0.5, color=INK)
    ax.legend(
        *_handles(names),
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
        fontsize=SMALL + 0.5,
        handlelength=1.0,
        reverse=True,
    )
    literal(ax)
    return ax


def _by_label(
    maturation: Any, response: Any, unmatched: str
) -> tuple[pd.DataFrame, list[str]]:
    table = maturation.stages
    columns = ("patient", "visit", "stage", "on_axis", "fraction")
    require_columns(table, columns, "the stages of the maturation", MaturationError)
    if "scheme" in table:
        require_one_scheme(table["scheme"].unique(), "the stages of the maturation")
    if response is None:
        return table.assign(label="all patients"), ["all patients"]
    labels = labels_by_patient(response, "response", ClinicalError)
    patients = table["patient"].map(name_of)
    unmatched_limits(
        labels,
        patients,
        what="the maturation",
        error=ClinicalError,
        unmatched=unmatched,
        stacklevel=3,
    )
    table = table.assign(label=patients.map(labels).fillna("unclassifiable"))
    return table, [label for label in LABELS if (table["label"] == label).any()]


def _ordered(table: pd.DataFrame) -> list[str]:
    """Return the stages: on axis in the order of maturation, then off axis."""
    known = list(STAGES)
    seen = table.groupby("stage")["fraction"].transform("sum") > 0
    first = table[seen].drop_duplicates("stage")
    order = {name: known.index(name) for name in first["stage"] if name in known}
    ranked = sorted(
        zip(first["stage"], first["on_axis"], strict=True),
        key=lambda row: (not row[1], order.get(row[0], len(known))),
    )
    return [str(name) for name, _ in ranked]


def _draw_bar(
    ax: Axes, rows: pd.DataFrame, names: list[str], x: float, visit: str
) -> None:
    from longate.plot.canvas import SMALL, TEXT

    n = rows["patient"].nunique()
    means = rows.groupby("stage", observed=True)["fraction"].mean()
    heights = 100 * np.array([means.get(name, 0.0) for name in names], dtype=float)
    floors = np.concatenate([[0.0], np.cumsum(heights)[:-1]])
    for name, height, floor in zip(names, heights, floors, strict=True):
        ax.bar(
            x,
            height,
            0.84,
            bottom=floor,
            color=stage_colour(name),
            edgecolor="white",
            linewidth=0.6,
        )
        if height >= 6:
            ax.annotate(
                f"{height:.0f}",
                (x, floor + height / 2),
                ha="center",
                va="center",
                fontsize=SMALL - 0.5,
                color="white" if _dark(name) else INK,
            )
    for words, below, size in ((visit, -4, TEXT - 0.5), (f"n = {n}", -15, SMALL)):
        ax.annotate(
            words,
            (x, 0),
            xytext=(0, below),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=size,
            color=INK,
        )


def _dark(stage: str) -> bool:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(stage_colour(stage))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.55


def _handles(names: list[str]) -> tuple[list[Any], list[str]]:
    from matplotlib.patches import Patch

    return (
        [Patch(color=stage_colour(name)) for name in names],
        [stage_words(name) for name in names],
    )
