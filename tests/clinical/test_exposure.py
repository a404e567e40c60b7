"""Doses before visits, and covariates of patients."""

from __future__ import annotations

import pandas as pd
import pytest

from clinical.courses import START, visits
from longate.clinical import dose_exposure, patient_covariates
from longate.exceptions import ClinicalError

COURSE = visits(P1={0: 4.0, 180: 4.0, 360: 4.0}, P2={0: 5.0, 180: 5.0})


def doses(**days):
    rows = [
        (patient, START + pd.Timedelta(days=day), 12.0)
        for patient, own in days.items()
        for day in own
    ]
    return pd.DataFrame(rows, columns=["patient", "date", "dose"])


def test_doses_count_until_the_day_of_the_visit():
    found = dose_exposure(COURSE, doses(P1=[1, 90, 180])).set_index(
        ["patient", "visit"]
    )
    assert found.loc["P1", "n_doses"].tolist() == [0, 3, 3]
    assert found.loc["P1", "cumulative_dose"].tolist() == [0, 36, 36]
    assert found.loc[("P1", "d0180"), "days_since_dose"] == 0
    assert found.loc[("P1", "d0360"), "days_since_dose"] == 180
    assert found.loc["P2", "days_since_dose"].isna().all()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (doses(P9=[1]), "without visits.*'P9'"),
        (doses(P1=[1]).assign(dose=0), "not a number above 0.*row 0"),
        (doses(P1=[1]).assign(dose="much"), "not a number above 0"),
        (doses(P1=[1]).assign(date="soon"), "cannot be read"),
        (doses(P1=[1]).drop(columns="date"), "lacks the column 'date'"),
    ],
)
def test_doses_are_checked(table, words):
    with pytest.raises(ClinicalError, match=words):
        dose_exposure(COURSE, table)


def test_doses_need_dates_of_visits():
    with pytest.raises(ClinicalError, match="column date"):
        dose_exposure(COURSE.drop(columns="date"), doses(P1=[1]))


def test_covariates_are_constant():
    sheet = pd.DataFrame(
        {
            "patient": [1, 1, 2],
            "age": [50, 50, 61],
            "hours": [2, 5, 3],
            "cmv": [None, "+", None],
        }
    )
    found = patient_covariates(sheet, ["age", "cmv"])
    assert found["patient"].tolist() == ["1", "2"]
    assert found["age"].tolist() == [50, 61]
    assert found["cmv"].isna().tolist() == [False, True]
    with pytest.raises(ClinicalError, match="hours has more than one value for '1'"):
        patient_covariates(sheet, ["hours"])
