"""The dividers of quadrant gates: where axes are cut, and which interval is meant."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from longate._validation import listed, suggest
from longate.cytometry.transforms import Ratio
from longate.exceptions import GateError
from longate.gating.gates.dimension import Axis, Dimension, axis_of, dimension_of

if TYPE_CHECKING:
    from longate.gating.gates.rectangle import Bounds


class Divider(NamedTuple):
    """What cuts an axis into intervals."""

    axis: Axis
    """The axis that is cut."""
    values: tuple[float, ...]
    """Where, ascending; k values make k + 1 intervals ``[a, b)``."""

    def interval(self, location: float) -> Bounds:
        """Return the interval that holds a location; a cut belongs to the upper."""
        above = bisect_right(self.values, location)
        low = self.values[above - 1] if above else None
        high = self.values[above] if above < len(self.values) else None
        return (low, high)

    @property
    def locations(self) -> tuple[float, ...]:
        """A location in each interval, from the lowest to the highest."""
        first, last = self.values[0], self.values[-1]
        between = [a / 2 + b / 2 for a, b in pairwise(self.values)]
        chosen = [first - 1.0, *between, last + 1.0]
        # Where rounding leaves the interval, its lower cut is the location.
        spare = [math.nextafter(first, -math.inf), *self.values]
        return tuple(
            middle if bisect_right(self.values, middle) == step else other
            for step, (middle, other) in enumerate(zip(chosen, spare, strict=True))
        )


def dividers_of(name: str, given: Mapping[Any, Any]) -> dict[str, Divider]:
    """Return dividers by name, checked.

    Raises
    ------
    GateError
        If there is none, one has no finite value, or two have one name.
    """
    if not isinstance(given, Mapping) or not given:
        msg = f"gate {name!r} has no divider; give an axis and where it is cut"
        raise GateError(msg)
    cuts: dict[str, Divider] = {}
    for key, cut in given.items():
        with_axis = (
            isinstance(cut, tuple | list)
            and len(cut) == 2
            and isinstance(cut[0], str | Dimension | Ratio)
        )
        axis, values = cut if with_axis else (key, cut)
        which = key if isinstance(key, str) else str(dimension_of(key))
        if which in cuts:
            msg = f"gate {name!r} has two dividers {which!r}"
            raise GateError(msg)
        cuts[which] = Divider(axis_of(axis, gate=name), _cuts(name, which, values))
    return cuts


def _cuts(name: str, which: str, given: Any) -> tuple[float, ...]:
    listed_values = [given] if isinstance(given, Real) else given
    if isinstance(given, str | bytes):
        listed_values = ()  # letters would be read one by one
    try:
        values = tuple(sorted(float(value) for value in listed_values))
    except (TypeError, ValueError, OverflowError):
        values = ()
    if not values or not all(map(math.isfinite, values)):
        msg = f"gate {name!r}: divider {which!r} needs finite values; got {given!r}"
        raise GateError(msg)
    if len(set(values)) != len(values):
        msg = f"gate {name!r}: divider {which!r} has a value twice: {given!r}"
        raise GateError(msg)
    return values


def locations_of(
    name: str, quadrant: str, positions: Any, cuts: Mapping[str, Divider]
) -> dict[str, float]:
    """Return the positions of a quadrant by divider, checked.

    Raises
    ------
    GateError
        If there is none, or one is for no divider or not finite.
    """
    if not isinstance(positions, Mapping) or not positions:
        msg = (
            f"gate {name!r}: quadrant {quadrant!r} has no position; give "
            "{divider: location}"
        )
        raise GateError(msg)
    checked = {}
    for which, location in positions.items():
        if which not in cuts:
            msg = (
                f"gate {name!r}: quadrant {quadrant!r} has a position on the divider "
                f"{which!r}, which does not exist{suggest(str(which), cuts)}; there "
                f"are {listed(cuts)}"
            )
            raise GateError(msg)
        try:
            at = float(location)
        except (TypeError, ValueError, OverflowError):
            at = math.nan
        if not math.isfinite(at):
            msg = (
                f"gate {name!r}: the position of quadrant {quadrant!r} on {which!r} "
                f"must be a finite number; got {location!r}"
            )
            raise GateError(msg)
        checked[which] = at
    return checked
