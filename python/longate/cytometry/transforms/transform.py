"""What every scale of an axis can do; parameters are those of Gating-ML 2.0."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from longate._core import (
    preimage_contains,
    scale_forward,
    scale_preimage,
)
from longate._validation import listed, suggest
from longate.cytometry.transforms.conversion import to_scaled, to_values
from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

Precision = Literal["exact", "fast"]


@dataclass(frozen=True)
class Transform:
    """A scale: a small frozen value that can be called on an array.

    Use one of the named scales. The top of scale ``t`` maps to 1, and NaN stays NaN.
    Each has one forward function, in Rust, which alone decides where a value lies.
    """

    name: ClassVar[str] = ""
    element: ClassVar[str] = ""
    """Name of its element in Gating-ML 2.0, empty where the standard has none."""
    kinds: ClassVar[dict[str, type[Transform]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Make the scale known by its name."""
        super().__init_subclass__(**options)
        Transform.kinds[cls.name] = cls

    def __post_init__(self) -> None:
        for parameter, value in vars(self).items():
            try:
                object.__setattr__(self, parameter, float(value))
            except (TypeError, ValueError, OverflowError):
                kind = type(self).__name__
                msg = f"{kind} requires a number {parameter}; got {value!r}"
                raise TransformError(msg) from None
        # An empty array: the kernel checks the parameters and names what is wrong.
        scale_forward(self.kernel, None, np.empty(0), fast=False)

    @property
    def parameters(self) -> tuple[float, ...]:
        """The parameters in the order of the standard."""
        return tuple(vars(self).values())

    @classmethod
    def _of(cls, parameters: Mapping[str, Any]) -> Transform:
        return cls(**parameters)

    @property
    def kernel(self) -> tuple[Any, ...]:
        """Name and parameters, as kernels and JSON take them."""
        return (self.name, self.parameters)

    def __call__(
        self,
        values: ArrayLike,
        *,
        precision: Precision = "exact",
        out: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Put values on the scale.

        Long arrays are treated in threads; neither their number nor the length of the
        array changes a bit of the result.

        Parameters
        ----------
        values : array-like of float, any shape
            Compensated values.
        precision : {"exact", "fast"}
            ``"exact"`` is the forward function that decides gates, right to 1e-12.
            ``"fast"`` looks scaled values up, within 1e-7 of the scale, in a tenth of
            the time: for drawings of many events.
        out : numpy.ndarray of float64, the same shape, optional
            Where to put the scaled values, instead of a new array. It may be `values`
            itself, and may not overlap with them otherwise.

        Returns
        -------
        numpy.ndarray of float64, the same shape
            A new array, or `out`.

        Raises
        ------
        TransformError
            If `precision` is neither, or `out` is not a writable array of float64 of
            this shape, or shares a part of the memory of `values`.

        Examples
        --------
        >>> import longate as lg
        >>> lg.Linear(t=200.0)([[50.0, 100.0]], precision="fast").tolist()
        [[0.25, 0.5]]

        Many columns, without a new array for each of them:

        >>> import numpy as np
        >>> values = np.array([-100.0, 0.0, 262144.0])
        >>> scaled = lg.Logicle()(values, out=values)
        >>> scaled is values
        True
        >>> values.round(3).tolist()
        [0.009, 0.111, 1.0]
        """
        return to_scaled(self.kernel, values, precision, out)

    def inverse(
        self,
        scaled: ArrayLike,
        *,
        precision: Precision = "exact",
        out: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Bring scaled values back to values.

        Parameters
        ----------
        scaled : array-like of float, any shape
            Places on the scale; those that no value has become NaN.
        precision : {"exact", "fast"}
            ``"fast"`` gives values whose scaled values are within 1e-7 of those asked
            for.
        out : numpy.ndarray of float64, the same shape, optional
            Where to put the values, as for scaled values.

        Returns
        -------
        numpy.ndarray of float64, the same shape
            A new array, or `out`.

        Raises
        ------
        TransformError
            If `precision` is neither, or `out` cannot be used.
        """
        return to_values(self.kernel, scaled, precision, out)

    def preimage(self, lo: float | None, hi: float | None) -> Preimage | None:
        """Return the interval of values whose scaled values lie in ``[lo, hi)``.

        A range on the scaled axis is a range on the compensated one, but its ends are
        not simply ``inverse(lo)`` and ``inverse(hi)``: many values may share a scaled
        value. The ends are found by bisection over floating-point numbers on the
        forward function itself.

        Parameters
        ----------
        lo, hi : float or None
            Places, with `lo` below `hi`; None or an infinite one leaves its side open.

        Returns
        -------
        Preimage or None
            None where no value has such a scaled value, and where `lo` or `hi` is at or
            beyond a scaled value that all finite values beyond some number share (the
            ends of :class:`FlowJoBiex`): such a range has to be decided on scaled
            values.

        Raises
        ------
        TransformError
            If an end is not a number, or `lo` is not below `hi`.

        Examples
        --------
        >>> import longate as lg
        >>> low, high = lg.Linear(t=200.0).preimage(0.25, 0.5)
        >>> low, high
        (50.0, 100.0)
        >>> lg.Log(t=1000.0, m=3.0).preimage(None, 0.5).contains([-1.0, 0.0, 900.0])
        array([ True,  True, False])
        """
        try:
            low = -math.inf if lo is None else float(lo)
            high = math.inf if hi is None else float(hi)
        except (TypeError, ValueError, OverflowError):
            low = high = math.nan
        if not low < high:
            msg = (
                f"a range of scaled values needs lo below hi; got lo = {lo!r}, hi = "
                f"{hi!r}"
            )
            raise TransformError(msg)
        ends = scale_preimage(self.kernel, low, high)
        return None if ends is None else Preimage(self, (low, high), *ends)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"name": ..., "parameters": {...}}``."""
        return {"name": self.name, "parameters": dict(vars(self))}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Transform:
        """Rebuild a scale from what :meth:`to_json` gave.

        Raises
        ------
        TransformError
            If no scale has this name, or a parameter is wrong.
        """
        name = data.get("name")
        kind = Transform.kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            known = listed(sorted(Transform.kinds))
            near = suggest(str(name), Transform.kinds)
            msg = f"no scale is called {name!r}; known are {known}{near}"
            raise TransformError(msg)
        try:
            return kind._of(data["parameters"])
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{data!r} is not a scale {name!r}: {error}"
            raise TransformError(msg) from None


@dataclass(frozen=True)
class Preimage:
    """The values whose scaled values lie in a range; unpacks into its two ends.

    Parameters
    ----------
    scale : Transform
        On which the range lies.
    scaled : (float, float)
        The range ``[lo, hi)``.
    low : float
        The smallest value inside; -inf where the lower side is open.
    high : float
        The smallest value beyond; inf where the upper side is open.
    """

    scale: Transform
    scaled: tuple[float, float]
    low: float
    high: float

    def __iter__(self) -> Iterator[float]:
        """Give the two ends."""
        return iter((self.low, self.high))

    def contains(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Say which values have their scaled values in the range, as the scale decides.

        This is ``(low <= values) & (values < high)``, but for values a few roundings
        above an end, where a rounded function may waver, and for inf, which lies in a
        range that is open above. NaN is in no range.

        Parameters
        ----------
        values : array-like of float, any shape

        Returns
        -------
        numpy.ndarray of bool, the same shape
        """
        array = np.asarray(values, dtype=np.float64)
        flat = np.require(array, requirements=["C", "A"]).reshape(-1)
        inside = preimage_contains(self.scale.kernel, *self.scaled, flat)
        return np.asarray(inside, dtype=np.bool_).reshape(array.shape)
