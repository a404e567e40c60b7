"""Patients: the flow of the model study, and responses that the rule confirms."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from longate.simulate.clinical_course import EDSS_VISITS, Flow, enrol


@pytest.fixture(params=[0, 1, 2012])
def patients(request):
    return enrol(np.random.default_rng(request.param), 15)


def test_fifteen_thirteen_twelve_are_seen(patients):
    seen = [sum(v in p.dates for p in patients) for v in ("m00", "m06", "m12")]
    assert seen == [15, 13, 12]


def test_five_respond_and_seven_do_not_by_the_rule(patients):
    labels = [patient.response for patient in patients]
    assert labels.count("responder") == 5
    assert labels.count("non-responder") == 7
    assert labels.count("unclassifiable") == 3


def test_the_rule_confirms_the_generating_group(patients):
    for patient in patients:
        expected = "unclassifiable" if patient.lost else patient.group
        assert patient.response == expected


def test_worsening_at_one_visit_or_a_relapse_makes_a_non_responder(patients):
    responder = next(p for p in patients if p.response == "responder")
    worse = dict(responder.edss) | {"m09": responder.edss["m00"] + 0.5}
    assert replace(responder, edss=worse).response == "non-responder"
    relapse = (responder.dates["m03"],)
    assert replace(responder, relapses=relapse).response == "non-responder"


def test_dates_stand_in_order_and_near_their_months(patients):
    for patient in patients:
        days = [patient.dates[v] for v in EDSS_VISITS if v in patient.dates]
        assert days == sorted(days)
        if "m06" in patient.dates:
            since = patient.dates["m06"] - patient.dates["m00"]
            assert abs(since - dt.timedelta(days=182)) <= dt.timedelta(days=14)


def test_enrolment_is_staggered(patients):
    starts = [patient.dates["m00"] for patient in patients]
    assert starts == sorted(starts)
    assert starts[-1] - starts[0] > dt.timedelta(days=180)


def test_relapses_fall_inside_the_follow_up(patients):
    for patient in patients:
        for date in patient.relapses:
            assert patient.dates["m00"] < date < max(patient.dates.values())


def test_the_patient_lost_to_progression_was_not_scored_after_month_six(patients):
    (lost,) = [p for p in patients if p.group == "lost late"]
    assert list(lost.edss) == ["m00", "m03", "m06"]
    assert set(lost.edss.values()) == {lost.edss["m00"]}


@pytest.mark.parametrize("n", range(2, 60))
def test_other_numbers_of_patients_keep_both_groups(n):
    flow = Flow.of(n)
    assert flow.early + flow.late + flow.responders + flow.others == n
    assert min(flow.early, flow.late) >= 0
    assert flow.responders >= 1
    assert flow.others >= 1
