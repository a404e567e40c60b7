"""Stored counts of a workspace beside ours, with the class of each difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from longate.exceptions import FlowJoError, LongateError
from longate.io.flowjo.build import strategy_of
from longate.io.flowjo.matching import match_files
from longate.io.flowjo.shapes.boolean import BooleanDrawing
from longate.workspaces.reasons import REASONS, Counted, reason_of
from longate.workspaces.study import ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from longate.io.fcs import FcsMetadata
    from longate.io.flowjo.model import WorkspacePopulation, WorkspaceSample
    from longate.io.flowjo.workspace import Workspace

COLUMNS = (
    "sample",
    "id",
    "population",
    "gate",
    "axes",
    "stored",
    "grid",
    "exact",
    "difference",
    "difference_exact",
    "reason",
    "detail",
)

UNTESTED = {
    "Boolean nodes": ("AndNode", "OrNode", "NotNode", "BooleanGate"),
    "curly quadrants": ("CurlyQuad",),
    "slanted quadrants": ("slanted",),
    "log axes": ("log",),
    "Time axes": ("time",),
    "logicle axes": ("logicle",),
}


@dataclass(frozen=True, repr=False)
class Concordance:
    """Stored counts of a workspace beside ours; made by :func:`concordance`.

    Parameters
    ----------
    table : DataFrame
        One row per sample and population: ``sample, id, population, gate, axes``
        (kinds of scales), ``stored`` (missing where none was computed), ``grid`` and
        ``exact`` (ours under both geometries; missing where not evaluated),
        ``difference`` and ``difference_exact`` (ours minus stored), ``reason`` (a key
        of :attr:`reasons`) and ``detail``.
    workspace : str
        The name of the workspace.
    program : str
        The program whose counts are stored.
    """

    table: pd.DataFrame
    workspace: str
    program: str = "FlowJo"

    @property
    def reasons(self) -> Mapping[str, str]:
        """Class of a difference -> its meaning."""
        return REASONS

    @property
    def summary(self) -> pd.DataFrame:
        """Agreement by kind of gate and axes, never pooled over kinds.

        Columns ``gate, axes, populations`` (with a stored count and a file),
        ``grid_equal, exact_equal, grid_difference, exact_difference`` (sums of absolute
        differences).
        """
        known = self.table.dropna(subset=["stored", "grid", "exact"])
        rows = []
        for (gate, axes), part in known.groupby(["gate", "axes"], sort=True):
            rows.append(
                {
                    "gate": gate,
                    "axes": axes,
                    "populations": len(part),
                    "grid_equal": int((part["difference"] == 0).sum()),
                    "exact_equal": int((part["difference_exact"] == 0).sum()),
                    "grid_difference": int(part["difference"].abs().sum()),
                    "exact_difference": int(part["difference_exact"].abs().sum()),
                }
            )
        import pandas as pd

        columns = ["gate", "axes", "populations", "grid_equal", "exact_equal"]
        more = ["grid_difference", "exact_difference"]
        return pd.DataFrame(rows, columns=[*columns, *more])

    @property
    def untested(self) -> tuple[str, ...]:
        """Kinds of gates and axes of which this workspace has no count to compare."""
        known = self.table.dropna(subset=["stored", "grid"])
        seen = " ".join([*known["gate"], *known["axes"]]).replace("logicle", "LOGICLE")
        return tuple(
            name
            for name, words in UNTESTED.items()
            if not any(
                word.replace("logicle", "LOGICLE") in seen.split() or word in seen
                for word in words
            )
        )

    def __repr__(self) -> str:
        """Agreement first, then the reasons, then what one can type next."""
        known = self.table.dropna(subset=["stored", "grid"])
        equal = int((known["difference"] == 0).sum())
        exact = int((known["difference_exact"] == 0).sum())
        reasons = ", ".join(
            f"{name} {n}" for name, n in self.table["reason"].value_counts().items()
        )
        return (
            f"Concordance with {self.workspace} ({self.program}) · {len(known)} of "
            f"{len(self.table)} populations compared · equal to the stored count: "
            f"{equal} on its grid, {exact} exact\n  {reasons}\n"
            "  .table  .summary  .untested  .report(path)"
        )

    def report(self, path: str | Path) -> Path:
        """Write the comparison as one page.

        Parameters
        ----------
        path : path-like
            The HTML file.

        Returns
        -------
        Path
            The file.
        """
        from importlib import import_module

        made = import_module("longate.reporting.concordance_page")
        written: Path = made.write_concordance(path, self)
        return written


def concordance(
    workspace: Workspace,
    populations: Any = None,
    *,
    folder: str | Path | None = None,
) -> Concordance:
    """Compare the counts that a workspace stores with ours, under both geometries.

    Each sample is gated with its own gates, scales and matrix.

    Parameters
    ----------
    workspace : Workspace
        From :func:`longate.read_flowjo` or :func:`longate.read_facsdiva`.
    populations : Populations or Study, optional
        Made from ``workspace.study()``: its files are used.
    folder : path-like, optional
        Where the files are otherwise; the workspace's own by default.

    Returns
    -------
    Concordance
        It prints a summary; ``.table`` has every population.

    Raises
    ------
    FlowJoError
        If `populations` do not come from a study of a workspace.

    Examples
    --------
    >>> import longate as lg
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> file = lg.write_fcs(folder / "a.fcs", np.arange(9.0).reshape(-1, 1), ["FSC-A"])
    >>> gate = lg.RectangleGate("Cells", dimensions={"FSC-A": (5, None)})
    >>> written = lg.write_flowjo(lg.GatingStrategy([gate]), folder / "a.wsp")
    >>> compared = lg.concordance(lg.read_flowjo(written))
    >>> compared.table["reason"].tolist()
    ['no file']
    """
    import pandas as pd

    files = _files(workspace, populations, folder)
    rows: list[dict[str, Any]] = []
    for sample in workspace.samples:
        metadata, problem = files.get(sample.id, (None, "it is not in the study"))
        rows += _rows(workspace, sample, metadata, problem)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = ["stored", "grid", "exact", "difference", "difference_exact"]
    table = table.astype(dict.fromkeys(whole, "Int64"))
    return Concordance(table, workspace.path.name, workspace.program)


def _files(
    workspace: Workspace, populations: Any, folder: str | Path | None
) -> dict[str, tuple[FcsMetadata | None, str]]:
    if populations is None:
        matches = match_files(workspace, folder).matches
        return {one.sample.id: (one.metadata, one.problem) for one in matches}
    study = getattr(populations, "study", populations)
    if ID not in getattr(study, "samples", ()):
        msg = (
            "concordance needs populations or a study made from workspace.study(), "
            "which knows the sample of each file"
        )
        raise FlowJoError(msg)
    return {
        str(study.samples[ID][row]): (metadata, "")
        for row, metadata in study.metadata.items()
    }


def _rows(
    workspace: Workspace,
    sample: WorkspaceSample,
    metadata: FcsMetadata | None,
    problem: str,
) -> list[dict[str, Any]]:
    counted = None
    if metadata is not None and sample.populations:
        counted, problem = _count(sample, metadata)
    found: dict[str, dict[str, Any]] = {}
    for one in sample.populations:
        row: dict[str, Any] = {
            "sample": sample.name,
            "id": sample.id,
            "population": one.path,
            "gate": _kind(one),
            "axes": _axes(one, sample),
            "stored": one.count,
        }
        if counted is not None:
            row["grid"] = counted.grid.get(one.path)
            row["exact"] = counted.exact.get(one.path)
        if row.get("grid") is not None and one.count is not None:
            row["difference"] = row["grid"] - one.count
            row["difference_exact"] = row["exact"] - one.count
        above = found.get(one.parent or "")
        row["reason"], row["detail"] = reason_of(
            one, sample, row, above, counted, metadata, problem
        )
        found[one.path] = row
    if metadata is not None and counted is not None:
        _name_matrices(workspace, sample, metadata, found)
    return list(found.values())


def _count(
    sample: WorkspaceSample, metadata: FcsMetadata
) -> tuple[Counted | None, str]:
    grid, exact = (strategy_of(sample, geometry) for geometry in ("flowjo", "exact"))
    try:
        counts = [
            dict(
                zip(
                    (table := strategy.apply(metadata).counts)["population"],
                    table["n_events"].astype(int),
                    strict=True,
                )
            )
            for strategy in (grid, exact)
        ]
    except (LongateError, OSError) as error:
        return None, str(error)
    refused = {one.gate: one.reason for one in grid.problems}
    return Counted(counts[0], counts[1], grid.tree.by_path, refused), ""


def _kind(one: WorkspacePopulation) -> str:
    slanted = getattr(one.drawing, "quad", -1) >= 0
    return f"{one.kind} (slanted)" if slanted else one.kind


def _axes(one: WorkspacePopulation, sample: WorkspaceSample) -> str:
    if one.drawing is None or isinstance(one.drawing, BooleanDrawing):
        return ""
    named = zip(one.drawing.columns, one.drawing.kinds(sample.columns), strict=True)
    return " x ".join(
        "time" if name.strip().casefold() == "time" else kind for name, kind in named
    )


def _name_matrices(
    workspace: Workspace,
    sample: WorkspaceSample,
    metadata: FcsMetadata,
    rows: dict[str, dict[str, Any]],
) -> None:
    """Name the matrix with which counts come out that are unexplained."""
    open_rows = [row for row in rows.values() if row["reason"] == "unexplained"]
    if not open_rows or sample.matrix is None:
        return
    for matrix in workspace.compensations:
        same = matrix.coefficients == sample.matrix.coefficients
        if same or matrix.columns != sample.matrix.columns:
            continue
        other = replace(sample, columns=replace(sample.columns, matrix=matrix))
        counted, _ = _count(other, metadata)
        for row in open_rows if counted is not None else ():
            if counted and counted.grid.get(row["population"]) == row["stored"]:
                row["reason"] = "another matrix"
                row["detail"] = f"equal with {matrix.name!r}"
