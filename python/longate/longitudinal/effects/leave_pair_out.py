"""The best of several markers, judged on patients who did not choose it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.effects.cross_section import CrossSection, read_cross_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class MarkerSelection:
    """What the best marker is worth once its choice is paid for.

    Attributes
    ----------
    table : DataFrame
        One row: ``marker`` (the best in all patients), ``auc_apparent`` (its
        area there, direction chosen too), ``auc`` (leave-pair-out, choice
        nested), ``p`` (permutation of labels, choice included, one-sided),
        ``smallest_p``, ``allocations``, ``exact``, ``n_markers``, ``n_responder``,
        ``n_non_responder``, ``n_left_out``, ``visit``, ``timing``.
    selection : DataFrame
        ``marker``, ``chosen``: the share of left-out pairs in which the others
        chose it, most often first.
    limits : tuple of str
        Patients who were left out as unmatched, by name.
    """

    table: pd.DataFrame
    selection: pd.DataFrame
    limits: tuple[str, ...] = ()

    def __repr__(self) -> str:
        row = self.table.iloc[0]
        return (
            f"best of {row['n_markers']} markers: {row['marker']}, AUC "
            f"{row['auc_apparent']:.2f} where it was chosen, {row['auc']:.2f} in "
            f"left-out pairs (permutation p {row['p']:.3g}, smallest possible "
            f"{row['smallest_p']:.2g})"
        )


def best_marker(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    by: str,
    visit: object,
    scale: str = "identity",
    seed: int = 2012,
    most_enumerated: int = 5000,
    replicates: int = 1999,
    circular: str = "refused",
    unmatched: str = "error",
) -> MarkerSelection:
    r"""Choose the marker with the largest AUC, and judge the choice honestly.

    For every pair of a responder and a non-responder, marker and direction are
    chosen in all other patients, and the pair is judged by that choice:

    .. math:: \hat A = \frac{1}{nm} \sum_{i \in R, j \in N}
       \psi(s_{ij}\,(x_{i,k(ij)} - x_{j,k(ij)})), \quad \psi = 1, 1/2, 0

    Equally good markers share their vote. The p repeats the whole procedure over
    allocations of the patients: all of them up to `most_enumerated`, else
    ``(b + 1) / (B + 1)`` of a seeded sample.

    Parameters
    ----------
    data, response, value, visit, scale, circular, unmatched
        As in :func:`auc`.
    by : str
        The column whose levels are the markers.
    seed, most_enumerated, replicates : int
        Of the allocations.

    Returns
    -------
    MarkerSelection
        Its ``table`` and ``selection``. Patients without some marker are left
        out, and counted.

    Raises
    ------
    DesignError
        If a group has fewer than three complete patients.

    References
    ----------
    Airola et al. 2011, doi:10.1016/j.csda.2010.11.018 (leave-pair-out). Ambroise
    and McLachlan 2002, doi:10.1073/pnas.102102699 (selection bias).
    """
    import pandas as pd

    section = read_cross_section(
        data,
        response,
        value=value,
        visit=visit,
        by=by,
        scale=scale,
        circular=circular,
        unmatched=unmatched,
    )
    whole = section.wide.notna().all(axis=1).to_numpy()
    values = section.wide.to_numpy(dtype=np.float64)[whole]
    first = section.first[whole]
    sizes = int(first.sum()), int((~first).sum())
    _require(section, sizes)
    # Whether patient i lies above patient j, by marker: (markers, n, n).
    above = np.sign(values.T[:, :, None] - values.T[:, None, :])
    found, votes = _leave_pair_out(above, first)
    p, smallest_p, allocations, exact = _permuted(
        above, first, found, seed, most_enumerated, replicates
    )
    apparent = above[:, first][:, :, ~first].mean(axis=(1, 2))
    best = int(np.argmax(np.abs(apparent)))
    names = list(section.wide.columns)
    row = {
        "marker": names[best],
        "auc_apparent": (1 + abs(float(apparent[best]))) / 2,
        "auc": found,
        "p": p,
        "smallest_p": smallest_p,
        "allocations": allocations,
        "exact": exact,
        "n_markers": len(names),
        "n_responder": sizes[0],
        "n_non_responder": sizes[1],
        "n_left_out": int((~whole).sum()),
        "visit": section.when,
        "timing": section.timing,
    }
    selection = pd.DataFrame({"marker": names, "chosen": votes})
    order = selection.sort_values("chosen", ascending=False, kind="stable")
    selection = order.reset_index(drop=True)
    return MarkerSelection(pd.DataFrame([row]), selection, section.limits)


def _require(section: CrossSection, sizes: tuple[int, int]) -> None:
    if min(sizes) < 3:
        msg = (
            f"{sizes[0]} responder(s) and {sizes[1]} non-responder(s) have every "
            f"marker at {section.when}; leaving pairs out needs three in each group"
        )
        raise DesignError(msg)


def _leave_pair_out(
    above: NDArray[np.float64], first: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """Return the area over left-out pairs and each marker's share of choices."""
    pairs = above[:, first][:, :, ~first]
    total = pairs.sum(axis=(1, 2))[:, None, None]
    rows, columns = pairs.sum(axis=2), pairs.sum(axis=1)
    # The sum over the others: without row i and column j, whose cell is in both.
    others = total - rows[:, :, None] - columns[:, None, :] + pairs
    strength = np.abs(others)
    chosen = strength >= strength.max(axis=0) - _CLOSE
    share = chosen / chosen.sum(axis=0)
    judged = (share * np.sign(others) * pairs).sum(axis=0)
    return float((1 + judged.mean()) / 2), share.mean(axis=(1, 2))


def _permuted(
    above: NDArray[np.float64],
    first: NDArray[np.bool_],
    found: float,
    seed: int,
    most: int,
    replicates: int,
) -> tuple[float, float, int, bool]:
    """Return p, its smallest_p, the number of allocations and whether all were seen."""
    n, chosen = len(first), int(first.sum())
    every = math.comb(n, chosen)
    exact = every <= most
    areas = np.array(
        [
            _leave_pair_out(above, allocation)[0]
            for allocation in _allocations(
                n, chosen, None if exact else replicates, seed
            )
        ]
    )
    reached = int((areas >= found - _CLOSE).sum())
    if exact:
        smallest_p = float((areas >= areas.max() - _CLOSE).mean())
        return reached / every, smallest_p, every, True
    return (reached + 1) / (replicates + 1), 1 / (replicates + 1), replicates, False


def _allocations(
    n: int, chosen: int, replicates: int | None, seed: int
) -> Iterator[NDArray[np.bool_]]:
    if replicates is None:
        for members in combinations(range(n), chosen):
            allocation = np.zeros(n, dtype=bool)
            allocation[list(members)] = True
            yield allocation
        return
    generator = np.random.default_rng(seed)
    start = np.arange(n) < chosen
    for _ in range(replicates):
        yield generator.permutation(start)
