"""A study of the samples of a workspace."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import listed
from longate.exceptions import FileWarning, FlowJoError, LongateError
from longate.io.flowjo.matching import match_files
from longate.io.sample_sheet import read_sample_sheet
from longate.study.problems import problem_table
from longate.study.reading import read_study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.io.flowjo.matching import Match
    from longate.io.flowjo.workspace import Workspace
    from longate.study.study import Study

ID = "workspace_id"
"""The column of a study's samples with the id of the sample in its workspace."""


def study_of_workspace(
    workspace: Workspace,
    folder: str | Path | None,
    sheet: Any,
    options: Mapping[str, Any],
) -> Study:
    """Return a study of a workspace, see :meth:`Workspace.study`.

    Raises
    ------
    FlowJoError
        If no sample has a file.
    """
    import pandas as pd

    matches = match_files(workspace, folder)
    found = [one for one in matches.matches if one.metadata is not None]
    if not found:
        told = "\n".join(
            f"  {one.sample.name}: {one.problem}" for one in matches.matches[:10]
        )
        msg = f"no sample of {workspace.path.name} has a file:\n{told}"
        raise FlowJoError(msg)
    if sheet is None:
        rows = _plain_rows(workspace, found)
        missing: list[dict[str, Any]] = []
    else:
        rows, missing = _joined_rows(workspace, found, sheet, options)
    frame = pd.DataFrame(rows)
    passed = {
        key: value
        for key, value in options.items()
        if sheet is None or key in ("aliases", "runs", "visit_order", "bead_lots")
    }
    study = _read(frame, passed, stated=sheet is not None)
    by_id = {one.sample.id: one for one in found}
    compensations = {}
    for row in study.metadata:
        sample = by_id[str(study.samples[ID][row])].sample
        try:
            compensations[row] = sample.compensation
        except LongateError:
            compensations[row] = None
    problems = [
        *study.problems.to_dict("records"),
        *(_problem(one, workspace) for one in matches.matches if one.problem),
        *missing,
        *_not_in_study(workspace, found, study),
    ]
    lost = [one for one in matches.matches if one.metadata is None]
    if lost:
        words = "\n".join(f"  {one.sample.name}: {one.problem}" for one in lost[:10])
        msg = f"{len(lost)} samples have no file:\n{words}\nsee .problems"
        warnings.warn(msg, FileWarning, stacklevel=4)
    return replace(study, compensations=compensations, problems=problem_table(problems))


def _read(frame: pd.DataFrame, options: dict[str, Any], *, stated: bool) -> Study:
    """Read a study; where no sheet states patients, keywords cannot contradict it."""
    with warnings.catch_warnings():
        if not stated:
            warnings.filterwarnings("ignore", ".*are in doubt", FileWarning)
        study = read_study(frame, **options)
    if stated:
        return study
    kept = ~study.problems["problem"].str.contains("names another patient")
    return replace(study, problems=study.problems[kept].reset_index(drop=True))


def _problem(match: Match, workspace: Workspace, text: str = "") -> dict[str, Any]:
    return {
        "file": match.sample.file,
        "sample": workspace.sample_ids[match.sample.id],
        "tube": "",
        "step": "match",
        "problem": text or match.problem,
    }


def _not_in_study(
    workspace: Workspace, found: Sequence[Match], study: Study
) -> list[dict[str, Any]]:
    """Return the samples that have a file but no row of the sheet."""
    inside = set(study.samples[ID])
    return [
        _problem(one, workspace, "the sheet has no row for this sample")
        for one in found
        if one.sample.id not in inside
    ]


def _plain_rows(workspace: Workspace, found: Sequence[Match]) -> list[dict[str, Any]]:
    """Return a row per sample, which is a patient by its name; a tube per panel."""
    panels: dict[tuple[str, ...], str] = {}
    for one in found:
        assert one.metadata is not None  # for the type checker
        channels = tuple(channel.detector for channel in one.metadata.panel)
        panels.setdefault(channels, f"panel {len(panels) + 1}")
    rows = []
    for one in found:
        assert one.metadata is not None  # for the type checker
        channels = tuple(channel.detector for channel in one.metadata.panel)
        name = workspace.sample_ids[one.sample.id]
        rows.append(
            {
                "file": str(one.metadata.path),
                "sample": name,
                "patient": name,
                "visit": "1",
                "tube": panels[channels] if len(panels) > 1 else "tube",
                ID: one.sample.id,
            }
        )
    return rows


def _joined_rows(
    workspace: Workspace,
    found: Sequence[Match],
    sheet: Any,
    options: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of a sheet that have a sample, and those that have none."""
    words = {k: v for k, v in options.items() if k not in ("aliases", "bead_lots")}
    table = read_sample_sheet(sheet, **words)
    by_name: dict[str, list[Match]] = {}
    for one in found:
        keys = {
            one.sample.name,
            one.sample.file,
            Path(str(one.metadata.path)).name if one.metadata else "",
        }
        for key in {key.casefold() for key in keys if key}:
            by_name.setdefault(key, []).append(one)
    several = _has_several_tubes(table)
    rows: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for record in table.to_dict("records"):
        file = Path(str(record["file"]))
        fitting = by_name.get(file.name.casefold(), [])
        fitting = fitting or by_name.get(str(record["sample"]).casefold(), [])
        exact = [
            one
            for one in fitting
            if one.metadata and Path(str(one.metadata.path)).absolute() == file
        ]
        fitting = exact or fitting
        if len(fitting) != 1:
            names = listed(one.sample.name for one in fitting)
            reason = f"several samples fit: {names}" if fitting else "no sample fits"
            missing.append(
                {
                    "file": file.name,
                    "sample": record["sample"],
                    "tube": record["tube"],
                    "step": "match",
                    "problem": f"{reason} in {workspace.path.name}",
                }
            )
            continue
        one = fitting[0]
        row = dict(record)
        row["file"] = str(one.metadata.path) if one.metadata else ""
        row[ID] = one.sample.id
        if not several:
            # As the workspace calls it, so that gates of single samples find it.
            row["sample"] = workspace.sample_ids[one.sample.id]
        row["visit"] = str(row["visit"])
        rows.append(row)
    if not rows:
        msg = (
            f"no row of the sheet is a sample of {workspace.path.name}; its samples "
            f"are {listed((one.sample.name for one in found), most=8)}"
        )
        raise FlowJoError(msg)
    return rows, missing


def _has_several_tubes(table: pd.DataFrame) -> bool:
    """Return whether a sample of a sheet has files of several tubes."""
    of_samples = table[table["role"] == "sample"]
    return bool(of_samples.groupby("sample")["tube"].nunique().gt(1).any())
