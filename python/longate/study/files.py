"""The files of a study that gating goes through, and what identifies a run of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from longate._core import __version__
from longate._validation import listed, suggest
from longate.exceptions import StudyError
from longate.io.fcs import FcsMetadata, read_metadata
from longate.io.remote import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.cytometry.compensation import Compensation
    from longate.gating.tree.gate_tree import GateTree


class StudyFile(NamedTuple):
    """A file of a sample, as the study found it."""

    row: int
    """Of the study's samples."""
    sample: str
    tube: str
    metadata: FcsMetadata
    compensation: Compensation | None
    """The matrix of its acquisition."""


def usable_files(
    samples: pd.DataFrame,
    metadata: Mapping[int, FcsMetadata],
    compensations: Mapping[int, Compensation | None],
) -> list[StudyFile]:
    """Return the files of samples (not controls) that could be read, in order.

    Parameters
    ----------
    samples : DataFrame
        One row per file.
    metadata, compensations : mapping
        Of the files that could be read, by row.
    """
    columns = (samples[name].tolist() for name in ("sample", "tube", "role"))
    return [
        StudyFile(int(row), sample, tube, metadata[row], compensations[row])
        for row, sample, tube, role in zip(
            samples.index.tolist(), *columns, strict=True
        )
        if role == "sample" and row in metadata
    ]


def is_pooled(files: Sequence[StudyFile]) -> bool:
    """Return whether several files are one sample of a tube."""
    return len({(file.sample, file.tube) for file in files}) < len(files)


def one_tube(tubes: Sequence[str], tube: str | None) -> str:
    """Return a tube of a study: the given one, or the only one.

    Raises
    ------
    StudyError
        If there is no such tube, or several and none is given.
    """
    if tube is None and len(tubes) == 1:
        return tubes[0]
    if tube in tubes:
        return str(tube)
    what = f"no tube {tube!r}" if tube else "several tubes"
    msg = f"the study has {what}; its tubes are {listed(tubes)}"
    raise StudyError(msg)


def refuse_changed(metadata: FcsMetadata) -> None:
    """Refuse a file that is no longer the one whose metadata were read.

    Raises
    ------
    StudyError
        The file is named.
    """
    now = read_metadata(metadata.path, dataset=metadata.dataset)
    if now.identity != metadata.identity:
        raise StudyError(changed(metadata.path))


def changed(path: object) -> str:
    """Say that a file is no longer the one that the study has read."""
    return f"{path} has changed since the study was read; read it again"


def identity_of(metadata: FcsMetadata, name: str) -> dict[str, Any]:
    """Return what tells a file from every other one, and how it was read.

    Parameters
    ----------
    metadata : FcsMetadata
        Of the file.
    name : str
        As in the sheet.
    """
    length, _, text_hash, _ = metadata.identity
    return {
        "file": name,
        "length": length,
        "text_hash": f"{text_hash:016x}",
        "sha256": sha256_of(metadata.path),
        "aliases": dict(metadata.panel.aliases),
        "dataset": metadata.dataset,
    }


def run_id_of(files: Sequence[StudyFile], strategies: Mapping[str, GateTree]) -> str:
    """Return what tells a gating from others: files, strategies and version."""
    parts = [__version__]
    parts += [f"{tube}:{strategy.id}" for tube, strategy in strategies.items()]
    for file in files:
        matrix = file.compensation
        length, _, text_hash, _ = file.metadata.identity
        which = f"{file.sample}:{file.tube}"
        parts.append(f"{which}:{length}:{text_hash}:{matrix.id if matrix else ''}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def row_of(usable: pd.DataFrame, sample: str, tube: str | None) -> int:
    """Return the row of the only file of a sample.

    Raises
    ------
    StudyError
        If there is no such sample, or it has several files and `tube` does not decide.
    """
    found = usable[usable["sample"] == sample]
    if found.empty:
        msg = f"no sample {sample!r}{suggest(sample, usable['sample'])}"
        raise StudyError(msg)
    tubes = list(found["tube"])
    if tube is not None:
        found = found[found["tube"] == tube]
    if len(found) != 1:
        msg = (
            f"sample {sample!r} has {len(found)} files of tube {tube!r}; it has the "
            f"tubes {listed(tubes)}"
        )
        raise StudyError(msg)
    return int(found.index[0])
