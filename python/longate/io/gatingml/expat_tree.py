"""XML from strangers: a small tree with line numbers, read with the doors locked.

Standards for gates and workspaces are XML. What is read here cannot make the reader
open a file or a connection, cannot grow while it is read (a document type that could
declare an entity is refused where it begins), and is bounded in size, depth, number of
elements and length of a tag. The parser is the standard library's expat; nothing
recurses.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from longate.exceptions import LongateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 64 * 2**20
"""The largest file that is read."""
MAX_DEPTH = 100
"""How deep elements may be nested."""
MAX_ELEMENTS = 500_000
"""How many elements a file may have."""
MAX_TAG_BYTES = 2 * 2**20
"""How long one tag, comment or text of an element may be."""

_CHUNK = 64 * 2**10
_SEPARATOR = "\n"  # cannot occur in a name, nor (normalised) in a namespace
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_SPECIAL = {"INF": math.inf, "-INF": -math.inf}
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
_START_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")

XML = "http://www.w3.org/XML/1998/namespace"


class Name(NamedTuple):
    """A name with its namespace (empty where it has none)."""

    space: str
    local: str

    def __str__(self) -> str:
        """Return the local part, which is what people know it by."""
        return self.local


class Element:
    """An element: name, attributes, children, text where asked for, and its line."""

    __slots__ = ("attributes", "children", "line", "name", "raw", "text")

    def __init__(self, name: Name, attributes: dict[Name, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.children: list[Element] = []
        self.text = ""
        self.raw: str | None = None
        """The XML between the tags, for the elements that are kept word by word."""

    def __repr__(self) -> str:
        """Say which element in which line."""
        return f"<{self.name.local}> in line {self.line}"

    def walk(self) -> Iterator[Element]:
        """Go through the element and all below it, in the order of the file."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


@dataclass(frozen=True)
class Wanted:
    """What of a file is wanted, and how much is borne; elements by local name.

    Parameters
    ----------
    with_text : tuple of str
        Elements whose text is wanted.
    verbatim : tuple of str
        Elements whose content is also kept word by word.
    only : tuple of str
        If any: these elements are kept, as children of the root, and what is in them.
        The rest is checked, forgotten, and not counted.
    most_bytes : int
        The largest file that is read.
    bare_doctype : bool
        Whether a document type that says no more than its name is passed over.
    """

    with_text: tuple[str, ...] = ()
    verbatim: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    most_bytes: int = MAX_BYTES
    bare_doctype: bool = False


EVERYTHING = Wanted()


def read_xml(
    path: Path, *, error: type[LongateError], wanted: Wanted = EVERYTHING
) -> Element:
    """Read a file into a tree.

    Parameters
    ----------
    path : Path
        The file.
    error : type
        The exception to raise for what is not acceptable XML.
    wanted : Wanted
        What is kept of it.

    Raises
    ------
    LongateError
        Of type `error`: no well-formed XML, a document type, or beyond the bounds.
    """
    most = wanted.most_bytes
    blocks: list[bytes] = []
    with path.open("rb") as stream:
        while (block := stream.read(2**20)) and len(blocks) <= most // 2**20:
            blocks.append(block)
    data = b"".join(blocks)
    if len(data) > most:
        msg = f"{path.name} is larger than {most // 2**20} MB; it is not read"
        raise error(msg)
    return parse_xml(data, what=path.name, error=error, wanted=wanted)


def parse_xml(
    data: bytes, *, what: str, error: type[LongateError], wanted: Wanted = EVERYTHING
) -> Element:
    """Parse bytes as :func:`read_xml` does; `what` names them in messages."""
    return _Builder(data, what, error, wanted).run()


def number_of(text: str) -> float:
    """Read a number as XML Schema writes one; NaN where it is none, or is NaN."""
    stripped = text.strip()
    if _NUMBER.match(stripped):
        return float(stripped)
    return _SPECIAL.get(stripped, math.nan)


def boolean_of(text: str) -> bool | None:
    """Read ``true``, ``1``, ``false`` or ``0``; None for all else."""
    return _BOOLEAN.get(text.strip())


def shortened(value: str, *, most: int = 60) -> str:
    """Quote a text of the file for a message, cut where it is long."""
    return repr(value if len(value) <= most else value[:most] + "...")


class _Builder:
    """What expat reports, made into a tree."""

    def __init__(
        self,
        data: bytes,
        what: str,
        error: type[LongateError],
        wanted: Wanted,
    ) -> None:
        self.data = data
        self.what = what
        self.error = error
        self.wanted = wanted
        self.inside: int | None = None
        """How deep the element is that is kept with all below it."""
        self.root: Element | None = None
        self.open: list[Element] = []
        self.n_elements = 0
        self.pieces: list[str] = []
        self.n_characters = 0
        self.sliceable = not data.startswith((b"\xfe\xff", b"\xff\xfe"))
        self.kept: tuple[Element, int, _Fragment] | None = None
        self.declared: dict[str, str] = {}
        parser: Any = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self.document_type
        parser.XmlDeclHandler = self.declaration
        parser.StartNamespaceDeclHandler = self.namespace
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        self.parser = parser

    def run(self) -> Element:
        try:
            for begin in range(0, len(self.data), _CHUNK):
                self.parser.Parse(self.data[begin : begin + _CHUNK], False)  # noqa: FBT003
                if begin + _CHUNK - self.parser.CurrentByteIndex > MAX_TAG_BYTES:
                    self.refuse(f"a tag or comment of over {MAX_TAG_BYTES:,} bytes")
            self.parser.Parse(b"", True)  # noqa: FBT003
        except expat.ExpatError as problem:
            reason = expat.ErrorString(problem.code)
            msg = (
                f"{self.what} is not well-formed XML: {reason} (line {problem.lineno}, "
                f"column {problem.offset + 1})"
            )
            raise self.error(msg) from None
        except LongateError:
            raise
        except (LookupError, ValueError) as problem:  # expat's, of encodings
            msg = f"{self.what} is in an encoding that cannot be read: {problem}"
            raise self.error(msg) from None
        if self.root is None:
            msg = f"{self.what} holds no XML element"
            raise self.error(msg)
        return self.root

    def refuse(self, complaint: str) -> None:
        inside = next(
            (
                f" ({element.name.local} {shortened(value)})"
                for element in reversed(self.open)
                for key, value in element.attributes.items()
                if key.local in ("id", "name")
            ),
            "",
        )
        line = self.parser.CurrentLineNumber
        msg = f"{self.what}, line {line}{inside}: {complaint}"
        raise self.error(msg)

    def document_type(
        self, _name: str, system: str | None, public: str | None, subset: int
    ) -> None:
        if self.wanted.bare_doctype and not (system or public or subset):
            return
        self.refuse(
            "a document type (<!DOCTYPE ...>) and the entities it may declare are not "
            "accepted; remove it"
        )

    def declaration(self, _version: str, encoding: str | None, _alone: int) -> None:
        utf8 = encoding is None or encoding.lower() in ("utf-8", "us-ascii", "ascii")
        self.sliceable = self.sliceable and utf8

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        self.declared[prefix or ""] = uri or ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        declared, self.declared = self.declared, {}
        if len(self.open) >= MAX_DEPTH:
            self.refuse(f"elements are nested more than {MAX_DEPTH} deep")
        element = Element(
            _name(tag),
            {_name(key): value for key, value in attributes.items()},
            self.parser.CurrentLineNumber,
        )
        self.attach(element)
        self.open.append(element)
        if self.kept is not None:
            self.kept[2].start(tag, attributes, declared)
        elif element.name.local in self.wanted.verbatim:
            self.keep(element)
        if self.kept is not None or element.name.local in self.wanted.with_text:
            self.pieces = []
            self.n_characters = 0
            self.parser.CharacterDataHandler = self.characters

    def attach(self, element: Element) -> None:
        """Put an element below the one it is in, if it is wanted."""
        depth = len(self.open)
        parent = self.open[-1] if self.inside is not None else self.root
        if self.inside is None and (
            not self.wanted.only or element.name.local in self.wanted.only
        ):
            self.inside = depth
        if self.root is None:
            self.root = element
        elif parent is not None and self.inside is not None:
            parent.children.append(element)
        if self.inside is None:
            return
        self.n_elements += 1
        if self.n_elements > MAX_ELEMENTS:
            self.refuse(f"more than {MAX_ELEMENTS:,} elements")

    def keep(self, element: Element) -> None:
        at = self.parser.CurrentByteIndex
        tag = _START_TAG.match(self.data, at) if self.sliceable else None
        self.kept = (element, tag.end() if tag else -1, _Fragment())

    def characters(self, text: str) -> None:
        self.n_characters += len(text)
        if self.n_characters > MAX_TAG_BYTES:
            self.refuse(f"a text of more than {MAX_TAG_BYTES:,} characters")
        if self.kept is not None:
            self.kept[2].characters(text)
        self.pieces.append(text)

    def end(self, tag: str) -> None:
        element = self.open.pop()
        if self.inside == len(self.open):
            self.inside = None
        if element.name.local in self.wanted.with_text:
            element.text = "".join(self.pieces).strip()
        self.pieces = []
        if self.kept is None:
            self.parser.CharacterDataHandler = None
            return
        kept, begin, fragment = self.kept
        if element is not kept:
            fragment.end(tag)
            return
        # An empty element ends where its tag does.
        end = max(self.parser.CurrentByteIndex, begin)
        if begin >= 0 and not fragment.borrows:
            element.raw = self.data[begin:end].decode("utf-8")
        else:
            element.raw = fragment.text
        self.kept = None
        self.parser.CharacterDataHandler = None


class _Fragment:
    """Content written anew, each namespace declared where it is first used.

    Used instead of the original words where these lean on a prefix that was declared
    further up, or are not in UTF-8.
    """

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.borrows = False
        """Whether a prefix is used that is not declared inside."""
        self.scopes: list[dict[str, str]] = [{"": "", "xml": XML}]
        self.true_scopes: list[dict[str, str]] = [{"": "", "xml": XML}]

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def start(
        self, tag: str, attributes: dict[str, str], declared: dict[str, str]
    ) -> None:
        self.true_scopes.append({**self.true_scopes[-1], **declared})
        self.scopes.append(dict(self.scopes[-1]))
        added: list[str] = []
        name = self.written(tag, added)
        entries = [
            f" {self.written(key, added, of_attribute=True)}={quoteattr(value)}"
            for key, value in attributes.items()
        ]
        self.pieces.append(f"<{name}{''.join(added)}{''.join(entries)}>")

    def written(self, tag: str, added: list[str], *, of_attribute: bool = False) -> str:
        space, local, prefix = _parts(tag)
        if of_attribute and not space:
            return local
        self.borrows = self.borrows or self.true_scopes[-1].get(prefix) != space
        scope = self.scopes[-1]
        if scope.get(prefix) != space:
            scope[prefix] = space
            added.append(f" xmlns{prefix and ':'}{prefix}={quoteattr(space)}")
        return f"{prefix}:{local}" if prefix else local

    def characters(self, text: str) -> None:
        self.pieces.append(escape(text, {"\r": "&#13;"}))

    def end(self, tag: str) -> None:
        self.scopes.pop()
        self.true_scopes.pop()
        _, local, prefix = _parts(tag)
        self.pieces.append(f"</{prefix}:{local}>" if prefix else f"</{local}>")


def _parts(tag: str) -> tuple[str, str, str]:
    """Return namespace, local name and prefix of what expat calls a name."""
    parts = tag.split(_SEPARATOR)
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


@lru_cache(maxsize=4096)
def _name(tag: str) -> Name:
    return Name(*_parts(tag)[:2])
