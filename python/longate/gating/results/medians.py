"""The median of events, with the interval that its order statistics give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.exceptions import PopulationError
from longate.gating.results.joining import KEYS
from longate.statistics import quantile_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.results.events import SampleEvents


def median_with_interval(values: NDArray[np.float64]) -> dict[str, float]:
    """Return ``n_events, median, low, high`` (95 %) of values.

    The interval of order statistics of :func:`longate.statistics.quantile_interval`
    needs no distribution.

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
    >>> from longate.gating.results.medians import median_with_interval
    >>> median_with_interval(np.array([5.0, 1.0, 4.0, 2.0, 3.0, 6.0]))
    {'n_events': 6, 'median': 3.5, 'low': 1.0, 'high': 6.0}
    """
    median, low, high = quantile_interval(values, 0.5)
    return {"n_events": len(values), "median": median, "low": low, "high": high}


def median_table(
    samples: Iterable[SampleEvents],
    paths: Mapping[str, Sequence[str]],
    channels: Sequence[str],
    *,
    scaled: bool,
) -> pd.DataFrame:
    """Return a row per sample, population and channel; see :meth:`Populations.medians`.

    Parameters
    ----------
    samples : iterable of SampleEvents
        The samples of these tubes.
    paths : mapping of str to sequence of str
        Populations by tube.
    channels : sequence of str
        Markers or detectors; a file that lacks one has no row for it.
    scaled : bool
        Whether to put each channel on the strategy's scale.

    Raises
    ------
    PopulationError
        If a channel is not in all the runs of any sample.
    PanelError
        If it is in none of the files.
    """
    import pandas as pd

    rows, measured, last = [], set(), None
    for last in samples:
        keys = {key: last.row[key] for key in KEYS}
        names = [name for name in channels if last.has(name)]
        measured.update(names)
        columns = last.values(names, scaled=scaled)
        for path in paths[keys["tube"]]:
            mask = last.mask(path)
            rows += [
                {
                    **keys,
                    "population": path,
                    "channel": name,
                    **median_with_interval(columns[name][mask]),
                }
                for name in names
            ]
    for name in channels:
        if name not in measured and last is not None:
            last.scale(name)  # raises and suggests
            msg = f"channel {name!r} is not in all the runs that are pooled"
            raise PopulationError(msg)
    return pd.DataFrame(rows)
