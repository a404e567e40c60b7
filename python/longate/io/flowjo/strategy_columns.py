"""The columns that a strategy's gates are on, as FlowJo names and scales them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Grid, Linear, Ratio
from longate.exceptions import FlowJoError, LongateError
from longate.gating.gates.dimension import ACQUISITION, INHERIT, Dimension, dimension_of
from longate.io.flowjo.matrices import FlowJoMatrix
from longate.io.flowjo.scales import FlowJoScale, flowjo_scale

if TYPE_CHECKING:
    from longate.cytometry.panel import Panel
    from longate.cytometry.transforms import Transform
    from longate.gating.strategy.strategy import GatingStrategy

TOP = 262144.0
"""The end of a linear axis where no file says one."""
PREFIX = "Comp-"


class ColumnsOfStrategy:
    """The columns that a strategy's gates are on, and their scales, in one sample.

    Parameters
    ----------
    strategy : GatingStrategy
        As it holds for the sample.
    panel : Panel or None
        The channels of its file; None where there is no file.
    acquired : Compensation or None
        The matrix that came with it.
    """

    def __init__(
        self,
        strategy: GatingStrategy,
        panel: Panel | None,
        acquired: Compensation | None,
    ) -> None:
        self.strategy = strategy
        self.panel = panel
        self.acquired = acquired
        self.matrix: Compensation | None = None
        self.scales: dict[str, Transform | None] = {}
        self.ends: dict[str, tuple[float, float]] = {}
        own = strategy.compensation
        if isinstance(own, Compensation):
            self.matrix = own
        elif own == ACQUISITION:
            self.matrix = acquired

    def detector(self, name: str) -> str:
        """Return the detector that a name means."""
        if self.panel is None:
            return name
        return self.panel.channels[self.panel.index(name)].detector

    def column(self, axis: Any) -> tuple[str, Transform | None]:
        """Return the column of an axis, and the scale on which its gate is drawn.

        Raises
        ------
        FlowJoError
            If it is a ratio, or compensated with a second matrix.
        """
        dimension = dimension_of(axis)
        if isinstance(dimension.channel, Ratio):
            msg = f"FlowJo has no ratio {dimension} (it would be a derived parameter)"
            raise FlowJoError(msg)
        detector = self.detector(dimension.channel)
        if self.is_compensated(dimension, detector):
            return PREFIX + written(detector), self.scale(dimension, detector)
        return written(detector), self.scale(dimension, detector)

    def is_compensated(self, dimension: Dimension, detector: str) -> bool:
        """Whether an axis is compensated, and by the one matrix of the sample."""
        own = dimension.compensation
        if own is INHERIT:
            own = self.strategy.compensation
        if own == ACQUISITION:
            own = self.acquired
            if self.panel is None and _may_be_compensated(detector):
                msg = (
                    f"{detector!r} is compensated with the matrix of its file; write a "
                    "study that was gated, or give the strategy a matrix"
                )
                raise FlowJoError(msg)
        if not isinstance(own, Compensation):
            return False
        names = {self.detector(name) for name in own.detectors}
        if detector not in names:
            return False
        if own.fluorochromes != own.detectors:
            msg = "FlowJo has square matrices of detectors only, not unmixing"
            raise FlowJoError(msg)
        if self.matrix is None:
            self.matrix = own
        if own != self.matrix:
            msg = f"{detector!r} is compensated with a second matrix; FlowJo has one"
            raise FlowJoError(msg)
        return True

    def scale(self, dimension: Dimension, detector: str) -> Transform | None:
        """Return the scale on which the gate of an axis is drawn."""
        if dimension.scale is not INHERIT:
            own: Transform | None = dimension.scale
            return own
        scale = self.strategy.scale
        if scale is None or not hasattr(scale, "items"):
            fluorescent = _may_be_compensated(detector)
            return scale if fluorescent else None
        by_detector = {}
        for name, one in scale.items():
            try:
                by_detector[self.detector(name)] = one
            except LongateError:
                continue  # a channel of another panel
        return by_detector.get(detector)

    def keep(self, column: str, scale: Transform | None) -> None:
        """Note the scale on which a column is displayed.

        Raises
        ------
        FlowJoError
            If it is displayed on another already.
        """
        base = scale.base if isinstance(scale, Grid) else scale
        base = None if isinstance(base, Linear) else base
        if column in self.scales and self.scales[column] != base:
            msg = (
                f"{column!r} is drawn on two scales, {self.scales[column]} and {base}; "
                "FlowJo has one per column and sample"
            )
            raise FlowJoError(msg)
        if isinstance(scale, Grid) and base is None:
            self.ends[column] = (scale.low, scale.high)
        elif isinstance(scale, Linear):
            self.ends[column] = (-scale.a, scale.t)
        self.scales[column] = base

    def shown(self, column: str) -> tuple[float, float]:
        """Return the range of a linear column."""
        if column in self.ends:
            return self.ends[column]
        name = column.removeprefix(PREFIX)
        for channel in self.panel or ():
            if written(channel.detector) == name and channel.range > 0:
                return (0.0, channel.range)
        return (0.0, TOP)

    def flowjo_scales(self) -> dict[str, FlowJoScale]:
        """Return the transformation of every column."""
        columns = dict(self.scales)
        for name in self.matrix.detectors if self.matrix else ():
            detector = self.detector(name)
            column = PREFIX + written(detector)
            if column not in columns:
                scale = self.scale(Dimension(name), detector)
                columns[column] = scale.base if isinstance(scale, Grid) else scale
            # The raw column is displayed alike, as FlowJo does.
            columns.setdefault(written(detector), columns[column])
        for channel in self.panel or ():
            columns.setdefault(written(channel.detector), None)
        made = {}
        for column, scale in columns.items():
            try:
                made[column] = flowjo_scale(scale, self.shown(column))
            except LongateError:
                if column in self.scales:
                    raise
                made[column] = flowjo_scale(None, self.shown(column))
        return made

    def flowjo_matrix(self) -> FlowJoMatrix | None:
        """Return the matrix of the sample."""
        if self.matrix is None:
            return None
        detectors = tuple(
            written(self.detector(name)) for name in self.matrix.detectors
        )
        return FlowJoMatrix(
            "Longate",
            detectors,
            tuple(tuple(map(float, row)) for row in self.matrix.matrix),
            tuple(PREFIX + name for name in detectors),
        )


def written(detector: str) -> str:
    """Return a detector as FlowJo writes it."""
    return detector.replace("/", "_")


def _may_be_compensated(detector: str) -> bool:
    from longate.cytometry.panel import Channel

    return Channel(detector).kind == "fluorescence"
