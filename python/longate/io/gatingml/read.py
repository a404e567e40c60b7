"""Read a Gating-ML file into a strategy."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from longate._validation import one_of
from longate.exceptions import GateError, GateWarning, GatingMLError, StrategyError
from longate.gating.strategy.strategy import GatingStrategy
from longate.gating.tree.problems import GateProblem
from longate.io.gatingml.cytobank import arrange
from longate.io.gatingml.declarations import FLOWJO_PREFIX, Declarations
from longate.io.gatingml.document import Document
from longate.io.gatingml.faults import Faults, resolved
from longate.io.gatingml.notes import (
    Expressions,
    kept_info,
    note_of,
    strategy_as_noted,
)
from longate.io.gatingml.populations import Register
from longate.io.gatingml.read_context import ReadContext
from longate.io.gatingml.records import records_of
from longate.io.gatingml.shapes import SHAPES
from longate.io.gatingml.vocabulary import LONGATE

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from longate.gating.gates.base import Gate
    from longate.io.gatingml.cytobank import Arrangement
    from longate.io.gatingml.records import GateRecord

OMIT, RAISE = "omit", "raise"


def read_gatingml(
    path: str | os.PathLike[str], *, unreadable: str = OMIT
) -> GatingStrategy:
    """Read the gates of a Gating-ML file.

    Every gate and scale of the standard is read, and each axis says its own
    compensation and scale, as in the file. A population is called as its id, with
    ``|`` for a ``/``. What the file keeps in ``custom_info`` stays with the gate and
    the strategy, and :func:`write_gatingml` writes it again.

    A gate that cannot be read is left out with all that lies in it or refers to it; the
    rest is read, and ``strategy.problems`` names each with the line and the reason.

    Files of Cytobank are read with the names that Cytobank gives its populations, which
    are nested by the gates they share; gates tailored to a file are overrides for the
    sample that is called as the file. Gates of Gating-ML 1.5 are on channels without
    amplification, gain and time step: the strategy has ``values="raw"`` and gives them
    the stored numbers however a file was read. FlowJo's exports, which do not say how
    dimensions are compensated, are read as compensated with the acquisition's matrix
    (those of channels called ``Comp-...``, under the detector's name) or uncompensated
    (all others), with a warning.

    The XML is read with care: no entities, no document type, no network, at most 64 MB,
    500,000 elements, 1,000 attributes of one element and 100 levels.

    Parameters
    ----------
    path : path-like
        A file of Gating-ML 2.0 or 1.5.
    unreadable : {"omit", "raise"}
        Whether gates that cannot be read are left out with a warning, or the first of
        them is an error. A file of which no gate can be read is always an error.

    Returns
    -------
    GatingStrategy
        Called as the file, without its suffix.

    Raises
    ------
    GatingMLError
        If the file is not XML or not Gating-ML, holds an element that is no gate,
        transformation or matrix, or no gate that can be read; file, line and gate are
        named.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    GateWarning
        If gates are left out, or a covariance is none.

    Notes
    -----
    ``compensation-ref="FCS"`` is the acquisition's matrix, where the file has one. A
    transformation with ``boundMin`` or ``boundMax`` holds scaled values back at these
    bounds. A covariance that is not symmetric or not positive definite, and so no
    ellipsoid, is read as the quadric that the standard's formula makes of it. Where
    quadrants overlap, since one names fewer positions, each is a rectangle. A ratio of
    +infinity lies in no range.

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
    one_of("unreadable", unreadable, (OMIT, RAISE), GatingMLError)
    document = Document(Path(path))
    faults = Faults(document)
    declarations = Declarations(document)
    records, broken = records_of(document)
    for element, error in (declarations.faults | broken).items():
        faults.add(element, error)
    arrangement = arrange(resolved(document, records, faults), faults)
    gates, overrides = _gates(document, declarations, arrangement, faults)
    _report(document, faults, unreadable, n_read=len(gates))
    fields: dict[str, Any] = {
        "gates": gates,
        "name": Path(path).stem,
        "custom_info": _kept(document),
        "overrides": overrides,
        "values": "raw" if document.version == "1.5" else "scale",
        "problems": faults.problems + _notices(document),
    }
    try:
        return GatingStrategy(
            **(fields | strategy_as_noted(document, declarations.matrices))
        )
    except (GateError, StrategyError) as error:
        msg = f"{document.what}: {error}"
        raise GatingMLError(msg) from None


def _gates(
    document: Document,
    declarations: Declarations,
    arrangement: Arrangement,
    faults: Faults,
) -> tuple[list[Gate], dict[str, list[Gate]]]:
    """Return the gates of all files and, by file name, those of single files."""
    every = faults.remaining(arrangement.gates)
    expressions = Expressions(every)
    records = [one for one in every if one.id not in expressions.helpers]
    names = _names(records) | arrangement.names
    register = Register(records, names)
    context = ReadContext(document, declarations, register, expressions)
    made = _read(records, context, faults)
    # A gate may have turned out to be none after others had been read that need it.
    kept = {id(one) for one in faults.remaining(every)}
    gates = [gate for one in records if id(one) in kept for gate in made[id(one)]]
    overrides = {}
    for file, tailored in arrangement.tailored.items():
        remaining = [one for one in tailored if one.id not in faults.lost]
        own = _read(remaining, context, faults)
        overrides[file] = [gate for one in own.values() for gate in one]
    return gates, {file: own for file, own in overrides.items() if own}


def _read(
    records: Iterable[GateRecord], context: ReadContext, faults: Faults
) -> dict[int, list[Gate]]:
    """Return the gates of each record that can be read, by the record's identity."""
    document = context.document
    made: dict[int, list[Gate]] = {}
    for record in records:
        element = record.element
        try:
            inside = document.get(element, "eventsInside")
            if inside is not None and inside.strip() == "0":
                complaint = (
                    "eventsInside='0' is FlowJo's, not the standard's; use <not>"
                )
                raise document.error(complaint, element, element)
            made[id(record)] = SHAPES[record.kind].read(record, context)
        except GatingMLError as error:
            faults.drop(record, error)
        except GateError as error:
            faults.complain(record, context.unnamed(error, record), element)
    return made


def _notices(document: Document) -> tuple[GateProblem, ...]:
    """Warn of what is true of all gates of the file, and return it."""
    if not document.is_flowjo:
        return ()
    msg = (
        f"{document.what} is an export of FlowJo, which does not say how dimensions "
        f"are compensated and scaled: channels called {FLOWJO_PREFIX}... are taken as "
        "compensated with the acquisition's matrix, all others as they are in the "
        "file, and edges as straight in data units. FlowJo's are straight on its "
        "display axes; its workspace has them"
    )
    warnings.warn(msg, GateWarning, stacklevel=3)
    return (GateProblem("", msg),)


def _report(
    document: Document, faults: Faults, unreadable: str, *, n_read: int
) -> None:
    """Raise or warn for what is left out."""
    lost = [one for one in faults.problems if one.gate]
    if not faults.problems:
        return
    if unreadable == RAISE or not n_read:
        raise faults.first
    n = len(lost)
    gates = f"{n} gate{'s' if n != 1 else ''} that cannot be read"
    what = gates if n else "transformations or matrices that cannot be read"
    msg = (
        f"{document.what} is read without {what}; see .problems. The first: "
        f"{faults.first}"
    )
    warnings.warn(msg, GateWarning, stacklevel=3)


def _kept(document: Document) -> str | None:
    """Return what the file keeps of itself, its transformations and its matrices."""
    kept = kept_info(document, document.root.named("custom_info"))
    for owner in document.root.children:
        if owner.local not in ("transformation", "spectrumMatrix"):
            continue
        for element in owner.walk():
            if element.local == "custom_info":
                of = quoteattr(document.get(owner, "id") or "")
                added = f'<longate:kept xmlns:longate="{LONGATE}" of={of}>'
                text = document.text_of(element)
                kept = f"{kept or ''}{added}{text}</longate:kept>"
    return kept


def _names(records: Iterable[GateRecord]) -> dict[str, str]:
    """Return the names that Longate or FlowJo noted for populations, by id."""
    names: dict[str, str] = {}
    for record in records:
        exported = record.element.attribute("name", record.element.nsmap.values())
        if exported:  # by FlowJo
            names[record.id] = exported
        note = note_of(record.infos)
        if isinstance(note.get("name"), str):
            names[record.id] = note["name"]
        quadrants = note.get("quadrants")
        if isinstance(quadrants, dict):
            names |= {key: str(name) for key, name in quadrants.items()}
    return names
