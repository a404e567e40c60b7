"""The median of events, with the interval that its order statistics give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FEWEST_EVENTS = 6
"""Below this no pair of order statistics covers the median with 95 %."""


def median_rows(
    values: Mapping[str, NDArray[np.float64]], masks: Mapping[str, NDArray[np.bool_]]
) -> list[dict[str, Any]]:
    """Return a row ``population, channel, n_events, median, low, high`` for each pair.

    Parameters
    ----------
    values : mapping of str to (n_events,) array of float64
        By channel.
    masks : mapping of str to (n_events,) array of bool
        By population.
    """
    return [
        {"population": path, "channel": name, **median_with_interval(column[mask])}
        for path, mask in masks.items()
        for name, column in values.items()
    ]


def median_with_interval(values: NDArray[np.float64]) -> dict[str, float]:
    """Return ``n_events, median, low, high`` (95 %) of values.

    The interval runs from the ``j``-th smallest to the ``j``-th largest value, ``j``
    the largest number with ``P(Bin(n, 1/2) < j) <= 0.025``; it needs no distribution.

    Parameters
    ----------
    values : (n_events,) array of float64

    Returns
    -------
    dict
        NaN where there are no events, or too few for the interval, or a value is NaN.

    References
    ----------
    David & Nagaraja, Order Statistics (2003), section 7.1, doi:10.1002/0471722162.

    Examples
    --------
    >>> import numpy as np
    >>> from longate.gating.medians import median_with_interval
    >>> median_with_interval(np.array([5.0, 1.0, 4.0, 2.0, 3.0, 6.0]))
    {'n_events': 6, 'median': 3.5, 'low': 1.0, 'high': 6.0}
    """
    n_events = len(values)
    found = {"n_events": n_events, "median": np.nan, "low": np.nan, "high": np.nan}
    if n_events:
        found["median"] = float(np.median(values))
    if n_events >= FEWEST_EVENTS and not np.isnan(found["median"]):
        from scipy.special import bdtr

        # Start from the normal approximation, which errs by less than two ranks.
        j = max(int(n_events / 2 - 0.98 * n_events**0.5) + 3, 1)
        while j > 1 and bdtr(j - 1, n_events, 0.5) > 0.025:
            j -= 1
        ordered = np.partition(values, [j - 1, n_events - j])
        found["low"] = float(ordered[j - 1])
        found["high"] = float(ordered[n_events - j])
    return found
