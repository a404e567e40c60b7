"""A strategy's tree as text, and as HTML with a small picture of every gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.cytometry.acquired import RAW
from longate.gating.gates.sketch import clean
from longate.gating.tree.overrides import gate_paths_of

if TYPE_CHECKING:
    from longate.gating.tree.gate_tree import GateTree

THUMBNAIL = 44
"""Height of the picture of a gate, in pixels."""


def tree_text(strategy: GateTree) -> str:
    """Draw the tree as text, one population a line."""
    lines = [f"GatingStrategy {strategy.name!r} · {_size(strategy)}"]
    for path, gate in strategy.tree.by_path.items():
        indent = "   " * path.count("/")
        lines.append(f"{indent}└─ {gate.name}: {_words(strategy, path)}")
    return "\n".join(lines)


def tree_html(strategy: GateTree) -> str:
    """Draw the tree for a notebook; names are escaped."""
    rows = []
    for path, gate in strategy.tree.by_path.items():
        rows.append(
            '<div style="display:flex;align-items:center;gap:.7em;margin:.2em 0;'
            f'padding-left:{1.5 * path.count("/"):.1f}em">'
            f"{gate.sketch(height=THUMBNAIL)}<span><b>{clean(gate.name)}</b> "
            f'<span style="opacity:.65">{clean(_words(strategy, path))}</span>'
            "</span></div>"
        )
    head = f"GatingStrategy <b>{clean(strategy.name)}</b> · {clean(_size(strategy))}"
    return f"<div>{head}{''.join(rows)}</div>"


def _size(strategy: GateTree) -> str:
    n, samples = len(strategy), len(strategy.overrides)
    own = f" · gates of {samples} samples differ" if samples > 1 else ""
    if samples == 1:
        own = " · gates of 1 sample differ"
    raw = " · on stored numbers" if strategy.values == RAW else ""
    n_lost = sum(bool(one.gate) for one in strategy.problems)
    lost = f" · {n_lost} gates could not be read: .problems" if n_lost > 1 else ""
    if n_lost == 1:
        lost = " · 1 gate could not be read: .problems"
    return f"{n} population{'s' if n != 1 else ''}{own}{raw} · {strategy.id}{lost}"


def _words(strategy: GateTree, path: str) -> str:
    """Say what a gate keeps, of which quadrant gate it is, and where it differs."""
    number = strategy.tree.declared[path]
    words = strategy.tree.by_path[path].description
    if strategy.tree.gate_paths[number] != path:
        words += f" (of {strategy.gates[number].name!r})"
    gate_path = strategy.tree.gate_paths[number]
    differing = [
        sample
        for sample in strategy.overrides
        if gate_path in gate_paths_of(strategy, sample, strategy.overrides[sample])
    ]
    if differing:
        shown = ", ".join(differing[:3])
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        words += f" [differs for {shown}{more}]"
    return words
