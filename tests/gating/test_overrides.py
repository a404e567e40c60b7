"""Gates of single samples, where the common gate under them changes."""

from __future__ import annotations

import pytest

import longate as lg
from gating.edited_tree import TREE, refers
from gating.edited_tree import gate as make
from longate.exceptions import StrategyError

COMMON = lg.GatingStrategy(
    [lg.RectangleGate("NK", A=(0, 1)), lg.RectangleGate("CD16+", parent="NK", B=(0, 1))]
)
OWN = lg.RectangleGate("NK", A=(0, 9))


def side(strategy, sample, population="NK"):
    return strategy.for_sample(sample)[population].dimensions


def test_replacing_the_common_gate_leaves_a_sample_its_own():
    strategy = COMMON.override("P1", OWN)
    changed = strategy.replace("NK", lg.RectangleGate("NK", A=(0, 2)))
    assert side(changed, "P1") == {"A": (0.0, 9.0)}
    assert side(changed, "P2") == {"A": (0.0, 2.0)}
    assert side(changed.override("P1"), "P1") == {"A": (0.0, 2.0)}
    newer = lg.RectangleGate("NK", A=(0, 5))
    assert side(changed.override("P1", newer), "P1") == {"A": (0.0, 5.0)}


def test_a_replaced_gate_of_another_name_renames_a_samples_own():
    strategy = COMMON.override("P1", OWN)
    changed = strategy.replace("NK", lg.RectangleGate("NKT", A=(0, 2)))
    assert changed.paths == ("NKT", "NKT/CD16+")
    assert side(changed, "P1", "NKT") == {"A": (0.0, 9.0)}
    assert side(changed, "P2", "NKT") == {"A": (0.0, 2.0)}


def test_replacing_what_lies_below_keeps_the_gates_above():
    strategy = COMMON.override("P1", OWN)
    changed = strategy.replace("CD16+", lg.RectangleGate("CD16+", B=(0, 3)))
    assert side(changed, "P1") == {"A": (0.0, 9.0)}
    assert side(changed, "P1", "CD16+") == {"B": (0.0, 3.0)}


def test_an_override_holds_for_its_sample_alone():
    own = make("NK", parent="Cells", B=(0.3, None))
    strategy = TREE.override("P07", own)
    assert strategy.for_sample("P07")["NK"] == own
    assert strategy.for_sample("P07").paths == TREE.paths
    assert strategy.for_sample("P08") == TREE
    assert strategy["NK"] == TREE["NK"]
    assert strategy != TREE
    assert TREE.for_sample("P07") is TREE
    assert "gates of 1 sample differ" in repr(strategy)
    assert "[differs for P07]" in repr(strategy)
    assert strategy.override("P07") == TREE
    again = lg.GatingStrategy.from_json(strategy.to_json())
    assert again == strategy
    assert again.overrides == strategy.overrides


def test_overrides_of_a_sample_add_up_and_the_last_one_holds():
    strategy = (
        TREE.override("P07", make("NK", parent="Cells", B=(0.3, None)))
        .override("P07", make("Cells", B=(0.1, None)))
        .override("P07", make("NK", parent="Cells", B=(0.4, None)))
    )
    assert strategy.for_sample("P07")["NK"].dimensions == {"B": (0.4, None)}
    assert strategy.for_sample("P07")["Cells"].dimensions == {"B": (0.1, None)}
    assert len(strategy.overrides["P07"]) == 2


def test_an_override_that_changes_nothing_decides_nothing():
    assert TREE.override("P07", TREE["NK"]) == TREE


def test_overrides_follow_every_edit():
    cut = lg.QuadrantGate("Q", dividers={"B": 0.9}, parent="T cells")
    either = lg.BooleanGate("either", "deep", parent="Cells")
    strategy = TREE.override("P07", make("NK", parent="Cells", B=(0.3, None)))
    strategy = strategy.override("P07", cut, either)
    edited = strategy.rename("NK", "NK cells").rename("B+", "B high")
    edited = edited.move("T cells", None).rename("deep", "deeper")
    own = edited.for_sample("P07")
    assert own.paths == edited.paths
    assert own["NK cells"].dimensions == {"B": (0.3, None)}
    assert own["B high"].dimensions == {"B": (0.9, None)}
    assert refers(own) == ["T cells/B high/deeper"]
    copied = strategy.copy("NK", name="NK2").for_sample("P07")
    assert copied["NK2"].dimensions == {"B": (0.3, None)}
    removed = strategy.remove("either").remove("Q")
    assert set(removed.overrides) == {"P07"}
    assert [gate.name for gate in removed.overrides["P07"]] == ["NK"]
    assert strategy.remove("either").remove("Q").remove("NK").overrides == {}


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (make("NKT", parent="Cells"), "no gate 'Cells/NKT'; did you mean 'Cells/NK'"),
        (make("NK"), "there is 'Cells/NK': give the gate its parent"),
        (make("B+", parent="T cells"), "no gate 'Cells/T cells/B\\+'"),
        (
            lg.QuadrantGate("Q", dividers={"C": 0.5}, parent="T cells"),
            "with the gates of sample 'P07': .*does not exist",
        ),
        (
            lg.QuadrantGate("Q", dividers={"B": [0.5, 0.7]}, parent="T cells"),
            "other populations than the strategy: 'Cells/T cells/B\\+\\+'",
        ),
        (
            lg.BooleanGate("either", "gone", parent="Cells"),
            "with the gates of sample 'P07': .*'gone'",
        ),
        (
            lg.BooleanGate("NK", "either", parent="Cells"),
            "with the gates of sample 'P07': .*cycle",
        ),
    ],
)
def test_overrides_of_what_is_not_there_are_refused(gate, words):
    with pytest.raises(StrategyError, match=words):
        TREE.override("P07", gate)


def test_two_overrides_of_one_gate_are_refused():
    with pytest.raises(StrategyError, match="two gates for one of"):
        lg.GatingStrategy([make("A")], overrides={"P1": [make("A"), make("A")]})
