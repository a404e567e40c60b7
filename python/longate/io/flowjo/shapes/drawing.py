"""Drawing: a gate as a workspace stores it, before it meets a geometry."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from longate.io.flowjo.markup import DATA, GATING, attribute, child, children, number

if TYPE_CHECKING:
    from lxml.etree import _Element

    from longate.gating.gates.base import Gate
    from longate.io.flowjo.columns import Columns, Geometry
    from longate.io.flowjo.markup import Names


_VALUE = f"{{{DATA}}}value"
_VERTEX = f"{{{GATING}}}vertex"
_COORDINATES = f"{_VERTEX}/{{{GATING}}}coordinate"


@dataclass(frozen=True)
class Drawing(ABC):
    """A gate of a workspace, in the numbers of the file.

    Parameters
    ----------
    outside : bool
        Whether the population is what lies outside (``eventsInside="0"``).
    """

    element: ClassVar[str] = ""

    outside: bool

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns it is drawn on."""

    @abstractmethod
    def gate(
        self, name: str, parent: str | None, columns: Columns, geometry: Geometry
    ) -> Gate:
        """Return the gate in one of the two geometries.

        Raises
        ------
        LongateError
            If a column is not there, or nothing could be inside.
        """

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return why the count under FlowJo's geometry may differ from FlowJo's."""
        return ()

    def kinds(self, columns: Columns) -> tuple[str, ...]:
        """Return the kinds of its axes, such as ``biex`` or ``linear``."""
        scales = [columns.scales.get(name) for name in self.columns]
        return tuple("plain" if one is None else one.kind for one in scales)

    @abstractmethod
    def write(self, parent: _Element, names: Names) -> None:
        """Write the element of the gate below ``Gate``."""


def is_outside(element: _Element) -> bool:
    """Return whether a gate keeps what is not inside."""
    return attribute(element, "eventsInside", "1") == "0"


def dimension_names(element: _Element) -> tuple[str, ...]:
    """Return the columns of a gate's ``dimension`` elements."""
    found = []
    for dimension in children(element, "dimension"):
        named = child(dimension, "fcs-dimension")
        name = "" if named is None else attribute(named, "name", "")
        found.append(name)
    return tuple(found)


def points_of(element: _Element | None) -> tuple[tuple[float, float], ...]:
    """Return the ``vertex`` elements of an element as pairs."""
    if element is None:
        return ()
    texts = [one.get(_VALUE) for one in element.iterfind(_COORDINATES)]
    n_vertices = sum(1 for _ in element.iterfind(_VERTEX))
    if texts and None not in texts and len(texts) == 2 * n_vertices:
        try:
            values = list(map(float, texts))
        except ValueError:
            values = [math.nan]
        if all(map(math.isfinite, values)):
            return tuple(zip(values[::2], values[1::2], strict=True))
    points = []
    for vertex in children(element, "vertex"):
        x, y = (number(one, "value") for one in children(vertex, "coordinate"))
        points.append((x, y))
    return tuple(points)
