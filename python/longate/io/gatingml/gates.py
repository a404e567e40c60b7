"""Gates of a Gating-ML file, each as the gate it means."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.exceptions import GateError, GateWarning
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.gates.rectangle import RectangleGate
from longate.io.gatingml.notes import (
    axes_as_noted,
    closed_as_noted,
    dividers_as_noted,
    kept_info,
    note_of,
)
from longate.io.gatingml.populations import name_for
from longate.io.gatingml.transforms import Bounds, Side, matters, unclamped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis, Dimension
    from longate.io.gatingml.document import Document
    from longate.io.gatingml.expat_tree import Element
    from longate.io.gatingml.notes import Expressions
    from longate.io.gatingml.populations import Register
    from longate.io.gatingml.transforms import Clamp, Declarations


class GateReader:
    """Reads the gates of a document.

    Parameters
    ----------
    document : Document
        The file.
    declarations : Declarations
        Its transformations and matrices.
    register : Register
        What its populations are called.
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

    def read(self, gate: Element) -> Gate:
        """Return the gate that an element means.

        Raises
        ------
        GatingMLError
            If it means none; file, line and gate are named.
        """
        readers = {
            "RectangleGate": self._rectangle,
            "PolygonGate": self._polygon,
            "EllipsoidGate": self._ellipsoid,
            "QuadrantGate": self._quadrant,
            "BooleanGate": self._boolean,
        }
        inside = self.document.get(gate, "eventsInside")
        if inside is not None and inside.strip() == "0":
            complaint = "eventsInside='0' is FlowJo's, not the standard's; use <not>"
            raise self.document.error(complaint, gate, gate)
        try:
            return readers[gate.name.local](gate)
        except GateError as error:
            raise self.document.error(self._unnamed(error, gate), gate, gate) from None

    def _rectangle(self, gate: Element) -> Gate:
        document = self.document
        sides: dict[Dimension, Bounds] = {}
        for element in document.children(gate, "dimension"):
            side = self.declarations.side(element, gate)
            low, high = (
                document.number(element, end, gate)
                if document.get(element, end) is not None
                else None
                for end in ("min", "max")
            )
            bounds = unclamped((low, high), side.clamps)
            if bounds is None:
                complaint = "no value within the transformation's bounds can be inside"
                raise document.error(complaint, element, gate)
            before = sides.get(side.dimension, (None, None))
            sides[side.dimension] = _overlap(before, bounds)
        axes = self._axes(list(sides), gate)
        lows, highs = zip(*sides.values(), strict=True)
        closed = closed_as_noted(highs, note_of(gate))
        return RectangleGate(
            self._name(gate),
            dimensions=dict(
                zip(axes, zip(lows, closed or highs, strict=True), strict=True)
            ),
            interval="closed" if closed else "half-open",
            **self._common(gate),
        )

    def _polygon(self, gate: Element) -> Gate:
        document = self.document
        elements = document.children(gate, "dimension")
        x, y = (self.declarations.side(element, gate) for element in elements)
        vertices = [
            tuple(self._values(vertex, "coordinate", gate))
            for vertex in document.children(gate, "vertex")
        ]
        for element, side, places in zip(
            elements, (x, y), zip(*vertices, strict=True), strict=True
        ):
            self._refuse_clamped(side, min(places), max(places), element, gate)
        across, along = self._axes([x.dimension, y.dimension], gate)
        return PolygonGate(
            self._name(gate),
            x=across,
            y=along,
            vertices=vertices,
            **self._common(gate),
        )

    def _ellipsoid(self, gate: Element) -> Gate:
        document = self.document
        elements = document.children(gate, "dimension")
        sides = [self.declarations.side(element, gate) for element in elements]
        mean = self._values(document.child(gate, "mean"), "coordinate", gate)
        matrix = document.child(gate, "covarianceMatrix")
        rows = [
            self._values(row, "entry", gate) for row in document.children(matrix, "row")
        ]
        square = document.child(gate, "distanceSquare")
        distance = document.number(square, "value", gate)
        n = len(sides)
        if len(mean) != n or len(rows) != n or any(len(row) != n for row in rows):
            complaint = (
                f"{n} dimensions need a mean of {n} and a covariance of {n} x {n}; "
                f"there are {len(mean)} and {len(rows)} x "
                f"{' / '.join(str(k) for k in sorted({len(row) for row in rows}))}"
            )
            raise document.error(complaint, matrix, gate)
        # A covariance is symmetric. What is not is no covariance, but has a meaning.
        noted = note_of(gate).get("matrix") == "as-written"
        written = noted or _is_askew(rows)
        negative = next((k for k in range(n) if rows[k][k] <= 0), None)
        if written and not noted and negative is not None:
            complaint = (
                "the covariance is not positive definite: it has a variance of "
                f"{rows[negative][negative]:g} in dimension {negative + 1}"
            )
            raise document.error(complaint, matrix, gate)
        if written and not noted:
            complaint = (
                "the covariance is not symmetric; its numbers are taken as they are "
                "written, as the standard's own compliance set needs"
            )
            told = str(document.error(complaint, matrix, gate))
            warnings.warn(told, GateWarning, stacklevel=2)
        try:
            read = EllipsoidGate(
                self._name(gate),
                dimensions=self._axes([side.dimension for side in sides], gate),
                mean=mean,
                covariance=rows,
                distance_square=distance,
                matrix="as-written" if written else "covariance",
                **self._common(gate),
            )
        except GateError as error:
            raise document.error(self._unnamed(error, gate), matrix, gate) from None
        for k, (element, side) in enumerate(zip(elements, sides, strict=True)):
            reach = math.sqrt(abs(rows[k][k]) * distance) * (1 + 1e-9)
            reach = math.inf if written else reach
            self._refuse_clamped(side, mean[k] - reach, mean[k] + reach, element, gate)
        return read

    def _quadrant(self, gate: Element) -> Gate:
        document = self.document
        dividers: dict[str, tuple[Dimension, list[float]]] = {}
        clamps: dict[str, tuple[Clamp, ...]] = {}
        for element in document.children(gate, "divider"):
            side = self.declarations.side(element, gate)
            name = document.need(element, "id")
            if name in dividers:
                complaint = f"the divider {name!r} is declared a second time"
                raise document.error(complaint, element, gate)
            values = [
                document.number_in(value.text, "value", value, gate)
                for value in document.children(element, "value")
            ]
            self._refuse_clamped(side, min(values), max(values), element, gate)
            dividers[name] = (side.dimension, values)
            clamps[name] = side.clamps
        quadrants = {}
        for element in document.children(gate, "Quadrant"):
            positions: dict[str, float] = {}
            for position in document.children(element, "position"):
                divider = document.need(position, "divider_ref")
                if divider not in dividers or divider in positions:
                    fault = "is named twice" if divider in positions else "is not there"
                    complaint = (
                        f"the divider {divider!r} {fault}; the gate's are "
                        f"{listed(dividers)}{suggest(divider, dividers)}"
                    )
                    raise document.error(complaint, position, gate)
                positions[divider] = document.number(position, "location", gate)
            name = self.register.name(document.need(element, "id"))
            quadrants[name] = positions
        called = dict(
            zip(dividers, dividers_as_noted(list(dividers), note_of(gate)), strict=True)
        )
        axes = self._axes([axis for axis, _ in dividers.values()], gate)
        return QuadrantGate(
            self._name(gate),
            dividers={
                called[which]: (axis, values)
                for axis, (which, (_, values)) in zip(
                    axes, dividers.items(), strict=True
                )
            },
            quadrants={
                name: {called[which]: place for which, place in positions.items()}
                for name, positions in quadrants.items()
            },
            **self._common(gate),
        )

    def _boolean(self, gate: Element) -> Gate:
        document = self.document
        body = next(c for c in gate.children if c.name.local in ("and", "or", "not"))

        def name(identifier: str) -> str:
            return self.register.reference(identifier, body, gate)

        noted = self.expressions.expression(document.need(gate, "id"), name)
        if noted is not None:
            return BooleanGate(self._name(gate), noted, **self._common(gate))
        word = body.name.local
        terms = list(dict.fromkeys(self._operands(body, gate)))
        if word == "not":
            expression = f"not {terms[0]}"
            if terms[0].startswith("not "):
                expression = f"not ({terms[0]})"
        else:
            expression = f" {word} ".join(terms)
        try:
            return BooleanGate(self._name(gate), expression, **self._common(gate))
        except GateError as error:
            raise document.error(self._unnamed(error, gate), body, gate) from None

    def _operands(self, body: Element, gate: Element) -> Iterable[str]:
        for reference in self.document.children(body, "gateReference"):
            identifier = self.document.need(reference, "ref")
            name = self.register.operand(identifier, reference, gate)
            complement = self.document.boolean(reference, "use-as-complement", gate)
            yield f"not {name}" if complement else name

    def _values(self, point: Element, local: str, gate: Element) -> list[float]:
        entries = self.document.children(point, local)
        values = [self.document.number(entry, "value", gate) for entry in entries]
        for entry, value in zip(entries, values, strict=True):
            if math.isinf(value):
                complaint = f"<{local}> is infinite"
                raise self.document.error(complaint, entry, gate)
        return values

    def _unnamed(self, error: GateError, gate: Element) -> str:
        """Return what is wrong; the place in the file is named beside it."""
        return str(error).removeprefix(f"gate {self._name(gate)!r}: ")

    def _name(self, gate: Element) -> str:
        identifier = self.document.need(gate, "id")
        if identifier in self.register.entries:
            return self.register.name(identifier)
        return name_for(str(note_of(gate).get("name", identifier)))

    def _common(self, gate: Element) -> dict[str, Any]:
        return {
            "parent": self.register.parent(gate),
            "custom_info": kept_info(gate),
        }

    def _axes(self, axes: list[Dimension], gate: Element) -> list[Axis]:
        return axes_as_noted(axes, note_of(gate), self.declarations.matrices)

    def _refuse_clamped(
        self, side: Side, least: float, most: float, element: Element, gate: Element
    ) -> None:
        if matters(side.clamps, least, most):
            bounds = " and ".join(f"{low:g} to {high:g}" for low, high in side.clamps)
            complaint = (
                f"its borders on {side.dimension.channel} reach from {least:g} to "
                f"{most:g}, to or beyond boundMin or boundMax of the transformation "
                f"({bounds}), where values are held back; only rectangles may do so. "
                "Draw the gate within the bounds, or take these away"
            )
            raise self.document.error(complaint, element, gate)


def _is_askew(rows: list[list[float]]) -> bool:
    """Whether entries that mirror each other differ by more than rounding."""
    return any(
        abs(rows[i][j] - rows[j][i])
        > 1e-9 * math.sqrt(abs(rows[i][i])) * math.sqrt(abs(rows[j][j]))
        for i in range(len(rows))
        for j in range(i)
    )


def _overlap(one: Bounds, other: Bounds) -> Bounds:
    lows = [low for low in (one[0], other[0]) if low is not None]
    highs = [high for high in (one[1], other[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)
