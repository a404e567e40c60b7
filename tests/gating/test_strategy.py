"""Strategies: paths, names, trees that cannot be, JSON, and how they are shown."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from gating.tree import MATRIX, TREE, gate
from longate.exceptions import (
    GateError,
    PanelError,
    PanelWarning,
    PopulationError,
    SpilloverError,
    StrategyError,
    TransformError,
)

PATHS = (
    "Lymphocytes",
    "Lymphocytes/CD3-",
    "Lymphocytes/CD3-/NK",
    "Lymphocytes/CD3-/NK/CD16+",
    "Lymphocytes/T cells",
    "Lymphocytes/T cells/CD16+",
)


# Paths and names


def test_paths_follow_their_parents_whatever_the_order_of_gates():
    strategy = lg.GatingStrategy(TREE)
    assert strategy.paths == PATHS
    assert tuple(strategy) == PATHS
    assert len(strategy) == 6
    assert set(lg.GatingStrategy(TREE[::-1]).paths) == set(PATHS)


def test_a_name_or_the_end_of_a_path_finds_a_population_where_it_is_unique():
    strategy = lg.GatingStrategy(TREE)
    assert strategy.path("NK") == PATHS[2]
    assert strategy.path("NK/CD16+") == PATHS[3]
    assert strategy.path("CD3-/NK") == PATHS[2]
    assert strategy["T cells/CD16+"] is TREE[4]
    assert strategy.parent("NK/CD16+") == PATHS[2]
    assert strategy.parent("Lymphocytes") is None
    assert "NK" in strategy
    assert "CD16+" not in strategy
    assert "K" not in strategy
    assert "cells/CD16+" not in strategy


def test_an_ambiguous_name_lists_what_it_may_mean():
    with pytest.raises(PopulationError, match=r"'CD16\+' means several.*NK.*T cells"):
        lg.GatingStrategy(TREE).path("CD16+")


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(PopulationError, match="did you mean 'T cells'"):
        lg.GatingStrategy(TREE).path("T cell")
    with pytest.raises(PopulationError, match="it has 'Lymphocytes'"):
        lg.GatingStrategy([TREE[-1]]).path("zzz")


def test_a_full_path_wins_over_the_end_of_another():
    gates = [gate("A"), gate("B", parent="A"), gate("C"), gate("A", parent="C")]
    strategy = lg.GatingStrategy([*gates, gate("D", parent="A")])
    assert strategy.path("A") == "A"
    assert strategy.path("D") == "A/D"


def test_a_name_may_come_again_below_itself():
    gates = [gate("Singlets"), gate("Cells", parent="Singlets")]
    again = gate("Singlets", parent="Cells")
    paths = ("Singlets", "Singlets/Cells", "Singlets/Cells/Singlets")
    assert lg.GatingStrategy([*gates, again]).paths == paths
    assert lg.GatingStrategy([again, *gates]).paths == paths
    deeper = lg.GatingStrategy([again, *gates, gate("X", parent="Cells/Singlets")])
    assert deeper.paths[-1] == "Singlets/Cells/Singlets/X"


def test_the_same_name_on_two_branches_needs_the_path():
    gates = [gate("P"), gate("Q"), gate("X", parent="P"), gate("X", parent="Q")]
    with pytest.raises(StrategyError, match=r"'Y' lies in 'X'.*several.*give the path"):
        lg.GatingStrategy([*gates, gate("Y", parent="X")])
    assert "Q/X/Y" in lg.GatingStrategy([*gates, gate("Y", parent="Q/X")])


def test_an_empty_strategy_counts_all_events():
    counts = lg.GatingStrategy([]).apply(sample_of({"A": [1.0, 2.0]})).counts
    assert counts["population"].tolist() == ["All events"]
    assert counts["n_events"].tolist() == [2]


def test_a_long_chain_of_gates_is_a_tree():
    chain = [gate("g0"), *(gate(f"g{n}", parent=f"g{n - 1}") for n in range(1, 900))]
    assert lg.GatingStrategy(chain[::-1]).paths[-1].count("/") == 899


# Trees that cannot be


@pytest.mark.parametrize(
    ("gates", "words"),
    [
        ([gate("A", parent="B"), gate("B", parent="A")], "cycle: .*'A'.*'B'"),
        (
            [gate("A", parent="C"), gate("B", parent="A"), gate("C", parent="B")],
            "cycle: ",
        ),
        ([gate("A", parent="A")], "cycle: 'A' is its own parent"),
        ([gate("A", parent="B/A"), gate("B", parent="A")], "cycle"),
        ([gate("A"), gate("A")], "two gates make the population 'A'"),
        (
            [gate("A"), gate("B", parent="A"), gate("B", parent="A")],
            "two gates make the population 'A/B'",
        ),
        (
            [gate("Lymphocytes"), gate("NK", parent="Lymphocites")],
            "'NK' lies in 'Lymphocites', which does not exist; did you mean "
            "'Lymphocytes'",
        ),
        ([gate("NK", parent="")], "'NK' lies in '', which does not exist"),
        (
            [gate("A"), gate("B", parent="A"), gate("C", parent="X/B")],
            "'C' lies in 'X/B', which does not exist",
        ),
    ],
)
def test_refuses_a_tree_that_cannot_be(gates, words):
    with pytest.raises(StrategyError, match=words):
        lg.GatingStrategy(gates)
    with pytest.raises(StrategyError, match=words.partition(":")[0]):
        lg.GatingStrategy(gates[::-1])


def test_refuses_what_is_no_gate_scale_or_compensation():
    with pytest.raises(GateError, match="'str'"):
        lg.GatingStrategy(["NK"])
    with pytest.raises(StrategyError, match="scale must be a Transform"):
        lg.GatingStrategy([], scale="logicle")
    with pytest.raises(StrategyError, match="scale must be a Transform"):
        lg.GatingStrategy([], scale={"A": 5.0})
    with pytest.raises(StrategyError, match="compensation='acquisiton'"):
        lg.GatingStrategy([], compensation="acquisiton")
    with pytest.raises(StrategyError, match="compensation=5"):
        lg.GatingStrategy([], compensation=5)
    with pytest.raises(GateError, match="sequence of gates"):
        lg.GatingStrategy(gate("NK"))
    with pytest.raises(GateError, match="text, not 5"):
        lg.GatingStrategy([gate("NK", parent=5)])


def test_a_channel_that_the_sample_lacks_is_named_with_its_gate():
    strategy = lg.GatingStrategy([gate("L"), gate("NK", parent="L", CD65=(0, None))])
    sample = sample_of({"A": [0.5], "PE-A": [0.5]}, markers={"PE-A": "CD56"})
    with pytest.raises(PanelError, match=r"gate 'L/NK': .*'CD65'.*did you mean 'CD56'"):
        strategy.apply(sample)


def test_a_marker_that_is_there_twice_is_refused_with_its_gate():
    sample = sample_of({"X-A": [0.5], "Y-A": [1]}, markers={"X-A": "CD3", "Y-A": "CD3"})
    with pytest.raises(PanelError, match="gate 'T': 'CD3' means several channels"):
        lg.GatingStrategy([gate("T", CD3=(0, None))]).apply(sample)


def test_a_scale_for_a_marker_that_is_there_twice_is_refused():
    sample = sample_of({"X-A": [9], "Y-A": [1]}, markers={"X-A": "CD3", "Y-A": "CD3"})
    gate = lg.RectangleGate("T", dimensions={"X-A": (0, 1)})
    strategy = lg.GatingStrategy([gate], scale={"CD3": lg.Linear(t=100.0)})
    with pytest.raises(PanelError, match="'CD3' means several channels"):
        strategy.apply(sample)


def test_a_matrix_for_channels_that_the_sample_lacks_is_refused():
    matrix = lg.Compensation(np.eye(2), ["A", "Z-A"])
    strategy = lg.GatingStrategy([gate("G")], compensation=matrix)
    with pytest.raises(SpilloverError, match="'Z-A'"):
        strategy.apply(sample_of({"A": [0.5], "Y-A": [0.5]}))


# JSON

SCALES = [
    None,
    lg.Logicle(t=1000.0, w=0.1, m=4.0, a=-0.05),
    {"A": lg.Arcsinh(t=150.0), "B": None, "C": lg.Linear(a=0.1)},
]
ALL_KINDS = [
    *TREE,
    lg.RectangleGate("closed", A=(0.1, 0.3), B=(None, None), interval="closed"),
    lg.BooleanGate("either", "NK or 'T cells/CD16+'", parent="Lymphocytes"),
]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("compensation", ["acquisition", None, MATRIX])
def test_json_gives_the_strategy_back(scale, compensation):
    strategy = lg.GatingStrategy(
        ALL_KINDS, scale=scale, compensation=compensation, name="µ <b>&amp;'\""
    )
    again = lg.GatingStrategy.from_json(strategy.to_json())
    assert again == strategy
    assert again.gates == strategy.gates
    assert again.scale == strategy.scale
    assert again.compensation == strategy.compensation
    assert again.name == strategy.name
    assert again.to_json() == strategy.to_json()


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN_GATE = lg.RectangleGate("A", A=(0, 1)).to_json()


def _text(**changes: object) -> str:
    whole = json.loads(lg.GatingStrategy([]).to_json())
    return json.dumps({**whole, **changes})


def test_the_text_that_is_changed_below_is_a_strategy():
    made = lg.GatingStrategy.from_json(_text(gates=[PLAIN_GATE]))
    assert made == lg.GatingStrategy([lg.RectangleGate("A", A=(0, 1))])


@settings(deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=6), NUMBERS)
def test_json_keeps_every_digit(vertices, low):
    try:
        polygon = lg.PolygonGate("P", x="A", y="B", vertices=vertices)
    except GateError:
        return
    strategy = lg.GatingStrategy([polygon, gate("R", A=(low, None))])
    assert lg.GatingStrategy.from_json(strategy.to_json()).gates == strategy.gates


def test_numbers_of_numpy_are_numbers():
    strategy = lg.GatingStrategy(
        [gate("R", A=(np.float32(0.5), np.int64(3)))],
        scale=lg.Logicle(t=np.int64(1000), w=np.float32(0.5)),
    )
    assert lg.GatingStrategy.from_json(strategy.to_json()) == strategy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "5",
        "null",
        "{}",
        _text(version=1),
        _text(version=None),
        _text(gates=5),
        _text(gates=[{}]),
        _text(scale=5),
        _text(scale={"name": "logicle"}),
        _text(scale={"name": "logicle", "parameters": {"z": 1}}),
        _text(compensation={"rows": 1}),
        _text(compensation={"matrix": "nowhere"}),
        _text(matrices={"a": {"matrix": [[1.0]]}}),
        _text(matrices=None),
        _text(overrides=None),
        _text(overrides={"P1": 5}),
        _text(gates=[{"kind": "rectangle", "name": "A"}]),
        _text(gates=[{**PLAIN_GATE, "interval": 3}]),
        _text(gates=[{**PLAIN_GATE, "z": 3}]),
        _text(gates=[{**PLAIN_GATE, "kind": "circle"}]),
        _text(gates=[{**PLAIN_GATE, "name": None}]),
        _text(gates=[{**PLAIN_GATE, "dimensions": {"A": [0, 1]}}]),
        _text(gates=[{**PLAIN_GATE, "dimensions": [["A", 0]]}]),
        _text(gates=[{**PLAIN_GATE, "dimensions": [["A", 0, 1], ["A", 0, 1]]}]),
        _text(gates=[{**PLAIN_GATE, "dimensions": [[{"channel": 5}, 0, 1]]}]),
        _text(gates=[{**PLAIN_GATE, "dimensions": [[{"colour": 5}, 0, 1]]}]),
        _text(
            gates=[
                {
                    **PLAIN_GATE,
                    "dimensions": [
                        [{"channel": "A", "compensation": {"matrix": "b"}}, 0, 1]
                    ],
                }
            ]
        ),
    ],
)
def test_text_that_is_no_strategy_is_refused(text):
    with pytest.raises((StrategyError, GateError, TransformError)):
        lg.GatingStrategy.from_json(text)


# What is shown


HOSTILE = "<script>alert('x')</script>&\"µ"


def test_repr_draws_the_tree():
    text = repr(lg.GatingStrategy(TREE, name="demo"))
    assert text.startswith("GatingStrategy 'demo' · 6 populations · ")
    assert "└─ Lymphocytes: 3 vertices on A x B" in text
    assert "         └─ CD16+: 0 <= A < 1" in text


def test_html_escapes_names():
    hostile = HOSTILE.replace("/", "")
    gates = [
        gate(hostile),
        lg.RectangleGate("<i>", dimensions={"<b>": (0, 1)}),
        lg.BooleanGate("<u>", "'<i>' or <i>"),
    ]
    html = lg.GatingStrategy(gates, name=HOSTILE)._repr_html_()
    for tag in ["<script", "<i>", "<u>", '&"']:
        assert tag not in html
    assert "&lt;script&gt;alert" in html
    # What is left of tags is the drawing's own.
    assert html.count("<b>") == 1 + len(gates)


def test_json_is_json_for_hostile_names():
    strategy = lg.GatingStrategy([gate('a\nb \\ " \u2028c')], name=HOSTILE)
    assert json.loads(strategy.to_json())["name"] == HOSTILE
    assert lg.GatingStrategy.from_json(strategy.to_json()) == strategy


def test_a_channel_forgotten_in_a_mapping_of_scales_is_named(tmp_path):
    path = lg.write_fcs(tmp_path / "a.fcs", np.ones((3, 1)), ["CD56"])
    gates = [lg.RectangleGate("CD56+", CD56=(0.4, None))]
    strategy = lg.GatingStrategy(gates, scale={"CD65": lg.Logicle()})
    match = "no entry for 'CD56'; did you mean 'CD65'"
    with pytest.raises(StrategyError, match=match):
        strategy.apply(lg.read_fcs(path))
    plain = lg.GatingStrategy(gates, scale={"CD56": None})
    assert plain.apply(lg.read_fcs(path)).mask("CD56+").all()


def test_a_scale_for_no_channel_that_is_nearly_one_is_warned_of(tmp_path):
    path = lg.write_fcs(tmp_path / "a.fcs", np.ones((3, 2)), ["SSC-A", "CD56"])
    gates = [lg.RectangleGate("a", **{"SSC-A": (0.4, None), "CD56": (0.4, None)})]
    plain = lg.Linear(t=10.0)
    slip = lg.GatingStrategy(gates, scale={"SSC-AA": plain, "CD56": plain})
    with pytest.warns(PanelWarning, match="for 'SSC-A', .* did you mean 'SSC-AA'"):
        slip.apply(lg.read_fcs(path))
    # A mapping may serve several panels: what is meant for another one is no slip.
    other = lg.GatingStrategy(gates, scale={"BV421": plain, "CD56": plain})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other.apply(lg.read_fcs(path))


def test_events_that_are_neither_in_nor_out_are_counted(tmp_path):
    events = np.array([[1.0], [np.nan], [0.0]])
    path = lg.write_fcs(tmp_path / "a.fcs", events, ["CD56"])
    gates = [lg.RectangleGate("CD56+", CD56=(0.4, None))]
    gated = lg.GatingStrategy(gates).apply(lg.read_fcs(path))
    assert gated.n_inside == (1,)
    assert gated.n_undefined == (1,)
