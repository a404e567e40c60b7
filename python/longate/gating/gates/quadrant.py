"""Quadrant gates: dividers cut axes into intervals, quadrants pick from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._core import quadrant_counts, quadrant_masks
from longate._validation import one_of
from longate.exceptions import GateError
from longate.gating.gates.base import Gate, check_name
from longate.gating.gates.columns import columns_of
from longate.gating.gates.dividers import Divider, dividers_of, locations_of
from longate.gating.gates.frozen import FrozenDict
from longate.gating.gates.rectangle import RectangleGate, box
from longate.gating.gates.sketch import regions
from longate.gating.gates.units import DATA, SCALED, UNITS, on_scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.transforms import Transform
    from longate.gating.gates.dimension import Axis
    from longate.gating.gates.rectangle import Bounds


@dataclass(frozen=True, init=False, repr=False)
class QuadrantGate(Gate):
    """Cuts on one or more axes, and the populations that lie between them.

    The quadrants are the populations (of path ``<parent>/<quadrant>``); the gate itself
    is none and no parent.

    Parameters
    ----------
    name : str
        What the gate is called.
    dividers : mapping
        ``{id: (axis, values)}``, or ``{axis: values}`` where the axis's name is the id.
        The axis is a channel's name, a Ratio or a :class:`Dimension`; `values` are one
        cut or several, different and finite, that make half-open intervals ``[a, b)``.
    quadrants : mapping of str to mapping of str to float, optional
        Name -> divider id -> a location in the interval that is meant; a location on a
        cut belongs to the interval above. A quadrant that leaves out a divider reaches
        over all of its intervals. By default every combination is a quadrant, called
        like ``"CD3- CD56+"`` (``++`` above a second cut).
    parent : str, optional
        Path or unique name of the population in which the gate lies.
    custom_info : str, optional
        Text that other programs keep with the gate.
    units : {"scaled", "data"}
        Of cuts and locations: scaled values, or those of the data before the scale. A
        strategy stores scaled values, by the scales that it has.

    Raises
    ------
    GateError
        If a divider or a quadrant is malformed, a quadrant refers to a divider that
        does not exist, or two quadrants overlap.

    References
    ----------
    Gating-ML 2.0, section 5.4 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> gate = lg.QuadrantGate("CD3 x CD56", dividers={"CD3": 0.35, "CD56": [0.4, 0.7]})
    >>> gate
    QuadrantGate 'CD3 x CD56': 6 quadrants of CD3 at 0.35, CD56 at 0.4, 0.7
    >>> gate.rectangles["CD3- CD56+"]
    RectangleGate 'CD3- CD56+': CD3 < 0.35, 0.4 <= CD56 < 0.7
    """

    kind: ClassVar[str] = "quadrant"

    dividers: Mapping[str, Divider]
    quadrants: Mapping[str, Mapping[str, float]]
    units: str = SCALED

    def __init__(
        self,
        name: str,
        *,
        dividers: Mapping[Any, Any],
        quadrants: Mapping[str, Mapping[str, float]] | None = None,
        parent: str | None = None,
        custom_info: str | None = None,
        units: str = SCALED,
    ) -> None:
        one_of(f"gate {name!r}: units", units, UNITS, GateError)
        cuts = dividers_of(name, dividers)
        if quadrants is None:
            quadrants = _all_quadrants(name, cuts)
        named = {
            quadrant: FrozenDict(locations_of(name, quadrant, positions, cuts))
            for quadrant, positions in _checked_mapping(name, quadrants).items()
        }
        self._set(
            name=name,
            parent=parent,
            custom_info=custom_info,
            dividers=FrozenDict(cuts),
            quadrants=FrozenDict(named),
            units=units,
        )
        self._refuse_overlap()

    def __hash__(self) -> int:
        """Hash by everything that makes the gate."""
        quadrants = frozenset(
            (name, frozenset(positions.items()))
            for name, positions in self.quadrants.items()
        )
        cuts = frozenset(self.dividers.items())
        return hash((self.name, self.parent, cuts, quadrants))

    @property
    def rectangles(self) -> dict[str, RectangleGate]:
        """Quadrant's name -> the same population as a half-open rectangle."""
        return {
            quadrant: RectangleGate(
                quadrant, parent=self.parent, dimensions=self._sides(quadrant)
            )
            for quadrant in self.quadrants
        }

    @property
    def parts(self) -> Mapping[str, RectangleGate]:
        """Quadrant's name -> its population as a rectangle; the gate itself is none."""
        return self.rectangles

    def scaled(self, scale_of: Callable[[Axis], Transform | None]) -> QuadrantGate:
        """Return the gate with scaled cuts and locations, see :meth:`Gate.scaled`."""
        if self.units == SCALED:
            return self

        def moved(which: str, value: float) -> float:
            return on_scale(self.name, self.dividers[which].axis, value, scale_of)

        dividers = {
            which: Divider(cut.axis, tuple(moved(which, v) for v in cut.values))
            for which, cut in self.dividers.items()
        }
        quadrants = {}
        for quadrant, positions in self.quadrants.items():
            own = {which: self._middle(which, at) for which, at in positions.items()}
            quadrants[quadrant] = {which: moved(which, at) for which, at in own.items()}
        return replace(self, dividers=dividers, quadrants=quadrants, units=SCALED)

    def _middle(self, which: str, location: float) -> float:
        """Return the lower cut of the interval of a location, or one far below."""
        cuts = self.dividers[which].values
        above = bisect_right(cuts, location)
        return cuts[above - 1] if above else cuts[0] - abs(cuts[0]) / 2 - 1.0

    def outline(self, n_points: int = 128) -> tuple[NDArray[np.float64], ...]:
        """Return the corners of each quadrant in turn, see :meth:`Gate.outline`."""
        curves = []
        for quadrant in self.quadrants:
            sides = self._sides(quadrant)
            curves.append(box([sides.get(axis, (None, None)) for axis in self.axes]))
        return tuple(curves)

    def _drawn(self, *, named: bool) -> str:
        curves = [[curve] for curve in self.outline()]
        return regions(curves, [(0.08, 0.2)[k % 2] for k in range(len(curves))])

    def _sides(self, quadrant: str) -> dict[Axis, Bounds]:
        sides: dict[Axis, Bounds] = {}
        for which, location in self.quadrants[quadrant].items():
            divider = self.dividers[which]
            low, high = divider.interval(location)
            if divider.axis in sides:  # two dividers may cut one axis
                other_low, other_high = sides[divider.axis]
                low = _of_both(max, low, other_low)
                high = _of_both(min, high, other_high)
                if low is not None and high is not None and low >= high:
                    msg = (
                        f"gate {self.name!r}: there is no quadrant {quadrant!r}: its "
                        f"positions on {str(divider.axis)!r} exclude each other"
                    )
                    raise GateError(msg)
            sides[divider.axis] = (low, high)
        return sides

    def _refuse_overlap(self) -> None:
        sides = {quadrant: self._sides(quadrant) for quadrant in self.quadrants}
        for one, other in combinations(sides, 2):
            shared = sides[one].keys() & sides[other].keys()
            if not any(_apart(sides[one][axis], sides[other][axis]) for axis in shared):
                msg = (
                    f"gate {self.name!r}: the quadrants {one!r} and {other!r} overlap; "
                    "give them positions in different intervals of a divider"
                )
                raise GateError(msg)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its axes: names, or a :class:`Dimension` where one says more than that."""
        return tuple(dict.fromkeys(cut.axis for cut in self.dividers.values()))

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        cuts = ", ".join(
            f"{cut.axis} at {', '.join(f'{value:g}' for value in cut.values)}"
            for cut in self.dividers.values()
        )
        n = len(self.quadrants)
        return f"{n} quadrant{'s' if n != 1 else ''} of {cuts}"

    def masks(self, values: Mapping[Any, ArrayLike]) -> dict[str, NDArray[np.bool_]]:
        """Decide each quadrant; keys and columns as in :meth:`Gate.contains`.

        Returns
        -------
        dict of str to (n_events,) numpy.ndarray of bool
            By quadrant; no event is in two.
        """
        cuts, quadrants, axes = self._cut
        columns = columns_of(self.name, axes, values)
        n_events = len(columns[0])
        masks = (
            np.unpackbits(mask.view(np.uint8), count=n_events, bitorder="little")
            for mask in quadrant_masks(cuts, quadrants, columns)
        )
        return {
            name: mask.view(np.bool_)
            for name, mask in zip(self.quadrants, masks, strict=True)
        }

    def counts(self, values: Mapping[Any, ArrayLike]) -> dict[str, int]:
        """Count the events in each quadrant, without a mask of bytes for each.

        Parameters
        ----------
        values : mapping of axis to (n_events,) array-like of float
            As in :meth:`Gate.contains`.

        Returns
        -------
        dict of str to int
            Number of events by quadrant; those with NaN on an axis that a quadrant
            names are not in it.

        Raises
        ------
        GateError
            If a column is missing, or columns differ in length.

        Examples
        --------
        >>> import longate as lg
        >>> gate = lg.QuadrantGate("q", dividers={"CD3": 0.35, "CD56": 0.4})
        >>> gate.counts({"CD3": [0.1, 0.2, 0.6], "CD56": [0.5, 0.4, 0.1]})
        {'CD3- CD56-': 0, 'CD3- CD56+': 2, 'CD3+ CD56-': 1, 'CD3+ CD56+': 0}
        """
        cuts, quadrants, axes = self._cut
        counts = quadrant_counts(cuts, quadrants, columns_of(self.name, axes, values))
        return dict(zip(self.quadrants, counts, strict=True))

    @cached_property
    def _cut(self) -> tuple[list[Any], list[Any], list[Axis]]:
        """Where dividers cut, what quadrants take, and dividers' axes."""
        dividers = self.dividers.values()
        return (
            [cut.values for cut in dividers],
            [self._taken(positions) for positions in self.quadrants.values()],
            [cut.axis for cut in dividers],
        )

    def _taken(self, positions: Mapping[str, float]) -> list[int | None]:
        """Return the interval of each divider that a quadrant takes, None for all."""
        return [
            bisect_right(cut.values, positions[which]) if which in positions else None
            for which, cut in self.dividers.items()
        ]

    def contains(self, values: Mapping[Any, ArrayLike]) -> NDArray[np.bool_]:
        """Return which events lie in any of the quadrants."""
        first, *more = self.masks(values).values()
        for mask in more:
            first |= mask
        return first

    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        return {
            "dividers": {
                which: [axis(cut.axis), list(cut.values)]
                for which, cut in self.dividers.items()
            },
            "quadrants": {
                quadrant: dict(positions)
                for quadrant, positions in self.quadrants.items()
            },
        } | ({"units": DATA} if self.units == DATA else {})

    @classmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> QuadrantGate:
        dividers = {
            which: (axis(cut[0]), cut[1]) for which, cut in shape["dividers"].items()
        }
        units = shape.get("units", SCALED)
        quadrants = shape["quadrants"]
        return cls(**names, dividers=dividers, quadrants=quadrants, units=units)


def _all_quadrants(
    name: str, cuts: Mapping[str, Divider]
) -> dict[str, dict[str, float]]:
    """Return every combination of intervals, called like ``CD3- CD56+``."""
    if len({cut.axis for cut in cuts.values()}) != len(cuts):
        msg = (
            f"gate {name!r} has two dividers on one axis; give one divider both "
            "values, or name the quadrants"
        )
        raise GateError(msg)
    slashed = [which for which in cuts if "/" in which]
    if slashed:
        msg = (
            f"gate {name!r}: no quadrant can be called after {slashed[0]!r}, as '/' "
            "joins names into paths; name the divider ({'r': (axis, values)}) or the "
            "quadrants"
        )
        raise GateError(msg)
    quadrants = {}
    for chosen in product(*(range(len(cut.values) + 1) for cut in cuts.values())):
        steps = zip(cuts.items(), chosen, strict=True)
        chosen_locations = {
            which: (f"{which}{'+' * step or '-'}", cut.locations[step])
            for (which, cut), step in steps
        }
        quadrant = " ".join(word for word, _ in chosen_locations.values())
        quadrants[quadrant] = {which: at for which, (_, at) in chosen_locations.items()}
    return quadrants


def _checked_mapping(name: str, quadrants: Any) -> Mapping[str, Any]:
    if not isinstance(quadrants, Mapping) or not quadrants:
        msg = f"gate {name!r} has no quadrant; give {{name: {{divider: location}}}}"
        raise GateError(msg)
    for quadrant in quadrants:
        try:
            check_name(quadrant)
        except GateError as error:
            msg = f"gate {name!r}: {error}"
            raise GateError(msg) from None
    return quadrants


def _of_both(
    pick: Callable[[float, float], float], one: float | None, other: float | None
) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return pick(one, other)


def _apart(one: Bounds, other: Bounds) -> bool:
    """Return whether two half-open intervals share no number."""
    return any(
        high is not None and low is not None and high <= low
        for (_, high), (low, _) in ((one, other), (other, one))
    )
