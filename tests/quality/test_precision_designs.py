"""What precision designs cannot tell, and bad input."""

from __future__ import annotations

import math

import pytest

import longate as lg
from longate.exceptions import DesignError
from quality.replicates import GOOD, nested

# What a design cannot tell


def test_a_negative_estimate_is_zero_and_said():
    found = lg.quality.uncertainty(
        nested((400.0, 100.0, 800.0)), value="glucose", design="EP05-A3"
    )
    row = found.components.set_index("component").loc["run"]
    assert row["variance"] == 0
    assert row["unbounded"] == pytest.approx((100 / 20 - 800 / 40) / 2)
    assert row["low"] == 0
    assert row["high"] > 0
    assert "estimate -7.5" in row["status"]
    assert any("negative and is set to 0" in word for word in found.words)


def test_one_measurement_per_run_does_not_tell_repeatability():
    table = nested((400.0, 300.0, 316.0)).drop_duplicates(["day", "run"])
    found = lg.quality.uncertainty(table, value="glucose", design="EP05-A3")
    rows = found.components.set_index("component")
    assert math.isnan(rows.loc["repeatability", "variance"])
    assert "not estimable from this design" in rows.loc["repeatability", "status"]
    assert rows.loc["run", "variance"] > 0
    assert any("in the manner of EP05-A3, not by it" in word for word in found.words)


def test_one_run_a_day_does_not_tell_runs_from_days():
    table = nested((400.0, 300.0, 316.0)).query("run == 0")
    found = lg.quality.uncertainty(table, value="glucose", design="EP05-A3")
    rows = found.components.set_index("component")
    assert "not estimable" in rows.loc["run", "status"]
    assert rows.loc["day", "df"] == 19


def test_a_component_on_few_degrees_of_freedom_is_shown_and_not_passed_on():
    table = nested((400.0, 300.0, 316.0)).query("day < 4")
    found = lg.quality.uncertainty(table, value="glucose", design="EP05-A3")
    assert found.components["df"].tolist() == [3, 4, 8]
    assert found.components["passed_on"].tolist() == [False, False, True]
    with pytest.raises(DesignError, match=r"day \(3 df\).*not passed on"):
        found.assay  # noqa: B018


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (
            lambda t: t.assign(again=t["day"]).set_axis(
                ["day", "run", "glucose", "day"], axis=1
            ),
            {"design": "EP05-A3"},
            "several columns are called 'day'",
        ),
        (lambda t: t, {"design": "EP5"}, "did you mean 'EP"),
        (lambda t: t.drop(columns="run"), {"design": "EP05-A3"}, "lacks 'run'"),
        (lambda t: t, {"terms": ("day",)}, "say which rows are replicates"),
        (lambda t: t.assign(day=None), {"design": "EP05-A3"}, "'day' is missing in 80"),
        (
            lambda t: t.assign(glucose=["high", *t["glucose"][1:]]),
            {"design": "EP05-A3"},
            "row 0 is 'high', not a number",
        ),
        (
            lambda t: t.assign(glucose=5.0),
            {"design": "EP05-A3"},
            "replicates are equal",
        ),
        (
            lambda t: t.assign(who=t.index),
            {"terms": ("day",), "specimen": "who"},
            "nothing is replicated",
        ),
        (
            lambda t: t.assign(who=t["day"], site=t["day"]),
            {"specimen": "who", "fixed": ("site",)},
            "aliased with the specimens",
        ),
        (
            lambda t: t.assign(glucose=0.0),
            {"scale": "log", "design": "EP05-A3"},
            "loga",
        ),
        (lambda t: t, {"scale": "logit", "design": "EP05-A3"}, "needs counts="),
        (lambda t: t, {"scale": "probit", "design": "EP05-A3"}, "probit"),
        (lambda t: t, {"design": "EP05-A3", "terms": ("day",)}, "not both"),
        (
            lambda t: t.assign(sample=range(80), replicate_of="X1"),
            {"terms": ("day",)},
            "names samples that the table does not hold",
        ),
        (
            lambda t: t,
            {"design": "EP05-A3", "limits": {"within-lab": 3}},
            "or 'within-laboratory'",
        ),
    ],
)
def test_bad_input_is_named(change, options, words):
    with pytest.raises(DesignError, match=words):
        lg.quality.uncertainty(change(GOOD.copy()), value="glucose", **options)
