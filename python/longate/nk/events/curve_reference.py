"""Reference cells of a maturation curve: which markers, which events, which root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import MaturationError
from longate.nk.events.directions import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

KNOTS = 40
"""Vertices of the polyline."""

_TABLE = 1001


def markers_of(
    reference: Mapping[str, pd.DataFrame], markers: Sequence[str] | None
) -> list[str]:
    """Return the markers of a curve, all of known direction and in every sample.

    Raises
    ------
    MaturationError
        If there is no sample, or fewer than two such markers, or one is missing.
    """
    if not reference:
        msg = "the reference has no sample; give {sample: anchored values}"
        raise MaturationError(msg)
    first = next(iter(reference.values()))
    if markers is None:
        names = [
            str(name)
            for name in first.columns
            if all(name in frame for frame in reference.values())
        ]
    else:
        names = list(markers)
    unknown = [name for name in names if name not in DIRECTIONS]
    if unknown:
        msg = (
            f"no direction is known for {listed(unknown)}"
            f"{suggest(unknown[0], DIRECTIONS)}"
        )
        raise MaturationError(msg)
    for sample, frame in reference.items():
        missing = [name for name in names if name not in frame]
        if missing:
            msg = f"reference sample {sample!r} lacks {listed(missing)}"
            raise MaturationError(msg)
    if len(names) < 2:
        msg = f"a curve needs at least two markers, got {listed(names) or 'none'}"
        raise MaturationError(msg)
    return names


def balanced(
    reference: Mapping[str, pd.DataFrame],
    names: list[str],
    events_per_sample: int | None,
    seed: int,
) -> tuple[NDArray[np.float64], int]:
    """Return the same number of events of each sample, one behind the other."""
    smallest = min(reference, key=lambda sample: len(reference[sample]))
    n = len(reference[smallest])
    each = n if events_per_sample is None else events_per_sample
    if not 0 < each <= n:
        msg = (
            f"{each} events of each reference sample are wanted, {smallest!r} has {n}; "
            "leave it out or take fewer"
        )
        raise MaturationError(msg)
    if each * len(reference) < 4 * KNOTS:
        msg = (
            f"a curve needs at least {4 * KNOTS} reference events, got "
            f"{each * len(reference)}"
        )
        raise MaturationError(msg)
    rng = np.random.default_rng(seed)
    parts = []
    for sample in sorted(reference, key=str):
        values = reference[sample][names].to_numpy(float)
        require_finite(values, names, f"reference sample {sample!r}")
        # The order of events is forgotten before any is drawn.
        values = values[np.lexsort(values.T)]
        parts.append(values[rng.choice(len(values), size=each, replace=False)])
    return np.concatenate(parts), each


def require_finite(
    values: NDArray[np.float64], names: Sequence[str], what: str
) -> None:
    """Refuse rows of events in which a marker has no number."""
    bad = ~np.isfinite(values)
    if bad.any():
        named = [
            name for name, column in zip(names, bad.T, strict=True) if column.any()
        ]
        n = int(bad.any(axis=1).sum())
        msg = f"{what}: {n} events have no number in {listed(named)}"
        raise MaturationError(msg)


def require_root(
    vertices: NDArray[np.float64],
    signs: NDArray[np.float64],
    sigma: NDArray[np.float64],
) -> None:
    """Refuse a line that starts where most markers are on their mature side."""
    first = vertices[0] * sigma
    immature = np.where(signs > 0, first < 0.5, first > 0.5)
    if 2 * immature.sum() < len(signs):
        msg = (
            "the curve does not start near the least mature cells (CD56bright, NKG2A+, "
            "KIR- CD57-): the reference has too few of them, or its anchored values "
            "are not 0 for negative and 1 for positive cells"
        )
        raise MaturationError(msg)


def distribution(
    arcs: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return arc lengths and the share of events below them, ties counting half."""
    lengths, counts = np.unique(arcs, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(arcs)
    # Both ends may hold many events; their neighbours bound the jump.
    inner = np.linspace(1, len(lengths) - 2, _TABLE).round().astype(int)
    kept = np.unique([0, *inner.tolist(), len(lengths) - 1])
    return lengths[kept], ranks[kept]
