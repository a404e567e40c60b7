"""NK cells: stages of maturation and what a sample's composition adds up to."""

from longate.nk.anchor_resolution import anchors
from longate.nk.anchor_set import Anchors
from longate.nk.data_thresholds import DataThreshold, data_threshold
from longate.nk.positivity import Positivity
from longate.nk.reference_change_value import (
    ReferenceChange,
    Variation,
    reference_change,
)
from longate.nk.robustness_report import Robustness, robustness
from longate.nk.scores import Maturation, maturation
from longate.nk.stages import SCHEMES, Stage, StageScheme, stage_scheme

__all__ = [
    "SCHEMES",
    "Anchors",
    "DataThreshold",
    "Maturation",
    "Positivity",
    "ReferenceChange",
    "Robustness",
    "Stage",
    "StageScheme",
    "Variation",
    "anchors",
    "data_threshold",
    "maturation",
    "reference_change",
    "robustness",
    "stage_scheme",
]
