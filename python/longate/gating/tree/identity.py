"""The hash of what decides events: what makes two strategies the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from longate.cytometry.acquired import SCALE
from longate.cytometry.compensation import Compensation

if TYPE_CHECKING:
    from longate.gating.tree.checks import Scale
    from longate.gating.tree.population_paths import PopulationPaths


def hash_of(
    tree: PopulationPaths,
    by_sample: Mapping[str, PopulationPaths],
    scale: Scale,
    compensation: Compensation | str | None,
    values: str,
) -> str:
    """Return a hash of everything that decides events, 12 hexadecimal digits.

    Parameters
    ----------
    tree : PopulationPaths
        The common gates.
    by_sample : mapping of str to PopulationPaths
        The gates of samples that differ.
    scale : Transform, mapping of str to Transform, or None
        As the strategy has it.
    compensation : Compensation, str or None
        As the strategy has it.
    values : str
        ``"raw"`` where gates are on stored numbers.
    """
    if isinstance(scale, Mapping):
        kernels: Any = {name: s.kernel if s else None for name, s in scale.items()}
    else:
        kernels = scale.kernel if scale else None
    rules = _rules(tree)
    differing = {
        sample: {
            path: rule for path, rule in _rules(own).items() if rule != rules[path]
        }
        for sample, own in by_sample.items()
    }
    own = compensation.id if isinstance(compensation, Compensation) else compensation
    decisive = {
        "gates": rules,
        "scale": kernels,
        "compensation": own,
        "overrides": {sample: gates for sample, gates in differing.items() if gates},
    }
    if values != SCALE:
        decisive["values"] = values
    text = json.dumps(_unsigned(decisive), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _rules(tree: PopulationPaths) -> dict[str, Any]:
    return {path: gate.rule(tree.path) for path, gate in tree.tree.by_path.items()}


def _unsigned(plain: Any) -> Any:
    """Return plain data with 0 for -0, which decides the same."""
    if isinstance(plain, float):
        return plain + 0.0
    if isinstance(plain, Mapping):
        return {key: _unsigned(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_unsigned(value) for value in plain]
    return plain
