"""Dimension: an axis of a gate with a compensation and a scale of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Ratio, Transform
from longate.exceptions import GateError

if TYPE_CHECKING:
    from collections.abc import Callable

ACQUISITION: Final = "acquisition"


class Inherit(Enum):
    """The mark of what a gate leaves to its strategy."""

    INHERIT = "inherit"

    def __repr__(self) -> str:
        """Write the name under which it is used."""
        return self.name


INHERIT: Final = Inherit.INHERIT
"""What a gate leaves to its strategy."""

OwnCompensation = Compensation | str | Literal[Inherit.INHERIT] | None
OwnScale = Transform | Literal[Inherit.INHERIT] | None


@dataclass(frozen=True, repr=False)
class Dimension:
    """An axis of a gate: a channel or a ratio, how compensated, on which scale.

    A gate takes a channel's name for an axis that leaves both to the strategy.

    Parameters
    ----------
    channel : str or Ratio
        Marker or detector, or a ratio of two.
    compensation : Compensation, ``"acquisition"``, None or INHERIT
        A matrix, the one that comes with the file, none at all, or what the strategy
        says.
    scale : Transform, None or INHERIT
        A scale, plain values, or what the strategy says. A ratio inherits no scale:
        it is plain unless one is given.

    Raises
    ------
    GateError
        If one of them is something else.

    References
    ----------
    Gating-ML 2.0, section 4.2: every dimension refers to a compensation and a
    transformation (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg
    >>> lg.Dimension("CD3", compensation=None, scale=lg.Arcsinh())
    Dimension('CD3', compensation=None, scale=Arcsinh(t=262144.0, m=4.5, a=0.0))
    >>> print(lg.Dimension(lg.Ratio("Indo-1 violet", "Indo-1 blue")))
    Indo-1 violet / Indo-1 blue
    """

    channel: str | Ratio
    compensation: OwnCompensation = INHERIT
    scale: OwnScale = INHERIT

    def __init__(
        self,
        channel: str | Ratio,
        *,
        compensation: OwnCompensation = INHERIT,
        scale: OwnScale = INHERIT,
    ) -> None:
        nameless = isinstance(channel, str) and not channel.strip()
        if nameless or not isinstance(channel, str | Ratio):
            msg = f"an axis is a channel's name or a Ratio; got {channel!r}"
            raise GateError(msg)
        said = compensation is None or isinstance(compensation, Inherit | Compensation)
        if not said and not (
            isinstance(compensation, str) and compensation == ACQUISITION
        ):
            msg = (
                f"axis {str(channel)!r}: compensation={compensation!r} is not known; "
                "give a Compensation, 'acquisition', None for no compensation, or "
                "nothing for the strategy's"
            )
            raise GateError(msg)
        if not (scale is None or scale is INHERIT or isinstance(scale, Transform)):
            msg = (
                f"axis {str(channel)!r}: scale={scale!r} is not known; give a scale "
                "such as lg.Logicle(), None for plain values, or nothing for the "
                "strategy's"
            )
            raise GateError(msg)
        object.__setattr__(self, "channel", channel)
        object.__setattr__(self, "compensation", compensation)
        object.__setattr__(self, "scale", scale)

    @property
    def channels(self) -> tuple[str, ...]:
        """The markers or detectors that are looked at: one, or two of a ratio."""
        if isinstance(self.channel, Ratio):
            return self.channel.channels
        return (self.channel,)

    def __str__(self) -> str:
        """Name the channel, and what it does not leave to the strategy."""
        own = []
        if isinstance(self.compensation, Compensation):
            own.append(f"matrix {self.compensation.id}")
        elif self.compensation is None:
            own.append("uncompensated")
        elif self.compensation is not INHERIT:
            own.append("acquisition's matrix")
        if self.scale is None:
            own.append("plain")
        elif self.scale is not INHERIT:
            own.append(self.scale.name)
        words = f" ({', '.join(own)})" if own else ""
        return _formula(self.channel) + words

    def __repr__(self) -> str:
        """Write it as code."""
        more = [
            f", {word}={value!r}"
            for word, value in (
                ("compensation", self.compensation),
                ("scale", self.scale),
            )
            if value is not INHERIT
        ]
        return f"Dimension({self.channel!r}{''.join(more)})"


def _formula(channel: str | Ratio) -> str:
    """Write a channel's name, or a ratio without the numbers that change nothing."""
    if isinstance(channel, str):
        return channel
    x, y = channel.channels
    x = _less(x, channel.b)
    y = _less(y, channel.c)
    return f"{channel.a:g} {x} / {y}" if channel.a != 1 else f"{x} / {y}"


def _less(name: str, constant: float) -> str:
    if not constant:
        return name
    return f"({name} {'-' if constant > 0 else '+'} {abs(constant):g})"


Axis = str | Dimension
"""An axis as gates keep it: a plain name where all is left to the strategy."""


def axis_of(given: Any, *, gate: object = None) -> Axis:
    """Return an axis as gates keep it, so that equal axes are equal values.

    Parameters
    ----------
    given : str, Ratio or Dimension
        What a gate was given.
    gate : str, optional
        The name of the gate, for the complaint.

    Raises
    ------
    GateError
        If it is no name, Ratio or Dimension.
    """
    try:
        dimension = dimension_of(given)
    except GateError as error:
        if gate is None:
            raise
        msg = f"gate {gate!r}: {error}"
        raise GateError(msg) from None
    inherits = dimension.compensation is INHERIT and dimension.scale is INHERIT
    if inherits and isinstance(dimension.channel, str):
        return dimension.channel
    return dimension


def dimension_of(axis: Any) -> Dimension:
    """Return an axis with all that it says; names and ratios inherit the rest."""
    return axis if isinstance(axis, Dimension) else Dimension(axis)


def axis_to_plain(
    axis: Axis, matrix: Callable[[Compensation], Any] = Compensation.to_plain
) -> Any:
    """Return an axis as plain data: a name, or what it says as a mapping.

    Parameters
    ----------
    axis : str or Dimension
        What is written.
    matrix : callable
        How a matrix is written.
    """
    if isinstance(axis, str):
        return axis
    plain: dict[str, Any] = {"channel": axis.channel}
    if isinstance(axis.channel, Ratio):
        plain["channel"] = axis.channel.to_json()
    if axis.compensation is not INHERIT:
        own = axis.compensation
        plain["compensation"] = matrix(own) if isinstance(own, Compensation) else own
    if axis.scale is not INHERIT:
        plain["scale"] = axis.scale.to_json() if axis.scale else None
    return plain


def axis_from_plain(
    data: Any, matrix: Callable[[Any], Compensation] = Compensation.from_plain
) -> Axis:
    """Rebuild an axis from :func:`axis_to_plain`.

    Raises
    ------
    GateError, TransformError, SpilloverError
        If it is none.
    """
    if not isinstance(data, dict):
        return axis_of(data)
    said = dict(data)
    channel = said.pop("channel", None)
    if isinstance(channel, dict):
        channel = Ratio.from_json(channel)
    if isinstance(said.get("compensation"), dict):
        said["compensation"] = matrix(said["compensation"])
    if said.get("scale") is not None:
        said["scale"] = Transform.from_json(said["scale"])
    return axis_of(Dimension(channel, **said))
