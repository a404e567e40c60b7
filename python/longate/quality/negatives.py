"""Reach of a study's fluorescence below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longate.cytometry.sample import Sample


def negative_references(
    samples: Iterable[Sample],
) -> dict[str, tuple[float, float | None]]:
    """Return top and negative values by detector; see ``study.negative_references``.

    Parameters
    ----------
    samples : iterable of Sample
        The files of one tube, read one after another.
    """
    tops: dict[str, float] = {}
    negatives: dict[str, list[np.ndarray[Any, np.dtype[np.float64]]]] = {}
    for sample in samples:
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
