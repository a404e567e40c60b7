"""Exact permutation of patients' labels, over the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._core import permute_welch
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ENUMERATED = 1_000_000
REPLICATES = 99_999


@dataclass(frozen=True)
class Permutation:
    """What all allocations of the same patients say about a difference.

    Attributes
    ----------
    p : float
        Share of allocations, the observed one included, whose Welch-studentised
        statistic is at least as far from 0.
    smallest_p : float
        The smallest p that these values allow for any allocation.
    low, high : float
        Interval by inversion: the shifts that are not rejected. Infinite where
        none can be rejected, NaN where the observed groups do not vary.
    allocations : int
        How many were looked at.
    degenerate : int
        In how many of them neither group varies.
    exact : bool
        True where all were looked at; else a seeded sample.
    """

    p: float
    smallest_p: float
    low: float
    high: float
    allocations: int
    degenerate: int
    exact: bool

    def words(self) -> str:
        """Say how many allocations were looked at, and what was peculiar."""
        kind = "all" if self.exact else "a seeded sample of"
        parts = [
            f"{kind} {self.allocations} allocations, smallest p {self.smallest_p:.2g}"
        ]
        if self.degenerate:
            parts.append(f"{self.degenerate} of them without variation in any group")
        if np.isinf(self.low) or np.isinf(self.high):
            parts.append("the interval is endless: no shift can be rejected")
        return "; ".join(parts)


def permutation(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    confidence: float,
    seed: int,
) -> Permutation:
    """Permute labels between two groups with the Welch-studentised statistic.

    p = #{|T*| >= |T| (1 - 1e-11)} / N over all N allocations with these group
    sizes, up to 10^6; above, (b + 1) / (B + 1) over B = 99,999 seeded ones.

    Parameters
    ----------
    first, second : (n,) array of float64
        Finite values of at least two patients each.
    confidence : float
        Of the interval, between 0 and 1.
    seed : int
        Of the sample of allocations.

    References
    ----------
    Janssen 1997, Statistics & Probability Letters 36:9,
    doi:10.1016/S0167-7152(97)00043-6.
    """
    values = np.concatenate([first, second]).astype(np.float64)
    in_first = np.arange(len(values)) < len(first)
    found = permute_welch(
        values,
        in_first,
        alpha=1 - confidence,
        most_enumerated=MOST_ENUMERATED,
        replicates=REPLICATES,
        seed=seed,
    )
    if found is None:
        msg = (
            f"labels cannot be permuted: at least two finite values are needed in "
            f"each group, got {len(first)} and {len(second)}"
        )
        raise DesignError(msg)
    _, p, smallest_p, low, high, allocations, degenerate, exact = found
    return Permutation(p, smallest_p, low, high, allocations, degenerate, exact)
