"""Published reference ranges, shown where units agree and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class ReferenceRange(NamedTuple):
    """Limits of a share of NK cells in blood of adults."""

    low: float
    high: float
    source: str


_ARUP = "ARUP Laboratories test 2013805, effective 2020-08-17, % of NK cells"

SHARES_OF_NK = {
    "bright16neg": ReferenceRange(0.007, 0.063, _ARUP),
    "dim16pos": ReferenceRange(0.470, 0.945, _ARUP),
}
"""By stage: CD16- CD56bright and CD16+ CD56dim cells as shares of NK cells.

A laboratory's intervals for its own gates and reagents: a hint, not a verdict.
"""

_NK = ("nk", "nk cells", "nk-cells")


def with_reference_ranges(stages: pd.DataFrame, parent: str) -> pd.DataFrame:
    """Add ``reference_low, reference_high, reference_source`` to a table of stages.

    Parameters
    ----------
    stages : DataFrame
        With ``stage`` and ``fraction`` (of the NK parent).
    parent : str
        Path of the NK parent. Ranges are shares of all NK cells, so they are only
        given where the parent's own name is NK.

    Returns
    -------
    DataFrame
        NaN and an empty source where no published range has the same unit.
    """
    name = parent.rpartition("/")[2].casefold()
    known = SHARES_OF_NK if name in _NK else {}
    found = [known.get(stage) for stage in stages["stage"]]
    return stages.assign(
        reference_low=[np.nan if r is None else r.low for r in found],
        reference_high=[np.nan if r is None else r.high for r in found],
        reference_source=["" if r is None else r.source for r in found],
    )
