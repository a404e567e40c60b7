"""Polygon gates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._validation import one_of
from longate.exceptions import GateError
from longate.gating.gates.base import Gate
from longate.gating.gates.dimension import Axis, axis_of
from longate.gating.gates.units import DATA, SCALED, UNITS, on_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from longate.cytometry.transforms import Ratio, Transform
    from longate.gating.gates.dimension import Dimension


@dataclass(frozen=True, init=False, repr=False)
class PolygonGate(Gate):
    """A polygon on two axes: even-odd, border and vertices inside.

    Parameters
    ----------
    name : str
        What the population is called.
    x, y : str, Ratio or Dimension
        The axes, different from each other.
    vertices : sequence of (x, y)
        At least three, finite, not on one line; the last is joined to the first.
    parent : str, optional
        Path or unique name of the population in which the gate lies.
    custom_info : str, optional
        Text that other programs keep with the gate.
    units : {"scaled", "data"}
        Of the coordinates: scaled values, or those of the data before the scale. A
        strategy stores scaled values, by the scales that it has.

    Raises
    ------
    GateError
        If the vertices make no area.

    References
    ----------
    Gating-ML 2.0, section 5.2.1 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> corners = [(0, 0), (9, 0), (0, 9)]
    >>> gate = lg.PolygonGate("Cells", x="FSC-A", y="SSC-A", vertices=corners)
    >>> gate
    PolygonGate 'Cells': 3 vertices on FSC-A x SSC-A
    >>> gate.contains({"FSC-A": [9.0, 5.0], "SSC-A": [0.0, 5.0]}).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "polygon"

    x: Axis
    y: Axis
    vertices: tuple[tuple[float, float], ...]
    units: str = SCALED

    def __init__(
        self,
        name: str,
        *,
        x: str | Ratio | Dimension,
        y: str | Ratio | Dimension,
        vertices: Sequence[Sequence[float]],
        parent: str | None = None,
        custom_info: str | None = None,
        units: str = SCALED,
    ) -> None:
        one_of(f"gate {name!r}: units", units, UNITS, GateError)
        try:
            points = tuple((float(vx), float(vy)) for vx, vy in vertices)
        except (TypeError, ValueError, OverflowError):
            msg = (
                f"gate {name!r}: vertices={vertices!r} are not pairs (x, y) of numbers"
            )
            raise GateError(msg) from None
        across, along = axis_of(x, gate=name), axis_of(y, gate=name)
        if across == along:
            msg = f"gate {name!r}: both axes are {str(across)!r}; a polygon needs two"
            raise GateError(msg)
        self._set(
            name=name,
            parent=parent,
            custom_info=custom_info,
            x=across,
            y=along,
            vertices=points,
            units=units,
        )
        self._refuse_no_region()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its axes: names, or a :class:`Dimension` where one says more than that."""
        return (self.x, self.y)

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        told = " (data units)" if self.units == DATA else ""
        return f"{len(self.vertices)} vertices on {self.x} x {self.y}{told}"

    def scaled(self, scale_of: Callable[[Axis], Transform | None]) -> PolygonGate:
        """Return the gate with scaled vertices, see :meth:`Gate.scaled`."""
        if self.units == SCALED:
            return self
        vertices = tuple(
            (
                on_scale(self.name, self.x, across, scale_of),
                on_scale(self.name, self.y, along, scale_of),
            )
            for across, along in self.vertices
        )
        return replace(self, vertices=vertices, units=SCALED)

    @property
    def kernel(self) -> tuple[str, list[float]]:
        """Its kind and its parameters: x and y of each vertex."""
        return self.kind, list(chain.from_iterable(self.vertices))

    def outline(self, n_points: int = 128) -> tuple[NDArray[np.float64], ...]:
        """Return the vertices, see :meth:`Gate.outline`."""
        return (np.array(self.vertices),)

    def moved(self, distances: Sequence[float], factor: float = 1.0) -> PolygonGate:
        """Return the gate moved and resized, see :meth:`Gate.moved`."""
        corners = np.array(self.vertices)
        if factor != 1.0:
            centre = (corners.min(0) + corners.max(0)) / 2
            corners = centre + (corners - centre) * factor
        return replace(self, vertices=tuple(map(tuple, (corners + distances).tolist())))

    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        corners = [list(vertex) for vertex in self.vertices]
        shape = {"x": axis(self.x), "y": axis(self.y), "vertices": corners}
        return shape | ({"units": DATA} if self.units == DATA else {})

    @classmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> PolygonGate:
        x, y = axis(shape["x"]), axis(shape["y"])
        units = shape.get("units", SCALED)
        return cls(**names, x=x, y=y, vertices=shape["vertices"], units=units)
