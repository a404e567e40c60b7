"""Clinical tables are refused with the rows that are wrong."""

from __future__ import annotations

import pandas as pd
import pytest

from longate._visits import order_visits
from longate.clinical import classify
from longate.exceptions import ClinicalError

NONE = pd.DataFrame({"patient": [], "visit": []})


def edss(**columns):
    table = {
        "patient": ["P1", "P1", "P2", "P2"],
        "visit": ["m00", "m12", "m00", "m12"],
        "edss": [4.0, 4.0, 5.0, 5.5],
    }
    return pd.DataFrame(table | columns)


def refused(visits, *words, relapses=NONE, **options):
    with pytest.raises(ClinicalError) as caught:
        classify(visits, relapses, **options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("score", [0.5, 4.2, -1.0, 10.5, 4.25])
def test_scores_off_the_scale(score):
    table = edss(edss=[4.0, score, 5.0, 5.5])
    refused(table, "not on its scale", "row 1 (patient 'P1', visit 'm12'", f"{score}")


@pytest.mark.parametrize("score", [0, 1.0, 9.5, 10])
def test_scores_at_the_borders_of_the_scale(score):
    assert len(classify(edss(edss=[4.0, score, 5.0, 5.5]), NONE).table) == 2


def test_scores_that_are_not_numbers():
    table = edss(edss=[4.0, "n.d.", 5.0, 5.5])
    refused(table, "not a number", "row 1", "'n.d.'", "leave it empty")


def test_repeated_visits():
    table = pd.concat([edss(), edss().head(1)], ignore_index=True)
    refused(table, "repeats", "row 0", "row 4", "'P1'")


def test_missing_columns_and_rows():
    refused(edss().rename(columns={"edss": "EDDS"}), "'edss'", "did you mean 'EDDS'")
    refused(edss().iloc[:0], "no rows")
    refused(edss(patient=["P1", None, "P2", "P2"]), "no patient", "row 1")
    refused([1], "DataFrame")


def test_dates_that_cannot_be_read():
    refused(edss(date=["2010-01-01", "soon", None, None]), "row 1", "'soon'")


def test_visits_without_a_known_order():
    table = edss(visit=["pre", "post", "pre", "post"])
    refused(table, "cannot be known", "visit_order=")


def test_one_visit_is_no_course():
    refused(edss().query("visit == 'm00'"), "a visit after baseline")


def test_windows_that_are_not_there():
    refused(edss(), "last_visit='m24'", "'m00', 'm12'", last_visit="m24")
    refused(edss(), "after baseline", baseline="m12")


def test_relapses_of_strangers_and_at_unknown_visits():
    stranger = pd.DataFrame({"patient": ["P3"], "visit": ["m12"]})
    refused(edss(), "without visits", "row 0", "patients=[...]", relapses=stranger)
    assert len(classify(edss(), stranger, patients=["P1", "P2", "P3"]).table) == 3
    between = pd.DataFrame({"patient": ["P1"], "visit": ["m09"]})
    refused(edss(), "'m09'", "takes a date", relapses=between)


def test_relapses_need_a_time_and_must_be_given():
    nowhere = pd.DataFrame({"patient": ["P1"], "visit": [None], "date": [None]})
    refused(edss(), "no visit and no date", relapses=nowhere)
    refused(edss(), "visit or date", relapses=pd.DataFrame({"patient": ["P1"]}))
    refused(edss(), "must be given", relapses=None)


def test_patients_must_hold_everyone():
    refused(edss(), "not in patients=", "'P2'", patients=["P1"])
    refused(edss(), "must be a list", patients="P1")
    for blank in ("", " ", None, float("nan")):
        refused(edss(), "no name at index 2", "controls", patients=["P1", "P2", blank])


def test_input_is_left_as_it_was():
    table = edss(date=["2010-01-01", "2011-01-01"] * 2)
    before = table.copy()
    classify(table, NONE)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("visits", "names", "certain"),
    [
        (["m12", "m0", "m6"], ("m0", "m6", "m12"), True),
        ([12.0, 0.0, 6.0], ("0", "6", "12"), True),
        (["12", "0", "6"], ("0", "6", "12"), True),
        (["2010-12-01", "2010-02-01"], ("2010-02-01", "2010-12-01"), True),
        (["pre", "post"], ("pre", "post"), False),
        (["baseline", "m06"], ("baseline", "m06"), False),
    ],
)
def test_visits_are_ordered_where_their_names_tell(visits, names, certain):
    order = order_visits(pd.Series(visits), error=ClinicalError)
    assert (order.names, order.certain) == (names, certain)


def test_an_ordered_categorical_declares_its_visits():
    column = pd.Series(pd.Categorical(["b"], ["c", "b", "a"], ordered=True))
    order = order_visits(column, error=ClinicalError)
    assert order.names == ("c", "b", "a")
    assert str(order) == "c < b < a (as declared)"
