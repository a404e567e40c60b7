"""The language of formulas."""

from __future__ import annotations

import pytest

from longate.exceptions import DesignError
from longate.longitudinal.mixed.formula import parse_formula


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("y ~ 1", []),
        ("y ~ visit", ["visit"]),
        ("y~visit+response", ["visit", "response"]),
        ("y ~ visit * response", ["visit", "response", "visit:response"]),
        (
            "y ~ 1 + visit*response+batch",
            ["visit", "response", "batch", "visit:response"],
        ),
        ("y ~ a + b + b:a", ["a", "b", "b:a"]),
        ("y ~ a * b + b * a", ["a", "b", "a:b"]),
        ("y ~ a + a", ["a"]),
        ("y ~ a * b * c", ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]),
        (
            "y ~ a * c + b * c + a:b + a:b:c",
            ["a", "c", "b", "a:c", "b:c", "a:b", "a:b:c"],
        ),
        (
            "y ~ visit * `days since dose`",
            ["visit", "days since dose", "visit:days since dose"],
        ),
        ("y ~ age.at_entry", ["age.at_entry"]),
        ("`NK %` ~ größe", ["größe"]),
    ],
)
def test_terms_are_read(text, terms):
    assert [":".join(term) for term in parse_formula(text).terms] == terms


def test_the_value_may_have_blanks():
    assert parse_formula("`NK of CD45` ~ visit").value == "NK of CD45"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("y", "one '~'"),
        ("y ~ a ~ b", "one '~'"),
        (None, "one '~'"),
        ("~ a", "one column before"),
        ("a + b ~ c", "one column before"),
        ("y ~", "nothing on one side"),
        ("y ~ a +", "nothing on one side"),
        ("y ~ a * * b", "nothing on one side"),
        ("y ~ a - 1", "intercept"),
        ("y ~ -1 + a", "intercept"),
        ("y ~ 0 + a", "intercept"),
        ("y ~ a + (1|patient)", "parentheses"),
        ("y ~ a | patient", "patient="),
        ("y ~ log(a)", "parentheses"),
        ("y ~ a^2", "powers"),
        ("y ~ a / b", "nesting"),
        ("y ~ a b", "cannot be read"),
        ("y ~ a:1", "cannot be read"),
        ("y ~ 2", "'2'"),
        ("y ~ a % b", "'%'"),
        ("y ~ a + a:b", "without b"),
        ("y ~ a + y", "by itself"),
    ],
)
def test_what_is_not_of_the_grammar_is_refused_with_a_reason(text, word):
    with pytest.raises(DesignError) as error:
        parse_formula(text)
    assert word in str(error.value)
