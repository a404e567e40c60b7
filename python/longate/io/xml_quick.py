"""Large XML files read within the same bounds, checked before they are parsed.

:mod:`longate.io.xml_tree` looks at each element while it is read, which costs seconds
for a workspace of 100 samples. Here the bytes themselves are checked first, in one
sweep each: what they cannot hold, no element can. What fails a check is left to the
careful reader, which says what is wrong and where.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from lxml import etree

from longate.io.xml_bytes import as_utf8, read_bytes
from longate.io.xml_tree import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    Element,
    Wanted,
    parse_xml,
)

if TYPE_CHECKING:
    from pathlib import Path

    from longate.exceptions import LongateError

SMALL = 2**20
"""Files below this many bytes are read carefully: that takes a few milliseconds."""
_LONG = re.compile(rb"<[^<]{65536}")
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)")
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


def read_large_xml(path: Path, *, error: type[LongateError], wanted: Wanted) -> Element:
    """Read a file as :func:`longate.io.xml_tree.read_xml` does, quickly where large.

    A large tree may hold more than what is wanted.

    Parameters
    ----------
    path : Path
        The file.
    error : type
        The exception to raise for what is not acceptable XML.
    wanted : Wanted
        The parts of it that are needed.

    Raises
    ------
    LongateError
        As `read_xml`.
    FileNotFoundError
        If there is no such file.
    """
    data = read_bytes(path, error=error, most=wanted.most_bytes)
    data = as_utf8(data, what=path.name, error=error)
    root = _parsed(data) if len(data) >= SMALL else None
    if root is not None:
        return root
    return parse_xml(data, what=path.name, error=error, wanted=wanted)


def _parsed(data: bytes) -> Element | None:
    """Return the root of a text that cannot break a bound, None for any other."""
    # Each element has one or two tags; tags and texts are shorter than 64 kB, which
    # bounds the attributes of an element as well.
    if data.count(b"<") > MAX_ELEMENTS or _DECLARED.search(data) or _LONG.search(data):
        return None
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=Element))
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if _TOO_DEEP(root) else cast("Element", root)
