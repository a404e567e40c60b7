"""A strategy compiled for one panel, and a sample gated in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate._core import Perturbations, Plan
from longate._validation import listed
from longate.cytometry.acquired import RAW
from longate.exceptions import (
    GateError,
    LongateError,
    PanelError,
    SpilloverError,
    StrategyError,
)
from longate.gating.compile.panel_axes import PLAIN, PanelAxes
from longate.gating.compile.reach import warn_of_unreachable
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import parse
from longate.gating.gates.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.gating.compile.panel_axes import ResolvedChannel
    from longate.gating.compile.requests import Request
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis
    from longate.gating.tree.gate_tree import GateTree


KernelGate = tuple[
    int | None, str, "Sequence[int]", "Sequence[float | None] | Sequence[int | str]"
]
"""A gate for kernels: parent, kind, axes and parameters."""


@dataclass(frozen=True)
class CompiledStrategy:
    """A strategy made ready for files of one panel and one spillover matrix.

    Parameters
    ----------
    strategy : GateTree
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

    strategy: GateTree
    channels: tuple[int, ...]
    plan: Plan
    axes: tuple[Axis, ...] = ()
    requests: tuple[Request, ...] = ()


class _Parts:
    """Collects channels, matrices and axes of a plan, each once."""

    def __init__(self, axes: PanelAxes) -> None:
        self._axes = axes
        self._numbers: dict[Any, int] = {}
        self._named: dict[str, int] = {}
        self._matrix_numbers: dict[str, int] = {}
        self.channels: list[int] = []
        self.matrices: list[tuple[list[int], NDArray[np.float64]]] = []
        self.axes: list[Any] = []
        self.names: list[Axis] = []

    def number(self, axis: Axis) -> int:
        """Return the number of an axis in the plan."""
        if isinstance(axis, str):
            if axis not in self._named:
                self._named[axis] = self._number(axis)
            return self._named[axis]
        return self._number(axis)

    def _number(self, axis: Axis) -> int:
        resolved = self._axes.resolve(axis)
        if resolved.key not in self._numbers:
            self._axes.refuse_forgotten(axis)
            kernel = resolved.scale.kernel if resolved.scale else PLAIN
            values = tuple(map(self._value, resolved.channels))
            ratio = resolved.ratio
            entry: Any = ("value", values[0], kernel)
            if ratio is not None:
                entry = ("ratio", values, (ratio.a, ratio.b, ratio.c), kernel)
            self._numbers[resolved.key] = len(self.axes)
            self.axes.append(entry)
            self.names.append(axis)
        return self._numbers[resolved.key]

    def numbers(self, gate: Gate) -> list[int]:
        """Return the numbers of a gate's axes, which must differ.

        Only intervals may lie on one channel: they hold together.
        """
        numbers = [self.number(axis) for axis in gate.axes]
        if len(set(numbers)) != len(numbers) and not isinstance(gate, RectangleGate):
            msg = f"its axes {listed(gate.axes)} are one and the same in this panel"
            raise GateError(msg)
        return numbers

    def _value(self, channel: ResolvedChannel) -> tuple[int, tuple[int, int] | None]:
        if channel.matrix is None or channel.column is None:
            return (self._channel(channel.index), None)
        own = channel.matrix.compensation
        if own.id not in self._matrix_numbers:
            detectors = [self._channel(index) for index in channel.matrix.detectors]
            self._matrix_numbers[own.id] = len(self.matrices)
            self.matrices.append((detectors, own.weights))
        matrix = self._matrix_numbers[own.id]
        return (self._channel(channel.index), (matrix, channel.column))

    def _channel(self, index: int) -> int:
        if index not in self.channels:
            self.channels.append(index)
        return self.channels.index(index)


def compile_strategy(
    strategy: GateTree,
    panel: Panel,
    acquired: Compensation | None,
    requests: Sequence[Request] = (),
) -> CompiledStrategy:
    """Make a strategy ready for files of one panel.

    Parameters
    ----------
    strategy : GateTree
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

    Warns
    -----
    GateWarning
        If a bound is beyond every value of its scale.
    """
    axes = PanelAxes(strategy, panel, acquired)
    parts = _Parts(axes)
    numbers = {path: number for number, path in enumerate(strategy.paths)}
    gates = [
        _entry(path, gate, strategy, parts, numbers)
        for path, gate in strategy.tree.by_path.items()
    ]
    for path, gate in strategy.tree.by_path.items():
        warn_of_unreachable(path, gate, axes)
    kept, answered = _kept(requests, strategy, parts)
    raw = strategy.values == RAW
    plan = Plan(parts.channels, parts.matrices, parts.axes, gates, kept, raw=raw)
    return CompiledStrategy(
        strategy, tuple(parts.channels), plan, tuple(parts.names), tuple(answered)
    )


def compile_perturbed(
    strategy: GateTree,
    panel: Panel,
    acquired: Compensation | None,
    perturbations: Sequence[Mapping[str, Gate]],
) -> tuple[CompiledStrategy, Perturbations]:
    """Make a strategy and its perturbations ready for files of one panel.

    Parameters
    ----------
    strategy : GateTree
        As for :func:`compile_strategy`.
    panel : Panel
        The channels of the files.
    acquired : Compensation or None
        The matrix that came with the acquisition.
    perturbations : sequence of mapping of str to Gate
        For each: path -> the gate instead of the one of that path.

    Raises
    ------
    LongateError
        As :func:`compile_strategy`.
    """
    parts = _Parts(PanelAxes(strategy, panel, acquired))
    numbers = {path: number for number, path in enumerate(strategy.paths)}
    gates = [
        _entry(path, gate, strategy, parts, numbers)
        for path, gate in strategy.tree.by_path.items()
    ]
    known: dict[tuple[str, Gate], int] = {}
    versions: list[tuple[int, KernelGate]] = []
    taken: list[list[int]] = []
    for changes in perturbations:
        taken.append([])
        for path, gate in changes.items():
            if (path, gate) not in known:
                known[path, gate] = len(versions)
                entry = _entry(path, gate, strategy, parts, numbers)
                versions.append((numbers[path], entry))
            taken[-1].append(known[path, gate])
    raw = strategy.values == RAW
    plan = Plan(parts.channels, parts.matrices, parts.axes, gates, raw=raw)
    compiled = CompiledStrategy(
        strategy, tuple(parts.channels), plan, tuple(parts.names)
    )
    return compiled, Perturbations(plan, versions, taken)


class KernelGates:
    """Gates of one strategy and panel, as the kernel numbers what they refer to.

    Parameters
    ----------
    strategy : GateTree
        Whose gates give the axes their numbers.
    panel, acquired
        As for :func:`compile_strategy`.
    """

    def __init__(
        self, strategy: GateTree, panel: Panel, acquired: Compensation | None
    ) -> None:
        self._strategy = strategy
        self._parts = _Parts(PanelAxes(strategy, panel, acquired))
        self._numbers = {path: number for number, path in enumerate(strategy.paths)}
        for path, gate in strategy.tree.by_path.items():
            self.entry(path, gate)
        self._n_axes = len(self._parts.axes)

    def entry(self, path: str, gate: Gate) -> KernelGate:
        """Describe a gate to the kernel."""
        return _entry(path, gate, self._strategy, self._parts, self._numbers)

    def exchanged(self, path: str, gate: Gate) -> KernelGate:
        """Describe a gate that takes the place of one, on axes that are known.

        Raises
        ------
        StrategyError
            If no gate of the strategy is on one of its axes.
        """
        entry = self.entry(path, gate)
        if any(axis >= self._n_axes for axis in entry[2]):
            msg = (
                f"gate {path!r}: no gate was on {listed(gate.axes)} when the strategy "
                "was compiled"
            )
            raise StrategyError(msg)
        return entry


def _entry(
    path: str,
    gate: Gate,
    strategy: GateTree,
    parts: _Parts,
    numbers: Mapping[str, int],
) -> KernelGate:
    """Describe a gate to the kernel; `numbers` are those of the populations."""
    parent = path.rpartition("/")[0]
    parent_number = numbers[parent] if parent else None
    try:
        if isinstance(gate, BooleanGate):
            terms = [
                numbers[strategy.path(term.text)] if term.kind == "name" else term.text
                for term in parse(gate.expression)
            ]
            return (parent_number, gate.kind, [], terms)
        kind, parameters = gate.kernel
        return (parent_number, kind, parts.numbers(gate), parameters)
    except LongateError as error:
        raise _of_gate(path, error) from None


def _kept(
    requests: Sequence[Request], strategy: GateTree, parts: _Parts
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
    strategy: GateTree, panel: Panel, acquired: Compensation | None
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


def _complaints(strategy: GateTree, axes: PanelAxes) -> Iterator[LongateError]:
    parts = _Parts(axes)
    for path in strategy.paths:
        try:
            parts.numbers(strategy[path])
        except LongateError as error:
            yield _of_gate(path, error)


def _of_gate(path: str, error: LongateError) -> LongateError:
    """Return the same error with the gate named."""
    known = (PanelError, SpilloverError, StrategyError, GateError)
    kind = next((kind for kind in known if isinstance(error, kind)), GateError)
    return kind(f"gate {path!r}: {error}")
