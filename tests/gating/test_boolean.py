"""Boolean gates: how expressions are read, and three-valued truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateError, PopulationError, StrategyError
from reference import gates as reference

# Four populations; their events are all combinations of in, out and undefined.
NAMES = ["A", "B+", "C bright", "and then D"]
CHANNELS = ["a", "b", "c", "d"]
STATES = np.array(np.meshgrid(*[[1.0, 0.0, math.nan]] * 4)).reshape(4, -1)
SAMPLE = sample_of(dict(zip(CHANNELS, STATES, strict=True)))
ONES = [
    lg.RectangleGate(name, dimensions={channel: (0.5, None)})
    for name, channel in zip(NAMES, CHANNELS, strict=True)
]
MASKS = {
    name: (values == 1.0, values == 0.0)
    for name, values in zip(NAMES, STATES, strict=True)
}


def _apply(expression: str) -> tuple[list[bool], list[bool]]:
    """Which events the expression holds, and which its complement."""
    gates = [*ONES, lg.BooleanGate("X", expression), lg.BooleanGate("not X", "not X")]
    gated = lg.GatingStrategy(gates).apply(SAMPLE)
    return gated.mask("X").tolist(), gated.mask("not X").tolist()


def _same(expression: str, other: str) -> bool:
    return _apply(expression) == _apply(other)


@st.composite
def expressions(draw, depth=3):
    """An expression as text, and its value by Kleene's tables."""
    kind = draw(st.sampled_from(["name", "not", "and", "or"] if depth else ["name"]))
    if kind == "name":
        name = draw(st.sampled_from(NAMES))
        quote = draw(st.sampled_from(["'", '"'] + [""] * (name != "and then D")))
        return f"{quote}{name}{quote}", MASKS[name]
    blank = draw(st.sampled_from([" ", "  ", "\n", "\t "]))
    word = draw(st.sampled_from([kind, kind.upper(), kind.title()]))
    if kind == "not":
        text, (inside, outside) = draw(expressions(depth=depth - 1))
        return f"{word}({blank}{text})", (outside, inside)
    left, (a_in, a_out) = draw(expressions(depth=depth - 1))
    right, (b_in, b_out) = draw(expressions(depth=depth - 1))
    text = f"({left}){blank}{word}{blank}({right})"
    if kind == "and":
        return text, (a_in & b_in, a_out | b_out)
    return text, (a_in | b_in, a_out & b_out)


@settings(deadline=None)
@given(expressions())
def test_follows_the_truth_tables(expression):
    text, (inside, outside) = expression
    held, complement = _apply(text)
    assert held == inside.tolist()
    assert complement == outside.tolist()


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["", "not ", "not not "]),
        st.sampled_from(["A", "B+", "C bright", "'and then D'"]),
        st.sampled_from([" and ", " or "]),
    ),
    min_size=1,
    max_size=7,
)


@settings(deadline=None)
@given(WORDS, st.data())
def test_not_binds_before_and_before_or_as_in_python(words, data):
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    text = ""
    for place, (negation, name, operator) in enumerate(words):
        opened = "(" if place == first else ""
        closed = ")" if place == last else ""
        text += f"{opened}{negation}{name}{closed}{operator}"
    text = text.removesuffix(words[-1][2])
    held, complement = _apply(text)
    inside, outside = reference.boolean(text, MASKS)
    assert held == inside.tolist()
    assert complement == outside.tolist()


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("A or B+ and C bright", "A or (B+ and C bright)"),
        ("not A and B+", "(not A) and B+"),
        ("not A or B+", "(not A) or B+"),
        ("not not A", "A"),
        ("((A))", "A"),
        ("not(A or B+)", "not A and not B+"),
        ("A and(B+)or C bright", "(A and B+) or C bright"),
        ("  A\n  or B+  ", "A or B+"),
        ("\"C bright\" OR 'B+'", "C bright or B+"),
        ("C   bright", "'C bright'"),
    ],
)
def test_means_what_it_says(expression, meant):
    assert _same(expression, meant)


def test_names_may_hold_signs_and_operators_inside_words():
    names = ["CD3- dump-", "CD56+", "Leukocytes(CD45+)", "Rand", "nothing", "or", "NK'"]
    gates = [
        lg.RectangleGate(name, dimensions={"a": (number, number + 1)})
        for number, name in enumerate(names)
    ]
    sample = sample_of({"a": np.arange(9.0)})
    held = {
        "CD3- dump- or CD56+": [0, 1],
        "'Leukocytes(CD45+)' or Rand": [2, 3],
        "nothing or Rand or CD3- dump-": [0, 3, 4],
        "not nothing and not 'or' and not Rand": [0, 1, 2, 6, 7, 8],
        "\"NK'\" or 'or'": [5, 6],
    }
    for expression, events in held.items():
        strategy = lg.GatingStrategy([*gates, lg.BooleanGate("X", expression)])
        assert np.flatnonzero(strategy.apply(sample).mask("X")).tolist() == events


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "'the end' where a population"),
        ("   ", "'the end' where a population"),
        ("A and", "'the end' where a population"),
        ("not", "'the end' where a population"),
        ("and A", "'and' where a population"),
        ("A or or B", "'or' where a population"),
        ("A not B", "'not' where 'and' or 'or'"),
        ("A 'B'", "'B' where 'and' or 'or'"),
        ("(A or B", "lacks a closing parenthesis"),
        ("A or B)", "without its '\\('"),
        (")(", "'\\)' where a population"),
        ("()", "'\\)' where a population"),
        ("A(B)", "'\\(' where 'and' or 'or'"),
        ("'A", "quote that is not closed"),
        ("A or \"B' ", "quote that is not closed"),
    ],
)
def test_says_what_is_wrong_with_an_expression(expression, words):
    with pytest.raises(GateError, match=f"gate 'X': .*{words}"):
        lg.BooleanGate("X", expression)


def test_a_deep_expression_is_read():
    depth = 3000
    expression = "(" * depth + "not " * depth + "A" + ")" * depth
    assert _same(expression, "A")


def test_an_unknown_population_is_named_with_a_suggestion():
    with pytest.raises(StrategyError, match=r"'X' refers to 'B-'.*did you mean 'B\+'"):
        lg.GatingStrategy([*ONES, lg.BooleanGate("X", "A or B-")])


def test_an_ambiguous_population_is_named():
    gates = [
        *ONES,
        lg.RectangleGate("Z", parent="A", a=(0, 1)),
        lg.RectangleGate("Z", parent="B+", a=(0, 1)),
        lg.BooleanGate("X", "not Z"),
    ]
    with pytest.raises(StrategyError, match="'Z' means several populations"):
        lg.GatingStrategy(gates)
    paths = lg.GatingStrategy([*gates[:-1], lg.BooleanGate("X", "A/Z or B+/Z")])
    assert paths["X"].populations == ("A/Z", "B+/Z")


@pytest.mark.parametrize(
    "gates",
    [
        [lg.BooleanGate("X", "not X")],
        [lg.BooleanGate("X", "A or Y"), lg.BooleanGate("Y", "not X")],
        [lg.BooleanGate("X", "Y"), lg.RectangleGate("Y", parent="X", a=(0, 1))],
        [
            lg.BooleanGate("X", "Z", parent="A"),
            lg.RectangleGate("Y", parent="X", a=(0, 1)),
            lg.BooleanGate("Z", "not Y"),
        ],
    ],
)
def test_gates_that_need_each_other_are_refused_and_named(gates):
    with pytest.raises(StrategyError, match=r"cycle: .*X'"):
        lg.GatingStrategy([*ONES, *gates])


def test_an_operand_is_taken_with_its_own_ancestors():
    gates = [
        lg.RectangleGate("P", a=(0.5, None)),
        lg.RectangleGate("child", parent="P", b=(0.5, None)),
        lg.BooleanGate("not child", "not child"),
        lg.BooleanGate("not child in P", "not child", parent="P"),
    ]
    sample = sample_of({"a": [1, 1, 0, 0, math.nan], "b": [1, 0, 1, 0, 1]})
    gated = lg.GatingStrategy(gates).apply(sample)
    assert gated.mask("child").tolist() == [True, False, False, False, False]
    assert gated.mask("not child").tolist() == [False, True, True, True, False]
    assert gated.mask("not child in P").tolist() == [False, True, False, False, False]


def test_an_event_undefined_in_a_parent_is_in_no_descendant_nor_its_complement():
    gates = [
        lg.RectangleGate("P", a=(0.5, None)),
        lg.RectangleGate("child", parent="P", b=(0.5, None)),
        lg.BooleanGate("rest", "not child", parent="P"),
        lg.BooleanGate("beyond", "not P"),
        lg.BooleanGate("anything", "child or not child"),
    ]
    sample = sample_of({"a": [math.nan, math.nan, 1, 0], "b": [1, 0, math.nan, 0]})
    gated = lg.GatingStrategy(gates).apply(sample)
    for path in ["child", "rest"]:
        assert gated.mask(path).tolist() == [False] * 4
    assert gated.mask("beyond").tolist() == [False, False, False, True]
    assert gated.mask("anything").tolist() == [False, False, False, True]


def test_gate_and_complement_partition_the_defined_events():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(3, 700))
    values[rng.random(values.shape) < 0.1] = math.nan
    gates = [
        lg.RectangleGate("P", a=(-1.0, None)),
        lg.RectangleGate("R", parent="P", b=(-0.5, 0.5)),
        lg.BooleanGate("not R", "not R", parent="P"),
    ]
    sample = sample_of(dict(zip("abc", values, strict=True)))
    gated = lg.GatingStrategy(gates).apply(sample)
    inside, outside = gated.mask("R"), gated.mask("not R")
    assert not (inside & outside).any()
    defined = gated.mask("P") & ~np.isnan(values[1])
    np.testing.assert_array_equal(inside | outside, defined)


def test_a_mask_of_an_unknown_population_suggests_a_name():
    gated = lg.GatingStrategy(ONES).apply(SAMPLE)
    with pytest.raises(PopulationError, match="did you mean 'C bright'"):
        gated.mask("C brigt")
