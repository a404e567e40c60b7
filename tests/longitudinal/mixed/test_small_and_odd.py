"""Random cohorts, tiny, lopsided, tied, skewed: an answer, or a reason."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal.mixed import mixed_model, mmrm
from longitudinal.mixed.cohorts import FORMULA

SHAPES = {
    "normal": lambda own, noise: own + noise,
    "rounded": lambda own, noise: round(own + noise),
    "tied": lambda own, noise: round(0.4 * noise),
    "nearly constant": lambda own, noise: own + 0.01 * noise,
    "skewed and far off": lambda own, noise: 1e6 + np.exp(2 * (own + noise)),
}


def cohorts(shape, seed):
    rng = np.random.default_rng(seed)
    for _ in range(12):
        groups, visits = rng.integers(1, 7, 2), int(rng.integers(2, 5))
        rows = [
            (f"P{at}", 6 * visit, "responder" if at < groups[0] else "non-responder", y)
            for at in range(groups.sum())
            for own in [rng.normal()]
            for visit in range(visits)
            for y in [SHAPES[shape](own, rng.normal())]
            if rng.random() > 0.2
        ]
        yield pd.DataFrame(rows, columns=["patient", "visit", "response", "y"])


@pytest.mark.parametrize("model", [mixed_model, mmrm])
@pytest.mark.parametrize("method", ["kenward-roger", "satterthwaite"])
@pytest.mark.parametrize("shape", SHAPES)
def test_there_is_an_answer_or_a_reason(shape, method, model):
    answers = 0
    for table in cohorts(shape, seed=len(shape)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = model(FORMULA, table, df=method)
            except DesignError:
                continue
        answers += 1
        numbers = found.table.drop(columns="term").to_numpy()
        assert np.isfinite(numbers).all()
        assert (found.table[["se", "df"]] > 0).all(axis=None)
        empty = found.anova.loc[found.anova["p"].isna(), "term"]
        said = [note for note in found.notes if "No degrees of freedom" in note]
        assert all(term in said[0] for term in empty)
    assert answers >= 2


def test_a_joint_test_without_degrees_of_freedom_is_empty_and_said():
    table = pd.DataFrame(
        {
            "patient": list("AABBCCDDAABBCCDD"),
            "visit": [0, 1] * 4 + [2, 3] * 4,
            "response": (["responder"] * 4 + ["non-responder"] * 4) * 2,
            "y": [1.0, 3, 2, 7, 4, 4, 1, 0, 5, 2, 8, 9, 3, 6, 1, 4],
        }
    )
    table = table.drop(index=[3, 13])
    found = mixed_model(FORMULA, table, df="satterthwaite")
    empty = found.anova.loc[found.anova["df2"].isna(), "term"].tolist()
    assert any("No degrees of freedom" in note for note in found.notes) == bool(empty)


def test_visits_that_differ_in_size_by_orders_of_magnitude_are_fitted():
    rng = np.random.default_rng(8)
    own = rng.normal(size=(14, 1)) + rng.normal(size=(14, 3))
    size = np.array([1e-3, 1.0, 1e3])
    rows = [
        (f"P{at}", visit, "responder" if at < 6 else "non-responder", own[at, visit])
        for at in range(14)
        for visit in range(3)
        if (at, visit) not in {(2, 2), (9, 1), (9, 2)}
    ]
    table = pd.DataFrame(rows, columns=["patient", "visit", "response", "y"])
    plain = mmrm(FORMULA, table).visit_covariance
    table["y"] *= size[table["visit"]]
    sized = mmrm(FORMULA, table).visit_covariance
    np.testing.assert_allclose(sized, plain * np.outer(size, size), rtol=1e-6)
