"""Probabilities of being positive: the formulas, monotone, spread, and bad numbers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import MaturationError
from longate.nk.thresholds.positivity import scored
from reference import event_score as reference

Positivity = lg.nk.Positivity
MEANS = st.floats(-2, 2)
SDS = st.floats(0.02, 1.5)
VALUES = st.lists(st.floats(-5, 5), min_size=1, max_size=40)
PRIORS = st.floats(0.01, 0.99)


@st.composite
def two_components(draw):
    mean, apart = draw(MEANS), draw(st.floats(0.05, 4))
    return Positivity(
        negative_mean=mean,
        negative_sd=draw(SDS),
        positive_mean=mean + apart,
        positive_sd=draw(SDS),
        prior=draw(PRIORS),
        spread={"PE": draw(st.floats(0, 0.1))},
    )


def _expected(x, light, positivity):
    spread = positivity.spread["PE"] ** 2 * max(light, 0)
    if positivity.positive_mean is None:
        return reference.negatives_alone(
            x,
            positivity.negative_mean,
            positivity.negative_sd,
            positivity.prior,
            spread,
        )
    return reference.two_components(
        x,
        (positivity.negative_mean, positivity.negative_sd),
        (positivity.positive_mean, positivity.positive_sd),
        positivity.prior,
        spread,
    )


@settings(deadline=None)
@given(two_components(), VALUES, st.floats(-100, 1000))
def test_two_components_follow_the_formula(positivity, values, light):
    found = positivity.probability(values, {"PE": [light] * len(values)})
    expected = [_expected(x, light, positivity) for x in values]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(MEANS, SDS, PRIORS, VALUES, st.floats(-100, 1000))
def test_negatives_alone_follow_the_formula(mean, sd, prior, values, light):
    positivity = Positivity(
        negative_mean=mean, negative_sd=sd, prior=prior, spread={"PE": 0.05}
    )
    found = positivity.probability(values, {"PE": [light] * len(values)})
    expected = [_expected(x, light, positivity) for x in values]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(two_components(), VALUES)
def test_more_signal_never_means_less_positive(positivity, values):
    values = np.sort(values)
    found = positivity.probability(values, {"PE": np.full(len(values), 30.0)})
    assert (np.diff(found) >= -1e-12).all()
    assert ((found >= 0) & (found <= 1)).all()


@settings(deadline=None)
@given(two_components(), VALUES, st.floats(0.1, 5), st.floats(-3, 3))
def test_an_affine_map_of_the_scale_changes_nothing_where_zeros_move_along(
    positivity, values, gain, offset
):
    moved = Positivity(
        negative_mean=positivity.negative_mean * gain + offset,
        negative_sd=positivity.negative_sd * gain,
        positive_mean=positivity.positive_mean * gain + offset,
        positive_sd=positivity.positive_sd * gain,
        prior=positivity.prior,
    )
    there = Positivity(
        negative_mean=positivity.negative_mean,
        negative_sd=positivity.negative_sd,
        positive_mean=positivity.positive_mean,
        positive_sd=positivity.positive_sd,
        prior=positivity.prior,
    )
    values = np.array(values)
    np.testing.assert_allclose(
        moved.probability(values * gain + offset),
        there.probability(values),
        rtol=1e-6,
        atol=1e-9,
    )


def test_spread_makes_a_dim_signal_less_sure():
    positivity = Positivity(negative_mean=0.2, negative_sd=0.05, spread={"PE": 0.002})
    dark, bright = positivity.probability([0.4, 0.4], {"PE": [-50.0, 10_000.0]})
    assert dark > 0.99
    assert bright < 0.01
    plain = Positivity(negative_mean=0.2, negative_sd=0.05)
    assert dark == plain.probability([0.4])[0]


def test_a_threshold_is_certain_whatever_else_is_known():
    positivity = Positivity(
        threshold=0.4, negative_mean=0.2, negative_sd=0.05, spread={"PE": 0.1}
    )
    values = [0.39999, 0.4, 9.0, -np.inf, np.inf]
    assert positivity.probability(values).tolist() == [0, 1, 1, 0, 1]
    assert positivity.kind == "threshold"
    assert positivity.fluorochromes == ()


def test_what_is_no_number_is_not_called():
    for positivity in (
        Positivity(threshold=0.4),
        Positivity(negative_mean=0.2, negative_sd=0.05),
    ):
        assert np.isnan(positivity.probability([np.nan])).all()
    assert Positivity(threshold=1.0).probability([]).shape == (0,)


@pytest.mark.parametrize("threads", [0, 2, 3, 5])
def test_threads_give_the_same_bits(threads):
    rng = np.random.default_rng(6)
    light = {"PE": rng.normal(100, 500, 90_001)}
    positivity = Positivity(
        negative_mean=0.2,
        negative_sd=0.05,
        positive_mean=0.6,
        positive_sd=0.1,
        spread={"PE": 0.001},
    )
    rows = [(rng.normal(0.4, 0.2, 90_001), positivity, v) for v in (1.0, -1.0, 0.5)]
    one, several = scored(rows, light, threads=1), scored(rows, light, threads=threads)
    assert one[0].tobytes() == several[0].tobytes()
    assert one[1].tobytes() == several[1].tobytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "give a threshold, or negative_mean"),
        ({"negative_mean": 0.2}, "negative_mean and negative_sd belong together"),
        ({"negative_mean": 0.2, "negative_sd": 0.0}, "the channel is constant"),
        (
            {
                "negative_mean": 0.2,
                "negative_sd": 0.1,
                "positive_mean": 0.1,
                "positive_sd": 0.1,
            },
            "must lie above",
        ),
        ({"threshold": float("nan")}, "threshold must be a finite number"),
        ({"threshold": 0.4, "prior": 1.0}, "prior must lie between"),
        (
            {"negative_mean": 0.0, "negative_sd": 1.0, "spread": {"PE": -1.0}},
            "must not be below 0",
        ),
    ],
)
def test_numbers_from_which_nothing_follows_are_named(options, words):
    with pytest.raises(MaturationError, match=words) as caught:
        Positivity(**options)
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def test_a_dye_without_intensities_is_named():
    positivity = Positivity(negative_mean=0.2, negative_sd=0.05, spread={"PE": 0.1})
    with pytest.raises(MaturationError, match="spread of 'PE' needs the intensity"):
        positivity.probability([0.3])


def test_the_anchored_unit_runs_from_negatives_to_positives():
    both = Positivity(
        negative_mean=0.2, negative_sd=0.05, positive_mean=0.7, positive_sd=0.1
    )
    assert both.anchored_unit == (0.2, pytest.approx(0.5))
    alone = Positivity(negative_mean=0.2, negative_sd=0.05)
    assert alone.anchored_unit == (0.2, pytest.approx(reference.LIMIT * 0.05))
    with pytest.raises(MaturationError, match="threshold alone has no unit"):
        _ = Positivity(threshold=0.4).anchored_unit
