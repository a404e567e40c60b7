"""Rows of a column, for a table that is made of columns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def taken(column: pd.Series, rows: Sequence[int] | NDArray[np.intp]) -> Any:
    """Return some rows of a column, of the very same type and without its index.

    Parameters
    ----------
    column : Series
        Of any type.
    rows : sequence of int
        Which rows, from 0; one may be there many times.
    """
    import pandas as pd

    values = column.array.take(rows)
    # A table would make text of objects that are text.
    return pd.Series(values, dtype=object) if column.dtype == object else values
