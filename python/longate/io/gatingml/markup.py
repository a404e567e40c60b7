"""Elements to be written: names, attributes, content, and as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from longate.exceptions import GatingMLError
from longate.io.gatingml.vocabulary import LONGATE, PARTS, PREFIXES, namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Tag:
    """An element: its name, attributes, and elements or finished XML inside."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Tag] = field(default_factory=list)
    raw: str = ""

    def lines(self, indent: str = "") -> list[str]:
        """Return the element as lines of text."""
        entries = "".join(
            f" {name}={quoteattr(checked(value))}"
            for name, value in self.attributes.items()
        )
        head = f"{indent}<{self.name}{entries}"
        if self.raw:
            return [f"{head}>{self.raw}</{self.name}>"]
        if not self.children:
            return [f"{head}/>"]
        inside = [line for c in self.children for line in c.lines(f"{indent}  ")]
        return [f"{head}>", *inside, f"{indent}</{self.name}>"]


def checked(text: str) -> str:
    """Return a text that XML can hold.

    Raises
    ------
    GatingMLError
        If it has a character that XML cannot write.
    """
    wrong = _NOT_XML.search(text)
    if wrong:
        msg = f"{text!r} has a character that XML cannot hold: {wrong[0]!r}"
        raise GatingMLError(msg)
    return text


def document_text(tags: list[Tag]) -> str:
    """Return a whole Gating-ML 2.0 document."""
    spaces = {
        f"xmlns:{PREFIXES.get(part, 'data-type')}": namespace(part) for part in PARTS
    }
    root = Tag("gating:Gating-ML", spaces, tags)
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *root.lines(), ""])


def own_note(kind: str, json: str) -> str:
    """Return what Longate adds to ``custom_info``, as XML."""
    return f'<longate:{kind} xmlns:longate="{LONGATE}">{escape(json)}</longate:{kind}>'


def point(name: str, coordinates: Sequence[float]) -> Tag:
    """Return an element of coordinates."""
    return Tag(name, children=[value("gating:coordinate", x) for x in coordinates])


def value(name: str, number: float) -> Tag:
    """Return an element that holds a number as its value."""
    return Tag(name, {"data-type:value": repr(number)})


class Ids:
    """Gives out ids that XML allows, each once in a document."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, wanted: str) -> str:
        """Return `wanted`, or the nearest id that is allowed and not taken."""
        allowed = re.sub(r"[^A-Za-z0-9._-]", "_", wanted)
        if not re.match(r"[A-Za-z_]", allowed):
            allowed = f"_{allowed}"
        choice, number = allowed, 1
        while choice in self._taken:
            number += 1
            choice = f"{allowed}_{number}"
        self._taken.add(choice)
        return choice
