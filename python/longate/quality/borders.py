"""Counts of a population under moved borders, and its overlap with another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed
from longate.cytometry.transforms.asinh_unit import asinh_unit
from longate.exceptions import GateError
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.gates.dimension import dimension_of
from longate.gating.gates.rectangle import RectangleGate
from longate.gating.strategy.implied_bounds import bounds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.gates.dimension import Axis
    from longate.gating.results.events import SampleEvents
    from longate.gating.results.populations import Populations
    from longate.gating.tree.gate_tree import GateTree

UNITS = (0.1, 0.2)


@dataclass(frozen=True, repr=False, eq=False)
class BorderSensitivity:
    """Counts of one population with each border moved.

    Parameters
    ----------
    table : DataFrame
        One row per sample, border and move: ``sample, patient, visit, tube, border``
        (``lower`` or ``upper``), ``move`` (0 is the gate as drawn), ``unit`` (asinh,
        or scale where that is linear), ``threshold`` (scaled), ``n_events, n_parent,
        fraction, ratio`` (to the gate as drawn; missing where that has no event),
        ``run_id`` and the sheet's columns.
    overlap : DataFrame
        ``sample, n_events, n_overlap, share`` with the other population; empty where
        none was named.
    words : tuple of str
        Largest change of each border, and an overlap that a missing gate explains.
    """

    table: pd.DataFrame
    overlap: pd.DataFrame
    words: tuple[str, ...]

    def __repr__(self) -> str:
        """Say the sentences."""
        n = self.table["sample"].nunique()
        return "\n".join(
            [f"BorderSensitivity · {n} samples", *map("  {}".format, self.words)]
        )


def border_sensitivity(
    populations: Populations,
    population: str,
    channel: str,
    *,
    units: Sequence[float] = UNITS,
    overlap: str | None = None,
    lineage: str = "CD3",
    tube: str | None = None,
) -> BorderSensitivity:
    """Count a population with each border of one channel moved, and its overlap.

    For populations whose borders lie on a slope and not in a valley, such as CD8low T
    cells between the CD4 T cells' negatives and CD8bright: both borders are a choice,
    and its consequence is shown.

    Parameters
    ----------
    populations : Populations
        A gated study.
    population : str
        A range gate with at least one bound of `channel`.
    channel : str
        Whose borders are moved.
    units : sequence of float
        Sizes of the moves, up and down, in units of asinh (0.1 is 10.5 % of
        intensity); of the scale itself where it is linear.
    overlap : str, optional
        Another population of the tube, such as ``"NK"``: how many events are in both.
    lineage : str
        Channel that would keep both apart; named where the gates do not bound it from
        below.
    tube : str, optional
        Needed where several tubes have the population.

    Returns
    -------
    BorderSensitivity

    Raises
    ------
    GateError
        If the population is no range gate, or does not bound the channel.
    PopulationError
        If a population is unknown or in several tubes.

    Examples
    --------
    >>> import tempfile
    >>> import longate as lg
    >>> folder = tempfile.TemporaryDirectory()
    >>> made = lg.simulate.cohort(folder.name, patients=2, nk_events=500,
    ...                           tubes=["lineage"], progress=False)
    >>> found = lg.read_study(made.sheet).gate(lg.simulate.lineage_strategy(),
    ...                                        progress=False)
    >>> moved = lg.quality.border_sensitivity(found, "CD8low T", "CD8", overlap="NK")
    >>> sorted(moved.table["border"].unique())
    ['lower', 'upper']
    >>> int(moved.overlap["n_overlap"].sum())
    0
    >>> folder.cleanup()
    """
    import pandas as pd

    tube = populations.tube_of(population, tube)
    strategy = populations.strategies[tube]
    path = strategy.path(population)
    gate, axis = _range_gate(strategy, path, channel)
    moves = sorted({0.0, *(sign * abs(float(u)) for u in units for sign in (-1, 1))})
    rows: list[dict[str, Any]] = []
    shared: list[dict[str, Any]] = []
    for events in populations.each_sample(tube):
        rows += _moved(events, strategy.parent(path), gate, axis, moves)
        if overlap is not None:
            inside = events.mask(path)
            both = int((inside & events.mask(overlap)).sum())
            n = int(inside.sum())
            share = both / n if n else np.nan
            shared.append(
                {
                    "sample": events.sample,
                    "n_events": n,
                    "n_overlap": both,
                    "share": share,
                }
            )
    columns = ["sample", "n_events", "n_overlap", "share"]
    found = pd.DataFrame(shared, columns=columns)
    table = populations.finished(pd.DataFrame(rows))
    words = _words(table, path, channel)
    if overlap is not None:
        words += _overlap_words(strategy, path, overlap, lineage, found)
    return BorderSensitivity(table, found, tuple(words))


def _range_gate(
    strategy: GateTree, path: str, channel: str
) -> tuple[RectangleGate, Axis]:
    gate = strategy[path]
    if isinstance(gate, RectangleGate):
        for axis in gate.dimensions:
            if channel in dimension_of(axis).channels:
                return gate, axis
        bounded = [str(axis) for axis in gate.dimensions]
        msg = f"gate {path!r} does not bound {channel!r}; it bounds {listed(bounded)}"
        raise GateError(msg)
    msg = (
        f"{path!r} is no range gate, so it has no border of {channel!r} to move; use "
        "Study.regate with lg.Perturbation for other gates"
    )
    raise GateError(msg)


def _moved(
    events: SampleEvents,
    parent: str | None,
    gate: RectangleGate,
    axis: Axis,
    moves: Sequence[float],
) -> list[dict[str, Any]]:
    values = events.values(list(gate.dimensions), population=parent or ALL_EVENTS)
    others = np.ones(len(values[axis]), dtype=bool)
    closed = gate.interval == "closed"
    for other, bounds in gate.dimensions.items():
        if other != axis:
            others &= _within(values[other], bounds, closed=closed)
    unit = asinh_unit(events.scale(axis))
    low, high = gate.dimensions[axis]
    keys = {name: events.row[name] for name in ("sample", "patient", "visit", "tube")}
    drawn = int((others & _within(values[axis], (low, high), closed=closed)).sum())
    rows = []
    for border, bound in (("lower", low), ("upper", high)):
        for move in moves if bound is not None else ():
            at = float(bound) + move * (unit or 1.0)  # type: ignore[arg-type]
            ends = (at, high) if border == "lower" else (low, at)
            n = int((others & _within(values[axis], ends, closed=closed)).sum())
            rows.append(
                {
                    **keys,
                    "border": border,
                    "move": move,
                    "unit": "scale" if unit is None else "asinh",
                    "threshold": at,
                    "n_events": n,
                    "n_parent": len(others),
                    "fraction": n / len(others) if len(others) else np.nan,
                    "ratio": n / drawn if drawn else np.nan,
                }
            )
    return rows


def _within(
    values: NDArray[np.float64],
    bounds: tuple[float | None, float | None],
    *,
    closed: bool,
) -> NDArray[np.bool_]:
    low, high = bounds
    inside = ~np.isnan(values)
    if low is not None:
        inside &= values >= low
    if high is not None:
        inside &= values <= high if closed else values < high
    return inside


def _words(table: pd.DataFrame, path: str, channel: str) -> list[str]:
    found = []
    for border, rows in table.groupby("border", sort=False):
        most = rows["move"].abs().max()
        at = rows[rows["move"].abs() == most]
        ratios = at["ratio"].dropna()
        if ratios.empty:
            found.append(f"{path!r} has no event in any sample.")
            continue
        unit = (
            f"units of asinh ({100 * np.expm1(most):.0f} % of intensity)"
            if at["unit"].iloc[0] == "asinh"
            else "units of its scale"
        )
        found.append(
            f"Moving the {border} border of {channel} by {most:g} {unit} multiplies "
            f"the counts of {path!r} by {ratios.min():.2f} to {ratios.max():.2f}."
        )
    return list(dict.fromkeys(found))


def _overlap_words(
    strategy: GateTree,
    path: str,
    other: str,
    lineage: str,
    overlap: pd.DataFrame,
) -> list[str]:
    bounds: Mapping[str, bool] = {
        name: (lineage.casefold(), "below") in bounds_of(strategy, strategy.path(name))
        for name in (path, other)
    }
    total, both = int(overlap["n_events"].sum()), int(overlap["n_overlap"].sum())
    if both == 0:
        return [f"No event of {path!r} is in {other!r}."]
    share = 100 * both / total
    missing = (
        ""
        if bounds[path]
        else (f"; its gates do not require {lineage}+, which would keep them apart")
    )
    return [
        f"{both:,} of {total:,} events of {path!r} ({share:.1f} %) are in {other!r} "
        f"too{missing}."
    ]
