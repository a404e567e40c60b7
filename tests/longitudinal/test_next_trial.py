"""Plans of the next trial and prior-weighted differences, against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from longate.exceptions import DesignError
from longate.longitudinal import plan_trial, responder_analysis, weighted_difference
from longate.longitudinal.weighted import design_errors
from longitudinal.cohort import family, tables
from longitudinal.test_rare_and_few import counted


@pytest.fixture(scope="module")
def pilot():
    return responder_analysis(*tables(), value="index", models=False)


def rejected(effect, sds, sizes, rng, replicates, kept):
    """Share of p < .05 where patients drop out by chance."""
    lost = [rng.binomial(n, kept, replicates) for n in sizes]
    found = []
    for n, m in zip(*lost, strict=True):
        if min(n, m) >= 2:
            first = rng.normal(effect, sds[0], n)
            second = rng.normal(0, sds[1], m)
            found.append(stats.ttest_ind(first, second, equal_var=False).pvalue < 0.05)
    return np.mean(found)


def test_power_is_that_of_a_simulation(pilot):
    plan = plan_trial(pilot, sizes=[(10, 14)], difference=0.03, drop_out=0.1)
    row = plan.table.iloc[0]
    sds = row["sd_responder"], row["sd_non_responder"]
    truth = rejected(0.03, sds, (10, 14), np.random.default_rng(1), 6_000, 0.9)
    assert row["power"] == pytest.approx(truth, abs=0.02)
    assert row["power_low"] < row["power"] < row["power_high"]


def test_assurance_is_that_of_a_simulation(pilot):
    row = plan_trial(pilot, sizes=[(8, 8)], difference=0.03).table.iloc[0]
    rng = np.random.default_rng(2)
    replicates = 6_000
    own = pilot.table.iloc[0]
    sds = row["sd_responder"], row["sd_non_responder"]
    n = own["n_responder"], own["n_non_responder"]
    drawn = [
        sd * np.sqrt((k - 1) / rng.chisquare(k - 1, replicates))
        for sd, k in zip(sds, n, strict=True)
    ]
    error = np.sqrt(drawn[0] ** 2 / n[0] + drawn[1] ** 2 / n[1])
    for name, effect in (
        ("expected_power", np.full(replicates, 0.03)),
        ("assurance", rng.normal(own["estimate"], error)),
    ):
        first = effect[:, None] + rng.normal(size=(replicates, 8)) * drawn[0][:, None]
        second = rng.normal(size=(replicates, 8)) * drawn[1][:, None]
        p = stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
        assert row[name] == pytest.approx((p < 0.05).mean(), abs=0.02)


def test_more_events_help_as_far_as_counting_is_the_variance():
    data, response = counted(
        lambda at, later: 12 + 2 * at + (4 + at % 5) * later, n=300
    )
    result = responder_analysis(
        data, response, value=("k", "n"), scale="logit", models=False
    )
    plan = plan_trial(result, sizes=[(8, 8)], difference=0.4, events=(1.0, 4.0))
    assert plan.table["sd_responder"].is_monotonic_decreasing
    assert plan.table["power"].is_monotonic_increasing
    with pytest.raises(DesignError, match="within_sd"):
        plan_trial(result, sizes=[(8, 8)], samples=(1, 2))
    averaged = plan_trial(result, sizes=[(8, 8)], samples=(1, 2), within_sd=0.1)
    assert averaged.table["sd_responder"].is_monotonic_decreasing


def test_costs_and_problems_are_in_the_table(pilot):
    plan = plan_trial(
        pilot, sizes=[(3, 9), (6, 9)], cost_patient=100.0, cost_sample=10.0
    )
    assert plan.table["cost"].tolist() == [12 * 120.0, 15 * 120.0]
    assert "fewer than 4" in plan.table["problem"][0]
    assert np.isnan(plan.table["power"][0])
    assert "pilot's estimate" in repr(plan)


def test_what_cannot_be_planned_is_refused(pilot):
    for options, words in (
        ({"sizes": [(1, 5)]}, "at least 2"),
        ({"sizes": [(5, 5)], "drop_out": 1.0}, "drop_out"),
        ({"sizes": [(5, 5)], "outcome": "indx"}, "did you mean 'index'"),
        ({"sizes": [(5, 5)], "difference": math.nan}, "finite"),
    ):
        with pytest.raises(DesignError, match=words):
            plan_trial(pilot, **options)
    several = responder_analysis(
        *family(), value="index", by="population", models=False
    )
    with pytest.raises(DesignError, match="name one by outcome="):
        plan_trial(several, sizes=[(5, 5)])
    with pytest.raises(DesignError, match="result of responder_analysis"):
        plan_trial("pilot", sizes=[(5, 5)])


@pytest.mark.parametrize("df", [4.3, 8.0, 30.0, math.inf])
def test_the_weighted_difference_is_that_of_quadrature(df):
    found = weighted_difference(
        estimate=0.06, error=0.02, df=df, prior_sd=0.03, prior_mean=0.01
    )
    law = stats.norm if math.isinf(df) else stats.t(df)

    def density(delta):
        return law.pdf((0.06 - delta) / 0.02) * stats.norm.pdf(delta, 0.01, 0.03)

    def over(what, low=-0.4, high=0.5):
        points = [0.01, 0.06]
        return integrate.quad(what, low, high, points=points, limit=400)[0]

    total = over(density)
    assert found.mean == pytest.approx(over(lambda d: d * density(d)) / total, rel=1e-4)
    above = integrate.quad(density, 0, 0.5, points=[0.06], limit=400)[0] / total
    assert found.probability_of_direction == pytest.approx(above, rel=1e-4)
    inside = integrate.quad(density, found.low, found.high, limit=400)[0] / total
    assert inside == pytest.approx(0.95, abs=1e-4)


def test_the_normal_case_is_the_closed_form():
    found = weighted_difference(estimate=1.0, error=0.5, df=math.inf, prior_sd=1.0)
    weight = 1 / 0.25 / (1 / 0.25 + 1)
    assert found.mean == pytest.approx(weight, rel=1e-4)
    sd = math.sqrt(1 / (1 / 0.25 + 1))
    assert found.high == pytest.approx(weight + 1.959964 * sd, rel=1e-4)


def test_design_errors_are_those_that_were_published():
    """Gelman and Carlin 2014: 2.8 % v 0.1 to 1 % more girls, standard error 3.3 %."""
    power, sign, magnitude = design_errors(0.1, 3.28, math.inf)
    assert (round(power, 2), round(sign, 2), round(magnitude)) == (0.05, 0.46, 77)
    power, sign, magnitude = design_errors(1.0, 3.28, math.inf)
    assert (round(power, 2), round(sign, 2), round(magnitude)) == (0.06, 0.19, 8)


@pytest.mark.parametrize("df", [5.0, 12.0])
def test_design_errors_are_those_of_a_simulation(df):
    rng = np.random.default_rng(1)
    drawn = 0.8 + stats.t(df).rvs(400_000, random_state=rng)
    found = drawn[np.abs(drawn) > stats.t(df).ppf(0.975)]
    power, sign, magnitude = design_errors(0.8, 1.0, df)
    assert power == pytest.approx(len(found) / len(drawn), abs=0.002)
    assert sign == pytest.approx((found < 0).mean(), abs=0.005)
    assert magnitude == pytest.approx(np.abs(found).mean() / 0.8, rel=0.02)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan, None])
def test_a_prior_without_scale_is_refused(scale):
    with pytest.raises(DesignError, match="the prior needs a scale"):
        weighted_difference(estimate=1.0, error=0.5, df=8, prior_sd=scale)
