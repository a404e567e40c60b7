"""How far the fluorescence of a study reaches below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.study_files import usable_files

if TYPE_CHECKING:
    from longate.study import Study


def negative_references(
    study: Study, tube: str
) -> dict[str, tuple[float, float | None]]:
    """Return top and negative values by detector; see ``study.negative_references``.

    Parameters
    ----------
    study : Study
        Whose files are read.
    tube : str
        The files of this tube.
    """
    tops: dict[str, float] = {}
    negatives: dict[str, list[np.ndarray[Any, np.dtype[np.float64]]]] = {}
    for file in usable_files(study.samples, study.heads):
        if file.tube != tube:
            continue
        sample = study.read_file(file.row)
        for channel in sample.panel:
            if channel.kind == "fluorescence":
                name = channel.detector
                values = sample.values(name)
                negatives.setdefault(name, []).append(values[values < 0])
                tops[name] = max(tops.get(name, 0.0), channel.range)
    pooled = {name: np.concatenate(parts) for name, parts in negatives.items()}
    return {
        name: (tops[name], float(np.quantile(v, 0.05)) if len(v) else None)
        for name, v in pooled.items()
    }
