"""The files of a study that gating goes through, and what identifies a run of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from longate._core import __version__

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    import pandas as pd

    from longate.gating.strategy.strategy import GatingStrategy
    from longate.study.study import Study


class StudyFile(NamedTuple):
    """A file of a sample: its row in the study, and whose tube it is."""

    row: int
    sample: str
    tube: str


def usable_files(samples: pd.DataFrame, metadata: Container[int]) -> list[StudyFile]:
    """Return the files of samples (not controls) that could be read, in order."""
    columns = (samples[name].tolist() for name in ("sample", "tube", "role"))
    return [
        StudyFile(int(row), sample, tube)
        for row, sample, tube, role in zip(
            samples.index.tolist(), *columns, strict=True
        )
        if role == "sample" and row in metadata
    ]


def is_pooled(files: Sequence[StudyFile]) -> bool:
    """Whether several files are one sample of a tube."""
    return len({(file.sample, file.tube) for file in files}) < len(files)


def run_id_of(
    study: Study,
    files: Sequence[StudyFile],
    strategies: Mapping[str, GatingStrategy],
) -> str:
    """Return what tells a gating from others: files, strategies and version."""
    parts = [__version__]
    parts += [f"{tube}:{strategy.id}" for tube, strategy in strategies.items()]
    for row, sample, tube in files:
        matrix = study.compensations[row]
        length, _, text_hash = study.metadata[row].identity
        which = f"{sample}:{tube}"
        parts.append(f"{which}:{length}:{text_hash}:{matrix.id if matrix else ''}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
