"""NK cells: stages and scores of phenotypic maturation."""

from longate.nk.directions import DIRECTIONS
from longate.nk.maturation_curve import MaturationCurve
from longate.nk.positivity import Positivity
from longate.nk.result import Maturation
from longate.nk.schemes import SCHEMES, stage_scheme
from longate.nk.scores import combine, maturation
from longate.nk.shift import RankShift, rank_shift
from longate.nk.stages import Stage, StageScheme

__all__ = [
    "DIRECTIONS",
    "SCHEMES",
    "Maturation",
    "MaturationCurve",
    "Positivity",
    "RankShift",
    "Stage",
    "StageScheme",
    "combine",
    "maturation",
    "rank_shift",
    "stage_scheme",
]
