"""Stimulated CD19- cells (mass cytometry): CD57 goes with granzyme B and perforin.

Stimulation sheds CD16 and CD62L, so no more than these correlations is asked of it.
Two of its channels are called CD14; detectors tell them apart.
"""

from __future__ import annotations

import pytest
from scipy.stats import spearmanr

import longate as lg

FILE = "nk_human/cytofkit_cytof/130515_C2_stim_CD19-.fcs"
CD14 = "(Cd114)Di"
MARKERS = ("CD3", CD14, "CD56", "CD57", "GranzymeB", "Perforin")
SCALE = dict.fromkeys(MARKERS, lg.Arcsinh.with_cofactor(5.0))


@pytest.fixture(scope="module")
def nk_like(shared_data):
    strategy = lg.GatingStrategy(
        [
            lg.RectangleGate(
                "NK-like",
                dimensions={"CD3": (None, 1.5), CD14: (None, 2), "CD56": (1.5, None)},
            )
        ],
        scale=SCALE,
        compensation=None,
    )
    sample = lg.read_fcs(shared_data / FILE)
    inside = strategy.apply(sample).mask("NK-like")
    return {
        name: scale(sample.values(name, compensated=False))[inside]
        for name, scale in SCALE.items()
    }


def test_as_many_as_known_and_a_quarter_has_cd57(nk_like):
    assert len(nk_like["CD57"]) == 979
    assert (nk_like["CD57"] > 2).mean() == pytest.approx(0.26, abs=0.005)


@pytest.mark.parametrize(("marker", "known"), [("GranzymeB", 0.44), ("Perforin", 0.31)])
def test_cd57_correlates_as_known(nk_like, marker, known):
    found = spearmanr(nk_like["CD57"], nk_like[marker]).statistic
    assert found == pytest.approx(known, abs=0.01)


def test_a_marker_that_means_two_channels_is_refused(shared_data):
    sample = lg.read_fcs(shared_data / FILE)
    with pytest.raises(lg.exceptions.PanelError, match="CD14"):
        sample.values("CD14")
