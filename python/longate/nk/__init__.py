"""NK cells: stages and scores of phenotypic maturation, and what they stand on."""

from longate.nk.anchor_resolution import anchors
from longate.nk.anchor_set import Anchors
from longate.nk.data_thresholds import DataThreshold, data_threshold
from longate.nk.directions import DIRECTIONS
from longate.nk.maturation_curve import MaturationCurve
from longate.nk.positivity import Positivity
from longate.nk.reference_change_value import (
    ReferenceChange,
    Variation,
    reference_change,
)
from longate.nk.result import Maturation
from longate.nk.robustness_report import Robustness, robustness
from longate.nk.schemes import SCHEMES, stage_scheme
from longate.nk.scores import combine, maturation
from longate.nk.shift import RankShift, rank_shift
from longate.nk.stages import Stage, StageScheme

__all__ = [
    "DIRECTIONS",
    "SCHEMES",
    "Anchors",
    "DataThreshold",
    "Maturation",
    "MaturationCurve",
    "Positivity",
    "RankShift",
    "ReferenceChange",
    "Robustness",
    "Stage",
    "StageScheme",
    "Variation",
    "anchors",
    "combine",
    "data_threshold",
    "maturation",
    "rank_shift",
    "reference_change",
    "robustness",
    "stage_scheme",
]
