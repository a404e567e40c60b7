"""Processor time per event of the maturation kernels, over numbers of events.

``python benches/maturation_scaling.py [largest]`` prints a table. It is processor time,
of all threads, so that other work on the machine matters little. Cost is linear where
nanoseconds per event stay, and n log n where they grow by a constant per decade.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from longate._core import fit_curve, superiority
from longate.nk import Positivity
from longate.nk.thresholds.positivity import scored

MARKERS = 7
ROUNDS = 5


def best(work):
    """Smallest processor time of some rounds, in seconds."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def row(n, rng):
    """Nanoseconds per event of each kernel at n events."""
    positivity = Positivity(
        negative_mean=0.2, negative_sd=0.05, positive_mean=0.6, positive_sd=0.08
    )
    values, later = rng.normal(0.4, 0.2, n), rng.normal(0.5, 0.2, n)
    rows = [(values, positivity, 1.0)] * MARKERS
    times = {"score": best(lambda: scored(rows, {}))}
    times["superiority"] = best(lambda: superiority(values, later)) / 2
    if n <= 1_000_000:
        place = rng.random(n)
        turns = (np.arange(MARKERS) + 1) / 10
        points = 4 / (1 + np.exp(-(place[:, None] - turns) * 12))
        points += rng.random((n, MARKERS))
        fitted = []

        def fit():
            options = {"knots": 40, "span": 0.2, "rounds": 40, "tolerance": 1e-4}
            fitted.append(fit_curve(points, points.sum(axis=1), threads=0, **options))

        times["curve, a round"] = best(fit) / fitted[0][2]
    return {name: seconds / n * 1e9 for name, seconds in times.items()}


def main():
    largest = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    rng = np.random.default_rng(2012)
    n = 10_000
    while n <= largest:
        times = "  ".join(f"{k} {v:8.1f} ns" for k, v in row(n, rng).items())
        sys.stdout.write(f"{n:>10,} events  {times} per event\n")
        n *= 10


if __name__ == "__main__":
    main()
