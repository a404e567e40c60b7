"""The rule ``chanvillard2012`` on hand-written courses."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longate.clinical import LABELS, RULES, classify
from longate.clinical.course import Decision
from longate.exceptions import ClinicalError

VISITS = ("m00", "m06", "m12")
NONE = pd.DataFrame({"patient": [], "visit": []})


def course(**patients):
    """Return a table of EDSS: one score (or None for no row) per visit."""
    rows = [
        (patient, visit, score)
        for patient, scores in patients.items()
        for visit, score in zip(VISITS, scores, strict=True)
        if score is not None
    ]
    return pd.DataFrame(rows, columns=["patient", "visit", "edss"])


STABLE = (4.0, 4.0, 4.0)


def decide(scores, relapses=NONE, **options):
    """Label P1 beside a stable patient whose visits are all there."""
    table = classify(course(P1=scores, P2=STABLE), relapses, **options).table
    return table.set_index("patient").loc["P1"]


@pytest.mark.parametrize(
    ("scores", "label", "visit", "words"),
    [
        (STABLE, "responder", "m12", "never above its baseline of 4.0 through m12"),
        ((4.0, 3.5, 3.0), "responder", "m12", "no relapse"),
        ((0.0, 0.0, 0.0), "responder", "m12", "baseline of 0.0"),
        ((4.0, 4.5, 4.0), "non-responder", "m06", "from 4.0 to 4.5 at m06"),
        ((4.0, 3.0, 4.5), "non-responder", "m12", "from 4.0 to 4.5 at m12"),
        ((9.5, 9.5, 10.0), "non-responder", "m12", "to 10.0"),
        ((4.0, 4.5, None), "non-responder", "m06", "at m06"),
    ],
)
def test_the_rule_decides(scores, label, visit, words):
    found = decide(scores)
    assert (found["label"], found["deciding_visit"]) == (label, visit)
    assert words in found["reason"]
    assert found["rule"] == "chanvillard2012"


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((4.0, 4.0, None), "no EDSS at m12; neither worsening nor relapse seen until"),
        ((4.0, None, None), "no EDSS at m12"),
        ((4.0, 4.0, float("nan")), "no EDSS at m12"),
        ((None, 4.0, 4.0), "no EDSS at baseline (m00)"),
        ((float("nan"), 4.0, 4.0), "no EDSS at baseline (m00)"),
    ],
)
def test_who_is_lost_before_the_rule_can_decide_is_unclassifiable(scores, words):
    found = decide(scores)
    assert found["label"] == "unclassifiable"
    assert words in found["reason"]
    assert found["deciding_visit"] is None


def test_a_missing_visit_in_between_is_said_and_does_not_decide():
    found = decide((4.0, None, 4.0))
    assert found["label"] == "responder"
    assert found["reason"].endswith("(no EDSS at m06)")


def relapse(**columns):
    return pd.DataFrame([{"patient": "P1", **columns}])


def test_any_relapse_ends_the_response():
    found = decide(STABLE, relapse(visit="m06"))
    assert (found["label"], found["deciding_visit"]) == ("non-responder", "m06")
    assert found["reason"] == "relapse by m06"


def test_a_relapse_until_baseline_does_not_count():
    assert decide(STABLE, relapse(visit="m00"))["label"] == "responder"


def test_a_relapse_decides_for_who_is_lost_and_without_a_baseline():
    lost = decide((4.0, None, None), relapse(visit="m06"))
    assert lost["label"] == "non-responder"
    unknown = decide((None, 4.0, 4.0), relapse(visit="m12"))
    assert unknown["label"] == "non-responder"


def test_worsening_and_relapse_at_one_visit_are_both_said():
    found = decide((4.0, 5.0, 4.0), relapse(visit="m06"))
    assert found["reason"] == "EDSS rose from 4.0 to 5.0 at m06 and relapse by m06"


def dated(**patients):
    table = course(**patients)
    days = {"m00": "2010-01-10", "m06": "2010-07-08", "m12": "2011-01-12"}
    return table.assign(date=table["visit"].map(days))


@pytest.mark.parametrize(
    ("day", "label", "visit"),
    [
        ("2010-01-10", "responder", "m12"),
        ("2009-11-01", "responder", "m12"),
        ("2010-01-11", "non-responder", "m06"),
        ("2010-07-08", "non-responder", "m06"),
        ("2010-09-01", "non-responder", "m12"),
        ("2011-01-12", "non-responder", "m12"),
        ("2011-01-13", "responder", "m12"),
    ],
)
def test_a_dated_relapse_belongs_to_the_next_visit(day, label, visit):
    table = classify(dated(P1=STABLE), relapse(date=day)).table
    assert table.loc[0, ["label", "deciding_visit"]].tolist() == [label, visit]


def test_a_dated_relapse_after_the_last_seen_visit_counts_for_who_is_lost():
    visits = dated(P1=(4.0, 4.0, None), P2=STABLE)
    table = classify(visits, relapse(date="2010-10-01")).table.set_index("patient")
    assert table.loc["P1", "label"] == "non-responder"


def test_a_dated_relapse_needs_the_date_of_baseline():
    with pytest.raises(ClinicalError, match="'m00' has no date"):
        classify(course(P1=STABLE), relapse(date="2010-10-01"))
    visits = dated(P1=(None, 4.0, 4.0), P2=STABLE)
    table = classify(visits, relapse(date="2010-10-01")).table.set_index("patient")
    assert "1 dated relapse(s) cannot be placed" in table.loc["P1", "reason"]


def test_the_window_can_be_chosen():
    scores = (5.0, 4.0, 4.5)
    assert decide(scores)["label"] == "responder"
    assert decide(scores, baseline="m06")["label"] == "non-responder"
    table = classify(course(P1=(4.0, 4.0, 5.0)), NONE, last_visit="m06").table
    assert table.loc[0, "label"] == "responder"
    late = classify(course(P1=STABLE), relapse(visit="m12"), last_visit="m06").table
    assert late.loc[0, "label"] == "responder"


def test_a_declared_visit_that_nobody_reached_makes_all_unclassifiable():
    visits = course(P1=(4.0, 4.0, None))
    visits["visit"] = pd.Categorical(visits["visit"], VISITS, ordered=True)
    assert classify(visits, NONE).table.loc[0, "label"] == "unclassifiable"


def test_enrolled_patients_without_visits_are_labelled():
    response = classify(course(P1=STABLE), NONE, patients=["P0", "P1"])
    assert response.table["patient"].tolist() == ["P0", "P1"]
    assert response.counts.to_dict() == {
        "responder": 1,
        "non-responder": 0,
        "unclassifiable": 1,
    }


def test_patients_and_visits_may_be_numbers():
    visits = pd.DataFrame(
        {"patient": [7, 7, 12, 12], "visit": [0.0, 12.0] * 2, "edss": [4, 4, 4, 5]}
    )
    table = classify(visits, pd.DataFrame({"patient": [7], "visit": [12]})).table
    assert table["patient"].tolist() == ["7", "12"]
    assert table["label"].tolist() == ["non-responder", "non-responder"]


def test_a_rule_of_ones_own_is_taken():
    @dataclass(frozen=True)
    class Everyone:
        name = "everyone"
        statement = "all respond"
        source = "made up"

        def decide(self, course):
            return Decision("responder", "as declared", course.visits[-1])

    response = classify(course(P1=(4.0, 5.0, 6.0)), NONE, rule=Everyone())
    assert response.table["rule"].tolist() == ["everyone"]
    assert response.counts["responder"] == 1


def test_an_unknown_rule_is_answered_with_a_suggestion():
    with pytest.raises(ClinicalError, match="did you mean 'chanvillard2012'"):
        classify(course(P1=STABLE), NONE, rule="chanvilard2012")


def test_every_registered_rule_has_its_source():
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.source
        assert rule.statement


def test_the_response_says_what_it_is():
    response = classify(course(P1=STABLE, P2=(4.0, 5.0, 5.0)), NONE)
    words = repr(response)
    assert "2 patients: 1 responder, 1 non-responder, 0 unclassifiable" in words
    assert "PLoS One 7:e39625" in words
    assert "m00 < m06 < m12 (by their numbers)" in words
    assert "EDSS rose from 4.0 to 5.0" in response._repr_html_()
    assert response.derived_from == ("edss", "relapses")
    with pytest.raises(FrozenInstanceError):
        response.rule = None


def test_html_is_escaped():
    visits = course(P1=STABLE).replace("P1", "<b>P1")
    assert "<b>P1" not in classify(visits, NONE)._repr_html_()


scores = st.integers(2, 20).map(lambda half: half / 2)
maybe = st.one_of(scores, st.none())


@settings(max_examples=60, deadline=None)
@given(st.tuples(scores, maybe, maybe), st.sampled_from([None, *VISITS]))
def test_every_course_gets_one_label_and_reading_on_never_helps(edss, when):
    relapses = NONE if when is None else relapse(visit=when)
    found = decide(edss, relapses)
    assert found["label"] in LABELS
    worse = any(score is not None and score > edss[0] for score in edss[1:])
    if worse or when in VISITS[1:]:
        assert found["label"] == "non-responder"
    elif edss[-1] is None:
        assert found["label"] == "unclassifiable"
    else:
        assert found["label"] == "responder"
