"""Changes of a strategy's tree, in which parents and references follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from longate._validation import listed, suggest
from longate.exceptions import PopulationError, StrategyError
from longate.gating.gates.base import ALL_EVENTS, Gate, check_name, gates_of
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import with_references
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.tree.overrides import gate_paths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from longate.gating.tree.gate_tree import GateTree

# An edit returns what it was given: a tree, or a strategy.
Tree = TypeVar("Tree", bound="GateTree")

Moves = dict[str, str]
"""Old path -> new path, of populations with all below them."""


@dataclass(frozen=True)
class _Entry:
    """A gate with everything that it refers to as full paths."""

    gate: Gate
    parent: str
    references: Mapping[str, str]

    @property
    def gate_path(self) -> str:
        return f"{self.parent}/{self.gate.name}".lstrip("/")

    @property
    def populations(self) -> list[str]:
        """The paths of what the gate makes."""
        names = [self.gate.name]
        if isinstance(self.gate, QuadrantGate):
            names = list(self.gate.quadrants)
        return [f"{self.parent}/{name}".lstrip("/") for name in names]

    def followed(self, moves: Moves) -> _Entry:
        """Return the entry after populations were moved."""
        references = {
            written: _moved(path, moves) for written, path in self.references.items()
        }
        return _Entry(self.gate, _moved(self.parent, moves), references)

    def made(self, strategy: GateTree | None) -> Gate:
        """Return the gate, written as before where that means the same.

        Without a strategy everything is written as full paths.
        """

        def shortest(written: str | None, path: str) -> str | None:
            if written is None or strategy is None:
                return path or None
            return written if strategy.paths_of(written) == (path,) else path or None

        changes: dict[str, Any] = {}
        parent = shortest(self.gate.parent, self.parent)
        if parent != self.gate.parent:
            changes["parent"] = parent
        if isinstance(self.gate, BooleanGate):
            names = {
                written: shortest(written, path) or written
                for written, path in self.references.items()
            }
            expression = with_references(self.gate.expression, names)
            if expression != self.gate.expression:
                changes["expression"] = expression
        return replace(self.gate, **changes) if changes else self.gate


class _Draft(Generic[Tree]):
    """The gates of a strategy while it is changed."""

    def __init__(self, strategy: Tree) -> None:
        self.strategy = strategy
        tree = strategy.tree
        self.entries = [
            _entry(strategy, gate, gate_path)
            for gate, gate_path in zip(strategy.gates, tree.gate_paths, strict=True)
        ]
        self.overrides = {
            sample: [
                _entry(strategy.for_sample(sample), gate, gate_path)
                for gate, gate_path in zip(
                    gates, gate_paths_of(strategy, sample, gates), strict=True
                )
            ]
            for sample, gates in strategy.overrides.items()
        }

    def follow(self, moves: Moves) -> None:
        """Let everything that was moved be meant where it is now."""
        self.entries = [entry.followed(moves) for entry in self.entries]
        self.overrides = {
            sample: [entry.followed(moves) for entry in entries]
            for sample, entries in self.overrides.items()
        }

    def exchange(self, gate_path: str, gates: Mapping[int | str, Gate | None]) -> None:
        """Put other gates at a path: the common one under 0, others by sample."""

        def exchanged(entries: Iterable[_Entry], key: int | str) -> list[_Entry]:
            kept = []
            for entry in entries:
                gate = gates[key] if entry.gate_path == gate_path else entry.gate
                if gate is not None:
                    kept.append(replace(entry, gate=gate))
            return kept

        self.entries = exchanged(self.entries, 0)
        self.overrides = {
            sample: exchanged(entries, sample)
            for sample, entries in self.overrides.items()
        }

    def at(self, gate_path: str) -> dict[int | str, Gate]:
        """Return the gates at a path: the common one under 0, others by sample."""
        found: dict[int | str, Gate] = {
            sample: entry.gate
            for sample, entries in self.overrides.items()
            for entry in entries
            if entry.gate_path == gate_path
        }
        common = next(
            entry.gate for entry in self.entries if entry.gate_path == gate_path
        )
        return {0: common, **dict.fromkeys(self.overrides, common), **found}

    def finished(self, more: Sequence[Gate] = ()) -> Tree:
        """Return the changed strategy, names written as before where they can be."""
        full = self._made(None, more)
        return self._made(full, more)

    def _made(self, strategy: GateTree | None, more: Sequence[Gate]) -> Tree:
        gates = [entry.made(strategy) for entry in self.entries]
        overrides = {
            sample: [entry.made(strategy) for entry in entries]
            for sample, entries in self.overrides.items()
        }
        return self.strategy.changed(
            gates=[*gates, *more],
            overrides={sample: own for sample, own in overrides.items() if own},
        )


def _entry(strategy: GateTree, gate: Gate, gate_path: str) -> _Entry:
    references = {name: strategy.path(name) for name in gate.populations}
    return _Entry(gate, gate_path.rpartition("/")[0], references)


def _moved(path: str, moves: Moves) -> str:
    for old, new in moves.items():
        if path == old or path.startswith(f"{old}/"):
            return new + path[len(old) :]
    return path


def _below(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def _found(strategy: GateTree, name: str) -> tuple[str, str | None]:
    """Return the path of the gate that is meant, and perhaps the quadrant of it."""
    strategy.paths_of(name)  # refuses what is no text
    tree = strategy.tree
    cut = [
        gate_path
        for gate_path, gate in zip(tree.gate_paths, strategy.gates, strict=True)
        if isinstance(gate, QuadrantGate)
    ]
    known = [*tree.by_path, *cut]
    found = [path for path in known if path == name]
    found = found or [path for path in known if f"/{path}".endswith(f"/{name}")]
    if len(found) > 1:
        msg = f"{name!r} means several gates: {listed(found)}"
        raise PopulationError(msg)
    if not found:
        names = [path.rpartition("/")[2] for path in known]
        msg = (
            f"the strategy {strategy.name!r} has no population or quadrant gate "
            f"{name!r}{suggest(name, [*names, *known])}"
        )
        raise PopulationError(msg)
    path = found[0]
    if path in cut:
        return path, None
    number = tree.declared[path]
    quadrant = isinstance(strategy.gates[number], QuadrantGate)
    return tree.gate_paths[number], path.rpartition("/")[2] if quadrant else None


def _whole(strategy: GateTree, name: str, verb: str) -> str:
    gate_path, quadrant = _found(strategy, name)
    if quadrant is not None:
        msg = (
            f"{quadrant!r} is a quadrant of {gate_path!r} and cannot be {verb} alone; "
            f"name "
            "the quadrant gate"
        )
        raise StrategyError(msg)
    return gate_path


def override(strategy: Tree, sample: str, gates: Sequence[Gate]) -> Tree:
    """Return the strategy with gates that differ for a sample, see its method."""
    kept = dict(strategy.overrides)
    kept.pop(sample, None)
    if not gates:
        return strategy.changed(overrides=kept)
    old = strategy.overrides.get(sample, ())
    own = dict(zip(gate_paths_of(strategy, sample, old), old, strict=True))
    own |= zip(gate_paths_of(strategy, sample, gates_of(gates)), gates, strict=True)
    return strategy.changed(overrides={**kept, sample: list(own.values())})


def add(strategy: Tree, gates: Sequence[Gate]) -> Tree:
    """Return the strategy with more gates, see its method."""
    return _Draft(strategy).finished(gates_of(gates))


def remove(strategy: Tree, population: str) -> Tree:
    """Return the strategy without a sub-tree, see its method."""
    gate_path, quadrant = _found(strategy, population)
    draft = _Draft(strategy)
    gone = next(e.populations for e in draft.entries if e.gate_path == gate_path)
    if quadrant is not None:
        gone = [path for path in gone if path.rpartition("/")[2] == quadrant]
        draft.exchange(
            gate_path,
            {
                key: _without(gate, quadrant)
                for key, gate in draft.at(gate_path).items()
            },
        )
    else:
        draft.exchange(gate_path, dict.fromkeys(draft.at(gate_path)))
    draft.entries = [e for e in draft.entries if not _below(e.parent, gone)]
    draft.overrides = {
        sample: [e for e in entries if not _below(e.parent, gone)]
        for sample, entries in draft.overrides.items()
    }
    every = [*draft.entries, *(e for own in draft.overrides.values() for e in own)]
    for entry in every:
        lost = [path for path in entry.references.values() if _below(path, gone)]
        if lost:
            msg = (
                f"gate {entry.gate_path!r} refers to {listed(lost)}, which would be "
                f"removed"
            )
            raise StrategyError(msg)
    return draft.finished()


def _without(gate: Gate, quadrant: str) -> Gate | None:
    if not isinstance(gate, QuadrantGate):
        return gate
    left = {name: at for name, at in gate.quadrants.items() if name != quadrant}
    return replace(gate, quadrants=left) if left else None


def rename(strategy: Tree, population: str, name: str) -> Tree:
    """Return the strategy with another name for a population, see its method."""
    check_name(name)
    gate_path, quadrant = _found(strategy, population)
    draft = _Draft(strategy)
    head = gate_path.rpartition("/")[0]
    moves: Moves = {}
    exchanged: dict[int | str, Gate | None] = {}
    for key, gate in draft.at(gate_path).items():
        if quadrant is not None and isinstance(gate, QuadrantGate):
            if name != quadrant and name in gate.quadrants:
                msg = f"{gate_path!r} has a quadrant {name!r} already"
                raise StrategyError(msg)
            quadrants = {
                name if own == quadrant else own: at
                for own, at in gate.quadrants.items()
            }
            exchanged[key] = replace(gate, quadrants=quadrants)
        else:
            exchanged[key] = replace(gate, name=name)
    if quadrant is not None:
        moves = {f"{head}/{quadrant}".lstrip("/"): f"{head}/{name}".lstrip("/")}
    elif not isinstance(draft.at(gate_path)[0], QuadrantGate):
        moves = {gate_path: f"{head}/{name}".lstrip("/")}
    draft.exchange(gate_path, exchanged)
    draft.follow(moves)
    return draft.finished()


def move(strategy: Tree, population: str, parent: str | None) -> Tree:
    """Return the strategy with a sub-tree below another parent, see its method."""
    gate_path = _whole(strategy, population, "moved")
    target = "" if parent in (None, ALL_EVENTS) else strategy.path(str(parent))
    draft = _Draft(strategy)
    entry = next(entry for entry in draft.entries if entry.gate_path == gate_path)
    if _below(target, entry.populations):
        msg = f"{gate_path!r} cannot be moved into {target!r}, which is or lies in it"
        raise StrategyError(msg)
    moves = {path: _into(path, target) for path in entry.populations}

    def settled(one: _Entry) -> _Entry:
        moved = one.followed(moves)
        return replace(moved, parent=target) if one.gate_path == gate_path else moved

    draft.entries = [settled(one) for one in draft.entries]
    draft.overrides = {
        sample: [settled(one) for one in entries]
        for sample, entries in draft.overrides.items()
    }
    return draft.finished()


def _into(path: str, target: str) -> str:
    return f"{target}/{path.rpartition('/')[2]}".lstrip("/")


def copy(strategy: Tree, population: str, parent: str | None, name: str | None) -> Tree:
    """Return the strategy with a second copy of a sub-tree, see its method."""
    gate_path = _whole(strategy, population, "copied")
    draft = _Draft(strategy)
    root = next(entry for entry in draft.entries if entry.gate_path == gate_path)
    target = root.parent
    if parent is not None:
        target = "" if parent == ALL_EVENTS else strategy.path(parent)
    new = root.gate.name if name is None else name
    check_name(new)
    if isinstance(root.gate, QuadrantGate):
        moves = {path: _into(path, target) for path in root.populations}
    else:
        moves = {gate_path: f"{target}/{new}".lstrip("/")}

    def copies(entries: Sequence[_Entry]) -> list[_Entry]:
        made = []
        for one in entries:
            if one.gate_path == gate_path:
                gate = replace(one.gate, name=new)
                made.append(replace(one.followed(moves), gate=gate, parent=target))
            elif _below(one.parent, root.populations):
                made.append(one.followed(moves))
        return made

    draft.entries += copies(draft.entries)
    for entries in draft.overrides.values():
        entries += copies(entries)
    return draft.finished()


def replace_gate(strategy: Tree, population: str, gate: Gate) -> Tree:
    """Return the strategy with another gate instead of one, see its method."""
    (new,) = gates_of([gate])
    gate_path = _whole(strategy, population, "replaced")
    head = gate_path.rpartition("/")[0]
    if new.parent is not None and strategy.path(new.parent) != head:
        msg = (
            f"the new gate of {gate_path!r} lies in {new.parent!r}, the old one in "
            f"{head or 'no population'!r}; leave the parent out, or move the gate"
        )
        raise StrategyError(msg)
    renamed = (
        rename(strategy, gate_path, new.name)
        if new.name != _last(gate_path)
        else strategy
    )
    gate_path = f"{head}/{new.name}".lstrip("/")
    draft = _Draft(renamed)
    for number, entry in enumerate(draft.entries):
        if entry.gate_path == gate_path:
            references = {name: renamed.path(name) for name in new.populations}
            draft.entries[number] = _Entry(new, head, references)
    return draft.finished()


def _last(path: str) -> str:
    return path.rpartition("/")[2]
