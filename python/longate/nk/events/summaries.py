"""Summaries of a sample's event scores, each number with its counting interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.statistics import Z95, quantile_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mean_with_interval(scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean of scores in [0, 1] and its 95 % counting interval.

    The variance has one pseudo-event, half at 0 and half at 1, so that it is never 0.

    Parameters
    ----------
    scores : (n_events,) array of float64

    Returns
    -------
    mean, low, high : float
        NaN where there are no events.

    Examples
    --------
    >>> import numpy as np
    >>> from longate.nk.events.summaries import mean_with_interval
    >>> mean, low, high = mean_with_interval(np.array([0.25, 0.75]))
    >>> mean, round(high - mean, 3)
    (0.5, 0.49)
    """
    n = len(scores)
    if n == 0:
        return np.nan, np.nan, np.nan
    mean = float(np.mean(scores))
    centre = (float(np.sum(scores)) + 0.5) / (n + 1)
    square = (float(np.sum(scores**2)) + 0.5) / (n + 1)
    half = Z95 * float(np.sqrt(max(square - centre**2, 0.0) / n))
    return mean, mean - half, mean + half


def summary(scores: NDArray[np.float64], prefix: str = "") -> dict[str, float]:
    """Mean, median and quartiles of scores, each with its 95 % counting interval.

    Parameters
    ----------
    scores : (n_events,) array of float64
        In [0, 1].
    prefix : str
        Before each column's name.

    Returns
    -------
    dict
        ``mean, mean_low, mean_high``, the same for ``median``, ``q25`` and ``q75``, and
        ``iqr``.
    """
    ordered = np.sort(scores)
    found = {"mean": mean_with_interval(ordered)}
    for name, share in (("median", 0.5), ("q25", 0.25), ("q75", 0.75)):
        found[name] = quantile_interval(ordered, share)
    row: dict[str, float] = {}
    for name, (value, low, high) in found.items():
        row[f"{prefix}{name}"] = value
        row[f"{prefix}{name}_low"], row[f"{prefix}{name}_high"] = low, high
    row[f"{prefix}iqr"] = row[f"{prefix}q75"] - row[f"{prefix}q25"]
    return row
