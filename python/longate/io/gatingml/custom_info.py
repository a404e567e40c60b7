"""The content of ``custom_info`` word by word, as other programs wrote it.

A parsed tree forgets how its text was written. The text between the tags is found again
by a second look at the file, which is known to be well-formed by then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from longate.exceptions import GatingMLError
from longate.io.xml_tree import parse_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longate.io.xml_tree import Element

_LOCAL = "custom_info"
_MARKUP = re.compile(
    rb"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>
    |<(?P<close>/?)(?:[^\s:<>/"']+:)?custom_info
    (?:\s(?:[^"'>]|"[^"]*"|'[^']*')*?)?\s*(?P<empty>/?)>""",
    re.DOTALL | re.VERBOSE,
)


def texts_of(root: Element, data: bytes) -> dict[Element, str]:
    """Return the XML between the tags of each outermost ``custom_info``.

    Parameters
    ----------
    root : Element
        Parsed from `data`.
    data : bytes
        The file in UTF-8.

    Returns
    -------
    dict of Element to str
        As in the file, where it means the same by itself; else written anew,
        with the namespaces that it takes from the elements around it.
    """
    elements = _outermost(root)
    spans = list(_spans(data)) if elements else []
    assert len(spans) == len(elements)  # both count the same well-formed text
    return {
        element: _text(element, data[begin:end])
        for element, (begin, end) in zip(elements, spans, strict=True)
    }


def _outermost(root: Element) -> list[Element]:
    found = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.local == _LOCAL:
            found.append(element)
        else:
            waiting.extend(reversed(element.children))
    return found


def _spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Give where the content of each outermost element begins and ends."""
    depth, begin = 0, 0
    for found in _MARKUP.finditer(data):
        if found["close"] is None:
            continue
        if found["close"]:
            depth -= 1
            if not depth:
                yield begin, found.start()
        elif found["empty"]:
            if not depth:
                yield found.end(), found.end()
        else:
            if not depth:
                begin = found.end()
            depth += 1


def _text(element: Element, written: bytes) -> str:
    # Markup that leans on declarations further up has another meaning, or none, alone.
    if b"<" not in written:
        return written.decode("utf-8")
    try:
        alone = parse_xml(b"<x>" + written + b"</x>", what="", error=GatingMLError)
        same = [e.tag for e in alone.walk()][1:] == [e.tag for e in element.walk()][1:]
        keys = [list(e.attrib) for e in alone.walk()][1:]
        if same and keys == [list(e.attrib) for e in element.walk()][1:]:
            return written.decode("utf-8")
    except GatingMLError:
        pass
    inside = b"".join(etree.tostring(child, encoding="utf-8") for child in element)
    return _escaped(element.text) + inside.decode("utf-8")


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
