"""Read a Gating-ML file into a strategy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from longate.exceptions import GatingMLError, StrategyError
from longate.gating.strategy.strategy import GatingStrategy
from longate.io.gatingml.cytobank import arrange
from longate.io.gatingml.document import Document
from longate.io.gatingml.embedded import with_references_only
from longate.io.gatingml.gates import GateReader
from longate.io.gatingml.notes import (
    Expressions,
    kept_info,
    note_of,
    strategy_as_noted,
)
from longate.io.gatingml.populations import Register
from longate.io.gatingml.transforms import Declarations
from longate.io.gatingml.vocabulary import LONGATE

if TYPE_CHECKING:
    import os

    from longate.io.gatingml.expat_tree import Element


def read_gatingml(path: str | os.PathLike[str]) -> GatingStrategy:
    """Read the gates of a Gating-ML file.

    Every gate and scale of the standard is read, and each axis says its own
    compensation and scale, as in the file. A population is called as its id, with
    ``|`` for a ``/``. What the file keeps in ``custom_info`` stays with the gate and
    the strategy, and :func:`write_gatingml` writes it again.

    Files of Cytobank are read with the names that Cytobank gives its populations, which
    are nested by the gates they share; gates tailored to a file are overrides for the
    sample that is called as the file. Of Gating-ML 1.5, gates on parameters as they are
    in the file carry over.

    The XML is read with care: no entities, no document type, no network, at most 64 MB,
    500,000 elements and 100 levels.

    Parameters
    ----------
    path : path-like
        A file of Gating-ML 2.0 or 1.5.

    Returns
    -------
    GatingStrategy
        Called as the file, without its suffix.

    Raises
    ------
    GatingMLError
        If the file is not XML or not Gating-ML, holds an unknown element or attribute,
        refers to what is not there, or has a gate that means nothing; file, line and
        gate are named.
    FileNotFoundError
        If there is no such file.

    Notes
    -----
    ``compensation-ref="FCS"`` is the acquisition's matrix, where the file has one. A
    transformation with ``boundMin`` or ``boundMax`` holds values back at these bounds,
    which moves the sides of rectangles; polygons and ellipsoids that reach beyond such
    a bound are refused. A covariance that is not symmetric, and so no ellipsoid, is
    read as the quadric that the standard's formula makes of it.

    References
    ----------
    Gating-ML 2.0 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg, tempfile, pathlib
    >>> space = "http://www.isac-net.org/std/Gating-ML/v2.0/"
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "bright.xml"
    >>> _ = file.write_text(f'''
    ... <g:Gating-ML xmlns:g="{space}gating" xmlns:d="{space}datatypes">
    ...   <g:RectangleGate g:id="Bright">
    ...     <g:dimension g:compensation-ref="FCS" g:min="100">
    ...       <d:fcs-dimension d:name="FL1-H"/>
    ...     </g:dimension>
    ...   </g:RectangleGate>
    ... </g:Gating-ML>'''.strip())
    >>> lg.read_gatingml(file)["Bright"]
    RectangleGate 'Bright': FL1-H (acquisition's matrix, plain) >= 100
    """
    document = Document(Path(path))
    gates = with_references_only(document)
    arrangement = arrange(document, gates)
    expressions = Expressions(document, arrangement.gates)
    gates = [
        gate
        for gate in arrangement.gates
        if document.need(gate, "id") not in expressions.helpers
    ]
    declarations = Declarations(document)
    register = Register(document, gates, _names(document, gates) | arrangement.names)
    register.refuse_circles(_references(document, gates))
    reader = GateReader(document, declarations, register, expressions)
    fields: dict[str, Any] = {
        "gates": [reader.read(gate) for gate in gates],
        "name": Path(path).stem,
        "custom_info": _kept(document),
        "overrides": {
            file: [reader.read(gate) for gate in tailored]
            for file, tailored in arrangement.tailored.items()
        },
    }
    try:
        return GatingStrategy(
            **(fields | strategy_as_noted(document, declarations.matrices))
        )
    except StrategyError as error:
        msg = f"{document.what}: {error}"
        raise GatingMLError(msg) from None


def _kept(document: Document) -> str | None:
    """Return what the file keeps of itself, its transformations and its matrices."""
    kept = kept_info(document.root)
    for owner in document.root.children:
        if owner.name.local not in ("transformation", "spectrumMatrix"):
            continue
        for element in owner.walk():
            if element.name.local == "custom_info":
                of = quoteattr(document.need(owner, "id"))
                added = f'<longate:kept xmlns:longate="{LONGATE}" of={of}>'
                kept = f"{kept or ''}{added}{element.raw or ''}</longate:kept>"
    return kept


def _names(document: Document, gates: list[Element]) -> dict[str, str]:
    """Return the names that Longate noted for populations, by id."""
    names: dict[str, str] = {}
    for gate in gates:
        note = note_of(gate)
        if isinstance(note.get("name"), str):
            names[document.need(gate, "id")] = note["name"]
        quadrants = note.get("quadrants")
        if isinstance(quadrants, dict):
            names |= {key: str(name) for key, name in quadrants.items()}
    return names


def _references(document: Document, gates: list[Element]) -> dict[str, list[str]]:
    """Return what each Boolean gate refers to, by id."""
    return {
        document.need(gate, "id"): [
            document.need(element, "ref")
            for element in gate.walk()
            if element.name.local == "gateReference"
        ]
        for gate in gates
        if gate.name.local == "BooleanGate"
    }
