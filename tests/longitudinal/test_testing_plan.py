"""Families with gates: against R, by closed form, and by simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longate import longitudinal
from longate.exceptions import DesignError
from longate.longitudinal import Family, max_t, responder_analysis
from longate.longitudinal.testing_plan import adjusted_within
from longitudinal.cohort import family

plan_of = longitudinal.testing_plan  # pytest would take the name for a test
GOLDEN = pd.read_csv(
    Path(__file__).parents[1] / "golden" / "plans" / "adjusted.csv", dtype=str
)


def numbers(text):
    return np.array([float(one) for one in str(text).split(";")])


@pytest.mark.parametrize("row", GOLDEN.itertuples(), ids=lambda r: f"{r.m} {r.method}")
def test_adjustment_within_a_family_is_that_of_r(row):
    found = adjusted_within(numbers(row.p), row.method)
    np.testing.assert_allclose(found, numbers(row.adjusted), rtol=1e-12)


@pytest.mark.parametrize("across", ["holm", "hochberg"])
def test_families_of_one_are_the_classical_procedures(across):
    p = np.array([0.011, 0.4, 0.02, 0.015])
    names = list("abcd")
    plan = plan_of([Family(one, [one]) for one in names], across=across)
    found = plan.apply(dict(zip(names, p, strict=True)))
    np.testing.assert_allclose(found["p_adjusted"], adjusted_within(p, across))


def test_a_sequence_stops_at_the_first_that_is_not_rejected():
    steps = [
        Family("index", ["SMI"]),
        Family("counts", ["a", "b"]),
        Family("m06", ["c"]),
    ]
    found = plan_of(steps).apply({"SMI": 0.01, "a": 0.001, "b": 0.06, "c": 0.0001})
    assert found["rejected"].tolist() == [True, True, False, False]
    assert found["p_adjusted"].tolist() == [0.01, 0.01, 0.06, 0.06]


def test_a_family_passes_its_share_on_when_it_is_rejected_whole():
    steps = [Family("first", ["a", "b"]), Family("second", ["c"])]
    plan = plan_of(steps, across="holm")
    whole = plan.apply({"a": 0.001, "b": 0.02, "c": 0.04})
    assert whole.set_index("hypothesis")["p_adjusted"].to_dict() == pytest.approx(
        {"a": 0.004, "b": 0.04, "c": 0.04}
    )
    part = plan.apply({"a": 0.001, "b": 0.03, "c": 0.04})
    assert part["rejected"].tolist() == [True, False, False]


@pytest.mark.parametrize("across", ["fixed sequence", "holm"])
def test_the_familywise_error_rate_is_kept(across):
    """Of two families each has an effect and a true null hypothesis."""
    rng = np.random.default_rng(1)
    steps = [Family("one", ["a", "b"]), Family("two", ["c", "d"])]
    plan = plan_of(steps, across=across)
    p = rng.random((1_500, 4))
    p[:, [0, 2]] = 1e-9
    wrong = 0
    for row in p:
        found = plan.apply(dict(zip("abcd", row, strict=True)))
        wrong += found["rejected"][[1, 3]].any()
    assert wrong / len(p) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))


def test_a_plan_is_applied_to_results():
    data, response = family()
    result = responder_analysis(
        data, response, value="index", by="population", models=False
    )
    plan = plan_of(
        [Family("NK", ["NK"]), Family("others", ["B", "T"], method="bonferroni")],
        across="holm",
    )
    found = plan.apply(result).set_index("hypothesis")
    own = result.table.set_index("outcome")
    assert found.loc["NK", "p"] == own.loc["NK", "p"]
    for name in ("NK", "B", "T"):
        row = found.loc[name]
        assert row["low"] < own.loc[name, "low"] < own.loc[name, "high"] < row["high"]
    joint = max_t(data, response, value="index", by="population")
    together = plan_of([Family("all", ["NK", "B", "T"], method="max_t")])
    by_max = together.apply(joint).set_index("hypothesis")["p_adjusted"]
    assert by_max.to_dict() == joint.set_index("outcome")["p_max_t"].to_dict()


def test_an_interval_excludes_0_where_bonferroni_rejects():
    data, response = family()
    result = responder_analysis(
        data, response, value="index", by="population", models=False
    )
    plan = plan_of([Family("all", ["NK", "B", "T"], method="bonferroni")])
    found = plan.apply(result)
    excludes = (found["low"] > 0) | (found["high"] < 0)
    assert (excludes == found["rejected"]).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: plan_of(f, across="holm", alphas=[0.03, 0.03]), "sum to 0.06"),
        (lambda f: plan_of(f, across="hochberg"), "not known to keep"),
        (lambda f: plan_of(f, alpha=1.5), "alpha must be"),
        (lambda f: plan_of([]), "needs families"),
        (
            lambda f: plan_of([f[0], Family("again", ["a"])]),
            "more than one family",
        ),
        (lambda _: Family("none", []), "needs hypotheses"),
        (lambda f: plan_of(f).apply({"a": 0.1, "b": 0.2}), "'c' .* not in the"),
        (
            lambda f: plan_of(f).apply({"a": 2, "b": 0.2, "c": 1}),
            "between 0 and 1",
        ),
    ],
)
def test_what_is_no_plan_is_refused(make, words):
    with pytest.raises(DesignError, match=words):
        make([Family("first", ["a", "b"]), Family("second", ["c"])])
