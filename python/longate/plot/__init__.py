"""Pictures of a study: matplotlib axes in, axes out.

Without ``ax`` a function makes its own figure, which shows itself in a notebook
and saves itself in a script (``ax.figure.savefig(...)``); pyplot is never used.
"""

from __future__ import annotations

from longate.plot.agreement import truth
from longate.plot.concordance import concordance
from longate.plot.forest import effects
from longate.plot.gating import gates
from longate.plot.scale_panels import scales
from longate.plot.stage_bars import stages
from longate.plot.thresholds_by_sample import thresholds
from longate.plot.trajectory import trajectories, trajectory_panels
from longate.plot.trial_plan import trial_plan

__all__ = [
    "concordance",
    "effects",
    "gates",
    "scales",
    "stages",
    "thresholds",
    "trajectories",
    "trajectory_panels",
    "trial_plan",
    "truth",
]
