"""Transformations, matrices and dimensions of a Gating-ML file."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from longate._validation import listed, suggest
from longate.cytometry.transforms import Bounded, Linear, Ratio, Transform
from longate.exceptions import (
    GateError,
    GatingMLError,
    SpilloverError,
    TransformError,
)
from longate.gating.gates.dimension import Dimension
from longate.io.gatingml.bounds import Clamp
from longate.io.spillover_xml import spectrum_matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from longate.cytometry.compensation import Compensation
    from longate.io.gatingml.document import Document
    from longate.io.xml_tree import Element

_T = TypeVar("_T")

FLOWJO_PREFIX = "Comp-"
"""FlowJo calls a detector so where it is compensated."""

SCALES: dict[str, tuple[type[Transform], str]] = {
    kind.element: (kind, "".join(one.name.upper() for one in fields(kind)))
    for kind in Transform.kinds.values()
    if kind.element
}
"""Element of the standard -> the scale, and its parameters' letters there."""


@dataclass(frozen=True)
class Transformation:
    """A declared transformation: a scale or a ratio, and bounds."""

    scale: Transform | None
    ratio: Ratio | None
    clamp: Clamp | None


@dataclass(frozen=True)
class Side:
    """A dimension of a gate, and how its values are clamped, innermost first."""

    dimension: Dimension
    clamps: tuple[Clamp, ...]

    @property
    def bounded(self) -> Dimension:
        """The dimension with its scaled values held back at the bounds."""
        low, high = -np.inf, np.inf
        for clamp in self.clamps:  # one after another is one between both
            low, high = np.clip([low, high], clamp.low, clamp.high).tolist()
        scale = self.dimension.scale
        base = scale if isinstance(scale, Transform) else Linear(t=1.0, a=0.0)
        return replace(self.dimension, scale=Bounded(base, low, high))


class Declarations:
    """The transformations and matrices of a file, by id.

    Attributes
    ----------
    transformations : dict of str to Transformation
    matrices : dict of str to Compensation
    faults : dict of Element to GatingMLError
        Declarations that cannot be read; gates that refer to them cannot either.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.transformations: dict[str, Transformation] = {}
        self.matrices: dict[str, Compensation] = {}
        self.faults: dict[Element, GatingMLError] = {}
        self._broken: dict[tuple[str, str], GatingMLError] = {}
        self._read_all("transformation", self._read, self.transformations)
        self._read_all("spectrumMatrix", self._matrix, self.matrices)

    def _read_all(
        self, local: str, read: Callable[[Element], _T], known: dict[str, _T]
    ) -> None:
        document = self.document
        seen: set[str] = set()
        for element in document.root.named(local):
            name = document.get(element, "id") or ""
            try:
                if element in document.faults:
                    raise document.faults[element]
                if name in seen:
                    complaint = f"the id {name!r} is used a second time"
                    raise document.error(complaint, element, element)
                known[name] = read(element)
            except GatingMLError as error:
                self.faults[element] = self._broken[local, name] = error
                known.pop(name, None)
            seen.add(name)

    def side(self, element: Element, gate: Element) -> Side:
        """Read a dimension or a divider of a gate.

        Raises
        ------
        GatingMLError
            If a transformation or matrix is not declared, or is of the wrong kind.
        """
        document = self.document
        if document.version == "1.5":
            name = document.need(document.child(element, "parameter"), "name")
            return Side(Dimension(name, compensation=None, scale=None), ())
        clamps: list[Clamp] = []
        named = element.named("fcs-dimension")
        channel: str | Ratio
        if named:
            channel = document.need(named[0], "name")
            if document.get(element, "compensation-ref") is None:
                channel = channel.removeprefix(FLOWJO_PREFIX)
        else:
            new = document.child(element, "new-dimension")
            source = self._find(new, gate)
            if source.ratio is None:
                complaint = (
                    "a new dimension is made by a ratio (fratio); the transformation "
                    f"{document.need(new, 'transformation-ref')!r} is a scale"
                )
                raise document.error(complaint, new, gate)
            channel = source.ratio
            clamps.extend([source.clamp] if source.clamp else [])
        scale = None
        if document.get(element, "transformation-ref") is not None:
            over = self._find(element, gate)
            scale = over.scale
            if scale is None:
                complaint = (
                    "an axis is put on a scale; the transformation "
                    f"{document.need(element, 'transformation-ref')!r} is a ratio"
                )
                raise document.error(complaint, element, gate)
            clamps = [Clamp(*scale(clamp).tolist()) for clamp in clamps]
            clamps.extend([over.clamp] if over.clamp else [])
        compensation = self._compensation(element, channel, gate)
        try:
            axis = Dimension(channel, compensation=compensation, scale=scale)
        except GateError as error:
            raise document.error(str(error), element, gate) from None
        return Side(axis, tuple(clamps))

    def _find(self, element: Element, gate: Element) -> Transformation:
        reference = self.document.need(element, "transformation-ref")
        if reference not in self.transformations:
            self._refuse_broken("transformation", reference, element, gate)
            complaint = (
                f"the transformation {reference!r} is not declared"
                f"{suggest(reference, self.transformations)}"
            )
            raise self.document.error(complaint, element, gate)
        return self.transformations[reference]

    def _compensation(
        self, element: Element, channel: str | Ratio, gate: Element
    ) -> Compensation | str | None:
        reference = self.document.get(element, "compensation-ref")
        if reference is None:  # in an export of FlowJo
            name = self.document.need(element.named("fcs-dimension")[0], "name")
            return "acquisition" if name.startswith(FLOWJO_PREFIX) else None
        if reference == "uncompensated":
            return None
        if reference == "FCS":
            return "acquisition"
        if reference not in self.matrices:
            self._refuse_broken("spectrumMatrix", reference, element, gate)
            known = ("uncompensated", "FCS", *self.matrices)
            complaint = (
                f"the matrix {reference!r} is not declared; known are {listed(known)}"
                f"{suggest(reference, known)}"
            )
            raise self.document.error(complaint, element, gate)
        matrix = self.matrices[reference]
        names = (
            (channel.numerator, channel.denominator)
            if isinstance(channel, Ratio)
            else (channel,)
        )
        for name in names:
            if name not in matrix.fluorochromes:
                known = matrix.fluorochromes
                complaint = (
                    f"the matrix {reference!r} gives no {name!r}; its fluorochromes "
                    f"are {listed(known)}{suggest(name, known)}"
                )
                raise self.document.error(complaint, element, gate)
        return matrix

    def _refuse_broken(
        self, local: str, reference: str, element: Element, gate: Element
    ) -> None:
        error = self._broken.get((local, reference))
        if error is not None:
            reason = str(error).removeprefix(f"{self.document.what}, ")
            complaint = f"it needs what cannot be read: {reason}"
            raise self.document.error(complaint, element, gate)

    def _read(self, owner: Element) -> Transformation:
        document = self.document
        body = next(c for c in owner.children if c.local in (*SCALES, "fratio"))
        scale, ratio = None, None
        try:
            if body.local == "fratio":
                top, bottom = body.named("fcs-dimension")
                names = document.need(top, "name"), document.need(bottom, "name")
                a, b, c = (document.number(body, letter, owner) for letter in "ABC")
                ratio = Ratio(*names, a=a, b=b, c=c)
            else:
                kind, letters = SCALES[body.local]
                values = {
                    letter.lower(): document.number(body, letter, owner)
                    for letter in letters
                }
                scale = kind(**values)
        except TransformError as error:
            raise document.error(str(error), body, owner) from None
        return Transformation(scale, ratio, self._clamp(owner))

    def _clamp(self, owner: Element) -> Clamp | None:
        document = self.document
        ends = [
            document.number(owner, name, owner)
            if document.get(owner, name) is not None
            else default
            for name, default in (("boundMin", -np.inf), ("boundMax", np.inf))
        ]
        clamp = Clamp(*ends)
        if clamp.low > clamp.high:
            complaint = f"boundMin={clamp.low:g} is above boundMax={clamp.high:g}"
            raise document.error(complaint, owner, owner)
        return clamp if np.isfinite(clamp).any() else None

    def _matrix(self, owner: Element) -> Compensation:
        try:
            return spectrum_matrix(owner)
        except SpilloverError as error:
            raise self.document.error(str(error), owner, owner) from None
