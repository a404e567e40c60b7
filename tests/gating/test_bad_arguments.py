"""What is no gate, axis, scale or strategy: one clear error that says which."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateError, StrategyError, TransformError

CORNERS = [(0, 0), (1, 0), (0, 1)]
INSIDE = lg.RectangleGate("inside", A=(0.0, 1.0))


@pytest.mark.parametrize("vertices", [None, "abc", 3, [(0, 0, 1)] * 3, [0, 1, 2]])
def test_vertices_that_are_no_pairs(vertices):
    with pytest.raises(GateError, match=r"gate 'P': vertices.*\(x, y\)"):
        lg.PolygonGate("P", x="A", y="B", vertices=vertices)


@pytest.mark.parametrize("bounds", ["12", {1, 2}, {0.1: 1, 0.2: 2}, b"12"])
def test_bounds_without_an_order_or_in_letters(bounds):
    with pytest.raises(GateError, match=r"gate 'R': A=.*is not .min, max."):
        lg.RectangleGate("R", A=bounds)


@pytest.mark.parametrize("values", ["12", b"12"])
def test_cuts_in_letters(values):
    with pytest.raises(GateError, match="gate 'Q': divider 'A' needs finite values"):
        lg.QuadrantGate("Q", dividers={"A": values})


@pytest.mark.parametrize("channel", [3, "", "  ", None])
def test_axes_without_a_name_are_told_with_their_gate(channel):
    for make in (
        lambda: lg.PolygonGate("G", x=channel, y="B", vertices=CORNERS),
        lambda: lg.RectangleGate("G", dimensions={channel: (0, 1)}),
        lambda: lg.EllipsoidGate(
            "G", dimensions=["B", channel], mean=[0, 0], covariance=np.eye(2)
        ),
    ):
        with pytest.raises(GateError, match=r"gate 'G': .*name"):
            make()


def test_arguments_of_another_kind():
    square = {"mean": [0, 0], "covariance": [[1, 0], [0, 1]]}
    with pytest.raises(GateError, match="gate 'E': dimensions=5"):
        lg.EllipsoidGate("E", dimensions=5, **square)
    with pytest.raises(GateError, match="gate 'R': dimensions="):
        lg.RectangleGate("R", dimensions=[("A", (0, 1))])
    with pytest.raises(GateError, match="gate 'B': expression=3 is not text"):
        lg.BooleanGate("B", 3)
    with pytest.raises(GateError, match="gate 'R': interval='open'"):
        lg.RectangleGate("R", A=(0, 1), interval="open")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"compensation": np.eye(2)}, "does not say its detectors"),
        ({"name": 3}, "name=3"),
        ({"custom_info": 3}, "custom_info=3"),
        ({"scale": {3: lg.Logicle()}}, r"scale.*3"),
        ({"overrides": [INSIDE]}, "overrides"),
        ({"overrides": {3: [INSIDE]}}, r"overrides.*3"),
    ],
)
def test_strategies_of_other_things(arguments, words):
    with pytest.raises(StrategyError, match=words):
        lg.GatingStrategy([INSIDE], **arguments)


def test_gates_that_are_no_sequence():
    with pytest.raises(GateError, match="gates must be a sequence"):
        lg.GatingStrategy(None)


def test_sample_that_is_no_text():
    with pytest.raises(StrategyError, match=r"overrides.*3"):
        lg.GatingStrategy([INSIDE]).override("P1", INSIDE).override(3, INSIDE)


def test_json_nested_beyond_reason():
    with pytest.raises(StrategyError, match="not a gating strategy"):
        lg.GatingStrategy.from_json("[" * 200_000)


def test_numbers_that_scales_cannot_take():
    with pytest.raises(TransformError, match="cofactor must be above 0, got 'x'"):
        lg.Arcsinh.with_cofactor("x")
    with pytest.raises(TransformError, match=r"q is a share.*'x'"):
        lg.Logicle.estimate([-1.0], q="x")
    with pytest.raises(TransformError, match="data must be numbers"):
        lg.Logicle.estimate(["x"])
    with pytest.raises(TransformError, match="lo = 'x'"):
        lg.Logicle().preimage("x", 0.5)


def test_complaints_write_large_numbers_with_powers_of_ten():
    with pytest.raises(TransformError, match=r"got t = 1e300, m = 101$"):
        lg.Log(t=1e300, m=101.0)
    with pytest.raises(TransformError, match=r"got t = 262144, w = 1e-300, m = 4\.5"):
        lg.Hyperlog(w=1e-300)
    with pytest.raises(GateError, match=r"dimension 2 has a variance of -3 where"):
        lg.EllipsoidGate(
            "E", dimensions=["A", "B"], mean=[0, 0], covariance=[[1, 2], [2, 1]]
        )


def test_gates_of_equal_numbers_make_equal_strategies():
    plus = lg.RectangleGate("R", A=(0.0, 1.0))
    minus = lg.RectangleGate("R", A=(-0.0, 1.0))
    assert plus == minus
    assert lg.GatingStrategy([plus]) == lg.GatingStrategy([minus])
    scales = lg.Linear(t=10.0, a=0.0), lg.Linear(t=10.0, a=-0.0)
    one, other = (lg.GatingStrategy([plus], scale=scale) for scale in scales)
    assert one == other
    assert hash(one) == hash(other)


def test_ratio_is_written_without_double_signs():
    ratio = lg.Ratio("A", "B", b=-0.5, c=-1.0)
    assert str(lg.Dimension(ratio)) == "(A + 0.5) / (B + 1)"


def test_cycle_names_the_gates_in_it_and_no_others():
    gates = [
        lg.BooleanGate("a", "b"),
        lg.BooleanGate("b", "a"),
        lg.RectangleGate("below", parent="a", A=(0, 1)),
    ]
    with pytest.raises(StrategyError, match=r"cycle: 'a', 'b'$"):
        lg.GatingStrategy(gates)


def test_two_scales_for_one_channel_are_refused():
    sample = sample_of({"A": [1.0], "B": [2.0]}, markers={"A": "CD3"})
    scale = {"A": lg.Logicle(), "CD3": lg.Linear()}
    strategy = lg.GatingStrategy([INSIDE], scale=scale)
    with pytest.raises(StrategyError, match=r"'A' and 'CD3'.*one channel"):
        strategy.validate(sample.panel)
    with pytest.raises(StrategyError, match=r"'A' and 'CD3'.*one channel"):
        strategy.apply(sample)
    same = lg.GatingStrategy([INSIDE], scale=dict.fromkeys(scale, lg.Logicle()))
    same.validate(sample.panel)


def test_axes_that_are_one_channel_are_refused_before_events_are_read():
    sample = sample_of({"A": [1.0], "B": [2.0]}, markers={"A": "CD3"})
    gate = lg.PolygonGate("P", x="A", y="CD3", vertices=CORNERS)
    with pytest.raises(GateError, match=r"gate 'P'.*one and the same"):
        lg.GatingStrategy([gate]).validate(sample.panel)


@pytest.mark.parametrize("what", [3, None, 1.5, b"NK", ("NK",), slice(None)])
def test_a_population_is_meant_by_text(what):
    strategy = lg.GatingStrategy([lg.RectangleGate("NK", A=(0, 1))])
    asked = (
        lambda: strategy[what],
        lambda: strategy.path(what),
        lambda: strategy.parent(what),
        lambda: strategy.remove(what),
        lambda: strategy.rename(what, "B"),
        lambda: strategy.replace(what, lg.RectangleGate("NK", A=(0, 2))),
    )
    for ask in asked:
        with pytest.raises(TypeError, match="by its path or name, such as 'NK'; got"):
            ask()
    assert what not in strategy
