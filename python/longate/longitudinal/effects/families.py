"""Benjamini-Hochberg within declared families, and what they can still show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate._validation import require_columns, table_of
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def adjust_families(
    table: object,
    *,
    p: str = "p",
    family: str | Sequence[str] | None = None,
    smallest_p: str = "smallest_p",
) -> pd.DataFrame:
    r"""Adjust p by Benjamini and Hochberg within families that were declared.

    .. math:: \tilde p_{(i)} = \min_{j \ge i} \min(1, m\,p_{(j)} / j)

    Parameters
    ----------
    table : DataFrame, or an object with a ``.table``
        A result with a column of p values; missing ones were not tested and
        count for nothing.
    p : str
        The column to adjust.
    family : str or sequence of str, optional
        Column(s) whose levels are the families, e.g. lineages, stages, markers;
        by default the whole table is one.
    smallest_p : str
        The column with the smallest reachable p, where there is one.

    Returns
    -------
    DataFrame
        The table with ``family_size`` (tests in the family), ``<p>_adjusted``
        and, where the smallest attainable p is known, ``smallest_p_times_family``:
        where this is above the level for the best single test of a family, it cannot
        be found by itself.

    Raises
    ------
    DesignError
        If a column is missing, or p lies outside 0 and 1.

    References
    ----------
    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"kind": ["a", "a", "b"], "p": [0.01, 0.04, 0.04]})
    >>> adjust_families(table, family="kind")["p_adjusted"].tolist()
    [0.02, 0.04, 0.04]
    """
    import pandas as pd
    from scipy.stats import false_discovery_control

    frame = table_of(table, "the table", DesignError).copy()
    keys = [family] if isinstance(family, str) else list(family or [])
    require_columns(frame, [p, *keys], "the table", DesignError)
    values = frame[p].to_numpy(dtype=np.float64)
    tested = ~np.isnan(values)
    if not ((values[tested] >= 0) & (values[tested] <= 1)).all():
        msg = f"{p} holds values below 0 or above 1"
        raise DesignError(msg)
    name = pd.Series("", index=frame.index)
    for key in keys:
        name = name + "\x1f" + frame[key].astype(str)
    adjusted = np.full(len(frame), np.nan)
    size = np.zeros(len(frame), dtype=np.int64)
    for one in dict.fromkeys(name):
        own = (name == one).to_numpy()
        size[own] = int((own & tested).sum())
        if (own & tested).any():
            adjusted[own & tested] = false_discovery_control(values[own & tested])
    frame["family_size"] = size
    frame[f"{p}_adjusted"] = adjusted
    if smallest_p in frame:
        frame["smallest_p_times_family"] = frame[smallest_p] * size
    return frame
