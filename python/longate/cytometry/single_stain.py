"""One single-stain control: which events are positive, and the slopes through them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import SpilloverError
from longate.statistics import Z95

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_POSITIVE = 50
"""Fewer positive events give no slope."""

BEYOND = 0.005
"""Share of an unstained control that counts as positive."""

MIN_NEGATIVE = 20
"""Fewer negative events give no zero."""

_NORMAL_MAD = 1.482602218505602


@dataclass(frozen=True)
class Slope:
    """Spillover of one fluorochrome into one detector.

    Parameters
    ----------
    slope : float
        Signal in the detector per unit in the fluorochrome's own.
    low, high : float
        Its 95 % interval.
    r : float
        Pearson correlation of both signals among positive events.
    slope_dim, slope_bright : float
        The slope in the dimmer and in the brighter half of the positive events: far
        apart, the relation is not a line (saturation, a mixture of two fluorochromes).
    """

    slope: float
    low: float
    high: float
    r: float
    slope_dim: float
    slope_bright: float


@dataclass(frozen=True)
class Split:
    """Positive and negative events of a control.

    Parameters
    ----------
    positive : (n, n_detectors) array
        Events that carry the fluorochrome.
    negative : (m, n_detectors) array
        Events that do not.
    """

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]


def split_by_unstained(
    events: NDArray[np.float64], own: int, unstained: NDArray[np.float64]
) -> Split:
    """Take as positive what is brighter than 99.5 % of an unstained control.

    Raises
    ------
    SpilloverError
        If these are no more than chance makes of a tube without fluorochrome (by five
        of its standard deviations).
    """
    border = np.quantile(unstained[:, own], 1 - BEYOND)
    positive = events[events[:, own] > border]
    # Both the border and the events beyond it vary.
    chance = BEYOND * len(events)
    spread = math.sqrt(chance * (1 + len(events) / len(unstained)))
    if len(positive) <= chance + 5 * spread:
        msg = (
            f"it has {len(positive)} events of {len(events)} that are brighter than "
            f"{1 - BEYOND:.1%} of the unstained control; a tube without fluorochrome "
            f"has about "
            f"{chance:.0f}. Is it stained?"
        )
        raise SpilloverError(msg)
    return Split(positive, unstained)


def split_by_valley(events: NDArray[np.float64], own: int) -> Split:
    """Part a control into its own negative and positive events.

    The border is Otsu's (1979, doi:10.1109/TSMC.1979.4310076) on the arcsinh of the
    fluorochrome's own detector, in units of the 10 % quantile of its absolute values.

    Raises
    ------
    SpilloverError
        If there is no valley between them.
    """
    values = events[:, own]
    unit = max(float(np.quantile(np.abs(values), 0.1)), float(np.ptp(values)) * 1e-6)
    scaled = np.arcsinh(values / unit) if unit > 0 else values
    counts, edges = np.histogram(scaled, bins=64)
    smooth = np.convolve(counts, [0.25, 0.5, 0.25], mode="same")
    weight = np.cumsum(counts) / counts.sum()
    centres = (edges[:-1] + edges[1:]) / 2
    mean = np.cumsum(counts * centres) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight - mean) ** 2 / (weight * (1 - weight))
    cut = int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)[:-1])) + 1
    low_peak, high_peak = smooth[:cut].argmax(), cut + smooth[cut:].argmax()
    valley = smooth[low_peak : high_peak + 1].min()
    if valley > 0.5 * min(smooth[low_peak], smooth[high_peak]):
        msg = (
            "its events do not part into negative and positive ones; give an unstained "
            "control"
        )
        raise SpilloverError(msg)
    # A valley may be wide and empty: the border is its middle.
    flat = np.flatnonzero(smooth[low_peak : high_peak + 1] <= valley) + low_peak
    border = centres[flat[len(flat) // 2]]
    return Split(events[scaled > border], events[scaled <= border])


def slope_through_negatives(split: Split, own: int, other: int) -> Slope:
    """Return the spillover of a fluorochrome into a detector.

    The line of least absolute deviations through the medians of the negative events:
    with signals ``x`` in the fluorochrome's own detector and ``y`` in the other, both
    above the negative medians, it is the median of ``y / x`` with weights ``x``. One
    event in two may be an outlier and does not move it without bound. Its interval
    inverts the sign statistic ``sum x sign(y - slope x)``, with the error of the
    negative medians added.

    References
    ----------
    Least absolute deviations: Koenker & Bassett 1978, doi:10.2307/1913643; intervals by
    inversion of the estimating function: Parzen, Wei & Ying 1994,
    doi:10.1093/biomet/81.2.341; spillover as a robust regression: Roca et al. 2021,
    doi:10.1038/s41467-021-23126-8.
    """
    zero = np.median(split.negative[:, [own, other]], axis=0)
    x = split.positive[:, own] - zero[0]
    y = split.positive[:, other] - zero[1]
    order = np.argsort(y / x, kind="stable")
    ratios, weights = (y / x)[order], x[order]
    slope, low, high = _weighted_median(ratios, weights)
    rest = split.negative[:, other] - slope * split.negative[:, own]
    error = 1.2533 * _robust_sd(rest) / np.sqrt(len(rest))
    shift = error * np.sqrt(x).sum() / (x**1.5).sum()  # noise grows as the root of x
    half = np.hypot([slope - low, high - slope], Z95 * shift)
    bright = x >= np.median(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = float(np.corrcoef(x, y)[0, 1])
    halves = [_halved(y[part] / x[part], x[part]) for part in (~bright, bright)]
    return Slope(slope, slope - half[0], slope + half[1], r, halves[0], halves[1])


def slope_of_medians(split: Split, own: int, other: int, line: Slope) -> Slope:
    """Return the ratio of the differences of medians, instead of a line's slope.

    Its interval is that of a ratio of asymptotically normal medians.
    """
    both = [events[:, [own, other]] for events in (split.positive, split.negative)]
    x, y = np.median(both[0], axis=0) - np.median(both[1], axis=0)
    slope = float(y / x)
    rests = [events[:, 1] - slope * events[:, 0] for events in both]
    errors = [1.2533 * _robust_sd(rest) / np.sqrt(len(rest)) for rest in rests]
    half = float(Z95 * np.hypot(*errors) / abs(x))
    return replace(line, slope=slope, low=slope - half, high=slope + half)


def _weighted_median(
    ratios: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return the median of sorted `ratios`, and its 95 % interval."""
    below = np.cumsum(weights)
    total = below[-1]
    reach = Z95 * np.sqrt((weights**2).sum())
    ranks = np.searchsorted(
        below, [0.5 * (total - reach), 0.5 * total, 0.5 * (total + reach)]
    )
    low, middle, high = ratios[np.clip(ranks, 0, len(ratios) - 1)]
    return float(middle), float(low), float(high)


def _halved(ratios: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(ratios, kind="stable")
    return _weighted_median(ratios[order], weights[order])[0]


def _robust_sd(values: NDArray[np.float64]) -> float:
    return float(_NORMAL_MAD * np.median(np.abs(values - np.median(values))))


def without_pile_up(
    events: NDArray[np.float64], n_events: int
) -> tuple[NDArray[np.bool_], list[int]]:
    """Return events that are not piled up at a detector's largest value.

    Parameters
    ----------
    events : (n_events, n_detectors) array
        Of one control.
    n_events : int
        How many equal largest values make a pile, beside 0.5 % of the events.

    Returns
    -------
    (n_events,) array of bool
        Which events to use.
    list of int
        Events at the limit, per detector; 0 where there is no pile.
    """
    used = np.ones(len(events), dtype=bool)
    piled = []
    for column in events.T:
        at_limit = column == column.max(initial=-np.inf)
        n = int(at_limit.sum())
        is_pile = n >= max(n_events, 0.005 * len(events)) and n < len(events)
        piled.append(n if is_pile else 0)
        if is_pile:
            used &= ~at_limit
    return used, piled
