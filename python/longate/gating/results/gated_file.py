"""One gated file, and what populations need of the study it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample
    from longate.gating.results.gated_sample import GatedSample


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

    def panel_of(self, row: int) -> Panel:
        """Return the channels of the file of a row."""

    def read_file(self, row: int) -> Sample:
        """Read the file of a row of :attr:`samples`."""

    def identity_of(self, row: int) -> dict[str, Any]:
        """Return what tells a file from every other one, and how it was read."""


@dataclass(frozen=True)
class GatedFile:
    """One gated file: its row in the study's samples, and its populations."""

    row: int
    gated: GatedSample


def by_sample(
    files: Sequence[GatedFile],
    keys: Sequence[dict[str, Any]],
    tubes: Collection[str],
) -> list[tuple[dict[str, Any], list[GatedFile]]]:
    """Return keys and files of each sample and tube; several files where runs pool.

    Parameters
    ----------
    files : sequence of GatedFile
        What was gated.
    keys : sequence of dict
        ``sample, patient, visit, tube`` of each.
    tubes : collection of str
        Files of other tubes are left out.
    """
    grouped: dict[tuple[str, str], tuple[dict[str, Any], list[GatedFile]]] = {}
    for file, one in zip(files, keys, strict=True):
        if one["tube"] in tubes:
            key = (one["sample"], one["tube"])
            grouped.setdefault(key, (one, []))[1].append(file)
    return list(grouped.values())
