"""Exact rank tests with ties, and the shifts that belong to them.

Ranks are doubled, so that mid-ranks are whole numbers and every comparison of
sums is exact; the null distribution of a sum is built up rank by rank.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZERO_RULES = ("pratt", "wilcoxon")
MOST_SIGNED, MOST_SUMMED = 500, 120


@dataclass(frozen=True)
class RankTest:
    """A rank statistic, its two-sided p, and what p these ranks can reach.

    Attributes
    ----------
    statistic : float
        The sum of the ranks of the positive differences, or of the first group.
    p : float
        Share of the sign or label assignments whose sum lies at least as far
        from its expectation; a normal approximation where `exact` is False.
    smallest_p : float
        The smallest p that any assignment of these ranks has.
    n : int
        Values that were ranked (without zeros that were dropped).
    exact : bool
        True where all assignments were counted.
    """

    statistic: float
    p: float
    smallest_p: float
    n: int
    exact: bool


def signed_rank(differences: NDArray[np.float64], zeros: str = "pratt") -> RankTest:
    r"""Wilcoxon's signed-rank test over all :math:`2^n` signs, ties included.

    Parameters
    ----------
    differences : (n,) array of float64
        Finite differences.
    zeros : {"pratt", "wilcoxon"}
        Zero differences are ranked and then dropped (Pratt), or dropped before
        the ranking (Wilcoxon).

    Returns
    -------
    RankTest
        p is 1 where every difference is 0. Above 500 differences the normal
        approximation takes the place of the enumeration.

    References
    ----------
    Wilcoxon 1945, doi:10.2307/3001968. Pratt 1959,
    doi:10.1080/01621459.1959.10501526.
    """
    from scipy.special import ndtr
    from scipy.stats import rankdata

    kept = differences != 0
    if not kept.any():
        return RankTest(0.0, 1.0, 1.0, 0, exact=True)
    if zeros == "wilcoxon":
        doubled = 2 * rankdata(np.abs(differences[kept]))
    else:
        doubled = (2 * rankdata(np.abs(differences)))[kept]
    ranks = np.rint(doubled).astype(np.int64)
    positive = int(ranks[differences[kept] > 0].sum())
    total, n = int(ranks.sum()), len(ranks)
    if n > MOST_SIGNED:
        spread = math.sqrt(float((ranks.astype(np.float64) ** 2).sum()))
        p = 2 * float(ndtr(-abs(2 * positive - total) / spread))
        return RankTest(positive / 2, p, 0.0, n, exact=False)
    weights = _signed_distribution(tuple(ranks.tolist()))
    far = np.abs(2 * np.arange(total + 1) - total) >= abs(2 * positive - total)
    p = min(1.0, float(weights[far].sum()))
    return RankTest(positive / 2, p, min(1.0, 2 * 0.5**n), n, exact=True)


@lru_cache(maxsize=64)
def _signed_distribution(ranks: tuple[int, ...]) -> NDArray[np.float64]:
    """Probability of every sum of positive ranks, each sign a fair coin."""
    weights = np.zeros(sum(ranks) + 1)
    weights[0] = 1.0
    for rank in ranks:
        shifted = np.zeros_like(weights)
        shifted[rank:] = weights[: len(weights) - rank]
        weights = (weights + shifted) / 2
    return weights


def rank_sum(first: NDArray[np.float64], second: NDArray[np.float64]) -> RankTest:
    r"""Wilcoxon's rank-sum test over all :math:`\binom{n+m}{n}` allocations.

    Parameters
    ----------
    first, second : (n,) array of float64
        Finite values, at least one in each group; ties take mid-ranks.

    Returns
    -------
    RankTest
        Above 120 values the normal approximation with the variance of the
        mid-ranks takes the place of the enumeration.

    References
    ----------
    Wilcoxon 1945, doi:10.2307/3001968. Streitberg and Roehmel 1986, Statistical
    Software Newsletter 12:10 (the build-up of the distribution).
    """
    from scipy.special import ndtr
    from scipy.stats import rankdata

    both = np.concatenate([first, second])
    ranks = np.rint(2 * rankdata(both)).astype(np.int64)
    n, size = len(first), len(both)
    found, total = int(ranks[:n].sum()), int(ranks.sum())
    # Integers: size * sum against n * total is the distance from expectation.
    distance = abs(size * found - n * total)
    if size > MOST_SUMMED:
        variance = n * (size - n) / (size - 1) * float(np.var(ranks))
        z = distance / size / math.sqrt(variance) if variance > 0 else 0.0
        return RankTest(found / 2, 2 * float(ndtr(-z)), 0.0, size, exact=False)
    weights = _sum_distribution(tuple(sorted(ranks.tolist())), n)
    distances = np.abs(size * np.arange(len(weights)) - n * total)
    p = float(weights[distances >= distance].sum())
    reached = distances[weights > 0].max()
    smallest_p = float(weights[distances >= reached].sum())
    return RankTest(found / 2, min(1.0, p), min(1.0, smallest_p), size, exact=True)


@lru_cache(maxsize=64)
def _sum_distribution(ranks: tuple[int, ...], chosen: int) -> NDArray[np.float64]:
    """Probability of every sum of `chosen` ranks drawn without replacement."""
    sums = np.zeros((chosen + 1, sum(ranks[-chosen:]) + 1))
    sums[0, 0] = 1.0
    for rank in ranks:
        # From many chosen to few, so that a rank is drawn once.
        for count in range(chosen, 0, -1):
            sums[count, rank:] += sums[count - 1, : sums.shape[1] - rank]
    found: NDArray[np.float64] = sums[chosen] / sums[chosen].sum()
    return found


@dataclass(frozen=True)
class Shift:
    """A Hodges-Lehmann estimate with its interval.

    Attributes
    ----------
    estimate, low, high : float
        Infinite ends where so few values cannot reject any shift.
    """

    estimate: float
    low: float
    high: float


def pseudo_median(differences: NDArray[np.float64], confidence: float) -> Shift:
    r"""Hodges-Lehmann estimate of one sample: the median of Walsh averages.

    .. math:: \hat\theta = \mathrm{med}_{i \le j} (d_i + d_j)/2

    The interval takes the order statistics of the averages that the exact
    signed-rank distribution without ties allows; with ties it covers at least
    as much.

    References
    ----------
    Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172.
    """
    n = len(differences)
    rows, columns = np.triu_indices(n)
    averages = (differences[rows] + differences[columns]) / 2
    weights = _signed_distribution(tuple(range(1, n + 1)))
    return _between(averages, weights, confidence)


def shift_between(
    first: NDArray[np.float64], second: NDArray[np.float64], confidence: float
) -> Shift:
    r"""Hodges-Lehmann shift: the median of all differences first - second.

    .. math:: \hat\Delta = \mathrm{med}_{i,j} (x_i - y_j)

    The interval takes the order statistics of the differences that the exact
    rank-sum distribution without ties allows; with ties it covers at least as
    much.

    References
    ----------
    Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172.
    """
    n, size = len(first), len(first) + len(second)
    differences = np.subtract.outer(first, second).ravel()
    ranks = tuple(range(1, size + 1))
    weights = _sum_distribution(ranks, n)[n * (n + 1) // 2 :]
    return _between(differences, weights, confidence)


def _between(
    values: NDArray[np.float64], weights: NDArray[np.float64], confidence: float
) -> Shift:
    """Return the median of values and the order statistics around it."""
    ordered = np.sort(values)
    estimate = float(np.median(ordered))
    tail = np.cumsum(weights)
    # The number of values that may be cut from each end.
    cut = int(np.searchsorted(tail * (1 + 1e-12), (1 - confidence) / 2))
    if cut == 0:
        return Shift(estimate, -math.inf, math.inf)
    return Shift(estimate, float(ordered[cut - 1]), float(ordered[-cut]))
