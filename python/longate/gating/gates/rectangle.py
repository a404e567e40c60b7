"""Rectangle gates: intervals on one or more axes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._validation import one_of
from longate.exceptions import GateError
from longate.gating.gates.base import Gate
from longate.gating.gates.dimension import Axis, axis_of
from longate.gating.gates.frozen import FrozenDict
from longate.gating.gates.units import DATA, SCALED, UNITS, on_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from longate.cytometry.transforms import Transform

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, init=False, repr=False)
class RectangleGate(Gate):
    """Intervals on one or more axes, all of which must hold.

    Parameters
    ----------
    name : str
        What the population is called.
    parent : str, optional
        Path or unique name of the population in which the gate lies.
    dimensions : mapping of axis to (min, max), optional
        By marker, detector, Ratio or :class:`Dimension`; ``None`` leaves a side open.
    interval : {"half-open", "closed"}
        ``[min, max)`` as in Gating-ML 2.0, or ``[min, max]`` as in flowCore and
        openCyto.
    custom_info : str, optional
        Text that other programs keep with the gate.
    units : {"scaled", "data"}
        Of the coordinates: scaled values, or those of the data before the scale. A
        strategy stores scaled values, by the scales that it has.
    **more_dimensions : (min, max)
        Channels whose names are Python identifiers.

    Raises
    ------
    GateError
        If there is no dimension, a bound is NaN, or no event could be inside.

    References
    ----------
    Gating-ML 2.0, section 5.1.1 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> gate = lg.RectangleGate("CD3- CD56+", CD3=(None, 0.35), CD56=(0.4, None))
    >>> gate
    RectangleGate 'CD3- CD56+': CD3 < 0.35, CD56 >= 0.4
    >>> gate.contains({"CD3": [0.1, 0.35], "CD56": [0.4, 0.4]}).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "rectangle"

    dimensions: Mapping[Axis, Bounds]
    interval: str
    units: str = SCALED

    def __init__(
        self,
        name: str,
        *,
        parent: str | None = None,
        dimensions: Mapping[Any, Bounds] | None = None,
        interval: str = "half-open",
        custom_info: str | None = None,
        units: str = SCALED,
        **more_dimensions: Bounds,
    ) -> None:
        if not isinstance(dimensions, Mapping | None):
            msg = f"gate {name!r}: dimensions={dimensions!r} is no {{axis: (min, max)}}"
            raise GateError(msg)
        one_of(f"gate {name!r}: interval", interval, ("half-open", "closed"), GateError)
        one_of(f"gate {name!r}: units", units, UNITS, GateError)
        checked: dict[Axis, Bounds] = {}
        for given in (dimensions or {}, more_dimensions):
            for key, bounds in given.items():
                axis = axis_of(key, gate=name)
                if axis in checked:
                    msg = f"gate {name!r} has two intervals on {str(axis)!r}"
                    raise GateError(msg)
                checked[axis] = _bounds(name, str(axis), bounds, interval)
        if not checked:
            msg = f"gate {name!r} has no dimension; give a channel's (min, max)"
            raise GateError(msg)
        self._set(
            name=name,
            parent=parent,
            custom_info=custom_info,
            dimensions=FrozenDict(checked),
            interval=interval,
            units=units,
        )

    def __hash__(self) -> int:
        """Hash by everything that makes the gate."""
        sides = frozenset(self.dimensions.items())
        return hash((self.name, self.parent, self.interval, sides))

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its axes: names, or a :class:`Dimension` where one says more than that."""
        return tuple(self.dimensions)

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        upper = "<=" if self.interval == "closed" else "<"
        parts = []
        for axis, (low, high) in self.dimensions.items():
            if low is not None and high is not None:
                parts.append(f"{low:g} <= {axis} {upper} {high:g}")
            elif low is not None:
                parts.append(f"{axis} >= {low:g}")
            elif high is not None:
                parts.append(f"{axis} {upper} {high:g}")
            else:
                parts.append(f"{axis} any")
        told = " (data units)" if self.units == DATA else ""
        return ", ".join(parts) + told

    @property
    def bounds(self) -> Mapping[Axis, Bounds]:
        """The interval on each axis; None where a side is open."""
        return self.dimensions

    def scaled(self, scale_of: Callable[[Axis], Transform | None]) -> RectangleGate:
        """Return the gate with scaled bounds, see :meth:`Gate.scaled`."""
        if self.units == SCALED:
            return self

        def end(axis: Axis, value: float | None) -> float | None:
            if value is None:
                return None
            return on_scale(self.name, axis, value, scale_of)

        scaled = {
            axis: (end(axis, low), end(axis, high))
            for axis, (low, high) in self.dimensions.items()
        }
        return replace(self, dimensions=scaled, units=SCALED)

    @property
    def kernel(self) -> tuple[str, list[float | None]]:
        """Its kind and its parameters: the bounds of each axis."""
        kind = "closed_rectangle" if self.interval == "closed" else self.kind
        return kind, list(chain.from_iterable(self.dimensions.values()))

    def outline(self, n_points: int = 128) -> tuple[NDArray[np.float64], ...]:
        """Return the corners on the first two axes, see :meth:`Gate.outline`."""
        return (box([*self.dimensions.values()]),)

    def moved(self, distances: Sequence[float], factor: float = 1.0) -> RectangleGate:
        """Return the gate moved and resized, see :meth:`Gate.moved`."""
        sides = zip(self.dimensions.items(), distances, strict=True)
        moved = {
            axis: self._side(bounds, distance, factor)
            for (axis, bounds), distance in sides
        }
        return replace(self, dimensions=moved)

    def _side(self, bounds: Bounds, distance: float, factor: float) -> Bounds:
        low, high = bounds
        if factor != 1.0:
            if low is None or high is None:
                msg = (
                    f"gate {self.name!r} has an open side: it can be moved, and has no "
                    "centre to grow about"
                )
                raise GateError(msg)
            centre = (low + high) / 2
            low = centre + (low - centre) * factor
            high = centre + (high - centre) * factor
        return (
            None if low is None else low + distance,
            None if high is None else high + distance,
        )

    def rule(self, path_of: Callable[[str], str]) -> list[Any]:
        """Return its kind and shape, whatever the order of its intervals."""
        kind, shape = super().rule(path_of)
        shape["dimensions"].sort(key=json.dumps)
        return [kind, shape]

    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        sides = [[axis(key), *bounds] for key, bounds in self.dimensions.items()]
        shape = {"dimensions": sides, "interval": self.interval}
        return shape | ({"units": DATA} if self.units == DATA else {})

    @classmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> RectangleGate:
        sides = shape["dimensions"]
        dimensions = {axis(side[0]): (side[1], side[2]) for side in _rows(sides, 3)}
        if len(dimensions) != len(sides):
            msg = f"gate {names['name']!r} has two intervals on one axis"
            raise GateError(msg)
        return cls(
            **names,
            dimensions=dimensions,
            interval=shape["interval"],
            units=shape.get("units", SCALED),
        )


def box(sides: Sequence[Bounds]) -> NDArray[np.float64]:
    """Return the four corners of intervals on two axes, or on one; open sides infinite.

    Parameters
    ----------
    sides : sequence of (min, max)
        The first two count.
    """
    (left, right), (bottom, top) = [
        (-math.inf if low is None else low, math.inf if high is None else high)
        for low, high in [*sides, (None, None)][:2]
    ]
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)])


def _rows(sides: Any, length: int) -> list[list[Any]]:
    whole = isinstance(sides, list) and all(
        isinstance(side, list) and len(side) == length for side in sides
    )
    if not whole:
        msg = f"{sides!r} is no list of [axis, min, max]"
        raise TypeError(msg)
    return list(sides)


def _bounds(name: str, axis: str, bounds: Bounds, interval: str) -> Bounds:
    try:
        # Letters would be read one by one; sets and mappings have no order.
        if isinstance(bounds, str | bytes | Set | Mapping):
            raise TypeError
        low, high = (None if b is None else float(b) for b in bounds)
    except (TypeError, ValueError, OverflowError):
        msg = (
            f"gate {name!r}: {axis}={bounds!r} is not (min, max) with numbers or "
            "None for an open side"
        )
        raise GateError(msg) from None
    if any(b is not None and math.isnan(b) for b in (low, high)):
        msg = f"gate {name!r}: a bound of {axis!r} is NaN"
        raise GateError(msg)
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    empty = least > most if interval == "closed" else least >= most
    if empty or least == math.inf or most == -math.inf:
        msg = f"gate {name!r}: {axis}={bounds!r} holds no event; min must be below max"
        raise GateError(msg)
    return (None if least == -math.inf else low, None if most == math.inf else high)
