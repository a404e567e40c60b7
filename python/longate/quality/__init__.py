"""Quality: absolute counts, handling, and measurement uncertainty."""

from longate.quality.beads import per_microlitre
from longate.quality.borders import BorderSensitivity, border_sensitivity
from longate.quality.drug_fluorescence import DrugFluorescence, drug_fluorescence
from longate.quality.handling import handling_limits
from longate.quality.precision.attenuation import corrected_for_assay
from longate.quality.precision.designs import DESIGNS as PRECISION_DESIGNS
from longate.quality.precision.estimate import uncertainty
from longate.quality.precision.response import AssayShare, assay_share
from longate.quality.precision.result import Uncertainty
from longate.quality.variation import Variation

__all__ = [
    "PRECISION_DESIGNS",
    "AssayShare",
    "BorderSensitivity",
    "DrugFluorescence",
    "Uncertainty",
    "Variation",
    "assay_share",
    "border_sensitivity",
    "corrected_for_assay",
    "drug_fluorescence",
    "handling_limits",
    "per_microlitre",
    "uncertainty",
]
