"""Coordinates in data units, and bounds that no event comes near."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import GateError, GateWarning, StrategyError

SCALE = lg.Logicle()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    events = np.random.default_rng(0).lognormal(6, 1.5, (400, 4))
    rows = [{"patient": "P1", "visit": "m0", "events": events}]
    return write_study(tmp_path_factory.mktemp("units"), rows)


GATES = [
    lg.RectangleGate("R", A=(300, 5000), B=(None, 900.0), units="data"),
    lg.PolygonGate(
        "P", x="A", y="B", vertices=[(-50, 0), (9000, 0), (0, 9000)], units="data"
    ),
    lg.QuadrantGate("Q", dividers={"A": [200, 2000], "B": 500}, units="data"),
    lg.QuadrantGate(
        "Two",
        dividers={"A": [100, 900]},
        quadrants={"low": {"A": 50}, "high": {"A": 1e6}},
        units="data",
    ),
]


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_strategy_stores_scaled_values_that_decide_alike(gate, study):
    strategy = lg.GatingStrategy([gate], scale=SCALE, compensation=None)
    (stored,) = strategy.gates
    assert stored.units == "scaled"
    assert "data units" in gate.description or gate.kind == "quadrant"
    sample = study.read("P1_m0")
    columns = {name: sample.values(name, compensated=False) for name in "AB"}
    for name, part in gate.parts.items():
        expected = part.contains(columns)
        if gate.kind == "polygon":  # edges are straight on the scale
            xs = {k: SCALE(v) for k, v in columns.items()}
            expected = stored.contains(xs)
        found = strategy.apply(sample).mask(name)
        assert found.tolist() == expected.tolist()
        assert 0 < found.sum() < 400
    again = lg.GatingStrategy.from_json(strategy.to_json())
    assert again.id == strategy.id
    assert gate.from_json(gate.to_json()) == gate


def test_every_way_into_a_strategy_brings_bounds_onto_its_scales():
    gate = lg.RectangleGate("R", A=(300, None), units="data")
    expected = SCALE([300.0])[0]
    empty = lg.GatingStrategy([lg.RectangleGate("R", A=(0, 1))], scale={"a": SCALE})
    for strategy in (empty.replace("R", gate), empty.override("P1", gate)):
        own = strategy.for_sample("P1")["R"]
        assert own.dimensions["A"] == (expected, None)
    own = lg.Dimension("A", scale=lg.Log(t=1e4, m=4))
    other = lg.RectangleGate("R", dimensions={own: (100, None)}, units="data")
    stored = lg.GatingStrategy([other], scale=SCALE)["R"]
    assert stored.dimensions[own][0] == pytest.approx(0.5)
    plain = lg.RectangleGate("S", dimensions={"FSC-A": (2e4, None)}, units="data")
    kept = lg.GatingStrategy([plain], scale=SCALE)["S"]
    assert kept.dimensions["FSC-A"] == (2e4, None)


def test_what_cannot_be_scaled_is_refused():
    gate = lg.RectangleGate("R", CD56=(300, None), units="data")
    with pytest.raises(StrategyError, match=r"'CD56' in data units.*mean 'CD5'"):
        lg.GatingStrategy([gate], scale={"CD5": SCALE})
    low = lg.RectangleGate("R", A=(-5, None), units="data")
    with pytest.raises(GateError, match="'R': -5 of 'A' in data units is not on"):
        lg.GatingStrategy([low], scale=lg.Log(t=1e4, m=4))
    with pytest.raises(GateError, match="units='linear' is not known"):
        lg.RectangleGate("R", A=(0, 1), units="linear")


@pytest.mark.parametrize(
    "gate",
    [
        lg.RectangleGate("R", A=(1000, None)),
        lg.RectangleGate("R", A=(None, 1000)),
        lg.RectangleGate("R", A=(1000, 2000)),
        lg.PolygonGate("R", x="A", y="B", vertices=[(900, 0), (1000, 0), (990, 1)]),
        lg.QuadrantGate("R", dividers={"A": 1000}),
    ],
    ids=str,
)
def test_a_bound_that_no_scaled_value_reaches_warns(gate, study):
    strategy = lg.GatingStrategy([gate], scale=SCALE, compensation=None)
    here = f"{SCALE([1000.0])[0]:.3g}"
    words = rf"no event comes near (1000|900) on 'A'.*is {here[:3]}.*units='data'"
    with pytest.warns(GateWarning, match=words):
        study.gate(strategy, progress=False)


def test_bounds_within_reach_and_plain_axes_do_not_warn(study):
    gates = [
        lg.RectangleGate("R", A=(0.4, 1000.0), B=(-0.3, None)),
        lg.RectangleGate("S", dimensions={"C": (None, 1.2)}),
        lg.RectangleGate("T", dimensions={"FSC-A": (1e5, None)}),
    ]
    strategy = lg.GatingStrategy(gates, scale=SCALE, compensation=None)
    assert study.gate(strategy, progress=False).files
