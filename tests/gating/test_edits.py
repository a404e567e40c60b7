"""Edits of a strategy: what moves, what follows, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.edited_tree import QUADRANTS, REFERS, TREE, refers, written
from gating.edited_tree import gate as make
from longate.exceptions import GateError, LongateError, PopulationError, StrategyError


def test_an_edit_leaves_the_strategy_alone_and_keeps_what_is_not_edited():
    before = TREE.to_json()
    edited = TREE.rename("NK", "NK cells")
    assert TREE.to_json() == before
    assert edited.scale == TREE.scale
    assert edited.compensation is None
    assert edited.name == "tree"
    assert edited.custom_info == "<info/>"
    assert edited != TREE
    assert edited.rename("NK cells", "NK") == TREE


# Add


def test_add_appends_gates_that_may_lie_in_each_other():
    added = TREE.add(make("Y", parent="X"), make("X", parent="NK"))
    assert added.paths[:4] == ("Cells", "Cells/NK", "Cells/NK/CD16+", "Cells/NK/X")
    assert "Cells/NK/X/Y" in added
    assert written(added)[: len(TREE.gates)] == written(TREE)
    assert TREE.add() == TREE


def test_short_names_that_get_a_second_meaning_arewritten_in_full():
    added = TREE.add(make("NK", parent="T cells"), make("B-", parent="NK/CD16+"))
    assert added.parent("Cells/NK/CD16+") == "Cells/NK"
    assert refers(added) == REFERS
    assert added["Cells/NK/CD16+"].parent == "Cells/NK"
    expression = "NK/CD16+ or (not deep and Cells/T cells/B-)"
    assert added["either"].expression == expression


@pytest.mark.parametrize(
    ("gate", "error", "words"),
    [
        (make("NK", parent="Cells"), StrategyError, "two gates make.*'Cells/NK'"),
        (make("X", parent="NKT"), StrategyError, "does not exist; did you mean 'NK'"),
        (make("X", parent="CD16+"), StrategyError, "means several populations"),
        (make("X", parent="Q"), StrategyError, "a quadrant gate"),
        (lg.BooleanGate("X", "NKT"), StrategyError, "'X' refers to 'NKT'"),
        ("NK", GateError, "'str'"),
    ],
)
def test_add_refuses_what_does_not_fit(gate, error, words):
    with pytest.raises(error, match=words):
        TREE.add(gate)


# Remove


def test_remove_takes_all_below():
    removed = TREE.remove("either").remove("T cells")
    assert removed.paths == ("Cells", "Cells/NK", "Cells/NK/CD16+")
    assert TREE.remove("Cells/either").remove("Cells").gates == ()


def test_remove_a_quadrant_gate_or_a_single_quadrant():
    bare = TREE.remove("either")
    assert bare.remove("Q").paths == bare.paths[:5]
    one = bare.remove("B+")
    assert one.declared("B-").quadrants == {
        "B-": QUADRANTS.quadrants["B-"],
    }
    assert "deep" not in one
    assert one.remove("B-") == bare.remove("Q")


def test_remove_refuses_what_a_gate_that_staysrefers_to():
    with pytest.raises(StrategyError, match=r"'Cells/either' refers to.*deep"):
        TREE.remove("deep")
    with pytest.raises(StrategyError, match=r"'Cells/either' refers to.*CD16"):
        TREE.remove("NK")
    with pytest.raises(PopulationError, match="several gates: 'Cells/NK/CD16"):
        TREE.remove("CD16+")
    with pytest.raises(PopulationError, match=r"no population.*did you mean 'NK'"):
        TREE.remove("NKT")


# Rename


def test_rename_is_followed_by_parents_and_references():
    renamed = TREE.rename("NK", "NK cells").rename("deep", "deeper")
    assert renamed.paths == tuple(
        path.replace("/NK", "/NK cells").replace("deep", "deeper")
        for path in TREE.paths
    )
    assert [
        path.replace("/NK", "/NK cells").replace("deep", "deeper") for path in REFERS
    ] == refers(renamed)


def test_rename_a_quadrant_and_a_quadrant_gate():
    renamed = TREE.rename("B+", "B high").rename("Q", "by B")
    assert "Cells/T cells/B high/deep" in renamed
    assert refers(renamed)[1:] == ["Cells/T cells/B high/deep", "Cells/T cells/B-"]
    assert renamed.declared("B high").name == "by B"
    assert list(renamed.declared("B-").quadrants) == ["B-", "B high"]


@pytest.mark.parametrize(
    "name", ["not B", "B (or) C", "it's", "\"A\" and 'B'", "B or C"]
)
def test_names_with_operators_and_quotes_are_quoted_in_expressions(name):
    renamed = TREE.rename("deep", name)
    assert refers(renamed)[1] == f"Cells/T cells/B+/{name}"
    again = lg.GatingStrategy.from_json(renamed.to_json())
    assert again == renamed
    assert renamed.rename(f"B+/{name}", "deep") == TREE


@pytest.mark.parametrize(
    ("population", "name", "error", "words"),
    [
        ("NK", "T cells", StrategyError, "two gates make.*'Cells/T cells'"),
        ("NK", "a/b", GateError, "holds no '/'"),
        ("NK", "", GateError, "not empty"),
        ("B+", "B-", StrategyError, "has a quadrant 'B-' already"),
        ("Q", "B-", StrategyError, "two gates are called"),
        ("B-", "CD16+", StrategyError, "two gates make"),
        ("nothing", "X", PopulationError, "no population or quadrant gate 'nothing'"),
    ],
)
def test_rename_refuses_names_that_are_none_or_taken(population, name, error, words):
    with pytest.raises(error, match=words):
        TREE.rename(population, name)


# Move


def test_move_takes_all_below_and_references_follow():
    moved = TREE.move("T cells", "NK")
    assert moved.paths == (
        "Cells",
        "Cells/NK",
        "Cells/NK/CD16+",
        "Cells/NK/T cells",
        "Cells/NK/T cells/CD16+",
        "Cells/NK/T cells/B-",
        "Cells/NK/T cells/B+",
        "Cells/NK/T cells/B+/deep",
        "Cells/either",
    )
    assert refers(moved)[1] == "Cells/NK/T cells/B+/deep"
    assert moved.move("T cells", "Cells") == TREE
    root = TREE.move("NK", None)
    assert root.parent("NK/CD16+") == "NK"
    assert root["NK"].parent is None
    assert TREE.move("NK", "All events") == root


def test_move_a_quadrant_gate():
    moved = TREE.move("Q", "NK")
    assert "Cells/NK/B+/deep" in moved
    assert refers(moved)[1:] == ["Cells/NK/B+/deep", "Cells/NK/B-"]


@pytest.mark.parametrize(
    ("population", "parent", "error", "words"),
    [
        ("NK", "NK", StrategyError, "cannot be moved into 'Cells/NK'"),
        ("Cells", "deep", StrategyError, "cannot be moved into.*lies in it"),
        ("Q", "deep", StrategyError, "cannot be moved into"),
        ("B+", "NK", StrategyError, "'B\\+' is a quadrant of 'Cells/T cells/Q'"),
        ("NK/CD16+", "T cells", StrategyError, "two gates make"),
        ("NK", "nowhere", PopulationError, "'nowhere' is not in the strategy"),
        ("NK", "either", None, None),
    ],
)
def test_move_refuses_what_cannot_be(population, parent, error, words):
    if error is None:  # 'either' needs NK/CD16+, which would lie in it
        error, words = StrategyError, "cycle"
    with pytest.raises(error, match=words):
        TREE.move(population, parent)


# Copy


def test_copy_takes_all_below_and_references_within_it():
    tree = TREE.add(lg.BooleanGate("inner", "deep or NK/CD16+", parent="B+"))
    copied = tree.copy("T cells", parent="NK", name="NKT")
    assert "Cells/NK/NKT/B+/deep" in copied
    assert "Cells/T cells/B+/deep" in copied
    assert refers(copied) == REFERS
    assert refers(copied, "Cells/NK/NKT/B+/inner") == [
        "Cells/NK/NKT/B+/deep",
        "Cells/NK/CD16+",
    ]
    assert refers(copied, "Cells/T cells/B+/inner") == [
        "Cells/T cells/B+/deep",
        "Cells/NK/CD16+",
    ]
    assert copied.remove("NKT") == tree


def test_copy_beside_the_original_to_the_root_and_of_a_quadrant_gate():
    assert TREE.copy("NK", name="NK2").parent("NK2/CD16+") == "Cells/NK2"
    assert "NK/CD16+" in TREE.copy("NK", parent="All events")._ends["CD16+"]
    copied = TREE.copy("Q", parent="NK")
    assert "Cells/NK/B+/deep" in copied.paths
    assert refers(copied) == REFERS


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "two gates make.*'Cells/NK'"),
        ({"name": "T cells"}, "two gates make"),
        ({"parent": "NK", "name": "CD16+"}, "two gates make"),
    ],
)
def test_copy_refuses_a_path_that_is_taken(options, words):
    with pytest.raises(StrategyError, match=words):
        TREE.copy("NK", **options)
    with pytest.raises(StrategyError, match="cannot be copied alone"):
        TREE.copy("B+", parent="NK")


# Replace


def test_replace_keeps_what_lies_below():
    new = lg.PolygonGate("NK", x="A", y="B", vertices=[(0, 0), (1, 0), (0, 1)])
    replaced = TREE.replace("NK", new)
    assert replaced.paths == TREE.paths
    assert replaced["NK"].vertices == new.vertices
    assert replaced["NK"].parent == "Cells"
    renamed = TREE.replace("NK", make("NK cells", parent="Cells", B=(0, 1)))
    assert refers(renamed)[0] == "Cells/NK cells/CD16+"


def test_replace_a_quadrant_gate():
    wider = lg.QuadrantGate("Q", dividers={"B": [0.5, 0.7]})
    assert "Cells/T cells/B++" in TREE.replace("Q", wider)
    other = lg.QuadrantGate("Q", dividers={"C": 0.5})
    with pytest.raises(
        StrategyError, match="'Cells/T cells/B\\+', which does not exist"
    ):
        TREE.replace("Q", other)


@pytest.mark.parametrize(
    ("population", "gate", "words"),
    [
        ("NK", make("NK", parent="T cells"), "lies in 'T cells', the old one"),
        ("Cells", make("Cells", parent="NK"), "the old one in 'no population'"),
        ("B+", make("B+"), "is a quadrant of"),
        ("NK", lg.BooleanGate("NK", "either"), "cycle"),
    ],
)
def test_replace_refuses_what_does_not_fit(population, gate, words):
    with pytest.raises(StrategyError, match=words):
        TREE.replace(population, gate)


# Laws: any edit gives a tree that holds together


@st.composite
def _edits(draw):
    verb = draw(st.sampled_from(["rename", "move", "copy", "remove", "override"]))
    return verb, draw(st.integers(0, 50)), draw(st.integers(0, 50)), draw(st.booleans())


def _edited(strategy, verb, number, other, flag):
    path = strategy.paths[number % len(strategy)]
    target = strategy.paths[other % len(strategy)]
    if verb == "rename":
        return strategy.rename(path, f"n{other} or (x)")
    if verb == "move":
        return strategy.move(path, None if flag else target)
    if verb == "copy":
        return strategy.copy(path, parent=target, name=f"c{other}")
    if verb == "override":
        gate = strategy.declared(path)
        if isinstance(gate, lg.RectangleGate):
            parent = strategy.parent(path)
            gate = make(gate.name, parent, C=(other, None))
            return strategy.override("P1" if flag else "P2", gate)
        return strategy
    return strategy.remove(path)


@settings(deadline=None, max_examples=60)
@given(st.lists(_edits(), max_size=8))
def test_whatever_is_edited_holds_together(edits):
    strategy = TREE
    for edit in edits:
        if len(strategy) == 0:
            break
        try:
            strategy = _edited(strategy, *edit)
        except LongateError:
            continue
        again = lg.GatingStrategy.from_json(strategy.to_json())
        assert again == strategy
        assert again.gates == strategy.gates
        assert set(again.paths) == set(strategy.paths)
        for sample in strategy.overrides:
            assert set(strategy.for_sample(sample).paths) == set(strategy.paths)
        for path in strategy.paths:
            parent = strategy.parent(path)
            assert parent is None or parent in strategy.paths
