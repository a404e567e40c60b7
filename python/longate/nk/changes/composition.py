"""One patient's change of composition, its direction, and what weights do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.nk.changes.pairs import visit_pairs
from longate.nk.stages.index import (
    ADAPTIVE,
    TERMINAL,
    around,
    axis_counts,
    index_and_variance,
    log_odds,
    odds_of,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from longate.nk.stages.scheme import StageScheme

# Cumulative fractions that differ by less are equal: sums of fractions round.
_SAME = 1e-12


def change_table(
    stages: pd.DataFrame,
    scheme: StageScheme,
    *,
    baseline: str | None = None,
    visit: str | None = None,
) -> pd.DataFrame:
    """Return the change of every patient between two visits.

    Parameters
    ----------
    stages : DataFrame
        ``sample, patient, visit, stage, n_events`` and perhaps ``specimen``.
    scheme : StageScheme
        The rules that made them.
    baseline, visit : str, optional
        The first visit and every later one by default.

    Returns
    -------
    DataFrame
        See :meth:`longate.nk.Maturation.changes`.

    Raises
    ------
    MaturationError
        If a visit is unknown, a patient has several samples of one visit, or specimens
        differ within a patient.
    """
    known = [c for c in ("specimen",) if c in stages]
    samples = stages.drop_duplicates("sample")[["sample", "patient", "visit", *known]]
    pairs = visit_pairs(samples, baseline, visit)
    counts = stages.pivot_table(
        index="sample", columns="stage", values="n_events", aggfunc="sum", observed=True
    )
    rows = []
    for pair in pairs.to_dict("records"):
        row: dict[str, Any] = {str(name): value for name, value in pair.items()}
        if not row["missing"]:
            both = counts.loc[[row["sample_from"], row["sample_to"]]]
            row.update(_change(both, scheme))
        rows.append(row)
    import pandas as pd

    last = pairs.columns.get_loc("missing")
    order = [*pairs.columns[:last], *_columns(scheme), "missing"]
    frame = pd.DataFrame(rows, columns=order)
    return frame.assign(scheme=scheme.id)


def weight_range(
    earlier: NDArray[np.float64], later: NDArray[np.float64]
) -> tuple[float, float, str]:
    """Smallest and largest change of the index over all monotone weights.

    Parameters
    ----------
    earlier, later : (n_stages,) arrays
        Events by stage of the axis, least mature first.

    Returns
    -------
    low, high : float
        Over all weights ``0 = w1 <= w2 <= ... <= wk = 1``; NaN where a sample has no
        event on the axis.
    dominance : str
        ``"higher"`` where no weights make the change negative (the later sample is
        stochastically larger), ``"lower"`` where none make it positive,
        ``"unchanged"``, or ``"crossing"``: the sign depends on the weights. Empty where
        unknown.

    Notes
    -----
    The change is ``-Σ_j (w_{j+1} - w_j) ΔF_j`` with ``ΔF_j`` the changes of the
    cumulative fractions: a weighted mean of ``-ΔF_j``. So its extremes are those of
    ``-ΔF_j``, and its sign is free of weights where all of them agree.

    Examples
    --------
    >>> import numpy as np
    >>> from longate.nk.changes.composition import weight_range
    >>> low, high, dominance = weight_range(
    ...     np.array([50, 30, 20]), np.array([40, 30, 30]))
    >>> round(low, 3), round(high, 3), dominance
    (0.1, 0.1, 'higher')
    """
    if not (earlier.sum() > 0 and later.sum() > 0):
        return np.nan, np.nan, ""
    before = np.cumsum(earlier)[:-1] / earlier.sum()
    after = np.cumsum(later)[:-1] / later.sum()
    risen = before - after
    risen = np.where(np.abs(risen) < _SAME, 0.0, risen)
    low, high = float(risen.min()), float(risen.max())
    if low == high == 0:
        return low, high, "unchanged"
    if low >= 0:
        return low, high, "higher"
    return low, high, "lower" if high <= 0 else "crossing"


def _columns(scheme: StageScheme) -> list[str]:
    ends = ["n_from", "n_to", "index_from", "index_to"]
    index = ["change", "counting_low", "counting_high"]
    weights = ["dominance", "weight_min", "weight_max"]
    names = [*ends, *index, *weights]
    if {ADAPTIVE, TERMINAL} <= {stage.label for stage in scheme.stages}:
        names += [f"{name}_with_adaptive" for name in (*index, *weights)]
    for name in odds_of(scheme.axis):
        names += [f"{name}_change", f"{name}_low", f"{name}_high"]
    return names


def _change(both: pd.DataFrame, scheme: StageScheme) -> dict[str, Any]:
    """Return the changes from the first row of counts to the second."""
    row: dict[str, Any] = {}
    for suffix, adaptive in (("", False), ("_with_adaptive", True)):
        counts = axis_counts(both, scheme.axis, adaptive=adaptive)
        index, variance = index_and_variance(counts, scheme.weights)
        if not adaptive:
            row.update(zip(("n_from", "n_to"), counts.sum(axis=1), strict=True))
            row.update(zip(("index_from", "index_to"), index, strict=True))
        change, low, high = around(np.diff(index), variance.sum(keepdims=True))
        row[f"change{suffix}"] = change[0]
        row[f"counting_low{suffix}"] = low[0]
        row[f"counting_high{suffix}"] = high[0]
        least, most, dominance = weight_range(counts[0], counts[1])
        row[f"dominance{suffix}"] = dominance
        row[f"weight_min{suffix}"] = least
        row[f"weight_max{suffix}"] = most
    for name, (above, below) in odds_of(scheme.axis).items():
        value, variance = log_odds(both, above, below)
        change, low, high = around(np.diff(value), variance.sum(keepdims=True))
        row[f"{name}_change"] = change[0]
        row[f"{name}_low"], row[f"{name}_high"] = low[0], high[0]
    return row
