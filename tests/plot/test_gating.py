from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

import longate as lg
from longate.exceptions import PopulationError, StudyError
from longate.plot.density import binned
from longate.plot.scaled_axis import decades, label_axis, limits_of


def panel(figure, name):
    return next(ax for ax in figure.axes if ax.texts and name == title(ax)[0])


def title(ax):
    texts = [t.get_text() for t in ax.texts if t.xycoords == "axes fraction"]
    return texts[-2:]


@pytest.fixture(scope="module")
def nk(populations):
    return lg.plot.gates(populations, sample="P01_m00", tube="NK")


def test_there_is_one_panel_per_gate_in_the_order_of_the_tree(nk, populations):
    strategy = populations.strategies["NK"]
    assert [title(ax)[0] for ax in nk.axes] == [
        strategy[p].name for p in strategy.paths
    ]


def test_a_panel_says_the_share_of_the_parent(nk, populations):
    counts = populations.counts
    own = counts[(counts["sample"] == "P01_m00") & (counts["tube"] == "NK")]
    row = own[own["population"] == "Singlets/Leukocytes"].iloc[0]
    expected = f"{100 * row['fraction']:.1f} % of Singlets, n = {row['n_events']:,}"
    assert title(panel(nk, "Leukocytes"))[1] == expected


def test_a_polygon_is_outlined_where_it_is(nk, populations):
    drawn = [p for p in panel(nk, "Singlets").patches if isinstance(p, Polygon)]
    vertices = populations.strategies["NK"]["Singlets"].vertices
    assert drawn[0].get_xy()[:-1] == pytest.approx(np.array(vertices))


def test_open_sides_of_a_rectangle_end_outside_the_panel(nk, populations):
    ax = panel(nk, "CD3- dump-")
    drawn = next(p for p in ax.patches if isinstance(p, Polygon)).get_xy()[:, 0]
    gate = populations.strategies["NK"]["CD3- dump-"]
    assert drawn.max() == pytest.approx(gate.dimensions["CD3"][1])
    assert drawn.min() < ax.get_xlim()[0]


def test_one_channel_is_a_histogram_with_its_border(nk, populations):
    ax = panel(nk, "CD57+")
    border = populations.strategies["NK"]["CD57+"].dimensions["CD57"][0]
    assert [line.get_xdata()[0] for line in ax.lines] == [border]
    assert ax.get_xlabel() == "CD57"


def test_a_boolean_gate_over_two_channels_shows_the_borders_it_combines(nk):
    ax = panel(nk, "NK")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("CD56", "CD16")
    assert len(ax.images) == 2
    assert len(ax.lines) == 2


def test_ticks_are_decades_of_the_signal(nk, populations):
    ax = panel(nk, "CD57+")
    scale = populations.strategies["NK"].scale
    ticks = scale.inverse(ax.get_xticks())
    words = [t.get_text() for t in ax.get_xticklabels()]
    for value, word in zip(ticks, words, strict=True):
        assert word == decades([round(value)])[0]
    assert "10³" in words
    assert panel(nk, "Singlets").get_xticklabels()[-1].get_text().endswith("k")


def test_only_some_gates(populations):
    figure = lg.plot.gates(
        populations, sample="P01_m00", tube="lineage", only=["Beads", "CD8low T"]
    )
    assert [title(ax)[0] for ax in figure.axes] == ["Beads", "CD8low T"]
    with pytest.raises(PopulationError, match="Bead"):
        lg.plot.gates(populations, sample="P01_m00", tube="lineage", only=["Bead"])


def test_tube_and_sample_are_checked(populations):
    with pytest.raises(StudyError, match="NK, lineage; name one"):
        lg.plot.gates(populations, sample="P01_m00")
    with pytest.raises(StudyError, match="did you mean 'lineage'"):
        lg.plot.gates(populations, sample="P01_m00", tube="linage")
    with pytest.raises(StudyError, match=r"did you mean .*'P01_m00'"):
        lg.plot.gates(populations, sample="P01_m0", tube="NK")


def test_binning_keeps_every_finite_event():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 500))
    x[:3] = [np.nan, np.inf, 99.0]
    counts = binned(x, y, (-1.0, 1.0, -1.0, 1.0))
    assert counts.sum() == 498


def test_binning_puts_events_where_they_are():
    counts = binned(np.array([0.9]), np.array([0.1]), (0.0, 1.0, 0.0, 1.0))
    row, column = np.argwhere(counts)[0] / counts.shape[0]
    assert (row, column) == pytest.approx((0.1, 0.9), abs=0.02)


def test_limits_hold_the_gate_and_nearly_all_events():
    low, high = limits_of(np.linspace(0, 1, 5001), include=(None, 3.0))
    assert low < 0.001
    assert high > 3.0
    assert limits_of(np.array([])) == (0.0, 1.0)


def test_a_linear_channel_is_ticked_in_thousands():
    ax = Figure().subplots()
    label_axis(ax, "x", channel="FSC-A", scale=None, limits=(0.0, 250_000.0))
    words = [t.get_text() for t in ax.get_xticklabels()]
    assert words[0] == "0k"
    assert all(word.endswith("k") for word in words)
