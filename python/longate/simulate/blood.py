"""Leukocytes of simulated whole blood: cells per microlitre at each visit.

Log-normal across patients, a log-ratio per visit under treatment, and biological
variation within the patient. Medians and spreads follow published counts in
relapsing-remitting MS before a trial; **the changes under treatment follow the
directions of the model study's abstract only, their sizes are assumptions**.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

VISITS: tuple[str, ...] = ("m00", "m06", "m12")


@dataclass(frozen=True)
class CellType:
    """One kind of leukocyte.

    Parameters
    ----------
    name : str
        As the populations of the strategies are called.
    median : float
        Median over patients before treatment, cells per microlitre.
    between : float
        Standard deviation of ln(concentration) between patients.
    within : float
        Biological standard deviation of ln(concentration) within a patient.
    change : (float, float)
        Log-ratio to baseline at months 6 and 12, an assumption.
    """

    name: str
    median: float
    between: float
    within: float
    change: tuple[float, float] = (0.0, 0.0)


CELL_TYPES: tuple[CellType, ...] = (
    CellType("Neutrophils", 3900.0, 0.30, 0.25, (-0.05, -0.05)),
    CellType("Eosinophils", 150.0, 0.60, 0.25),
    CellType("Basophils", 40.0, 0.50, 0.25),
    CellType("Monocytes", 450.0, 0.30, 0.15),
    CellType("CD4 T", 800.0, 0.43, 0.10, (-0.30, -0.35)),
    CellType("CD8bright T", 340.0, 0.45, 0.10, (-0.25, -0.30)),
    CellType("CD8low T", 40.0, 0.50, 0.10, (0.15, 0.25)),
    CellType("B cells", 196.0, 0.64, 0.15, (-1.00, -1.20)),
    CellType("NK", 154.0, 0.56, 0.22, (0.10, 0.20)),
)

# Sums that the gating strategies also report.
TOTALS: dict[str, tuple[str, ...]] = {
    "T cells": ("CD4 T", "CD8bright T", "CD8low T"),
    "Lymphocytes": ("CD4 T", "CD8bright T", "CD8low T", "B cells", "NK"),
    "Leukocytes": tuple(cell.name for cell in CELL_TYPES),
}


def concentrations(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return one patient's true cells per microlitre.

    Parameters
    ----------
    rng : numpy.random.Generator
        The patient's own generator.

    Returns
    -------
    (n_visits, n_cell_types) array of float64
        In the order of :data:`VISITS` and :data:`CELL_TYPES`.

    Notes
    -----
    ln C = ln median + between x z_patient + change(visit) + within x z_visit.
    """
    between = np.array([cell.between for cell in CELL_TYPES])
    within = np.array([cell.within for cell in CELL_TYPES])
    level = np.log([cell.median for cell in CELL_TYPES])
    level = level + between * rng.standard_normal(len(CELL_TYPES))
    change = np.array([(0.0, *cell.change) for cell in CELL_TYPES]).T
    noise = within * rng.standard_normal((len(VISITS), len(CELL_TYPES)))
    concentration: npt.NDArray[np.float64] = np.exp(level + change + noise)
    return concentration
