"""Dates, names, visits and dispositions as clinical tables really hold them."""

from __future__ import annotations

import pandas as pd
import pytest

from longate.clinical import classify, compare_rules, dose_exposure
from longate.exceptions import ClinicalError, NameWarning

N, R, U = "non-responder", "responder", "unclassifiable"


def edss(scores=(4.0, 4.0, 4.0), dates=("2022-01-10", "2022-07-10", "2023-01-10")):
    return pd.DataFrame(
        {
            "patient": ["P1"] * len(scores),
            "visit": [f"m{6 * at:02d}" for at in range(len(scores))],
            "edss": scores,
            "date": dates,
        }
    )


def relapse(date, patient="P1"):
    return pd.DataFrame({"patient": [patient], "date": pd.Series([date], dtype=object)})


NONE = pd.DataFrame({"patient": [], "visit": []})
AMBIGUOUS = ["05.09.2022", "05/09/2022", 44809, 20220905, 44809.0, "20220905", "5.9.22"]


@pytest.mark.parametrize("date", AMBIGUOUS)
def test_a_relapse_of_an_ambiguous_date_never_vanishes(date):
    for function in (classify, compare_rules):
        with pytest.raises(ClinicalError) as caught:
            function(edss(), relapse(date))
        told = str(caught.value)
        assert "row 0 (patient 'P1')" in told
        assert str(date) in told
        assert "dayfirst= or date_format=" in told


@pytest.mark.parametrize("date", AMBIGUOUS)
def test_doses_and_visits_of_an_ambiguous_date_are_refused(date):
    doses = relapse(date).assign(dose=12)
    with pytest.raises(ClinicalError, match="table of doses has a date that cannot be"):
        dose_exposure(edss(), doses)
    dates = pd.Series(["2022-01-10", date, "2023-01-10"], dtype=object)
    with pytest.raises(ClinicalError, match=r"EDSS table .* row 1 \(patient 'P1'\)"):
        classify(edss(dates=dates), NONE)


def test_a_declared_form_is_read_in_every_table():
    told = {"dayfirst": True}
    german = edss(dates=("10.01.2022", "10.07.2022", "10.01.2023"))
    found = classify(german, relapse("05.09.2022"), **told).table
    assert found["label"].tolist() == [N]
    assert found["deciding_visit"].tolist() == ["m12"]
    doses = relapse("05.09.2022").assign(dose=12)
    exposure = dose_exposure(german, doses, **told)
    assert exposure["days_since_dose"].tolist() == [pd.NA, pd.NA, 127]
    serial = edss(dates=(44571, 44752, 44936))
    same = classify(serial, relapse(44809), date_format="excel").table
    assert same["deciding_visit"].tolist() == ["m12"]
    compared = compare_rules(
        german, relapse("05.09.2022"), rules=["expand", "chanvillard2012"], **told
    )
    assert compared.table["chanvillard2012"].tolist() == [N]


def test_a_partial_date_decides_where_all_its_days_agree():
    found = classify(edss(), relapse("2022-09")).table
    assert found["label"].tolist() == [N]
    # Before or after the baseline visit of the 10th: it cannot be known.
    found = classify(edss(), relapse("2022-01")).table
    assert found["label"].tolist() == [U]
    assert "depending on the day of the relapse of 2022-01" in found["reason"][0]
    assert classify(edss(), relapse("2021")).table["label"].tolist() == [R]
    assert classify(edss(), relapse("2022")).table["label"].tolist() == [U]


def test_both_ends_may_agree_and_a_day_between_them_not():
    # The reference visit is barred within 30 days after a relapse: not on the first
    # day of the interval, and not on the last, which comes after the visit.
    table = edss(
        scores=(4.0, 5.0, 5.0), dates=("2022-03-15", "2022-07-10", "2023-01-10")
    )
    found = classify(table, relapse("2022"), rule="msprog_default").table
    assert found["label"].tolist() == [U]
    assert "depending on the day" in found["reason"][0]


def test_partial_dates_of_visits_and_doses():
    dates = ("2022-01", "2022-07-10", "2023-01-10")
    assert classify(edss(dates=dates), NONE).table["label"].tolist() == [R]
    doses = relapse("2022-07").assign(dose=12)
    found = dose_exposure(edss(), doses)
    assert found["n_doses"].tolist() == [0, pd.NA, 1]
    assert found["days_since_dose"].tolist() == [pd.NA] * 3


def test_a_visit_dated_before_an_earlier_one_is_refused_unless_intervals_meet():
    with pytest.raises(ClinicalError, match="dated before an earlier visit"):
        classify(edss(dates=("2022-01-10", "2021-07-10", "2023-01-10")), NONE)
    dates = ("2022-07-10", "2022-07", "2023-01-10")
    assert classify(edss(dates=dates), NONE).table["label"].tolist() == [R]


@pytest.mark.parametrize("date", ["0001-01-01", "2999-01-01", "2022-02-30"])
def test_dates_that_cannot_be_are_named(date):
    with pytest.raises(ClinicalError, match=date):
        classify(edss(), relapse(date))


def named(frame, names):
    return frame.assign(visit=frame["visit"].map(names))


def test_visits_are_never_ordered_by_the_alphabet():
    words = {"m00": "Screening", "m06": "Follow-up", "m12": "Abschluss"}
    rising = named(edss(scores=(4.0, 4.0, 5.0)), words)
    by_date = classify(rising, NONE)
    assert by_date.table["label"].tolist() == [N]
    assert "Screening < Follow-up < Abschluss (by date)" in repr(by_date)
    undated = rising.drop(columns="date")
    with pytest.raises(ClinicalError, match=r"cannot be known.*visit_order="):
        classify(undated, NONE)
    order = list(words.values())
    found = classify(undated, NONE, visit_order=order)
    assert found.table["deciding_visit"].tolist() == ["Abschluss"]
    with pytest.raises(ClinicalError, match="dated before an earlier visit"):
        classify(rising, NONE, visit_order=order[::-1])


def test_names_are_matched_after_one_normalisation():
    table = edss().assign(patient=1.0)
    assert classify(table, relapse("2022-09-05", " 1\u00a0")).table["label"][0] == N
    for given in ("01", "001", "#1"):
        with pytest.raises(ClinicalError, match=f"'{given}' .like '1', but for"):
            classify(table, relapse("2022-09-05", given))


def test_suspected_pairs_are_named_and_kept_apart():
    two = pd.concat([edss(), edss().assign(patient="p01")], ignore_index=True)
    with pytest.warns(NameWarning, match="'P1', 'p01' of the clinical tables"):
        found = classify(two, NONE)
    assert len(found.table) == 2
    assert any("'P1', 'p01'" in limit for limit in found.limits)


def test_an_id_that_a_spreadsheet_changed_is_refused():
    table = edss().assign(patient=pd.Timestamp("2022-03-05"))
    with pytest.raises(ClinicalError, match="patient that a spreadsheet changed"):
        classify(table, NONE)


def lost(**stop):
    """Return the label and reason of a patient who was lost after m06."""
    table = edss(scores=(4.0, 4.0, None))
    given = None
    if stop:
        given = pd.DataFrame([{"patient": "P1", **stop}])
    found = classify(table, NONE, disposition=given)
    return found.table["label"][0], found.table["reason"][0], found


def test_a_blank_edss_was_not_assessed():
    blank = edss(scores=("4.0", " ", "4.0"))
    found = classify(blank, NONE)
    assert found.table["label"].tolist() == [R]
    assert "no EDSS at m06" in found.table["reason"][0]


def test_stopping_for_progression_is_an_outcome():
    assert lost()[0] == U
    label, reason, found = lost(reason="Progression", stop_date="2022-09-01")
    assert label == N
    assert reason.startswith("stopped for progression on 2022-09-01; no EDSS at m12")
    assert "disposition" in found.derived_from
    assert lost(reason="lack of efficacy", last_dose="2022-08")[0] == N
    label, reason, _ = lost(reason="toxicity", stop_date="2022-09-01")
    assert label == U
    assert "stopped for adverse event on 2022-09-01" in reason
    assert lost(reason="lost to follow up", stop_date="2022-09-01")[0] == U


def test_a_stop_after_the_last_visit_or_against_the_rule_is_said():
    late = pd.DataFrame(
        {"patient": ["P1"], "reason": ["progression"], "stop_date": ["2023-06-01"]}
    )
    found = classify(edss(), NONE, disposition=late)
    assert (found.table["label"][0], found.limits[:-1]) == (R, ())
    early = late.assign(stop_date="2022-12-01")
    found = classify(edss(), NONE, disposition=early)
    assert found.table["label"][0] == R
    assert any("P1 is a responder by the rule, but stopped" in x for x in found.limits)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": "bad luck"}, "a reason that is not known"),
        ({"patient": "p01"}, "'p01' .like 'P1'"),
        ({"last_dose": "2022-10-01"}, "the last dose after the stop"),
        ({"stop_date": None}, "neither last_dose nor stop_date"),
        ({"stop_date": "01.09.2022"}, "stop_date that cannot be read in row 0"),
    ],
)
def test_a_disposition_is_checked(change, why):
    row = {"patient": "P1", "reason": "progression", "stop_date": "2022-09-01"}
    frame = pd.DataFrame([row | change])
    with pytest.raises(ClinicalError, match=why):
        classify(edss(), NONE, disposition=frame)
    twice = pd.DataFrame([row, row])
    with pytest.raises(ClinicalError, match="repeats a patient"):
        classify(edss(), NONE, disposition=twice)


def test_labels_on_one_unconfirmed_rise_are_counted_beside_a_confirmed_rule():
    once = edss(scores=(4.0, 5.0, 4.0))
    again = edss(scores=(4.0, 5.0, 5.0)).assign(patient="P2")
    found = classify(pd.concat([once, again], ignore_index=True), NONE)
    assert found.table["label"].tolist() == [N, N]
    assert found.limits[0] == (
        "2 of 2 non-responders (P1, P2) rest on one unconfirmed rise of EDSS; of P1 no "
        "later visit shows it again, and no relapse came"
    )
    assert "not seen again" in found.table["reason"][0]
    assert found.beside.rule.name == "confirmed_12_weeks"
    assert found.beside.table["label"].tolist() == [R, N]
    assert "another label for P1 (responder)" in found.limits[1]
    assert "rest on one unconfirmed" in repr(found)
    assert "rest on one unconfirmed" in found._repr_html_()


def test_without_dates_no_confirmed_rule_stands_beside_and_this_is_said():
    found = classify(edss().drop(columns="date"), NONE)
    assert found.beside is None
    assert "no rule with a confirmation is shown" in found.limits[0]
    confirmed = classify(edss(), NONE, rule="confirmed_12_weeks")
    assert (confirmed.beside, confirmed.limits) == (None, ())
