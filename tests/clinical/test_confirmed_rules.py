"""Rules with confirmation in time, on hand-written courses."""

from __future__ import annotations

import pandas as pd
import pytest

from clinical.courses import NONE, relapses, visits
from longate.clinical import RULES, classify
from longate.exceptions import ClinicalError

R, N, U = "responder", "non-responder", "unclassifiable"
WORSENING = [
    "msprog_default",
    "expand",
    "cut55",
    "confirmed_12_weeks",
    "confirmed_24_weeks",
    "roving_baseline",
]


def decide(rule, course, events=NONE, **options):
    """Label P1 by a rule."""
    found = classify(visits(P1=course), events, rule=rule, **options).table
    return found.set_index("patient").loc["P1"]


def risen(start, rise):
    """Return a course that rises at day 90 and stays there for a year."""
    top = start + rise
    return {0: start, 90: top, 180: top, 270: top, 360: top}


@pytest.mark.parametrize("rule", WORSENING)
def test_a_stable_course_responds_under_every_worsening_rule(rule):
    found = decide(rule, {0: 4.0, 180: 4.0, 360: 4.0})
    assert (found["label"], found["deciding_visit"]) == (R, "d0360")
    assert "no confirmed worsening of 1.0 from its baseline of 4.0" in found["reason"]


# The step that each rule asks for at the borders of the scale, and whether a
# smaller rise is left alone.
@pytest.mark.parametrize(
    ("rule", "start", "enough", "too_little"),
    [
        ("msprog_default", 0.0, 1.5, 1.0),
        ("msprog_default", 1.0, 1.0, 0.5),
        ("msprog_default", 5.0, 1.0, 0.5),
        ("msprog_default", 5.5, 0.5, None),
        ("msprog_default", 6.0, 0.5, None),
        ("cut55", 0.0, 1.5, 1.0),
        ("cut55", 5.0, 1.0, 0.5),
        ("cut55", 5.5, 1.0, 0.5),
        ("cut55", 6.0, 0.5, None),
        ("expand", 3.0, 1.0, 0.5),
        ("expand", 5.0, 1.0, 0.5),
        ("expand", 5.5, 0.5, None),
        ("expand", 6.5, 0.5, None),
        ("confirmed_12_weeks", 0.0, 1.5, 1.0),
        ("confirmed_12_weeks", 5.5, 0.5, None),
        ("confirmed_24_weeks", 5.0, 1.0, 0.5),
        ("confirmed_24_weeks", 6.0, 0.5, None),
        ("roving_baseline", 0.0, 1.5, 1.0),
        ("roving_baseline", 5.5, 0.5, None),
    ],
)
def test_the_step_depends_on_the_baseline(rule, start, enough, too_little):
    assert decide(rule, risen(start, enough))["label"] == N
    if too_little is not None:
        assert decide(rule, risen(start, too_little))["label"] == R


def test_from_5_5_the_rules_disagree():
    labels = {rule: decide(rule, risen(5.5, 0.5))["label"] for rule in WORSENING}
    assert labels.pop("cut55") == R
    assert set(labels.values()) == {N}


@pytest.mark.parametrize("start", [0.0, 2.5, 7.0])
def test_expand_says_where_it_defines_nothing(start):
    found = decide("expand", risen(start, 2.0))
    assert found["label"] == U
    assert f"no step from its baseline of {start:.1f}" in found["reason"]
    assert "1.0 from 3.0 to 5.0, 0.5 from 5.5 to 6.5" in found["reason"]


@pytest.mark.parametrize(
    ("rule", "gap", "label"),
    [
        ("confirmed_12_weeks", 76, U),
        ("confirmed_12_weeks", 77, N),
        ("confirmed_12_weeks", 84, N),
        ("confirmed_12_weeks", 1500, N),
        ("confirmed_24_weeks", 160, U),
        ("confirmed_24_weeks", 161, N),
        ("expand", 82, U),
        ("expand", 83, N),
        ("msprog_default", 76, U),
        ("msprog_default", 84 + 730, N),
        ("msprog_default", 84 + 731, U),
    ],
)
def test_the_confirming_visit_must_lie_far_enough_behind(rule, gap, label):
    course = {0: 4.0, 90: 5.0, 90 + gap: 5.0}
    found = decide(rule, course)
    assert found["label"] == label
    if label == N:
        assert found["deciding_visit"] == f"d{90 + gap:04d}"
        assert f"confirmed at d{90 + gap:04d} after {gap} days" in found["reason"]
    else:
        assert "confirms or refutes" in found["reason"]


def test_a_rise_that_does_not_last_is_none():
    found = decide("msprog_default", {0: 4.0, 90: 5.0, 180: 4.0, 270: 5.0, 360: 4.5})
    assert (found["label"], found["deciding_visit"]) == (R, "d0360")


def test_a_dip_before_the_confirming_visit_refutes_the_rise():
    course = {0: 4.0, 90: 5.0, 130: 4.5, 180: 5.0, 230: 5.0}
    assert decide("confirmed_12_weeks", course)["label"] == U  # from day 180 on
    assert decide("confirmed_12_weeks", course | {270: 5.0})["label"] == N


def test_a_rise_at_the_last_visit_cannot_be_classified():
    found = decide("confirmed_24_weeks", {0: 4.0, 180: 4.0, 360: 5.0})
    assert (found["label"], found["deciding_visit"]) == (U, None)
    assert "EDSS rose to 5.0 at d0360" in found["reason"]


def test_relapses_alone_do_not_decide_about_worsening():
    found = decide("msprog_default", {0: 4.0, 360: 4.0}, relapses(P1=[100]))
    assert found["label"] == R


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ("msprog_default", U),  # the change may be seen then, but not confirmed
        ("cut55", U),
        ("confirmed_12_weeks", N),  # does not look at relapses
        ("expand", N),
    ],
)
def test_a_visit_soon_after_a_relapse_does_not_confirm(rule, label):
    course = {0: 4.0, 90: 5.0, 190: 5.0}
    assert decide(rule, course, relapses(P1=[161]))["label"] == label
    # On the 30th day it serves again.
    assert decide(rule, course, relapses(P1=[160]))["label"] == N


def test_a_visit_soon_after_a_relapse_shows_no_change_under_cut55():
    course = {0: 4.0, 90: 5.0, 180: 5.0, 270: 4.0}
    soon = relapses(P1=[80])
    assert decide("msprog_default", course, soon)["label"] == N
    assert decide("cut55", course, soon)["label"] == R


def test_a_baseline_soon_after_a_relapse_is_moved():
    course = {0: 5.0, 60: 3.0, 150: 4.0, 240: 4.0, 330: 4.0}
    before = relapses(P1=[-10])
    assert decide("msprog_default", course)["label"] == R
    found = decide("msprog_default", course, before)
    assert found["label"] == N
    assert "its reference of 3.0 at d0060" in found["reason"]
    found = decide("msprog_default", {0: 4.0, 60: 4.0}, relapses(P1=[-10, 50]))
    assert found["label"] == U
    assert "within 30 days after a relapse" in found["reason"]


@pytest.mark.parametrize("rule", [*WORSENING, "confirmed_improvement"])
@pytest.mark.parametrize(
    ("course", "words"),
    [
        ({0: None, 180: 4.0, 360: 4.0}, "no EDSS at baseline (d0000)"),
        ({0: 4.0, 180: 4.0, 360: None}, "no EDSS at d0360"),
    ],
)
def test_who_is_lost_is_unclassifiable(rule, course, words):
    found = decide(rule, course)
    assert found["label"] == U
    assert words in found["reason"]


def test_worsening_confirmed_before_the_loss_decides():
    course = risen(4.0, 1.0) | {360: None}
    assert decide("confirmed_12_weeks", course)["label"] == N


@pytest.mark.parametrize(
    ("start", "fall", "label"),
    [
        (1.5, 1.5, U),
        (2.0, 1.0, R),
        (2.0, 0.5, N),
        (5.0, 1.0, R),
        (5.0, 0.5, N),
        (5.5, 0.5, R),
        (6.0, 0.5, R),
        (4.0, 0.0, N),
    ],
)
def test_improvement_mirrors_the_steps(start, fall, label):
    assert decide("confirmed_improvement", risen(start, -fall))["label"] == label


def test_improvement_must_be_confirmed():
    found = decide("confirmed_improvement", {0: 4.0, 180: 3.0, 360: 4.0})
    assert (found["label"], found["deciding_visit"]) == (N, "d0360")
    found = decide("confirmed_improvement", {0: 4.0, 180: 4.0, 360: 3.0})
    assert found["label"] == U
    found = decide("confirmed_improvement", {0: 4.0, 180: 3.0, 360: 3.0})
    assert (found["label"], found["deciding_visit"]) == (R, "d0360")


def test_a_roving_baseline_sees_the_loss_of_an_improvement():
    course = {0: 5.0, 90: 4.0, 180: 4.0, 270: 5.0, 360: 5.0}
    assert decide("msprog_default", course)["label"] == R
    found = decide("roving_baseline", course)
    assert (found["label"], found["deciding_visit"]) == (N, "d0360")
    assert "its reference of 4.0 at d0180" in found["reason"]


def test_a_roving_baseline_does_not_forgive_an_earlier_worsening():
    course = {0: 5.0, 90: 6.0, 180: 6.0, 270: 4.0, 360: 4.0, 450: 4.0}
    found = decide("roving_baseline", course)
    assert (found["label"], found["deciding_visit"]) == (N, "d0180")


def scans(**patients):
    rows = [
        (patient, f"d{day:04d}", lesions)
        for patient, own in patients.items()
        for day, lesions in own.items()
    ]
    return pd.DataFrame(rows, columns=["patient", "visit", "new_t2"])


YEAR = {0: 4.0, 180: 4.0, 360: 4.0}


@pytest.mark.parametrize(
    ("course", "events", "lesions", "label", "visit", "words"),
    [
        (YEAR, [], {0: 3, 180: 0, 360: 0}, R, "d0360", "no active lesion"),
        (YEAR, [], {0: 0, 360: 0}, R, "d0360", "(no MRI at d0180)"),
        (YEAR, [], {0: 0, 180: 2, 360: 0}, N, "d0180", "2 active lesion(s) at d0180"),
        (YEAR, [100], {180: 0, 360: 0}, N, "d0180", "relapse by d0180"),
        (YEAR, [], {180: 0}, U, None, "no MRI at d0360"),
        (risen(4.0, 1.0), [], {360: 0}, N, "d0180", "EDSS rose to 5.0"),
        (YEAR | {360: 5.0}, [], {360: 0}, U, None, "confirms or refutes"),
        (YEAR | {360: 5.0}, [], {360: 1}, N, "d0360", "1 active lesion"),
    ],
)
def test_neda3_looks_at_three_domains(course, events, lesions, label, visit, words):
    found = decide("neda3", course, relapses(P1=events), mri=scans(P1=lesions))
    assert (found["label"], found["deciding_visit"]) == (label, visit)
    assert words in found["reason"]


def test_neda3_sums_both_kinds_of_lesions():
    mri = scans(P1={180: 0, 360: 0}).assign(gd=[0, 1])
    response = classify(visits(P1=YEAR), NONE, rule="neda3", mri=mri)
    assert response.table.loc[0, "label"] == N
    assert {"mri", "gd", "new_t2"} <= set(response.derived_from)


def test_neda3_can_start_again_later():
    mri = scans(P1={180: 2, 360: 0})
    found = decide("neda3", YEAR, mri=mri, baseline="d0180")
    assert found["label"] == R


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "pass mri="),
        (scans(P1={360: 1.5}), "not a count"),
        (scans(P1={360: -1}), "not a count"),
        (scans(P9={360: 1}), "does not have"),
        (scans(P1={999: 1}), "does not have"),
        (pd.concat([scans(P1={360: 1})] * 2, ignore_index=True), "repeats"),
        (scans(P1={360: 1}).drop(columns="new_t2"), "new_t2"),
    ],
)
def test_mri_is_checked(table, words):
    with pytest.raises(ClinicalError, match=words):
        decide("neda3", YEAR, mri=table)


@pytest.mark.parametrize("rule", [*WORSENING, "confirmed_improvement"])
def test_a_rule_that_confirms_needs_dates(rule):
    table = visits(P1=YEAR).drop(columns="date")
    none = pd.DataFrame({"patient": [], "visit": []})
    with pytest.raises(ClinicalError, match=f"{rule}.*confirms by dates"):
        classify(table, none, rule=rule)


def test_relapse_windows_need_the_dates_of_relapses():
    events = pd.DataFrame({"patient": ["P1"], "visit": ["d0180"]})
    with pytest.raises(ClinicalError, match="no date in row 0"):
        decide("msprog_default", YEAR, events)
    assert decide("confirmed_12_weeks", YEAR, events)["label"] == R


def test_a_visit_without_a_date_is_said_where_it_matters():
    table = visits(P1=risen(4.0, 1.0), P2=YEAR)
    table.loc[table["visit"] == "d0180", "date"] = pd.NaT
    found = classify(table, NONE, rule="confirmed_12_weeks").table.set_index("patient")
    assert found["label"].to_dict() == {"P1": U, "P2": R}
    assert "no date at d0180" in found.loc["P1", "reason"]


def test_dates_that_contradict_the_order_of_visits():
    table = visits(P1=YEAR)
    table.loc[2, "date"] = pd.Timestamp("2009-01-01")
    with pytest.raises(ClinicalError, match=r"dated before.*row 2"):
        classify(table, NONE)


def test_a_landmark_looks_at_what_came_later_alone():
    course = {0: 4.0, 180: 5.0, 270: 5.0, 360: 5.0}
    table = visits(P1=course, P2={0: 4.0, 360: 4.0})
    early = relapses(P1=[100])
    assert classify(table, early).table.loc[0, "label"] == N
    response = classify(table, early, landmark="d0180")
    assert response.landmark == "d0180"
    assert response.table["label"].tolist() == [R, U]
    assert "landmark d0180" in repr(response)
    assert response.provenance["landmark"] == "d0180"
    late = classify(table, relapses(P1=[200]), landmark="d0180")
    assert late.table.loc[0, "label"] == N
    with pytest.raises(ClinicalError, match="takes the place of"):
        classify(table, early, landmark="d0180", baseline="d0000")


def test_every_preset_says_its_days_and_steps():
    assert len(RULES) == 9
    for rule in RULES.values():
        confirmation = getattr(rule, "confirmation", None)
        if confirmation is not None:
            assert f"{confirmation.days} days" in rule.statement
