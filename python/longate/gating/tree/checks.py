"""What a strategy is made of, checked before it is one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import suggest
from longate.cytometry.matrix_input import compensation_of, is_no_path
from longate.cytometry.panel import Channel
from longate.cytometry.transforms import Ratio, Transform
from longate.exceptions import SpilloverError, StrategyError
from longate.gating.gates.base import gates_of
from longate.gating.gates.dimension import ACQUISITION, dimension_of

if TYPE_CHECKING:
    from longate.cytometry.compensation import Compensation
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis

Scale = Transform | Mapping[str, Transform | None] | None


def checked_compensation(compensation: object) -> Compensation | str | None:
    """Return a matrix, ``"acquisition"`` or None; frames and files become a matrix.

    Raises
    ------
    StrategyError
        If it is a word that is not known, or nothing that a matrix can be.
    SpilloverError
        If a matrix cannot be used.
    """
    if isinstance(compensation, str):
        if compensation == ACQUISITION:
            return compensation
        if is_no_path(compensation) or Path(compensation).expanduser().is_file():
            return compensation_of(compensation)
        msg = (
            f"compensation={compensation!r} is not known; give 'acquisition', a "
            "Compensation, a DataFrame, the path of a matrix, or None"
        )
        raise StrategyError(msg)
    try:
        return compensation_of(compensation)
    except SpilloverError as error:
        msg = f"{error}; or give 'acquisition' or None"
        raise StrategyError(msg) from None


def refuse_unfit_words(name: object, custom_info: object) -> None:
    """Refuse a name, or custom information, that is no text.

    Raises
    ------
    StrategyError
    """
    if not isinstance(name, str):
        msg = f"name={name!r} of a strategy is not text"
        raise StrategyError(msg)
    if not isinstance(custom_info, str | None):
        msg = f"custom_info={custom_info!r} of a strategy is not text"
        raise StrategyError(msg)


def checked_overrides(overrides: Any) -> dict[str, tuple[Gate, ...]]:
    """Return the gates of single samples.

    Raises
    ------
    StrategyError
        If they are not gates by sample id.
    """
    if not isinstance(overrides, Mapping) or not all(
        isinstance(sample, str) for sample in overrides
    ):
        msg = f"overrides must be {{sample id: gates}}, ids as text; got {overrides!r}"
        raise StrategyError(msg)
    return {sample: gates_of(own) for sample, own in overrides.items()}


def checked_scale(scale: Scale) -> Scale:
    """Return one scale, or scales by name.

    Raises
    ------
    StrategyError
        If it is something else.
    """
    if isinstance(scale, Mapping) and not all(isinstance(name, str) for name in scale):
        msg = f"scale must be by markers or detectors; got the keys {list(scale)}"
        raise StrategyError(msg)
    entries = scale.values() if isinstance(scale, Mapping) else [scale]
    for entry in entries:
        if entry is not None and not isinstance(entry, Transform):
            msg = (
                "scale must be a Transform such as lg.Logicle(), or a mapping of "
                f"channels to them; got {entry!r}"
            )
            raise StrategyError(msg)
    return dict(scale) if isinstance(scale, Mapping) else scale


def inherited_scale(scale: Scale, axis: Axis) -> Transform | None:
    """Return the scale on which a strategy decides an axis, without a panel at hand.

    Parameters
    ----------
    scale : Transform, mapping of str to Transform, or None
        Of the strategy; one for all is for fluorescence, by the channel's name.
    axis : str or Dimension
        Which axis.

    Raises
    ------
    StrategyError
        If a mapping of scales has no entry of this name.
    """
    dimension = dimension_of(axis)
    own = dimension.scale
    if isinstance(own, Transform) or own is None:
        return own
    if isinstance(dimension.channel, Ratio):
        return None
    name = dimension.channel
    if not isinstance(scale, Mapping):
        return scale if Channel(name).kind == "fluorescence" else None
    found = [key for key in scale if key.casefold() == name.casefold()]
    if not found and Channel(name).kind == "fluorescence":
        msg = (
            f"a gate has {name!r} in data units, and the strategy's scales have no "
            f"entry of this name{suggest(name, scale)}; give it one, or None for plain "
            "values"
        )
        raise StrategyError(msg)
    return scale[found[0]] if found else None
