"""Values of chosen channels among the events of a population, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.gating.results.tubes import tube_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
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
    for events in populations.each_sample(tube):
        yield events.row, events.values(channels, population=population)
