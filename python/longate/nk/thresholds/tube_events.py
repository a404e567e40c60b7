"""Events of one sample's tube that thresholds are found from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.gating.gates.base import ALL_EVENTS
from longate.nk.thresholds.sources import B_CELLS, T_CELLS, TubeCells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from longate.cytometry.transforms import Transform
    from longate.gating.results.events import SampleEvents
    from longate.gating.results.populations import Populations

Columns = dict[str, "NDArray[np.float64]"]


@dataclass(frozen=True, eq=False)
class TubeEvents:
    """Scaled values of one sample, by population and called channel.

    Parameters
    ----------
    row : mapping of str to object
        The sample's row of the sheet.
    populations : dict of str to Columns
        Population -> channel -> (n,) scaled values on the strategy's scale.
    scales : dict of str to Transform or None
        By channel.
    intensities : dict of str to (n,) arrays
        Linear values of the NK cells by channel, where spread is asked for.
    """

    row: Mapping[str, Any]
    populations: dict[str, Columns]
    scales: dict[str, Transform | None]
    intensities: Columns

    @property
    def sample(self) -> str:
        """The sample's id."""
        return str(self.row["sample"])


def tube_events(
    populations: Populations,
    tube: str,
    parent: str,
    channels: Sequence[str],
    *,
    cells: TubeCells,
    more: Sequence[str] = (),
    linear: Sequence[str] = (),
) -> Iterator[TubeEvents]:
    """Yield the events of each sample of a tube; pooled runs are one sample.

    Parameters
    ----------
    populations : Populations
        A gated study.
    tube, parent : str
        Which tube, and its NK population.
    channels : sequence of str
        Channels of the calls.
    cells : TubeCells
        How T and B cells are picked.
    more : sequence of str
        Further populations, by path.
    linear : sequence of str
        Channels whose linear intensities are needed.
    """
    for events in populations.each_sample(tube):
        yield _events_of(events, parent, channels, cells, more, linear)


def _events_of(
    events: SampleEvents,
    parent: str,
    channels: Sequence[str],
    cells: TubeCells,
    more: Sequence[str],
    linear: Sequence[str],
) -> TubeEvents:
    bounds = [bound for bound in (cells.cd3, cells.dump) if bound is not None]
    names = list(dict.fromkeys([*channels, *(name for name, _ in bounds)]))
    masks = {path: events.mask(path) for path in (parent, *more)}
    if cells.cd3 is not None:
        masks[T_CELLS] = events.mask(cells.t_root or ALL_EVENTS)
        if cells.dump is not None:
            masks[B_CELLS] = events.mask(cells.b_root or ALL_EVENTS)
    # Most events of a file are in none of them and need no scaled value.
    looked_at = np.logical_or.reduce(list(masks.values()))
    masks = {name: mask[looked_at] for name, mask in masks.items()}
    columns = events.values(names, where=looked_at)
    if cells.cd3 is not None:
        name, bound = cells.cd3
        masks[T_CELLS] = masks[T_CELLS] & (columns[name] >= bound)
        if cells.dump is not None:
            dump, limit = cells.dump
            inside = masks[B_CELLS] & (columns[dump] >= limit)
            masks[B_CELLS] = inside & (columns[name] < bound)
    light = events.values(linear, population=parent, scaled=False)
    return TubeEvents(
        row=events.row,
        populations={
            path: {c: np.ascontiguousarray(columns[c][mask]) for c in channels}
            for path, mask in masks.items()
        },
        scales={c: events.scale(c) for c in channels},
        intensities={name: light[name] for name in linear},
    )
