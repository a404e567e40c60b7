"""Gate: what the kinds of gates share. Small frozen values that check themselves.

Coordinates are on the scale of the axis: scaled values in [0, 1] where a channel has a
scale, plain values where it has none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._core import contains
from longate._validation import cut, listed
from longate.cytometry.compensation import Compensation
from longate.exceptions import GateError, LongateError
from longate.gating.gates.columns import columns_of
from longate.gating.gates.dimension import (
    Axis,
    axis_from_plain,
    axis_to_plain,
    dimension_of,
)
from longate.gating.gates.sketch import clean, regions, svg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.transforms import Transform

ALL_EVENTS = "All events"
"""The population that holds every event of a file."""


@dataclass(frozen=True, repr=False)
class Gate(ABC):
    """A gate; use one of the named kinds.

    Parameters
    ----------
    name : str
        What the population is called; not empty and without ``/``.
    parent : str or None
        Path or unique name of the population in which the gate lies.
    custom_info : str or None
        Text that other programs keep with the gate, such as the XML of a Gating-ML
        file; it decides nothing.
    """

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Gate]]] = {}

    name: str
    parent: str | None = field(default=None, kw_only=True)
    custom_info: str | None = field(default=None, kw_only=True)

    def __init_subclass__(cls) -> None:
        Gate.kinds[cls.kind] = cls

    def __post_init__(self) -> None:
        for word in ("parent", "custom_info"):
            text = getattr(self, word)
            if text is not None and not isinstance(text, str):
                msg = f"{word} of gate {self.name!r} is text, not {text!r}"
                raise GateError(msg)
        check_name(self.name)

    def _set(self, **values: Any) -> None:
        """Fill the fields while the gate is made, then check what all gates have."""
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)
        Gate.__post_init__(self)

    def _refuse_no_region(self) -> None:
        """Refuse parameters of which kernels can make no region, naming the gate."""
        try:
            contains(*self.kernel, [np.empty(0)] * len(self.axes))
        except GateError as error:
            msg = f"gate {self.name!r}: {error}"
            raise GateError(msg) from None

    def __repr__(self) -> str:
        """Say where it lies and what it keeps."""
        where = f" in {self.parent!r}" if self.parent else ""
        return f"{type(self).__name__} {self.name!r}{where}: {self.description}"

    def sketch(self, *, height: float | None = None) -> str:
        """Draw the gate as a small SVG; of more than two axes the first two.

        Parameters
        ----------
        height : float, optional
            Pixels, of a drawing without the names of axes; by default it has them, in
            its natural size.

        Returns
        -------
        str
            An ``<svg>`` element in which all names are escaped.
        """
        inner = self._drawn(named=height is None)
        title = f"{self.name}: {self.description}"
        return svg(inner, [str(axis) for axis in self.axes], title, height=height)

    def _drawn(self, *, named: bool) -> str:
        """Return the gate as SVG elements, with or without names in it."""
        outline = self.outline(48)
        return regions([outline] if outline else [], [0.18] * bool(outline))

    def _repr_svg_(self) -> str:
        """Draw the gate."""
        return self.sketch()

    def _repr_html_(self) -> str:
        """Draw the gate and say what it keeps, for a notebook."""
        return (
            '<div style="display:flex;gap:1em;align-items:center">'
            f"{self.sketch()}<span>{clean(repr(self))}</span></div>"
        )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its axes: names, or a :class:`Dimension` where one says more than that."""
        return ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The markers or detectors that the gate looks at, each once."""
        names = (name for axis in self.axes for name in dimension_of(axis).channels)
        return tuple(dict.fromkeys(names))

    @property
    def populations(self) -> tuple[str, ...]:
        """The other populations that it refers to, beside its parent."""
        return ()

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return ""

    @property
    def kernel(self) -> tuple[str, Sequence[float | None]]:
        """Its kind and its parameters, as kernels take them."""
        msg = f"gates of kind {self.kind!r} are not decided by their axes alone"
        raise GateError(msg)

    @property
    def parts(self) -> Mapping[str, Gate]:
        """The populations that it makes: name -> the gate of each, mostly itself."""
        return {self.name: self}

    def outline(self, n_points: int = 128) -> tuple[NDArray[np.float64], ...]:
        """Return the border as closed curves on the first two axes, to be drawn.

        Parameters
        ----------
        n_points : int
            Number of points of a curve that is round.

        Returns
        -------
        tuple of (n_points, 2) numpy.ndarray of float64
            An open side, and the axis that a gate on one axis lacks, are infinite. None
            where the gate has no border on its axes.
        """
        return ()

    @property
    def bounds(self) -> Mapping[Axis, tuple[float | None, float | None]]:
        """The lowest and highest coordinate on each axis where known; None is open."""
        curves = self.outline()
        if not curves:
            return {}
        points = np.concatenate(curves)
        ends = zip(points.min(0).tolist(), points.max(0).tolist(), strict=True)
        return {
            axis: (
                low if np.isfinite(low) else None,
                high if np.isfinite(high) else None,
            )
            for axis, (low, high) in zip(self.axes, ends, strict=False)
        }

    def scaled(self, scale_of: Callable[[Axis], Transform | None]) -> Gate:
        """Return the gate with scaled coordinates, where they are in data units.

        Parameters
        ----------
        scale_of : callable
            Returns the scale of an axis, None where it has none.

        Raises
        ------
        GateError
            If a coordinate is not on its scale.
        """
        return self

    def moved(self, distances: Sequence[float], factor: float = 1.0) -> Gate:
        """Return the gate moved along its axes, and resized about its centre.

        Parameters
        ----------
        distances : sequence of float
            How far along each axis, on its scale.
        factor : float
            Above 1 the gate grows; the centre is that of its bounding box.

        Raises
        ------
        GateError
            If gates of this kind have no border that moves, or an open side is to grow.
        """
        msg = f"gate {self.name!r} is of kind {self.kind!r} and cannot be moved"
        raise GateError(msg)

    def contains(self, values: Mapping[Any, ArrayLike]) -> NDArray[np.bool_]:
        """Decide events that are given as values on the gate's axes.

        Parameters
        ----------
        values : mapping of axis to (n_events,) array-like of float
            A column per axis, compensated and on its scale; a data frame will do.
            The key is the channel's name, or the :class:`Dimension` of the gate.

        Returns
        -------
        (n_events,) numpy.ndarray of bool
            Without regard to the parent; an event with NaN on an axis is outside.

        Raises
        ------
        GateError
            If a column is missing, or columns differ in length.
        """
        kind, parameters = self.kernel
        return contains(kind, parameters, columns_of(self.name, self.axes, values))

    @abstractmethod
    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        """Return what makes the gate beside its names, as plain data."""

    @classmethod
    @abstractmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> Gate:
        """Make the gate of the names and the shape that :meth:`_shape` gave."""

    def to_json(
        self, *, matrix: Callable[[Compensation], Any] = Compensation.to_plain
    ) -> dict[str, Any]:
        """Return the gate as plain data: kind, name, parent and its shape.

        Parameters
        ----------
        matrix : callable
            How a compensation of its own is written; in full by default.
        """
        plain: dict[str, Any] = {
            "kind": self.kind,
            "name": self.name,
            "parent": self.parent,
        }
        if self.custom_info is not None:
            plain["custom_info"] = self.custom_info
        return plain | self._shape(lambda axis: axis_to_plain(axis, matrix))

    def rule(self, path_of: Callable[[str], str]) -> list[Any]:
        """Return what the gate decides by: its kind and shape, matrices by their ids.

        Parameters
        ----------
        path_of : callable
            Returns the path of a population by the name that a gate has for it.
        """
        return [self.kind, self._shape(_axis_rule)]

    @staticmethod
    def from_json(
        data: Mapping[str, Any],
        *,
        matrix: Callable[[Any], Compensation] = Compensation.from_plain,
    ) -> Gate:
        """Rebuild a gate from what :meth:`to_json` gave.

        Parameters
        ----------
        data : mapping
            What :meth:`to_json` gave.
        matrix : callable
            How a compensation of its own is read.

        Raises
        ------
        GateError
            If the kind of gate is unknown, or something is missing or malformed.
        """
        if not isinstance(data, Mapping):
            msg = f"a gate is an object of named fields; got {cut(repr(data))}"
            raise GateError(msg)
        shape = dict(data)
        kind = shape.pop("kind", None)
        if not isinstance(kind, str) or kind not in Gate.kinds:
            msg = f"no gate is of kind {kind!r}; known are {sorted(Gate.kinds)}"
            raise GateError(msg)
        names = {
            word: shape.pop(word, None) for word in ("name", "parent", "custom_info")
        }
        try:
            made = Gate.kinds[kind]._from_shape(
                names, shape, lambda axis: axis_from_plain(axis, matrix)
            )
        except LongateError:
            raise
        except (
            KeyError,
            TypeError,
            AttributeError,
            IndexError,
            ValueError,
            OverflowError,
        ) as error:
            told = f"{type(error).__name__} {cut(str(error))}"
            msg = f"gate {names['name']!r} is no gate of kind {kind!r}: {told}"
            raise GateError(msg) from None
        unknown = shape.keys() - made._shape(str).keys()
        if unknown:
            msg = f"gate {made.name!r}: {listed(unknown)} mean nothing to a {kind} gate"
            raise GateError(msg)
        return made


def _axis_rule(axis: Axis) -> Any:
    return axis_to_plain(axis, lambda matrix: matrix.id)


def check_name(name: object) -> None:
    """Refuse what cannot be the name of a population.

    Raises
    ------
    GateError
        If it is not text, is empty, starts or ends with a blank, holds a ``/``, or
        names the whole file.
    """
    if not isinstance(name, str):
        msg = f"the name of a population is text, not {name!r}"
        raise GateError(msg)
    if not name or name != name.strip() or "/" in name:
        msg = (
            f"a gate cannot be called {name!r}: a name is not empty, does not start or "
            "end with a blank, and holds no '/', which joins names into paths"
        )
        raise GateError(msg)
    if name == ALL_EVENTS:
        msg = f"a gate cannot be called {ALL_EVENTS!r}: that names the whole file"
        raise GateError(msg)


def gates_of(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """Return gates as a tuple, refusing what is none."""
    if isinstance(gates, Gate):
        msg = f"gates must be a sequence of gates; put {gates.name!r} into a list"
        raise GateError(msg)
    if not isinstance(gates, Iterable):
        msg = f"gates must be a sequence of gates; got {gates!r}"
        raise GateError(msg)
    gates = tuple(gates)
    wrong = [gate for gate in gates if not isinstance(gate, Gate)]
    if wrong:
        msg = f"gates must be gates; got {listed(type(g).__name__ for g in wrong)}"
        raise GateError(msg)
    return gates
