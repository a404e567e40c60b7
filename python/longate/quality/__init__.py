"""Quality: absolute counts by beads, and whether tubes agree."""

from longate.quality.beads import per_microlitre
from longate.quality.handling import handling_limits

__all__ = ["handling_limits", "per_microlitre"]
