"""Samples and populations of a workspace, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.cytometry.compensation import Compensation
    from longate.io.flowjo.columns import Columns
    from longate.io.flowjo.matrices import FlowJoMatrix
    from longate.io.flowjo.shapes.boolean import BooleanDrawing
    from longate.io.flowjo.shapes.drawing import Drawing


@dataclass(frozen=True)
class WorkspacePopulation:
    """A population of one sample.

    Parameters
    ----------
    path : str
        Its path in the strategy: names joined by ``/``, with ``|`` for a ``/`` in a
        name, and a number where siblings share one.
    written : str
        Its path as FlowJo writes it.
    parent : str or None
        The path of its parent.
    count : int or None
        The number of events that FlowJo has stored; None where it has computed none.
    drawing : Drawing, BooleanDrawing or None
        Its gate; None where it cannot be read.
    group : str
        The group whose template the gate is; empty for a gate of the sample's own.
    problem : str or None
        Why its gate cannot be read.
    kind : str
        The element of the gate, such as ``PolygonGate``.
    """

    path: str
    written: str
    parent: str | None
    count: int | None
    drawing: Drawing | BooleanDrawing | None
    group: str = ""
    problem: str | None = None
    kind: str = ""

    @property
    def name(self) -> str:
        """The last name of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class WorkspaceStatistic:
    """A statistic that somebody asked for in FlowJo.

    Parameters
    ----------
    population : str
        Path; empty for all events of the sample.
    name : str
        Such as ``Median``.
    channel : str
        The column, or empty.
    value : float
        As FlowJo stored it; NaN where it stored none. FlowJo computes in channels: its
        medians differ from those of the same events by 0.01 to 2.7 %.
    """

    population: str
    name: str
    channel: str
    value: float


@dataclass(frozen=True, repr=False)
class WorkspaceSample:
    """A sample of a workspace.

    Parameters
    ----------
    id : str
        ``sampleID``.
    name : str
        As FlowJo lists it, which often is not the name of the file.
    uri : str
        Where its file was, decoded.
    groups : tuple of str
        The groups it belongs to.
    n_events : int or None
        The number of events that FlowJo has stored.
    keywords : mapping of str to str
        The file's TEXT, as FlowJo saw it.
    matrix : FlowJoMatrix or None
        The matrix of the sample.
    columns : Columns
        Channels, matrix and scales by the names of the workspace.
    populations : tuple of WorkspacePopulation
        In the order of the file, parents first.
    statistics : tuple of WorkspaceStatistic
        What was asked for.
    facts : mapping of str to str
        What else the file says of the acquisition.
    """

    id: str
    name: str
    uri: str
    groups: tuple[str, ...]
    n_events: int | None
    keywords: Mapping[str, str] = field(compare=False)
    matrix: FlowJoMatrix | None
    columns: Columns = field(compare=False)
    populations: tuple[WorkspacePopulation, ...]
    statistics: tuple[WorkspaceStatistic, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def file(self) -> str:
        """The name of its file: the last part of the URI."""
        return self.uri.replace("\\", "/").rstrip("/").rpartition("/")[2]

    @property
    def compensation(self) -> Compensation | None:
        """The matrix under the names of the file, None where there is none."""
        return self.columns.compensation

    @cached_property
    def by_path(self) -> dict[str, WorkspacePopulation]:
        """Populations by path."""
        return {one.path: one for one in self.populations}

    @cached_property
    def paths_by_written(self) -> dict[str, str | None]:
        """Path as written -> path in the strategy; None where several share one."""
        found: dict[str, str | None] = {}
        for one in self.populations:
            found[one.written] = None if one.written in found else one.path
        return found

    def __repr__(self) -> str:
        """Say what it is and what one can type next."""
        events = "unknown" if self.n_events is None else f"{self.n_events:,}"
        return (
            f"WorkspaceSample {self.name!r} · file {self.file!r} · {events} events · "
            f"{len(self.populations)} populations · groups {', '.join(self.groups)}"
        )
