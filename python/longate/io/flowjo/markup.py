"""Elements of FlowJo's XML: local names, numbers, and what writers need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, overload

from lxml import etree

from longate.exceptions import FlowJoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.etree import _Element

GATING = "http://www.isac-net.org/std/Gating-ML/v2.0/gating"
TRANSFORMS = "http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
DATA = "http://www.isac-net.org/std/Gating-ML/v2.0/datatypes"
NAMESPACES = {"gating": GATING, "transforms": TRANSFORMS, "data-type": DATA}


@cache
def _qualified(name: str) -> tuple[str, ...]:
    return tuple(f"{{{space}}}{name}" for space in (DATA, GATING, TRANSFORMS))


def local(element: _Element) -> str:
    """Return the name of an element without its namespace."""
    tag: str = element.tag
    return tag[tag.rfind("}") + 1 :]


@cache
def _anywhere(*names: str) -> tuple[str, ...]:
    return tuple(f"{{*}}{name}" for name in names)


def child(element: _Element, name: str) -> _Element | None:
    """Return the first child of a local name."""
    return next(element.iterchildren(*_anywhere(name)), None)


def children(element: _Element | None, *names: str) -> Iterator[_Element]:
    """Go through the children of some local names."""
    return iter(()) if element is None else element.iterchildren(*_anywhere(*names))


@overload
def attribute(element: _Element, name: str) -> str | None: ...


@overload
def attribute(element: _Element, name: str, default: str) -> str: ...


def attribute(element: _Element, name: str, default: str | None = None) -> str | None:
    """Return an attribute, with or without a namespace: files have both."""
    value = element.get(name)
    if value is not None:
        return str(value)
    for key in _qualified(name):
        value = element.get(key)
        if value is not None:
            return str(value)
    for key, found in element.attrib.items():
        if str(key).endswith("}" + name):
            return str(found)
    return default


def number(element: _Element, name: str) -> float:
    """Return an attribute as a finite number.

    Raises
    ------
    FlowJoError
        If it is missing or is none.
    """
    value = optional_number(element, name)
    if value is None:
        msg = f"<{local(element)}> in line {element.sourceline} has no {name}"
        raise FlowJoError(msg)
    return value


def optional_number(element: _Element, name: str) -> float | None:
    """Return an attribute as a finite number, None where it is missing.

    Raises
    ------
    FlowJoError
        If it is no number.
    """
    text = attribute(element, name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = (
            f"<{local(element)}> in line {element.sourceline}: {name}={text[:40]!r} "
            "is not a finite number"
        )
        raise FlowJoError(msg)
    return value


def count_of(element: _Element) -> int | None:
    """Return a stored count; None where FlowJo has computed none (-1)."""
    text = attribute(element, "count", "-1")
    try:
        value = int(float(text))
    except (ValueError, OverflowError):
        return None
    return value if value >= 0 else None


def text_of(value: float) -> str:
    """Return a number as text that reads back as the same number."""
    return repr(int(value)) if value == int(value) else repr(float(value))


@dataclass(frozen=True)
class Names:
    """Qualified names of FlowJo's three vocabularies."""

    def gating(self, name: str) -> str:
        """Return a name of gates."""
        return f"{{{GATING}}}{name}"

    def transforms(self, name: str) -> str:
        """Return a name of transformations."""
        return f"{{{TRANSFORMS}}}{name}"

    def data(self, name: str) -> str:
        """Return a name of data types."""
        return f"{{{DATA}}}{name}"


def sub(
    parent: _Element, name: str, attributes: Mapping[str, Any] | None = None
) -> _Element:
    """Append an element."""
    own = {key: str(value) for key, value in (attributes or {}).items()}
    return etree.SubElement(parent, name, own)
