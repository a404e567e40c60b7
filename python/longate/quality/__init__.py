"""Quality: absolute counts by beads, and whether tubes agree."""

from longate.quality.beads import per_microlitre

__all__ = ["per_microlitre"]
