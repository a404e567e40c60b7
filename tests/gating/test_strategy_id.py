"""What the id of a strategy depends on."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.tree import MATRIX, TREE, TRIANGLE, gate

BASE = {"scale": lg.Logicle(), "compensation": MATRIX}


def _id(gates=TREE, **changes):
    return lg.GatingStrategy(gates, **{**BASE, **changes}).id


def _with(one: lg.Gate, *others: lg.Gate) -> list[lg.Gate]:
    """The tree with one gate in place of that of the same name and parent."""
    kept = [g for g in TREE if (g.name, g.parent) != (one.name, one.parent)]
    return [*kept, one, *others]


@pytest.mark.parametrize(
    "same",
    [
        {"name": "another name"},
        {"gates": TREE[::-1]},
        {"scale": lg.Logicle(t=262144, w=0.5, m=4.5, a=0)},
        {"gates": _with(gate("CD3-", parent="Lymphocytes", A=(0.0, 1.0)))},
        {"gates": [TREE[0], gate("CD16+", parent="CD3-/NK"), *TREE[1:3], *TREE[4:]]},
    ],
    ids=["name", "order", "whole numbers", "floats", "how the parent is written"],
)
def test_the_id_is_the_same_where_every_event_is_decided_alike(same):
    strategy = lg.GatingStrategy(**{"gates": TREE, **BASE, **same})
    assert strategy.id == _id()
    assert strategy == lg.GatingStrategy(TREE, **BASE)
    assert hash(strategy) == hash(lg.GatingStrategy(TREE, **BASE))


@pytest.mark.parametrize(
    "changed",
    [
        {"scale": None},
        {"scale": lg.Logicle(w=0.6)},
        {"scale": lg.Arcsinh()},
        {"scale": {"A": lg.Logicle()}},
        {"compensation": None},
        {"compensation": "acquisition"},
        {"compensation": lg.Compensation(np.eye(2), ["A", "B"])},
        {"compensation": lg.Compensation(MATRIX.matrix, ["A", "C"])},
        {"gates": TREE[:4] + TREE[5:]},
        {"gates": _with(gate("CD3-", parent="Lymphocytes", A=(0, 1 + 2**-52)))},
        {"gates": _with(gate("CD3-", parent="Lymphocytes", A=(None, 1)))},
        {"gates": _with(gate("CD3-", parent="Lymphocytes", B=(0, 1)))},
        {
            "gates": _with(
                lg.RectangleGate(
                    "CD3-", parent="Lymphocytes", A=(0, 1), interval="closed"
                )
            )
        },
        {
            "gates": _with(
                lg.PolygonGate("Lymphocytes", x="B", y="A", vertices=TRIANGLE)
            )
        },
        {"gates": [*TREE, lg.BooleanGate("X", "NK")]},
        {"gates": [*TREE[:2], gate("T cells"), *TREE[3:]]},
    ],
)
def test_the_id_changes_with_what_decides_events(changed):
    assert _id(**changed) != _id()


def test_boolean_expressions_count_by_their_meaning():
    def made(expression):
        return _id([*TREE, lg.BooleanGate("X", expression)])

    assert made("NK or 'T cells'") == made("'CD3-/NK'  OR (T cells)")
    assert made("NK or T cells") != made("NK and T cells")
    assert made("NK or T cells") != made("not NK or T cells")


def test_ids_are_short_and_differ_for_names_of_populations():
    assert len(_id()) == 12
    assert int(_id(), 16) >= 0
    assert _id([gate("A")]) != _id([gate("B")])
