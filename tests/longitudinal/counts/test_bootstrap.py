"""The parametric bootstrap of visit x response."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from longate.exceptions import DesignError
from longate.longitudinal.counts import binomial, negative_binomial
from longate.longitudinal.counts import bootstrap as room
from longate.longitudinal.counts.fitting import maximise
from longate.longitudinal.counts.model import problem_of
from longate.longitudinal.counts.table import read_counts
from longitudinal.counts.cohorts import cohort


def test_the_same_seed_gives_the_same_p():
    data, response = cohort(effect=1.2, sample=0.2)
    one = binomial.likelihood_ratio(data, response, replicates=9, seed=3, nodes=5)
    again = binomial.likelihood_ratio(data, response, replicates=9, seed=3, nodes=5)
    assert one == again
    assert one.p == pytest.approx(1 / 10)
    assert one.smallest_p == pytest.approx(1 / 10)
    assert one.df == 2
    assert one.p_chi_squared == pytest.approx(stats.chi2.sf(one.statistic, 2))
    assert one.failures == {}


def test_without_an_effect_p_is_no_smaller_than_it_should_be():
    found = []
    for seed in range(12):
        data, response = cohort(seed, effect=0.0)
        own = {"k": "cells", "replicates": 9, "seed": 1, "nodes": 7}
        found.append(negative_binomial.likelihood_ratio(data, response, **own).p)
    assert 0.25 < np.mean(found) < 0.85
    assert min(found) >= 0.1


def test_the_statistic_is_twice_the_difference_of_likelihoods():
    data, response = cohort()
    found = binomial.likelihood_ratio(data, response, replicates=1, seed=1, nodes=21)
    table = read_counts(
        data,
        response,
        k="n_events",
        size="n_parent",
        whole=True,
        baseline=None,
        last=None,
        circular="refused",
    )
    crossed = np.array([":" in term for term in table.terms])
    assert crossed.sum() == 2
    null = problem_of(binomial.model, table, 21, ~crossed)
    smaller = maximise(null.objective, *null.start())
    assert smaller.problem == ""
    full = binomial.fit(data, response).log_likelihood
    assert found.statistic == pytest.approx(2 * (full - smaller.value), abs=1e-4)


def test_replicates_that_fail_are_counted_by_reason(monkeypatch):
    data, response = cohort()
    honest, turns = room._ratio, iter(range(100))

    def sometimes(small, large, near):
        turn = next(turns)
        if turn == 2:
            return np.nan, "with visit x response: made to fail"
        if turn == 4:
            raise np.linalg.LinAlgError
        return honest(small, large, near)

    monkeypatch.setattr(room, "_ratio", sometimes)
    found = binomial.likelihood_ratio(data, response, replicates=6, seed=1, nodes=5)
    assert found.failures == {
        "with visit x response: made to fail": 1,
        "an estimate has no finite start": 1,
    }
    assert found.smallest_p == pytest.approx(1 / 5)
    assert "left out: 1 (with visit" in found.notes[-1]


def test_observed_counts_that_cannot_be_fitted_are_said(monkeypatch):
    data, response = cohort()
    monkeypatch.setattr(room, "_ratio", lambda *_: (np.nan, "made to fail"))
    found = binomial.likelihood_ratio(data, response, replicates=5, seed=1)
    assert np.isnan(found.p)
    assert found.notes[0] == "the observed counts could not be fitted: made to fail"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"replicates": 0}, "replicates must be a whole number from 1"),
        ({"seed": -4}, "seed must be a whole number"),
        ({"nodes": 2.5}, "nodes must be a whole number"),
    ],
)
def test_wrong_options_are_named(options, words):
    data, response = cohort()
    with pytest.raises(DesignError, match=words):
        binomial.likelihood_ratio(
            data, response, **({"replicates": 9, "seed": 1} | options)
        )
