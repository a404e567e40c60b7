"""GatingStrategy: a tree of gates with paths as keys, and the scale of each channel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.cytometry.compensation import Compensation
from longate.cytometry.transforms import Transform
from longate.exceptions import PopulationError, StrategyError
from longate.gating.boolean import parse
from longate.gating.boolean_gate import BooleanGate
from longate.gating.compiled import compile_strategy, gate_sample
from longate.gating.gate import Gate, gates_of
from longate.gating.tree import resolve_paths

if TYPE_CHECKING:
    from longate.cytometry.sample import Sample
    from longate.gating.compiled import GatedSample

ACQUISITION = "acquisition"

Scale = Transform | Mapping[str, Transform | None] | None


@dataclass(frozen=True, init=False, eq=False, repr=False)
class GatingStrategy:
    """Gates in a tree. The key of a population is its path.

    Parameters
    ----------
    gates : sequence of Gate
        In any order; `parent` names (paths, or names that are unique) make the tree.
    scale : Transform, or mapping of str to Transform, optional
        One scale for all fluorescence channels (scatter and Time stay as they are), or
        one per marker or detector. Gate coordinates are on it. Channels without a scale
        are gated on plain values.
    compensation : {"acquisition"}, Compensation or None
        ``"acquisition"`` takes the matrix that comes with the file or the sample sheet;
        ``None`` does not compensate; a matrix is used for every file.
    name : str
        What the strategy is called in reports.

    Raises
    ------
    StrategyError
        For a parent that does not exist, a cycle, or two populations of one path.
    GateError
        If something that is not a gate is given.

    Examples
    --------
    >>> import longate as lg
    >>> strategy = lg.GatingStrategy([
    ...     lg.RectangleGate("Lymphocytes", dimensions={"FSC-A": (2e4, 9e4)}),
    ...     lg.RectangleGate("CD56+", parent="Lymphocytes", CD56=(0.45, None)),
    ... ], scale=lg.Logicle())
    >>> strategy.paths
    ('Lymphocytes', 'Lymphocytes/CD56+')
    """

    gates: tuple[Gate, ...]
    scale: Scale
    compensation: Compensation | str | None
    name: str

    def __init__(
        self,
        gates: Sequence[Gate],
        *,
        scale: Scale = None,
        compensation: Compensation | str | None = ACQUISITION,
        name: str = "strategy",
    ) -> None:
        known = compensation is None or compensation == ACQUISITION
        if not known and not isinstance(compensation, Compensation):
            msg = (
                f"compensation={compensation!r} is not known; give 'acquisition', a "
                "Compensation, or None"
            )
            raise StrategyError(msg)
        object.__setattr__(self, "gates", gates_of(gates))
        object.__setattr__(self, "scale", _checked_scale(scale))
        object.__setattr__(self, "compensation", compensation)
        object.__setattr__(self, "name", name)
        _ = self._by_path  # the tree is checked here and not later
        for gate in self.gates:
            for reference in gate.populations if isinstance(gate, BooleanGate) else ():
                try:
                    self.path(reference)
                except PopulationError as error:
                    msg = f"gate {gate.name!r} refers to {reference!r}: {error}"
                    raise StrategyError(msg) from None
        _refuse_circles(self)

    @cached_property
    def _by_path(self) -> dict[str, Gate]:
        return resolve_paths(self.gates)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all populations, each after its parent."""
        return tuple(self._by_path)

    def __len__(self) -> int:
        """Return the number of gates."""
        return len(self.gates)

    def __iter__(self) -> Iterator[str]:
        """Iterate over paths."""
        return iter(self.paths)

    def __contains__(self, population: object) -> bool:
        """Whether a path or short name means exactly one population."""
        return len(self.paths_of(str(population))) == 1

    def __getitem__(self, population: str) -> Gate:
        """Return the gate of a population, by path or unique name."""
        return self._by_path[self.path(population)]

    def path(self, population: str) -> str:
        """Return the full path of a population.

        Parameters
        ----------
        population : str
            A path, or the end of one (such as its name) that is unique.

        Raises
        ------
        PopulationError
            If nothing, or more than one population, is meant.
        """
        found = self.paths_of(population)
        if len(found) == 1:
            return found[0]
        if found:
            msg = f"{population!r} means several populations: {listed(found)}"
            raise PopulationError(msg)
        names = dict.fromkeys([*(gate.name for gate in self.gates), *self.paths])
        msg = (
            f"population {population!r} is not in the strategy {self.name!r}"
            f"{suggest(population, names) or '; it has ' + listed(names, most=20)}"
        )
        raise PopulationError(msg)

    def paths_of(self, population: str) -> tuple[str, ...]:
        """Return every path that a path, or the end of one, may mean."""
        if population in self._by_path:
            return (population,)
        ends = "/" + population
        return tuple(path for path in self._by_path if ("/" + path).endswith(ends))

    def parent(self, population: str) -> str | None:
        """Return the path of the parent of a population, or None at the root."""
        head, _, _ = self.path(population).rpartition("/")
        return head or None

    def apply(self, sample: Sample) -> GatedSample:
        """Gate one sample in memory.

        Parameters
        ----------
        sample : Sample
            From :func:`longate.read_fcs`.

        Returns
        -------
        GatedSample
            With ``.counts`` and ``.mask(population)``.

        Raises
        ------
        PanelError
            If a channel of a gate is not in the sample's panel; the gate is named.
        """
        return gate_sample(
            compile_strategy(self, sample.panel, sample.compensation), sample
        )

    def to_json(self) -> str:
        """Return the strategy as JSON text; :meth:`from_json` gives it back."""
        matrix: Any = self.compensation
        if isinstance(matrix, Compensation):
            matrix = matrix.to_plain()
        plain = {
            "name": self.name,
            "scale": _scale_to_plain(self.scale),
            "compensation": matrix,
            "gates": [gate.to_json() for gate in self.gates],
        }
        return json.dumps(plain, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> GatingStrategy:
        """Rebuild a strategy from :meth:`to_json`.

        Raises
        ------
        StrategyError
            If the text is not a strategy.
        """
        try:
            data = json.loads(text)
            scale, matrix = _scale_from_plain(data["scale"]), data["compensation"]
            if isinstance(matrix, dict):
                matrix = Compensation.from_plain(matrix)
            gates = [Gate.from_json(gate) for gate in data["gates"]]
            name = data["name"]
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            msg = f"the text is not a gating strategy: {error!r}"
            raise StrategyError(msg) from None
        return cls(gates, scale=scale, compensation=matrix, name=name)

    @cached_property
    def id(self) -> str:
        """A hash of everything that decides events, 12 hexadecimal digits.

        The strategy's own name does not count, nor do the order of gates and the way in
        which parents, expressions and numbers are written.
        """
        matrix = self.compensation
        scale: Any = self.scale
        if isinstance(scale, Mapping):
            scale = {name: s.kernel if s else None for name, s in scale.items()}
        decisive = {
            "gates": {path: self._rule(gate) for path, gate in self._by_path.items()},
            "scale": scale.kernel if isinstance(scale, Transform) else scale,
            "compensation": matrix.id if isinstance(matrix, Compensation) else matrix,
        }
        text = json.dumps(decisive, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _rule(self, gate: Gate) -> list[Any]:
        """Return what a gate decides by: its kind and shape, populations as paths."""
        if isinstance(gate, BooleanGate):
            terms = [
                (term.kind, self.path(term.text) if term.kind == "name" else term.text)
                for term in parse(gate.expression)
            ]
            return [gate.kind, terms]
        return [gate.kind, gate._shape(str)]

    def __eq__(self, other: object) -> bool:
        """Whether both decide every event alike, gate by gate."""
        return isinstance(other, GatingStrategy) and self.id == other.id

    def __hash__(self) -> int:
        """Hash by what decides events."""
        return hash(self.id)

    def __repr__(self) -> str:
        """Draw the tree as text."""
        lines = [f"GatingStrategy {self.name!r} · {len(self)} gates · {self.id}"]
        for path, gate in self._by_path.items():
            indent = "   " * path.count("/")
            lines.append(f"{indent}└─ {gate.name}: {gate.description}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Draw the tree for a notebook."""
        from html import escape

        rows = [
            f'<div style="padding-left:{1.5 * path.count("/"):.1f}em">'
            f"<b>{escape(gate.name)}</b> "
            f'<span style="opacity:.65">{escape(gate.description)}</span></div>'
            for path, gate in self._by_path.items()
        ]
        head = f"GatingStrategy <b>{escape(self.name)}</b> · {len(self)} gates"
        return f"<div>{head}{''.join(rows)}</div>"


def _checked_scale(scale: Scale) -> Scale:
    entries = scale.values() if isinstance(scale, Mapping) else [scale]
    for entry in entries:
        if entry is not None and not isinstance(entry, Transform):
            msg = (
                "scale must be a Transform such as lg.Logicle(), or a mapping of "
                f"channels to them; got {entry!r}"
            )
            raise StrategyError(msg)
    return dict(scale) if isinstance(scale, Mapping) else scale


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


def _refuse_circles(strategy: GatingStrategy) -> None:
    """Refuse Boolean gates that need each other."""
    needs: dict[str, set[str]] = {}
    for path in strategy.paths:
        gate = strategy[path]
        needs[path] = {p for p in [strategy.parent(path)] if p}
        if isinstance(gate, BooleanGate):
            needs[path] |= {strategy.path(name) for name in gate.populations}
    while needs:
        free = [path for path, others in needs.items() if not others & needs.keys()]
        if not free:
            msg = f"gates need each other in a cycle: {listed(needs)}"
            raise StrategyError(msg)
        for path in free:
            del needs[path]
