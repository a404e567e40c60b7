"""Panels of the simulated tubes: who is stained with what, and what spills where.

A panel is a value: the tubes differ in their :class:`Panel` alone. Spillover is a
property of detectors (:data:`SPILL`), so each panel's matrix is the part of one
table that its detectors need.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class Detector:
    """One fluorescence detector.

    Parameters
    ----------
    efficiency : float
        Photoelectrons per unit of the linear scale; counting noise is
        Poisson(efficiency x intensity) / efficiency.
    noise : float
        Electronic noise, standard deviation in units of the linear scale.
    autofluorescence : float
        Median autofluorescence of a lymphocyte, units of the linear scale.
    voltage : int
        Written as ``$PnV``; constant through the study.
    """

    efficiency: float
    noise: float
    autofluorescence: float
    voltage: int


DETECTORS: MappingProxyType[str, Detector] = MappingProxyType(
    {
        "FITC-A": Detector(0.15, 30.0, 130.0, 480),
        "PE-A": Detector(0.40, 20.0, 100.0, 455),
        "PerCP-Cy5-5-A": Detector(0.12, 35.0, 80.0, 560),
        "PE-Cy7-A": Detector(0.20, 25.0, 60.0, 590),
        "APC-A": Detector(0.25, 25.0, 60.0, 540),
        "AF700-A": Detector(0.10, 40.0, 60.0, 555),
        "APC-H7-A": Detector(0.08, 45.0, 60.0, 600),
        "BV421-A": Detector(0.45, 25.0, 110.0, 410),
        "BV510-A": Detector(0.20, 30.0, 130.0, 430),
        "BV605-A": Detector(0.25, 30.0, 100.0, 500),
    }
)

# Fraction of the light of a dye (named by its own detector) seen by another one.
SPILL: MappingProxyType[tuple[str, str], float] = MappingProxyType(
    {
        ("FITC-A", "PE-A"): 0.18,
        ("FITC-A", "BV510-A"): 0.02,
        ("PE-A", "FITC-A"): 0.015,
        ("PE-A", "PerCP-Cy5-5-A"): 0.15,
        ("PE-A", "BV605-A"): 0.04,
        ("PerCP-Cy5-5-A", "PE-Cy7-A"): 0.30,
        ("PE-Cy7-A", "PE-A"): 0.015,
        ("APC-A", "AF700-A"): 0.12,
        ("APC-A", "APC-H7-A"): 0.10,
        ("AF700-A", "APC-A"): 0.01,
        ("AF700-A", "APC-H7-A"): 0.20,
        ("APC-H7-A", "APC-A"): 0.04,
        ("APC-H7-A", "AF700-A"): 0.04,
        ("BV421-A", "BV510-A"): 0.20,
        ("BV510-A", "BV605-A"): 0.08,
        ("BV605-A", "PE-A"): 0.03,
    }
)

SCATTER: tuple[str, ...] = ("FSC-A", "FSC-H", "SSC-A")


@dataclass(frozen=True)
class Panel:
    """One tube's panel.

    Parameters
    ----------
    tube : str
        Name of the tube in the study sheet.
    version : str
        Written as ``panel_version`` in the sheet.
    stains : tuple of (str, str)
        Pairs of marker (``$PnS``) and detector (``$PnN``).
    blood_ul : float
        Whole blood pipetted into the tube, microlitres.
    beads : bool
        Whether the tube holds counting beads.
    """

    tube: str
    version: str
    stains: tuple[tuple[str, str], ...]
    blood_ul: float
    beads: bool = False

    @property
    def markers(self) -> tuple[str, ...]:
        """Stained markers, in the order of the channels."""
        return tuple(marker for marker, _ in self.stains)

    @property
    def detectors(self) -> tuple[str, ...]:
        """Fluorescence detectors, in the order of the channels."""
        return tuple(detector for _, detector in self.stains)

    @property
    def channels(self) -> tuple[str, ...]:
        """All channels of the file: scatter, fluorescence, Time."""
        return (*SCATTER, *self.detectors, "Time")

    @cached_property
    def spillover(self) -> npt.NDArray[np.float64]:
        """True spillover, (n, n): rows are dyes, columns detectors, diagonal 1."""
        matrix = np.eye(len(self.stains))
        for row, dye in enumerate(self.detectors):
            for column, detector in enumerate(self.detectors):
                if row != column:
                    matrix[row, column] = SPILL.get((dye, detector), 0.0)
        matrix.setflags(write=False)
        return matrix


NK_PANEL = Panel(
    tube="NK",
    version="NK-10c-v1",
    stains=(
        ("dump", "FITC-A"),
        ("KIR", "PE-A"),
        ("CD3", "PerCP-Cy5-5-A"),
        ("CD56", "PE-Cy7-A"),
        ("NKG2A", "APC-A"),
        ("NKG2C", "AF700-A"),
        ("CD16", "APC-H7-A"),
        ("CX3CR1", "BV421-A"),
        ("CD45", "BV510-A"),
        ("CD57", "BV605-A"),
    ),
    blood_ul=100.0,
)

LINEAGE_PANEL = Panel(
    tube="lineage",
    version="lineage-8c-v1",
    stains=(
        ("CD3", "FITC-A"),
        ("CD16", "PE-A"),
        ("CD45", "PerCP-Cy5-5-A"),
        ("CD56", "PE-Cy7-A"),
        ("CD19", "APC-A"),
        ("CD8", "APC-H7-A"),
        ("CD4", "BV421-A"),
        ("CD14", "BV510-A"),
    ),
    blood_ul=50.0,
    beads=True,
)

LEGACY_PANEL = Panel(
    tube="legacy",
    version="legacy-8c",
    stains=(
        ("CD57", "FITC-A"),
        ("KIR", "PE-A"),
        ("CD3", "PerCP-Cy5-5-A"),
        ("CD56", "PE-Cy7-A"),
        ("NKG2A", "APC-A"),
        ("CD16", "APC-H7-A"),
        ("CX3CR1", "BV421-A"),
        ("CD45", "BV510-A"),
    ),
    blood_ul=100.0,
)

PANELS: MappingProxyType[str, Panel] = MappingProxyType(
    {panel.tube: panel for panel in (NK_PANEL, LINEAGE_PANEL, LEGACY_PANEL)}
)
