"""Absolute counts from counting beads (single platform)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from longate._dates import DateRule, read_dates
from longate._names import names_of
from longate._validation import listed, require_columns
from longate.exceptions import CountingError, CountingWarning
from longate.gating.gates.base import ALL_EVENTS
from longate.statistics import Z95, count_ratio_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.gating.results.populations import Populations
    from longate.gating.tree.gate_tree import GateTree

PIPETTING_CV = 0.03
"""Coefficient of variation of pipetting blood, where none is measured."""
SHARE_TOLERANCE = 1.25
"""Shares of a population in two tubes that differ by more than this disagree."""


_COLUMNS = (
    *("sample", "patient", "visit", "tube", "population", "name", "n_events"),
    *("n_beads", "microlitres", "per_microlitre", "low", "high", "log_variance"),
    *("detection", "quantifiable", "lot_expired", "share_disagrees", "run_id"),
)


def per_microlitre(
    populations: Populations,
    *,
    beads: str,
    of: Sequence[str] | None = None,
    pipetting_cv: float = PIPETTING_CV,
    shared: tuple[str, str] | None = ("NK", "Lymphocytes"),
) -> pd.DataFrame:
    """Cells per microlitre of blood, by the beads in the same tube.

    ``C = N_cells / N_beads x B / V x D`` with ``B`` beads in the tube (lot table),
    ``V`` blood in µL and ``D`` the dilution before pipetting (both from the sheet). The
    interval is that of ``log C`` with variance ``1/N_cells + 1/N_beads + CV²``.

    Parameters
    ----------
    populations : Populations
        A gated study whose sheet has ``bead_lot`` and ``blood_ul`` (and ``dilution``,
        else 1).
    beads : str
        The population of beads.
    of : sequence of str, optional
        Populations to count; all in the tube with beads by default.
    pipetting_cv : float
        Coefficient of variation of the pipetted volume, at least 0.
    shared : (population, ancestor) or None
        A share that other tubes may have too; those that have it are compared.

    Returns
    -------
    DataFrame
        ``sample, patient, visit, tube, population, name`` (last part of the path),
        ``n_events, n_beads, microlitres`` (blood that the beads say was acquired),
        ``per_microlitre, low, high`` (95 %), ``log_variance, detection, quantifiable,
        lot_expired, share_disagrees, run_id`` and the sheet's columns. The interval is
        exact for the counts of cells and beads (conditional binomial), the volume's
        error added; with no cells ``low`` is 0.
        ``lot_expired`` is missing without a date or an expiry, ``share_disagrees``
        where no other tube has the share.

    Raises
    ------
    CountingError
        If lot, lot table or volume are missing, a lot has no number of beads, a date
        cannot be read, pooled runs contradict each other, no sample has beads, or
        neutrophils of PBMC are asked for; samples are named.
    PopulationError
        If a population is unknown.

    Warns
    -----
    CountingWarning
        If some samples have no beads; their counts are NaN.

    Notes
    -----
    A mix-up of lots shows in the lot table or against an analyser's count, never in the
    events: where neither exists it is not detectable.
    """
    if not 0 <= pipetting_cv < np.inf:
        msg = f"pipetting_cv must be a number of at least 0, got {pipetting_cv!r}"
        raise CountingError(msg)
    tube = populations.tube_of(beads)
    strategy = populations.strategies[tube]
    counts = populations.counts[populations.counts["tube"] == tube]
    bead_path = strategy.path(beads)
    paths = _cell_paths(populations, tube, bead_path, of)
    n_beads = counts[counts["population"] == bead_path].set_index("sample")["n_events"]
    if (n_beads == 0).any():
        empty = listed(n_beads.index[n_beads == 0])
        msg = f"no beads were found in samples {empty}; check the gate {beads!r}"
        if (n_beads == 0).all():
            raise CountingError(msg)
        warnings.warn(f"{msg}. Their counts are NaN", CountingWarning, stacklevel=2)
        n_beads = n_beads.where(n_beads > 0)
    cells = counts[counts["population"].isin(paths)].copy()
    cells["name"] = cells["population"].str.rpartition("/")[2]
    _refuse_neutrophils_of_pbmc(cells)
    cells["n_beads"] = cells["sample"].map(n_beads)
    cells = cells.merge(_tubes(populations, tube), on="sample", validate="m:1")
    cells = _concentrations(cells, pipetting_cv)
    disagrees = _shares_disagree(populations, tube, shared)
    cells["share_disagrees"] = cells["sample"].map(disagrees)
    left_out = {"parent", "n_parent", "fraction", "beads_per_tube", "factor"}
    others = [c for c in cells if c not in left_out and c not in _COLUMNS]
    return cells[[*_COLUMNS, *others]].reset_index(drop=True)


def _cell_paths(
    populations: Populations, tube: str, bead_path: str, of: Sequence[str] | None
) -> list[str]:
    strategy = populations.strategies[tube]
    if of is not None:
        return [strategy.path(name) for name in of]
    return [path for path in strategy.paths if path != bead_path and path != ALL_EVENTS]


def _tubes(populations: Populations, tube: str) -> pd.DataFrame:
    """Return per sample the factor from cells per bead to cells per microlitre."""
    import pandas as pd

    rows = populations.study.samples.loc[[file.row for file in populations.files]]
    rows = rows[rows["tube"] == tube]
    require_columns(rows, ["bead_lot", "blood_ul"], "the sample sheet", CountingError)
    dilution = rows["dilution"].fillna(1.0) if "dilution" in rows else 1.0
    rows = _one_per_sample(rows.assign(dilution=dilution))
    lots = _lots(getattr(populations.study, "bead_lots", None))
    unknown = ~rows["bead_lot"].isin(lots.index) | rows["blood_ul"].isna()
    if unknown.any():
        msg = (
            f"samples {listed(rows['sample'][unknown])} have no volume or a bead lot "
            f"that is not in the lot table (lots {listed(lots.index)})"
        )
        raise CountingError(msg)
    per_tube = pd.to_numeric(
        rows["bead_lot"].map(lots["beads_per_tube"]), errors="coerce"
    )
    wrong = ~(per_tube > 0)
    if wrong.any():
        msg = (
            f"'beads_per_tube' of the lots {listed(rows['bead_lot'][wrong].unique())} "
            "must be a number above 0 in the bead lot table"
        )
        raise CountingError(msg)
    return pd.DataFrame(
        {
            "sample": rows["sample"],
            "factor": per_tube / rows["blood_ul"] * rows["dilution"],
            "lot_expired": _expired(rows, lots),
        }
    )


def _one_per_sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per sample; runs that are pooled must be of one tube."""
    settings = ["bead_lot", "blood_ul", "dilution"]
    differ = rows.groupby("sample")[settings].nunique(dropna=False).gt(1).any(axis=1)
    if differ.any():
        msg = (
            f"samples {listed(differ.index[differ])} have runs of different bead lot, "
            "volume or dilution; only runs of one tube can be pooled"
        )
        raise CountingError(msg)
    return rows.drop_duplicates("sample")


def _lots(lots: pd.DataFrame | None) -> pd.DataFrame:
    """Return the lot table by lot."""
    if lots is None:
        msg = (
            "the study has no lot table; put bead_lots.csv (lot, beads_per_tube, "
            "expiry) beside the sample sheet, or give read_study(..., bead_lots=...)"
        )
        raise CountingError(msg)
    columns = ["lot", "beads_per_tube"]
    require_columns(lots, columns, "the bead lot table", CountingError)
    names = names_of(lots["lot"])
    twice = names.duplicated()
    if twice.any():
        msg = f"the bead lot table has the lots {listed(names[twice])} more than once"
        raise CountingError(msg)
    return lots.assign(lot=names).set_index("lot")


def _expired(rows: pd.DataFrame, lots: pd.DataFrame) -> pd.Series:
    """Return whether a sample's date is past its lot's expiry; NA where unknown."""
    import pandas as pd

    dates = ("stained", "acquired", "collected", "date")
    column = next((name for name in dates if name in rows), None)
    if "expiry" not in lots or column is None:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    expiry = _days(
        rows["bead_lot"].map(lots["expiry"]), "the bead lot table", future=True
    )
    date = _days(rows[column], "the sample sheet", future=False)
    return (date > expiry).astype("boolean").mask(date.isna() | expiry.isna())


def _days(column: pd.Series, where: str, *, future: bool) -> pd.Series:
    return read_dates(column, where, CountingError, DateRule(future=future)).last


def _refuse_neutrophils_of_pbmc(cells: pd.DataFrame) -> None:
    """Density centrifugation takes neutrophils away: a count would be of the rest."""
    if "specimen" not in cells:
        return
    wrong = cells["specimen"].str.startswith("pbmc", na=False)
    wrong &= cells["name"].str.contains("neutrophil", case=False)
    if wrong.any():
        msg = (
            f"samples {listed(cells['sample'][wrong].unique())} are PBMC, which have "
            "lost their neutrophils; name the other populations in of=[...]"
        )
        raise CountingError(msg)


def _concentrations(cells: pd.DataFrame, pipetting_cv: float) -> pd.DataFrame:
    n_cells = cells["n_events"].to_numpy(float)
    n_beads = cells["n_beads"].to_numpy(float)
    per_cell = cells["factor"].to_numpy(float) / n_beads
    microlitres = 1 / per_cell
    found = n_cells > 0
    variance = np.full(len(cells), np.nan)
    variance[found] = 1 / n_cells[found] + 1 / n_beads[found] + pipetting_cv**2
    low, high = count_ratio_interval(n_cells, n_beads, cv=pipetting_cv)
    factor = cells["factor"].to_numpy(float)
    count = n_cells * per_cell
    return cells.assign(
        microlitres=microlitres,
        per_microlitre=count,
        low=low * factor,
        high=np.where(np.isnan(count), np.nan, high * factor),
        log_variance=variance,
    )


def _shares_disagree(
    populations: Populations, tube: str, shared: tuple[str, str] | None
) -> pd.Series:
    """Per sample: whether another tube's share differs beyond counting and 25 %."""
    import pandas as pd

    samples = populations.counts["sample"].unique()
    verdict = pd.Series(pd.NA, index=samples, dtype="boolean")
    if shared is None:
        return verdict
    gated = set(populations.counts["tube"])
    share = {
        name: populations.fraction(shared[0], of=shared[1], tube=name)
        for name, strategy in populations.strategies.items()
        if name in gated and _nested(strategy, *shared)
    }
    if tube not in share:
        return verdict
    own = share.pop(tube)
    for other in share.values():
        both = own.merge(other, on="sample", suffixes=("", "_other"))
        both = both[(both["n"] > 0) & (both["n_other"] > 0)].set_index("sample")
        # Half a count: a share of none has a logarithm and an error too.
        k, k_other = both["k"] + 0.5, both["k_other"] + 0.5
        p, p_other = k / (both["n"] + 1), k_other / (both["n_other"] + 1)
        ratio = np.log(p / p_other).abs()
        error = np.sqrt((1 - p) / k + (1 - p_other) / k_other)
        beyond = (ratio > Z95 * error) & (ratio > np.log(SHARE_TOLERANCE))
        before = verdict[both.index].fillna(value=False)
        verdict[both.index] = beyond.astype("boolean") | before
    return verdict


def _nested(strategy: GateTree, population: str, ancestor: str) -> bool:
    if population not in strategy or ancestor not in strategy:
        return False
    return strategy.path(population).startswith(strategy.path(ancestor) + "/")
