"""Workspaces of FlowJo 9, as far as its files show what they mean.

Names, matrices, scales and gates are read; gates are decided as drawn, because FlowJo
9's counting rule is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from longate.cytometry.transforms import FlowJoBiex
from longate.exceptions import FlowJoError, LongateError
from longate.io.flowjo.columns import Columns
from longate.io.flowjo.keywords import channels_of, positive
from longate.io.flowjo.markup import (
    attribute,
    child,
    children,
    count_of,
    local,
    number,
)
from longate.io.flowjo.matrices import FlowJoMatrix
from longate.io.flowjo.model import WorkspacePopulation, WorkspaceSample
from longate.io.flowjo.names import unique_name
from longate.io.flowjo.scales import FlowJoScale, zero_channel
from longate.io.flowjo.shapes.boolean import BooleanDrawing
from longate.io.flowjo.shapes.polygon import PolygonDrawing
from longate.io.flowjo.shapes.rectangle import RectangleDrawing
from longate.io.flowjo.workspace import Workspace, WorkspaceProblem

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.etree import _Element

    from longate.io.flowjo.shapes.drawing import Drawing

INPUT_TABLE = "InputParameterTransform"
_SPECIFICATION = re.compile(r"\s*(!?)\s*G0((?:\s*([&|])\s*G\d+)*)\s*")
SHAPES = ("Polygon", "PolyRect", "Range", "Ellipse")


def read_flowjo9(file: Path, root: _Element, version: str) -> Workspace:
    """Read a workspace of FlowJo 9.

    Parameters
    ----------
    file : Path
        Where it was read from.
    root : element
        Of the document.
    version : str
        Of the program.
    """
    return _Reader9(file, version).read(root)


class _Reader9:
    def __init__(self, file: Path, version: str) -> None:
        self.file = file
        self.version = version
        self.problems: list[WorkspaceProblem] = []
        self.matrices: list[FlowJoMatrix] = []
        self.tables: dict[str, FlowJoScale] = {}
        self.members: dict[str, list[str]] = {}

    def read(self, root: _Element) -> Workspace:
        groups: dict[str, tuple[str, ...]] = {}
        for node in children(child(root, "Groups"), "GroupNode"):
            group = child(node, "Group")
            refs = None if group is None else child(group, "SampleRefs")
            name = _name(node)
            groups[name] = tuple(
                attribute(one, "sampleID", "") for one in children(refs, "SampleRef")
            )
            for one in groups[name]:
                self.members.setdefault(one, []).append(name)
        for one in children(child(root, "CompensationMatrices"), "CompensationMatrix"):
            try:
                self.matrices.append(_matrix(one))
            except LongateError as error:
                self.note("", "", error)
        for one in children(child(root, "CalibrationTables"), "Table"):
            try:
                self.tables[_name(one)] = table_scale(one)
            except (LongateError, ValueError) as error:
                self.note("", "", f"the table {_name(one)!r}: {error}")
        holder = child(root, "Samples")
        holder = child(root, "SampleList") if holder is None else holder
        samples = [
            self.sample(one)
            for one in children(holder, "Sample")
            if attribute(one, "deleted") != "1"
        ]
        return Workspace(
            path=self.file,
            version=self.version,
            samples=tuple(samples),
            groups=groups,
            compensations=tuple(self.matrices),
            problems=tuple(self.problems),
        )

    def note(self, sample: str, population: str, reason: object) -> None:
        self.problems.append(WorkspaceProblem(sample, population, str(reason)))

    def sample(self, element: _Element) -> WorkspaceSample:
        node, data = child(element, "SampleNode"), child(element, "DataSet")
        number = attribute(element, "sampleID", "")
        name = (_name(node) if node is not None else "") or number
        keywords = {
            attribute(one, "name", ""): attribute(one, "value", "").strip()
            for one in children(child(element, "Keywords"), "Keyword")
        }
        chosen = attribute(element, "compensationID", "")
        which = int(chosen) - 1 if chosen.isdigit() else -1
        matrix = self.matrices[which] if 0 <= which < len(self.matrices) else None
        populations = self.populations(node, name) if node is not None else []
        counted = count_of(node) if node is not None else None
        total = attribute(element, "eventCount", "")
        uri = attribute(data, "MacAlias", "") if data is not None else ""
        return WorkspaceSample(
            id=number,
            name=name,
            uri=uri,
            groups=tuple(self.members.get(number, ())),
            n_events=int(total) if total.isdigit() else counted,
            keywords=keywords,
            matrix=matrix,
            columns=Columns(
                channels_of(keywords),
                matrix,
                self.scales(element, keywords, matrix),
                positive(keywords.get("$TIMESTEP")),
            ),
            populations=tuple(populations),
        )

    def scales(
        self, element: _Element, keywords: dict[str, str], matrix: FlowJoMatrix | None
    ) -> dict[str, FlowJoScale]:
        """Return the scale of each column: a table, or linear."""
        tables = list(self.tables.values())
        first = next(
            (s for n, s in self.tables.items() if n.startswith(INPUT_TABLE)), None
        )
        found: dict[str, FlowJoScale] = {}
        for k, parameter in enumerate(children(element, "Parameter"), start=1):
            column = attribute(parameter, "name", "")
            index = attribute(parameter, "calibrationIndex", "")
            top = positive(keywords.get(f"$P{k}R"))
            linear = (("minRange", 0.0), ("maxRange", top), ("gain", 1.0))
            found[column] = FlowJoScale("linear", linear)
            if index.isdigit() and 0 < int(index) <= len(tables):
                found[column] = tables[int(index) - 1]
        for column in matrix.columns if matrix else ():
            own = self.tables.get(f"{matrix.name} {column}") if matrix else None
            scale = own or first
            if scale is not None:
                found[column] = scale
        return found

    def populations(self, node: _Element, sample: str) -> list[WorkspacePopulation]:
        found: list[WorkspacePopulation] = []
        waiting: list[tuple[_Element, str, str]] = [(node, "", "")]
        while waiting:
            element, path, written = waiting.pop()
            holder = child(element, "Subpopulations")
            taken: dict[str, int] = {}
            below = []
            # Version 9.2 has populations directly in the node.
            holder = element if holder is None else holder
            for one in children(holder, "Population"):
                if attribute(one, "deleted") == "1":
                    continue
                own = f"{path}/{unique_name(_name(one), taken)}".lstrip("/")
                as_written = f"{written}/{_name(one)}".lstrip("/")
                found.append(_population(one, own, as_written, path))
                if found[-1].problem:
                    self.note(sample, own, found[-1].problem)
                below.append((one, own, as_written))
            waiting += reversed(below)
        return found


def _name(element: _Element) -> str:
    return attribute(element, "nodeName") or attribute(
        element, "matrixName", attribute(element, "name", "")
    )


def _matrix(element: _Element) -> FlowJoMatrix:
    rows = list(children(element, "Channel"))
    detectors = tuple(attribute(one, "name", "") for one in rows)
    index = {detector: number for number, detector in enumerate(detectors)}
    prefix = attribute(element, "prefix", "<")
    suffix = attribute(element, "suffix", ">")
    matrix = np.zeros((len(rows), len(rows)))
    for row, values in zip(rows, matrix, strict=True):
        for one in children(row, "ChannelValue"):
            named = attribute(one, "fluorName") or attribute(one, "name", "")
            key = "spillValue" if attribute(one, "spillValue") else "value"
            if named not in index:
                msg = f"the matrix {_name(element)!r} has no row for {named!r}"
                raise FlowJoError(msg)
            values[index[named]] = number(one, key)
    return FlowJoMatrix(
        _name(element),
        detectors,
        tuple(tuple(map(float, row)) for row in matrix),
        tuple(f"{prefix}{one}{suffix}" for one in detectors),
        prefix,
        suffix,
    )


def table_scale(element: _Element) -> FlowJoScale:
    """Return the scale of a table, whose decades are printed after their adjustment.

    The zero channel is the nearest whole number to what they give; decades a quarter of
    a channel beyond it make the same table. The top of scale follows from the last
    value.

    Raises
    ------
    FlowJoError, ValueError
        If it is no table of a biexponential.
    """
    width = number(element, "biexponentialWidth")
    pos = number(element, "biexponentialDecades")
    neg = number(element, "biexponentialNegDecades")
    last = float((element.text or "").rpartition(",")[2])
    exact = zero_channel(width, pos, neg)
    whole = round(exact)
    if whole > 0:
        decades = float(np.log10(-width)) / 2
        extra = max(neg, 0.0) + decades
        pos = extra * 4096.0 / (whole + 0.25) - extra + decades
    unit = FlowJoBiex(t=1.0, width_basis=width, pos=pos, neg=neg)
    top = last / float(unit.inverse([1.0])[0])
    numbers = {"maxRange": top, "width": width, "pos": pos, "neg": neg}
    return FlowJoScale("biex", tuple(numbers.items()))


def _population(
    element: _Element, path: str, written: str, parent: str
) -> WorkspacePopulation:
    drawing: Drawing | BooleanDrawing | None = None
    kind, problem = "", None
    try:
        boolean, gate = child(element, "BooleanGate"), child(element, "PolygonGate")
        if boolean is not None:
            kind = "BooleanGate"
            drawing = _boolean(boolean, written.rpartition("/")[0])
        elif gate is not None:
            shape = next(children(gate, *SHAPES), None)
            kind = "" if shape is None else local(shape)
            drawing = _drawing(gate, shape)
    except (LongateError, ValueError) as error:
        problem = str(error)
    return WorkspacePopulation(
        path,
        written,
        parent or None,
        count_of(element),
        drawing,
        attribute(element, "owningGroup", ""),
        problem or (None if drawing else "it has no gate"),
        kind,
    )


def _drawing(gate: _Element, shape: _Element | None) -> Drawing:
    named = child(gate, "ParameterNames")
    strings = None if named is None else child(named, "StringArray")
    names = [one.text or "" for one in children(strings, "String")]
    names = [name for name in names if name]
    if shape is None or local(shape) == "Ellipse":
        kind = "no shape" if shape is None else "an ellipse"
        msg = f"the gate has {kind}, whose meaning in FlowJo 9 is not known"
        raise FlowJoError(msg)
    inner = child(shape, "Polygon")
    points = [(number(one, "x"), number(one, "y")) for one in children(inner, "Vertex")]
    if local(shape) == "Polygon":
        if len(names) != 2:
            msg = f"a polygon has {len(names)} parameters; it needs two"
            raise FlowJoError(msg)
        return NineDrawing(
            outside=False, x=names[0], y=names[1], vertices=tuple(points)
        )
    sides = [
        (name, min(values), max(values))
        for name, values in zip(names, zip(*points, strict=True), strict=False)
    ]
    kept = sides[:1] if local(shape) == "Range" else sides
    return RectangleDrawing(outside=False, sides=tuple(kept))


class NineDrawing(PolygonDrawing):
    """A polygon of FlowJo 9, decided as drawn in both geometries."""

    def grids(self, x: object, y: object) -> None:
        """Return None: the counting rule is not known."""
        return

    def reasons(self, columns: Columns) -> tuple[str, ...]:
        """Return ``FlowJo 9``, whose counting rule is open."""
        return ("FlowJo 9", *super().reasons(columns))


def _boolean(element: _Element, parent: str) -> BooleanDrawing:
    text = attribute(element, "specification", "")
    match = _SPECIFICATION.fullmatch(text)
    operators = set(re.findall(r"[&|]", text))
    if match is None or len(operators) > 1 or (match[1] and operators):
        msg = f"the specification {text!r} of a Boolean gate is not supported"
        raise FlowJoError(msg)
    paths = child(element, "GatePaths")
    strings = None if paths is None else child(paths, "StringArray")
    names = tuple(
        f"{parent}/{(one.text or '').lstrip('/')}".lstrip("/")
        for one in children(strings, "String")
    )
    operator = "not" if match[1] else {"&": "and", "|": "or"}.get("".join(operators))
    wanted = 1 if operator == "not" else len(re.findall(r"G\d+", text))
    if operator is None or len(names) != wanted:
        msg = f"the specification {text!r} does not fit {len(names)} populations"
        raise FlowJoError(msg)
    return BooleanDrawing(operator, names)
