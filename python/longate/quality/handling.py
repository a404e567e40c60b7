"""Handling flag: shares of cells against the study's own fresh or bridging samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import LongateError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

FEWEST = 5
"""Reference samples below which no limit is estimated."""

FRESH_HOURS = 6.0
"""Hours to stain up to which a sample that was not frozen counts as fresh."""

CONFIDENCE = 0.99
"""One-sided level of the limit for one further sample."""


@dataclass(frozen=True)
class Reference:
    """Shares of cells of the reference samples, and the limit they give.

    Parameters
    ----------
    n : int
        Reference samples with cells.
    lowest, median, highest : float
        Of their shares; NaN without any.
    limit : float
        Upper 99 % prediction limit of a further sample; NaN below 5 samples.
    """

    n: int
    lowest: float
    median: float
    highest: float
    limit: float


def fresh(samples: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows of a sheet were fresh, as far as the sheet records it.

    Parameters
    ----------
    samples : DataFrame
        Rows of the sheet, perhaps with ``specimen`` and ``hours_to_stain``.

    Returns
    -------
    (n,) array of bool
        Specimens that were not frozen and were stained within 6 hours, where one of
        the two columns is there and the other does not contradict; all False where the
        sheet has neither.
    """
    import pandas as pd

    known = np.zeros(len(samples), dtype=bool)
    contradicted = np.zeros(len(samples), dtype=bool)
    if "specimen" in samples:
        words = samples["specimen"].astype("object")
        given = words.notna().to_numpy()
        frozen = words.astype(str).str.contains("frozen", case=False).to_numpy()
        known |= given
        contradicted |= given & frozen
    if "hours_to_stain" in samples:
        hours = pd.to_numeric(samples["hours_to_stain"], errors="coerce").to_numpy()
        known |= np.isfinite(hours)
        contradicted |= np.isfinite(hours) & (hours > FRESH_HOURS)
    return known & ~contradicted


def handling_limits(
    k: ArrayLike,
    n: ArrayLike,
    reference_k: ArrayLike,
    reference_n: ArrayLike,
    *,
    member: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], Reference]:
    """Return each sample's upper limit from reference samples, and their summary.

    On the empirical logit ``ln((k + .5) / (n - k + .5))`` the limit is
    ``m + t sqrt(sd² (1 + 1/r) + c)`` with mean, standard deviation and number of the
    reference samples and the 99 % point of t on ``r - 1`` degrees of freedom: a
    prediction limit for one further sample. c is the counting variance
    ``1 / (n p (1 - p))`` at the reference's mean, as far as it exceeds the reference
    samples' own: few cells are no sign of handling.

    Parameters
    ----------
    k, n : (n_samples,) array-like of int
        Cells of the population and of its parent.
    reference_k, reference_n : (n_reference,) array-like of int
        The same of the reference samples.
    member : (n_samples,) array-like of int, optional
        Position of each sample among the reference, -1 where it is none. A member is
        judged against the others alone.

    Returns
    -------
    limits : (n_samples,) array of float
        As a share; NaN where fewer than 5 reference samples have cells.
    reference : Reference
        Of all reference samples.

    Raises
    ------
    LongateError
        If arrays differ in length, or a count is negative or above its parent's.

    References
    ----------
    Hahn and Meeker 1991, Statistical Intervals, section 4.7 (prediction limits).

    Examples
    --------
    >>> import longate as lg
    >>> limits, reference = lg.quality.handling_limits(
    ...     [30, 400], [1000, 1000], [20, 25, 30, 22, 28, 26], [1000] * 6)
    >>> [bool(share > limit) for share, limit in zip([0.03, 0.4], limits)]
    [False, True]
    """
    from scipy.stats import t

    _, parents = _counts(k, n, "k")
    own, whole = _counts(reference_k, reference_n, "reference_k")
    where = (
        np.full(len(parents), -1) if member is None else np.asarray(member, dtype=int)
    )
    usable = whole > 0
    y = np.log((own + 0.5) / (whole - own + 0.5))

    def limit(chosen: NDArray[np.bool_], cells: float | None = None) -> float:
        used = chosen & usable
        if used.sum() < FEWEST or cells == 0:
            return float("nan")
        mean, sd = float(y[used].mean()), float(y[used].std(ddof=1))
        share = 1 / (1 + np.exp(-mean))
        counting = 0.0
        if cells is not None:
            unit = 1 / (share * (1 - share))
            counting = max(0.0, unit / cells - float(np.mean(unit / whole[used])))
        quantile = float(t.ppf(CONFIDENCE, used.sum() - 1))
        wide = np.sqrt(sd**2 * (1 + 1 / used.sum()) + counting)
        return float(1 / (1 + np.exp(-(mean + quantile * wide))))

    everyone = np.ones(len(own), dtype=bool)
    limits = np.array(
        [
            limit(everyone & (np.arange(len(own)) != at), cells)
            for at, cells in zip(where, parents, strict=True)
        ]
    )
    shares = own[usable] / whole[usable]
    lowest, median, highest = (
        float(f(shares)) if len(shares) else float("nan")
        for f in (np.min, np.median, np.max)
    )
    found = Reference(int(usable.sum()), lowest, median, highest, limit(everyone))
    return limits, found


def _counts(
    k: ArrayLike, n: ArrayLike, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    counts, parents = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    if counts.shape != parents.shape or counts.ndim != 1:
        msg = (
            f"{name} and its parent's counts must be lists of one length, got "
            f"{counts.shape} and {parents.shape}"
        )
        raise LongateError(msg)
    wrong = np.flatnonzero(~((counts >= 0) & (counts <= parents)))
    if len(wrong):
        at = int(wrong[0])
        msg = (
            f"{name}[{at}] is {counts[at]:g} of {parents[at]:g} cells; a count lies "
            "between 0 and its parent's"
        )
        raise LongateError(msg)
    return counts, parents
