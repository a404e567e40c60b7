"""Where each marker's zero comes from, in words, a table and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.reporting import document as doc

if TYPE_CHECKING:
    import pandas as pd

_DRAWN = 4


def anchors_section(anchors: Any) -> doc.Section:
    """Return the choice of every threshold: by marker, by sample, and as a picture.

    Parameters
    ----------
    anchors : Anchors
        From :func:`longate.nk.anchors`.
    """
    from longate.plot import anchors as picture

    table = anchors.table
    drawn = list(table["sample"].unique()[:_DRAWN])
    columns = ["sample", "marker", "source", "class", "threshold", "se", "frozen"]
    return doc.Section(
        "anchors",
        "Where each marker's zero comes from",
        [
            doc.paragraph(
                "The first source that serves all samples of a patient decides: an FMO "
                "control of the batch inside the NK gate, negative cells of the same "
                "tube, a valley of the NK cells' own density, the strategy's gate. "
                "Treatment-sensitive anchors may move because the cells changed, not "
                "the instrument; a gate does not follow the instrument at all."
            ),
            doc.table(_by_marker(table), caption="Thresholds by marker and source"),
            doc.picture(
                picture(anchors, samples=drawn),
                alt="Densities of NK cells, negatives and FMO control by marker",
                caption="Filled: NK cells. Full line: the threshold with its standard "
                "error. Dotted: the strategy's own gate.",
            ),
            doc.folded(
                "Every sample and marker",
                doc.table(table[columns], digits={"threshold": 3, "frozen": 3}),
            ),
            doc.folded(
                f"{len(anchors.problems)} sources that could not serve",
                doc.table(anchors.problems),
            ),
        ],
    )


def _by_marker(table: pd.DataFrame) -> pd.DataFrame:
    grouped = table.groupby(["marker", "source", "class"], sort=False, observed=True)
    return grouped.agg(
        samples=("sample", "nunique"),
        lowest=("threshold", "min"),
        median=("threshold", "median"),
        highest=("threshold", "max"),
        fewest_events=("n_events", "min"),
    ).reset_index()
