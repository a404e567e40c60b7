"""Gates, slow and plain: NumPy comparisons, exact fractions, three-valued logic.

The oracle for ``src/gate`` and ``src/plan``. A population is a pair of masks,
the events that are in and the events that are definitely out; an event in neither
is undefined (NaN in a dimension).
"""

from __future__ import annotations

import ast
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

import longate as lg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def rectangle(
    places: Sequence[NDArray[np.float64]],
    bounds: Sequence[tuple[float | None, float | None]],
    *,
    closed: bool = False,
) -> Masks:
    """Intervals on every axis; an event with NaN in any of them is undefined."""
    inside = np.ones(len(places[0]), dtype=bool)
    known = np.ones(len(places[0]), dtype=bool)
    for values, (low, high) in zip(places, bounds, strict=True):
        known &= ~np.isnan(values)
        if low is not None:
            inside &= values >= low
        if high is not None:
            inside &= (values <= high) if closed else (values < high)
    return inside & known, known & ~inside


def polygon_contains(
    vertices: Sequence[tuple[float, float]], x: float, y: float
) -> bool:
    """Even-odd with the border inside, in exact rational arithmetic."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return False
    if not min(vx for vx, _ in vertices) <= x <= max(vx for vx, _ in vertices):
        return False
    px, py = Fraction(x), Fraction(y)
    corners = [(Fraction(vx), Fraction(vy)) for vx, vy in vertices]
    inside = False
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        on_line = (bx - ax) * (py - ay) == (by - ay) * (px - ax)
        in_box = min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by)
        if on_line and in_box:
            return True
        if (ay > py) != (by > py) and px < ax + (py - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def polygon(
    vertices: Sequence[tuple[float, float]],
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
) -> Masks:
    """Which points lie in the polygon; NaN is undefined, infinity is out."""
    known = ~(np.isnan(xs) | np.isnan(ys))
    inside = np.array(
        [polygon_contains(vertices, x, y) for x, y in zip(xs, ys, strict=True)],
        dtype=bool,
    )
    return inside, known & ~inside


def ellipsoid_contains(
    mean: Sequence[float],
    covariance: Sequence[Sequence[float]],
    distance_square: float,
    place: Sequence[float],
) -> bool:
    """Squared Mahalanobis distance by elimination, in exact rational arithmetic."""
    if not all(map(math.isfinite, place)):
        return False
    rest = [Fraction(float(x)) - Fraction(m) for x, m in zip(place, mean, strict=True)]
    rows = [
        [*(Fraction(entry) for entry in row), value]
        for row, value in zip(covariance, rest, strict=True)
    ]
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(len(rows)):
            if i != k:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [
                    a - factor * b for a, b in zip(rows[i], rows[k], strict=True)
                ]
    solved = [row[-1] / row[k] for k, row in enumerate(rows)]
    distance = sum((a * b for a, b in zip(rest, solved, strict=True)), Fraction(0))
    return distance <= Fraction(distance_square)


def ellipsoid(
    mean: Sequence[float],
    covariance: Sequence[Sequence[float]],
    distance_square: float,
    columns: Sequence[NDArray[np.float64]],
) -> Masks:
    """Which places lie in the ellipsoid; NaN is undefined, infinity is out."""
    known = ~np.logical_or.reduce([np.isnan(column) for column in columns])
    inside = np.array(
        [
            ellipsoid_contains(mean, covariance, distance_square, place)
            for place in zip(*columns, strict=True)
        ],
        dtype=bool,
    )
    return inside, known & ~inside


def quadrant(
    dividers: Mapping[str, tuple[str, Sequence[float]]],
    positions: Mapping[str, float],
    columns: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.bool_]:
    """Which places lie on the same side of every cut as the quadrant's position."""
    inside = np.ones(len(next(iter(columns.values()))), dtype=bool)
    for which, location in positions.items():
        axis, cuts = dividers[which]
        for cut in cuts:
            places = columns[axis]
            inside &= ~np.isnan(places) & ((places >= cut) == (location >= cut))
    return inside


def boolean(expression: str, masks: Mapping[str, Masks]) -> Masks:
    """Evaluate an expression by handing it to Python's own parser."""
    text = expression
    names = sorted(masks, key=len, reverse=True)
    for number, name in enumerate(names):
        for written in (f"'{name}'", f'"{name}"', name):
            text = text.replace(written, f"\0{number}\0")
    for number in range(len(names)):
        text = text.replace(f"\0{number}\0", f" population_{number} ")

    def value(node: ast.AST) -> Masks:
        if isinstance(node, ast.Name):
            return masks[names[int(node.id.removeprefix("population_"))]]
        if isinstance(node, ast.UnaryOp):
            inside, outside = value(node.operand)
            return outside, inside
        assert isinstance(node, ast.BoolOp)
        parts = [value(part) for part in node.values]
        ins, outs = [p[0] for p in parts], [p[1] for p in parts]
        if isinstance(node.op, ast.And):
            return np.logical_and.reduce(ins), np.logical_or.reduce(outs)
        return np.logical_or.reduce(ins), np.logical_and.reduce(outs)

    return value(ast.parse(text.strip(), mode="eval").body)


def compensated(sample: lg.Sample, matrix: lg.Compensation, name: str) -> NDArray:
    """One compensated channel: a plain sum in the order of the matrix's channels."""
    places = [sample.panel.index(channel) for channel in matrix.channels]
    total = np.zeros(sample.n_events)
    column = places.index(sample.panel.index(name))
    for row, place in enumerate(places):
        weight = matrix.inverse[row, column]
        total = total + sample.columns[place].astype(np.float64) * weight
    return total


def evaluate(
    strategy: lg.GatingStrategy, places_of: Callable[[Any], NDArray[np.float64]]
) -> dict[str, Masks]:
    """Decide every population of a strategy from the places of its channels."""
    decided: dict[str, Masks] = {}

    def decide(path: str) -> Masks:
        if path not in decided:
            gate, parent = strategy[path], strategy.parent(path)
            if isinstance(gate, lg.RectangleGate):
                own = rectangle(
                    [places_of(channel) for channel in gate.dimensions],
                    list(gate.dimensions.values()),
                    closed=gate.interval == "closed",
                )
            elif isinstance(gate, lg.PolygonGate):
                own = polygon(gate.vertices, places_of(gate.x), places_of(gate.y))
            elif isinstance(gate, lg.EllipsoidGate):
                columns = [places_of(axis) for axis in gate.axes]
                own = ellipsoid(
                    gate.mean, gate.covariance, gate.distance_square, columns
                )
            else:
                needed = {n: decide(strategy.path(n)) for n in gate.populations}
                own = boolean(gate.expression, needed)
            if parent is not None:
                around = decide(parent)
                own = (own[0] & around[0], (own[1] & around[0]) | around[1])
            decided[path] = own
        return decided[path]

    return {path: decide(path) for path in strategy.paths}
