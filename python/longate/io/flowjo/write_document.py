"""The XML of a workspace: samples, groups, matrices, scales and gates."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lxml import etree

from longate.io.flowjo.markup import NAMESPACES, Names, sub, text_of
from longate.io.flowjo.shapes.boolean import NODES, BooleanDrawing, write_dependents
from longate.io.flowjo.workspace import ALL_SAMPLES, Workspace

if TYPE_CHECKING:
    from lxml.etree import _Element

    from longate.io.flowjo.model import WorkspaceSample


VERSION = "10.8.1"
"""What a written workspace says of its version: FlowJo 10 opens it."""
_NAMES = Names()


def kind_of(drawing: Any) -> str:
    """Return the element of a gate or of a Boolean node."""
    if isinstance(drawing, BooleanDrawing):
        return {word: node for node, word in NODES.items()}[drawing.operator]
    return str(drawing.element)


def document_of(workspace: Workspace) -> _Element:
    """Return the document of a workspace."""
    root = etree.Element("Workspace", nsmap=NAMESPACES)
    root.set("version", "20.0")
    root.set("flowJoVersion", VERSION)
    root.set("curGroup", ALL_SAMPLES)
    matrices = sub(root, "Matrices")
    for matrix in workspace.compensations:
        matrix.write(matrices, _NAMES)
    groups = sub(root, "Groups")
    for name, ids in workspace.groups.items():
        node = sub(groups, "GroupNode", _node(name, None) | {"owningGroup": name})
        group = sub(node, "Group", {"name": name})
        refs = sub(group, "SampleRefs")
        for one in ids:
            sub(refs, "SampleRef", {"sampleID": one})
    samples = sub(root, "SampleList")
    for sample in workspace.samples:
        _write_sample(samples, sample)
    return root


def _node(name: str, count: int | None) -> dict[str, str]:
    return {
        "name": name,
        "annotation": "",
        "owningGroup": "",
        "expanded": "1",
        "sortPriority": "10",
        "count": str(-1 if count is None else count),
    }


def _write_sample(parent: _Element, sample: WorkspaceSample) -> None:
    element = sub(parent, "Sample")
    uri = sample.uri
    if uri and not uri.startswith("file:"):
        uri = "file:" + quote(uri.replace(os.sep, "/"))
    else:
        uri = quote(uri, safe="/:")
    sub(element, "DataSet", {"uri": uri or sample.name, "sampleID": sample.id})
    if sample.matrix is not None:
        sample.matrix.write(element, _NAMES)
    scales = sub(element, "Transformations")
    for column, scale in sample.columns.scales.items():
        own = {
            (key if key == "gain" else _NAMES.transforms(key)): text_of(value)
            for key, value in scale.numbers
        }
        one = sub(scales, _NAMES.transforms(scale.kind), own)
        sub(one, _NAMES.data("parameter"), {_NAMES.data("name"): column})
    keywords = sub(element, "Keywords")
    for name, value in sample.keywords.items():
        sub(keywords, "Keyword", {"name": _clean(name), "value": _clean(value)})
    node = sub(
        element,
        "SampleNode",
        _node(sample.name, sample.n_events) | {"sampleID": sample.id},
    )
    _write_populations(node, sample)


def _write_populations(node: _Element, sample: WorkspaceSample) -> None:
    elements: dict[str | None, _Element] = {None: node}
    inside: dict[str | None, _Element] = {}
    for one in sample.populations:
        if one.drawing is None or one.parent not in elements:
            continue
        if one.parent not in inside:
            inside[one.parent] = sub(elements[one.parent], "Subpopulations")
        own = one.written
        above = sample.by_path[one.parent].written if one.parent else ""
        name = own.removeprefix(f"{above}/") if above else own
        drawing = one.drawing
        kind = kind_of(drawing) if isinstance(drawing, BooleanDrawing) else "Population"
        words = _node(_clean(name), one.count) | {"owningGroup": one.group}
        element = sub(inside[one.parent], kind, words)
        elements[one.path] = element
        axes = sub(element, "Graph", {"type": "Pseudocolor"})
        if isinstance(drawing, BooleanDrawing):
            write_dependents(element, drawing.names)
            continue
        for dimension, column in zip(("x", "y"), drawing.columns, strict=False):
            sub(axes, "Axis", {"dimension": dimension, "name": column})
        number = f"{sample.id}-{len(elements)}"
        own_id = {_NAMES.gating("id"): f"ID{number}"}
        drawing.write(sub(element, "Gate", own_id), _NAMES)


def _clean(text: str) -> str:
    """Return a text without characters that XML cannot hold."""
    return "".join(
        c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")
    )
