"""Strategies as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from longate.cytometry.acquired import SCALE
from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Transform
from longate.exceptions import StrategyError
from longate.gating.gates.base import Gate
from longate.gating.tree.problems import GateProblem

if TYPE_CHECKING:
    from longate.gating.tree.checks import Scale
    from longate.gating.tree.gate_tree import GateTree

VERSION = 2
"""Of the form of the text; it changes when older readers would misread it."""


def strategy_to_text(strategy: GateTree) -> str:
    """Return a strategy as JSON text, each matrix once."""
    matrices: dict[str, Any] = {}

    def reference(compensation: Compensation) -> dict[str, str]:
        matrices.setdefault(compensation.id, compensation.to_plain())
        return {"matrix": compensation.id}

    own = strategy.compensation
    plain: dict[str, Any] = {
        "version": VERSION,
        "name": strategy.name,
        "scale": _scale_to_plain(strategy.scale),
        "compensation": reference(own) if isinstance(own, Compensation) else own,
        "gates": [gate.to_json(matrix=reference) for gate in strategy.gates],
        "overrides": {
            sample: [gate.to_json(matrix=reference) for gate in gates]
            for sample, gates in strategy.overrides.items()
        },
        "matrices": matrices,
    }
    if strategy.custom_info is not None:
        plain["custom_info"] = strategy.custom_info
    if strategy.values != SCALE:
        plain["values"] = strategy.values
    if strategy.problems:
        plain["problems"] = [vars(one) for one in strategy.problems]
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def strategy_from_text(text: str) -> dict[str, Any]:
    """Return the arguments that make a strategy again.

    Raises
    ------
    StrategyError
        If the text is not a strategy, or of a version that is not known.
    """
    try:
        data = json.loads(text)
        version = data["version"]
        if version != VERSION:
            msg = (
                f"the text is a gating strategy of version {version!r}; this Longate "
                f"reads version {VERSION}"
            )
            raise StrategyError(msg)
        matrices = {
            key: Compensation.from_plain(plain)
            for key, plain in data["matrices"].items()
        }

        def matrix(plain: Mapping[str, str]) -> Compensation:
            return matrices[plain["matrix"]]

        own = data["compensation"]
        return {
            "gates": [Gate.from_json(gate, matrix=matrix) for gate in data["gates"]],
            "scale": _scale_from_plain(data["scale"]),
            "compensation": matrix(own) if isinstance(own, dict) else own,
            "name": data["name"],
            "overrides": {
                sample: [Gate.from_json(gate, matrix=matrix) for gate in gates]
                for sample, gates in data["overrides"].items()
            },
            "custom_info": data.get("custom_info"),
            "values": data.get("values", SCALE),
            "problems": [GateProblem(**one) for one in data.get("problems", ())],
        }
    except (
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        json.JSONDecodeError,
    ) as error:
        msg = f"the text is not a gating strategy: {error!r}"
        raise StrategyError(msg) from None


def _scale_to_plain(scale: Scale) -> Any:
    if isinstance(scale, Mapping):
        return {
            "by_channel": {
                channel: entry.to_json() if entry else None
                for channel, entry in scale.items()
            }
        }
    return scale.to_json() if scale else None


def _scale_from_plain(data: Any) -> Scale:
    if data is None:
        return None
    if "by_channel" in data:
        return {
            channel: Transform.from_json(entry) if entry else None
            for channel, entry in data["by_channel"].items()
        }
    return Transform.from_json(data)
