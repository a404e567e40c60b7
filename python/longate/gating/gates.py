"""Gates: small frozen values that check, print and compare themselves.

Coordinates are on the scale of the strategy: places in [0, 1] where a channel has a
scale, plain values where it has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._core import polygon_contains
from longate._validation import listed, one_of
from longate.exceptions import GateError
from longate.gating.boolean import parse, references
from longate.gating.counting import ALL_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, repr=False)
class Gate:
    """A gate; use one of the named kinds.

    Parameters
    ----------
    name : str
        What the population is called; not empty and without ``/``.
    parent : str or None
        Path or unique name of the population in which the gate lies.
    """

    kind: ClassVar[str] = ""

    name: str
    parent: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for text in (self.name, self.parent or ""):
            if not isinstance(text, str):
                msg = f"names of a gate and its parent are text, not {text!r}"
                raise GateError(msg)
        blank_at_an_end = self.name != self.name.strip()
        if not self.name or blank_at_an_end or "/" in self.name:
            msg = (
                f"a gate cannot be called {self.name!r}: a name is not empty, does not "
                "start or end with a blank, and holds no '/'"
            )
            raise GateError(msg)
        if self.name == ALL_EVENTS:
            msg = f"a gate cannot be called {ALL_EVENTS!r}: that names the whole file"
            raise GateError(msg)

    def __repr__(self) -> str:
        """Say where it lies and what it keeps."""
        where = f" in {self.parent!r}" if self.parent else ""
        return f"{type(self).__name__} {self.name!r}{where}: {self.description}"

    @property
    def channels(self) -> tuple[str, ...]:
        """The markers or detectors that the gate looks at."""
        return ()

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return ""

    @property
    def shape(self) -> dict[str, Any]:
        """What makes the gate beside its name and parent, as plain data."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """Return the gate as plain data: kind, name, parent and its shape."""
        return {
            "kind": self.kind,
            "name": self.name,
            "parent": self.parent,
            **self.shape,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Gate:
        """Rebuild a gate from what :meth:`to_json` gave.

        Raises
        ------
        GateError
            If the kind of gate is unknown.
        """
        kinds = {kind.kind: kind for kind in (RectangleGate, PolygonGate, BooleanGate)}
        entries = dict(data)
        kind = entries.pop("kind", None)
        if kind not in kinds:
            msg = f"no gate is of kind {kind!r}; known are {sorted(kinds)}"
            raise GateError(msg)
        made: Gate = kinds[kind](entries.pop("name"), **entries)
        return made


@dataclass(frozen=True, init=False, repr=False)
class RectangleGate(Gate):
    """Intervals on one or more channels, all of which must hold.

    Parameters
    ----------
    name : str
        What the population is called.
    parent : str, optional
        Path or unique name of the population in which the gate lies.
    dimensions : mapping of str to (min, max), optional
        By marker or detector; ``None`` leaves a side open.
    interval : {"half-open", "closed"}
        ``[min, max)`` as in Gating-ML 2.0, or ``[min, max]`` as in flowCore and
        openCyto.
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
    >>> lg.RectangleGate("CD3- CD56+", CD3=(None, 0.35), CD56=(0.4, None))
    RectangleGate 'CD3- CD56+': CD3 < 0.35, CD56 >= 0.4
    """

    kind: ClassVar[str] = "rectangle"

    dimensions: Mapping[str, Bounds]
    interval: str

    def __init__(
        self,
        name: str,
        *,
        parent: str | None = None,
        dimensions: Mapping[str, Bounds] | None = None,
        interval: str = "half-open",
        **more_dimensions: Bounds,
    ) -> None:
        given = {**(dimensions or {}), **more_dimensions}
        checked = {
            channel: _bounds(name, channel, bounds, interval)
            for channel, bounds in given.items()
        }
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "parent", parent)
        object.__setattr__(self, "dimensions", checked)
        object.__setattr__(self, "interval", interval)
        one_of("interval", interval, ("half-open", "closed"), GateError)
        if not checked:
            msg = f"gate {name!r} has no dimension; give a channel's (min, max)"
            raise GateError(msg)
        super().__post_init__()

    def __hash__(self) -> int:
        """Hash by everything that makes the gate."""
        sides = frozenset(self.dimensions.items())
        return hash((self.name, self.parent, self.interval, sides))

    @property
    def channels(self) -> tuple[str, ...]:
        """The markers or detectors that the gate looks at."""
        return tuple(self.dimensions)

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        upper = "<=" if self.interval == "closed" else "<"
        parts = []
        for channel, (low, high) in self.dimensions.items():
            if low is not None and high is not None:
                parts.append(f"{low:g} <= {channel} {upper} {high:g}")
            elif low is not None:
                parts.append(f"{channel} >= {low:g}")
            elif high is not None:
                parts.append(f"{channel} {upper} {high:g}")
            else:
                parts.append(f"{channel} any")
        return ", ".join(parts)

    @property
    def shape(self) -> dict[str, Any]:
        """Dimensions and the kind of interval, as plain data."""
        sides = {channel: list(bounds) for channel, bounds in self.dimensions.items()}
        return {"dimensions": sides, "interval": self.interval}


def _bounds(name: str, channel: str, bounds: Bounds, interval: str) -> Bounds:
    try:
        low, high = (None if b is None else float(b) for b in bounds)
    except (TypeError, ValueError):
        msg = (
            f"gate {name!r}: {channel}={bounds!r} is not (min, max) with numbers or "
            "None for an open side"
        )
        raise GateError(msg) from None
    if any(b is not None and math.isnan(b) for b in (low, high)):
        msg = f"gate {name!r}: a bound of {channel!r} is NaN"
        raise GateError(msg)
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    empty = least > most if interval == "closed" else least >= most
    if empty or least == math.inf or most == -math.inf:
        msg = (
            f"gate {name!r}: {channel}={bounds!r} holds no event; min must be below max"
        )
        raise GateError(msg)
    return (None if least == -math.inf else low, None if most == math.inf else high)


@dataclass(frozen=True, init=False, repr=False)
class PolygonGate(Gate):
    """A polygon on two channels: even-odd, border and vertices inside.

    Parameters
    ----------
    name : str
        What the population is called.
    x, y : str
        Markers or detectors of the axes.
    vertices : sequence of (x, y)
        At least three, finite, not on one line; the last is joined to the first.
    parent : str, optional
        Path or unique name of the population in which the gate lies.

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
    >>> lg.PolygonGate("Cells", x="FSC-A", y="SSC-A", vertices=[(0, 0), (9, 0), (0, 9)])
    PolygonGate 'Cells': 3 vertices on FSC-A x SSC-A
    """

    kind: ClassVar[str] = "polygon"

    x: str
    y: str
    vertices: tuple[tuple[float, float], ...]

    def __init__(
        self,
        name: str,
        *,
        x: str,
        y: str,
        vertices: Sequence[Sequence[float]],
        parent: str | None = None,
    ) -> None:
        try:
            points = tuple((float(vx), float(vy)) for vx, vy in vertices)
            polygon_contains(points, np.empty((0, 2)))
        except (TypeError, ValueError) as error:
            msg = f"gate {name!r}: {error}"
            raise GateError(msg) from None
        if x == y:
            msg = f"gate {name!r}: both axes are {x!r}; a polygon needs two channels"
            raise GateError(msg)
        for attribute, value in {
            "name": name,
            "parent": parent,
            "x": x,
            "y": y,
            "vertices": points,
        }.items():
            object.__setattr__(self, attribute, value)
        super().__post_init__()

    @property
    def channels(self) -> tuple[str, ...]:
        """The markers or detectors that the gate looks at."""
        return (self.x, self.y)

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return f"{len(self.vertices)} vertices on {self.x} x {self.y}"

    @property
    def shape(self) -> dict[str, Any]:
        """Axes and vertices, as plain data."""
        corners = [list(vertex) for vertex in self.vertices]
        return {"x": self.x, "y": self.y, "vertices": corners}


@dataclass(frozen=True, init=False, repr=False)
class BooleanGate(Gate):
    """And, or, not over other populations, each taken with its own ancestors.

    Parameters
    ----------
    name : str
        What the population is called.
    expression : str
        Populations (paths or unique names) joined by ``and``, ``or``, ``not`` and
        parentheses. ``not`` binds first, then ``and``. Names may hold blanks; one that
        holds an operator or a parenthesis is put in quotes.
    parent : str, optional
        Path or unique name of the population in which the gate lies.

    Raises
    ------
    GateError
        If the expression cannot be read.

    References
    ----------
    Gating-ML 2.0, section 5.5 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Notes
    -----
    An event with NaN in a dimension of a gate is in neither the gate nor its
    complement.

    Examples
    --------
    >>> import longate as lg
    >>> lg.BooleanGate("NK", "CD56+ or CD16+", parent="CD3- dump-")
    BooleanGate 'NK' in 'CD3- dump-': CD56+ or CD16+
    """

    kind: ClassVar[str] = "boolean"

    expression: str

    def __init__(
        self, name: str, expression: str, *, parent: str | None = None
    ) -> None:
        try:
            parse(expression)
        except GateError as error:
            msg = f"gate {name!r}: {error}"
            raise GateError(msg) from None
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "parent", parent)
        object.__setattr__(self, "expression", expression)
        super().__post_init__()

    @property
    def populations(self) -> tuple[str, ...]:
        """The populations it refers to."""
        return references(parse(self.expression))

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return self.expression

    @property
    def shape(self) -> dict[str, Any]:
        """The expression, as plain data."""
        return {"expression": self.expression}


def gates_of(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """Return gates as a tuple, refusing what is none."""
    if isinstance(gates, Gate):
        msg = f"gates must be a sequence of gates; put {gates.name!r} into a list"
        raise GateError(msg)
    wrong = [gate for gate in gates if not isinstance(gate, Gate)]
    if wrong:
        msg = f"gates must be gates; got {listed(type(g).__name__ for g in wrong)}"
        raise GateError(msg)
    return tuple(gates)
