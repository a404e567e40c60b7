"""Ellipsoids, quadrants and axes of their own in gating plots; scales side by side."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Polygon

import longate as lg
from gating.samples import write_study
from longate.exceptions import TransformError
from longate.plot.gate_panel import percent

RAW = lg.Dimension("A", compensation=None, scale=None)
RATIO = lg.Dimension(lg.Ratio("B", "A"))
GATES = [
    lg.EllipsoidGate(
        "flat",
        dimensions=["A", "B"],
        mean=[0.5, 0.5],
        covariance=[[0.02, 0.01], [0.01, 0.02]],
        distance_square=4.0,
    ),
    lg.EllipsoidGate(
        "deep", dimensions=["A", "B", "C"], mean=[0.5] * 3, covariance=np.eye(3) * 0.1
    ),
    lg.QuadrantGate("Q", dividers={"A": 0.5, "B": [0.4, 0.6]}),
    lg.QuadrantGate("one axis", dividers={"C": [0.4, 0.6]}),
    lg.QuadrantGate("three", dividers={RAW: 200.0, "B": 0.5, "C": 0.5}),
    lg.RectangleGate("ratio", parent="flat", dimensions={RATIO: (0.5, 2.0)}),
    lg.RectangleGate("raw", parent="A+ B+", dimensions={RAW: (100.0, None)}),
]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    events = np.random.default_rng(1).lognormal(6, 1.5, (3000, 4))
    rows = [{"patient": "P1", "visit": "m0", "events": events}]
    study = write_study(tmp_path_factory.mktemp("plot"), rows)
    strategy = lg.GatingStrategy(GATES, scale=lg.Logicle())
    populations = study.gate(strategy, progress=False)
    figure = lg.plot.gates(populations, sample="P1_m0")
    figure.canvas.draw()
    return populations, figure


def _panels(figure):
    names = [gate.name for gate in GATES]
    found = {}
    for ax in figure.axes:
        words = [text.get_text() for text in ax.texts]
        found |= {name: (ax, words) for name in names if name in words}
    return found


def test_every_gate_has_one_panel(drawn):
    _, figure = drawn
    assert len(figure.axes) == len(GATES)
    assert set(_panels(figure)) == {gate.name for gate in GATES}


def test_an_ellipsoid_is_outlined_by_its_shadow(drawn):
    _, figure = drawn
    for gate in GATES[:2]:
        ax, words = _panels(figure)[gate.name]
        outline = next(p for p in ax.patches if isinstance(p, Polygon)).get_xy()[:-1]
        assert outline == pytest.approx(gate.outline()[0])
        assert ("and C" in words) == (gate.name == "deep")


def test_quadrants_share_a_panel_with_their_shares(drawn):
    populations, figure = drawn
    ax, words = _panels(figure)["Q"]
    counts = populations.counts.set_index("population")["fraction"]
    for quadrant in GATES[2].quadrants:
        assert percent(counts[quadrant]) in words
    assert sum(isinstance(patch, Polygon) for patch in ax.patches) == 6
    assert "in All events, n = 3,000" in words
    ax, words = _panels(figure)["one axis"]
    assert sorted(line.get_xdata()[0] for line in ax.lines) == [0.4, 0.6]
    assert sum("%" in word for word in words) == 3
    _, words = _panels(figure)["three"]
    assert not any("%" in word for word in words)
    assert "and C" in words


def test_axes_of_their_own_are_named_and_on_their_own_numbers(drawn):
    _, figure = drawn
    ax, _ = _panels(figure)["ratio"]
    assert ax.get_xlabel() == "B / A"
    assert [line.get_xdata()[0] for line in ax.lines] == [0.5, 2.0]
    ax, _ = _panels(figure)["raw"]
    assert ax.get_xlabel() == "A (uncompensated, plain)"
    assert ax.get_xlim()[1] > 1000


def test_one_quadrant_asks_for_the_panel_of_its_gate(drawn):
    populations, _ = drawn
    figure = lg.plot.gates(populations, sample="P1_m0", only=["A+ B+"])
    assert len(figure.axes) == 1


def test_scales_are_drawn_side_by_side():
    values = np.random.default_rng(2).normal(100, 100, 2000)
    figure = lg.plot.scales(
        values, {"log": lg.Log(), "logicle": lg.Logicle()}, channel="CD56"
    )
    log, logicle = figure.axes
    lost = 100 * (values <= 0).mean()
    assert log.get_xlabel() == logicle.get_xlabel() == "CD56"
    words = [text.get_text() for text in log.texts]
    assert words[0] == "log"
    share = float(words[1].partition(" %")[0])
    assert lost <= share <= lost + 0.5
    assert logicle.texts[1].get_text() == "t 262144, w 0.5, m 4.5, a 0"
    assert logicle.lines[0].get_xdata()[0] == lg.Logicle()([0.0])[0]
    with pytest.raises(TransformError, match="at least one scale"):
        lg.plot.scales(values, {})
