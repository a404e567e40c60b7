"""Ellipsoid gates."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate._validation import listed
from longate.exceptions import GateError
from longate.gating.gates.base import Gate
from longate.gating.gates.dimension import Axis, axis_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, init=False, repr=False)
class EllipsoidGate(Gate):
    """An ellipse on two axes or an ellipsoid on more, its border inside.

    An event ``x`` is inside where ``(x - mean)' covariance^-1 (x - mean) <=
    distance_square``.

    Parameters
    ----------
    name : str
        What the population is called.
    dimensions : sequence of str, Ratio or Dimension
        At least two different axes.
    mean : (n,) array-like of float
        The centre, finite.
    covariance : (n, n) array-like of float
        Symmetric and positive definite, of values on the axes' scales.
    distance_square : float
        The squared Mahalanobis distance of the border from the centre, above 0.
    parent : str, optional
        Path or unique name of the population in which the gate lies.
    custom_info : str, optional
        Text that other programs keep with the gate.

    Raises
    ------
    GateError
        If the numbers do not fit the dimensions or make no ellipsoid.

    References
    ----------
    Gating-ML 2.0, section 5.3.1 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> gate = lg.EllipsoidGate(
    ...     "Cells", dimensions=["FSC-A", "SSC-A"], mean=[5, 5],
    ...     covariance=[[4, 0], [0, 1]])
    >>> gate
    EllipsoidGate 'Cells': squared distance <= 1 from (5, 5) on FSC-A x SSC-A
    >>> gate.contains({"FSC-A": [7.0, 7.1], "SSC-A": [5.0, 5.0]}).tolist()
    [True, False]
    """

    kind: ClassVar[str] = "ellipsoid"

    dimensions: tuple[Axis, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_square: float

    def __init__(
        self,
        name: str,
        *,
        dimensions: Sequence[Any],
        mean: ArrayLike,
        covariance: ArrayLike,
        distance_square: float = 1.0,
        parent: str | None = None,
        custom_info: str | None = None,
    ) -> None:
        axes = _different(name, dimensions)
        centre = _numbers(name, "mean", mean, (len(axes),))
        spread = _numbers(name, "covariance", covariance, (len(axes), len(axes)))
        border = _numbers(name, "distance_square", distance_square, ())
        if border <= 0:
            msg = (
                f"gate {name!r}: distance_square={distance_square!r} leaves no area; "
                "it must be above 0"
            )
            raise GateError(msg)
        self._set(
            name=name,
            parent=parent,
            custom_info=custom_info,
            dimensions=axes,
            mean=tuple(centre.tolist()),
            covariance=tuple(map(tuple, spread.tolist())),
            distance_square=float(border),
        )
        self._refuse_no_region()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its axes: names, or a :class:`Dimension` where one says more than that."""
        return self.dimensions

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        centre = ", ".join(f"{value:g}" for value in self.mean)
        where = " x ".join(map(str, self.dimensions))
        distance = f"{self.distance_square:g}"
        return f"squared distance <= {distance} from ({centre}) on {where}"

    def outline(self, n_points: int = 128) -> tuple[NDArray[np.float64], ...]:
        """Return the border of its shadow on its first two axes, see its base class.

        None where a matrix makes no ellipse.
        """
        (sxx, sxy), syy = self.covariance[0][:2], self.covariance[1][1]
        if sxx <= 0 or syy <= 0:
            return ()
        wide, high = math.sqrt(sxx), math.sqrt(syy)
        lean = sxy / wide / high  # the correlation
        if abs(lean) >= 1:
            return ()
        turns = np.linspace(0.0, 2 * np.pi, n_points, endpoint=False)
        across, rest = np.cos(turns), math.sqrt(1 - lean * lean) * np.sin(turns)
        shape = np.column_stack([wide * across, high * (lean * across + rest)])
        middle = np.array(self.mean[:2])
        return (middle + math.sqrt(self.distance_square) * shape,)

    def moved(self, distances: Sequence[float], factor: float = 1.0) -> EllipsoidGate:
        """Return the gate moved and resized, see :meth:`Gate.moved`."""
        mean = tuple(m + d for m, d in zip(self.mean, distances, strict=True))
        size = self.distance_square * factor**2
        return replace(self, mean=mean, distance_square=size)

    @property
    def kernel(self) -> tuple[str, list[float]]:
        """Its kind and its parameters: mean, covariance by rows, squared distance."""
        return self.kind, [*self.mean, *chain(*self.covariance), self.distance_square]

    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        return {
            "dimensions": [axis(own) for own in self.dimensions],
            "mean": list(self.mean),
            "covariance": [list(row) for row in self.covariance],
            "distance_square": self.distance_square,
        }

    @classmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> EllipsoidGate:
        return cls(
            **names,
            dimensions=[axis(own) for own in shape["dimensions"]],
            mean=shape["mean"],
            covariance=shape["covariance"],
            distance_square=shape["distance_square"],
        )


def _different(name: str, dimensions: Sequence[Any]) -> tuple[Axis, ...]:
    if isinstance(dimensions, str) or not isinstance(dimensions, Iterable):
        msg = (
            f"gate {name!r}: dimensions={dimensions!r} is not several axes; give a list"
        )
        raise GateError(msg)
    axes = tuple(axis_of(given, gate=name) for given in dimensions)
    if len(axes) < 2 or len(set(axes)) != len(axes):
        msg = (
            f"gate {name!r}: an ellipsoid needs two or more different axes; got "
            f"{listed(axes) or 'none'}"
        )
        raise GateError(msg)
    return axes


def _numbers(
    name: str, word: str, given: ArrayLike, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    try:
        numbers = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.array(math.nan)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        size = " x ".join(map(str, shape))
        wanted = f"{size} finite numbers" if shape else "a finite number"
        msg = f"gate {name!r}: {word}={given!r} must be {wanted}"
        raise GateError(msg)
    return numbers
