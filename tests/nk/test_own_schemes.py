"""Schemes of one's own: read, checked over every phenotype, never mixed with others."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import MaturationError
from longate.nk.stages.scheme import require_one_scheme

Stage, StageScheme = lg.nk.Stage, lg.nk.StageScheme
NAMES = ["CD16", "CD57", "KIR"]
RULES = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.one_of(
        inner.map(lambda rule: f"not ({rule})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) and ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) or ({two[1]})"),
    ),
    max_leaves=4,
)


def _every(names):
    codes = np.arange(2 ** len(names))
    return {name: (codes >> k & 1).astype(bool) for k, name in enumerate(names)}


@settings(deadline=None)
@given(st.lists(RULES, min_size=1, max_size=4))
def test_every_phenotype_gets_the_first_label_whose_rule_holds(rules):
    stages = [Stage(f"s{k}", rule) for k, rule in enumerate(rules)]
    stages.append(Stage("rest", "else"))
    calls = _every(NAMES)
    rows = list(zip(*(calls[name].tolist() for name in NAMES), strict=True))
    expected = []
    for row in rows:
        cell = dict(zip(NAMES, row, strict=True))
        first = next((k for k, rule in enumerate(rules) if eval(rule, {}, cell)), None)
        expected.append("rest" if first is None else f"s{first}")
    reached = set(expected)
    if reached != {stage.label for stage in stages}:
        with pytest.raises(MaturationError, match="no phenotype ever reaches"):
            StageScheme("mine", tuple(stages), ("s0", "rest"))
        return
    scheme = StageScheme("mine", tuple(stages), ("s0", "rest"))
    assert scheme.label(calls).tolist() == expected


def test_a_gap_is_named_by_a_phenotype_that_falls_into_it():
    with pytest.raises(MaturationError, match=r"2 phenotypes.*CD16- CD57-"):
        StageScheme(
            "gap",
            (Stage("a", "CD16 and CD57"), Stage("b", "CD16 or not (KIR or not KIR)"),
             Stage("c", "CD57 and KIR and not CD16"), Stage("d", "CD57 and not KIR")),
            ("a", "b"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("stages", "axis", "words"),
    [
        ((("a", "CD16"), ("a", "else")), ("a", "a"), "'a' occur twice in stages"),
        ((("a", "CD16"), ("b", "else")), ("a",), "at least two stages"),
        ((("a", "CD16"), ("b", "else")), ("a", "c"), "no stage 'c' for the axis"),
        ((("a", "else"), ("b", "CD16")), ("a", "b"), "ever reaches 'b'"),
        ((("a", "CD16 and"), ("b", "else")), ("a", "b"), "stage 'a'.*expected"),
        ((("", "CD16"), ("b", "else")), ("a", "b"), "needs a label"),
    ],
)
def test_what_is_no_scheme_is_said(stages, axis, words):
    with pytest.raises(MaturationError, match=words):
        StageScheme("mine", tuple(Stage(*stage) for stage in stages), axis)


def test_the_id_holds_rules_markers_axis_and_parent():
    a, b = Stage("a", "CD16"), Stage("b", "else")
    schemes = [
        StageScheme("mine", (a, b), ("a", "b"), parent="NK"),
        StageScheme("mine", (a, b), ("b", "a"), parent="NK"),
        StageScheme("mine", (a, b), ("a", "b"), parent="Live/NK"),
        StageScheme("mine", (Stage("a", "not not CD16"), b), ("a", "b"), parent="NK"),
        StageScheme("yours", (a, b), ("a", "b"), parent="NK"),
    ]
    assert len({scheme.id for scheme in schemes}) == len(schemes)
    for one, other in itertools.combinations(schemes, 2):
        with pytest.raises(MaturationError, match="never compared"):
            require_one_scheme([one.id, other.id], "these")
    assert require_one_scheme([schemes[0].id] * 3, "these") == schemes[0].id


def test_a_scheme_belongs_to_one_parent():
    a, b = Stage("a", "CD16"), Stage("b", "else")
    scheme = StageScheme("mine", (a, b), ("a", "b"))
    assert scheme.for_parent("NK").parent == "NK"
    with pytest.raises(MaturationError, match="made for the parent 'NK'"):
        scheme.for_parent("NK").for_parent("T")
    with pytest.raises(MaturationError, match="must be declared"):
        scheme.for_parent("")


def test_missing_calls_are_named():
    scheme = StageScheme("mine", (Stage("a", "CD16"), Stage("b", "else")), ("a", "b"))
    with pytest.raises(MaturationError, match="needs the call 'CD16'"):
        scheme.label({"CD57": np.array([True])})
