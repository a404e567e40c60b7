"""Distribution-free intervals of quantiles, between two order statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_FOR_MEDIAN = 6
"""Below this no pair of order statistics covers the median with 95 %."""


def interval_ranks(
    n: int, share: float, *, confidence: float = 0.95
) -> tuple[int | None, int | None]:
    r"""Return the ranks between which a quantile lies.

    With ``alpha = 1 - confidence``, `low` is the largest rank j with
    :math:`P(\mathrm{Bin}(n, q) < j) \le \alpha / 2` and `high` the smallest k with
    :math:`P(\mathrm{Bin}(n, q) \ge k) \le \alpha / 2`; the interval between these
    order statistics covers the q-quantile with at least `confidence` whatever the
    distribution.

    Parameters
    ----------
    n : int
        Number of values.
    share : float
        The q of the quantile, in (0, 1).
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    low, high : int or None
        Ranks from 1 to `n`; None where too few values lie on that side.

    References
    ----------
    David & Nagaraja, Order Statistics (2003), section 7.1, doi:10.1002/0471722162.

    Examples
    --------
    >>> from longate.statistics import interval_ranks
    >>> interval_ranks(6, 0.5), interval_ranks(5, 0.5)
    ((1, 6), (None, None))
    """
    from scipy.special import bdtr, bdtrc
    from scipy.stats import binom

    if n == 0:
        return None, None
    tail = (1 - confidence) / 2
    low = int(binom.ppf(tail, n, share))
    while low > 0 and bdtr(low - 1, n, share) > tail:
        low -= 1
    high = int(binom.ppf(1 - tail, n, share)) + 1
    while high <= n and bdtrc(high - 1, n, share) > tail:
        high += 1
    return low if low >= 1 else None, high if high <= n else None


def quantile_interval(
    values: NDArray[np.float64], share: float, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return a quantile and the order statistics around it.

    The quantile interpolates linearly between order statistics (type 7 of Hyndman
    and Fan 1996, doi:10.2307/2684934); the ends are those of
    :func:`interval_ranks`.

    Parameters
    ----------
    values : (n,) array of float64
        In any order.
    share : float
        Of values below, in (0, 1).
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    quantile, low, high : float
        NaN where there are no values or one is NaN; an end is NaN where too few
        values lie on its side to bound it.

    Examples
    --------
    >>> import numpy as np
    >>> from longate.statistics import quantile_interval
    >>> quantile_interval(np.array([5.0, 1.0, 4.0, 2.0, 3.0, 6.0]), 0.5)
    (3.5, 1.0, 6.0)
    """
    if len(values) == 0 or np.isnan(values).any():
        return np.nan, np.nan, np.nan
    quantile = float(np.quantile(values, share))
    low, high = interval_ranks(len(values), share, confidence=confidence)
    wanted = [rank - 1 for rank in (low, high) if rank is not None]
    ordered = np.partition(values, wanted) if wanted else values
    return (
        quantile,
        np.nan if low is None else float(ordered[low - 1]),
        np.nan if high is None else float(ordered[high - 1]),
    )
