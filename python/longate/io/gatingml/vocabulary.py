"""Elements of a Gating-ML file, their attributes and how many of each.

References
----------
Gating-ML 2.0, International Society for Advancement of Cytometry (Spidlen 2015,
doi:10.1002/cyto.a.22637).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ISAC = "http://www.isac-net.org/std/Gating-ML"
PARTS = ("gating", "transformations", "datatypes")
PREFIXES = {"gating": "gating", "transformations": "transforms"}
VERSIONS = ("2.0", "1.5")
LONGATE = "urn:longate:gating-ml:1"
"""Namespace of Longate's notes inside ``custom_info``."""


def namespace(part: str, version: str = "2.0") -> str:
    """Return the namespace of one of the three vocabularies of the standard."""
    return f"{_ISAC}/v{version}/{part}"


def prefixes(version: str) -> dict[str, str]:
    """Return namespace -> the prefix by which it is known here and in messages."""
    return {namespace(part, version): PREFIXES.get(part, "data-type") for part in PARTS}


@dataclass(frozen=True)
class Rule:
    """The attributes and children that an element may have.

    Parameters
    ----------
    required, optional : tuple of str
        Attributes, by local name.
    children : mapping of str to (rule, fewest, most)
        Elements inside, by prefixed name; `most` None means any number.
    one_of : tuple of str
        Of these children, exactly one.
    open : bool
        Whether further attributes are allowed and mean nothing here.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    children: Mapping[str, tuple[str, int, int | None]] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    open: bool = False


_INFO = {"data-type:custom_info": ("anything", 0, 1)}
_SOURCES = ("data-type:fcs-dimension", "data-type:new-dimension")
_SOURCE = {
    "data-type:fcs-dimension": ("channel", 0, 1),
    "data-type:new-dimension": ("new channel", 0, 1),
}
_SCALES = {
    f"transforms:{name}": (name, 0, 1)
    for name in ("flin", "flog", "fasinh", "logicle", "hyperlog", "fratio")
}
_GATES: dict[str, tuple[str, int, int | None]] = {
    f"gating:{kind}Gate": (kind, 0, None)
    for kind in ("Rectangle", "Polygon", "Ellipsoid", "Quadrant", "Boolean")
}


def _gate(children: Mapping[str, tuple[str, int, int | None]], *one_of: str) -> Rule:
    return Rule(("id",), ("parent_id",), {**_INFO, **children}, one_of, open=True)


def _scale(*letters: str) -> Rule:
    return Rule(letters, children=_INFO, open=True)


RULES: dict[str, Rule] = {
    "anything": Rule(open=True),
    "root": Rule(
        children={
            **_GATES,
            "transforms:transformation": ("transformation", 0, None),
            "transforms:spectrumMatrix": ("matrix", 0, None),
            "data-type:custom_info": ("anything", 0, None),
        },
        open=True,
    ),
    "Rectangle": _gate({"gating:dimension": ("side", 1, None)}),
    "Polygon": _gate(
        {"gating:dimension": ("axis", 2, 2), "gating:vertex": ("vertex", 3, None)}
    ),
    "Ellipsoid": _gate(
        {
            "gating:dimension": ("axis", 2, None),
            "gating:mean": ("point", 1, 1),
            "gating:covarianceMatrix": ("covariance", 1, 1),
            "gating:distanceSquare": ("value", 1, 1),
        }
    ),
    "Quadrant": _gate(
        {
            "gating:divider": ("divider", 1, None),
            "gating:Quadrant": ("quadrant", 1, None),
        }
    ),
    "Boolean": _gate(
        {f"gating:{word}": (word, 0, 1) for word in ("and", "or", "not")},
        "gating:and",
        "gating:or",
        "gating:not",
    ),
    "side": Rule(
        ("compensation-ref",),
        ("transformation-ref", "min", "max"),
        _SOURCE,
        _SOURCES,
    ),
    "axis": Rule(("compensation-ref",), ("transformation-ref",), _SOURCE, _SOURCES),
    "divider": Rule(
        ("id", "compensation-ref"),
        ("transformation-ref",),
        {**_SOURCE, "gating:value": ("text", 1, None)},
        _SOURCES,
    ),
    "quadrant": Rule(("id",), (), {"gating:position": ("position", 1, None)}),
    "position": Rule(("divider_ref", "location")),
    "vertex": Rule(children={"gating:coordinate": ("value", 2, 2)}),
    "point": Rule(children={"gating:coordinate": ("value", 2, None)}),
    "covariance": Rule(children={"gating:row": ("row", 2, None)}),
    "row": Rule(children={"gating:entry": ("value", 2, None)}),
    "and": Rule(children={"gating:gateReference": ("reference", 1, None)}),
    "or": Rule(children={"gating:gateReference": ("reference", 1, None)}),
    "not": Rule(children={"gating:gateReference": ("reference", 1, 1)}),
    "reference": Rule(("ref",), ("use-as-complement",)),
    "value": Rule(("value",)),
    "text": Rule(),
    "channel": Rule(("name",)),
    "new channel": Rule(("transformation-ref",)),
    "transformation": Rule(
        ("id",), ("boundMin", "boundMax"), _SCALES, tuple(_SCALES), open=True
    ),
    "flin": _scale("T", "A"),
    "flog": _scale("T", "M"),
    "fasinh": _scale("T", "M", "A"),
    "logicle": _scale("T", "W", "M", "A"),
    "hyperlog": _scale("T", "W", "M", "A"),
    "fratio": Rule(
        ("A", "B", "C"),
        (),
        {**_INFO, "data-type:fcs-dimension": ("channel", 2, 2)},
        open=True,
    ),
    "matrix": Rule(
        ("id",),
        ("matrix-inverted-already",),
        {
            **_INFO,
            "transforms:fluorochromes": ("channels", 1, 1),
            "transforms:detectors": ("channels", 1, 1),
            "transforms:spectrum": ("spectrum", 1, None),
        },
        open=True,
    ),
    "channels": Rule(children={"data-type:fcs-dimension": ("channel", 1, None)}),
    "spectrum": Rule(children={"transforms:coefficient": ("value", 1, None)}),
}
"""Gating-ML 2.0."""

_PARAMETER = {"data-type:parameter": ("channel", 1, 1)}
_OPERANDS: dict[str, tuple[str, int, int | None]] = {
    "gating:gateReference": ("reference", 0, None),
    **{name: (kind, 0, None) for name, (kind, _, _) in _GATES.items()},
}

RULES_15: dict[str, Rule] = {
    **RULES,
    "root": Rule(
        children={
            **{name: entry for name, entry in _GATES.items() if entry[0] != "Quadrant"},
            "data-type:custom_info": ("anything", 0, None),
        },
        open=True,
    ),
    "side": Rule((), ("min", "max"), _PARAMETER),
    "axis": Rule((), (), _PARAMETER),
    "and": Rule(children=_OPERANDS),
    "or": Rule(children=_OPERANDS),
    "not": Rule(children=_OPERANDS),
}
"""The part of Gating-ML 1.5 that carries over: gates on stored numbers."""
