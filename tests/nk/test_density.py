"""Densities against their twins, and thresholds read from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import longate as lg
from longate._core import bin_density, density_peaks, density_valley, smooth_density
from longate.exceptions import MaturationError
from longate.nk.thresholds.data_thresholds import read_threshold
from longate.nk.thresholds.density import ChannelDensity
from reference import density as twin

HOSTILE = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, 0.5, -1e-300])
VALUES = arrays(np.float64, st.integers(0, 60), elements=st.floats(-0.5, 1.5) | HOSTILE)


@given(VALUES, st.integers(2, 40))
def test_binning_is_its_twin(values, places):
    weights, *outside = bin_density(values, 0.0, 1.0, places)
    expected, *counted = twin.binned(values, 0.0, 1.0, places)
    np.testing.assert_allclose(weights, expected, atol=1e-9)
    assert outside == counted


@given(
    arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 100)),
    st.floats(0.3, 12),
)
def test_smoothing_is_its_twin(weights, bandwidth):
    np.testing.assert_allclose(
        smooth_density(weights, bandwidth), twin.smoothed(weights, bandwidth), atol=1e-9
    )


@given(arrays(np.float64, st.integers(3, 60), elements=st.integers(0, 6).map(float)))
def test_peaks_are_those_of_scipy(density):
    assert density_peaks(density) == twin.peaks(density)


@given(arrays(np.float64, st.integers(3, 60), elements=st.integers(0, 6).map(float)))
def test_the_valley_is_the_lowest_point_between(density):
    last = len(density) - 1
    at = density_valley(density, 0, last)
    assert 0 < at < last
    assert density[at] == density[1:last].min()
    assert density_valley(density, 1, 1) is None


def two_groups(seed=1, n=4000):
    random = np.random.default_rng(seed)
    return np.concatenate([random.normal(0.3, 0.05, n), random.normal(0.7, 0.06, n)])


def test_a_density_integrates_to_one_and_shows_both_modes():
    density = ChannelDensity.of([two_groups()])
    step = density.grid[1] - density.grid[0]
    assert density.density.sum() * step == pytest.approx(1, abs=1e-4)
    places = [mode.location for mode in density.modes]
    assert places == pytest.approx([0.3, 0.7], abs=0.02)
    assert density.negatives(below=0.5) == pytest.approx((0.3, 0.05), abs=0.02)
    assert density.positives(above=0.5) == pytest.approx((0.7, 0.06), abs=0.02)


def test_every_sample_weighs_the_same_when_pooled():
    random = np.random.default_rng(3)
    large, small = random.normal(0.3, 0.05, 50_000), random.normal(0.7, 0.05, 500)
    density = ChannelDensity.of([large, small])
    heights = [mode.height for mode in density.modes]
    assert heights[0] == pytest.approx(heights[1], rel=0.2)


@pytest.mark.parametrize(("rule", "expected"), [("valley", 0.5), ("tail", 0.3 + 0.082)])
def test_thresholds_of_known_densities(rule, expected):
    random = np.random.default_rng(4)
    values = two_groups() if rule == "valley" else random.normal(0.3, 0.05, 20_000)
    found = read_threshold(ChannelDensity.of([values]), rule, 0.05)
    assert found["threshold"] == pytest.approx(expected, abs=0.02)


def test_a_shift_of_the_scale_shifts_the_threshold():
    values = two_groups()
    at = [
        ChannelDensity.of([values * factor + shift]).valley()[0]
        for factor, shift in ((1.0, 0.0), (2.0, 0.1))
    ]
    assert at[1] == pytest.approx(2 * at[0] + 0.1, abs=1e-6)


def test_order_of_events_does_not_matter():
    values = two_groups()
    forward, backward = (
        ChannelDensity.of([v]).valley()[0] for v in (values, values[::-1])
    )
    assert forward == pytest.approx(backward, abs=1e-9)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([], "at least one event"),
        ([np.array([])], "at least one event"),
        ([np.full(10, 0.4)], "constant"),
        ([np.array([0.1, np.nan])], "finite"),
        ([np.array([0.1, np.inf])], "finite"),
    ],
)
def test_what_has_no_density_is_refused(samples, words):
    with pytest.raises(MaturationError, match=words):
        ChannelDensity.of(samples)


@pytest.fixture(scope="module")
def populations(small_study):
    strategies = {
        "NK": lg.simulate.nk_strategy(),
        "lineage": lg.simulate.lineage_strategy(),
    }
    return small_study.gate(strategies, progress=False)


def test_thresholds_by_study_sample_and_column(populations):
    options = {"tube": "NK"}
    one = lg.nk.data_threshold(populations, "Lymphocytes", "CD3", **options)
    each = lg.nk.data_threshold(
        populations, "Lymphocytes", "CD3", pool="sample", **options
    )
    by_visit = lg.nk.data_threshold(
        populations, "Lymphocytes", "CD3", pool="visit", **options
    )
    assert 0.25 < one.value < 0.6
    assert (
        len(each.table) == populations.counts.query("tube == 'NK'")["sample"].nunique()
    )
    assert set(by_visit.table["group"]) == {"m00", "m06", "m12"}
    assert (each.table["threshold"] - one.value).abs().max() < 0.15
    assert (one.table["se"] > 0).all()
    with pytest.raises(MaturationError, match="groups"):
        _ = each.value


def test_the_bootstrap_does_not_depend_on_when_it_is_run(populations):
    first, second = (
        lg.nk.data_threshold(populations, "Lymphocytes", "CD3", tube="NK", seed=5).table
        for _ in range(2)
    )
    assert first["se"].equals(second["se"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rule": "valeys"}, "valley"),
        ({"tail": 0.7}, "tail must be"),
        ({"pool": "batches"}, "no column of the sample sheet"),
        ({"least_events": 10**9}, "no sample has 1000000000 events"),
    ],
)
def test_bad_options_are_named(populations, options, words):
    with pytest.raises(MaturationError, match=words):
        lg.nk.data_threshold(
            populations, "Lymphocytes", "CD3", **({"tube": "NK"} | options)
        )
