"""A strategy compiled for one panel, and a sample gated in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from longate._core import Plan, Variants, gate_arrays, gate_files
from longate._validation import listed
from longate.exceptions import (
    GateError,
    LongateError,
    PanelError,
    PopulationError,
    SpilloverError,
    StrategyError,
)
from longate.gating.axes import PLAIN, PanelAxes
from longate.gating.boolean import parse
from longate.gating.boolean_gate import BooleanGate
from longate.gating.counting import ALL_EVENTS, count_row, count_table
from longate.gating.ellipsoid import AS_WRITTEN, EllipsoidGate
from longate.gating.polygon import PolygonGate
from longate.gating.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample
    from longate.gating.axes import Reading
    from longate.gating.dimension import Axis
    from longate.gating.gate import Gate
    from longate.gating.statistic import Request
    from longate.gating.strategy import GatingStrategy

    Answer = tuple[Request, int, list[Any], NDArray[np.float64] | None]


class Acquired(Protocol):
    """A sample, or the head of its file."""

    @property
    def panel(self) -> Panel:
        """Its channels."""

    @property
    def compensation(self) -> Compensation | None:
        """The matrix that came with the acquisition."""


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
    axes : tuple
        What each axis of the plan is, as its gates name it.
    requests : tuple of Request
        What is asked for beyond counts, in the order of the plan.
    """

    strategy: GatingStrategy
    channels: tuple[int, ...]
    plan: Plan
    axes: tuple[Axis, ...] = ()
    requests: tuple[Request, ...] = ()


class _Parts:
    """Collects channels, matrices and axes of a plan, each once."""

    def __init__(self, axes: PanelAxes) -> None:
        self._axes = axes
        self._numbers: dict[Any, int] = {}
        self._matrix_numbers: dict[str, int] = {}
        self.channels: list[int] = []
        self.matrices: list[tuple[list[int], NDArray[np.float64]]] = []
        self.axes: list[Any] = []
        self.names: list[Axis] = []

    def number(self, axis: Axis) -> int:
        """Return the number of an axis in the plan."""
        fitted = self._axes.fit(axis)
        if fitted.key not in self._numbers:
            self._axes.refuse_forgotten(axis)
            kernel = fitted.scale.kernel if fitted.scale else PLAIN
            values = tuple(map(self._value, fitted.readings))
            ratio = fitted.ratio
            entry: Any = ("value", values[0], kernel)
            if ratio is not None:
                entry = ("ratio", values, (ratio.a, ratio.b, ratio.c), kernel)
            self._numbers[fitted.key] = len(self.axes)
            self.axes.append(entry)
            self.names.append(axis)
        return self._numbers[fitted.key]

    def numbers(self, gate: Gate) -> list[int]:
        """Return the numbers of a gate's axes, which must differ."""
        numbers = [self.number(axis) for axis in gate.axes]
        if len(set(numbers)) != len(numbers):
            msg = f"its axes {listed(gate.axes)} are one and the same in this panel"
            raise GateError(msg)
        return numbers

    def _value(self, reading: Reading) -> tuple[int, tuple[int, int] | None]:
        if reading.matrix is None or reading.column is None:
            return (self._channel(reading.place), None)
        own = reading.matrix.compensation
        if own.id not in self._matrix_numbers:
            detectors = [self._channel(place) for place in reading.matrix.detectors]
            self._matrix_numbers[own.id] = len(self.matrices)
            self.matrices.append((detectors, own.weights))
        matrix = self._matrix_numbers[own.id]
        return (self._channel(reading.place), (matrix, reading.column))

    def _channel(self, place: int) -> int:
        if place not in self.channels:
            self.channels.append(place)
        return self.channels.index(place)


def compile_strategy(
    strategy: GatingStrategy,
    panel: Panel,
    acquired: Compensation | None,
    requests: Sequence[Request] = (),
) -> CompiledStrategy:
    """Make a strategy ready for files of one panel.

    Parameters
    ----------
    strategy : GatingStrategy
        What to compile; what it says of single samples is not looked at.
    panel : Panel
        The channels of the files.
    acquired : Compensation or None
        The matrix that came with the acquisition.
    requests : sequence of Request
        What is asked for beyond counts; a channel that the panel lacks is passed over.

    Raises
    ------
    PanelError
        If a channel of a gate is not in the panel; the gate is named.
    SpilloverError
        If the matrix names a channel that the panel lacks.
    StrategyError
        If a mapping of scales has forgotten a channel of a gate.
    """
    parts = _Parts(PanelAxes(strategy, panel, acquired))
    gates = [_entry(path, strategy[path], strategy, parts) for path in strategy.paths]
    kept, answered = _kept(requests, strategy, parts)
    plan = Plan(parts.channels, parts.matrices, parts.axes, gates, kept)
    return CompiledStrategy(
        strategy, tuple(parts.channels), plan, tuple(parts.names), tuple(answered)
    )


def compile_variants(
    strategy: GatingStrategy,
    panel: Panel,
    acquired: Compensation | None,
    variants: Sequence[Mapping[str, Gate]],
) -> tuple[CompiledStrategy, Variants]:
    """Make many variants of a strategy ready for files of one panel.

    Parameters
    ----------
    strategy : GatingStrategy
        As for :func:`compile_strategy`.
    panel : Panel
        The channels of the files.
    acquired : Compensation or None
        The matrix that came with the acquisition.
    variants : sequence of mapping of str to Gate
        For each variant: path -> the gate that takes the place of the one there.

    Raises
    ------
    LongateError
        As :func:`compile_strategy`.
    """
    parts = _Parts(PanelAxes(strategy, panel, acquired))
    gates = [_entry(path, strategy[path], strategy, parts) for path in strategy.paths]
    places = {path: place for place, path in enumerate(strategy.paths)}
    known: dict[tuple[str, Gate], int] = {}
    versions: list[tuple[int, dict[str, Any]]] = []
    taken: list[list[int]] = []
    for changes in variants:
        taken.append([])
        for path, gate in changes.items():
            if (path, gate) not in known:
                known[path, gate] = len(versions)
                entry = _entry(path, gate, strategy, parts)
                versions.append((places[path], entry))
            taken[-1].append(known[path, gate])
    plan = Plan(parts.channels, parts.matrices, parts.axes, gates)
    compiled = CompiledStrategy(
        strategy, tuple(parts.channels), plan, tuple(parts.names)
    )
    return compiled, Variants(plan, versions, taken)


def _entry(
    path: str, gate: Gate, strategy: GatingStrategy, parts: _Parts
) -> dict[str, Any]:
    """Describe a gate to the kernel."""
    numbers = {known: number for number, known in enumerate(strategy.paths)}
    parent = strategy.parent(path)
    entry: dict[str, Any] = {"parent": numbers[parent] if parent else None}
    try:
        entry.update(_kernel_entry(gate, strategy, parts, numbers))
    except LongateError as error:
        raise _of_gate(path, error) from None
    return entry


def _kept(
    requests: Sequence[Request], strategy: GatingStrategy, parts: _Parts
) -> tuple[list[Any], list[Request]]:
    """Describe requests to the kernel, those for which the panel has the channel."""
    numbers: dict[str, int | None] = {
        path: number for number, path in enumerate(strategy.paths)
    }
    numbers[ALL_EVENTS] = None
    kept, answered = [], []
    for one in requests:
        try:
            axis = parts.number(one.channel)
        except PanelError:
            continue
        population = numbers[one.population]
        kept.append((population, axis, one.scaled, one.named, one.keeps))
        answered.append(one)
    return kept, answered


def validate_strategy(
    strategy: GatingStrategy, panel: Panel, acquired: Compensation | None
) -> None:
    """Refuse a strategy that files of a panel cannot be gated with, see its method."""
    axes = PanelAxes(strategy, panel, acquired)
    found = list(_complaints(strategy, axes))
    if len(found) == 1:
        raise found[0]
    if found:
        missing = all(isinstance(error, PanelError) for error in found)
        lines = "\n".join(f"  {error}" for error in found)
        msg = f"{len(found)} gates do not fit the panel:\n{lines}"
        raise (PanelError if missing else StrategyError)(msg)


def _complaints(strategy: GatingStrategy, axes: PanelAxes) -> Iterator[LongateError]:
    parts = _Parts(axes)
    for path in strategy.paths:
        try:
            for axis in strategy[path].axes:
                parts.number(axis)
        except LongateError as error:
            yield _of_gate(path, error)


def _of_gate(path: str, error: LongateError) -> LongateError:
    """Return the same error with the gate named."""
    known = (PanelError, SpilloverError, StrategyError, GateError)
    kind = next((kind for kind in known if isinstance(error, kind)), GateError)
    return kind(f"gate {path!r}: {error}")


def values_for(
    strategy: GatingStrategy,
    sample: Sample,
    names: Sequence[Axis],
    *,
    scaled: bool,
    where: NDArray[np.bool_] | None = None,
) -> list[NDArray[np.float64]]:
    """Return channels of a sample as a strategy sees them.

    Parameters
    ----------
    strategy : GatingStrategy
        Says how to compensate, and the scales.
    sample : Sample
        The events.
    names : sequence of str or Dimension
        Markers, detectors or dyes, and axes of gates.
    scaled : bool
        Whether to put each channel on its scale.
    where : (n_events,) array of bool, optional
        Only these events.
    """
    axes = PanelAxes(strategy, sample.panel, sample.compensation)
    return [axes.values(sample, name, scaled=scaled, where=where) for name in names]


def _kernel_entry(
    gate: Gate, strategy: GatingStrategy, parts: _Parts, numbers: Mapping[str, int]
) -> dict[str, Any]:
    if isinstance(gate, RectangleGate):
        sides = [
            (parts.number(axis), low, high)
            for axis, (low, high) in gate.dimensions.items()
        ]
        return {"dimensions": sides, "closed": gate.interval == "closed"}
    if isinstance(gate, PolygonGate):
        x, y = parts.numbers(gate)
        return {"x": x, "y": y, "vertices": list(gate.vertices)}
    if isinstance(gate, EllipsoidGate):
        return {
            "axes": parts.numbers(gate),
            "mean": list(gate.mean),
            "covariance": [list(row) for row in gate.covariance],
            "distance_square": gate.distance_square,
            "as_written": gate.matrix == AS_WRITTEN,
        }
    if isinstance(gate, BooleanGate):
        terms = [
            numbers[strategy.path(term.text)] if term.kind == "name" else term.text
            for term in parse(gate.expression)
        ]
        return {"terms": terms}
    msg = f"gates of kind {gate.kind!r} cannot be compiled"
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
    answers : tuple
        For each request: the request, number of events, estimates, and the values or
        None.
    """

    strategy: GatingStrategy
    n_events: int
    n_inside: tuple[int, ...]
    n_undefined: tuple[int, ...]
    masks: NDArray[np.uint8] | None
    answers: tuple[Answer, ...] = ()

    @classmethod
    def of(cls, compiled: CompiledStrategy, outcome: Any) -> GatedSample:
        """Take what a kernel gives."""
        n_events, inside, undefined, masks, summaries = outcome
        answers = tuple(
            (request, *summary)
            for request, summary in zip(compiled.requests, summaries, strict=True)
        )
        return cls(
            compiled.strategy,
            n_events,
            tuple(inside),
            tuple(undefined),
            masks,
            answers,
        )

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

    def path(self, population: str) -> str:
        """Return the path that a name means, ``"All events"`` among them."""
        if population == ALL_EVENTS:
            return population
        return self.strategy.path(population)

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
        mask: NDArray[np.uint8] = self.masks[place]
        return mask

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
    return GatedSample.of(compiled, outcome)


def gate_head(compiled: CompiledStrategy, head: Any) -> GatedSample:
    """Gate a file in one pass, as it was when its head was read."""
    jobs = [(head.path, compiled.plan, head.identity)]
    outcome = gate_files(jobs, 0, True, None)[0]  # noqa: FBT003
    if isinstance(outcome, BaseException):
        raise outcome
    return GatedSample.of(compiled, outcome)
