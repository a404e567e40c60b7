"""The ratio of two channels, as a dimension of a gate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.exceptions import TransformError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Ratio:
    """A ratio of two channels, ``a (x - b) / (y - c)``.

    A gate takes it like a channel. Where ``y`` is ``c`` the ratio is
    infinite, or NaN where ``x`` is ``b`` too; an event with NaN is in neither the gate
    nor its complement.

    Parameters
    ----------
    numerator, denominator : str
        Markers or detectors of x and y, two different ones.
    a : float
        Factor, finite and not 0.
    b, c : float
        What is taken from x and from y, finite.

    Raises
    ------
    TransformError
        If a channel is not named, both are the same, or a number is not finite.

    References
    ----------
    Gating-ML 2.0, section 6.7, ``fratio`` (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> ratio = lg.Ratio("FL2-A", "FL1-A", a=10.0, c=1.0)
    >>> ratio
    Ratio(numerator='FL2-A', denominator='FL1-A', a=10.0, b=0.0, c=1.0)
    >>> ratio.of([4.0, 1.0], [3.0, 1.0]).tolist()
    [20.0, inf]
    """

    numerator: str
    denominator: str
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0

    def __post_init__(self) -> None:
        for role in ("numerator", "denominator"):
            channel = getattr(self, role)
            if not isinstance(channel, str) or not channel.strip():
                msg = f"Ratio requires the name of a channel as {role}; got {channel!r}"
                raise TransformError(msg)
        if self.numerator == self.denominator:
            msg = f"Ratio requires two different channels; got {self.numerator!r} twice"
            raise TransformError(msg)
        for parameter in ("a", "b", "c"):
            value = getattr(self, parameter)
            try:
                number = float(value)
            except (TypeError, ValueError, OverflowError):
                number = math.nan
            if not math.isfinite(number):
                msg = f"Ratio requires a finite number {parameter}; got {value!r}"
                raise TransformError(msg)
            object.__setattr__(self, parameter, number)
        if self.a == 0:
            msg = (
                "Ratio requires a factor a other than 0: all events would have ratio 0"
            )
            raise TransformError(msg)

    @property
    def channels(self) -> tuple[str, str]:
        """The channels it needs, numerator first."""
        return (self.numerator, self.denominator)

    def of(self, numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
        """Return the ratio of given values.

        Parameters
        ----------
        numerator, denominator : array-like of float, shapes that broadcast
            Compensated values of the two channels.

        Returns
        -------
        numpy.ndarray of float64
            Infinite or NaN where the denominator less `c` is 0.
        """
        x = np.asarray(numerator, dtype=np.float64)
        y = np.asarray(denominator, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = self.a * (x - self.b) / (y - self.c)
        return np.asarray(ratio, dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """Return the channels and numbers by their names, as plain data."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ratio:
        """Rebuild a ratio from what :meth:`to_json` gave.

        Raises
        ------
        TransformError
            If an entry is missing, unknown or wrong.
        """
        try:
            return cls(**data)
        except TypeError as error:
            msg = f"{dict(data)!r} is not a ratio: {error}"
            raise TransformError(msg) from None
