"""Colours, markers and words that every picture shares.

The three response labels differ in hue, lightness and marker, so they stay
apart for colour-blind readers and in a grey print (Okabe and Ito's palette).
"""

from __future__ import annotations

from typing import NamedTuple


class Mark(NamedTuple):
    """How one response label is drawn."""

    colour: str
    marker: str
    plural: str
    glyph: str


#: Drawing order of the response labels: the compared groups come last, on top.
LABELS: dict[str, Mark] = {
    "responder": Mark("#0072B2", "o", "responders", "●"),
    "non-responder": Mark("#D55E00", "s", "non-responders", "■"),
    "unclassifiable": Mark("#8C8C8C", "^", "unclassifiable", "▲"),
}

INK = "#222222"
FAINT = "#9A9A9A"
GRID = "#E6E6E6"

#: On-axis stages from light (least mature) to dark, off-axis ones in greys.
STAGES: dict[str, tuple[str, str]] = {
    "bright16neg": ("#FDE7A9", "CD56bright CD16−"),
    "bright16pos": ("#F2B96B", "CD56bright CD16+"),
    "bright_CX3CR1neg": ("#FDE7A9", "CD56bright CX3CR1−"),
    "dim_early": ("#7FC3B4", "CD56dim, early"),
    "dim_CX3CR1neg": ("#7FC3B4", "CD56dim CX3CR1−"),
    "dim_early_or_late": ("#5CA9AE", "CD56dim, early or late"),
    "dim_late": ("#3A8FA8", "CD56dim, late"),
    "dim_CX3CR1pos": ("#1B4F72", "CD56dim CX3CR1+"),
    "dim_CD57": ("#1B4F72", "CD56dim CD57+"),
    "dim16pos": ("#1B4F72", "CD56dim CD16+"),
    "dim": ("#1B4F72", "CD56dim"),
    "adaptive": ("#6E6E6E", "adaptive (NKG2C+ CD57+)"),
    "dim16neg": ("#A3A3A3", "CD56dim CD16−"),
    "neg16pos": ("#D0D0D0", "CD56neg CD16+"),
    "neg16pos_not_resolved": ("#D0D0D0", "CD56neg CD16+ (or monocytes)"),
    "neg16neg": ("#E4E4E4", "CD56neg CD16−"),
    "bright_CX3CR1pos": ("#6E6E6E", "CD56bright CX3CR1+"),
    "CD56neg": ("#D0D0D0", "CD56neg"),
}

#: Words with units for the outcomes that Longate computes itself.
OUTCOMES: dict[str, str] = {
    "index": "NK maturation index (0 to 1)",
    "index_with_adaptive": "NK maturation index with adaptive cells (0 to 1)",
    "per_microlitre": "cells per µL blood",
    "fraction": "fraction of parent",
    "L0": "L0: ln odds of CD16+ among CD56bright",
    "L1": "L1: ln odds of CD56dim, on axis",
    "L2": "L2: ln odds of late or CD57+ among CD56dim",
    "L3": "L3: ln odds of CD57+ among late CD56dim",
}


def stage_colour(stage: str) -> str:
    """Return the colour of a stage; a stage of a user's own scheme is grey."""
    return STAGES.get(stage, ("#BBBBBB", stage))[0]


def stage_words(stage: str) -> str:
    """Return the phenotype of a stage in words; an unknown stage is its name."""
    return STAGES.get(stage, ("", stage))[1]


def outcome_words(outcome: str) -> str:
    """Return words with units for an outcome.

    A gate path is shortened to its last step, and an outcome that Longate does
    not know is its own name.
    """
    return OUTCOMES.get(outcome, outcome.rsplit("/", 1)[-1])
