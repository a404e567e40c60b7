"""NK cells: stages of maturation and what a sample's composition adds up to."""

from longate.nk.positivity import Positivity
from longate.nk.scores import Maturation, maturation
from longate.nk.schemes import SCHEMES, stage_scheme
from longate.nk.stages import Stage, StageScheme

__all__ = [
    "SCHEMES",
    "Maturation",
    "Positivity",
    "Stage",
    "StageScheme",
    "maturation",
    "stage_scheme",
]
