"""Ratio: one channel in terms of another, as an axis of a gate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import TransformError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, repr=False)
class Ratio:
    """A parametrised ratio of two channels, ``a (x - b) / (y - c)``.

    Parameters
    ----------
    numerator, denominator : str
        Markers or detectors; their values are compensated as the gate says.
    a : float
        Factor, above 0.
    b, c : float
        What is taken from numerator and denominator; finite.

    Raises
    ------
    TransformError
        If a parameter is out of its range.

    References
    ----------
    Gating-ML 2.0, section 6.6 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Notes
    -----
    A division by zero gives an infinity, or NaN for ``0 / 0``, as IEEE 754 has it;
    NaN is in no gate and in no complement.

    Examples
    --------
    >>> import longate as lg
    >>> lg.Ratio("FL2-H", "FL1-H", b=1.0)([3.0], [4.0]).tolist()
    [0.5]
    """

    numerator: str
    denominator: str
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0

    def __post_init__(self) -> None:
        for side in (self.numerator, self.denominator):
            if not isinstance(side, str) or not side:
                msg = f"a ratio is of two channels, each given by name; got {side!r}"
                raise TransformError(msg)
        for letter in "abc":
            try:
                number = float(getattr(self, letter))
            except (TypeError, ValueError):
                number = math.nan
            if not math.isfinite(number) or (letter == "a" and number <= 0):
                wanted = "a finite number" + (" above 0" if letter == "a" else "")
                msg = f"Ratio: {letter}={getattr(self, letter)!r} must be {wanted}"
                raise TransformError(msg)
            object.__setattr__(self, letter, number)

    def __call__(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Return the ratio of values of the numerator and the denominator."""
        top = self.a * (np.asarray(x, dtype=np.float64) - self.b)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.divide(top, np.asarray(y, dtype=np.float64) - self.c)

    def __str__(self) -> str:
        """Write the formula, without what changes nothing."""
        x = f"({self.numerator} - {self.b:g})" if self.b else self.numerator
        y = f"({self.denominator} - {self.c:g})" if self.c else self.denominator
        factor = f"{self.a:g} " if self.a != 1 else ""
        return f"{factor}{x} / {y}"

    def __repr__(self) -> str:
        """Write it as code."""
        more = "".join(
            f", {letter}={getattr(self, letter):g}"
            for letter, default in zip("abc", (1, 0, 0), strict=True)
            if getattr(self, letter) != default
        )
        return f"Ratio({self.numerator!r}, {self.denominator!r}{more})"
