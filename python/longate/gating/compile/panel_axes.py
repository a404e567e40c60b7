"""What the axes of gates mean in the files of one panel."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate._validation import suggest
from longate.cytometry.compensated import ResolvedMatrix, resolve_matrix
from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Ratio
from longate.exceptions import PanelError, PanelWarning, StrategyError
from longate.gating.gates.dimension import ACQUISITION, INHERIT, Axis, dimension_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample
    from longate.cytometry.transforms import Transform
    from longate.gating.tree.gate_tree import GateTree

PLAIN: tuple[str, tuple[float, ...]] = ("identity", ())
"""The kernel of an axis without a scale."""


@dataclass(frozen=True)
class ResolvedChannel:
    """Where the values of one channel come from.

    Parameters
    ----------
    name : str
        As the gate has it.
    index : int
        In the panel; for an unmixed fluorochrome without a channel, its first detector.
    matrix : ResolvedMatrix or None
        What compensates it.
    column : int or None
        Which fluorochrome of the matrix it is.
    """

    name: str
    index: int
    matrix: ResolvedMatrix | None = None
    column: int | None = None

    @property
    def key(self) -> tuple[int, str | None, int | None]:
        """What tells it from other channels of the same panel."""
        matrix = self.matrix.compensation.id if self.matrix else None
        return (self.index if matrix is None else -1, matrix, self.column)


@dataclass(frozen=True)
class ResolvedAxis:
    """An axis whose names were found in a panel.

    Parameters
    ----------
    channels : tuple of ResolvedChannel
        One, or numerator and denominator.
    ratio : Ratio or None
        How two channels make one value.
    scale : Transform or None
        None for plain values.
    """

    channels: tuple[ResolvedChannel, ...]
    ratio: Ratio | None
    scale: Transform | None

    @property
    def key(self) -> Any:
        """What tells it from other axes of the same panel."""
        constants = (self.ratio.a, self.ratio.b, self.ratio.c) if self.ratio else None
        kernel = self.scale.kernel if self.scale else PLAIN
        return (tuple(channel.key for channel in self.channels), constants, kernel)


class PanelAxes:
    """Finds the axes of a strategy's gates in the files of one panel.

    Parameters
    ----------
    strategy : GateTree
        Says how to compensate, and the scales.
    panel : Panel
        The channels of the files.
    acquired : Compensation or None
        The matrix that came with the acquisition.

    Raises
    ------
    SpilloverError
        If the strategy's matrix does not fit the panel.
    PanelError
        If a scale is for a name that means several channels.
    StrategyError
        If two names of one channel have different scales.
    """

    def __init__(
        self, strategy: GateTree, panel: Panel, acquired: Compensation | None
    ) -> None:
        self._panel = panel
        self._acquired = acquired
        self._compensation = strategy.compensation
        self._matrices: dict[str, ResolvedMatrix] = {}
        self._matrix(strategy.compensation)
        self._scale = strategy.scale
        self._scales: dict[tuple[str, object], Transform | None] = {}
        if isinstance(strategy.scale, Mapping):
            self._scales = self._by_target(strategy.scale)

    def resolve(self, axis: Axis) -> ResolvedAxis:
        """Resolve the names of an axis in the panel.

        Raises
        ------
        PanelError
            If a name is not in the panel, or means several channels.
        SpilloverError
            If a matrix of the axis's own does not fit the panel.
        """
        dimension = dimension_of(axis)
        own = dimension.compensation
        matrix = self._matrix(self._compensation if own is INHERIT else own)
        channels = tuple(self._resolved(name, matrix) for name in dimension.channels)
        ratio = dimension.channel if isinstance(dimension.channel, Ratio) else None
        scale = dimension.scale
        if scale is INHERIT:
            scale = None if ratio else self._inherited(dimension.channels[0])
        return ResolvedAxis(channels, ratio, scale)

    def range_of(self, channel: ResolvedChannel) -> float:
        """Return the range of a channel of the panel (``$PnR``), 0 where unknown."""
        return float(self._panel.channels[channel.index].range or 0.0)

    def refuse_forgotten(self, axis: Axis) -> None:
        """Refuse a fluorescence channel that a mapping of scales says nothing of.

        Other channels stay plain without an entry; where one that is meant for no
        channel bears nearly their name, it is a slip that deserves a warning.

        Raises
        ------
        StrategyError
            The channel is named, with near names.

        Warns
        -----
        PanelWarning
            If a name of the mapping means nothing in this panel and is near to that of
            a channel without a scale.
        """
        dimension = dimension_of(axis)
        inherits = dimension.scale is INHERIT and isinstance(dimension.channel, str)
        if not inherits or not isinstance(self._scale, Mapping):
            return
        name = dimension.channels[0]
        if self._target(name) in self._scales:
            return
        if self._is_fluorescence(name):
            msg = (
                f"the strategy's scales have no entry for {name!r}"
                f"{suggest(name, self._scale)}; give it a scale, or None for plain "
                "values"
            )
            raise StrategyError(msg)
        near = suggest(name, self._meaningless(self._scale))
        if near:
            msg = (
                f"the strategy's scales have no entry for {name!r}, which stays plain, "
                f"but one that means nothing in this panel{near}"
            )
            warnings.warn(msg, PanelWarning, stacklevel=2)

    def values(
        self,
        sample: Sample,
        axis: Axis,
        *,
        scaled: bool,
        where: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Return the events of a sample on an axis, scaled or before its scale.

        Parameters
        ----------
        sample : Sample
            Of the panel.
        axis : str or Dimension
            Which.
        scaled : bool
            Whether to put the values on the scale.
        where : (n_events,) numpy.ndarray of bool, optional
            Only these events; the others are not put on the scale either.

        Returns
        -------
        (n,) numpy.ndarray of float64
        """
        resolved = self.resolve(axis)
        columns = [
            sample.values(
                channel.name,
                compensated=channel.matrix is not None,
                compensation=channel.matrix.compensation if channel.matrix else None,
            )
            for channel in resolved.channels
        ]
        values = resolved.ratio.of(*columns) if resolved.ratio else columns[0]
        if where is not None:
            values = values[where]
        return resolved.scale(values) if scaled and resolved.scale else values

    def _matrix(self, compensation: Compensation | str | None) -> ResolvedMatrix | None:
        own = self._acquired if compensation == ACQUISITION else compensation
        if not isinstance(own, Compensation):
            return None
        if own.id not in self._matrices:
            self._matrices[own.id] = resolve_matrix(own, self._panel)
        return self._matrices[own.id]

    def _resolved(self, name: str, matrix: ResolvedMatrix | None) -> ResolvedChannel:
        column = matrix.column(name) if matrix else None
        if matrix is None or column is None:
            return ResolvedChannel(name, self._panel.index(name))
        index = self._panel.index(name) if name in self._panel else matrix.detectors[0]
        return ResolvedChannel(name, index, matrix, column)

    def _target(self, name: str) -> tuple[str, object]:
        """Return what a name means: a channel, or a fluorochrome that has none."""
        try:
            return ("channel", self._panel.index(name))
        except PanelError:
            names = (n for c in self._panel for n in (c.detector, c.marker) if n)
            if name.casefold() in {known.casefold() for known in names}:
                raise  # it means several channels
            return ("fluorochrome", name.casefold())

    def _meaningless(self, names: Iterable[str]) -> list[str]:
        """Return names that are no channel and no fluorochrome of a matrix in use."""
        fluorochromes = {
            fluorochrome.casefold()
            for matrix in self._matrices.values()
            for fluorochrome in matrix.compensation.fluorochromes
        }
        return [
            name
            for name in names
            if self._target(name)[0] == "fluorochrome"
            and name.casefold() not in fluorochromes
        ]

    def _by_target(
        self, scales: Mapping[str, Transform | None]
    ) -> dict[tuple[str, object], Transform | None]:
        """Return scales by what their names mean, which no two may mean otherwise."""
        found: dict[tuple[str, object], tuple[str, Transform | None]] = {}
        for name, scale in scales.items():
            other, same = found.setdefault(self._target(name), (name, scale))
            if same != scale:
                msg = (
                    f"the strategy's scales for {other!r} and {name!r} differ, and "
                    "both names mean one channel of the panel; leave one out"
                )
                raise StrategyError(msg)
        return {target: scale for target, (_, scale) in found.items()}

    def _is_fluorescence(self, name: str) -> bool:
        kind, index = self._target(name)
        channels = self._panel.channels
        return kind == "fluorochrome" or (
            isinstance(index, int) and channels[index].kind == "fluorescence"
        )

    def _inherited(self, name: str) -> Transform | None:
        if isinstance(self._scale, Mapping):
            return self._scales.get(self._target(name))
        return self._scale if self._is_fluorescence(name) else None
