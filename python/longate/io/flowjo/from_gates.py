"""Gates of a strategy as FlowJo draws them: what a written workspace says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Grid, Linear, Ratio
from longate.exceptions import FlowJoError, LongateError
from longate.gating.gates.boolean_expression import parse
from longate.gating.gates.dimension import ACQUISITION, INHERIT, Dimension, dimension_of
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.rectangle import RectangleGate
from longate.io.flowjo.build import OUTLINE
from longate.io.flowjo.matrices import FlowJoMatrix
from longate.io.flowjo.scales import FlowJoScale, flowjo_scale
from longate.io.flowjo.shapes.boolean import BooleanDrawing
from longate.io.flowjo.shapes.ellipse import EllipseDrawing
from longate.io.flowjo.shapes.polygon import PolygonDrawing
from longate.io.flowjo.shapes.rectangle import RectangleDrawing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from longate.cytometry.panel import Panel
    from longate.cytometry.transforms import Transform
    from longate.gating.gates.base import Gate
    from longate.gating.gates.boolean import BooleanGate
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.io.flowjo.shapes.drawing import Drawing

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
        for channel in self.panel or ():
            columns.setdefault(written(channel.detector), None)
        for name in self.matrix.detectors if self.matrix else ():
            detector = self.detector(name)
            column = PREFIX + written(detector)
            if column not in columns:
                scale = self.scale(Dimension(name), detector)
                columns[column] = scale.base if isinstance(scale, Grid) else scale
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


def drawing_of(gate: Gate, columns: ColumnsOfStrategy) -> Drawing:
    """Return a gate as FlowJo draws it.

    Raises
    ------
    FlowJoError
        If FlowJo has no such gate; what is in the way is named.
    """
    if isinstance(gate, RectangleGate):
        return _rectangle(gate, columns)
    if isinstance(gate, PolygonGate):
        return _polygon(gate, columns)
    if isinstance(gate, EllipsoidGate):
        return _ellipse(gate, columns)
    msg = f"FlowJo has no gate of kind {gate.kind!r}"
    raise FlowJoError(msg)


def boolean_of(
    gate: BooleanGate, strategy: GatingStrategy, names: Mapping[str, str]
) -> BooleanDrawing:
    """Return a Boolean gate as a node.

    Parameters
    ----------
    gate : BooleanGate
        Of the strategy.
    strategy : GatingStrategy
        Finds the populations.
    names : mapping of str to str
        Path in the strategy -> path as it is written.

    Raises
    ------
    FlowJoError
        If it mixes operators, or refers to what is not written.
    """
    terms = parse(gate.expression)
    operators = {term.text for term in terms if term.kind == "operator"}
    operands = [strategy.path(term.text) for term in terms if term.kind == "name"]
    missing = [path for path in operands if path not in names]
    if missing:
        msg = f"it refers to {missing[0]!r}, which is not written"
        raise FlowJoError(msg)
    kept = tuple(names[path] for path in operands)
    if operators == {"not"} and len(kept) == 1 and len(terms) == 2:
        return BooleanDrawing("not", kept)
    if len(operators) == 1 and operators <= {"and", "or"}:
        return BooleanDrawing(operators.pop(), kept)
    if not operators:
        return BooleanDrawing("and", kept * 2)
    msg = (
        f"FlowJo has And, Or and Not nodes, and not {gate.expression!r} in one; make "
        "a population of each part"
    )
    raise FlowJoError(msg)


def outline_of(gate: BooleanGate, path: str, strategy: GatingStrategy) -> str | None:
    """Return the path of the shape whose outside a population is, if it is that."""
    terms = parse(gate.expression)
    if [term.text for term in terms if term.kind == "operator"] != ["not"]:
        return None
    named = [strategy.path(term.text) for term in terms if term.kind == "name"]
    return named[0] if named == [path + OUTLINE] else None


def _rectangle(gate: RectangleGate, columns: ColumnsOfStrategy) -> RectangleDrawing:
    if len(gate.dimensions) > 2:
        msg = f"FlowJo's rectangles have two dimensions, not {len(gate.dimensions)}"
        raise FlowJoError(msg)
    sides = []
    for axis, (low, high) in gate.dimensions.items():
        column, scale = columns.column(axis)
        if gate.interval == "closed" and high is not None:
            high = math.nextafter(high, math.inf)
        if scale is not None and (low, high) != (None, None):
            found = scale.preimage(low, high)
            if found is None:
                msg = (
                    f"its bounds on {axis} are beyond the ends of the scale, where "
                    "FlowJo compares data"
                )
                raise FlowJoError(msg)
            first, last = found
            low = None if low is None else first
            high = None if high is None else last
        if scale is not None and column not in columns.scales:
            columns.keep(column, scale)
        sides.append((column, low, high))
    return RectangleDrawing(outside=False, sides=tuple(sides))


def _polygon(gate: PolygonGate, columns: ColumnsOfStrategy) -> PolygonDrawing:
    names, values, cells = [], [], set()
    points = np.array(gate.vertices)
    for axis, coordinates in zip((gate.x, gate.y), points.T, strict=True):
        column, scale = columns.column(axis)
        columns.keep(column, scale)
        names.append(column)
        values.append(_data(coordinates, scale))
        if isinstance(scale, Grid):
            cells.add(int(scale.cells))
    if len(cells) > 1:
        msg = f"its grids have {cells} cells; FlowJo has one number per gate"
        raise FlowJoError(msg)
    vertices = tuple(zip(*(map(float, column) for column in values), strict=True))
    resolution = cells.pop() if cells else 256
    return PolygonDrawing(
        outside=False, x=names[0], y=names[1], vertices=vertices, cells=resolution
    )


def _data(
    coordinates: NDArray[np.float64], scale: Transform | None
) -> NDArray[np.float64]:
    """Return coordinates of vertices in data units."""
    if scale is None:
        return coordinates
    if isinstance(scale, Grid):
        whole = np.round(coordinates)
        here, beyond = scale.inverse(whole), scale.inverse(whole + 1)
        # The middle of a cell: nothing hangs on the last digit of a border.
        middle = here / 2 + beyond / 2
        values = np.where(np.isfinite(middle), middle, here)
        again = scale.vertices(values)
        return np.where(again == whole, values, here)
    values = scale.inverse(coordinates)
    ends = scale.inverse([0.0, 1.0])
    values = np.where(np.isnan(values) & (coordinates < 0), ends[0], values)
    values = np.where(np.isnan(values), ends[1], values)
    if not np.isfinite(values).all():
        msg = "a vertex has no value in data units"
        raise FlowJoError(msg)
    return values


def _ellipse(gate: EllipsoidGate, columns: ColumnsOfStrategy) -> EllipseDrawing:
    if len(gate.axes) != 2:
        msg = f"FlowJo's ellipses have two dimensions, not {len(gate.axes)}"
        raise FlowJoError(msg)
    names, ends = [], []
    for axis in gate.axes:
        column, scale = columns.column(axis)
        if isinstance(scale, Grid):
            msg = "an ellipse on a grid is a polygon in FlowJo"
            raise FlowJoError(msg)
        columns.keep(column, scale)
        names.append(column)
        low, high = columns.shown(column)
        plain = scale is None
        ends.append((low, (high - low) / 256) if plain else (0.0, 1 / 256))
    start, slope = np.array(ends).T
    mean = (np.array(gate.mean) - start) / slope
    covariance = np.array(gate.covariance) * gate.distance_square
    covariance = covariance / np.outer(slope, slope)
    sizes, directions = np.linalg.eigh(covariance)
    if not sizes[0] > 0:
        msg = "its matrix is not one of an ellipse"
        raise FlowJoError(msg)
    short, long = np.sqrt(sizes)
    across, along = directions.T
    apart = math.sqrt(max(long**2 - short**2, 0.0))

    def points(*steps: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
        return tuple((float(p[0]), float(p[1])) for p in (mean + s for s in steps))

    return EllipseDrawing(
        outside=False,
        x=names[0],
        y=names[1],
        foci=points(apart * along, -apart * along),
        edges=points(long * along, -long * along, short * across, -short * across),
    )


def _may_be_compensated(detector: str) -> bool:
    from longate.cytometry.panel import Channel

    return Channel(detector).kind == "fluorescence"
