"""Twins of the kernels over families: allocations and flips by itertools."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from .permutation import FLAT, TIE
from .permutation import statistic as welch


def one_sample(changes):
    """One-sample t; infinite where nothing varies, 0 where the mean is 0 too."""
    nothing = FLAT * np.abs(changes).max()
    mean = changes.mean() if abs(changes.mean()) > nothing else 0.0
    error = changes.std(ddof=1) / np.sqrt(len(changes))
    if error > nothing:
        return mean / error
    return np.sign(mean) * np.inf if mean else 0.0


def labelled(values, responder):
    """Return observed |T| and (allocations, outcomes) |T*|; 0 where undefined."""

    def of(marks):
        found = []
        for row in values:
            known = ~np.isnan(row)
            one, two = row[known & marks], row[known & ~marks]
            enough = min(len(one), len(two)) >= 2
            found.append(abs(welch(one, two)) if enough else 0.0)
        return found

    everyone = np.arange(len(responder))
    every = [
        of(np.isin(everyone, chosen))
        for chosen in combinations(everyone, int(responder.sum()))
    ]
    return np.array(of(responder)), np.array(every)


def flipped(values):
    """Return observed |t| and (flips, outcomes) |t*|."""

    def of(signs):
        rows = (row * signs for row in values)
        return [abs(one_sample(row[~np.isnan(row)])) for row in rows]

    patients = values.shape[1]
    every = [of(np.array(signs)) for signs in product((1, -1), repeat=patients)]
    return np.array(every[0]), np.array(every)


def adjusted(observed, every):
    """Return p, maxT p, step-down p, smallest_p and maxT smallest_p of each outcome."""
    low = observed * (1 - TIE)
    p = np.mean(every >= low, axis=0)
    largest = every.max(axis=1)
    p_max = np.mean(largest[:, None] >= low, axis=0)
    tops = every.max(axis=0) * (1 - TIE)
    smallest_p = np.mean(every >= tops, axis=0)
    floor_max = np.mean(largest[:, None] >= tops, axis=0)
    downwards = np.argsort(-observed, kind="stable")
    step, least = np.empty_like(p), 0.0
    for rank, outcome in enumerate(downwards):
        left = every[:, downwards[rank:]].max(axis=1)
        least = max(least, np.mean(left >= low[outcome]))
        step[outcome] = least
    return p, p_max, step, smallest_p, floor_max
