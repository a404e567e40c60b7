"""What a gating plot is made of: steps of the tree, and events on their scales."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from longate._validation import one_of
from longate.cytometry.panel import Channel
from longate.exceptions import StudyError
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.dimension import INHERIT, dimension_of
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.gates.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis

ALL_EVENTS = "All events"


class Step(NamedTuple):
    """One gate as it was applied to one sample."""

    path: str
    parent: str
    gate: Gate
    axes: tuple[Axis, ...]
    n_events: int
    fraction: float
    quadrants: Mapping[str, float] = MappingProxyType({})
    """Path -> share of the parent, of a quadrant gate; `path` is that of the gate."""

    @property
    def populations(self) -> tuple[str, ...]:
        """The paths of what the gate makes."""
        return tuple(self.quadrants) or (self.path,)


def steps_of(populations: Any, sample: str, tube: str) -> list[Step]:
    """Return the gates of a tube on one sample, parents before children.

    The quadrants of a quadrant gate are one step.

    Parameters
    ----------
    populations : Populations
        What ``study.gate(...)`` returned.
    sample, tube : str
        Which file.

    Raises
    ------
    StudyError
        If the sample was not gated in this tube.
    """
    counts = populations.counts
    counts = counts[counts["tube"].astype(str) == tube]
    known = dict.fromkeys(counts["sample"].astype(str))
    one_of("sample", sample, known, StudyError)
    rows = counts[counts["sample"].astype(str) == sample].set_index("population")
    strategy = populations.strategies[tube].for_sample(sample)
    by_gate: dict[int, list[str]] = {}
    for path in strategy.paths:
        by_gate.setdefault(strategy.tree.declared[path], []).append(path)
    steps = []
    for number, paths in by_gate.items():
        gate = strategy.gates[number]
        shares = {path: float(rows.loc[path, "fraction"]) for path in paths}
        cut = isinstance(gate, QuadrantGate)
        step = Step(
            path=strategy.tree.gate_paths[number],
            parent=strategy.parent(paths[0]) or ALL_EVENTS,
            gate=gate,
            axes=gate.axes if cut else axes_of(strategy, paths[0]),
            n_events=int(sum(rows.loc[path, "n_events"] for path in paths)),
            fraction=sum(shares.values()),
            quadrants=shares if cut else {},
        )
        steps.append(step)
    return steps


def ranges_of(strategy: Any, path: str) -> list[RectangleGate]:
    """Return the range gates on one channel that a Boolean gate combines."""
    gate = strategy[path]
    if isinstance(gate, BooleanGate):
        names = (strategy.path(name) for name in gate.populations)
        return [found for name in names for found in ranges_of(strategy, name)]
    one = isinstance(gate, RectangleGate) and len(gate.axes) == 1
    return [gate] if one else []


def axes_of(strategy: Any, path: str) -> tuple[Axis, ...]:
    """Return the axes that a gate looks at, a Boolean one through its operands."""
    gate = strategy[path]
    if not isinstance(gate, BooleanGate):
        return tuple(gate.axes)
    found: dict[Axis, None] = {}
    for name in gate.populations:
        found |= dict.fromkeys(axes_of(strategy, strategy.path(name)))
    return tuple(found)


class Events:
    """The events of one file on the scales of its strategy, read once.

    Parameters
    ----------
    populations : Populations
        What ``study.gate(...)`` returned.
    sample, tube : str
        Which file.
    steps : sequence of Step
        Whose axes are read.
    """

    def __init__(
        self, populations: Any, sample: str, tube: str, steps: Sequence[Step]
    ) -> None:
        self._populations = populations
        self._where = {"sample": sample, "tube": tube}
        self._strategy = populations.strategies[tube].for_sample(sample)
        self._inside: dict[str, np.ndarray] = {}
        axes = list(dict.fromkeys(axis for step in steps for axis in step.axes))
        frame = populations.events(
            ALL_EVENTS, channels=axes, scaled=True, **self._where
        )
        # By position: columns may be called by marker where a gate names the detector.
        self._values: dict[Axis, np.ndarray] = {
            axis: frame.iloc[:, i].to_numpy(dtype=np.float64)
            for i, axis in enumerate(axes)
        }

    def inside(self, path: str) -> np.ndarray:
        """Return which of all events are in a population, (n_events,) of bool."""
        if path not in self._inside:
            mask = self._populations.mask(path, **self._where)
            self._inside[path] = np.asarray(mask, dtype=bool)
        return self._inside[path]

    def values(self, axis: Axis) -> np.ndarray:
        """Return all events on an axis, scaled, (n_events,) of float64."""
        return self._values[axis]

    def scale(self, axis: Axis) -> Any:
        """Return the scale of an axis, or None where it stays linear."""
        dimension = dimension_of(axis)
        if dimension.scale is not INHERIT:
            return dimension.scale
        scale, channel = self._strategy.scale, dimension.channel
        if not isinstance(channel, str):
            return None
        if hasattr(scale, "get"):
            return scale.get(channel)
        return scale if Channel(channel).kind == "fluorescence" else None

    def borders(self, step: Step, axis: Axis) -> list[float]:
        """Return the borders on an axis of the ranges that a gate combines."""
        found = ranges_of(self._strategy, step.path)
        sides = [gate.dimensions[axis] for gate in found if axis in gate.axes]
        return [float(side) for pair in sides for side in pair if side is not None]
