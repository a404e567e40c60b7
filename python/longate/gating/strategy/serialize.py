"""Strategies as JSON text, and the hash of what decides events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Transform
from longate.exceptions import StrategyError
from longate.gating.compile.acquired import SCALE
from longate.gating.gates.base import Gate
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import parse
from longate.gating.gates.rectangle import RectangleGate
from longate.gating.strategy.problems import GateProblem

if TYPE_CHECKING:
    from longate.gating.strategy.strategy import GatingStrategy, Scale

VERSION = 2
"""Of the form of the text; it changes when older readers would misread it."""


def strategy_to_text(strategy: GatingStrategy) -> str:
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
            "problems": [
                GateProblem(*map(str, one)) for one in data.get("problems", ())
            ],
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


def hash_of(strategy: GatingStrategy) -> str:
    """Return a hash of everything that decides events, 12 hexadecimal digits."""
    own, scale = strategy.compensation, strategy.scale
    if isinstance(scale, Mapping):
        kernels: Any = {name: s.kernel if s else None for name, s in scale.items()}
    else:
        kernels = scale.kernel if scale else None
    rules = _rules(strategy)
    differing = {
        sample: {
            path: rule
            for path, rule in _rules(strategy.for_sample(sample)).items()
            if rule != rules[path]
        }
        for sample in strategy.overrides
    }
    decisive = {
        "gates": rules,
        "scale": kernels,
        "compensation": own.id if isinstance(own, Compensation) else own,
        "overrides": {sample: own for sample, own in differing.items() if own},
    }
    if strategy.values != SCALE:
        decisive["values"] = strategy.values
    text = json.dumps(_unsigned(decisive), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _unsigned(plain: Any) -> Any:
    """Return plain data with 0 for -0, which decides the same."""
    if isinstance(plain, float):
        return plain + 0.0
    if isinstance(plain, Mapping):
        return {key: _unsigned(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_unsigned(value) for value in plain]
    return plain


def _rules(strategy: GatingStrategy) -> dict[str, Any]:
    return {path: _rule(strategy, strategy[path]) for path in strategy.paths}


def _rule(strategy: GatingStrategy, gate: Gate) -> list[Any]:
    """Return what a gate decides by: its kind and shape, populations as paths."""
    if isinstance(gate, BooleanGate):
        terms = [
            (term.kind, strategy.path(term.text) if term.kind == "name" else term.text)
            for term in parse(gate.expression)
        ]
        return [gate.kind, terms]
    shape = gate.to_json(matrix=lambda matrix: matrix.id)
    for cosmetic in ("kind", "name", "parent", "custom_info"):
        shape.pop(cosmetic, None)
    if isinstance(gate, RectangleGate):
        shape["dimensions"].sort(key=json.dumps)
    return [gate.kind, shape]


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
