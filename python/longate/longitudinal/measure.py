"""What is analysed: a column, or k of n, on a declared scale.

- identity: the value itself; differences in change are in its unit.
- log: the natural logarithm; a difference in change is a ratio of ratios.
- logit: the empirical logit ln((k + 1/2) / (n - k + 1/2)) of k events among n;
  a difference in change is a ratio of odds ratios. Every known count stays in,
  however small (Haldane 1956, doi:10.1111/j.1469-1809.1955.tb01285.x).
- fraction: k / n, whose mean does not depend on n; the scale of rare populations
  (:mod:`longate.longitudinal.scarce`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import one_of, require_columns
from longate.exceptions import DesignError

if TYPE_CHECKING:
    import pandas as pd

SCALES = ("identity", "log", "logit", "fraction")
OF_COUNTS = ("logit", "fraction")


@dataclass(frozen=True)
class Measure:
    """Columns of the data and the scale on which they are analysed.

    Attributes
    ----------
    columns : tuple of str
        One column, or (k, n).
    scale : str
        identity, log, logit or fraction.
    """

    columns: tuple[str, ...]
    scale: str

    @classmethod
    def of(cls, value: object, scale: str) -> Measure:
        """Check `value` and `scale` against each other.

        Raises
        ------
        DesignError
            If the scale is unknown or does not fit the number of columns.
        """
        one_of("scale", scale, SCALES, DesignError)
        columns = (value,) if isinstance(value, str) else value
        names = tuple(columns) if isinstance(columns, tuple | list) else ()
        if not all(isinstance(name, str) for name in names) or len(names) not in (1, 2):
            msg = (
                f"value must be a column's name, or the two names (k, n) of counts "
                f"with scale='logit' or 'fraction'; got {value!r}"
            )
            raise DesignError(msg)
        if (len(names) == 2) != (scale in OF_COUNTS):
            right = "value=('n_events', 'n_parent'), scale='logit'"
            msg = (
                f"scale={scale!r} does not fit value={value!r}: logit and fraction are "
                f"formed of two columns, the counts k and n ({right}); the other "
                f"scales of one column"
            )
            raise DesignError(msg)
        return cls(names, scale)

    @property
    def name(self) -> str:
        """The measure in words: ``index`` or ``n_events of n_parent``."""
        return " of ".join(self.columns)

    @property
    def ratio(self) -> str | None:
        """What the exponential of a difference is, or None on the identity."""
        return {"log": "ratio of ratios", "logit": "ratio of odds ratios"}.get(
            self.scale
        )

    def read(self, frame: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
        """Return ``value`` (as measured; k/n of counts) and ``analysed``.

        Parameters
        ----------
        frame : DataFrame
            The data.
        where : Series of str
            For each row, its words in a message.

        Raises
        ------
        DesignError
            If values are not numbers, not finite, not counts, or not positive
            on the log scale; the rows are named.
        """
        import pandas as pd

        require_columns(frame, self.columns, "the data", DesignError)
        numbers = [_numbers(frame[column], column, where) for column in self.columns]
        if self.scale in OF_COUNTS:
            return self._of_counts(numbers[0], numbers[1], where)
        value = numbers[0]
        if self.scale == "identity":
            return pd.DataFrame({"value": value, "analysed": value})
        bad = value <= 0
        if bad.any():
            msg = (
                f"the logarithm needs values above 0, but {self.name} is not in "
                f"{_named(where, bad, value)}. If they are k events of n, use "
                f"value=(k, n), scale='logit', which keeps zero counts; no constant "
                f"is added silently"
            )
            raise DesignError(msg)
        return pd.DataFrame({"value": value, "analysed": np.log(value)})

    def _of_counts(self, k: pd.Series, n: pd.Series, where: pd.Series) -> pd.DataFrame:
        import pandas as pd

        both = k.notna() & n.notna()
        whole = (k % 1 == 0) & (n % 1 == 0)
        bad = both & ~(whole & (k >= 0) & (k <= n))
        if bad.any():
            pairs = k.astype(str) + " of " + n.astype(str)
            msg = (
                f"{self.columns[0]} and {self.columns[1]} must be counts with "
                f"0 <= k <= n, but are not in {_named(where, bad, pairs)}"
            )
            raise DesignError(msg)
        # Nothing was counted where n is 0: that is a missing value.
        known = both & (n > 0)
        value = (k / n).where(known)
        found = {"value": value, "k": k.where(known), "n": n.where(known)}
        if self.scale == "fraction":
            return pd.DataFrame(found | {"analysed": value})
        logit = np.log((k + 0.5) / (n - k + 0.5)).where(known)
        return pd.DataFrame(found | {"analysed": logit})


def _numbers(column: pd.Series, name: str, where: pd.Series) -> pd.Series:
    """Return a column as float64, missing where empty."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    bad = (numbers.isna() & column.notna()) | np.isinf(numbers)
    if bad.any():
        msg = (
            f"{name} is not a finite number in {_named(where, bad, column)}; leave "
            f"it empty where it was not measured"
        )
        raise DesignError(msg)
    return numbers


def _named(where: pd.Series, bad: pd.Series, values: Any) -> str:
    rows = [
        f"{words} ({value})"
        for words, value in zip(where[bad], values[bad], strict=True)
    ]
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return ", ".join(rows[:5]) + more
