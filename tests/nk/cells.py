"""Files of cells with chosen phenotypes, and the gates that call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import longate as lg
from gating.samples import write_study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MARKERS = ["CD16", "CD57", "KIR", "NKG2A", "NKG2C", "CX3CR1", "CD62L", "CD27"]
CHANNELS = ["CD3", "dump", "CD56", *MARKERS, "CD7"]


def cell(**positive: bool) -> dict[str, bool]:
    """A phenotype in which only what is named is positive; bright is CD56 too."""
    phenotype = dict.fromkeys(["CD56", "CD56bright", *MARKERS], False)
    phenotype.update(positive)
    phenotype["CD56"] |= phenotype["CD56bright"]
    return phenotype


def random_cells(n: int, seed: int) -> list[dict[str, bool]]:
    """Cells of all phenotypes, some rare."""
    rng = np.random.default_rng(seed)
    shares = dict(zip(["CD56", "CD56bright", *MARKERS], rng.random(10), strict=True))
    shares["CD56"] = 0.9
    calls = {name: rng.random(n) < share for name, share in shares.items()}
    return [
        cell(**{name: bool(values[i]) for name, values in calls.items()})
        for i in range(n)
    ]


def events_of(cells: Sequence[Mapping[str, bool]], *, t_cells: int = 0) -> np.ndarray:
    """One row per cell: 1 where positive, 2 for CD56bright; T cells are CD3+ CD57+."""
    events = np.zeros((len(cells) + t_cells, len(CHANNELS)))
    for row, phenotype in enumerate(cells):
        for marker in MARKERS:
            events[row, CHANNELS.index(marker)] = phenotype[marker]
        level = phenotype["CD56"] + phenotype["CD56bright"]
        events[row, CHANNELS.index("CD56")] = level
    events[:, CHANNELS.index("CD7")] = 1
    for name in ["CD3", "CD57", "CD16", "CD56"]:
        events[len(cells) :, CHANNELS.index(name)] = 1
    return events


def gates(
    markers: Sequence[str] = MARKERS,
    *,
    lineage: Sequence[str] = ("dump",),
    cd7: bool = True,
) -> list[lg.Gate]:
    """Gates down to NK = CD56+ or CD16+, and one below NK per marker."""
    below = {"CD3": (None, 0.5), **{name: (None, 0.5) for name in lineage}}
    if cd7:
        below["CD7"] = (0.5, None)
    parent = "CD3- dump-"
    made: list[lg.Gate] = [
        lg.RectangleGate(parent, dimensions=below),
        lg.RectangleGate("CD56+", parent=parent, CD56=(0.5, None)),
        lg.RectangleGate("CD16+", parent=parent, CD16=(0.5, None)),
        lg.BooleanGate("NK", "CD56+ or CD16+", parent=parent),
        lg.RectangleGate("CD56bright", parent="NK", CD56=(1.5, None)),
    ]
    made += [
        lg.RectangleGate(f"{name}+", parent="NK", dimensions={name: (0.5, None)})
        for name in markers
        if name != "CD16"
    ]
    return made


def study_of(folder: Path, samples: Mapping[str, np.ndarray], **options) -> lg.Study:
    """A study with one file per sample, called patient_visit."""
    files = [
        {
            "patient": name.partition("_")[0],
            "visit": name.partition("_")[2],
            "batch": f"batch of {name}",
            "events": events,
        }
        for name, events in samples.items()
    ]
    return write_study(folder, files, channels=CHANNELS, **options)
