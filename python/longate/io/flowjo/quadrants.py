"""Straight quadrants: four rectangles in FlowJo, one gate here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from longate.exceptions import LongateError
from longate.gating.gates.quadrant import QuadrantGate
from longate.io.flowjo.names import unique_name
from longate.io.flowjo.shapes.rectangle import CurlyDrawing, RectangleDrawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longate.io.flowjo.columns import Columns
    from longate.io.flowjo.model import WorkspacePopulation

Corner = tuple[tuple[str, float, bool], tuple[str, float, bool]]


def quadrant_gates(
    populations: Sequence[WorkspacePopulation], columns: Columns
) -> Iterator[tuple[tuple[str, ...], QuadrantGate]]:
    """Find the quadrants among siblings: four rectangles that share one cross.

    Parameters
    ----------
    populations : sequence of WorkspacePopulation
        Of a sample.
    columns : Columns
        Of the sample.

    Yields
    ------
    (tuple of str, QuadrantGate)
        Paths of the four populations, and the gate that makes them.
    """
    crosses: dict[tuple[object, ...], dict[Corner, WorkspacePopulation]] = {}
    for one in populations:
        corner = _corner(one)
        if corner is not None:
            cross = (one.parent, corner[0][:2], corner[1][:2])
            crosses.setdefault(cross, {}).setdefault(corner, one)
    taken: dict[str, int] = {}
    for corners in crosses.values():
        if len(corners) != 4:
            continue
        first = next(iter(corners.values()))
        names = [name for name, _, _ in next(iter(corners))]
        try:
            found = [columns[name] for name in names]
            dividers = {
                name: (column.plain, corner_value / column.unit)
                for name, column, (_, corner_value, _) in zip(
                    names, found, next(iter(corners)), strict=True
                )
            }
            quadrants = {
                one.name: {
                    name: dividers[name][1]
                    if above
                    else math.nextafter(dividers[name][1], -math.inf)
                    for name, _, above in corner
                }
                for corner, one in corners.items()
            }
            gate = QuadrantGate(
                unique_name(f"{names[0]} x {names[1]} quadrants", taken),
                parent=first.parent,
                dividers=dividers,
                quadrants=quadrants,
            )
        except LongateError:
            continue  # each rectangle says what is wrong
        yield tuple(one.path for one in corners.values()), gate


def _corner(one: WorkspacePopulation) -> Corner | None:
    """Return the cut of each axis, and on which side of it a population lies."""
    drawing = one.drawing
    if not isinstance(drawing, RectangleDrawing) or drawing.outside:
        return None
    if isinstance(drawing, CurlyDrawing) or len(drawing.sides) != 2:
        return None
    sides = []
    for name, low, high in drawing.sides:
        cut = high if low is None else low
        if (low is None) == (high is None) or cut is None:
            return None
        sides.append((name, cut, low is not None))
    x, y = sides
    return None if x[0] == y[0] else (x, y)
