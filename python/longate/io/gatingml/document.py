"""A Gating-ML file as checked elements: the standard's structure, and nothing else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import GatingMLError
from longate.io.gatingml.custom_info import texts_of
from longate.io.gatingml.vocabulary import (
    RULES,
    RULES_15,
    VERSIONS,
    Rule,
    prefixes,
)
from longate.io.xml_bytes import as_utf8, read_bytes
from longate.io.xml_tree import (
    MAX_BYTES,
    boolean_of,
    number_of,
    parse_xml,
    shortened,
)

if TYPE_CHECKING:
    from pathlib import Path

    from longate.io.xml_tree import Element

# FlowJo's exports keep these, but not how dimensions are compensated and scaled.
_OF_FLOWJO = ("gateResolution", "userDefined", "annoOffsetX")
_OWNERS = {"transformation": "transformation", "spectrumMatrix": "matrix"}


class Document:
    """A file that has the structure of the standard.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    root : Element
    version : str
        ``"2.0"`` or ``"1.5"``.
    faults : dict of Element to GatingMLError
        Gates, transformations and matrices of another structure, each with its fault.

    Raises
    ------
    GatingMLError
        If it is not XML, no Gating-ML, or holds what the standard does not know beside
        gates, transformations and matrices.
    """

    def __init__(self, path: Path) -> None:
        self.what = path.name
        data = read_bytes(path, error=GatingMLError, most=MAX_BYTES)
        data = as_utf8(data, what=self.what, error=GatingMLError)
        self.root = parse_xml(data, what=self.what, error=GatingMLError)
        self.version = self._version()
        self.prefixes = prefixes(self.version)
        self._spaces = tuple(self.prefixes)
        self._texts = texts_of(self.root, data)
        self.is_flowjo = any(
            one.get(word) is not None for one in self.gates for word in _OF_FLOWJO
        )
        """True for an export of FlowJo."""
        self.faults: dict[Element, GatingMLError] = {}
        self._check(RULES if self.version == "2.0" else RULES_15)

    @property
    def gates(self) -> list[Element]:
        """The gates at the top of the file, also those with a fault."""
        return [one for one in self.root.children if one.local.endswith("Gate")]

    def kind(self, element: Element) -> str:
        """Return an element's name with the usual prefix, ``gating:dimension``."""
        space, local = element.name
        if space in self.prefixes:
            return f"{self.prefixes[space]}:{local}"
        return f"{{{space}}}{local}" if space else local

    def child(self, element: Element, local: str) -> Element:
        """Return the child that the structure guarantees."""
        return element.named(local)[0]

    def get(self, element: Element, attribute: str) -> str | None:
        """Return an attribute, with the standard's namespace or without."""
        return element.attribute(attribute, self._spaces)

    def need(self, element: Element, attribute: str) -> str:
        """Return an attribute that the structure guarantees."""
        value = self.get(element, attribute)
        assert value is not None  # checked when the file was read
        return value

    def number(self, element: Element, attribute: str, owner: Element) -> float:
        """Return an attribute as a number.

        Raises
        ------
        GatingMLError
            If it is none, or NaN.
        """
        return self.number_in(self.need(element, attribute), attribute, element, owner)

    def number_in(self, text: str, of: str, element: Element, owner: Element) -> float:
        """Return a text as a number; `of` names it in messages."""
        value = number_of(text)
        if math.isnan(value):
            complaint = f"{of}={shortened(text)} is not a number"
            raise self.error(complaint, element, owner)
        return value

    def boolean(self, element: Element, attribute: str, owner: Element) -> bool:
        """Return an attribute that is true or false, false where it is missing."""
        text = self.get(element, attribute)
        if text is None:
            return False
        value = boolean_of(text)
        if value is None:
            complaint = f"{attribute}={shortened(text)} is neither true nor false"
            raise self.error(complaint, element, owner)
        return value

    def text_of(self, info: Element) -> str:
        """Return the content of a ``custom_info`` word by word, as XML."""
        return self._texts[info]

    def label(self, owner: Element) -> str:
        """Say which gate, transformation or matrix an element is."""
        local = owner.local
        if owner is self.root:
            return ""
        kind = _OWNERS.get(local, "gate" if local.endswith("Gate") else f"<{local}>")
        name = self.get(owner, "id")
        return f"{kind} {shortened(name)}" if name else kind

    def error(
        self, complaint: str, element: Element, owner: Element | None = None
    ) -> GatingMLError:
        """Return an error that names file, line and owner."""
        label = self.label(owner) if owner is not None else ""
        where = f"{self.what}, line {element.line}" + (label and f", {label}")
        return GatingMLError(f"{where}: {complaint}")

    def _version(self) -> str:
        space, local = self.root.name
        for version in VERSIONS:
            if local == "Gating-ML" and prefixes(version).get(space) == "gating":
                return version
        of = f"of namespace {shortened(space)}" if space else "of no namespace"
        hint = " (a FlowJo workspace?)" if local == "Workspace" else ""
        msg = (
            f"{self.what}, line {self.root.line}: this is no Gating-ML 2.0 or 1.5; the "
            f"root is <{shortened(local)[1:-1]}> {of}{hint}"
        )
        raise GatingMLError(msg)

    def _check(self, rules: dict[str, Rule]) -> None:
        rule = rules["root"]
        for child in self.root.children:
            kind = self.kind(child)
            try:
                if kind not in rule.children:
                    raise self._unknown(child, kind, self.root, rule, child)
                self._check_below(child, rule.children[kind][0], rules)
            except GatingMLError as error:
                known = kind.startswith("gating:") and child.local.endswith("Gate")
                if not known and child.local not in _OWNERS:
                    raise
                self.faults[child] = error

    def _check_below(self, top: Element, name: str, rules: dict[str, Rule]) -> None:
        waiting: list[tuple[Element, str, Element]] = [(top, name, top)]
        while waiting:
            element, name, owner = waiting.pop()
            rule = rules[name]
            self._check_attributes(element, rule, owner)
            if name == "anything":
                continue
            counts: dict[str, int] = {}
            below = []
            for child in element.children:
                kind = self.kind(child)
                mine = child if child.local.endswith("Gate") else owner
                if kind not in rule.children:
                    raise self._unknown(child, kind, element, rule, owner)
                counts[kind] = counts.get(kind, 0) + 1
                below.append((child, rule.children[kind][0], mine))
            self._check_counts(element, counts, rule, owner)
            waiting.extend(reversed(below))

    def _unknown(
        self, child: Element, kind: str, element: Element, rule: Rule, owner: Element
    ) -> GatingMLError:
        inside = element.local
        known = sorted(rule.children)
        if self.version == "1.5":
            complaint = (
                f"<{shortened(kind)[1:-1]}> in <{inside}> is a construct of "
                "Gating-ML 1.5 that does not carry over to 2.0"
            )
        else:
            holds = f"may hold {listed(known)}" if known else "holds no elements"
            complaint = (
                f"unknown element <{shortened(kind)[1:-1]}>; <{inside}> {holds}"
                f"{suggest(kind, known)}"
            )
        owned = owner.local.endswith("Gate") or owner.local in _OWNERS
        return self.error(complaint, child, owner if owned else None)

    def _check_attributes(self, element: Element, rule: Rule, owner: Element) -> None:
        inside = element.local
        for attribute in rule.required:
            if attribute == "compensation-ref" and self.is_flowjo:
                continue
            if self.get(element, attribute) is None:
                complaint = f"<{inside}> lacks the attribute {attribute!r}"
                raise self.error(complaint, element, owner)
        if rule.open:
            return
        known = (*rule.required, *rule.optional)
        for space, local in element.attributes:
            if (space in self.prefixes or not space) and local not in known:
                complaint = (
                    f"<{inside}> has an unknown attribute {shortened(local)}; known "
                    f"are {listed(known) or 'none'}{suggest(local, known)}"
                )
                raise self.error(complaint, element, owner)

    def _check_counts(
        self, element: Element, counts: dict[str, int], rule: Rule, owner: Element
    ) -> None:
        inside = element.local
        for kind, (_, fewest, most) in rule.children.items():
            n = counts.get(kind, 0)
            if n >= fewest and (most is None or n <= most):
                continue
            wanted = f"at least {fewest} are needed"
            if most is not None:
                wanted = f"{most} is allowed" if most == 1 else f"it has {most}"
            complaint = f"<{inside}> has {n} <{kind}>; {wanted}"
            raise self.error(complaint, element, owner)
        if rule.one_of and sum(counts.get(kind, 0) for kind in rule.one_of) != 1:
            complaint = f"<{inside}> needs exactly one of {listed(rule.one_of)}"
            raise self.error(complaint, element, owner)
