"""Counts with exact intervals, and whether they are large enough to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from longate.gating.gates.base import ALL_EVENTS
from longate.statistics import clopper_pearson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from longate.gating.tree.gate_tree import GateTree

BELOW_DETECTION = 20
"""Fewer events are called below detection, a convention of rare-event flow."""
QUANTIFIABLE = 50
"""From this many events on a population is called quantifiable."""

_DETECTION = ("below detection", "detected", "quantifiable")


def detection(n_events: ArrayLike) -> NDArray[np.str_]:
    """Name how well a count can be trusted, for display; it never excludes.

    ``"below detection"`` under 20 events, ``"detected"`` from 20 to 49,
    ``"quantifiable"`` from 50 on.
    """
    return np.asarray(_DETECTION)[_levels(n_events)]


def _levels(n_events: ArrayLike) -> NDArray[np.intp]:
    return np.searchsorted([BELOW_DETECTION, QUANTIFIABLE], n_events, side="right")


class CountRows(NamedTuple):
    """What stands in the rows of a table of counts of one strategy.

    Parameters
    ----------
    populations : list of str
        All events, then the paths of the strategy.
    parent_paths : list of str or None
        The path of each one's parent; None for all events.
    parents : list of int
        Its row among `populations`; all events are their own parent.
    """

    populations: list[str]
    parent_paths: list[str | None]
    parents: list[int]


def count_rows(strategy: GateTree) -> CountRows:
    """Return the rows of a table of counts, all events first."""
    populations = [ALL_EVENTS, *strategy.paths]
    above = [strategy.parent(path) or ALL_EVENTS for path in strategy.paths]
    rows = {path: row for row, path in enumerate(populations)}
    parents = [0, *(rows[path] for path in above)]
    return CountRows(populations, [None, *above], parents)


def with_fractions(frame: pd.DataFrame, k: str, n: str) -> pd.DataFrame:
    """Add ``fraction, low, high, detection, quantifiable`` of columns `k` of `n`.

    The fraction is NaN where there is nothing to be a part of.
    """
    return frame.assign(**fraction_columns(frame[k].to_numpy(), frame[n].to_numpy()))


def fraction_columns(k: ArrayLike, n: ArrayLike) -> dict[str, Any]:
    """Return ``fraction, low, high, detection, quantifiable`` of counts, as columns.

    Parameters
    ----------
    k, n : array-like of int
        Events inside, and events looked at.
    """
    inside, total = np.asarray(k, float), np.asarray(n, float)
    low, high = clopper_pearson(inside, total)
    with np.errstate(invalid="ignore"):
        fraction = np.where(total > 0, inside / np.where(total > 0, total, 1), np.nan)
    return {
        "fraction": fraction,
        "low": low,
        "high": high,
        "detection": np.array(_DETECTION, dtype=object)[_levels(inside)],
        "quantifiable": inside >= QUANTIFIABLE,
    }
