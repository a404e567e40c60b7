"""The median of events, with the interval that its order statistics give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.exceptions import PopulationError
from longate.gating.compile.compiler import has_values, values_for
from longate.gating.results.gated_file import joined_mask
from longate.statistics import quantile_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.results.gated_file import GatedFile, GatedStudy


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
    study: GatedStudy,
    by_sample: Sequence[tuple[Mapping[str, Any], Sequence[GatedFile]]],
    paths: Mapping[str, Sequence[str]],
    channels: Sequence[str],
    *,
    scaled: bool,
) -> pd.DataFrame:
    """Return a row per sample, population and channel; see :meth:`Populations.medians`.

    Parameters
    ----------
    study : Study
        Where the files are.
    by_sample : sequence of (dict, sequence of GatedFile)
        Keys of a sample, and its files.
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

    rows, measured = [], set()
    for keys, files in by_sample:
        samples = [study.read_file(file.row) for file in files]
        pairs = [(f.gated.strategy, s) for f, s in zip(files, samples, strict=True)]
        names = [c for c in channels if all(has_values(*one, c) for one in pairs)]
        measured.update(names)
        columns = [
            values_for(strategy, data, names, scaled=scaled) for strategy, data in pairs
        ]
        pooled = map(np.concatenate, zip(*columns, strict=True))
        masks = {path: joined_mask(files, path) for path in paths[keys["tube"]]}
        found = median_rows(dict(zip(names, pooled, strict=True)), masks)
        rows += [{**keys, **row} for row in found]
    for name in channels:
        if name not in measured:
            values_for(*pairs[-1], [name], scaled=False)  # raises and suggests
            msg = f"channel {name!r} is not in all the runs that are pooled"
            raise PopulationError(msg)
    return pd.DataFrame(rows)
