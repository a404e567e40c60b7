"""Properties of the NK parent that decide which stages mean something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate.gating.strategy.implied_bounds import bounds_of

if TYPE_CHECKING:
    from longate.gating.tree.gate_tree import GateTree

_MYELOID_FREE = ("cd7", "nkp80", "klrf1", "cd7+", "nkp80+")


@dataclass(frozen=True)
class NKParent:
    """The NK population, and what its gates and specimens say about its cells.

    Parameters
    ----------
    path : str
        Of the population; part of a scheme's id.
    lineage_removed : bool
        Whether its gates exclude CD14+ and CD19+ cells (or a dump).
    cd7_positive : bool
        Whether its gates require CD7+ (or NKp80+). Without, about half of CD56neg/dim
        CD16+ cells are myeloid (43 % were CD7+: Blood 2009;114:4823), so that the
        parent means its CD56+ cells.
    cryopreserved : bool
        Whether any specimen was frozen: CD62L is shed then, and CD27 is not judged
        alone either.
    """

    path: str
    lineage_removed: bool = False
    cd7_positive: bool = False
    cryopreserved: bool = False

    @classmethod
    def of(
        cls,
        strategy: GateTree,
        parent: str,
        *,
        cryopreserved: bool = False,
    ) -> NKParent:
        """Read from the gates on the way to a population what they exclude.

        Parameters
        ----------
        strategy : GateTree
            Whose population it is.
        parent : str
            The NK population.
        cryopreserved : bool
            Whether any specimen was frozen.
        """
        path = strategy.path(parent)
        bounds = bounds_of(strategy, path)
        above = {channel for channel, side in bounds if side == "above"}
        below = {channel for channel, side in bounds if side == "below"}
        return cls(
            path,
            lineage_removed="dump" in above or {"cd14", "cd19"} <= above,
            cd7_positive=bool(below & set(_MYELOID_FREE)),
            cryopreserved=cryopreserved,
        )
