"""The tree of populations below an element, and the names that paths are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longate.exceptions import LongateError
from longate.io.flowjo.markup import attribute, child, children, count_of, local
from longate.io.flowjo.model import WorkspacePopulation, WorkspaceStatistic
from longate.io.flowjo.names import unique_name
from longate.io.flowjo.shapes.boolean import NODES, BooleanDrawing
from longate.io.flowjo.shapes.ellipse import EllipseDrawing
from longate.io.flowjo.shapes.polygon import PolygonDrawing
from longate.io.flowjo.shapes.rectangle import CurlyDrawing, RectangleDrawing

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from longate.io.flowjo.shapes.drawing import Drawing

READERS: dict[str, Callable[[_Element], Drawing]] = {
    kind.element: kind.read
    for kind in (RectangleDrawing, CurlyDrawing, PolygonDrawing, EllipseDrawing)
}
"""Element of a gate -> its reader."""


@dataclass
class Tree:
    """Populations and statistics that were found, in the order of the file."""

    populations: list[WorkspacePopulation] = field(default_factory=list)
    statistics: list[WorkspaceStatistic] = field(default_factory=list)

    def read(self, node: _Element) -> Tree:
        """Read what lies below the node of a sample; no recursion, however deep."""
        waiting: list[tuple[_Element, str, str]] = [(node, "", "")]
        while waiting:
            element, path, written = waiting.pop()
            below = child(element, "Subpopulations")
            taken: dict[str, int] = {}
            found = []
            for one in children(below, "Population", *NODES, "Statistic"):
                if local(one) == "Statistic":
                    self.statistics.append(_statistic(one, path))
                    continue
                name = unique_name(attribute(one, "name", ""), taken)
                own = f"{path}/{name}".lstrip("/")
                as_written = f"{written}/{attribute(one, 'name', '')}".lstrip("/")
                self.populations.append(_population(one, own, as_written, path or None))
                found.append((one, own, as_written))
            waiting += reversed(found)
        return self


def _population(
    element: _Element, path: str, written: str, parent: str | None
) -> WorkspacePopulation:
    kind, problem = local(element), None
    drawing: Drawing | BooleanDrawing | None = None
    try:
        if kind in NODES:
            drawing = BooleanDrawing.read(element)
        else:
            kind, drawing = _gate_of(element)
    except (LongateError, ValueError, ZeroDivisionError, OverflowError) as error:
        problem = str(error)
    return WorkspacePopulation(
        path,
        written,
        parent,
        count_of(element),
        drawing,
        attribute(element, "owningGroup", ""),
        problem or (None if drawing is not None else "it has no gate"),
        kind,
    )


def _gate_of(element: _Element) -> tuple[str, Drawing | None]:
    gate = child(element, "Gate")
    for shape in gate if gate is not None else ():
        kind = local(shape)
        if kind in READERS:
            return kind, READERS[kind](shape)
        msg = f"gates of kind {kind} are not supported"
        raise LongateError(msg)
    return "", None


def _statistic(element: _Element, path: str) -> WorkspaceStatistic:
    try:
        value = float(attribute(element, "value", "nan"))
    except ValueError:
        value = math.nan
    return WorkspaceStatistic(
        path, attribute(element, "name", ""), attribute(element, "id", ""), value
    )
