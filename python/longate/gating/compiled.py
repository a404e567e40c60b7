"""A strategy compiled for one panel, and a sample gated in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import Plan, gate_arrays
from longate._validation import suggest
from longate.cytometry.sample import matrix_places
from longate.exceptions import (
    GateError,
    PanelError,
    PopulationError,
    StrategyError,
)
from longate.gating.boolean import parse
from longate.gating.counting import ALL_EVENTS, count_row, count_table
from longate.gating.gates import BooleanGate, Gate, PolygonGate, RectangleGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample
    from longate.cytometry.transforms import Transform
    from longate.gating.strategy import GatingStrategy

_IDENTITY: tuple[str, tuple[float, ...]] = ("identity", ())


@dataclass(frozen=True)
class CompiledStrategy:
    """A strategy made ready for files of one panel and one spillover matrix.

    Parameters
    ----------
    strategy : GatingStrategy
        What was compiled.
    channels : tuple of int
        Places in the panel of the channels that are needed.
    plan : Plan
        For the kernels.
    """

    strategy: GatingStrategy
    channels: tuple[int, ...]
    plan: Plan


class _Axes:
    """Collects the axes that gates are drawn on, each once."""

    def __init__(
        self, strategy: GatingStrategy, panel: Panel, matrix: Compensation | None
    ) -> None:
        self.panel = panel
        self.matrix = matrix
        self.rows = matrix_places(matrix, panel) if matrix else []
        self.scale = strategy.scale
        self.scales = scales_by_place(strategy.scale, panel)
        self.channels: list[int] = list(self.rows)
        self.axes: dict[int, int] = {}
        self.entries: list[Any] = []

    def number(self, name: str) -> int:
        """Return the number of the axis of a marker or detector."""
        place = self.panel.index(name)
        if place not in self.axes:
            if place not in self.channels:
                self.channels.append(place)
            dye = (0, self.rows.index(place)) if place in self.rows else None
            scale = self.scales.get(place)
            if scale is None:
                self._refuse_forgotten(name, place)
            self.axes[place] = len(self.entries)
            kernel = scale.kernel if scale else _IDENTITY
            value = (self.channels.index(place), dye)
            self.entries.append(("value", value, kernel))
        return self.axes[place]

    def _refuse_forgotten(self, name: str, place: int) -> None:
        """Refuse a fluorescence channel that a mapping of scales says nothing of."""
        channel = self.panel.channels[place]
        if not isinstance(self.scale, Mapping) or channel.kind != "fluorescence":
            return
        stated = [key for key in self.scale if key in self.panel]
        if place not in {self.panel.index(key) for key in stated}:
            msg = (
                f"the strategy's scales have no entry for {name!r}"
                f"{suggest(name, self.scale)}; give it a scale, or None for plain "
                "values"
            )
            raise StrategyError(msg)


def scales_by_place(
    scale: Transform | Mapping[str, Transform | None] | None, panel: Panel
) -> dict[int, Transform]:
    """Return the scale of each channel that has one, by its place in the panel.

    A single scale is for fluorescence channels; of a mapping, names that the panel
    lacks are passed over, since one strategy serves several panels.

    Raises
    ------
    PanelError
        If a name means several channels.
    """
    if scale is None:
        return {}
    if not isinstance(scale, Mapping):
        return {
            place: scale
            for place, channel in enumerate(panel)
            if channel.kind == "fluorescence"
        }
    named = {name.casefold() for c in panel for name in (c.detector, c.marker) if name}
    # A name that means several channels is not passed over: it raises.
    return {
        panel.index(name): entry
        for name, entry in scale.items()
        if entry is not None and (name in panel or name.casefold() in named)
    }


def values_for(
    strategy: GatingStrategy, sample: Sample, names: Sequence[str], *, scaled: bool
) -> list[NDArray[np.float64]]:
    """Return channels of a sample as a strategy sees them.

    Parameters
    ----------
    strategy : GatingStrategy
        Says how to compensate, and the scales.
    sample : Sample
        The events.
    names : sequence of str
        Markers or detectors.
    scaled : bool
        Whether to put each channel on its scale.
    """
    own = strategy.compensation
    scales = scales_by_place(strategy.scale, sample.panel) if scaled else {}
    return [
        sample.values(
            name,
            compensated=own is not None,
            compensation=None if isinstance(own, str) else own,
            scale=scales.get(sample.panel.index(name)),
        )
        for name in names
    ]


def compile_strategy(
    strategy: GatingStrategy, panel: Panel, acquired: Compensation | None
) -> CompiledStrategy:
    """Make a strategy ready for files of one panel.

    Parameters
    ----------
    strategy : GatingStrategy
        What to compile.
    panel : Panel
        The channels of the files.
    acquired : Compensation or None
        The matrix that came with the acquisition.

    Raises
    ------
    PanelError
        If a channel of a gate is not in the panel; the gate is named.
    SpilloverError
        If the matrix names a channel that the panel lacks.
    """
    matrix = (
        acquired if isinstance(strategy.compensation, str) else strategy.compensation
    )
    axes = _Axes(strategy, panel, matrix)
    numbers = {path: number for number, path in enumerate(strategy.paths)}
    gates = []
    for path in strategy.paths:
        parent = strategy.parent(path)
        entry: dict[str, Any] = {"parent": numbers[parent] if parent else None}
        try:
            entry.update(_kernel_entry(strategy[path], strategy, axes, numbers))
        except PanelError as error:
            msg = f"gate {path!r}: {error}"
            raise PanelError(msg) from None
        gates.append(entry)
    detectors = list(range(len(axes.rows)))
    matrices = [(detectors, matrix.inverse)] if matrix else []
    plan = Plan(axes.channels, matrices, axes.entries, gates)
    return CompiledStrategy(strategy, tuple(axes.channels), plan)


def _kernel_entry(
    gate: Gate, strategy: GatingStrategy, axes: _Axes, numbers: Mapping[str, int]
) -> dict[str, Any]:
    if isinstance(gate, RectangleGate):
        sides = [
            (axes.number(c), low, high) for c, (low, high) in gate.dimensions.items()
        ]
        return {"dimensions": sides, "closed": gate.interval == "closed"}
    if isinstance(gate, PolygonGate):
        x, y = axes.number(gate.x), axes.number(gate.y)
        return {"x": x, "y": y, "vertices": list(gate.vertices)}
    if isinstance(gate, BooleanGate):
        terms = [
            numbers[strategy.path(term.text)] if term.kind == "name" else term.text
            for term in parse(gate.expression)
        ]
        return {"terms": terms}
    msg = f"gate {gate.name!r} is of a kind that cannot be compiled: {gate!r}"
    raise GateError(msg)


@dataclass(frozen=True, repr=False, eq=False)
class GatedSample:
    """What a strategy leaves of one sample.

    Parameters
    ----------
    strategy : GatingStrategy
        What was applied.
    n_events : int
        Number of events of the sample.
    n_inside : tuple of int
        Events in each population, in the order of ``strategy.paths``.
    n_undefined : tuple of int
        Events of each population's parent that are neither in it nor out of it, since
        a value is NaN.
    masks : (n_populations, n_bytes) array of uint8, or None
        One packed mask per population, lowest bit first; None where masks were not
        kept.
    """

    strategy: GatingStrategy
    n_events: int
    n_inside: tuple[int, ...]
    n_undefined: tuple[int, ...]
    masks: NDArray[np.uint8] | None

    @classmethod
    def of(
        cls,
        strategy: GatingStrategy,
        outcome: tuple[int, list[int], list[int], NDArray[np.uint8] | None],
    ) -> GatedSample:
        """Take what a kernel gives."""
        n_events, inside, undefined, masks = outcome
        return cls(strategy, n_events, tuple(inside), tuple(undefined), masks)

    def __repr__(self) -> str:
        """Say how many events and populations."""
        return (
            f"GatedSample · {self.n_events:,} events · {len(self.n_inside)} populations"
        )

    @property
    def counts(self) -> pd.DataFrame:
        """Events per population with exact intervals of the fraction of the parent.

        Columns ``population, parent, n_events, n_parent, fraction, low, high,
        detection, quantifiable``; the first row holds all events.
        """
        return count_table(self.count_rows())

    def count_rows(self) -> list[dict[str, Any]]:
        """Return the rows of :attr:`counts` before intervals are added."""
        inside = dict(zip(self.strategy.paths, self.n_inside, strict=True))
        rows = [count_row(ALL_EVENTS, None, self.n_events, self.n_events)]
        for path, n_events in inside.items():
            parent = self.strategy.parent(path)
            n_parent = inside[parent] if parent else self.n_events
            rows.append(count_row(path, parent or ALL_EVENTS, n_events, n_parent))
        return rows

    def packed_mask(self, population: str) -> NDArray[np.uint8]:
        """Return the mask of a population, one bit per event, lowest bit first."""
        if population == ALL_EVENTS:
            return np.packbits(np.ones(self.n_events, dtype=bool), bitorder="little")
        place = self.strategy.paths.index(self.strategy.path(population))
        if self.masks is None:
            msg = (
                f"the mask of {population!r} was not kept; gate with keep='masks' to "
                "have it"
            )
            raise PopulationError(msg)
        return self.masks[place]

    def mask(self, population: str) -> NDArray[np.bool_]:
        """Return which events belong to a population, ``(n_events,)`` of bool.

        Raises
        ------
        PopulationError
            If the strategy has no such population.
        """
        bits = np.unpackbits(
            self.packed_mask(population), count=self.n_events, bitorder="little"
        )
        return bits.view(np.bool_)


def gate_sample(compiled: CompiledStrategy, sample: Sample) -> GatedSample:
    """Gate the events of a sample that was read."""
    channels = sample.panel.channels
    for place in compiled.channels:
        if place not in sample.columns:
            sample.column(channels[place].detector)  # raises, naming the channel
    values = [
        np.ascontiguousarray(sample.columns[place], dtype=np.float64)
        for place in compiled.channels
    ]
    outcome = gate_arrays(compiled.plan, values, sample.n_events)
    return GatedSample.of(compiled.strategy, outcome)
