"""Missing last visits: imputation at random, and the tipping point."""

from __future__ import annotations

import numpy as np
import pytest

from longate.longitudinal.design import read_design
from longate.longitudinal.dropout import dropout_of
from longate.longitudinal.labels import read_labels
from longate.longitudinal.measure import Measure
from longitudinal.cohort import OTHERS, RESPONDERS, tables


def _design(**groups):
    data, response = tables(**groups)
    labels = read_labels(response)
    measure = Measure.of("index", "identity")
    nothing = dict.fromkeys(("by", "family", "baseline", "last"))
    return read_design(data, labels, measure, **nothing)


def _dropout(design, seed=1):
    return dropout_of(design, "index", confidence=0.95, seed=seed)


def test_nobody_lost_leaves_nothing_to_impute():
    assert _dropout(_design()) is None


def test_the_same_seed_gives_the_same_numbers():
    design = _design(others=(*OTHERS, None), unknown=(None,))
    assert _dropout(design) == _dropout(design)
    assert _dropout(design) != _dropout(design, seed=2)


def test_at_random_stays_near_the_observed_difference():
    design = _design(others=(*OTHERS, None), unknown=(None,))
    found = _dropout(design)
    assert found.n_imputed == 2
    observed = np.mean(RESPONDERS) - np.mean(OTHERS)
    assert found.at_random.estimate == pytest.approx(observed, abs=0.01)


def test_many_lost_tip_the_conclusion_sooner():
    few = _dropout(_design(others=(*OTHERS, None)))
    many = _dropout(_design(others=(*OTHERS, *[None] * 3)))
    larger = np.inf if np.isnan(few.tipping) else few.tipping
    assert 0 < many.tipping < larger
    assert many.at_tipping.low <= 0 <= many.at_tipping.high


def test_an_interval_that_holds_zero_needs_no_shift():
    flat = tuple(value / 20 for value in RESPONDERS)
    found = _dropout(_design(responders=flat, others=(*OTHERS, None)))
    assert found.tipping == 0
