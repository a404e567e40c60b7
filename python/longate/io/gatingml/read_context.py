"""Names, parents, axes and numbers of the gates of one file, as all kinds need them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from longate.io.gatingml.bounds import beyond
from longate.io.gatingml.notes import axes_as_noted, kept_info, note_of
from longate.io.gatingml.populations import name_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.exceptions import GateError
    from longate.gating.gates.dimension import Axis, Dimension
    from longate.io.gatingml.declarations import Declarations, Side
    from longate.io.gatingml.document import Document
    from longate.io.gatingml.notes import Expressions
    from longate.io.gatingml.populations import Register
    from longate.io.gatingml.records import GateRecord
    from longate.io.xml_tree import Element


class ReadContext:
    """The parts of a file that its gates refer to.

    Parameters
    ----------
    document : Document
        The file.
    declarations : Declarations
        Its transformations and matrices.
    register : Register
        Names of its populations.
    expressions : Expressions
        Boolean gates that Longate wrote.
    """

    def __init__(
        self,
        document: Document,
        declarations: Declarations,
        register: Register,
        expressions: Expressions,
    ) -> None:
        self.document = document
        self.declarations = declarations
        self.register = register
        self.expressions = expressions

    def name(self, record: GateRecord) -> str:
        """Return the name of a gate."""
        if record.id in self.register:
            return self.register.name(record.id)
        return name_for(str(note_of(record.infos).get("name", record.id)))

    def population(self, identifier: str) -> str:
        """Return the name of a population, by its id."""
        return self.register.name(identifier)

    def common(self, record: GateRecord) -> dict[str, Any]:
        """Return what gates of every kind have: parent and custom information."""
        parent = record.parent
        return {
            "parent": None if parent is None else self.register.reference(parent),
            "custom_info": kept_info(self.document, record.infos),
        }

    def side(self, element: Element, record: GateRecord) -> Side:
        """Return the dimension of an element, and the bounds of its values."""
        return self.declarations.side(element, record.element)

    def axes(self, axes: Sequence[Dimension], record: GateRecord) -> list[Axis]:
        """Return axes as they were spelled when Longate wrote the file."""
        matrices = self.declarations.matrices
        return axes_as_noted(axes, note_of(record.infos), matrices)

    def clamped(
        self, side: Side, least: float, most: float, record: GateRecord
    ) -> Dimension:
        """Return the dimension of a gate whose border reaches from `least` to `most`.

        Values that a transformation holds back at a bound move into the gate or out of
        it only where the border reaches that far; elsewhere the bound is left out, but
        from gates of Longate.
        """
        own = side.clamps and note_of(record.infos).get("bounded")
        if not own and not beyond(side.clamps, least, most):
            return side.dimension
        return side.bounded

    def values(self, point: Element, local: str, gate: Element) -> list[float]:
        """Return the finite numbers of a point or of a row."""
        entries = point.named(local)
        values = [self.document.number(entry, "value", gate) for entry in entries]
        for entry, value in zip(entries, values, strict=True):
            if math.isinf(value):
                complaint = f"<{local}> is infinite"
                raise self.document.error(complaint, entry, gate)
        return values

    def unnamed(self, error: GateError, record: GateRecord) -> str:
        """Return the complaint without the gate, which the error's line names."""
        return str(error).removeprefix(f"gate {self.name(record)!r}: ")
