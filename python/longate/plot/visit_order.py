"""The visits of a table, in the order in which a study declares them."""

from __future__ import annotations

import pandas as pd


def visits_of(column: pd.Series) -> list[str]:
    """Return the visits that occur: by category where ordered, else as they come.

    Parameters
    ----------
    column : Series
        The visit of each row, categorical or text.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(column.dropna())
        return [str(v) for v in column.cat.categories if v in present]
    return [str(v) for v in dict.fromkeys(column.dropna())]
