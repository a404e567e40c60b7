"""Strategies compiled for the panels that they were last applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.gating.compile.compiler import CompiledStrategy, compile_strategy
from longate.gating.gates.dimension import ACQUISITION, dimension_of

if TYPE_CHECKING:
    from longate.cytometry.acquired import Acquired
    from longate.cytometry.compensation import Compensation
    from longate.gating.tree.gate_tree import GateTree

#: Panels and matrices between which a user may go back and forth.
MOST_PLANS = 8


def matrix_for(strategy: GateTree, acquired: Acquired) -> Compensation | None:
    """Return the matrix that came with the events, where the strategy asks for it.

    Raises
    ------
    SpilloverError
        If it is asked for and malformed.
    """
    axes = (dimension_of(axis) for gate in strategy.gates for axis in gate.axes)
    is_asked = strategy.compensation == ACQUISITION or any(
        axis.compensation == ACQUISITION for axis in axes
    )
    return acquired.compensation if is_asked else None


class Plans:
    """The last plans of one strategy.

    Files of one panel come one after another: what a plan prepares for its polygons
    and scales is used for all of them. Copies and pickles begin with none.
    """

    def __init__(self) -> None:
        self._known: dict[Any, CompiledStrategy] = {}

    def __reduce__(self) -> tuple[type[Plans], tuple[()]]:
        """Be without plans elsewhere."""
        return Plans, ()

    def of(self, strategy: GateTree, acquired: Acquired) -> CompiledStrategy:
        """Return the strategy compiled for the panel and the matrix of what it gates.

        Raises
        ------
        LongateError
            As :func:`~longate.gating.compile.compiler.compile_strategy`.
        """
        panel, matrix = acquired.panel, matrix_for(strategy, acquired)
        names = tuple(sorted(panel.aliases.items()))
        key = (panel.channels, names, matrix.id if matrix else None)
        found = self._known.get(key)
        if found is None:
            found = compile_strategy(strategy, panel, matrix)
            if len(self._known) >= MOST_PLANS:
                self._known.clear()
            self._known[key] = found
        return found
