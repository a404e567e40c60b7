"""Events of one sample's tube that thresholds are found from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.gating.compile.compiler import values_for
from longate.gating.compile.panel_axes import PanelAxes
from longate.nk.thresholds.sources import B_CELLS, T_CELLS, TubeCells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from longate.cytometry.sample import Sample
    from longate.cytometry.transforms import Transform
    from longate.gating.results.gated_sample import GatedSample
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
    sheet = populations.study.samples
    found: dict[str, list[TubeEvents]] = {}
    for file in populations.files:
        row = sheet.loc[file.row]
        if row["tube"] == tube:
            data = populations.study.read_file(file.row)
            part = _events_of(
                row.to_dict(), data, file.gated, parent, channels, cells, more, linear
            )
            found.setdefault(str(row["sample"]), []).append(part)
    for parts in found.values():
        yield _joined(parts)


def control_values(
    data: Sample, gated: GatedSample, parent: str, channels: Sequence[str]
) -> Columns:
    """Return scaled values of channels among the events of a control in the NK gate."""
    mask = gated.mask(parent)
    names = list(channels)
    columns = values_for(gated.strategy, data, names, scaled=True, where=mask)
    return dict(zip(names, columns, strict=True))


def _events_of(
    row: dict[str, Any],
    data: Sample,
    gated: GatedSample,
    parent: str,
    channels: Sequence[str],
    cells: TubeCells,
    more: Sequence[str],
    linear: Sequence[str],
) -> TubeEvents:
    strategy = gated.strategy
    bounds = [bound for bound in (cells.cd3, cells.dump) if bound is not None]
    names = list(dict.fromkeys([*channels, *(name for name, _ in bounds)]))
    masks = {path: gated.mask(path) for path in (parent, *more)}
    if cells.cd3 is not None:
        masks[T_CELLS] = _mask(gated, cells.t_root)
        if cells.dump is not None:
            masks[B_CELLS] = _mask(gated, cells.b_root)
    # Most events of a file are in none of them and need no scaled value.
    looked_at = np.logical_or.reduce(list(masks.values()))
    masks = {name: mask[looked_at] for name, mask in masks.items()}
    scaled = values_for(strategy, data, names, scaled=True, where=looked_at)
    columns = dict(zip(names, scaled, strict=True))
    if cells.cd3 is not None:
        name, bound = cells.cd3
        masks[T_CELLS] = masks[T_CELLS] & (columns[name] >= bound)
        if cells.dump is not None:
            dump, limit = cells.dump
            inside = masks[B_CELLS] & (columns[dump] >= limit)
            masks[B_CELLS] = inside & (columns[name] < bound)
    axes = PanelAxes(strategy, data.panel, data.compensation)
    nk = gated.mask(parent)
    light = values_for(strategy, data, list(linear), scaled=False, where=nk)
    return TubeEvents(
        row=row,
        populations={
            path: {c: np.ascontiguousarray(columns[c][mask]) for c in channels}
            for path, mask in masks.items()
        },
        scales={c: axes.resolve(c).scale for c in channels},
        intensities=dict(zip(linear, light, strict=True)),
    )


def _mask(gated: GatedSample, population: str | None) -> NDArray[np.bool_]:
    if not population:
        return np.ones(gated.n_events, dtype=bool)
    return gated.mask(population)


def _joined(parts: Sequence[TubeEvents]) -> TubeEvents:
    first = parts[0]
    if len(parts) == 1:
        return first
    return TubeEvents(
        row=first.row,
        populations={
            path: {
                c: np.concatenate([part.populations[path][c] for part in parts])
                for c in columns
            }
            for path, columns in first.populations.items()
        },
        scales=first.scales,
        intensities={
            name: np.concatenate([part.intensities[name] for part in parts])
            for name in first.intensities
        },
    )
