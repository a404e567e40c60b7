"""Truth tables of a simulated cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from longate.simulate import stages
from longate.simulate.blood import CELL_TYPES, TOTALS
from longate.simulate.phenotypes import BEADS, CLASSES, DEBRIS, FIRST_NK
from longate.simulate.tube import NK_CLASSES, Recipe, Tube

if TYPE_CHECKING:
    import numpy.typing as npt

_NAMES = [c.name for c in CELL_TYPES]


@dataclass(frozen=True)
class FileTruth:
    """What is true of one file, small enough to keep for all files.

    Attributes
    ----------
    key : dict
        sample, patient, visit, tube.
    recipe : Recipe
        What the tube was made of.
    singlets, in_doublets : (n_classes,) array of int64
        Events of one particle, and particles in doublets, by class.
    labels : (8,) array of int64
        NK singlets by label.
    n_events, n_doublets : int
        Events of the file, and how many of them are doublets.
    acquired, blood_ul : float
        Acquired share of the tube; blood truly in it, microlitres.
    """

    key: dict[str, str]
    recipe: Recipe
    singlets: npt.NDArray[np.int64]
    in_doublets: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    n_events: int
    n_doublets: int
    acquired: float
    blood_ul: float

    @classmethod
    def of(cls, key: dict[str, str], recipe: Recipe, tube: Tube) -> FileTruth:
        """Summarise a simulated tube."""
        by_class = np.bincount(tube.kind + 1, minlength=len(CLASSES) + 1)
        by_label = np.bincount(tube.label + 1, minlength=len(stages.LABELS) + 1)
        return cls(
            key=key,
            recipe=recipe,
            singlets=by_class[1:],
            in_doublets=tube.in_doublets,
            labels=by_label[1:],
            n_events=int(tube.kind.size),
            n_doublets=int(by_class[0]),
            acquired=tube.acquired,
            blood_ul=tube.blood_ul,
        )


def _by_population(values: npt.NDArray[np.int64]) -> dict[str, int]:
    """Sum classes to cell types: the latent NK stages to NK."""
    result = {name: int(n) for name, n in zip(CLASSES, values, strict=True)}
    nk = int(values[NK_CLASSES].sum())
    return {
        **{name: result[name] for name in CLASSES[:FIRST_NK]},
        "NK": nk,
        "Beads": int(values[BEADS]),
        "Debris": int(values[DEBRIS]),
    }


def samples(files: list[FileTruth]) -> pd.DataFrame:
    """Return one row per file: what was acquired."""
    return pd.DataFrame(
        {
            **file.key,
            "n_events": file.n_events,
            "n_doublets": file.n_doublets,
            "acquired_fraction": file.acquired,
            "blood_ul_true": file.blood_ul,
            "beads_per_tube": file.recipe.beads_per_tube or None,
        }
        for file in files
    ).astype({"beads_per_tube": "float64"})


def counts(files: list[FileTruth]) -> pd.DataFrame:
    """Return events and concentrations per file and population."""
    rows: list[dict[str, Any]] = []
    for file in files:
        single = _by_population(file.singlets)
        paired = _by_population(file.in_doublets)
        blood = dict(zip(_NAMES, file.recipe.concentration, strict=True))
        for name in single:
            rows.append(
                {
                    **file.key,
                    "population": name,
                    "is_total": False,
                    "n_events": single[name],
                    "n_in_doublets": paired[name],
                    "per_microlitre": blood.get(name, np.nan),
                }
            )
        doublets = {"population": "Doublets", "is_total": False}
        rows.append(
            {
                **file.key,
                **doublets,
                "n_events": file.n_doublets,
                "n_in_doublets": 0,
                "per_microlitre": np.nan,
            }
        )
        for name, parts in TOTALS.items():
            rows.append(
                {
                    **file.key,
                    "population": name,
                    "is_total": True,
                    "n_events": sum(single[part] for part in parts),
                    "n_in_doublets": sum(paired[part] for part in parts),
                    "per_microlitre": sum(blood[part] for part in parts),
                }
            )
    return pd.DataFrame(rows)


def stage_table(files: list[FileTruth]) -> pd.DataFrame:
    """Return NK events per file and label, beside the generating fractions."""
    rows: list[dict[str, Any]] = []
    for file in files:
        expected = stages.expected_labels(file.recipe.composition)
        total = int(file.labels.sum())
        for i, stage in enumerate(stages.LABELS):
            n = int(file.labels[i])
            rows.append(
                {
                    **file.key,
                    "stage": stage,
                    "on_axis": stage in stages.WEIGHTS,
                    "weight": stages.WEIGHTS.get(stage, np.nan),
                    "n_events": n,
                    "fraction": n / total if total else np.nan,
                    "generating_fraction": float(expected[i]),
                }
            )
    return pd.DataFrame(rows)


def latent_table(files: list[FileTruth]) -> pd.DataFrame:
    """Return NK events per file and latent stage, beside the composition."""
    rows: list[dict[str, Any]] = []
    for file in files:
        n_latent = file.singlets[NK_CLASSES]
        total = int(n_latent.sum())
        for i, stage in enumerate(stages.LATENT):
            n = int(n_latent[i])
            rows.append(
                {
                    **file.key,
                    "latent_stage": stage,
                    "n_events": n,
                    "fraction": n / total if total else np.nan,
                    "generating_fraction": float(file.recipe.composition[i]),
                }
            )
    return pd.DataFrame(rows)


def index_table(files: list[FileTruth]) -> pd.DataFrame:
    """Return the true maturation index per file, and its expectation."""
    rows: list[dict[str, Any]] = []
    for file in files:
        expected = stages.expected_labels(file.recipe.composition)
        observed, on_axis = stages.index(file.labels)
        with_adaptive, _ = stages.index(file.labels, adaptive_as_cd57=True)
        expected_with_adaptive, _ = stages.index(expected, adaptive_as_cd57=True)
        rows.append(
            {
                **file.key,
                "n_nk": int(file.labels.sum()),
                "n": int(on_axis),
                "index": observed,
                "index_with_adaptive": with_adaptive,
                "generating_index": stages.index(expected)[0],
                "generating_index_with_adaptive": expected_with_adaptive,
            }
        )
    return pd.DataFrame(rows)


def event_table(tube: Tube) -> pd.DataFrame:
    """Return the truth of each event of a file, in the file's order."""
    population = ["Doublets", *CLASSES[:FIRST_NK], "NK", "Beads", "Debris"]
    code = np.full(len(CLASSES) + 1, population.index("NK"), dtype=np.int8)
    code[: FIRST_NK + 1] = np.arange(FIRST_NK + 1)
    code[BEADS + 1] = population.index("Beads")
    code[DEBRIS + 1] = population.index("Debris")
    latent = tube.kind - FIRST_NK
    is_nk = (latent >= 0) & (latent < len(stages.LATENT))
    columns: dict[str, Any] = {
        "cell_type": pd.Categorical.from_codes(code[tube.kind + 1], population),
        "stage": pd.Categorical.from_codes(tube.label, list(stages.LABELS)),
        "latent_stage": pd.Categorical.from_codes(
            np.where(is_nk, latent, -1), list(stages.LATENT)
        ),
    }
    for marker, positive in tube.positive.items():
        columns[f"{marker}+"] = positive
    columns["CD56bright"] = tube.cd56 == 2
    return pd.DataFrame(columns)
