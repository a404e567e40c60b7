"""Rules held against each other, and labels that come from elsewhere."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from clinical.courses import NONE, relapses, visits
from longate.clinical import Decision, Response, classify, compare_rules
from longate.exceptions import ClinicalError, DesignError

R, N, U = "responder", "non-responder", "unclassifiable"
STABLE = {0: 4.0, 90: 4.0, 180: 4.0, 360: 4.0}
TRAP = {0: 5.5, 90: 6.0, 180: 6.0, 360: 6.0}
BRIEF = {0: 4.0, 90: 4.5, 180: 4.0, 360: 4.0}
WORSE = {0: 4.0, 90: 5.0, 180: 5.0, 360: 5.0}
LOST = {0: 4.0, 90: 4.0}
COHORT = visits(stable=STABLE, trap=TRAP, brief=BRIEF, worse=WORSE, lost=LOST)
PAIR = ["chanvillard2012", "cut55"]


def test_who_flips_is_named():
    compared = compare_rules(COHORT, NONE, rules=[*PAIR, "expand"])
    table = compared.table.set_index("patient")
    assert compared.flipped == ["trap", "brief"]
    assert table.loc["trap"].tolist() == [N, R, N, True]
    assert table.loc["brief"].tolist() == [N, R, R, True]
    assert table.loc["worse"].tolist() == [N, N, N, False]
    assert table.loc["lost"].tolist() == [U, U, U, False]
    assert "2 of 5 patients" in repr(compared)
    assert "trap" in compared._repr_html_()


def test_agreement_is_among_those_whom_both_classify():
    row = compare_rules(COHORT, NONE, rules=PAIR).agreement.iloc[0]
    assert (row["n_both"], row["n_agree"], row["agreement"]) == (4, 2, 0.5)
    # chanvillard 1 of 4, cut55 3 of 4 responders: chance is 3/16 + 3/16.
    assert math.isclose(row["kappa"], (0.5 - 0.375) / 0.625)


def test_kappa_is_empty_where_it_is_not_defined():
    row = compare_rules(visits(A=STABLE, B=STABLE), NONE, rules=PAIR).agreement.iloc[0]
    assert row["agreement"] == 1
    assert math.isnan(row["kappa"])


def test_all_rules_are_taken_that_the_tables_can_serve():
    compared = compare_rules(COHORT, NONE)
    assert set(compared.not_applied) == {"neda3", "confirmed_improvement"}
    assert "neda3 not applied: it needs MRI" in repr(compared)
    assert compared.counts["rule"].tolist() == list(compared.responses)
    assert (compared.counts[[R, N, U]].sum(axis=1) == 5).all()
    bare = compare_rules(COHORT.drop(columns="date"), relapses(), rules=None)
    assert list(bare.responses) == ["chanvillard2012"]


def test_a_rule_that_was_asked_for_must_apply():
    with pytest.raises(ClinicalError, match=r"neda3.*pass mri="):
        compare_rules(COHORT, NONE, rules=["cut55", "neda3"])
    with pytest.raises(ClinicalError, match="at least two"):
        compare_rules(COHORT, NONE, rules="cut55")
    with pytest.raises(ClinicalError, match="more than once"):
        compare_rules(COHORT, NONE, rules=["cut55", "cut55"])


def test_the_conclusion_is_held_against_that_of_the_first_rule():
    said = {
        "chanvillard2012": (2.0, 0.5, 3.5),
        "cut55": (1.0, 0.1, 1.9),
        "expand": (1.0, -0.1, 2.1),
        "msprog_default": (-2.0, -3.0, -1.0),
    }

    def conclude(response):
        if response.rule.name not in said:
            msg = "too few"
            raise DesignError(msg)
        return dict(
            zip(("estimate", "low", "high"), said[response.rule.name], strict=True)
        )

    rules = [*said, "confirmed_improvement"]
    found = compare_rules(COHORT, NONE, rules=rules, conclude=conclude)
    assert found.conclusions["survives"].tolist() == [True, True, False, False, None]
    assert found.conclusions["problem"].tolist() == [None] * 4 + ["too few"]
    assert "that of 1 of 3 other rules; 1 could not conclude" in repr(found)


def test_nothing_shown_stays_nothing_shown_whatever_the_sign():
    def conclude(response):
        sign = 1 if response.rule.name == "cut55" else -1
        return {"estimate": 0.3 * sign, "low": -1.0, "high": 1.0}

    found = compare_rules(COHORT, NONE, rules=PAIR, conclude=conclude)
    assert found.conclusions["survives"].tolist() == [True, True]


def test_a_conclusion_may_be_any_value():
    found = compare_rules(
        COHORT, NONE, rules=PAIR, conclude=lambda response: response.counts[R] > 0
    )
    assert found.conclusions["survives"].tolist() == [True, True]


def test_a_result_with_a_table_concludes():
    class Result:
        def __init__(self, rows):
            self.table = pd.DataFrame(
                {"estimate": [1.0] * rows, "low": 0.5, "high": 2.0, "p": 0.01}
            )

    found = compare_rules(COHORT, NONE, rules=PAIR, conclude=lambda _: Result(1))
    assert found.conclusions["estimate"].tolist() == [1.0, 1.0]
    assert found.conclusions["survives"].tolist() == [True, True]
    found = compare_rules(COHORT, NONE, rules=PAIR, conclude=lambda _: Result(2))
    assert "2 rows" in found.conclusions["problem"][0]


def test_rules_may_be_compared_from_a_landmark():
    whole = visits(A=STABLE, B=WORSE)
    found = compare_rules(whole, NONE, rules=PAIR, landmark="d0090")
    assert found.table[PAIR].to_numpy().ravel().tolist() == [R] * 4
    assert {response.landmark for response in found.responses.values()} == {"d0090"}


def test_a_function_is_a_rule():
    def never_above_five(course):
        """Nobody may reach 5.5."""
        worst = max(course.edss.values())
        if worst > 5:
            return Decision(N, f"reached {worst}", course.assessed[-1])
        return R

    response = classify(COHORT, NONE, rule=never_above_five)
    assert response.rule.name == "never_above_five"
    assert response.rule.statement == "Nobody may reach 5.5."
    table = response.table.set_index("patient")
    assert table["label"].tolist() == [R, N, R, R, R]
    assert table.loc["trap", "reason"] == "reached 6.0"
    with pytest.raises(ClinicalError, match="'perhaps' about patient 'stable'"):
        classify(COHORT, NONE, rule=lambda course: "perhaps")
    with pytest.raises(ClinicalError, match="rule must be a name"):
        classify(COHORT, NONE, rule=3)


def test_labels_may_come_from_a_column():
    sheet = pd.DataFrame(
        {
            "patient": [7, 7, 12, 30],
            "visit": ["m0", "m6", "m0", "m0"],
            "grade": ["0", "0", "III", None],
        }
    )
    response = Response.from_table(
        sheet,
        column="grade",
        meaning={"0": R, "III": N},
        name="gvhd",
        derived_from="grade",
    )
    assert response.table["patient"].tolist() == ["7", "12", "30"]
    assert response.table["label"].tolist() == [R, N, U]
    assert response.table["reason"].tolist() == [
        "grade is 0",
        "grade is III",
        "grade is empty",
    ]
    assert response.table["deciding_visit"].tolist() == [None] * 3
    assert response.derived_from == ("grade",)
    assert "rule gvhd: as given in the column grade" in repr(response)
    assert "no visits" in response._repr_html_()


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        ({"patient": ["A"], "label": ["R"]}, {}, "'R'.*known are 'responder'"),
        ({"patient": ["A"], "x": [1]}, {}, "lacks the column 'label'"),
        ({"patient": [None], "label": [R]}, {}, "no patient in row 0"),
        ({"patient": ["A", "A"], "label": [R, N]}, {}, "more than one thing.*'A'"),
        ({"patient": ["A"], "label": [1]}, {"meaning": {1: "good"}}, "gives 'good'"),
    ],
)
def test_given_labels_are_checked(frame, options, words):
    with pytest.raises(ClinicalError, match=words):
        Response.from_table(pd.DataFrame(frame), **options)


def test_given_labels_cannot_be_decided_anew():
    response = Response.from_table(pd.DataFrame({"patient": ["A"], "label": [R]}))
    with pytest.raises(ClinicalError, match="cannot be decided anew"):
        classify(COHORT, NONE, rule=response.rule)
