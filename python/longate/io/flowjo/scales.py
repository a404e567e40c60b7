"""Scales of FlowJo's axes, one reader and writer per kind of transformation.

A workspace has one transformation per column of a sample. It gives three things: the
scale on which gates are drawn, the grid on which FlowJo 10 decides polygons, and how an
ellipse's display units (0 to 256) become coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from longate.cytometry.transforms import (
    Arcsinh,
    FlowJoBiex,
    Grid,
    Hyperlog,
    Linear,
    Log,
    Logicle,
    Transform,
)
from longate.exceptions import FlowJoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DISPLAY = 256.0
"""Cells of an axis, and the range of display units."""

NEAR_WHOLE = 1e-6
"""A biexponential whose zero channel is this near to a whole number is named."""


@dataclass(frozen=True)
class FlowJoScale:
    """A transformation of a workspace: its element and its numbers.

    Parameters
    ----------
    kind : str
        Local name of the element: ``linear``, ``biex``, ``log``, ``fasinh``,
        ``logicle`` or ``hyperlog``.
    numbers : tuple of (str, float)
        Its attributes, by local name.
    """

    kind: str
    numbers: tuple[tuple[str, float], ...]

    KINDS: ClassVar[tuple[str, ...]] = (
        "linear",
        "biex",
        "log",
        "fasinh",
        "logicle",
        "hyperlog",
    )

    @cached_property
    def _by_name(self) -> dict[str, float]:
        return dict(self.numbers)

    def number(self, name: str, default: float | None = None) -> float:
        """Return a parameter.

        Raises
        ------
        FlowJoError
            If it is missing and there is no default, or it is not finite.
        """
        value = self._by_name.get(name, default)
        if value is None or not math.isfinite(value):
            found = "missing" if value is None else f"{value!r}"
            msg = f"the transformation {self.kind!r} needs a number {name}: {found}"
            raise FlowJoError(msg)
        return value

    @cached_property
    def base(self) -> Transform | None:
        """The continuous scale on which edges are straight; None for a linear axis."""
        if self.kind not in _BASES:
            msg = (
                f"the transformation {self.kind!r} is not supported; known are "
                f"{', '.join(self.KINDS)}"
            )
            raise FlowJoError(msg)
        return _BASES[self.kind](self)

    @property
    def gain(self) -> float:
        """The number that multiplies the data of a linear axis; 1 elsewhere."""
        gain = self.number("gain", 1.0) if self.kind == "linear" else 1.0
        if gain <= 0:
            msg = f"the gain of a linear transformation must be above 0; got {gain:g}"
            raise FlowJoError(msg)
        return gain

    @property
    def shown(self) -> tuple[float, float]:
        """The range of a linear axis, in the units of its gates."""
        low, high = self.number("minRange"), self.number("maxRange")
        if not low < high:
            msg = f"a linear axis needs minRange below maxRange; got {low:g}, {high:g}"
            raise FlowJoError(msg)
        return low, high

    def grid(self, cells: int, unit: float = 1.0) -> Grid | None:
        """Return the cells on which FlowJo 10 decides polygons; None if not known.

        Parameters
        ----------
        cells : int
            ``gateResolution``.
        unit : float
            How many units of the gates are one unit of the data.
        """
        if self.kind == "linear":
            low, high = (end / unit for end in self.shown)
            return Grid(Linear(t=1.0), cells=cells, low=low, high=high, nearest=True)
        if self.base is None:
            return None
        if self.kind == "biex":
            return Grid(self.base, cells=cells, overflow=True)
        if self.kind == "fasinh":
            return Grid(self.base, cells=cells)
        if self.kind == "log":
            return Grid(self.base, cells=cells, nearest=True)
        return None  # logicle and hyperlog: no counted gate is known

    def from_display(self, unit: float = 1.0) -> tuple[float, float]:
        """Return intercept and slope of coordinates by display units, 0 to 256.

        Coordinates are scaled values, or data on a linear axis.
        """
        if self.kind == "linear":
            low, high = (end / unit for end in self.shown)
            return low, (high - low) / DISPLAY
        return 0.0, 1.0 / DISPLAY

    @property
    def zero_channel_is_near_whole(self) -> bool:
        """Return whether rounding decides the zero channel of a biexponential."""
        if self.kind != "biex":
            return False
        exact = zero_channel(self.number("width"), self.number("pos"), self._neg)
        return exact != round(exact) and abs(exact - round(exact)) < NEAR_WHOLE

    @property
    def _neg(self) -> float:
        return self.number("neg", 0.0)


def zero_channel(width: float, pos: float, neg: float) -> float:
    """Return the channel of data zero of a biexponential, before it is made whole."""
    decades = float(np.log10(-width)) if width < 0 else 0.0
    extra = max(neg, 0.0) + decades / 2
    return extra * 4096.0 / (extra + pos - decades / 2)


def _biex(scale: FlowJoScale) -> Transform:
    width = scale.number("width")
    if width > 0:
        msg = f"the width of a biexponential must not be above 0; got {width:g}"
        raise FlowJoError(msg)
    return FlowJoBiex(
        t=scale.number("maxRange"),
        width_basis=width,
        pos=scale.number("pos"),
        neg=scale.number("neg", 0.0),
    )


def _fasinh(scale: FlowJoScale) -> Transform:
    """Return the scale whose 0 is at -10^A: A is not Gating-ML's."""
    t, m, below = scale.number("T"), scale.number("M"), scale.number("A")
    ln10 = math.log(10.0)
    low = math.asinh(10.0**below * math.sinh(m * ln10) / t) / ln10
    return Arcsinh(t=t, m=m, a=low)


def _standard(kind: Callable[..., Transform]) -> Callable[[FlowJoScale], Transform]:
    def made(scale: FlowJoScale) -> Transform:
        return kind(
            t=scale.number("T"),
            w=scale.number("W"),
            m=scale.number("M"),
            a=scale.number("A", 0.0),
        )

    return made


def _log(scale: FlowJoScale) -> Transform:
    offset, decades = scale.number("offset"), scale.number("decades")
    if offset <= 0:
        msg = f"the offset of a logarithmic axis must be above 0; got {offset:g}"
        raise FlowJoError(msg)
    return Log(t=offset * 10.0**decades, m=decades)


_BASES: Mapping[str, Callable[[FlowJoScale], Transform | None]] = {
    "linear": lambda scale: None,
    "biex": _biex,
    "log": _log,
    "fasinh": _fasinh,
    "logicle": _standard(Logicle),
    "hyperlog": _standard(Hyperlog),
}


def flowjo_scale(
    scale: Transform | None, shown: tuple[float, float], *, unit: float = 1.0
) -> FlowJoScale:
    """Return the transformation that a scale is in a workspace.

    Parameters
    ----------
    scale : Transform or None
        None for a linear axis.
    shown : (float, float)
        The range of a linear axis.
    unit : float
        Its gain.

    Raises
    ------
    FlowJoError
        If FlowJo has no such scale.
    """
    own = scale.base if isinstance(scale, Grid) else scale
    if own is None or isinstance(own, Linear):
        low, high = shown
        if isinstance(own, Linear) and not isinstance(scale, Grid):
            low, high = -own.a, own.t
        numbers = {"minRange": low, "maxRange": high, "gain": unit}
        return FlowJoScale("linear", tuple(numbers.items()))
    if isinstance(own, FlowJoBiex):
        if own.length != 4096:
            msg = f"FlowJo's biexponential has 4096 channels, not {own.length:g}"
            raise FlowJoError(msg)
        numbers = {
            "length": DISPLAY,
            "maxRange": own.t,
            "neg": own.neg,
            "width": own.width_basis,
            "pos": own.pos,
        }
        return FlowJoScale("biex", tuple(numbers.items()))
    if isinstance(own, Log):
        numbers = {"offset": own.t / 10.0**own.m, "decades": own.m}
        return FlowJoScale("log", tuple(numbers.items()))
    if isinstance(own, Arcsinh):
        return FlowJoScale("fasinh", tuple(_fasinh_numbers(own).items()))
    if isinstance(own, Logicle | Hyperlog):
        numbers = {"length": DISPLAY, "T": own.t, "A": own.a, "W": own.w, "M": own.m}
        return FlowJoScale(own.name, tuple(numbers.items()))
    msg = f"FlowJo has no scale {own.name!r}"
    raise FlowJoError(msg)


def _fasinh_numbers(scale: Arcsinh) -> dict[str, float]:
    low = -float(scale.inverse([0.0])[0])
    if low <= 0:
        msg = (
            "FlowJo's arcsinh axis begins at -10^A, below 0; this scale begins at "
            f"{-low:g}: give it a > 0"
        )
        raise FlowJoError(msg)
    return {
        "length": DISPLAY,
        "maxRange": scale.t,
        "T": scale.t,
        "A": math.log10(low),
        "M": scale.m,
        "W": -(10.0**scale.m),
    }
