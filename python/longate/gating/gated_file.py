"""One gated file, and what populations need of the study it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from longate.gating.counting import count_places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.sample import Sample
    from longate.gating.gated_sample import GatedSample
    from longate.gating.strategy import GatingStrategy


class GatedStudy(Protocol):
    """What populations need of the study they come from."""

    @property
    def samples(self) -> pd.DataFrame:
        """One row per file."""

    @property
    def compensations(self) -> Mapping[int, Compensation | None]:
        """The matrix of each acquisition, by row."""

    @property
    def bead_lots(self) -> pd.DataFrame | None:
        """Lot table of counting beads."""

    def read_file(self, row: int) -> Sample:
        """Read the file of a row of :attr:`samples`."""

    def identity_of(self, row: int) -> dict[str, Any]:
        """Return what tells a file from every other one, and how it was read."""


@dataclass(frozen=True)
class GatedFile:
    """One gated file: its row in the study's samples, and its populations."""

    row: int
    gated: GatedSample


def joined_mask(files: Sequence[GatedFile], population: str) -> NDArray[np.bool_]:
    """Return which events belong to a population, files one behind the other."""
    return np.concatenate([file.gated.mask(population) for file in files])


def counted(
    strategies: Mapping[str, GatingStrategy],
    files: Sequence[GatedFile],
    keys: pd.DataFrame,
) -> pd.DataFrame:
    """Return a row per file and population: keys, path, parent, and counts.

    Parameters
    ----------
    strategies : mapping of str to GatingStrategy
        By tube.
    files : sequence of GatedFile
        What was gated.
    keys : DataFrame
        A row per file, ``tube`` among its columns.
    """
    import pandas as pd

    tables = {tube: count_places(strategy) for tube, strategy in strategies.items()}
    rows = [tables[tube] for tube in keys["tube"]]
    inside = [np.array([file.gated.n_events, *file.gated.n_inside]) for file in files]
    parents = [
        counts[table.parents] for counts, table in zip(inside, rows, strict=True)
    ]
    per_file = [len(table.populations) for table in rows]
    frame = keys.take(np.repeat(np.arange(len(rows)), per_file))
    frame = frame.reset_index(drop=True)
    return frame.assign(
        population=[path for table in rows for path in table.populations],
        parent=pd.array(
            [path for table in rows for path in table.parent_paths],
            dtype=frame["sample"].dtype,
        ),
        n_events=np.concatenate(inside),
        n_parent=np.concatenate(parents),
    )
