"""NumPy and SciPy twins of the density kernels, written from their definitions."""

from __future__ import annotations

import numpy as np
from scipy.signal import find_peaks, peak_prominences


def binned(values, low, high, places):
    """Linear binning, one event after the other."""
    grid = np.linspace(low, high, places)
    step = grid[1] - grid[0]
    weights = np.zeros(places)
    below = above = undefined = 0
    for value in values:
        if np.isnan(value):
            undefined += 1
        elif value < low:
            below += 1
        elif value > high:
            above += 1
        else:
            place = (value - low) / step
            left = min(int(place), places - 1)
            share = place - left
            weights[left] += 1 - share
            if left + 1 < places:
                weights[left + 1] += share
    return weights, below, above, undefined


def smoothed(weights, bandwidth):
    """Convolution with a Gaussian that ends at five standard deviations."""
    reach = min(int(np.ceil(5 * bandwidth)), len(weights))
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (steps / bandwidth) ** 2)
    full = np.convolve(weights, kernel / kernel.sum())
    return full[reach : reach + len(weights)]


def peaks(density):
    """(place, height, prominence) of each peak, as SciPy finds them."""
    found, _ = find_peaks(density)
    prominence, _, _ = peak_prominences(density, found)
    return list(zip(found.tolist(), density[found], prominence, strict=True))
