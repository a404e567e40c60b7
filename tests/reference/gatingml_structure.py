"""The structure of Gating-ML 2.0, written down once more to check what is written.

Each element with its attributes and the order of what it holds, as regular expressions
over the names of its children; types of attributes by name. Uses the standard library's
ElementTree, and nothing of the reader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "http://www.isac-net.org/std/Gating-ML/v2.0/"
SHORT = {"gating": "g", "transformations": "t", "datatypes": "d"}

INFO = "(d:custom_info )?"
SOURCE = "(d:fcs-dimension |d:new-dimension )"
GATE = ({"g:id"}, {"g:parent_id"})
DIMENSION = ({"g:compensation-ref"}, {"g:transformation-ref"})

# name -> (required attributes, optional attributes, children in order)
ELEMENTS = {
    "g:Gating-ML": (
        set(),
        set(),
        "((g:(Rectangle|Polygon|Ellipsoid|Boolean|Quadrant)Gate |t:transformation |"
        "t:spectrumMatrix |d:custom_info ))+",
    ),
    "g:RectangleGate": (*GATE, INFO + "(g:dimension )+"),
    "g:PolygonGate": (*GATE, INFO + "(g:dimension ){2}(g:vertex ){3,}"),
    "g:EllipsoidGate": (
        *GATE,
        INFO + "(g:dimension ){2,}g:mean g:covarianceMatrix g:distanceSquare ",
    ),
    "g:QuadrantGate": (*GATE, INFO + "(g:divider )+(g:Quadrant )+"),
    "g:BooleanGate": (*GATE, INFO + "(g:and |g:or |g:not )"),
    "g:dimension": (DIMENSION[0], DIMENSION[1] | {"g:min", "g:max"}, SOURCE),
    "g:divider": (DIMENSION[0] | {"g:id"}, DIMENSION[1], SOURCE + "(g:value )+"),
    "g:value": (set(), set(), ""),
    "g:Quadrant": ({"g:id"}, set(), "(g:position )+"),
    "g:position": ({"g:divider_ref", "g:location"}, set(), ""),
    "g:vertex": (set(), set(), "(g:coordinate ){2}"),
    "g:mean": (set(), set(), "(g:coordinate ){2,}"),
    "g:covarianceMatrix": (set(), set(), "(g:row )+"),
    "g:row": (set(), set(), "(g:entry )+"),
    "g:coordinate": ({"d:value"}, set(), ""),
    "g:entry": ({"d:value"}, set(), ""),
    "g:distanceSquare": ({"d:value"}, set(), ""),
    "g:and": (set(), set(), "(g:gateReference ){2,}"),
    "g:or": (set(), set(), "(g:gateReference ){2,}"),
    "g:not": (set(), set(), "g:gateReference "),
    "g:gateReference": ({"g:ref"}, {"g:use-as-complement"}, ""),
    "d:fcs-dimension": ({"d:name"}, set(), ""),
    "d:new-dimension": ({"d:transformation-ref"}, set(), ""),
    "t:transformation": (
        {"t:id"},
        {"t:boundMin", "t:boundMax"},
        "(t:flin |t:flog |t:fasinh |t:logicle |t:hyperlog |t:fratio )",
    ),
    "t:flin": ({"t:T", "t:A"}, set(), INFO),
    "t:flog": ({"t:T", "t:M"}, set(), INFO),
    "t:fasinh": ({"t:T", "t:M", "t:A"}, set(), INFO),
    "t:logicle": ({"t:T", "t:W", "t:M", "t:A"}, set(), INFO),
    "t:hyperlog": ({"t:T", "t:W", "t:M", "t:A"}, set(), INFO),
    "t:fratio": ({"t:A", "t:B", "t:C"}, set(), INFO + "(d:fcs-dimension ){2}"),
    "t:spectrumMatrix": (
        {"t:id"},
        {"t:matrix-inverted-already"},
        INFO + "t:fluorochromes t:detectors (t:spectrum )+",
    ),
    "t:fluorochromes": (set(), set(), "(d:fcs-dimension ){2,}"),
    "t:detectors": (set(), set(), "(d:fcs-dimension ){2,}"),
    "t:spectrum": (set(), set(), "(t:coefficient )+"),
    "t:coefficient": ({"t:value"}, set(), ""),
}

NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*\Z")
NUMBERS = ("g:min", "g:max", "g:location", "d:value", "t:value", "t:T", "t:W", "t:M")
NUMBERS += ("t:A", "t:B", "t:C", "t:boundMin", "t:boundMax")
DOUBLE = re.compile(r"([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?INF|NaN)\Z")
REFERENCES = ("g:parent_id", "g:ref", "g:divider_ref", "g:transformation-ref")
REFERENCES += ("d:transformation-ref",)


def short(name: str) -> str:
    space, _, local = name[1:].partition("}")
    assert space.startswith(ROOT), f"{name} is of no namespace of the standard"
    return f"{SHORT[space.removeprefix(ROOT)]}:{local}"


def check_structure(path: Path) -> None:
    """Assert that a file has the structure of Gating-ML 2.0."""
    root = ET.parse(path).getroot()
    assert short(root.tag) == "g:Gating-ML"
    ids: list[str] = []
    references: list[str] = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = short(element.tag)
        if name == "d:custom_info":
            continue
        required, optional, order = ELEMENTS[name]
        attributes = {short(key): value for key, value in element.attrib.items()}
        assert required <= attributes.keys() <= required | optional, (name, attributes)
        children = "".join(f"{short(child.tag)} " for child in element)
        assert re.fullmatch(order, children), (name, children)
        for key, value in attributes.items():
            if key in ("g:id", "t:id"):
                assert NCNAME.match(value), value
                ids.append(value)
            if key in REFERENCES:
                references.append(value)
            if key in NUMBERS:
                assert DOUBLE.match(value), (name, key, value)
            if key in ("g:use-as-complement", "t:matrix-inverted-already"):
                assert value in ("true", "false")
        compensation = attributes.get("g:compensation-ref")
        if compensation not in (None, "FCS", "uncompensated"):
            references.append(compensation)
        if name == "g:value":
            assert DOUBLE.match(element.text or ""), element.text
        waiting.extend(element)
    assert len(set(ids)) == len(ids), "an id is used twice"
    assert set(references) <= set(ids), set(references) - set(ids)
