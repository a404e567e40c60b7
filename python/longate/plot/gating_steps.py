"""What a gating plot is made of: steps of the tree, and events on their scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from longate._validation import one_of
from longate.cytometry.panel import Channel
from longate.exceptions import StudyError
from longate.gating.boolean_gate import BooleanGate
from longate.gating.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.gating.gate import Gate

ALL_EVENTS = "All events"


class Step(NamedTuple):
    """One gate as it was applied to one sample."""

    path: str
    parent: str
    gate: Gate
    channels: tuple[str, ...]
    n_events: int
    fraction: float


def steps_of(populations: Any, sample: str, tube: str) -> list[Step]:
    """Return the gates of a tube on one sample, parents before children.

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
    strategy = populations.strategies[tube]
    return [
        Step(
            path=path,
            parent=strategy.parent(path) or ALL_EVENTS,
            gate=strategy[path],
            channels=channels_of(strategy, path),
            n_events=int(rows.loc[path, "n_events"]),
            fraction=float(rows.loc[path, "fraction"]),
        )
        for path in strategy.paths
    ]


def ranges_of(strategy: Any, path: str) -> list[RectangleGate]:
    """Return the range gates on one channel that a Boolean gate combines."""
    gate = strategy[path]
    if isinstance(gate, BooleanGate):
        names = (strategy.path(name) for name in gate.populations)
        return [found for name in names for found in ranges_of(strategy, name)]
    one = isinstance(gate, RectangleGate) and len(gate.channels) == 1
    return [gate] if one else []


def channels_of(strategy: Any, path: str) -> tuple[str, ...]:
    """Return the channels that a gate looks at, a Boolean one through its operands."""
    gate = strategy[path]
    if not isinstance(gate, BooleanGate):
        return tuple(gate.channels)
    found: dict[str, None] = {}
    for name in gate.populations:
        found |= dict.fromkeys(channels_of(strategy, strategy.path(name)))
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
        Whose channels are read.
    """

    def __init__(
        self, populations: Any, sample: str, tube: str, steps: Sequence[Step]
    ) -> None:
        self._populations = populations
        self._where = {"sample": sample, "tube": tube}
        self._strategy = populations.strategies[tube]
        self._inside: dict[str, np.ndarray] = {}
        channels = list(dict.fromkeys(c for step in steps for c in step.channels))
        frame = populations.events(
            ALL_EVENTS, channels=channels, scaled=True, **self._where
        )
        # By place: columns may be called by marker where a gate names the detector.
        self._values: dict[str, np.ndarray] = {
            name: frame.iloc[:, i].to_numpy(dtype=np.float64)
            for i, name in enumerate(channels)
        }

    def inside(self, path: str) -> np.ndarray:
        """Return which of all events are in a population, (n_events,) of bool."""
        if path not in self._inside:
            mask = self._populations.mask(path, **self._where)
            self._inside[path] = np.asarray(mask, dtype=bool)
        return self._inside[path]

    def values(self, channel: str) -> np.ndarray:
        """Return all events of a channel, scaled, (n_events,) of float64."""
        return self._values[channel]

    def scale(self, channel: str) -> Any:
        """Return the scale of a channel, or None where it stays linear."""
        scale = self._strategy.scale
        if hasattr(scale, "get"):
            return scale.get(channel)
        return scale if Channel(channel).kind == "fluorescence" else None

    def borders(self, step: Step, channel: str) -> list[float]:
        """Return the borders on a channel of the ranges that a gate combines."""
        found = ranges_of(self._strategy, step.path)
        sides = [gate.dimensions[channel] for gate in found if channel in gate.channels]
        return [float(side) for pair in sides for side in pair if side is not None]
