"""FACSDiva experiments, read into the values that FlowJo workspaces are read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from longate.cytometry.compensation import Compensation
from longate.exceptions import FacsDivaError, LongateError
from longate.io.facsdiva.regions import DivaAxis, RegionDrawing, biexponential
from longate.io.flowjo.columns import Columns
from longate.io.flowjo.markup import attribute, child, children, number
from longate.io.flowjo.matrices import FlowJoMatrix
from longate.io.flowjo.model import (
    WorkspacePopulation,
    WorkspaceSample,
    WorkspaceStatistic,
)
from longate.io.flowjo.names import unique_name
from longate.io.flowjo.workspace import Workspace, WorkspaceProblem
from longate.io.xml_tree import Wanted, read_xml

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from lxml.etree import _Element

    from longate.cytometry.transforms import Transform

ALL = "All Events"
WANTED = Wanted(only=("specimen",), bare_doctype=True)
FACTS = (
    "date",
    "data_begin_date",
    "data_end_date",
    "data_instrument_name",
    "data_instrument_serial_number",
    "record_user",
)


@dataclass(frozen=True)
class DivaMatrix(FlowJoMatrix):
    """A matrix of FACSDiva: rows of the inverse, compensated = K raw."""

    def compensation(self, names: Mapping[str, str]) -> Compensation:
        """Return the matrix, whose numbers are used as they are."""
        detectors = [names.get(name, name) for name in self.detectors]
        return Compensation.from_inverse(np.array(self.coefficients).T, detectors)


@dataclass(frozen=True)
class DivaColumns(Columns):
    """The parameters of a tube, all compensated where they can be."""

    displays: Mapping[str, Transform | None] = field(default_factory=dict)

    def shown_scales(self) -> dict[str, Transform | None]:
        """Return channel -> scale for drawings."""
        return dict(self.displays)


def is_facsdiva(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is an experiment of FACSDiva, by its first element."""
    with Path(path).open("rb") as stream:
        return b"<bdfacs" in stream.read(4096)


def read_facsdiva(path: str | os.PathLike[str]) -> Workspace:
    """Read a FACSDiva experiment: tubes, matrices, scales, gates and counts.

    ``workspace.strategy(geometry="flowjo")``, the default, decides on FACSDiva's own
    grid of 256 cells with closed borders; ``"exact"`` as gates are drawn. Gates of
    compensation controls are listed in the sample's ``facts`` and not gated. A tube
    with a storage gate is named in ``problems``: events outside of the gate were thrown
    away at acquisition.

    Parameters
    ----------
    path : path-like
        The ``.xml`` that FACSDiva exports with an experiment (versions 6 to 9).

    Returns
    -------
    Workspace
        One sample per tube, called as the tube, in a group for each specimen; ``facts``
        have the experiment, specimen, dates, storage gate and stop rule.

    Raises
    ------
    FacsDivaError
        If the file is no such experiment.
    FileNotFoundError
        If there is no such file.
    """
    file = Path(path)
    root = cast("_Element", read_xml(file, error=FacsDivaError, wanted=WANTED))
    experiment = child(root, "experiment")
    if root.tag != "bdfacs" or experiment is None:
        msg = f"{file.name} is no experiment of FACSDiva: its root is <{root.tag}>"
        raise FacsDivaError(msg)
    return _Reader(file, attribute(root, "version", "")).read(experiment)


class _Reader:
    def __init__(self, file: Path, version: str) -> None:
        self.file = file
        self.version = version.removeprefix("Version ")
        self.problems: list[WorkspaceProblem] = []

    def note(self, sample: str, population: str, reason: object) -> None:
        self.problems.append(WorkspaceProblem(sample, population, str(reason)))

    def read(self, experiment: _Element) -> Workspace:
        samples: list[WorkspaceSample] = []
        groups: dict[str, list[str]] = {}
        name = attribute(experiment, "name", "")
        for specimen in children(experiment, "specimen"):
            group = attribute(specimen, "name", "specimen")
            control = _text(specimen, "is_auto_comp") == "true"
            for tube in children(specimen, "tube"):
                facts = {"experiment": name, "specimen": group}
                if control:
                    facts["role"] = "compensation control"
                sample = self.tube(tube, str(len(samples) + 1), group, facts)
                samples.append(sample)
                groups.setdefault(group, []).append(sample.id)
        return Workspace(
            path=self.file,
            version=self.version,
            samples=tuple(samples),
            groups={group: tuple(ids) for group, ids in groups.items()},
            compensations=tuple(
                dict.fromkeys(one.matrix for one in samples if one.matrix is not None)
            ),
            problems=tuple(self.problems),
            program="FACSDiva",
        )

    def tube(
        self, tube: _Element, identity: str, group: str, facts: dict[str, str]
    ) -> WorkspaceSample:
        name = attribute(tube, "name", identity)
        for word in FACTS:
            if text := _text(tube, word):
                facts[word] = text
        self.pipeline(tube, name, facts)
        settings = child(tube, "instrument_settings")
        enabled = _text(settings, "compensation_enabled") != "false"
        matrix = self.matrix(settings, name) if enabled else None
        gates = list(children(child(tube, "gates"), "gate"))
        total = next((g for g in gates if attribute(g, "fullname") == ALL), None)
        populations: list[WorkspacePopulation] = []
        if "role" in facts:
            facts["gates"] = ", ".join(attribute(one, "fullname", "") for one in gates)
        else:
            populations = self.populations(gates, name)
        return WorkspaceSample(
            id=identity,
            name=name,
            uri=_text(tube, "data_filename"),
            groups=(group,),
            n_events=None if total is None else _count(total),
            keywords={},
            matrix=matrix,
            columns=DivaColumns({}, matrix, {}, displays=_displays(settings)),
            populations=tuple(populations),
            statistics=tuple(_statistics(tube)),
            facts=facts,
        )

    def pipeline(self, tube: _Element, name: str, facts: dict[str, str]) -> None:
        pipeline = child(tube, "pipeline")
        if pipeline is None:
            return
        stored = _text(pipeline, "storage_gate")
        if stored:
            facts["storage_gate"] = stored
        if stored and stored != ALL:
            reason = (
                f"only events of the storage gate {stored!r} were kept; the others "
                "were thrown away at acquisition"
            )
            self.note(name, "", reason)
        rule = child(pipeline, "stop_rule")
        if rule is not None:
            facts["stop_rule"] = ", ".join(f"{k}={v}" for k, v in rule.attrib.items())

    def matrix(self, settings: _Element | None, sample: str) -> DivaMatrix | None:
        rows = [
            (attribute(one, "name", ""), child(one, "compensation"))
            for one in children(settings, "parameter")
        ]
        rows = [(name, row) for name, row in rows if row is not None and len(row)]
        if not rows:
            return None
        names = tuple(name for name, _ in rows)
        try:
            coefficients = tuple(
                tuple(
                    float(one.text or "nan")
                    for one in children(row, "compensation_coefficient")
                )
                for _, row in rows
                if row is not None
            )
        except ValueError:
            self.note(sample, "", "a compensation coefficient is not a number")
            return None
        if any(len(row) != len(names) for row in coefficients):
            reason = f"the compensation has no {len(names)} coefficients per parameter"
            self.note(sample, "", reason)
            return None
        return DivaMatrix(sample, names, coefficients, names, "", "")

    def populations(
        self, gates: list[_Element], sample: str
    ) -> list[WorkspacePopulation]:
        composites = {
            attribute(one, "fullname", ""): _text(one, "parent")
            for one in gates
            if attribute(one, "type") == "Composite_Classifier"
        }
        paths: dict[str, str] = {ALL: ""}
        taken: dict[str, dict[str, int]] = {}
        found: list[WorkspacePopulation] = []
        for one in gates:
            full = attribute(one, "fullname", "")
            own = _text(one, "name") or full.rpartition("\\")[2]
            if full == ALL or full in composites or own.startswith("$"):
                continue
            above = _text(one, "parent") or full.rpartition("\\")[0]
            above = composites.get(above, above)
            if above not in paths:
                self.note(sample, full, f"its parent {above!r} is not in the tube")
                continue
            parent = paths[above]
            name = unique_name(own, taken.setdefault(parent, {}))
            path = f"{parent}/{name}".lstrip("/")
            paths[full] = path
            drawing, problem, kind = None, None, ""
            try:
                kind, drawing = _region(one)
            except (LongateError, ValueError) as error:
                problem = str(error)
                self.note(sample, path, problem)
            found.append(
                WorkspacePopulation(
                    path, path, parent or None, _count(one), drawing, "", problem, kind
                )
            )
        return found


def _text(element: _Element | None, name: str) -> str:
    found = None if element is None else child(element, name)
    return "" if found is None else (found.text or "").strip()


def _count(gate: _Element) -> int | None:
    text = _text(gate, "num_events")
    return int(text) if text.isdigit() else None


def _region(gate: _Element) -> tuple[str, RegionDrawing]:
    region = child(gate, "region")
    kind = "" if region is None else attribute(region, "type", "")
    if region is None or kind not in (
        "POLYGON_REGION",
        "RECTANGLE_REGION",
        "INTERVAL_REGION",
    ):
        msg = f"regions of type {kind or 'none'} are not supported"
        raise FacsDivaError(msg)
    axes = []
    for letter in "x" if kind == "INTERVAL_REGION" else "xy":
        value = _text(gate, f"{letter}_parameter_scale_value")
        axes.append(
            DivaAxis(
                attribute(region, f"{letter}parm", ""),
                _text(gate, f"is_{letter}_parameter_scaled") == "true",
                _text(gate, f"is_{letter}_parameter_log") == "true",
                float(value or 0),
            )
        )
    points = tuple(
        (number(one, "x"), number(one, "y"))
        for one in children(child(region, "points"), "point")
    )
    if len(points) < (3 if kind == "POLYGON_REGION" else 2):
        msg = f"a {kind} has {len(points)} points"
        raise FacsDivaError(msg)
    drawing = RegionDrawing(outside=False, shape=kind, axes=tuple(axes), points=points)
    for axis in axes:
        _ = axis.base  # an unknown width is named here
    return kind, drawing


def _displays(settings: _Element | None) -> dict[str, Transform | None]:
    found: dict[str, Transform | None] = {}
    manual = _text(settings, "use_auto_biexp_scale") == "false"
    for one in children(settings, "parameter"):
        name = attribute(one, "name", "")
        word = "manual_biexp_scale" if manual else "comp_biexp_scale"
        value = _text(one, word)
        found[name] = None
        if _text(one, "is_log") == "true":
            try:
                found[name] = biexponential(float(value or 0), name)
            except (LongateError, ValueError):
                found[name] = biexponential(1.0, name)
    return found


def _statistics(tube: _Element) -> list[WorkspaceStatistic]:
    found = []
    for schedule in children(
        child(tube, "statistics_calculations"), "calculation_schedule"
    ):
        gate = attribute(schedule, "gate", "").removeprefix(ALL).strip("\\")
        for one in children(schedule, "calculation"):
            try:
                value = float(attribute(one, "value", "nan"))
            except ValueError:
                value = float("nan")
            found.append(
                WorkspaceStatistic(
                    gate.replace("\\", "/"),
                    attribute(one, "formula", ""),
                    attribute(schedule, "parameter", ""),
                    value,
                )
            )
    return found
