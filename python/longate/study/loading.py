"""Saved populations back into memory; their files are found again where they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.cytometry.compensation import Compensation
from longate.exceptions import FcsError, LongateError, StudyError
from longate.gating.results.gated_file import GatedFile
from longate.gating.results.gated_sample import GatedSample
from longate.gating.results.populations import Populations
from longate.gating.strategy.strategy import GatingStrategy
from longate.io.fcs import FcsMetadata, read_metadata
from longate.io.remote import is_remote
from longate.study.problems import problem, problem_table
from longate.study.saving import FORMAT, FORMAT_VERSION, MANIFEST
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


def load_populations(
    folder: str | Path, *, files: str | Path | None = None
) -> Populations:
    """Load populations that :func:`longate.save_populations` has written.

    Tables and masks are there at once. Files are found where they were, or by name in
    `files`, and looked at: those that are missing or differ are listed in
    ``.study.problems``; their counts, masks, statistics and kept events stay, and only
    their other events cannot be had.

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
        If it is of another format or version, or a table is not what was written.
    """
    source = Path(folder)
    manifest = _manifest(source)
    tables = {name: _table(source, entry) for name, entry in manifest["tables"].items()}
    strategies = {
        tube: GatingStrategy.from_json(json.dumps(entry["strategy"]))
        for tube, entry in manifest["strategies"].items()
    }
    study = _study(manifest, tables, None if files is None else Path(files))
    gated = tables["gated"].groupby("row", sort=False)
    rows = dict(iter(gated))
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
    return Populations(
        study,
        strategies,
        tuple(loaded),
        tables["problems"],
        manifest["run_id"],
        options_from_plain(manifest["options"]),
    )


def _manifest(source: Path) -> dict[str, Any]:
    path = source / MANIFEST
    if not path.is_file():
        msg = f"{source} holds no saved populations: {path} is missing"
        raise FileNotFoundError(msg)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = manifest["format"], manifest["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path} is no manifest of saved populations: {error!r}"
        raise StudyError(msg) from None
    if found != (FORMAT, FORMAT_VERSION):
        msg = (
            f"{path} is of format {found[0]!r}, version {found[1]}; this Longate reads "
            f"{FORMAT!r}, version {FORMAT_VERSION}"
        )
        raise StudyError(msg)
    return manifest


def _table(source: Path, entry: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    path = source / entry["file"]
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"a table of the saved populations cannot be read: {error}"
        raise StudyError(msg) from None
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        msg = f"{path} is not what was written: its SHA-256 differs from the manifest's"
        raise StudyError(msg)
    return pd.read_parquet(path)


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
    return Study(samples, metadata, compensations, problem_table(failed), lots)


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
    by_path = gated.set_index("population").loc[list(strategy.paths)]
    masks = None
    if by_path["mask"].notna().all():
        packed = np.frombuffer(b"".join(by_path["mask"]), dtype=np.uint8)
        masks = packed.reshape(len(by_path), -1)
    return GatedFile(
        row,
        GatedSample(
            strategy,
            int(entry["n_events"]),
            tuple(map(int, by_path["n_inside"])),
            tuple(map(int, by_path["n_undefined"])),
            masks,
            answers,
        ),
    )
