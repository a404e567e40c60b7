"""Saved populations back into memory; their files are found again where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import cut
from longate.cytometry.compensation import Compensation
from longate.exceptions import FcsError, LongateError, StudyError
from longate.gating.results.gated_file import GatedFile
from longate.gating.results.gated_sample import GatedSample
from longate.gating.results.populations import Populations
from longate.gating.strategy.strategy import GatingStrategy
from longate.io.fcs import FcsMetadata, read_metadata
from longate.io.remote import is_remote
from longate.study.problems import problem, problem_table
from longate.study.saved_checks import (
    checked_manifest,
    checked_populations,
    checked_table,
)
from longate.study.stored_answers import (
    answers_from_tables,
    options_from_plain,
    request_from_plain,
)
from longate.study.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.gating.results.gated_sample import Answer


_BROKEN = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def load_populations(
    folder: str | Path, *, files: str | Path | None = None
) -> Populations:
    """Load populations that :func:`longate.save_populations` has written.

    Tables and masks are there at once. Files are found where they were, or by name in
    `files`, and looked at: those that are missing or differ are listed in
    ``.study.problems``; their counts, masks, statistics and kept events stay, and only
    their other events cannot be had. Where events are read, the SHA-256 of the whole
    file is compared.

    The run is repeated by
    ``populations.study.gate(populations.strategies, **populations.options)``.

    Parameters
    ----------
    folder : path-like
        The folder that was written.
    files : path-like, optional
        A folder in which the FCS files are now, where they have moved.

    Returns
    -------
    Populations

    Raises
    ------
    FileNotFoundError
        If there is no such folder or it holds no manifest.
    StudyError
        If it is of another format or version, or not what was written: manifest and
        tables are hashed, and strategies, counts and masks must fit each other.
    """
    where = Path(folder)
    manifest = checked_manifest(where)
    try:
        return _load(where, manifest, None if files is None else Path(files))
    except StudyError:
        raise
    except LongateError as error:
        msg = f"{where} is not what was written: {error}"
        raise StudyError(msg) from None
    except _BROKEN as error:
        kind = type(error).__name__
        msg = f"{where} is not what was written: {kind} {cut(str(error))}"
        raise StudyError(msg) from None


def _load(where: Path, manifest: dict[str, Any], files: Path | None) -> Populations:
    tables = {
        name: checked_table(where, name, entry)
        for name, entry in manifest["tables"].items()
    }
    strategies = _strategies(where, manifest["strategies"])
    study = _study(manifest, tables, files)
    rows = dict(iter(tables["gated"].groupby("row", sort=False)))
    if set(rows) != {entry["row"] for entry in manifest["files"]}:
        msg = f"{where}: the rows of the table 'gated' are not those of the files"
        raise StudyError(msg)
    answers = {}
    if "answers" in tables:
        requests = [request_from_plain(one) for one in manifest["requests"]]
        answers = answers_from_tables(requests, tables["answers"], tables.get("values"))
    loaded = [
        _file(
            entry,
            rows[entry["row"]],
            study.samples,
            strategies,
            answers.get(entry["row"], ()),
        )
        for entry in manifest["files"]
    ]
    made = Populations(
        study,
        strategies,
        tuple(loaded),
        tables["problems"],
        manifest["run_id"],
        options_from_plain(manifest["options"]),
    )
    for name in ("counts", "undefined"):
        columns = ["sample", "population", "n_events"]
        found, again = tables[name], getattr(made, name)
        columns = [column for column in columns if column in again.columns]
        if found[columns].values.tolist() != again[columns].values.tolist():
            msg = f"{where}: the table {name!r} does not fit the saved populations"
            raise StudyError(msg)
    return made


def _strategies(where: Path, entries: Mapping[str, Any]) -> dict[str, GatingStrategy]:
    strategies = {}
    for tube, entry in entries.items():
        strategies[tube] = GatingStrategy.from_json(json.dumps(entry["strategy"]))
        if strategies[tube].id != entry["id"]:
            msg = (
                f"{where}: the strategy of tube {tube!r} is not the one that was "
                f"saved; its id is {strategies[tube].id}, not {cut(entry['id'])}"
            )
            raise StudyError(msg)
    return strategies


def _study(
    manifest: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], files: Path | None
) -> Study:
    samples = tables["samples"]
    matrices = {
        key: Compensation.from_plain(plain)
        for key, plain in manifest["compensations"].items()
    }
    metadata: dict[int, FcsMetadata] = {}
    compensations: dict[int, Compensation | None] = {}
    failed = []
    for entry in [*manifest["files"], *manifest["other_files"]]:
        row = int(entry["row"])
        compensations[row] = matrices.get(entry["compensation"])
        try:
            metadata[row] = _found(entry, files)
        except (LongateError, OSError) as error:
            failed.append(problem(samples, row, "load", error))
    lots = tables.get("bead_lots")
    hashes = {
        int(entry["row"]): str(entry["sha256"])
        for entry in [*manifest["files"], *manifest["other_files"]]
    }
    problems = problem_table(failed)
    return Study(samples, metadata, compensations, problems, lots, hashes)


def _found(entry: Mapping[str, Any], files: Path | None) -> FcsMetadata:
    """Look at the file; it must be as long, and have the HEADER and TEXT, as it was."""
    where = entry["file"]
    if files is not None and not is_remote(where):
        where = str(files / Path(where).name)
    metadata = read_metadata(
        where, aliases=entry["aliases"], dataset=entry.get("dataset", 0)
    )
    length, _, text_hash, _ = metadata.identity
    if (length, f"{text_hash:016x}") != (entry["length"], entry["text_hash"]):
        msg = f"{where} is not the file that was gated: HEADER, TEXT or length differ"
        raise FcsError(msg)
    return metadata


def _file(
    entry: Mapping[str, Any],
    gated: pd.DataFrame,
    samples: pd.DataFrame,
    strategies: Mapping[str, GatingStrategy],
    answers: tuple[Answer, ...],
) -> GatedFile:
    row = int(entry["row"])
    sample, tube = samples.loc[row, ["sample", "tube"]]
    strategy = strategies[str(tube)].for_sample(str(sample))
    n_events = int(entry["n_events"])
    inside, undefined, masks = checked_populations(row, n_events, strategy.paths, gated)
    made = GatedSample(strategy, n_events, inside, undefined, masks, answers)
    return GatedFile(row, made)
