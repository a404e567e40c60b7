"""The strategies: thresholds mid-way between modes; fixed gates find the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.cytometry.transforms import Logicle
from longate.io.fcs import read_fcs
from longate.simulate import (
    cohort,
    lineage_strategy,
    nk_strategy,
    stages,
    strategies,
)
from longate.simulate.phenotypes import BEAD_LEVEL, NEGATIVE_LEVEL, expression

LEVELS = {
    "CD45_POSITIVE": (NEGATIVE_LEVEL, ("CD45", "Neutrophils")),
    "CD45_BRIGHT": (("CD45", "Basophils"), ("CD45", "B cells")),
    "CD3_POSITIVE": (NEGATIVE_LEVEL, ("CD3", "CD4 T")),
    "DUMP_POSITIVE": (NEGATIVE_LEVEL, ("dump", "B cells")),
    "CD14_POSITIVE": (NEGATIVE_LEVEL, ("CD14", "Monocytes")),
    "CD19_POSITIVE": (NEGATIVE_LEVEL, ("CD19", "B cells")),
    "CD4_POSITIVE": (NEGATIVE_LEVEL, ("CD4", "CD4 T")),
    "CD8_LOW": (NEGATIVE_LEVEL, ("CD8", "CD8low T")),
    "CD8_BRIGHT": (("CD8", "CD8low T"), ("CD8", "CD8bright T")),
    "CD56_POSITIVE": (NEGATIVE_LEVEL, ("CD56", "NK:dim_late")),
    "CD56_BRIGHT": (("CD56", "NK:dim_late"), ("CD56", "NK:bright16neg")),
    "CD16_POSITIVE": (NEGATIVE_LEVEL, ("CD16", "NK:bright16pos")),
    "CD16_NEUTROPHIL": (NEGATIVE_LEVEL, ("CD16", "Neutrophils")),
    "KIR_POSITIVE": (NEGATIVE_LEVEL, ("KIR", "NK:dim_late")),
    "NKG2A_POSITIVE": (NEGATIVE_LEVEL, ("NKG2A", "NK:dim_late")),
    "NKG2C_POSITIVE": (NEGATIVE_LEVEL, ("NKG2C", "NK:dim_late")),
    "CX3CR1_POSITIVE": (NEGATIVE_LEVEL, ("CX3CR1", "NK:dim_late")),
    "CD57_POSITIVE": (NEGATIVE_LEVEL, ("CD57", "NK:dim_CD57")),
    "BEADS_CD3": (("CD3", "CD4 T"), BEAD_LEVEL),
    "BEADS_CD19": (("CD19", "B cells"), BEAD_LEVEL),
}


def level(mode):
    if isinstance(mode, tuple):
        marker, name = mode
        return expression(marker)[name].level
    return mode


@pytest.mark.parametrize("name", LEVELS)
def test_thresholds_lie_mid_way_between_the_modelled_modes(name):
    modes = [10.0 ** level(mode) for mode in LEVELS[name]]
    low, high = Logicle(t=262144.0, w=0.5, m=4.5, a=0.0)(np.array(modes))
    assert low < high
    assert getattr(strategies, name) == pytest.approx((low + high) / 2, abs=0.012)


def test_every_threshold_of_the_module_is_checked():
    names = {
        name
        for name, value in vars(strategies).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, float)
    }
    assert names == set(LEVELS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return cohort(
        tmp_path_factory.mktemp("gated"),
        seed=5,
        patients=3,
        nk_events=60_000,
        lineage_events=40_000,
        event_truth=True,
        progress=False,
    )


@pytest.fixture(scope="module")
def gated(made):
    how = {"NK": nk_strategy(), "lineage": lineage_strategy()}
    result = {"NK": [], "lineage": []}
    for row in pd.read_csv(made.sheet).itertuples():
        key = f"{row.patient}_{row.visit}"
        found = how[row.tube].apply(read_fcs(made.folder / row.file))
        result[row.tube].append((key, found, made.read_events(key, row.tube)))
    return result


def test_nk_cells_are_found_and_nothing_else_is(gated):
    for tube in ("NK", "lineage"):
        for _, found, events in gated[tube]:
            nk, truth = found.mask("NK"), events["cell_type"].eq("NK").to_numpy()
            assert truth[nk].mean() > 0.995
            assert nk[truth].mean() > 0.99


def test_bright_cells_are_inside_cd56_positive_cells(gated):
    for _, found, _ in gated["NK"]:
        assert not (found.mask("CD56bright") & ~found.mask("CD56+")).any()


def test_fixed_gates_find_the_index_without_bias(made, gated):
    truth = made.read_truth("index").query("tube == 'NK'").set_index("sample")
    bias, agreement = [], []
    for key, found, events in gated["NK"]:
        nk = found.mask("NK")
        cd56 = found.mask("CD56+")[nk].astype(np.int8) + found.mask("CD56bright")[nk]
        calls = {
            marker: found.mask("CD16+" if marker == "CD16" else f"{marker}+")[nk]
            for marker in stages.RULE_MARKERS
        }
        codes = stages.label(cd56, calls)
        counts = np.bincount(codes, minlength=len(stages.LABELS))
        bias.append(stages.index(counts)[0] - truth.loc[key, "index"])
        agreement.append(np.mean(events["stage"].cat.codes.to_numpy()[nk] == codes))
    assert abs(np.mean(bias)) <= 0.005
    assert np.max(np.abs(bias)) <= 0.01
    assert np.min(agreement) > 0.985


@pytest.mark.parametrize(
    "population",
    [
        "Neutrophils",
        "Eosinophils",
        "Monocytes",
        "CD4 T",
        "CD8bright T",
        "CD8low T",
        "B cells",
    ],
)
def test_immune_subsets_are_found(gated, population):
    for _, found, events in gated["lineage"]:
        gate = found.mask(population)
        truth = events["cell_type"].eq(population).to_numpy()
        assert truth[gate].mean() > 0.97
        assert gate[truth].mean() > 0.97


def test_beads_are_found_apart_from_cells(gated):
    for _, found, events in gated["lineage"]:
        beads = events["cell_type"].eq("Beads").to_numpy()
        assert found.mask("Beads")[beads].all()
        kinds = set(events["cell_type"][found.mask("Beads")])
        assert kinds <= {"Beads", "Doublets"}
        assert (found.mask("Cells") == ~found.mask("Beads")).all()


def test_cd8low_t_cells_are_not_nk_cells_with_dim_cd8(gated):
    for _, found, events in gated["lineage"]:
        nk = events["cell_type"].eq("NK").to_numpy()
        assert events["CD8+"].to_numpy()[nk].mean() > 0.2
        assert found.mask("CD8low T")[nk].mean() < 0.005


def test_strategies_are_values():
    assert nk_strategy().id == nk_strategy().id
    assert nk_strategy().id != lineage_strategy().id
