"""FlowJo workspaces, read into values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from longate.exceptions import FlowJoError, LongateError
from longate.io.flowjo.columns import Columns
from longate.io.flowjo.keywords import (
    channels_of,
    gains_of,
    names_that_coincide,
    positive,
)
from longate.io.flowjo.markup import (
    attribute,
    child,
    children,
    count_of,
    local,
    optional_number,
)
from longate.io.flowjo.matrices import FlowJoMatrix
from longate.io.flowjo.model import WorkspaceSample
from longate.io.flowjo.scales import FlowJoScale
from longate.io.flowjo.tree import Tree
from longate.io.flowjo.workspace import Workspace, WorkspaceProblem
from longate.io.xml_quick import read_large_xml
from longate.io.xml_tree import Wanted

if TYPE_CHECKING:
    import os

    from lxml.etree import _Element

WANTED = Wanted(
    only=(
        "Matrices",
        "Groups",
        "SampleList",
        "Samples",
        "CompensationMatrices",
        "CalibrationTables",
    ),
    bare_doctype=True,
)
"""What is read of a workspace: no tables, layouts and other presentation."""


def read_flowjo(path: str | os.PathLike[str]) -> Workspace:
    """Read a FlowJo workspace: samples, groups, matrices, scales and gates.

    Workspaces of FlowJo 10 and 9 are read. Nothing is gated and no FCS file is needed.
    A gate, matrix or sample that cannot be read is named in ``workspace.problems``;
    everything else is read.

    Parameters
    ----------
    path : path-like
        A ``.wsp`` of FlowJo 10, or an ``.xml`` of FlowJo 9.

    Returns
    -------
    Workspace
        It prints what it holds and what can be done with it.

    Raises
    ------
    FlowJoError
        If the file is no such workspace, such as one of FlowJo 11 (``.flowjo``).
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import longate as lg
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> file = lg.write_fcs(folder / "a.fcs", np.eye(2), ["FSC-A", "SSC-A"])
    >>> gate = lg.RectangleGate("Cells", dimensions={"FSC-A": (0.5, None)})
    >>> written = lg.write_flowjo(lg.GatingStrategy([gate]), folder / "a.wsp")
    >>> lg.read_flowjo(written).strategy().paths
    ('Cells',)
    """
    file = Path(path)
    if file.suffix.lower() == ".flowjo":
        msg = (
            f"{file.name} is a workspace of FlowJo 11, which is not read; in FlowJo, "
            "save it as a FlowJo 10 workspace (.wsp)"
        )
        raise FlowJoError(msg)
    root = cast("_Element", read_large_xml(file, error=FlowJoError, wanted=WANTED))
    if local(root) != "Workspace":
        msg = (
            f"{file.name} is no FlowJo workspace: its root is <{local(root)}>, not "
            "<Workspace>"
        )
        raise FlowJoError(msg)
    version = attribute(root, "flowJoVersion", "")
    if version.startswith("9") or child(root, "SampleList") is None:
        from longate.io.flowjo.flowjo9 import read_flowjo9

        return read_flowjo9(file, root, version)
    return _Reader(file, version).read(root)


class _Reader:
    """Reads a workspace of FlowJo 10, and collects what cannot be read."""

    def __init__(self, file: Path, version: str) -> None:
        self.file = file
        self.version = version
        self.problems: list[WorkspaceProblem] = []
        self.members: dict[str, list[str]] = {}

    def read(self, root: _Element) -> Workspace:
        groups = self._groups(child(root, "Groups"))
        matrices = [
            matrix
            for element in children(child(root, "Matrices"), "spilloverMatrix")
            if (matrix := self._matrix(element, "")) is not None
        ]
        samples = [
            self._sample(element)
            for element in children(child(root, "SampleList"), "Sample")
        ]
        return Workspace(
            path=self.file,
            version=self.version,
            samples=tuple(samples),
            groups=groups,
            compensations=tuple(matrices),
            problems=tuple(self.problems),
        )

    def note(self, sample: str, population: str, reason: object) -> None:
        self.problems.append(WorkspaceProblem(sample, population, str(reason)))

    def _groups(self, element: _Element | None) -> dict[str, tuple[str, ...]]:
        groups: dict[str, tuple[str, ...]] = {}
        for node in children(element, "GroupNode"):
            name = attribute(node, "name", "")
            refs = child(child_or_self(node, "Group"), "SampleRefs")
            ids = tuple(
                attribute(one, "sampleID", "") for one in children(refs, "SampleRef")
            )
            groups[name] = ids
            for one in ids:
                self.members.setdefault(one, []).append(name)
        return groups

    def _matrix(self, element: _Element, sample: str) -> FlowJoMatrix | None:
        try:
            matrix = FlowJoMatrix.read(element)
        except LongateError as error:
            self.note(sample, "", error)
            return None
        if matrix.is_empty:
            self.note(sample, "", f"the matrix {matrix.name!r} is empty")
        return matrix

    def _sample(self, element: _Element) -> WorkspaceSample:
        data, node = child(element, "DataSet"), child(element, "SampleNode")
        uri = unquote(attribute(data, "uri", "")) if data is not None else ""
        own = data if data is not None else node
        number = attribute(own, "sampleID", "") if own is not None else ""
        name = attribute(node, "name", "") if node is not None else ""
        name = name or uri.rpartition("/")[2] or number
        keywords = {
            attribute(one, "name", ""): attribute(one, "value", "")
            for one in children(child(element, "Keywords"), "Keyword")
        }
        matrix = None
        for one in children(element, "spilloverMatrix"):
            matrix = self._matrix(one, name)
        channels = channels_of(keywords)
        for repeated in names_that_coincide(keywords):
            reason = f"several channels of the file are called {repeated!r} in FlowJo"
            self.note(name, "", reason)
            del channels[repeated]  # gates on it are refused
        tree = Tree()
        if node is None:
            self.note(name, "", "the sample has no SampleNode, so that it has no gates")
        else:
            tree.read(node)
        for population in tree.populations:
            if population.problem:
                self.note(name, population.path, population.problem)
        columns = Columns(
            channels,
            matrix,
            self._scales(child(element, "Transformations"), name),
            positive(keywords.get("$TIMESTEP")),
            gains_of(keywords),
        )
        return WorkspaceSample(
            id=number,
            name=name,
            uri=uri,
            groups=tuple(self.members.get(number, ())),
            n_events=None if node is None else count_of(node),
            keywords=keywords,
            matrix=matrix,
            columns=columns,
            populations=tuple(tree.populations),
            statistics=tuple(tree.statistics),
        )

    def _scales(self, element: _Element | None, sample: str) -> dict[str, FlowJoScale]:
        scales: dict[str, FlowJoScale] = {}
        for one in element if element is not None else ():
            named = child(one, "parameter")
            column = "" if named is None else attribute(named, "name", "")
            kind = local(one)
            if kind not in FlowJoScale.KINDS:
                reason = f"the transformation {kind!r} of {column!r} is not supported"
                self.note(sample, "", reason)
            try:
                numbers = [
                    (key.rpartition("}")[2], optional_number(one, key))
                    for key in map(str, one.attrib)
                ]
            except LongateError as error:
                self.note(sample, "", f"the scale of {column!r}: {error}")
                continue
            scales[column] = FlowJoScale(
                kind, tuple((key, v) for key, v in numbers if v is not None)
            )
        return scales


def child_or_self(element: _Element, name: str) -> _Element:
    """Return the first child of a local name, or the element itself."""
    found = child(element, name)
    return element if found is None else found
