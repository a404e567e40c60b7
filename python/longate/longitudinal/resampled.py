"""What joint permutations and sign flips share: extent, changes, tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import name_of
from longate._validation import listed, suggest
from longate.exceptions import DesignError
from longate.longitudinal.ties import difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.design import Design

_MOST_REPLICATES = 10_000_000


@dataclass(frozen=True)
class Extent:
    """How many allocations are looked at, with which seed, on how many threads.

    Attributes
    ----------
    most_enumerated : int
        Up to this many, all are; above, a sample.
    replicates : int
        Size of the sample.
    seed : int
        Of the sample; each replicate has its own seed, made of it.
    threads : int
        0 for all processors.
    """

    most_enumerated: int
    replicates: int
    seed: int
    threads: int

    @classmethod
    def of(
        cls, most_enumerated: int, replicates: int, seed: int, threads: int | None
    ) -> Extent:
        """Check the options.

        Raises
        ------
        DesignError
            If one is not a whole number in its range.
        """
        _whole("most_enumerated", most_enumerated, 0, _MOST_REPLICATES)
        _whole("replicates", replicates, 1, _MOST_REPLICATES)
        _whole("seed", seed, 0, 2**64 - 1)
        if threads is not None:
            _whole("threads", threads, 1, 1024)
        return cls(most_enumerated, replicates, seed, threads or 0)

    def options(self) -> dict[str, int]:
        """Return the keywords of the kernels."""
        return {
            "most_enumerated": self.most_enumerated,
            "replicates": self.replicates,
            "seed": self.seed,
            "threads": self.threads,
        }


def _whole(name: str, value: object, least: int, most: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= value <= most:  # type: ignore[operator]
        msg = f"{name} must be a whole number from {least} to {most}, got {value!r}"
        raise DesignError(msg)


def changes_to_visits(
    design: Design, visits: Sequence[object] | None
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Return patients by (outcome, later visit) changes from baseline.

    Raises
    ------
    DesignError
        If a visit is unknown or is not after the baseline.
    """
    import pandas as pd

    names = design.order.names
    later = names[names.index(design.baseline) + 1 :]
    if visits is not None:
        if isinstance(visits, str):
            msg = f"visits must be a list of visits, got {visits!r}"
            raise DesignError(msg)
        chosen = [name_of(visit) for visit in visits]
        for visit in chosen:
            if visit not in later:
                msg = (
                    f"visits names {visit!r}, which is not a visit after the baseline "
                    f"{design.baseline!r}; these are {listed(later)}"
                    f"{suggest(visit, later)}"
                )
                raise DesignError(msg)
        later = tuple(dict.fromkeys(chosen))
    columns: dict[tuple[str, str], pd.Series] = {}
    for outcome in design.outcomes:
        wide = design.of(outcome)
        for visit in later:
            columns[outcome, visit] = pd.Series(
                difference(wide[visit], wide[design.baseline]), index=wide.index
            )
    keys = list(columns)
    if not keys:
        msg = "no visit is left after the baseline; give visits= with one at least"
        raise DesignError(msg)
    changes = pd.concat(list(columns.values()), axis=1, keys=range(len(keys)))
    return changes.sort_index(), keys


def frame_of(
    found: Mapping[str, Any],
    usable: NDArray[np.bool_],
    keys: list[tuple[str, str]],
    problems: list[str],
    extent: Extent,
) -> pd.DataFrame:
    """Return a row per outcome; those that could not be tested are NaN.

    Parameters
    ----------
    found : mapping
        What the kernel returned, columns over the usable outcomes.
    usable : (n,) array of bool
        Which outcomes were tested.
    keys : list of (outcome, visit)
        Of all n outcomes.
    problems : list of str
        Why an outcome was not tested, else empty.
    extent : Extent
        What was asked for.
    """
    import pandas as pd

    frame = pd.DataFrame(keys, columns=["outcome", "visit"])
    for name, column in found.items():
        if not isinstance(column, np.ndarray):
            continue
        if column.dtype == np.float64:
            frame[name] = np.nan
        else:
            frame[name] = pd.Series(pd.NA, index=frame.index, dtype="Int64")
        frame.loc[usable, name] = column
    frame["allocations"], frame["exact"] = found["allocations"], found["exact"]
    frame["seed"] = pd.Series(
        pd.NA if found["exact"] else extent.seed, index=frame.index, dtype="UInt64"
    )
    frame["problem"] = problems
    return frame
