"""Columns of a sample as gates name them: channel, compensation, scale and unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from longate._validation import suggest
from longate.cytometry.transforms import FlowJoBiex, Grid, Linear
from longate.exceptions import FlowJoError, LongateError
from longate.gating.gates.dimension import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.transforms import Transform
    from longate.io.flowjo.matrices import FlowJoMatrix
    from longate.io.flowjo.scales import FlowJoScale

Geometry = Literal["flowjo", "exact"]


@dataclass(frozen=True)
class Column:
    """One column of a sample, raw or compensated.

    Parameters
    ----------
    name : str
        As the workspace has it.
    channel : str
        The detector, as the file has it.
    compensation : Compensation or None
        What compensates it.
    scale : FlowJoScale or None
        Its transformation, where there is one.
    unit : float
        How many units of its gates are one unit of the data.
    """

    name: str
    channel: str
    compensation: Compensation | None
    scale: FlowJoScale | None
    unit: float = 1.0

    @property
    def plain(self) -> Dimension:
        """The axis without a scale, in data units."""
        return Dimension(self.channel, compensation=self.compensation, scale=None)

    @cached_property
    def base(self) -> Transform | None:
        """The continuous scale; None for a linear axis.

        Raises
        ------
        FlowJoError
            If the workspace has no transformation for the column.
        """
        return self.needed.base

    @property
    def needed(self) -> FlowJoScale:
        """The transformation, which a gate needs.

        Raises
        ------
        FlowJoError
            If there is none.
        """
        if self.scale is None:
            msg = f"the sample has no transformation for {self.name!r}"
            raise FlowJoError(msg)
        return self.scale

    @property
    def continuous(self) -> Dimension:
        """The axis on its continuous scale."""
        return Dimension(self.channel, compensation=self.compensation, scale=self.base)

    @cached_property
    def _grids(self) -> dict[int, Grid | None]:
        return {}

    def grid(self, cells: int) -> Grid | None:
        """Return the grid of an axis; None where FlowJo's rule is not known."""
        if cells not in self._grids:
            self._grids[cells] = self.needed.grid(cells, self.unit)
        return self._grids[cells]

    def on(self, grid: Grid) -> Dimension:
        """Return the axis on a grid."""
        return Dimension(self.channel, compensation=self.compensation, scale=grid)

    @property
    def shown(self) -> Transform | None:
        """The scale for drawings of the column's data."""
        if self.scale is None:
            return None
        if self.scale.kind != "linear":
            return self.scale.base
        low, high = (end / self.unit for end in self.scale.shown)
        within = high > 0 and -high <= low <= 0
        return Linear(t=high, a=max(-low, 0.0)) if within else None

    @property
    def saturates(self) -> bool:
        """Return whether its scale has ends beyond which values are one."""
        return self.scale is not None and isinstance(self.base, FlowJoBiex)


@dataclass(frozen=True)
class Columns:
    """All columns of a sample, found by the names of the workspace.

    Parameters
    ----------
    channels : mapping of str to str
        Channel as the workspace writes it -> as the file does.
    matrix : FlowJoMatrix or None
        The matrix of the sample.
    scales : mapping of str to FlowJoScale
        By column.
    timestep : float
        ``$TIMESTEP`` of the file.
    """

    channels: Mapping[str, str]
    matrix: FlowJoMatrix | None
    scales: Mapping[str, FlowJoScale]
    timestep: float = 1.0
    gains: Mapping[str, float] | None = None

    @cached_property
    def compensation(self) -> Compensation | None:
        """The matrix under the file's names.

        Raises
        ------
        SpilloverError
            If it is singular or malformed.
        """
        if self.matrix is None or self.matrix.is_empty:
            return None
        return self.matrix.compensation(self.channels)

    @cached_property
    def _found(self) -> dict[str, Column]:
        return {}

    def __getitem__(self, name: str) -> Column:
        """Return a column.

        Raises
        ------
        FlowJoError
            If it is neither in the file nor made by the matrix.
        """
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Column:
        scale = self.scales.get(name)
        compensated = self.matrix.by_column if self.matrix else {}
        if name in compensated:
            if self.matrix is not None and self.matrix.is_empty:
                msg = f"{name!r} needs the matrix {self.matrix.name!r}, which is empty"
                raise FlowJoError(msg)
            detector = compensated[name]
            channel = self.channels.get(detector, detector)
            return Column(name, channel, self.compensation, scale)
        if self.channels and name not in self.channels:
            known = [*self.channels, *compensated]
            msg = (
                f"the channel {name!r} is neither in the file nor made by a matrix "
                f"(a derived parameter is not supported){suggest(name, known)}"
            )
            raise FlowJoError(msg)
        return Column(
            name, self.channels.get(name, name), None, scale, self._unit(name, scale)
        )

    def _unit(self, name: str, scale: FlowJoScale | None) -> float:
        """Return how many units of gates are one unit of a channel of the file."""
        gain = scale.gain if scale is not None else 1.0
        if name.strip().casefold() == "time":
            # Data are in seconds by $TIMESTEP; gates are stored numbers times the gain,
            # or seconds where the gain is 1.
            return gain / self.timestep if gain != 1.0 else 1.0
        own = (self.gains or {}).get(name, 1.0)
        return gain * own if gain != 1.0 else 1.0

    def shown_scales(self) -> dict[str, Transform | None]:
        """Return channel -> scale for drawings; that of a compensated column first."""
        found: dict[str, Transform | None] = {}
        compensated = self.matrix.by_column if self.matrix else {}
        names = [name for name in self.scales if name in self.channels]
        names += [name for name in self.scales if name in compensated]
        for name in names:
            try:
                column = self[name]
                found[column.channel] = column.shown
            except LongateError:
                continue
        return found
