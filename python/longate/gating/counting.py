"""Counts with exact intervals, and whether they are large enough to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from longate.gating.strategy import GatingStrategy

ALL_EVENTS = "All events"
"""The population that holds every event of a file."""

BELOW_DETECTION = 20
"""Fewer events are called below detection, a convention of rare-event flow."""
QUANTIFIABLE = 50
"""From this many events on a population is called quantifiable."""

Z95 = 1.959963984540054
"""97.5 % point of the normal distribution."""

_DETECTION = ("below detection", "detected", "quantifiable")


def clopper_pearson(
    k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact interval of a proportion.

    Parameters
    ----------
    k, n : array-like of int
        Events inside, and events looked at; ``0 <= k <= n``.
    confidence : float
        Coverage that is guaranteed, in (0, 1).

    Returns
    -------
    low, high : arrays of float64
        NaN where `n` is 0.

    References
    ----------
    Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> from longate.gating.counting import clopper_pearson
    >>> low, high = clopper_pearson([0], [100])
    >>> float(low[0]), round(float(high[0]), 4)
    (0.0, 0.0362)
    """
    from scipy.special import betaincinv

    k, n = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail), 1.0)
    unknown = n == 0
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def detection(n_events: ArrayLike) -> NDArray[np.str_]:
    """Name how well a count can be trusted, for display; it never excludes.

    ``"below detection"`` under 20 events, ``"detected"`` from 20 to 49,
    ``"quantifiable"`` from 50 on.
    """
    return np.asarray(_DETECTION)[_levels(n_events)]


def _levels(n_events: ArrayLike) -> NDArray[np.intp]:
    return np.searchsorted([BELOW_DETECTION, QUANTIFIABLE], n_events, side="right")


class CountPlaces(NamedTuple):
    """What stands in the rows of a table of counts of one strategy.

    Parameters
    ----------
    populations : list of str
        All events, then the paths of the strategy.
    parent_paths : list of str or None
        The path of each one's parent; None for all events.
    parents : list of int
        Its place among `populations`; all events are their own parent.
    """

    populations: list[str]
    parent_paths: list[str | None]
    parents: list[int]


def count_places(strategy: GatingStrategy) -> CountPlaces:
    """Return the rows of a table of counts, all events first."""
    populations = [ALL_EVENTS, *strategy.paths]
    above = [strategy.parent(path) or ALL_EVENTS for path in strategy.paths]
    places = {path: place for place, path in enumerate(populations)}
    parents = [0, *(places[path] for path in above)]
    return CountPlaces(populations, [None, *above], parents)


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
