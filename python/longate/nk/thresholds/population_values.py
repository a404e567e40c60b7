"""Values of chosen channels among the events of a population, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.gating.compile.compiler import values_for
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.results.tubes import tube_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from longate.gating.gates.dimension import Axis
    from longate.gating.results.populations import Populations


def scaled_values(
    populations: Populations,
    population: str,
    channels: Sequence[Axis],
    *,
    tube: str | None = None,
) -> Iterator[tuple[dict[str, Any], dict[Axis, NDArray[np.float64]]]]:
    """Yield each sample's row of the sheet, and its scaled values.

    Parameters
    ----------
    populations : Populations
        A gated study.
    population : str
        Path or unique name, or ``"All events"``.
    channels : sequence of str or Dimension
        Markers or detectors, or axes of gates.
    tube : str, optional
        Needed where several tubes have the population.

    Yields
    ------
    row, columns : dict, dict of str or Dimension to (n,) arrays of float64
        Runs that are pooled are one sample.

    Raises
    ------
    PanelError, PopulationError, StudyError
        If a channel, the population or the tube is unknown.
    """
    tube = tube_with(populations.strategies, population, tube)
    sheet = populations.study.samples
    parts: dict[str, list[dict[Axis, NDArray[np.float64]]]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for file in populations.files:
        row = sheet.loc[file.row]
        if row["tube"] != tube:
            continue
        data = populations.study.read_file(file.row)
        mask = file.gated.mask(population) if population != ALL_EVENTS else None
        chosen = values_for(
            file.gated.strategy, data, list(channels), scaled=True, where=mask
        )
        sample = str(row["sample"])
        rows.setdefault(sample, {str(k): v for k, v in row.items()})
        named = dict(zip(channels, chosen, strict=True))
        parts.setdefault(sample, []).append(named)
    for sample, runs in parts.items():
        joined = {
            name: np.concatenate([run[name] for run in runs]) for name in channels
        }
        yield rows[sample], joined
