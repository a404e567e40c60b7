"""Section on gating: the tree of populations, and each step on one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate._validation import listed
from longate.reporting import document as doc

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "step": "population",
    "n_events": "events",
    "percent": "% of parent",
    "low": "95 % low",
    "high": "95 % high",
    "detection": "detection",
}


def gates_section(study: Any, populations: Any) -> doc.Section:
    """Return the gating tree and the plots of one sample per tube.

    Parameters
    ----------
    study : Study
        Whose sheet says whether there are unstained or FMO tubes.
    populations : Populations
        Drawn is the first sample of each tube, so that nothing is chosen by looks.
    """
    blocks = [
        doc.paragraph(
            "Per tube, the first sample of the study. Each panel shows the events of "
            "the parent population; the share is of that parent. Ticks are in units "
            f"of the compensated signal. {_which_samples(populations)}",
        ),
        _controls(study),
    ]
    for tube, strategy in populations.strategies.items():
        rows = populations.counts[populations.counts["tube"] == tube]
        if rows.empty:
            continue
        sample = str(rows["sample"].iloc[0])
        blocks += _tube_blocks(populations, strategy, str(tube), sample, rows)
    return doc.Section("gating", "Gating", blocks)


def _which_samples(populations: Any) -> str:
    """Say for which samples the strategies have gates of their own."""
    own = {
        sample: None
        for strategy in populations.strategies.values()
        for sample in strategy.overrides
    }
    if not own:
        return "The gates are the same for every sample."
    return f"Gates differ for {listed(own)}; all other samples have the same."


def _controls(study: Any) -> str:
    """Say what no gate can exclude where the study holds no controls."""
    roles = study.samples["role"].astype(str)
    if roles.str.startswith(("fmo", "unstained")).any():
        return ""
    return doc.paragraph(
        "The study holds no unstained or FMO tubes: the borders of positive cells are "
        "not checked by controls, and drug fluorescence is not excluded.",
        kind="note",
    )


def _tube_blocks(
    populations: Any, strategy: Any, tube: str, sample: str, rows: pd.DataFrame
) -> list[str]:
    from longate.plot import gates

    steps = rows[rows["sample"].astype(str) == sample]
    return [
        doc.heading(f"Tube {tube}, sample {sample}"),
        doc.picture(
            gates(populations, sample=sample, tube=tube),
            alt=f"Gating steps of tube {tube} on sample {sample}",
            caption=f"Strategy {strategy.id}, one panel per gate in the order of "
            "the tree; red outlines are the gates.",
            dpi=105,
        ),
        doc.folded(f"Tree and counts of {sample}, tube {tube}", _tree(steps)),
    ]


def _tree(steps: pd.DataFrame) -> str:
    """Return the counts as a table whose first column is indented by depth."""
    depth = steps["population"].str.count("/")
    depth = depth.where(steps["parent"].isna(), depth + 1)
    names = steps["population"].str.rsplit("/", n=1).str[-1]
    indented = ["\u2003" * int(d) + n for d, n in zip(depth, names, strict=True)]
    shown = steps.assign(
        step=indented,
        percent=100 * steps["fraction"],
        low=100 * steps["low"],
        high=100 * steps["high"],
    )
    digits = dict.fromkeys(("percent", "low", "high"), 2)
    return doc.table(shown[list(COLUMNS)], headings=COLUMNS, digits=digits)
