"""Positivity thresholds and their source: in words, a table and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.reporting import document as doc

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = 4
_NAMES = {
    "fmo": "FMO control of the batch",
    "internal": "negative cells of the same tube",
    "valley": "valley of the NK cells' density",
    "gate": "the strategy's gate",
    "user": "set by hand",
}
_HEADINGS = {
    "source": "source",
    "lowest": "lowest threshold",
    "median": "median",
    "highest": "highest",
    "gate": "strategy's gate",
    "fewest_events": "fewest events",
}


def thresholds_section(thresholds: Any) -> doc.Section:
    """Return the choice of every threshold: by marker, by sample, and as a picture.

    Parameters
    ----------
    thresholds : PositivityThresholds
        From :func:`longate.nk.thresholds`.
    """
    from longate.plot import thresholds as picture

    table = thresholds.table
    drawn = _one_patient(table)
    markers = list(table["marker"].unique())
    digits = dict.fromkeys(("lowest", "median", "highest", "gate"), 3)
    columns = ["sample", "marker", "source", "population", "class"]
    columns += ["threshold", "se", "gate", "n_events"]
    return doc.Section(
        "thresholds",
        "Positivity thresholds and their source",
        [
            doc.paragraph(_answer(table)),
            doc.paragraph(
                "The first source that serves all samples of a patient decides, in "
                "this order: FMO control of the batch inside the NK gate, negative "
                "cells of the same tube, a valley of the NK cells' own density, the "
                "strategy's gate. A treatment-sensitive source may move because the "
                "cells changed, not the instrument; a gate does not follow the "
                "instrument at all.",
                kind="note",
            ),
            doc.table(_by_marker(table), headings=_HEADINGS, digits=digits),
            *(
                doc.picture(
                    picture(
                        thresholds, samples=drawn, markers=markers[at : at + _COLUMNS]
                    ),
                    alt="Densities of NK cells, negatives and FMO control of "
                    + ", ".join(markers[at : at + _COLUMNS]),
                )
                for at in range(0, len(markers), _COLUMNS)
            ),
            doc.paragraph(
                f"Samples {', '.join(drawn)}. Filled: NK cells. Full line: the "
                "threshold, with its standard error as a band. Dotted: the strategy's "
                "own gate. Each density has its highest point at 1.",
                kind="note",
            ),
            doc.folded(
                "Every sample and marker",
                doc.table(table[columns], digits={"threshold": 3, "gate": 3}),
            ),
            doc.folded(
                "What this panel offers as a source, and why",
                doc.table(thresholds.available),
            ),
            _could_not(thresholds.problems),
        ],
    )


def _answer(table: pd.DataFrame) -> str:
    """Say in one sentence the source of each marker's threshold."""
    by_source: dict[str, list[str]] = {}
    counted = table.groupby(["source", "marker"], sort=False, observed=True).size()
    samples = table["sample"].nunique()
    for (source, marker), n in counted.items():
        some = "" if n == samples else f" (in {n} of {samples} samples)"
        by_source.setdefault(str(source), []).append(f"{marker}{some}")
    named = [
        f"{_NAMES[source]} for {', '.join(by_source[source])}"
        for source in _NAMES
        if source in by_source
    ]
    return (
        f"In {samples} samples the thresholds come from: {'; '.join(named)}. Circular "
        "sources (the the scored cells defining their own threshold) are refused."
    )


def _one_patient(table: pd.DataFrame) -> list[str]:
    """Return the first and the last sample of a patient who has most of them."""
    samples = table.drop_duplicates("sample")
    counted = samples.groupby("patient", sort=False, observed=True).size()
    own = samples[samples["patient"] == counted.idxmax()]
    ends = dict.fromkeys(own.sort_values("visit")["sample"].iloc[[0, -1]])
    return [str(sample) for sample in ends]


def _by_marker(table: pd.DataFrame) -> pd.DataFrame:
    grouped = table.groupby(["marker", "source", "class"], sort=False, observed=True)
    rows = grouped.agg(
        samples=("sample", "nunique"),
        lowest=("threshold", "min"),
        median=("threshold", "median"),
        highest=("threshold", "max"),
        gate=("gate", "first"),
        fewest_events=("n_events", "min"),
    ).reset_index()
    names = rows["source"].astype(str).map(_NAMES)
    return rows.assign(source=names)


def _could_not(problems: pd.DataFrame) -> str:
    """Return why sources could not serve, one row per marker and reason."""
    if problems.empty:
        return ""
    keys = ["marker", "source", "problem"]
    counted = problems.groupby(keys, sort=False)["sample"].nunique()
    rows = counted.rename("samples").reset_index()
    return doc.folded("Sources that could not serve, and why", doc.table(rows))
