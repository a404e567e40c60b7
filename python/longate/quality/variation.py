"""One known source of variation, with its size and where the size is known from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from longate.exceptions import DesignError


@dataclass(frozen=True)
class Variation:
    """One component of a reference change value, and where its size is known from.

    Parameters
    ----------
    size : float
        At least 0. For an index a standard deviation in its units; for a fraction
        of stages a coefficient of variation (0.2 for 20 %).
    source : str
        A publication, a file of repeated measurements, a bridging study ... It is
        shown beside every verdict.
    df : float
        Degrees of freedom of the size; infinite where it is taken as known.
    assumed : bool
        Whether the size is assumed: variation within a person that does not come from
        stable untreated subjects or from two baselines is (from treated patients it
        would be circular).

    Raises
    ------
    DesignError
        If the size is no number from 0 on, no source is given, or `df` is not above 0.

    Examples
    --------
    >>> import longate as lg
    >>> lg.nk.Variation(0.02, "12 donors, weekly for 8 weeks").size
    0.02
    """

    size: float
    source: str
    df: float = math.inf
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that are none, and sizes from nowhere."""
        if not 0 <= self.size < math.inf:
            msg = f"the size of a variation is at least 0, got {self.size!r}"
            raise DesignError(msg)
        if not self.source.strip():
            msg = (
                "a variation needs its source (a publication, repeated measurements "
                "...): no default is known, and a verdict shows where it comes from"
            )
            raise DesignError(msg)
        if not self.df > 0:
            msg = f"degrees of freedom must be above 0, got {self.df!r}"
            raise DesignError(msg)
