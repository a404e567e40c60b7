"""A clinical flow cytometry study with known truth, and strategies for its tubes.

Simulated and modelled on directions only, never on a paper's numbers.
"""

from __future__ import annotations

from longate.simulate.generate import cohort
from longate.simulate.simulated import SimulatedCohort
from longate.simulate.strategies import lineage_strategy, nk_strategy

__all__ = ["SimulatedCohort", "cohort", "lineage_strategy", "nk_strategy"]
