"""Workspace: what a FlowJo workspace or a FACSDiva experiment holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from longate._validation import listed, one_of, suggest
from longate.exceptions import FlowJoError
from longate.io.flowjo.build import strategy_of
from longate.io.flowjo.grouping import strategy_of_group
from longate.io.flowjo.matching import match_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from longate.gating.strategy.strategy import GatingStrategy
    from longate.io.flowjo.columns import Geometry
    from longate.io.flowjo.matrices import FlowJoMatrix
    from longate.io.flowjo.model import WorkspaceSample

GEOMETRIES = ("flowjo", "exact")
ALL_SAMPLES = "All Samples"


@dataclass(frozen=True)
class WorkspaceProblem:
    """What could not be read of a workspace.

    Parameters
    ----------
    sample : str
        Its name; empty for the workspace itself.
    population : str
        Its path; empty for the sample itself.
    reason : str
        The fault.
    """

    sample: str
    population: str
    reason: str

    def __str__(self) -> str:
        """Say where and what."""
        where = " ".join(repr(word) for word in (self.sample, self.population) if word)
        return f"{where}: {self.reason}" if where else self.reason


@dataclass(frozen=True, repr=False)
class Workspace:
    """What a workspace holds; made by :func:`read_flowjo` and :func:`read_facsdiva`.

    Parameters
    ----------
    path : Path
        The file it was read from.
    version : str
        Of the program that wrote it.
    samples : tuple of WorkspaceSample
        In the order of the file.
    groups : mapping of str to tuple of str
        Group -> ids of its samples.
    compensations : tuple of FlowJoMatrix
        The library of matrices; a sample is compensated with its own.
    problems : tuple of WorkspaceProblem
        What could not be read, by sample and population.
    program : str
        ``"FlowJo"`` or ``"FACSDiva"``.
    """

    path: Path = field(compare=False)
    version: str
    samples: tuple[WorkspaceSample, ...]
    groups: Mapping[str, tuple[str, ...]]
    compensations: tuple[FlowJoMatrix, ...] = ()
    problems: tuple[WorkspaceProblem, ...] = ()
    program: str = "FlowJo"

    def __repr__(self) -> str:
        """Shape first, then what one can type next."""
        populations = sum(len(sample.populations) for sample in self.samples)
        counted = sum(
            one.count is not None for s in self.samples for one in s.populations
        )
        problems = f" · {len(self.problems)} problems" if self.problems else ""
        groups = ", ".join(
            f"{name} ({len(ids)})" for name, ids in list(self.groups.items())[:6]
        )
        more = ", ..." if len(self.groups) > 6 else ""
        return (
            f"Workspace {self.path.name} · {self.program} {self.version} · "
            f"{len(self.samples)} samples · {populations} populations, {counted} with "
            f"a stored count{problems}\n"
            f"  groups {groups}{more}\n"
            "  .samples  .groups  .populations  .statistics  .problems  "
            ".strategy(group or sample)  .study(folder, sheet)"
        )

    def __getitem__(self, name: str) -> WorkspaceSample:
        """Return a sample by its name, or by its id where names repeat.

        Raises
        ------
        FlowJoError
            If there is none, or several have the name.
        """
        found = [one for one in self.samples if one.name == name]
        found = found or [one for one in self.samples if one.id == name]
        if len(found) == 1:
            return found[0]
        if found:
            ids = listed(one.id for one in found)
            msg = f"{len(found)} samples are called {name!r}; ask by their ids: {ids}"
            raise FlowJoError(msg)
        near = suggest(name, [one.name for one in self.samples])
        msg = f"{self.path.name} has no sample {name!r}{near}"
        raise FlowJoError(msg)

    @cached_property
    def populations(self) -> pd.DataFrame:
        """Every population of every sample.

        Columns ``sample, id, population, parent, gate, count`` (missing where none was
        computed), ``group`` (empty for a gate of the sample's own) and ``problem``.
        """
        import pandas as pd

        rows = [
            (
                sample.name,
                sample.id,
                one.path,
                one.parent,
                one.kind,
                one.count,
                one.group,
                one.problem,
            )
            for sample in self.samples
            for one in sample.populations
        ]
        columns = ["sample", "id", "population", "parent", "gate", "count", "group"]
        table = pd.DataFrame(rows, columns=[*columns, "problem"])
        return table.astype({"count": "Int64"})

    @cached_property
    def statistics(self) -> pd.DataFrame:
        """Statistics that were asked for: ``sample, population, name, channel, value``.

        FlowJo computes them in channels; they are reported, never taken for ours.
        """
        import pandas as pd

        rows = [
            (sample.name, one.population, one.name, one.channel, one.value)
            for sample in self.samples
            for one in sample.statistics
        ]
        columns = ["sample", "population", "name", "channel", "value"]
        return pd.DataFrame(rows, columns=columns)

    def members(self, group: str) -> tuple[WorkspaceSample, ...]:
        """Return the samples of a group.

        Raises
        ------
        FlowJoError
            If there is no such group.
        """
        if group not in self.groups:
            near = suggest(group, self.groups)
            msg = f"{self.path.name} has no group {group!r}{near}"
            raise FlowJoError(msg)
        ids = set(self.groups[group])
        return tuple(sample for sample in self.samples if sample.id in ids)

    def strategy(
        self,
        sample_or_group: str | None = None,
        *,
        geometry: Geometry = "flowjo",
        study: Any = None,
    ) -> GatingStrategy:
        """Return the gates of a sample, or of a group with overrides per sample.

        Parameters
        ----------
        sample_or_group : str, optional
            Name of a group, name of a sample, or id of a sample; all samples with gates
            by default. A gate, scale or matrix that differs in some samples of a group
            is an override for these; gates that only some samples have are in the
            strategy, and named in its ``problems``.
        geometry : {"flowjo", "exact"}
            ``"flowjo"`` decides polygons and ellipses on FlowJo's grid of 256 cells, so
            that its counts come out; ``"exact"`` decides them as they are drawn, as in
            Gating-ML. Rectangles are the same in both.
        study : Study, optional
            From :meth:`study`: overrides are for its samples, and samples that it does
            not have are left out. Needed where its sheet has several tubes of a sample,
            which then have one name.

        Returns
        -------
        GatingStrategy
            Gates that cannot be made are in its ``problems``. A population that keeps
            what lies outside of a shape has the shape beside it, called
            ``"... (outline)"``.

        Raises
        ------
        FlowJoError
            If nothing has this name, no sample has gates, or samples have other panels.
        """
        one_of("geometry", geometry, GEOMETRIES, FlowJoError)
        if sample_or_group is not None and sample_or_group not in self.groups:
            return strategy_of(self[sample_or_group], geometry)
        samples = (
            self.samples if sample_or_group is None else self.members(sample_or_group)
        )
        name = sample_or_group or self.path.stem
        ids: Mapping[str, str] = self.sample_ids
        if study is not None:
            own = study.samples
            if "workspace_id" not in own:
                msg = "the study was not made by workspace.study()"
                raise FlowJoError(msg)
            ids = dict(zip(own["workspace_id"], own["sample"], strict=True))
            samples = tuple(sample for sample in samples if sample.id in ids)
        return strategy_of_group(samples, geometry, name, ids)

    @cached_property
    def sample_ids(self) -> dict[str, str]:
        """Id of each sample in the workspace -> what a study calls it: its name.

        Where several samples have a name, it is followed by their id.
        """
        times = Counter(sample.name for sample in self.samples)
        return {
            sample.id: sample.name
            if times[sample.name] == 1
            else f"{sample.name} [{sample.id}]"
            for sample in self.samples
        }

    def study(
        self, folder: str | Path | None = None, sheet: Any = None, **options: Any
    ) -> Any:
        """Return a study of the workspace's samples.

        Parameters
        ----------
        folder : path-like, optional
            Where the FCS files are, with its subfolders; the folder of the workspace by
            default. Files are matched by the name in the URI, ``$FIL``, ``GUID`` and
            the sample's name, and must have the events and channels of the sample;
            what stays ambiguous is a problem, never a guess.
        sheet : path-like or DataFrame, optional
            Sample sheet with ``file`` or ``sample`` (file or sample as FlowJo calls
            it), ``patient, visit, tube``; without it each sample is a patient.
        **options
            Of :func:`longate.read_study`, such as ``visit_order``.

        Returns
        -------
        Study
            With one row per matched sample, called as in :attr:`sample_ids`, and the
            matrix of the workspace; samples without a file are in its ``problems``
            (:meth:`match` shows how each file was found).
        """
        made = import_module("longate.workspaces.study")
        return made.study_of_workspace(self, folder, sheet, options)

    def match(self, folder: str | Path | None = None) -> pd.DataFrame:
        """Match samples with the FCS files of a folder.

        Returns
        -------
        DataFrame
            ``sample, id, file`` (missing where none or several fit), ``matched_by,
            candidates`` (their number) and ``problem``.
        """
        return match_files(self, folder).table

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>"
