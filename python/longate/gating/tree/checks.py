"""What a strategy is made of, checked before it is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Transform
from longate.exceptions import StrategyError
from longate.gating.gates.base import gates_of
from longate.gating.gates.dimension import ACQUISITION

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate

Scale = Transform | Mapping[str, Transform | None] | None


def refuse_unfit_compensation(compensation: object) -> None:
    """Refuse what is no matrix, not ``"acquisition"`` and not None.

    Raises
    ------
    StrategyError
    """
    known = compensation is None or isinstance(compensation, Compensation)
    named = isinstance(compensation, str) and compensation == ACQUISITION
    if not known and not named:
        msg = (
            f"compensation={compensation!r} is not known; give 'acquisition', a "
            "Compensation, or None"
        )
        raise StrategyError(msg)


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
