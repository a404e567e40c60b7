"""A Gating-ML file as checked elements: the standard's structure, and nothing else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.exceptions import GatingMLError
from longate.io.gatingml.expat_tree import (
    Element,
    Wanted,
    boolean_of,
    number_of,
    read_xml,
    shortened,
)
from longate.io.gatingml.vocabulary import RULES, RULES_15, VERSIONS, Rule, prefixes

if TYPE_CHECKING:
    from pathlib import Path

# Elements whose text means something; the rest of a file's text is layout.
_WITH_TEXT = (
    "value",
    "name",
    "gate_id",
    "gate_set_id",
    "fcs_file_filename",
    "type",
    "tailored",
    "gate",
    "strategy",
)
_OWNERS = {"transformation": "transformation", "spectrumMatrix": "matrix"}


class Document:
    """A file that has the structure of the standard.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    GatingMLError
        If it is not XML, no Gating-ML, or holds what the standard does not know.
    """

    def __init__(self, path: Path) -> None:
        self.what = path.name
        self.root = read_xml(
            path,
            error=GatingMLError,
            wanted=Wanted(with_text=_WITH_TEXT, verbatim=("custom_info",)),
        )
        self.version = self._version()
        self.prefixes = prefixes(self.version)
        self._check(RULES if self.version == "2.0" else RULES_15)

    def kind(self, element: Element) -> str:
        """Return an element's name with the usual prefix, ``gating:dimension``."""
        space, local = element.name
        if space in self.prefixes:
            return f"{self.prefixes[space]}:{local}"
        return f"{{{space}}}{local}" if space else local

    def children(self, element: Element, local: str) -> list[Element]:
        """Return the children of a local name, in the order of the file."""
        return [child for child in element.children if child.name.local == local]

    def child(self, element: Element, local: str) -> Element:
        """Return the child that the structure guarantees."""
        return self.children(element, local)[0]

    def get(self, element: Element, attribute: str) -> str | None:
        """Return an attribute, with the standard's namespace or without."""
        plain = None
        for (space, local), value in element.attributes.items():
            if local == attribute:
                if space in self.prefixes:
                    return value
                plain = value if not space else plain
        return plain

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

    def label(self, owner: Element) -> str:
        """Say which gate, transformation or matrix an element is."""
        local = owner.name.local
        if owner is self.root:
            return ""
        kind = _OWNERS.get(local, "gate" if local.endswith("Gate") else f"<{local}>")
        name = self.get(owner, "id")
        return f"{kind} {shortened(name)}" if name else kind

    def error(
        self, complaint: str, element: Element, owner: Element | None = None
    ) -> GatingMLError:
        """Return an error that names file, line and owner."""
        label = self.label(owner) if owner else ""
        place = f"{self.what}, line {element.line}" + (label and f", {label}")
        return GatingMLError(f"{place}: {complaint}")

    def _version(self) -> str:
        space, local = self.root.name
        for version in VERSIONS:
            if local == "Gating-ML" and prefixes(version).get(space) == "gating":
                return version
        namespace = f"of namespace {shortened(space)}" if space else "of no namespace"
        hint = " (a FlowJo workspace?)" if local == "Workspace" else ""
        msg = (
            f"{self.what}, line {self.root.line}: this is no Gating-ML 2.0 or 1.5; the "
            f"root is <{shortened(local)[1:-1]}> {namespace}{hint}"
        )
        raise GatingMLError(msg)

    def _check(self, rules: dict[str, Rule]) -> None:
        waiting: list[tuple[Element, str, Element]] = [(self.root, "root", self.root)]
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
                at_top = element is self.root
                mine = child if at_top or child.name.local.endswith("Gate") else owner
                if kind not in rule.children:
                    raise self._unknown(child, kind, element, rule, owner)
                counts[kind] = counts.get(kind, 0) + 1
                below.append((child, rule.children[kind][0], mine))
            self._check_counts(element, counts, rule, owner)
            waiting.extend(reversed(below))

    def _unknown(
        self, child: Element, kind: str, element: Element, rule: Rule, owner: Element
    ) -> GatingMLError:
        inside = element.name.local
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
        return self.error(complaint, child, owner)

    def _check_attributes(self, element: Element, rule: Rule, owner: Element) -> None:
        inside = element.name.local
        for attribute in rule.required:
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
        inside = element.name.local
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
