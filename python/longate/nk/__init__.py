"""NK cells: stages and scores of phenotypic maturation, and the thresholds behind them.

The functions ``thresholds``, ``robustness`` and ``maturation`` have the names of the
subpackages and module that hold them; import from those by their full path.
"""

from longate.nk.changes.reference_change import ReferenceChange, reference_change
from longate.nk.events.curve import MaturationCurve
from longate.nk.events.directions import DIRECTIONS
from longate.nk.events.superiority import Superiority, superiority
from longate.nk.maturation import combine, maturation
from longate.nk.result import Maturation
from longate.nk.robustness.report import Robustness, robustness
from longate.nk.stages.named_schemes import SCHEMES, stage_scheme
from longate.nk.stages.parent import NKParent
from longate.nk.stages.scheme import Stage, StageScheme
from longate.nk.thresholds.data_thresholds import DataThreshold, data_threshold
from longate.nk.thresholds.positivity import Positivity
from longate.nk.thresholds.positivity_thresholds import PositivityThresholds
from longate.nk.thresholds.resolution import thresholds
from longate.quality.variation import Variation

__all__ = [
    "DIRECTIONS",
    "SCHEMES",
    "DataThreshold",
    "Maturation",
    "MaturationCurve",
    "NKParent",
    "Positivity",
    "PositivityThresholds",
    "ReferenceChange",
    "Robustness",
    "Stage",
    "StageScheme",
    "Superiority",
    "Variation",
    "combine",
    "data_threshold",
    "maturation",
    "reference_change",
    "robustness",
    "stage_scheme",
    "superiority",
    "thresholds",
]
