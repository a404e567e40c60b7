"""Populations on disk: Parquet tables, and a manifest that tells how to run again."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._core import __version__
from longate._whole_files import whole_folder
from longate.exceptions import LongateError, StudyError
from longate.gating.strategy.serialize import strategy_to_text
from longate.study.saved_checks import (
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    manifest_text,
)
from longate.study.stored_answers import (
    answers_to_table,
    options_to_plain,
    request_to_plain,
    requests_of_files,
    values_to_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from longate.gating.results.gated_file import GatedFile
    from longate.gating.results.populations import Populations


def save_populations(populations: Populations, folder: str | Path) -> Path:
    """Write tables, masks and a manifest to a new folder.

    The tables are Parquet files, statistics and kept events among them.
    ``manifest.json`` holds the SHA-256 of each FCS file (computed now), the
    strategies and matrices, what was asked for, versions, and the SHA-256 of each
    table: all that is needed to repeat the run, or to find that it cannot be.
    :func:`longate.load_populations` reads it back.

    Parameters
    ----------
    populations : Populations
        What is written.
    folder : path-like
        Must not be there yet, or be empty. It appears only when it is complete.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    StudyError
        If the folder is there and not empty, or a file has changed since.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{target} is there already and not an empty folder; name a new one"
        raise StudyError(msg)
    with whole_folder(target) as draft:
        _write(populations, draft)
    return target


def _write(populations: Populations, folder: Path) -> None:
    tables = {}
    for name, frame in _tables(populations):
        path = folder / f"{name}.parquet"
        try:
            frame.to_parquet(path)
        except UnicodeEncodeError:
            msg = (
                f"the table {name!r} holds a text, such as the name of a file, that is "
                "no Unicode; rename that file to save its populations"
            )
            raise StudyError(msg) from None
        tables[name] = {
            "file": path.name,
            "n_rows": len(frame),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
    records = [
        {"n_events": file.gated.n_events, **_record(populations, file.row)}
        for file in populations.files
    ]
    matrices = {
        matrix.id: matrix.to_plain()
        for matrix in populations.study.compensations.values()
        if matrix is not None
    }
    requests = requests_of_files(populations.files)
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "run_id": populations.run_id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"longate": __version__, "python": platform.python_version()}
        | {name: _version(name) for name in ("numpy", "pandas", "pyarrow")},
        "strategies": {
            tube: {
                "id": strategy.id,
                "strategy": json.loads(strategy_to_text(strategy)),
            }
            for tube, strategy in populations.strategies.items()
        },
        "options": options_to_plain(populations.options),
        "requests": [request_to_plain(one) for one in requests],
        "compensations": matrices,
        "files": records,
        "other_files": list(_others(populations)),
        "tables": tables,
    }
    (folder / MANIFEST).write_text(manifest_text(manifest), encoding="utf-8")


def _tables(populations: Populations) -> Iterator[tuple[str, pd.DataFrame]]:
    import pandas as pd

    yield "samples", populations.study.samples
    yield "counts", populations.counts
    yield "undefined", populations.undefined
    yield "problems", populations.problems
    if populations.study.bead_lots is not None:
        yield "bead_lots", populations.study.bead_lots
    rows = [row for file in populations.files for row in _gated(file)]
    yield "gated", pd.DataFrame(rows)
    answers = answers_to_table(populations.files)
    if len(answers):
        yield "statistics", populations.statistics
        yield "answers", answers
    values = values_to_table(populations.files)
    if len(values):
        yield "values", values


def _gated(file: GatedFile) -> Iterator[dict[str, Any]]:
    gated = file.gated
    masks: list[bytes | None] = [None] * len(gated.n_inside)
    if gated.masks is not None:
        masks = [mask.tobytes() for mask in gated.masks]
    counted = zip(
        gated.strategy.paths, gated.n_inside, gated.n_undefined, masks, strict=True
    )
    for path, n_inside, n_undefined, mask in counted:
        yield {
            "row": file.row,
            "population": path,
            "n_inside": n_inside,
            "n_undefined": n_undefined,
            "mask": mask,
        }


def _others(populations: Populations) -> Iterator[dict[str, Any]]:
    """Yield the files that were not gated but may be read, such as controls."""
    gated = {file.row for file in populations.files}
    for row in populations.study.compensations:
        if row not in gated:
            try:
                yield _record(populations, row)
            except (LongateError, OSError):
                continue  # it failed, and is among the problems


def _record(populations: Populations, row: int) -> dict[str, Any]:
    """Return what tells a file from every other one, and how it was read."""
    study = populations.study
    matrix = study.compensations[row]
    return {
        "row": row,
        "compensation": matrix.id if matrix is not None else None,
        **study.identity_of(row),
    }


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)
