"""And, Or and Not nodes of FlowJo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from longate.exceptions import FlowJoError
from longate.gating.gates.boolean import BooleanGate
from longate.io.flowjo.markup import attribute, child, children, local, sub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

NODES = {"AndNode": "and", "OrNode": "or", "NotNode": "not"}
"""Element of a node -> its operator."""


@dataclass(frozen=True)
class BooleanDrawing:
    """Other populations that are combined, within the node's own parent.

    Parameters
    ----------
    operator : {"and", "or", "not"}
        How; a Not node has one population.
    names : tuple of str
        Paths from the root of the sample, as the workspace writes them.
    """

    elements: ClassVar[tuple[str, ...]] = tuple(NODES)

    operator: str
    names: tuple[str, ...]

    @classmethod
    def read(cls, element: _Element) -> BooleanDrawing:
        """Read a node; the copy of the gate that a Not node holds is passed over."""
        operator = NODES[local(element)]
        names = tuple(
            attribute(one, "name", "")
            for one in children(child(element, "Dependents"), "Dependent")
        )
        wanted = len(names) == 1 if operator == "not" else len(names) > 1
        if not wanted:
            least = "one population" if operator == "not" else "two populations or more"
            msg = f"an {local(element)} needs {least}; it names {len(names)}"
            raise FlowJoError(msg)
        return cls(operator, names)

    def gate(
        self, name: str, parent: str | None, paths: Mapping[str, str | None]
    ) -> BooleanGate:
        """Return the gate.

        Parameters
        ----------
        name, parent : str
            Of the population.
        paths : mapping of str to str or None
            Path as the workspace writes it -> path in the strategy; None where it
            means several populations.

        Raises
        ------
        FlowJoError
            If a path is not there or means several populations.
        """
        found = []
        for written in self.names:
            key = written.strip("/") if written not in paths else written
            if key not in paths:
                msg = f"it refers to {written!r}, which is not in the sample"
                raise FlowJoError(msg)
            path = paths[key]
            if path is None:
                msg = f"it refers to {written!r}, which several populations are called"
                raise FlowJoError(msg)
            found.append(quoted(path))
        expression = f" {self.operator} ".join(found)
        if self.operator == "not":
            expression = f"not {found[0]}"
        return BooleanGate(name, expression, parent=parent)


def quoted(path: str) -> str:
    """Return a path as expressions of gates write any name."""
    return '"' + path.replace('"', '""') + '"'


def write_dependents(element: _Element, names: tuple[str, ...]) -> None:
    """Write the populations of a node."""
    inside = sub(element, "Dependents")
    for name in names:
        sub(inside, "Dependent", {"name": name})
