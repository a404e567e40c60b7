"""Spillover matrices of FlowJo 10: reading and writing one element."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longate.cytometry.compensation import Compensation
from longate.exceptions import FlowJoError
from longate.io.flowjo.markup import DATA, attribute, local, number, sub, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

    from longate.io.flowjo.markup import Names


_PARAMETER = f"{{{DATA}}}parameter"


@dataclass(frozen=True)
class FlowJoMatrix:
    """A matrix of a workspace: row = fluorochrome, column = detector.

    Parameters
    ----------
    name : str
        As FlowJo lists it.
    detectors : tuple of str
        As the workspace writes them (with ``_`` for ``/``).
    coefficients : tuple of tuple of float
        One row per detector; empty where the matrix has no coefficients.
    columns : tuple of str
        The name of the compensated column of each detector.
    prefix, suffix : str
        What makes the name of a compensated column.
    """

    name: str
    detectors: tuple[str, ...]
    coefficients: tuple[tuple[float, ...], ...]
    columns: tuple[str, ...]
    prefix: str = "Comp-"
    suffix: str = ""

    @property
    def is_empty(self) -> bool:
        """Return whether it has no coefficients (``status="EMPTY"``)."""
        return not self.coefficients

    @cached_property
    def by_column(self) -> dict[str, str]:
        """Compensated column -> detector."""
        return dict(zip(self.columns, self.detectors, strict=True))

    def compensation(self, names: Mapping[str, str]) -> Compensation:
        """Return the matrix under the names of a file's detectors.

        Parameters
        ----------
        names : mapping of str to str
            Name in the workspace -> name in the file.

        Raises
        ------
        SpilloverError
            If it is singular or malformed.
        """
        detectors = [names.get(name, name) for name in self.detectors]
        return Compensation(np.array(self.coefficients), detectors)

    @classmethod
    def read(cls, element: _Element) -> FlowJoMatrix:
        """Read a ``spilloverMatrix``.

        Raises
        ------
        FlowJoError
            If it is not square, repeats a detector or holds what is no number.
        """
        name = attribute(element, "name", "")
        prefix, suffix = (
            attribute(element, "prefix", ""),
            attribute(element, "suffix", ""),
        )
        rows = [child for child in element if local(child) == "spillover"]
        if not rows:
            named = [
                attribute(one, "name", "")
                for child in element
                if local(child) == "parameters"
                for one in child
            ]
            columns = tuple(f"{prefix}{one}{suffix}" for one in named)
            return cls(name, tuple(named), (), columns, prefix, suffix)
        detectors = tuple(attribute(row, "parameter", "") for row in rows)
        if len(set(detectors)) != len(detectors):
            msg = f"the matrix {name!r} names a detector twice"
            raise FlowJoError(msg)
        own = [attribute(row, "userProvidedCompInfix") for row in rows]
        columns = tuple(
            given or f"{prefix}{detector}{suffix}"
            for given, detector in zip(own, detectors, strict=True)
        )
        index = {detector: place for place, detector in enumerate(detectors)}
        matrix = np.zeros((len(rows), len(rows)))
        for row, values in zip(rows, matrix, strict=True):
            for coefficient in row.iterchildren("{*}coefficient"):
                detector = coefficient.get(_PARAMETER)
                if detector not in index:
                    detector = attribute(coefficient, "parameter", "")
                if detector not in index:
                    msg = f"the matrix {name!r} has no row for detector {detector!r}"
                    raise FlowJoError(msg)
                values[index[detector]] = number(coefficient, "value")
        coefficients = tuple(tuple(map(float, row)) for row in matrix)
        return cls(name, detectors, coefficients, columns, prefix, suffix)

    def write(self, parent: _Element, names: Names) -> None:
        """Write the matrix below an element."""
        element = sub(
            parent,
            names.transforms("spilloverMatrix"),
            {
                "spectral": "0",
                "prefix": self.prefix,
                "name": self.name,
                "editable": "1",
                "color": "#c0c0c0",
                "version": "FlowJo-10.8.1",
                "status": "EMPTY" if self.is_empty else "FINALIZED",
                names.transforms("id"): f"matrix-{self.name}",
                "suffix": self.suffix,
            },
        )
        pairs = list(zip(self.detectors, self.columns, strict=True))
        parameters = sub(element, names.data("parameters"))
        for detector, column in pairs:
            own = {names.data("name"): detector, "userProvidedCompInfix": column}
            sub(parameters, names.data("parameter"), own)
        for (detector, column), row in zip(pairs, self.coefficients, strict=False):
            own = {names.data("parameter"): detector, "userProvidedCompInfix": column}
            spillover = sub(element, names.transforms("spillover"), own)
            for other, value in zip(self.detectors, row, strict=True):
                one = {
                    names.data("parameter"): other,
                    names.transforms("value"): text_of(value),
                }
                sub(spillover, names.transforms("coefficient"), one)
