"""Spillover matrices as XML: Gating-ML 2.0, FlowJo workspaces and matrix files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.cytometry.compensation import Compensation
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_BYTES = 256 * 2**20
"""Larger XML files are refused unread."""

KINDS = ("spectrumMatrix", "spilloverMatrix", "CompensationMatrix")
"""Names of the elements that hold a matrix, without namespace."""


def spillover_from_element(
    element: Any, *, names: Mapping[str, str] | None = None
) -> Compensation:
    """Read a spillover matrix from a parsed XML element.

    Parameters
    ----------
    element : lxml.etree._Element
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
    kind = local(element)
    readers = {
        "spectrumMatrix": _spectrum_matrix,
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
        msg = f"{kind} {matrix_name(element)!r} (line {element.sourceline}): {error}"
        raise SpilloverError(msg) from None


def matrix_name(element: Any) -> str:
    """Return how a matrix is called: its name, else its id, else nothing."""
    return attribute(element, "name") or attribute(element, "id") or ""


def read_spillover_xml(path: str | Path) -> list[tuple[str, Any]]:
    """Return the matrices of an XML file as (name, parsed element), in file order.

    Parameters
    ----------
    path : path-like
        A Gating-ML file, a FlowJo workspace or matrix file. Entities are refused,
        nothing is fetched, and the size is bounded.

    Raises
    ------
    SpilloverError
        If it is not XML, declares entities, is larger than 256 MB, or holds no matrix.
    """
    from lxml import etree

    size = Path(path).stat().st_size
    if size > MOST_BYTES:
        msg = f"{path}: {size:,} bytes are more than a matrix or workspace should have"
        raise SpilloverError(msg)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        tree = etree.parse(str(path), parser)
    except etree.XMLSyntaxError as error:
        msg = f"{path} is not well-formed XML: {error}"
        raise SpilloverError(msg) from None
    declared = tree.docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        msg = f"{path} declares XML entities, which are not read"
        raise SpilloverError(msg)
    found = [e for e in tree.iter(etree.Element) if local(e) in KINDS]
    if not found:
        msg = f"{path} holds no spillover matrix (an element {listed(KINDS)})"
        raise SpilloverError(msg)
    return [(matrix_name(element), element) for element in found]


def local(element: Any) -> str:
    """Return the name of an element without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """Return an attribute, in whatever namespace."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def _children(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if local(child) == name)


def _required(element: Any, name: str) -> str:
    value = attribute(element, name)
    if value is None:
        msg = f"<{local(element)}> in line {element.sourceline} has no {name!r}"
        raise SpilloverError(msg)
    return value


def _number(element: Any, where: str) -> float:
    text = _required(element, "value")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = f"{where} is {text!r} (line {element.sourceline}), not a finite number"
        raise SpilloverError(msg)
    return number


def _spectrum_matrix(element: Any) -> Compensation:
    dyes = _dimensions(element, "fluorochromes")
    detectors = _dimensions(element, "detectors")
    inverted = (attribute(element, "matrix-inverted-already") or "").strip()
    if inverted not in ("", "true", "false", "1", "0"):
        msg = f"matrix-inverted-already is {inverted!r}; it must be true or false"
        raise SpilloverError(msg)
    is_inverted = inverted in ("true", "1")
    rows, columns = (detectors, dyes) if is_inverted else (dyes, detectors)
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
                f"the spectrum of {row!r} (line {spectrum.sourceline}) has "
                f"{len(entries)} coefficients; {len(columns)} are needed"
            )
            raise SpilloverError(msg)
        table.append(
            [
                _number(entry, f"the coefficient of row {row!r}, column {column!r}")
                for column, entry in zip(columns, entries, strict=True)
            ]
        )
    own = None if dyes == detectors else dyes
    if is_inverted:
        return Compensation.from_inverse(table, detectors, own)
    return Compensation(table, detectors, own)


def _dimensions(element: Any, name: str) -> list[str]:
    lists = list(_children(element, name))
    if len(lists) != 1:
        msg = f"it has {len(lists)} lists of {name}; it must have one"
        raise SpilloverError(msg)
    return [_required(child, "name") for child in lists[0] if local(child)]


def _flowjo_10(element: Any) -> Compensation:
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


def _flowjo_9(element: Any) -> Compensation:
    rows = {
        _required(row, "name"): {
            _required(entry, "name"): entry for entry in _children(row, "ChannelValue")
        }
        for row in _children(element, "Channel")
    }
    return _by_name(element, rows, list(rows))


def _by_name(
    element: Any, rows: Mapping[str, Mapping[str, Any]], detectors: list[str]
) -> Compensation:
    detectors = detectors or list(rows)
    for dye, entries in rows.items():
        lost = [name for name in entries if name not in detectors]
        if lost:
            msg = f"row {dye!r} names {listed(lost)}{suggest(lost[0], detectors)}"
            raise SpilloverError(msg)
        missing = [name for name in detectors if name not in entries]
        if missing:
            msg = f"row {dye!r} has no coefficient for {listed(missing)}"
            raise SpilloverError(msg)
    table = [
        [
            _number(entries[name], f"the coefficient of row {dye!r}, column {name!r}")
            for name in detectors
        ]
        for dye, entries in rows.items()
    ]
    prefix, suffix = attribute(element, "prefix"), attribute(element, "suffix")
    dyes = [bare(name, prefix or "", suffix or "") for name in rows]
    columns = [bare(name, prefix or "", suffix or "") for name in detectors]
    if sorted(dyes) == sorted(columns):
        table = [table[dyes.index(name)] for name in columns]
        return Compensation(table, columns)
    return Compensation(table, columns, dyes)


def bare(name: str, prefix: str, suffix: str) -> str:
    """Return a name without what a matrix puts around it, if something is left."""
    if prefix and name.startswith(prefix) and len(name) > len(prefix):
        name = name[len(prefix) :]
    if suffix and name.endswith(suffix) and len(name) > len(suffix):
        name = name[: -len(suffix)]
    return name


def _known(names: Mapping[str, str], matrix: Compensation) -> dict[str, str]:
    """Return those names that the matrix has; a list serves several matrices."""
    have = {*matrix.dyes, *matrix.detectors}
    return {old: new for old, new in names.items() if old in have}
