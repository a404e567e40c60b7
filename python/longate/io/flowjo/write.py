"""FlowJo 10 workspaces, written."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from longate._validation import one_of
from longate._whole_files import write_whole
from longate.exceptions import FlowJoError, FlowJoWarning, LongateError
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.rectangle import RectangleGate
from longate.gating.strategy.strategy import GatingStrategy
from longate.io.flowjo.columns import Columns
from longate.io.flowjo.from_gates import (
    boolean_of,
    drawing_of,
    outline_of,
)
from longate.io.flowjo.keywords import channels_of, gains_of, positive
from longate.io.flowjo.model import WorkspacePopulation, WorkspaceSample
from longate.io.flowjo.parts import parts_of
from longate.io.flowjo.shapes.boolean import BooleanDrawing
from longate.io.flowjo.strategy_columns import ColumnsOfStrategy
from longate.io.flowjo.workspace import ALL_SAMPLES, Workspace
from longate.io.flowjo.write_document import VERSION, document_of, kind_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel


@dataclass(frozen=True)
class _Source:
    """What a sample is made of."""

    strategy: GatingStrategy
    name: str
    path: str = ""
    panel: Panel | None = None
    acquired: Compensation | None = None
    keywords: Mapping[str, str] | None = None
    counts: Mapping[str, int] | None = None
    n_events: int | None = None


def write_flowjo(
    source: Any,
    path: str | os.PathLike[str],
    *,
    strategy: GatingStrategy | Mapping[str, GatingStrategy] | None = None,
    unsupported: str = "raise",
) -> Path:
    """Write a workspace that FlowJo 10 opens.

    Samples, groups, matrices, scales and gates are written: rectangles, polygons,
    ellipses, quadrants of one cut per axis (as four rectangles), rectangles of more
    dimensions (as an And of two-dimensional ones), And, Or and Not populations, and
    what lies outside of a shape. Gates on a grid of FlowJo are written
    as vertices that lie in the same cells. :func:`read_flowjo` gives the same counts.

    Parameters
    ----------
    source : Populations, Study, GatingStrategy or Workspace
        What ``study.gate`` gave, with the files and counts; a study, with `strategy`; a
        strategy alone, as a template without files; or a workspace that was read.
    path : path-like
        The file, usually ``.wsp``.
    strategy : GatingStrategy, or mapping of str to GatingStrategy, optional
        The gates of a study's tubes.
    unsupported : {"raise", "omit"}
        What becomes of gates that FlowJo does not have: an error that names the first
        of them, or a warning that lists what is left out with all that lies in it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FlowJoError
        If a gate or scale cannot be written; it is named with the reason.

    Warns
    -----
    FlowJoWarning
        With ``"omit"``, of what is left out.

    Examples
    --------
    >>> import longate as lg
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> gate = lg.RectangleGate("Cells", dimensions={"FSC-A": (2e4, 9e4)})
    >>> file = lg.write_flowjo(lg.GatingStrategy([gate]), Path(mkdtemp()) / "a.wsp")
    >>> lg.read_flowjo(file).strategy().paths
    ('Cells',)
    """
    one_of("unsupported", unsupported, ("raise", "omit"), FlowJoError)
    omitted: list[str] = []
    if isinstance(source, Workspace):
        if source.program != "FlowJo":
            msg = (
                f"gates of {source.program} are written as those of a gated study: "
                "write_flowjo(workspace.study(...).gate(workspace.strategy()), path)"
            )
            raise FlowJoError(msg)
        workspace = source
        for sample in workspace.samples:
            for one in sample.populations:
                if one.drawing is None:
                    words = f"{sample.name!r}, gate {one.path!r}: {one.problem}"
                    _refuse(words, unsupported, omitted)
    else:
        workspace = _workspace_of(source, strategy, Path(path), unsupported, omitted)
    content = etree.tostring(
        document_of(workspace),
        xml_declaration=True,
        encoding="UTF-8",
        pretty_print=True,
    )
    file = write_whole(path, content)
    if omitted:
        msg = f"{len(omitted)} gates are left out of {file.name}:\n  " + "\n  ".join(
            omitted[:20]
        )
        warnings.warn(msg, FlowJoWarning, stacklevel=2)
    return file


def _refuse(words: str, unsupported: str, omitted: list[str]) -> None:
    if unsupported == "raise":
        msg = f"{words}; unsupported='omit' leaves it out"
        raise FlowJoError(msg)
    omitted.append(words)


def _workspace_of(
    source: Any,
    strategy: GatingStrategy | Mapping[str, GatingStrategy] | None,
    path: Path,
    unsupported: str,
    omitted: list[str],
) -> Workspace:
    groups: dict[str, list[str]] = {ALL_SAMPLES: []}
    samples = []
    for number, (group, one) in enumerate(_sources(source, strategy), start=1):
        samples.append(_sample(str(number), one, unsupported, omitted))
        for name in dict.fromkeys((ALL_SAMPLES, group)):
            groups.setdefault(name, []).append(str(number))
    return Workspace(
        path=path,
        version=VERSION,
        samples=tuple(samples),
        groups={name: tuple(ids) for name, ids in groups.items()},
        compensations=tuple(
            dict.fromkeys(one.matrix for one in samples if one.matrix is not None)
        ),
    )


def _sources(source: Any, strategy: Any) -> Iterator[tuple[str, _Source]]:
    """Go through the samples of what is written, with their group."""
    if isinstance(source, GatingStrategy):
        yield ALL_SAMPLES, _Source(source, source.name)
        return
    study = getattr(source, "study", source)
    if not hasattr(study, "metadata"):
        msg = (
            "write_flowjo takes a GatingStrategy, a Study with its strategy, what "
            f"study.gate gave, or a Workspace; got {type(source).__name__}"
        )
        raise FlowJoError(msg)
    by_tube = getattr(source, "strategies", None) or strategy
    if by_tube is None:
        msg = "a study is written with its gates: give strategy=, or study.gate(...)"
        raise FlowJoError(msg)
    if isinstance(by_tube, GatingStrategy):
        by_tube = dict.fromkeys(study.tubes, by_tube)
    counted = {one.row: one.gated for one in getattr(source, "files", ())}
    for row, metadata in study.metadata.items():
        record = study.samples.loc[row]
        if record["role"] != "sample" or record["tube"] not in by_tube:
            continue
        counts = None
        if row in counted:
            table = counted[row].counts
            counts = dict(zip(table["population"], table["n_events"], strict=True))
        name = str(record["sample"])
        yield (
            str(record["tube"]),
            _Source(
                by_tube[record["tube"]].for_sample(name),
                name,
                str(metadata.path),
                metadata.panel,
                study.compensations[row],
                metadata.keywords,
                counts,
                metadata.n_events,
            ),
        )


def _sample(
    number: str, source: _Source, unsupported: str, omitted: list[str]
) -> WorkspaceSample:
    strategy = source.strategy
    columns = ColumnsOfStrategy(strategy, source.panel, source.acquired)
    names: dict[str, str] = {}
    found: list[WorkspacePopulation] = []
    left: set[str] = set()
    outlines = {
        outline
        for path, gate in strategy.tree.by_path.items()
        if isinstance(gate, BooleanGate)
        and (outline := outline_of(gate, path, strategy)) is not None
    }
    for path, gate in strategy.tree.by_path.items():
        if path in outlines:
            continue
        parent = path.rpartition("/")[0]
        words = f"sample {source.name!r}, gate {path!r}"
        if parent in left:
            omitted.append(f"{words}: it lies in a gate that is left out")
            left.add(path)
            continue
        try:
            drawings = _drawings(gate, path, strategy, columns, names)
        except (LongateError, ValueError) as error:
            _refuse(f"{words}: {error}", unsupported, omitted)
            left.add(path)
            continue
        names[path] = path
        for own, drawing in drawings.items():
            count = (source.counts or {}).get(own)
            found.append(
                WorkspacePopulation(
                    own,
                    own,
                    parent or None,
                    None if count is None else int(count),
                    drawing,
                    kind=kind_of(drawing),
                )
            )
    keywords = dict(source.keywords or {})
    matrix = columns.flowjo_matrix()
    return WorkspaceSample(
        id=number,
        name=source.name,
        uri=source.path,
        groups=(ALL_SAMPLES,),
        n_events=source.n_events,
        keywords=keywords,
        matrix=matrix,
        columns=Columns(
            channels_of(keywords),
            matrix,
            columns.flowjo_scales(),
            positive(keywords.get("$TIMESTEP")),
            gains_of(keywords),
        ),
        populations=tuple(found),
    )


def _drawings(
    gate: Any,
    path: str,
    strategy: GatingStrategy,
    columns: ColumnsOfStrategy,
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Return path -> drawing: one, or the parts of a rectangle and their And."""
    if isinstance(gate, RectangleGate) and len(gate.dimensions) > 2:
        above = path.removesuffix(gate.name)
        parts = {
            above + part.name: drawing_of(part, columns) for part in parts_of(gate)
        }
        return {**parts, path: BooleanDrawing("and", tuple(parts))}
    if not isinstance(gate, BooleanGate):
        return {path: drawing_of(gate, columns)}
    outline = outline_of(gate, path, strategy)
    if outline is not None:
        shape = drawing_of(strategy.tree.by_path[outline], columns)
        return {path: replace(shape, outside=True)}
    everything = {one: one for one in strategy.paths}
    return {path: boolean_of(gate, strategy, everything | dict(names))}
