"""One normalisation of names, and pairs that differ in spelling alone."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longate._names import (
    likeness,
    name_of,
    names_of,
    require_names,
    suspected_pairs,
    unmatched_names,
    warn_of_spelling,
)
from longate.exceptions import ClinicalError, NameWarning


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (" P1 ", "P1"),
        ("\u00a0P1\u200b\ufeff", "P1"),
        ("Mu\u0308ller", "M\u00fcller"),
        (6, "6"),
        (6.0, "6"),
        (np.float64(6.0), "6"),
        ("6.0", "6"),
        ("6.00", "6"),
        (6.5, "6.5"),
        ("007", "007"),
        ("007.0", "007.0"),
        ("v2.0", "v2.0"),
        ("p01", "p01"),
    ],
)
def test_names_are_normalised_and_nothing_else_is_changed(value, name):
    assert name_of(value) == name


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert name_of(name_of(text)) == name_of(text)


def test_a_column_of_any_type_is_names():
    for column in (
        pd.Series([1, 2, None]),
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series(["1", "2", " "]),
        pd.Series(["1", "2", None], dtype="string"),
        pd.Series(["1", "2", None], dtype="category"),
        pd.Series(["1.0", 2.0, "\u200b"], dtype=object),
    ):
        assert names_of(column).tolist() == ["1", "2", None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", "007"),
        ("P01", "p01"),
        ("P1", "P 01"),
        ("m6", "m06"),
        ("NK", "nk"),
        ("follow-up", "Followup"),
        ("1_2", "1-2"),
        ("1,5", "1.50"),
        ("Strasse", "Straße"),
        ("P-1", "P1"),
    ],
)
def test_names_that_differ_in_spelling_alone_are_suspected(one, other):
    assert suspected_pairs([one, "other", other, one]) == [(one, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("day -1", "day 1"),
        ("-1", "1"),
        ("CD3+", "CD3-"),
        ("1.5", "15"),
        ("1.05", "1.5"),
        ("1-2", "12"),
        ("P10", "P1"),
        ("m6", "m60"),
    ],
)
def test_names_that_mean_two_things_are_not(one, other):
    assert likeness(one) != likeness(other)


def test_a_suspected_pair_is_warned_of_and_returned():
    with pytest.warns(NameWarning, match=r"tube 'NK', 'nk' of the sheet differ"):
        notes = warn_of_spelling(["NK", "nk", "LIN"], "tube", "the sheet")
    assert len(notes) == 1
    assert warn_of_spelling(["NK", "LIN"], "tube", "the sheet") == []


def test_what_does_not_match_comes_with_what_it_may_have_meant():
    assert unmatched_names(["01", "2", "X"], ["1", "2"]) == {"01": "1", "X": None}


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (datetime.date(2022, 3, 5), "a date"),
        (pd.Timestamp("2022-03-05"), "a date"),
        ("1E5", "a number with a power of ten"),
        ("1.00E+05", "a number with a power of ten"),
    ],
)
def test_ids_that_a_spreadsheet_changed_are_refused_with_their_row(value, made):
    frame = pd.DataFrame({"patient": pd.Series(["P1", value], dtype=object)})
    with pytest.raises(ClinicalError, match=rf"row 1: .* is {made}.*type the patient"):
        require_names(frame, ["patient"], "the table", ClinicalError)


def test_an_empty_name_is_refused_with_its_row():
    frame = pd.DataFrame({"patient": ["P1", "\u00a0"]})
    with pytest.raises(ClinicalError, match=r"no patient in row.s. '1'"):
        require_names(frame, ["patient"], "the table", ClinicalError)
