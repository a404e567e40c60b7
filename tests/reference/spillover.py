"""Twins of the estimates from single-stain controls, as plain as can be."""

from __future__ import annotations

import numpy as np


def least_absolute_slope(x, y):
    """The slope of the line through 0 with the least sum of absolute deviations."""
    candidates = y / x
    losses = [np.abs(y - slope * x).sum() for slope in candidates]
    return candidates[int(np.argmin(losses))], min(losses)


def spreading(positive, negative, place, other):
    """Nguyen et al. 2013, from compensated values."""

    def sd(values):
        return np.percentile(values, 84.13447460685429) - np.percentile(values, 50)

    added = sd(positive[:, other]) ** 2 - sd(negative[:, other]) ** 2
    signal = np.median(positive[:, place]) - np.median(negative[:, place])
    return np.sqrt(max(added, 0) / signal)
