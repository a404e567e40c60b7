"""A table of results that carries the sentences which limit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence


class ResultTable(pd.DataFrame):  # type: ignore[misc]
    """A data frame with ``.limits``.

    Attributes
    ----------
    limits : tuple of str
        What a reader has to know of the table as a whole, such as patients who were
        left out because labels and data did not match; empty where there is nothing.
    """

    @property
    def _constructor(self) -> type[ResultTable]:
        return ResultTable

    @property
    def limits(self) -> tuple[str, ...]:
        """Sentences that hold for the whole table."""
        return tuple(self.attrs.get("limits", ()))


def with_limits(table: Any, limits: Sequence[str]) -> ResultTable:
    """Return a table with the sentences that limit it."""
    found = ResultTable(table)
    found.attrs["limits"] = list(limits)
    return found
