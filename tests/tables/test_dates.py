"""One reader of dates for all tables."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from longate._dates import DateRule, read_dates
from longate.exceptions import ClinicalError

DAY = datetime.date(2022, 9, 5)


def days(values, **rule):
    column = pd.Series(values, dtype=object, name="date")
    found = read_dates(column, "the table", ClinicalError, DateRule(**rule))
    return [day and (day.first, day.last) for day in found.days]


@pytest.mark.parametrize(
    "value",
    [
        "2022-09-05",
        " 2022-09-05 ",
        "2022-09-05 13:30",
        "2022-09-05T13:30:00+02:00",
        DAY,
        datetime.datetime(2022, 9, 5, 23, 59),
        pd.Timestamp("2022-09-05", tz="Asia/Tokyo"),
        np.datetime64("2022-09-05"),
    ],
)
def test_iso_and_date_objects_are_accepted(value):
    assert days([value]) == [(DAY, DAY)]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("05.09.2022", "2022-09-05 with dayfirst=True or 2022-05-09 with dayfirst=Fal"),
        ("05/09/2022", "2022-09-05 with dayfirst=True or 2022-05-09 with dayfirst=Fal"),
        ("23.09.2022", "is 2022-09-23 with dayfirst=True"),
        ("09/23/2022", "is 2022-09-23 with dayfirst=False"),
        (44809, "date_format='excel' if it is Excel's serial of 2022-09-05"),
        (44809.0, "date_format='excel'"),
        ("44809", "date_format='excel'"),
        (20220905, "date_format='%Y%m%d'"),
        (20220905.0, "date_format='%Y%m%d'"),
        ("20220905", "date_format='%Y%m%d'"),
        ("05.09.22", "has a year of two digits"),
        ("5 Sep 2022", "pass date_format="),
        ("2022-02-30", "is no day of the calendar"),
        ("31.02.2022", "is no day of the calendar"),
        ("2022-09", "has no day"),
        ("0001-01-01", "lies before 1900"),
        ("2999-01-01", "lies after 2200"),
        (True, "is no date"),
        (1.5e18, "is a number, not a date"),
    ],
)
def test_what_has_two_readings_is_refused_with_row_and_value(value, why):
    with pytest.raises(ClinicalError) as caught:
        days(["2022-01-01", value])
    told = str(caught.value)
    assert "row 1" in told
    assert str(value) in told
    assert why in told


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("05.09.2022", {"dayfirst": True}),
        ("5. 9. 2022", {"dayfirst": True}),
        ("05/09/2022", {"dayfirst": True}),
        ("09/05/2022", {"dayfirst": False}),
        ("05-09-2022 10:00", {"dayfirst": True}),
        (20220905, {"date_format": "%Y%m%d"}),
        (20220905.0, {"date_format": "%Y%m%d"}),
        ("5 Sep 2022", {"date_format": "%d %b %Y"}),
        (44809, {"date_format": "excel"}),
        ("44809.5", {"date_format": "excel"}),
        (43347, {"date_format": "excel1904"}),
        ("2022-09-05", {"dayfirst": True}),
        ("2022-09-05", {"date_format": "%d.%m.%Y"}),
        ("2022-05-09", {"date_format": "%Y-%d-%m"}),
    ],
)
def test_the_caller_may_say_how_dates_are_read(value, rule):
    assert days([value], **rule) == [(DAY, DAY)]


def test_the_day_is_never_swapped_where_it_does_not_fit():
    with pytest.raises(ClinicalError, match="row 1: '09/23/2022' is no date with dayf"):
        days(["05/09/2022", "09/23/2022"], dayfirst=True)


def test_partial_dates_are_intervals():
    assert days(["2022-09", "2020-02", "2022"], partial=True) == [
        (datetime.date(2022, 9, 1), datetime.date(2022, 9, 30)),
        (datetime.date(2020, 2, 1), datetime.date(2020, 2, 29)),
        (datetime.date(2022, 1, 1), datetime.date(2022, 12, 31)),
    ]


def test_the_future_is_refused_but_for_an_expiry():
    later = datetime.date.today() + datetime.timedelta(days=2)
    with pytest.raises(ClinicalError, match="lies in the future"):
        days([later])
    assert days([later], future=True) == [(later, later)]
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)
    assert days([tomorrow]) == [(tomorrow, tomorrow)]


def test_empty_cells_have_no_date_and_every_row_is_named():
    assert days([None, float("nan"), pd.NaT, pd.NA, "", "\u00a0"]) == [None] * 6
    with pytest.raises(ClinicalError, match=r"row 1: 7 .*; row 2: 'x' .*; and 1 more"):
        days(["", 7, "x", "y", "z", "a", "b", "c"])


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"dayfirst": "yes"}, "dayfirst must be True, False or None"),
        ({"date_format": "German"}, "is no format"),
        ({"date_format": "%d", "dayfirst": True}, "pass one of them"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule, why):
    with pytest.raises(ClinicalError, match=why):
        days(["2022-09-05"], **rule)


def test_any_type_of_column_is_read():
    for column in (
        pd.Series(pd.to_datetime(["2022-09-05", None])),
        pd.Series(["2022-09-05", None], dtype="string"),
        pd.Series(["2022-09-05", None], dtype="category"),
        pd.Series(pd.PeriodIndex(["2022-09-05", None], freq="D")),
    ):
        found = read_dates(column, "the table", ClinicalError)
        assert [day and day.first for day in found.days] == [DAY, None]
        assert str(found.first.dtype) == "datetime64[ns]"
