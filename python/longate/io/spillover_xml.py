"""Spillover matrices as XML: Gating-ML 2.0, FlowJo workspaces and matrix files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from longate._validation import cut, listed, suggest
from longate.cytometry.compensation import Compensation
from longate.exceptions import SpilloverError
from longate.io.xml_tree import Wanted, boolean_of, number_of, read_xml, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longate.io.xml_tree import Element

MOST_BYTES = 256 * 2**20
"""Larger XML files are refused unread."""

ISAC = "http://www.isac-net.org/std/Gating-ML/"
"""The beginning of the namespaces of Gating-ML."""

KINDS = ("spectrumMatrix", "spilloverMatrix", "CompensationMatrix")
"""Names of the elements that hold a matrix, without namespace."""


def spillover_from_element(
    element: Element, *, names: Mapping[str, str] | None = None
) -> Compensation:
    """Read a spillover matrix from a parsed XML element.

    Parameters
    ----------
    element : Element
        ``spectrumMatrix`` (Gating-ML 2.0 §5.2: fluorochromes in rows, detectors in
        columns, also rectangular, also ``matrix-inverted-already``),
        ``spilloverMatrix`` (FlowJo 10) or ``CompensationMatrix`` (FlowJo 7 to 9), in
        any namespace.
    names : mapping of str to str, optional
        Further names: what is written in the file, and what is meant.

    Returns
    -------
    Compensation
        Of FlowJo's matrices, prefix and suffix (``Comp-``) are taken off the names.

    Raises
    ------
    SpilloverError
        If it is no matrix, an entry is no number, or it is singular; the element, its
        name and its line are named.
    """
    kind = element.name.local
    readers = {
        "spectrumMatrix": spectrum_matrix,
        "spilloverMatrix": _flowjo_10,
        "CompensationMatrix": _flowjo_9,
    }
    if kind not in readers:
        msg = f"an element {kind!r} is no spillover matrix; one of {listed(KINDS)} is"
        raise SpilloverError(msg)
    try:
        matrix = readers[kind](element)
        return matrix.renamed(_known(names, matrix)) if names else matrix
    except SpilloverError as error:
        name = cut(matrix_name(element))
        msg = f"{kind} {name} (line {element.line}): {error}"
        raise SpilloverError(msg) from None


def matrix_name(element: Element) -> str:
    """Return how a matrix is called: its name, else its id, else nothing."""
    return attribute(element, "name") or attribute(element, "id") or ""


def read_spillover_xml(path: str | Path) -> list[tuple[str, Element]]:
    """Return the matrices of an XML file as (name, parsed element), in file order.

    Parameters
    ----------
    path : path-like
        A Gating-ML file, a FlowJo workspace or matrix file. Only its matrices are kept;
        a document type is refused if it says more than its name, and with it entities.

    Raises
    ------
    SpilloverError
        If it is not XML, has a document type, is larger than 256 MB, nested deeper than
        100 elements, or holds no matrix.
    """
    wanted = Wanted(only=KINDS, most_bytes=MOST_BYTES, bare_doctype=True)
    root = read_xml(Path(path), error=SpilloverError, wanted=wanted)
    found = [element for element in root.walk() if element.name.local in KINDS]
    if not found:
        msg = f"{path} holds no spillover matrix (an element {listed(KINDS)})"
        raise SpilloverError(msg)
    return [(matrix_name(element), element) for element in found]


def spectrum_matrix(element: Element) -> Compensation:
    """Read ``spectrumMatrix`` of Gating-ML 2.0.

    Parameters
    ----------
    element : Element
        Fluorochromes in rows and detectors in columns, of any number; the other way
        round, and square, if ``matrix-inverted-already``.

    Raises
    ------
    SpilloverError
        If it is no matrix, or singular; lines below the element's own are named.
    """
    fluorochromes = _dimensions(element, "fluorochromes")
    detectors = _dimensions(element, "detectors")
    inverted = attribute(element, "matrix-inverted-already")
    is_inverted = False if inverted is None else boolean_of(inverted)
    if is_inverted is None:
        msg = f"matrix-inverted-already={inverted!r:.60} is neither true nor false"
        raise SpilloverError(msg)
    rows, columns = (
        (detectors, fluorochromes) if is_inverted else (fluorochromes, detectors)
    )
    spectra = list(_children(element, "spectrum"))
    if len(spectra) != len(rows):
        msg = (
            f"it has {len(spectra)} spectra for {len(rows)} "
            f"{'detectors' if is_inverted else 'fluorochromes'} {listed(rows)}"
        )
        raise SpilloverError(msg)
    table = []
    for row, spectrum in zip(rows, spectra, strict=True):
        entries = list(_children(spectrum, "coefficient"))
        if len(entries) != len(columns):
            msg = (
                f"the spectrum of {shortened(row)} (line {spectrum.line}) has "
                f"{len(entries)} coefficients; {len(columns)} are needed"
            )
            raise SpilloverError(msg)
        table.append(
            [
                _number(entry, row, column)
                for column, entry in zip(columns, entries, strict=True)
            ]
        )
    own = None if fluorochromes == detectors else fluorochromes
    if is_inverted:
        return Compensation.from_inverse(table, detectors, own)
    return Compensation(table, detectors, own)


def attribute(element: Element, name: str) -> str | None:
    """Return an attribute: of the standard's namespace, else of none, else of any."""
    found = {
        key.space: value
        for key, value in element.attributes.items()
        if key.local == name
    }
    if not found:
        return None
    best = min(found, key=lambda space: (not space.startswith(ISAC), space != ""))
    return found[best]


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element.children if child.name.local == name)


def _required(element: Element, name: str) -> str:
    value = attribute(element, name)
    if value is None:
        msg = f"<{element.name.local}> in line {element.line} has no {name!r}"
        raise SpilloverError(msg)
    return value


def _number(element: Element, row: str, column: str) -> float:
    text = _required(element, "value")
    number = number_of(text)
    if not math.isfinite(number):
        msg = (
            f"the coefficient of row {shortened(row)}, column {shortened(column)} is "
            f"{shortened(text)} (line {element.line}), not a finite number"
        )
        raise SpilloverError(msg)
    return number


def _dimensions(element: Element, name: str) -> list[str]:
    lists = list(_children(element, name))
    if len(lists) != 1:
        msg = f"it has {len(lists)} lists of {name}; it must have one"
        raise SpilloverError(msg)
    return [_required(child, "name") for child in lists[0].children]


def _flowjo_10(element: Element) -> Compensation:
    rows = {
        _required(row, "parameter"): {
            _required(entry, "parameter"): entry
            for entry in _children(row, "coefficient")
        }
        for row in _children(element, "spillover")
    }
    detectors = [
        _required(parameter, "name")
        for parameters in _children(element, "parameters")
        for parameter in _children(parameters, "parameter")
    ]
    return _by_name(element, rows, detectors)


def _flowjo_9(element: Element) -> Compensation:
    rows = {
        _required(row, "name"): {
            _required(entry, "name"): entry for entry in _children(row, "ChannelValue")
        }
        for row in _children(element, "Channel")
    }
    return _by_name(element, rows, list(rows))


def _by_name(
    element: Element, rows: Mapping[str, Mapping[str, Element]], detectors: list[str]
) -> Compensation:
    detectors = detectors or list(rows)
    known = set(detectors)
    for fluorochrome, entries in rows.items():
        lost = [name for name in entries if name not in known]
        if lost:
            msg = (
                f"row {cut(fluorochrome)} names "
                f"{listed(lost)}{suggest(lost[0], detectors)}"
            )
            raise SpilloverError(msg)
        missing = [name for name in detectors if name not in entries]
        if missing:
            msg = f"row {cut(fluorochrome)} has no coefficient for {listed(missing)}"
            raise SpilloverError(msg)
    table = [
        [_number(entries[name], fluorochrome, name) for name in detectors]
        for fluorochrome, entries in rows.items()
    ]
    prefix, suffix = attribute(element, "prefix"), attribute(element, "suffix")
    fluorochromes = [bare(name, prefix or "", suffix or "") for name in rows]
    columns = [bare(name, prefix or "", suffix or "") for name in detectors]
    if sorted(fluorochromes) == sorted(columns):
        table = [table[fluorochromes.index(name)] for name in columns]
        return Compensation(table, columns)
    return Compensation(table, columns, fluorochromes)


def bare(name: str, prefix: str, suffix: str) -> str:
    """Return a name without the prefix and suffix of a matrix, if something is left."""
    if prefix and name.startswith(prefix) and len(name) > len(prefix):
        name = name[len(prefix) :]
    if suffix and name.endswith(suffix) and len(name) > len(suffix):
        name = name[: -len(suffix)]
    return name


def _known(names: Mapping[str, str], matrix: Compensation) -> dict[str, str]:
    """Return those names that the matrix has; a list serves several matrices."""
    have = {*matrix.fluorochromes, *matrix.detectors}
    return {old: new for old, new in names.items() if old in have}
