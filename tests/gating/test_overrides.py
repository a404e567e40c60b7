"""Gates of single samples, where the common gate under them changes."""

from __future__ import annotations

import longate as lg

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
