"""Rows of columns, and frames that may hold any name of a file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def frame_of(data: Any, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a data frame of rows or columns that may hold any name of a file.

    Text columns of pandas 3 hold UTF-8 alone; a column with a name that is not UTF-8
    (kept as surrogates) holds objects instead.
    """
    import pandas as pd

    try:
        return pd.DataFrame(data, columns=columns)
    except UnicodeEncodeError:
        frame = pd.DataFrame(data, columns=columns, dtype=object)
    for name in frame.columns:
        with contextlib.suppress(UnicodeEncodeError):
            frame[name] = frame[name].infer_objects()
    return frame


def groups_of(
    frame: pd.DataFrame, keys: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Yield key and rows of each group, in the order of their first rows.

    As ``frame.groupby(keys, sort=False)``, which cannot name groups by what is not
    UTF-8.
    """
    found: dict[tuple[Any, ...], list[int]] = {}
    columns = [frame[key].tolist() for key in keys]
    for position, key in enumerate(zip(*columns, strict=True)):
        found.setdefault(key, []).append(position)
    for key, positions in found.items():
        yield key, frame.iloc[positions]
