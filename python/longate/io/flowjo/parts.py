"""Rectangles of more than two dimensions: several rectangles and an And in FlowJo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longate.gating.gates.base import Gate


def parts_of(gate: RectangleGate) -> list[RectangleGate]:
    """Return rectangles of two dimensions at most whose And is a rectangle.

    Parameters
    ----------
    gate : RectangleGate
        Of three dimensions or more.
    """
    sides = list(gate.dimensions.items())
    return [
        RectangleGate(
            _name(gate.name, number),
            parent=gate.parent,
            dimensions=dict(sides[first : first + 2]),
            interval=gate.interval,
        )
        for number, first in enumerate(range(0, len(sides), 2), start=1)
    ]


def whole_rectangles(
    gates: Mapping[str, list[Gate]],
) -> Iterator[tuple[str, RectangleGate, tuple[str, ...]]]:
    """Find the And populations that are one rectangle in parts, as they are written.

    Parameters
    ----------
    gates : mapping of str to list of Gate
        By path.

    Yields
    ------
    (str, RectangleGate, tuple of str)
        Path of the population, the rectangle, and the paths of its parts.
    """
    for path, found in gates.items():
        (*_, gate) = found
        if len(found) != 1 or not isinstance(gate, BooleanGate):
            continue
        names = gate.populations
        expected = tuple(_name(path, number) for number in range(1, len(names) + 1))
        words = gate.expression.replace('"', "")
        if names != expected or len(names) < 2 or words != " and ".join(names):
            continue
        parts = [part for name in names for part in gates.get(name, ())]
        sides = {
            axis: bounds
            for part in parts
            if isinstance(part, RectangleGate)
            for axis, bounds in part.dimensions.items()
        }
        plain = all(isinstance(part, RectangleGate) for part in parts)
        if not plain or len(parts) != len(names) or _is_used(gates, path, names):
            continue
        whole = RectangleGate(gate.name, parent=gate.parent, dimensions=sides)
        if len(sides) == sum(len(part.axes) for part in parts):
            yield path, whole, names


def _is_used(
    gates: Mapping[str, list[Gate]], path: str, names: tuple[str, ...]
) -> bool:
    """Return whether parts have populations in them, or others refer to them."""
    others = [gate for own, found in gates.items() if own != path for gate in found]
    return any(
        gate.parent in names or set(names) & set(gate.populations) for gate in others
    )


def _name(name: str, number: int) -> str:
    return f"{name} (part {number})"
