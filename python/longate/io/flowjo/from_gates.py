"""Gates of a strategy as FlowJo draws them: what a written workspace says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate.cytometry.transforms import FlowJoBiex, Grid
from longate.exceptions import FlowJoError
from longate.gating.gates.boolean_expression import parse
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.rectangle import RectangleGate
from longate.io.flowjo.build import OUTLINE
from longate.io.flowjo.shapes.boolean import BooleanDrawing
from longate.io.flowjo.shapes.ellipse import EllipseDrawing
from longate.io.flowjo.shapes.polygon import PolygonDrawing
from longate.io.flowjo.shapes.rectangle import RectangleDrawing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from longate.cytometry.transforms import Transform
    from longate.gating.gates.base import Gate
    from longate.gating.gates.boolean import BooleanGate
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.io.flowjo.shapes.drawing import Drawing
    from longate.io.flowjo.strategy_columns import ColumnsOfStrategy


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
        if scale is not None:
            low, high = _in_data(scale, low, high, str(axis))
        if scale is not None and column not in columns.scales:
            columns.keep(column, scale)
        sides.append((column, low, high))
    return RectangleDrawing(outside=False, sides=tuple(sides))


def _in_data(
    scale: Transform, low: float | None, high: float | None, axis: str
) -> tuple[float | None, float | None]:
    """Return bounds on a scale as bounds on data, which FlowJo compares."""
    if isinstance(scale, FlowJoBiex):
        # Beyond the ends of the table all values are one: 0 is open, 1 is its top.
        top = float(scale.inverse([1.0])[0])
        low = None if low is not None and low <= 0 else low
        high = None if high is not None and high > 1 else high
        if low == 1:
            return top, None
        if high == 1:
            return _in_data(scale, low, None, axis)[0], top
    if (low, high) == (None, None):
        return None, None
    found = scale.preimage(low, high)
    if found is None:
        msg = f"its bounds on {axis} hold no data"
        raise FlowJoError(msg)
    first, last = found
    return (None if low is None else first), (None if high is None else last)


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
        # The middle of a cell, so that the last digit of a border does not matter.
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
