"""Twin of the kernel ``resample``: all allocations by itertools, plainly."""

from __future__ import annotations

from itertools import combinations

import numpy as np

TIE = 1e-11
FLAT = 1e-10


def statistic(first, second):
    """Welch's t; infinite where nothing varies, 0 where the means agree too."""
    both = np.concatenate([first, second])
    nothing = FLAT * np.ptp(both)
    difference = first.mean() - second.mean()
    difference = difference if abs(difference) > nothing else 0.0
    error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    if error > nothing:
        return difference / error
    return np.sign(difference) * np.inf if difference else 0.0


def permute_labels(first, second):
    """Return p, smallest_p and number of allocations of the two-sided exact test."""
    values = np.concatenate([first, second])
    everyone = np.arange(len(values))
    magnitudes = np.array(
        [
            abs(statistic(values[list(chosen)], np.delete(values, list(chosen))))
            for chosen in combinations(everyone, len(first))
        ]
    )
    observed = magnitudes[0]
    p = np.mean(magnitudes >= observed * (1 - TIE))
    smallest_p = np.mean(magnitudes >= magnitudes.max() * (1 - TIE))
    return float(p), float(smallest_p), len(magnitudes)
