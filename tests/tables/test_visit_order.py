"""The order of visits: declared, by date, by number; never by the alphabet."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

from longate._visits import order_visits, require_order
from longate.exceptions import DesignError


def ordered(names, **options):
    return order_visits(pd.Series(names, dtype=object), error=DesignError, **options)


def seen(**dates):
    """Return one patient's visits with the day of a month of 2022."""
    return [
        ("P1", visit, datetime.date(2022, month, 1), datetime.date(2022, month, 1))
        for visit, month in dates.items()
    ]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["m12", "m6", "m0"], ("m0", "m6", "m12")),
        (["M12", "m06"], ("m06", "M12")),
        ([12.0, 6.5, 0], ("0", "6.5", "12")),
        (["day 1", "day -7", "day 14"], ("day -7", "day 1", "day 14")),
        (["c2d1", "c1d15", "c1d1"], ("c1d1", "c1d15", "c2d1")),
    ],
)
def test_numbers_order_where_the_rest_is_identical(names, order):
    found = ordered(names)
    assert (found.names, found.basis) == (order, "by their numbers")


@pytest.mark.parametrize(
    "names",
    [
        ["Screening", "Follow-up", "Abschluss"],
        ["W4", "M3"],
        ["baseline", "m06"],
        ["m6", "m06"],
        ["A", "B"],
    ],
)
def test_the_alphabet_is_no_order(names):
    found = ordered(names)
    assert not found.certain
    with pytest.raises(DesignError, match=r"cannot be known.*visit_order="):
        require_order(found, "the data", DesignError)


def test_a_declared_order_is_taken_and_checked():
    names = ["Abschluss", "Follow-up", "Screening"]
    right = ["Screening", "Follow-up", "Abschluss"]
    assert ordered(names, visit_order=right).names == tuple(right)
    with pytest.raises(DesignError, match="lacks 'Screening'"):
        ordered(names, visit_order=right[1:])
    with pytest.raises(DesignError, match="twice"):
        ordered(names, visit_order=[*right, "Screening"])
    with pytest.raises(DesignError, match="must be a list"):
        ordered(names, visit_order="Screening")


def test_dates_order_where_names_do_not():
    found = ordered(["Abschluss", "Screening"], dates=seen(Abschluss=9, Screening=1))
    assert (found.names, found.basis) == (("Screening", "Abschluss"), "by date")


def test_dates_of_several_patients_are_put_together():
    dates = seen(pre=1, mid=2) + [
        ("P2", visit, day, day)
        for visit, day in (
            ("mid", datetime.date(2021, 1, 1)),
            ("post", datetime.date(2021, 5, 1)),
        )
    ]
    assert ordered(["post", "mid", "pre"], dates=dates).names == ("pre", "mid", "post")
    apart = [one for one in dates if one[1] != "mid"]
    assert not ordered(["post", "mid", "pre"], dates=apart).certain


def test_contradictions_are_refused_with_what_was_found():
    for options in ({}, {"visit_order": ["m0", "m6"]}):
        with pytest.raises(
            DesignError, match=r"contradict the order.*'P1': m6 by 2022"
        ):
            ordered(["m0", "m6"], dates=seen(m0=9, m6=1), **options)
    torn = [
        *seen(pre=1, post=2),
        ("P2", "pre", datetime.date(2022, 2, 1), datetime.date(2022, 2, 1)),
        ("P2", "post", datetime.date(2022, 1, 1), datetime.date(2022, 1, 1)),
    ]
    with pytest.raises(DesignError, match="contradict each other"):
        ordered(["pre", "post"], dates=torn)


def test_an_interval_that_overlaps_says_nothing():
    month = ("P1", "m0", datetime.date(2022, 1, 1), datetime.date(2022, 1, 31))
    within = ("P1", "m6", datetime.date(2022, 1, 9), datetime.date(2022, 1, 9))
    assert ordered(["m0", "m6"], dates=[month, within]).names == ("m0", "m6")
