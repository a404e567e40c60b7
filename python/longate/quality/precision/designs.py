"""Precision designs by their names, and what a table lacks to be one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class PrecisionDesign:
    """Nested terms of a standard design, and how many levels each has.

    Parameters
    ----------
    name : str
        As the standard calls it.
    terms : tuple of str
        Outermost first; single measurements are nested in the last.
    sizes : tuple of int
        Levels of the first term, then levels within each; measurements last.
    totals : tuple of str
        Names of the sums of components, from single measurements outwards.
    """

    name: str
    terms: tuple[str, ...]
    sizes: tuple[int, ...]
    totals: tuple[str, ...]

    @property
    def words(self) -> str:
        """The design's sizes, such as ``20 day x 2 run x 2 measurements``."""
        parts = [f"{n} {term}" for n, term in zip(self.sizes, self.terms, strict=False)]
        return " x ".join([*parts, f"{self.sizes[-1]} measurements"])

    def shortfall(self, levels: Sequence[NDArray[np.intp]], n: int) -> str:
        """Say what the measurements lack; empty where they are enough.

        Parameters
        ----------
        levels : sequence of (n,) arrays of int
            By term.
        n : int
            Measurements.
        """
        found, above = [], np.zeros(n, dtype=np.intp)
        for level in [*levels, np.arange(n)]:
            pairs = np.unique(np.column_stack([above, level]), axis=0)
            below = np.bincount(pairs[:, 0])
            found.append((int(below.min()), int(below.max())))
            above = level
        low = all(low >= size for (low, _), size in zip(found, self.sizes, strict=True))
        if low:
            return ""
        sizes = " x ".join(
            str(low) if low == high else f"{low}-{high}" for low, high in found
        )
        return (
            f"{self.name} asks for {self.words}; found are {sizes} ({n} measurements): "
            f"in the manner of {self.name}, not by it."
        )


DESIGNS: Mapping[str, PrecisionDesign] = {
    design.name: design
    for design in (
        PrecisionDesign(
            "EP05-A3",
            ("day", "run"),
            (20, 2, 2),
            ("repeatability", "within-day", "within-laboratory"),
        ),
        PrecisionDesign(
            "EP05-A3 multi-site",
            ("site", "day"),
            (3, 5, 5),
            ("repeatability", "within-laboratory", "reproducibility"),
        ),
        PrecisionDesign(
            "EP15-A3", ("run",), (5, 5), ("repeatability", "within-laboratory")
        ),
    )
}
"""Designs of CLSI EP05-A3 (establishing precision) and EP15-A3 (verifying a claim)."""


def design_of(name: str, table: pd.DataFrame) -> PrecisionDesign:
    """Return a design, with columns that the table has.

    Parameters
    ----------
    name : str
        A name of :data:`DESIGNS`.
    table : DataFrame
        Where ``run`` is missing, ``day`` is taken for EP15-A3: its five runs are often
        five days.

    Raises
    ------
    DesignError
        If the design is unknown, or a column is missing.
    """
    if name not in DESIGNS:
        msg = (
            f"unknown precision design {name!r}{suggest(name, DESIGNS)}; known are "
            f"{listed(DESIGNS)}, or give the columns as terms=(...)"
        )
        raise DesignError(msg)
    found = DESIGNS[name]
    if found.terms == ("run",) and "run" not in table and "day" in table:
        found = PrecisionDesign(found.name, ("day",), found.sizes, found.totals)
    missing = [term for term in found.terms if term not in table]
    if missing:
        msg = (
            f"{name} needs the columns {listed(found.terms)} ({found.words}); the "
            f"table lacks {listed(missing)}"
        )
        raise DesignError(msg)
    return found
