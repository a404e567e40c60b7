"""One gated file, and what populations need of the study it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.sample import Sample
    from longate.gating.compiled import GatedSample


class GatedStudy(Protocol):
    """What populations need of the study they come from."""

    @property
    def samples(self) -> pd.DataFrame:
        """One row per file."""

    def read_file(self, row: int) -> Sample:
        """Read the file of a row of :attr:`samples`."""


@dataclass(frozen=True)
class GatedFile:
    """One gated file: its row in the study's samples, and its populations."""

    row: int
    gated: GatedSample


def joined_mask(files: Sequence[GatedFile], population: str) -> NDArray[np.bool_]:
    """Return which events belong to a population, files one behind the other."""
    return np.concatenate([file.gated.mask(population) for file in files])
