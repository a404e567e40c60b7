"""XML files as lxml trees, read within stated bounds and without entities.

Gates, workspaces and matrices come as XML from elsewhere. libxml2 reads it here without
a network, without loading a document type and without entities; the size of the file,
the depth and the number of its elements, the attributes of each and the length of each
text are bounded while it is read.

All readers of XML formats begin with :func:`read_xml` (or :func:`parse_xml`, for bytes)
and go on with the tree of :class:`Element` that it returns.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from lxml import etree

from longate.io.xml_bytes import as_utf8, read_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from longate.exceptions import LongateError

MAX_BYTES = 64 * 2**20
"""The largest file that is read, in bytes."""
MAX_DEPTH = 100
"""The deepest nesting of elements."""
MAX_ELEMENTS = 500_000
"""The most elements of a file."""
MAX_ATTRIBUTES = 1000
"""The most attributes and namespace declarations of an element."""
MAX_TAG_BYTES = 2 * 2**20
"""The longest tag, comment or text of an element."""

_CHUNK = 64 * 2**10
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_SPECIAL = {"INF": math.inf, "-INF": -math.inf}
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
_SUBSET = re.compile(
    rb"\xef?\xbb?\xbf?(?:\s|<\?.*?\?>|<!--.*?-->)*<!DOCTYPE[^>\[]*\[", re.DOTALL
)
# What libxml2 reports by number, in the words that people look up.
_REASONS = {
    4: "no element found",
    26: "undefined entity",
    42: "duplicate attribute",
    76: "mismatched tag",
    77: "the file ends within an element",
    201: "unbound prefix",
    203: "duplicate attribute",
}


class Name(NamedTuple):
    """The name of an element or attribute: namespace (or an empty text) and word."""

    space: str
    local: str

    def __str__(self) -> str:
        """Return the local part, which is what people know it by."""
        return self.local


class Element(etree.ElementBase):  # type: ignore[misc]
    """An element of a tree that :func:`read_xml` returned: lxml's, with a few words.

    Namespaces of attributes are missing in some programs' files and different in
    others, so that names are compared by their local part first.
    """

    @property
    def name(self) -> Name:
        """The namespace and the local name."""
        return _name(str(self.tag))

    @property
    def local(self) -> str:
        """The name without its namespace."""
        return str(self.tag).rpartition("}")[2]

    @property
    def line(self) -> int:
        """The line of the file; beyond line 65,535 it may be off by a few."""
        return self.sourceline or 0

    @property
    def attributes(self) -> dict[Name, str]:
        """The attributes by name, in the order of the file."""
        return {_name(str(key)): str(value) for key, value in self.attrib.items()}

    @property
    def children(self) -> list[Element]:
        """The elements inside, in the order of the file."""
        return cast("list[Element]", list(self))

    @property
    def content(self) -> str:
        """The text inside, also of elements inside, without blanks at its ends."""
        return "".join(map(str, self.itertext())).strip()

    def walk(self) -> Iterator[Element]:
        """Go through the element and all below it, in the order of the file."""
        return cast("Iterator[Element]", self.iter())

    def named(self, local: str) -> list[Element]:
        """Return the children of a local name, of any namespace."""
        return cast("list[Element]", self.findall(f"{{*}}{local}"))

    def attribute(self, local: str, spaces: Collection[str] = ()) -> str | None:
        """Return an attribute by its local name, None where there is none.

        Parameters
        ----------
        local : str
            The name without namespace.
        spaces : collection of str
            Namespaces that are preferred, the first one most; then comes the attribute
            without namespace. Those of further namespaces are passed over.
        """
        for space in spaces:
            value = self.get(f"{{{space}}}{local}")
            if value is not None:
                return str(value)
        value = self.get(local)
        return None if value is None else str(value)

    def __repr__(self) -> str:
        """Say which element in which line."""
        return f"<{self.local}> in line {self.line}"


@dataclass(frozen=True)
class Wanted:
    """Parts of a file that are kept, and its largest size.

    Parameters
    ----------
    only : tuple of str
        Local names. If any: these elements are kept, with what is in them and with the
        elements around them (whose other children go). Of the rest, depth, attributes
        and doctype are checked; its elements are not counted.
    most_bytes : int
        The largest file that is read.
    bare_doctype : bool
        Whether a document type that says no more than its name is passed over.
    """

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
        The parts of it that are kept.

    Returns
    -------
    Element
        The root. Comments and processing instructions are left out.

    Raises
    ------
    LongateError
        Of type `error`: no well-formed XML, a document type, or beyond the bounds.
    FileNotFoundError
        If there is no such file.
    """
    data = read_bytes(path, error=error, most=wanted.most_bytes)
    return parse_xml(data, what=path.name, error=error, wanted=wanted)


def parse_xml(
    data: bytes, *, what: str, error: type[LongateError], wanted: Wanted = EVERYTHING
) -> Element:
    """Parse bytes as :func:`read_xml` does; `what` names them in messages."""
    return _Reading(as_utf8(data, what=what, error=error), what, error, wanted).run()


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


class _Reading:
    """Feeds a parser and checks each element at its start, before it is copied."""

    def __init__(
        self, data: bytes, what: str, error: type[LongateError], wanted: Wanted
    ) -> None:
        self.data = data
        self.what = what
        self.error = error
        self.wanted = wanted
        self.parser = etree.XMLPullParser(
            events=("start-ns", "start", "end"),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self.parser.set_element_class_lookup(
            etree.ElementDefaultClassLookup(element=Element)
        )
        self.root: Element | None = None
        self.open: list[Element] = []
        self.kept = 0
        """Number of open elements that are wanted."""
        self.around: set[Element] = set()
        """Open elements with something wanted inside."""
        self.n_elements = 0
        self.n_declared = 0
        self.fed = 0
        """Number of bytes that the parser has been given."""
        self.at_event = 0
        """The same number when the last tag was complete."""

    def run(self) -> Element:
        for begin in range(0, len(self.data), _CHUNK):
            self.feed(self.data[begin : begin + _CHUNK])
        problem = None
        try:
            self.parser.close()
        except etree.XMLSyntaxError as caught:
            problem = caught
        self.drain()
        if problem is not None or self.root is None:
            self.refuse_malformed(problem)
        assert self.root is not None  # for the type checker
        return self.root

    def feed(self, chunk: bytes) -> None:
        self.fed += len(chunk)
        problem = None
        try:
            self.parser.feed(chunk)
        except etree.XMLSyntaxError as caught:
            problem = caught
        # What came before the fault is looked at first: it may explain the fault.
        self.drain()
        # An undeclared entity does not make feed() raise; the next chunk would begin a
        # new document.
        if problem is not None or len(self.parser.feed_error_log):
            self.refuse_malformed(problem)
        self.refuse_long()

    def drain(self) -> None:
        for event, element in self.parser.read_events():
            self.at_event = self.fed
            if event == "start-ns":
                self.n_declared += 1
            elif event == "start":
                self.start(element)
            else:
                self.end(element)

    def start(self, element: Element) -> None:
        if self.root is None:
            self.root = element
            self.check_doctype(element)
        declared, self.n_declared = self.n_declared, 0
        if len(self.open) >= MAX_DEPTH:
            self.refuse(f"elements are nested more than {MAX_DEPTH} deep", element)
        self.open.append(element)
        n = len(element.attrib) + declared
        if n > MAX_ATTRIBUTES:
            self.open.pop()  # its name is not looked for among so many
            self.refuse(f"an element has {n:,} attributes; {MAX_ATTRIBUTES:,} may be")
        if self.kept or not self.wanted.only or element.local in self.wanted.only:
            self.kept += 1
            self.n_elements += 1
            if self.n_elements > MAX_ELEMENTS:
                self.refuse(f"more than {MAX_ELEMENTS:,} elements")

    def end(self, element: Element) -> None:
        self.open.pop()
        if self.kept:
            self.kept -= 1
            if len(element.text or "") > MAX_TAG_BYTES:
                self.refuse_text()
            if self.wanted.only and not self.kept and self.open:
                self.around.add(self.open[-1])
        elif element in self.around:
            self.around.remove(element)
            self.around.update(self.open[-1:])
        elif self.open:
            # Emptied, not removed: libxml2 may be writing to the text after it.
            element.clear(keep_tail=True)

    def check_doctype(self, root: Element) -> None:
        info = root.getroottree().docinfo
        subset = info.internalDTD
        if subset is None:
            return
        bare = (
            self.wanted.bare_doctype
            and not (info.public_id or info.system_url)
            # `docinfo.doctype` says nothing of an internal subset, and lxml lists
            # neither its attribute lists nor an empty one: the text itself has it.
            and not _SUBSET.match(self.data)
            and not list(subset.iterentities())
            and not list(subset.iterelements())
        )
        if not bare:
            self.refuse(
                "a document type (<!DOCTYPE ...>) and the entities it may declare are "
                "not accepted; remove it",
                line=1,
            )

    def refuse_long(self) -> None:
        """Refuse a tag, comment or text that does not end."""
        if self.fed - self.at_event <= MAX_TAG_BYTES:
            return
        opening = self.data.rfind(b"<", 0, self.fed)
        if opening > self.data.rfind(b">", 0, self.fed):
            self.refuse(f"a tag or comment of over {MAX_TAG_BYTES:,} bytes")
        if self.kept:
            self.refuse_text()

    def refuse_text(self) -> None:
        self.refuse(f"a text of more than {MAX_TAG_BYTES:,} characters")

    def refuse_malformed(self, problem: etree.XMLSyntaxError | None) -> None:
        log = self.parser.feed_error_log
        first = log[0] if len(log) else None
        code = first.type if first is not None else getattr(problem, "code", 4)
        said = first.message if first is not None else str(getattr(problem, "msg", ""))
        line, column = (
            (first.line, first.column)
            if first is not None
            else getattr(problem, "position", (1, 1))
        )
        said = said.partition(", line ")[0].strip()
        reason = _REASONS.get(code, said)
        more = f": {said[:200]}" if said and reason != said else ""
        msg = (
            f"{self.what} is not well-formed XML: {reason[:200]} (line {line}, "
            f"column {column}){more}"
        )
        raise self.error(msg)

    def refuse(
        self, complaint: str, element: Element | None = None, *, line: int | None = None
    ) -> None:
        inside = next(
            (
                f" ({one.local} {shortened(value)})"
                for one in reversed(self.open)
                for key, value in one.attributes.items()
                if key.local in ("id", "name")
            ),
            "",
        )
        at = element if element is not None else self.open[-1] if self.open else None
        line = line or (at.line if at is not None else 1)
        msg = f"{self.what}, line {line}{inside}: {complaint}"
        raise self.error(msg)


def _name(tag: str) -> Name:
    space, _, local = tag.rpartition("}")
    return Name(space[1:], local)
