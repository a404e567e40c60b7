"""The Stage Maturation Index and the log-odds of a composition, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.statistics import Z95

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

_BRIGHT = ("bright16neg", "bright16pos")
TERMINAL = "dim_CD57"
ADAPTIVE = "adaptive"

Interval = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]


def stage_index(
    counts: NDArray[np.float64], weights: Mapping[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Index and 95 % counting interval from stage counts.

    Parameters
    ----------
    counts : (n_samples, n_stages) array
        Events by stage, in the order of `weights`.
    weights : mapping of str to float
        Weight of each stage.

    Returns
    -------
    index, low, high : (n_samples,) arrays
        NaN where a sample has no event on the axis.

    Notes
    -----
    Simulated coverage of the interval (multinomial samples, 10,000 replicates): 95 %
    from 200 events on for mixed compositions, 92-95 % for 5 to 50 events, .885 at worst
    (20 events, all at the two ends), and up to 100 % where one stage has nearly all.
    With so few events it may reach beyond 0 or 1.
    """
    index, variance = index_and_variance(counts, weights)
    half = Z95 * np.sqrt(variance)
    return index, index - half, index + half


def index_and_variance(
    counts: NDArray[np.float64], weights: Mapping[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Index ``Σ w n / Σ n`` and the variance of its counting error.

    The variance is ``(Σ p w² - (Σ p w)²) / N`` with ``p`` smoothed by half a
    pseudo-count per stage, so that it is never 0.

    Parameters
    ----------
    counts : (n_samples, n_stages) array
        Events by stage, in the order of `weights`.
    weights : mapping of str to float
        Weight of each stage.

    Returns
    -------
    index, variance : (n_samples,) arrays
        NaN where a sample has no event on the axis.
    """
    w = np.array(list(weights.values()))
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = counts @ w / total
        p = (counts + 0.5) / (total + 0.5 * len(w))[:, None]
        variance = (p @ w**2 - (p @ w) ** 2) / total
    known = total > 0
    return np.where(known, index, np.nan), np.where(known, variance, np.nan)


def axis_counts(
    counts: pd.DataFrame, axis: Sequence[str], *, adaptive: bool = False
) -> NDArray[np.float64]:
    """Return events by stage of the axis, samples in rows.

    Parameters
    ----------
    counts : DataFrame
        One row per sample, one column per stage that was found.
    axis : sequence of str
        Labels in order.
    adaptive : bool
        Whether adaptive cells count as ``dim_CD57``.
    """
    return np.column_stack(
        [
            n_of(counts, label, ADAPTIVE)
            if adaptive and label == TERMINAL
            else n_of(counts, label)
            for label in axis
        ]
    )


def n_of(counts: pd.DataFrame, *labels: str) -> NDArray[np.float64]:
    """Return events of all these stages together, by sample; 0 where none was found."""
    columns = [counts[label] for label in labels if label in counts]
    if not columns:
        return np.zeros(len(counts))
    return np.asarray(np.sum(columns, axis=0, dtype=float))


def odds_of(axis: Sequence[str]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the log-odds that an axis has: name -> (stages above, stages below).

    ``L0`` CD16 among CD56bright, ``L1`` dim against bright, ``L2`` late and CD57+
    against early, ``L3`` CD57+ against late. Of the five stages the four carry the
    whole composition.
    """
    dim = tuple(label for label in axis if label not in _BRIGHT)
    odds = {
        "L0": ((_BRIGHT[1],), (_BRIGHT[0],)),
        "L1": (dim, _BRIGHT),
        "L2": (("dim_late", TERMINAL), ("dim_early",)),
        "L3": ((TERMINAL,), ("dim_late",)),
    }
    return {
        name: (above, below)
        for name, (above, below) in odds.items()
        if set(above + below) <= set(axis)
    }


def log_odds(
    counts: pd.DataFrame, above: Sequence[str], below: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-odds with half a count, ``ln((a + .5) / (b + .5))``, and their variance.

    Returns
    -------
    value, variance : (n_samples,) arrays
        The variance ``1 / (a + .5) + 1 / (b + .5)`` is that of counting alone.

    References
    ----------
    Haldane 1956, doi:10.1111/j.1469-1809.1955.tb01285.x.
    """
    a, b = n_of(counts, *above) + 0.5, n_of(counts, *below) + 0.5
    return np.log(a / b), 1 / a + 1 / b


def around(value: NDArray[np.float64], variance: NDArray[np.float64]) -> Interval:
    """Return value, low and high: 95 %, normal."""
    half = Z95 * np.sqrt(variance)
    return value, value - half, value + half
