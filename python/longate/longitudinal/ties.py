"""Differences of measured values, freed from rounding so that ties are ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_NOISE = 1e-12
"""Differences are known to this share of the values that were subtracted."""


def difference(later: ArrayLike, earlier: ArrayLike) -> NDArray[np.float64]:
    """Return ``later - earlier`` with equal differences made equal.

    .3 - .2 and .2 - .1 are the same change, but differ in the last digit of a double.
    Sizes of differences closer than 1e-12 of the values they were formed of become
    one size (that of the smallest values among them), and those closer to 0 than that
    become 0. Each difference is judged by its own values: a patient with values of
    a billion does not blur those of the others.

    Parameters
    ----------
    later, earlier : (n,) array-like of float64
        NaN where nothing was measured; the difference is NaN there.

    Returns
    -------
    (n,) array of float64

    Examples
    --------
    >>> from longate.longitudinal.ties import difference
    >>> found = difference([0.3, 0.2, 1e9], [0.2, 0.1, 0.0])
    >>> bool(found[0] == found[1]), float(found[2])
    (True, 1000000000.0)
    """
    after = np.asarray(later, dtype=np.float64)
    before = np.asarray(earlier, dtype=np.float64)
    found = after - before
    noise = _NOISE * np.maximum(np.abs(after), np.abs(before))
    known = np.flatnonzero(np.isfinite(found))
    # Sizes, so that a fall and a rise by the same amount are tied too.
    order = known[np.argsort(np.abs(found[known]), kind="stable")]
    sizes, own = np.abs(found[order]), noise[order]
    if len(order) > 1:
        apart = np.diff(sizes) > np.maximum(own[1:], own[:-1])
        cluster = np.concatenate([[0], np.cumsum(apart)])
        for one in np.unique(cluster[1:][~apart]):
            members = cluster == one
            sizes[members] = sizes[members][np.argmin(own[members])]
    sizes[sizes <= own] = 0.0
    found[order] = np.copysign(sizes, found[order])
    return found + 0.0
