"""Section on counting: precision of the counts, and the meaning of small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.reporting import document as doc

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("below detection", "detected", "quantifiable")


def counting_section(populations: Any, counts: pd.DataFrame | None) -> doc.Section:
    """Return which populations rest on few events, and the absolute counts.

    Parameters
    ----------
    populations : Populations
        With ``.counts``.
    counts : DataFrame or None
        From :func:`longate.quality.per_microlitre`.
    """
    blocks = [
        doc.paragraph(
            "Fewer than 20 events are called below detection, 20 to 49 detected, 50 or "
            "more quantifiable. These words are flags: every known count enters the "
            "analyses, because leaving small counts out biases ratios.",
        ),
        _few(populations.counts),
    ]
    if counts is not None:
        blocks += [_absolute(counts), _flags(counts)]
    return doc.Section("counting", "Counting quality", blocks)


def _few(counts: pd.DataFrame) -> str:
    keys = ["tube", "population"]
    samples = counts.groupby(keys, sort=False, observed=True).size()
    shown = (
        counts.pivot_table(
            index=keys,
            columns="detection",
            values="sample",
            aggfunc="count",
            fill_value=0,
            sort=False,
            observed=True,
        )
        .reindex(columns=list(LEVELS), fill_value=0)
        .astype(int)
    )
    smallest = counts.groupby(keys, sort=False, observed=True)["n_events"].min()
    shown = shown.assign(samples=samples, smallest=smallest)
    weak = shown[shown["quantifiable"] < shown["samples"]].reset_index()
    if weak.empty:
        return doc.paragraph(
            f"All {len(shown)} populations are quantifiable in all of their samples."
        )
    rest = len(shown) - len(weak)
    words = (
        f"Populations with fewer than 50 events in some sample (number of samples); "
        f"the other {rest} are quantifiable everywhere"
    )
    return doc.table(weak, headings={"smallest": "fewest events"}, caption=words)


def _absolute(counts: pd.DataFrame) -> str:
    grouped = counts.groupby("name", sort=False, observed=True)
    relative = (counts["high"] - counts["low"]) / (2 * counts["per_microlitre"])
    shown = grouped["per_microlitre"].describe()[["count", "min", "50%", "max"]]
    shown["width"] = 100 * relative.groupby(counts["name"], sort=False).median()
    shown["count"] = shown["count"].astype(int)
    beads = counts.drop_duplicates("sample")["n_beads"]
    headings = {
        "name": "population",
        "count": "samples",
        "min": "lowest per µL",
        "50%": "median per µL",
        "max": "highest per µL",
        "width": "half interval, % of the count",
    }
    return doc.table(
        shown.reset_index(),
        headings=headings,
        digits={"width": 1},
        caption=f"Cells per µL blood from counting beads; {int(beads.min()):,} to "
        f"{int(beads.max()):,} beads per sample",
    )


FLAGS = {
    "lot_expired": "counted with an expired bead lot",
    "share_disagrees": "with an NK share of lymphocytes that differs between tubes",
}


def _flags(counts: pd.DataFrame) -> str:
    """Say how many samples carry a flag, and which."""
    samples = counts.drop_duplicates("sample")
    words = []
    for flag, meaning in FLAGS.items():
        if flag in samples:
            raised = samples.loc[samples[flag].fillna(value=False), "sample"]
            which = f" ({', '.join(raised.astype(str))})" if len(raised) else ""
            words.append(f"{len(raised)} of {len(samples)} samples {meaning}{which}")
    return doc.bullets(words)
