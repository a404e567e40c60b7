"""How bright each kind of particle is: the classes of the simulator and their stains.

A *class* is a kind of particle that shares its expression: every leukocyte type,
every latent NK stage, debris and counting beads. For each marker a class has a
probability to be positive, and positive cells have a log-normal stain. Levels are
log10 of the linear scale, after the values of flow cytometers with a range of
262,144; they are assumptions, chosen so that fixed gates separate the modes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.simulate.blood import CELL_TYPES
from longate.simulate.stages import CD56_CLASS, LATENT, POSITIVE

if TYPE_CHECKING:
    import numpy.typing as npt

    from longate.simulate.panels import Panel

_TYPES: tuple[str, ...] = tuple(c.name for c in CELL_TYPES if c.name != "NK")
CLASSES: tuple[str, ...] = (
    *_TYPES,
    *(f"NK:{stage}" for stage in LATENT),
    "Beads",
    "Debris",
)
FIRST_NK: int = len(_TYPES)
BEADS: int = CLASSES.index("Beads")
DEBRIS: int = CLASSES.index("Debris")

# What an unstained-for marker still binds: dim, unspecific.
UNSPECIFIC_LEVEL = 1.2
UNSPECIFIC_SD = 0.25
BEAD_LEVEL = 5.2
BEAD_CV = 0.04
AUTOFLUORESCENCE_SD = 0.15

# Levels of negative, dim and bright modes that the strategies also refer to:
# log10 of the compensated linear scale, autofluorescence included.
NEGATIVE_LEVEL = 2.1


@dataclass(frozen=True)
class Expression:
    """Expression of one marker by one class.

    Parameters
    ----------
    positive : float
        Probability that a cell is positive.
    level, sd : float
        Mean and standard deviation of log10 stain of a positive cell.
    """

    positive: float
    level: float
    sd: float


_T_CELLS = ("CD4 T", "CD8bright T", "CD8low T")

# {marker: {cell type: (P(positive), log10 level, sd)}}; absent means negative.
_LEUKOCYTES: dict[str, dict[str, tuple[float, float, float]]] = {
    "CD45": {
        "Neutrophils": (1.0, 3.9, 0.10),
        "Eosinophils": (1.0, 4.0, 0.10),
        "Basophils": (1.0, 3.8, 0.08),
        "Monocytes": (1.0, 4.2, 0.10),
        "B cells": (1.0, 4.4, 0.08),
        **dict.fromkeys(_T_CELLS, (1.0, 4.4, 0.08)),
        "Debris": (0.08, 3.0, 0.25),
    },
    "CD3": dict.fromkeys(_T_CELLS, (1.0, 4.3, 0.12)),
    "CD4": {"CD4 T": (1.0, 4.2, 0.10), "Monocytes": (1.0, 3.2, 0.15)},
    "CD8": {"CD8bright T": (1.0, 4.4, 0.12), "CD8low T": (1.0, 3.5, 0.13)},
    "CD14": {"Monocytes": (1.0, 4.2, 0.15)},
    "CD19": {"B cells": (1.0, 4.0, 0.12)},
    "dump": {"Monocytes": (1.0, 4.2, 0.15), "B cells": (1.0, 4.0, 0.12)},
    "CD16": {
        "Neutrophils": (1.0, 4.6, 0.15),
        "Monocytes": (0.10, 3.6, 0.20),
        "CD8bright T": (0.02, 3.7, 0.20),
    },
    "CD56": {
        "CD8bright T": (0.05, 3.6, 0.20),
        "CD8low T": (0.20, 3.6, 0.20),
        "CD4 T": (0.01, 3.6, 0.20),
        "Monocytes": (0.03, 3.3, 0.20),
    },
    "CX3CR1": {
        "Monocytes": (1.0, 3.7, 0.20),
        "CD8bright T": (0.30, 3.3, 0.25),
        "CD8low T": (0.30, 3.3, 0.25),
        "CD4 T": (0.03, 3.2, 0.25),
    },
    "CD57": {
        "CD8bright T": (0.30, 4.0, 0.25),
        "CD8low T": (0.40, 4.0, 0.25),
        "CD4 T": (0.06, 4.0, 0.25),
    },
    "KIR": {
        "CD8bright T": (0.05, 3.6, 0.30),
        "CD8low T": (0.15, 3.6, 0.30),
        "CD4 T": (0.01, 3.6, 0.30),
    },
    "NKG2A": {"CD8bright T": (0.05, 3.3, 0.22), "CD8low T": (0.10, 3.3, 0.22)},
    "NKG2C": {"CD8bright T": (0.01, 3.6, 0.20), "CD8low T": (0.02, 3.6, 0.20)},
}

# Levels of positive NK cells by latent stage, in the order of LATENT.
_NK_LEVELS: dict[str, tuple[tuple[float, ...], float]] = {
    "CD16": ((3.6, 3.6, 4.2, 4.2, 4.2, 4.2, 4.1, 4.2), 0.18),
    "NKG2A": ((3.7, 3.7, 3.5, 3.3, 3.3, 3.3, 3.3, 3.5), 0.22),
    "NKG2C": ((3.6, 3.6, 3.6, 3.6, 3.6, 3.8, 3.6, 3.6), 0.20),
    "KIR": ((3.6,) * 8, 0.30),
    "CX3CR1": ((3.3,) * 8, 0.25),
    "CD57": ((4.0,) * 8, 0.25),
}
_NK_CD56: dict[int, tuple[float, float]] = {1: (3.8, 0.15), 2: (4.6, 0.15)}
_NK_CD8 = (0.30, 3.4, 0.15)  # the trap of CD8low gates that forget CD3

# Relative to a lymphocyte: autofluorescence, and medians of scatter in thousands.
_OPTICS: dict[str, tuple[float, float, float]] = {
    "Neutrophils": (1.6, 100.0, 140.0),
    "Eosinophils": (5.0, 90.0, 165.0),
    "Basophils": (1.2, 70.0, 33.0),
    "Monocytes": (1.8, 95.0, 60.0),
    "CD4 T": (1.0, 60.0, 25.0),
    "CD8bright T": (1.0, 60.0, 25.0),
    "CD8low T": (1.0, 60.0, 25.0),
    "B cells": (1.0, 62.0, 25.0),
    "NK": (1.0, 64.0, 28.0),
    "Beads": (0.0, 20.0, 90.0),
    "Debris": (0.25, 12.0, 7.0),
}
_SCATTER_SD: dict[str, float] = {"Beads": 0.05, "Debris": 0.35}
_LEUKOCYTE_SCATTER_SD = 0.13


def expression(marker: str) -> dict[str, Expression]:
    """Return the expression of a marker by class; absent classes are negative."""
    table = {
        name: Expression(*values)
        for name, values in _LEUKOCYTES.get(marker, {}).items()
    }
    for i, stage in enumerate(LATENT):
        key = f"NK:{stage}"
        if marker == "CD45":
            table[key] = Expression(1.0, 4.4, 0.08)
        elif marker == "CD8":
            table[key] = Expression(*_NK_CD8)
        elif marker == "CD56" and CD56_CLASS[i] > 0:
            table[key] = Expression(1.0, *_NK_CD56[int(CD56_CLASS[i])])
        elif marker in _NK_LEVELS:
            levels, sd = _NK_LEVELS[marker]
            table[key] = Expression(POSITIVE[marker][i], levels[i], sd)
    return table


@dataclass(frozen=True)
class StainTable:
    """A panel's stains and scatter by class, as arrays for look-up.

    Attributes
    ----------
    positive, level, sd : (n_classes, n_markers) array of float32
        Probability to be positive; log10 stain of positive cells.
    autofluorescence : (n_classes,) array of float32
        Relative to a lymphocyte.
    scatter : (n_classes, 2) array of float32
        ln of the medians of FSC-A and SSC-A.
    scatter_sd : (n_classes,) array of float32
        Standard deviation of ln scatter.
    """

    positive: npt.NDArray[np.float32]
    level: npt.NDArray[np.float32]
    sd: npt.NDArray[np.float32]
    autofluorescence: npt.NDArray[np.float32]
    scatter: npt.NDArray[np.float32]
    scatter_sd: npt.NDArray[np.float32]

    @classmethod
    def of(cls, panel: Panel) -> StainTable:
        """Lay out the stains of a panel."""
        shape = (len(CLASSES), len(panel.markers))
        positive = np.zeros(shape, dtype=np.float32)
        level = np.full(shape, UNSPECIFIC_LEVEL, dtype=np.float32)
        sd = np.full(shape, UNSPECIFIC_SD, dtype=np.float32)
        for j, marker in enumerate(panel.markers):
            for name, stain in expression(marker).items():
                i = CLASSES.index(name)
                positive[i, j] = stain.positive
                level[i, j], sd[i, j] = stain.level, stain.sd
        # Beads glow by themselves: the dyes that would light all detectors alike.
        glow = 10.0**BEAD_LEVEL * np.linalg.inv(panel.spillover.T).sum(axis=1)
        positive[BEADS] = 1.0
        level[BEADS] = np.log10(glow)
        sd[BEADS] = BEAD_CV / np.log(10)
        rows = [_OPTICS["NK" if name.startswith("NK:") else name] for name in CLASSES]
        optics = np.array(rows, dtype=np.float32)
        spread = [_SCATTER_SD.get(name, _LEUKOCYTE_SCATTER_SD) for name in CLASSES]
        return cls(
            positive,
            level,
            sd,
            autofluorescence=optics[:, 0].copy(),
            scatter=np.log(1000.0 * optics[:, 1:]),
            scatter_sd=np.array(spread, dtype=np.float32),
        )
