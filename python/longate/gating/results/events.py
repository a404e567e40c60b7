"""The events of a population as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.gating.compile.compiler import values_for
from longate.gating.results.statistics import kept_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.cytometry.panel import Panel
    from longate.gating.gates.dimension import Axis
    from longate.gating.results.gated_file import GatedFile, GatedStudy


def events_table(
    study: GatedStudy,
    files: Sequence[GatedFile],
    population: str,
    channels: Sequence[Axis] | None,
    *,
    scaled: bool,
) -> pd.DataFrame:
    """Return events, one column per channel; see :meth:`Populations.events`.

    Parameters
    ----------
    study : Study
        Where the files are.
    files : sequence of GatedFile
        Those of one sample.
    population : str
        Path or unique name.
    channels : sequence of str or Dimension, optional
        All of the file by default.
    scaled : bool
        Whether to put each channel on the strategy's scale.
    """
    import pandas as pd

    parts, first = [], 0
    for file in files:
        kept = None if scaled else kept_events(file.gated, population, channels)
        if kept is not None:
            kept.index += first
            first += file.gated.n_events
            parts.append(kept)
            continue
        data = study.read_file(file.row)
        mask = file.gated.mask(population)
        names: Sequence[Axis] = [c.detector for c in data.panel]
        names = names if channels is None else channels
        labels = _labels(data.panel) if channels is None else map(str, channels)
        columns = values_for(
            file.gated.strategy, data, names, scaled=scaled, where=mask
        )
        part = pd.DataFrame(
            np.column_stack(columns),
            columns=list(labels),
            index=np.flatnonzero(mask) + first,
        )
        first += file.gated.n_events
        parts.append(part)
    return pd.concat(parts)


def _labels(panel: Panel) -> list[str]:
    """Name columns by marker, and by detector too where a marker occurs twice."""
    labels = [channel.label for channel in panel]
    return [
        label if labels.count(label) == 1 else f"{label} ({channel.detector})"
        for label, channel in zip(labels, panel, strict=True)
    ]
