"""NK cells of labelled PBMC (mass cytometry) by gates, against the experts' labels."""

from __future__ import annotations

import pandas as pd
import pytest

import longate as lg

FOLDER = "nk_human/cytomem_pbmc_labelled"
# asinh(x / 15), as the authors advise; thresholds between the modes, set once.
GATES = [
    lg.RectangleGate("lineage-", CD3=(None, 1.0), CD19=(None, 1.5), CD14=(None, 2.0)),
    lg.RectangleGate("CD56+", parent="lineage-", CD56=(1.5, None)),
    lg.RectangleGate("CD16+", parent="lineage-", CD16=(2.5, None)),
    lg.BooleanGate("NK", "CD56+ or CD16+", parent="lineage-"),
    lg.RectangleGate("NK HLA-DR-", parent="NK", HLADR=(None, 1.0)),
]
MARKERS = ("CD3", "CD19", "CD14", "CD56", "CD16", "HLADR")


@pytest.fixture(scope="module")
def gated(shared_data):
    scale = dict.fromkeys(MARKERS, lg.Arcsinh.with_cofactor(15.0))
    sample = lg.read_fcs(shared_data / FOLDER / "PBMC_cytomem.fcs")
    return lg.GatingStrategy(GATES, scale=scale).apply(sample)


@pytest.fixture(scope="module")
def is_nk(shared_data):
    labels = pd.read_csv(shared_data / FOLDER / "labels.csv")
    assert labels["event"].is_monotonic_increasing
    return (labels["population"] == "NK").to_numpy()


@pytest.mark.parametrize(("population", "least"), [("NK", 0.93), ("NK HLA-DR-", 0.97)])
def test_f1_against_the_experts_labels(gated, is_nk, population, least):
    found = gated.mask(population)
    f1 = 2 * (found & is_nk).sum() / (found.sum() + is_nk.sum())
    assert f1 >= least


def test_both_ways_to_be_nk_are_needed(gated, is_nk):
    """CD56+ alone misses most of these NK cells: CD16 is what they carry."""
    alone = gated.mask("CD56+") & is_nk
    either = gated.mask("NK") & is_nk
    assert alone.sum() < 0.5 * is_nk.sum()
    assert either.sum() > 0.95 * is_nk.sum()
