"""NK cells: stages of maturation and what a sample's composition adds up to."""

from longate.nk.anchor_resolution import anchors
from longate.nk.anchor_set import Anchors
from longate.nk.data_thresholds import DataThreshold, data_threshold
from longate.nk.positivity import Positivity
from longate.nk.scores import Maturation, maturation
from longate.nk.stages import SCHEMES, Stage, StageScheme, stage_scheme

__all__ = [
    "SCHEMES",
    "Anchors",
    "DataThreshold",
    "Maturation",
    "Positivity",
    "Stage",
    "StageScheme",
    "anchors",
    "data_threshold",
    "maturation",
    "stage_scheme",
]
