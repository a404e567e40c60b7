"""Laws of the scores: what must not move them, what must, and which way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.nk.stages.index import axis_counts, index_and_variance
from longate.nk.thresholds.positivity import scored
from nk.cells import MARKERS

CALLS = ["CD56", "CD56bright", *MARKERS]
SCHEME = lg.nk.stage_scheme(
    "five_stage",
    markers=CALLS,
    parent=lg.nk.NKParent("NK", lineage_removed=True, cd7_positive=True),
)
CELL = st.integers(0, 2 ** len(CALLS) - 1)
CODES = st.lists(CELL, min_size=1, max_size=120)


def _calls(codes):
    codes = np.asarray(codes)
    calls = {name: (codes >> bit & 1).astype(bool) for bit, name in enumerate(CALLS)}
    calls["CD56"] |= calls["CD56bright"]
    return calls


def _index(labels):
    counts = pd.DataFrame(
        [{s.label: int((labels == s.label).sum()) for s in SCHEME.stages}]
    )
    value, _ = index_and_variance(axis_counts(counts, SCHEME.axis), SCHEME.weights)
    return float(value[0])


@settings(deadline=None)
@given(CODES)
def test_off_axis_events_do_not_move_the_index(codes):
    labels = SCHEME.label(_calls(codes))
    on_axis = np.isin(labels, SCHEME.axis)
    np.testing.assert_array_equal(_index(labels), _index(labels[on_axis]))


@settings(deadline=None)
@given(CODES, st.sampled_from(SCHEME.axis))
def test_adding_a_cell_moves_the_index_towards_it(codes, stage):
    labels = SCHEME.label(_calls(codes))
    before = _index(labels)
    after = _index(np.append(labels, stage))
    if np.isnan(before):
        assert after == SCHEME.weights[stage]
        return
    step = SCHEME.weights[stage] - before
    assert (after - before) * step >= 0
    if abs(step) > 1e-9:
        assert after != before


@settings(deadline=None)
@given(CODES, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(codes, random):
    shuffled = list(codes)
    random.shuffle(shuffled)
    np.testing.assert_array_equal(
        _index(SCHEME.label(_calls(codes))), _index(SCHEME.label(_calls(shuffled)))
    )


def _sample(rng, n):
    """Values of three markers with their positivities, and directions."""
    rows = []
    for sign, share in ((1.0, 0.7), (-1.0, 0.4), (1.0, 0.2)):
        positive = rng.random(n) < share
        values = np.where(positive, 0.7, 0.2) + rng.normal(0, 0.08, n)
        found = lg.nk.Positivity(
            negative_mean=0.2, negative_sd=0.08, positive_mean=0.7, positive_sd=0.08
        )
        rows.append((values, found, sign))
    return rows


@pytest.mark.parametrize(("gain", "offset"), [(1.35, 0.0), (0.6, 0.3), (2.0, -1.0)])
def test_anchored_scores_are_free_of_affine_maps_of_the_scale(gain, offset):
    """Zeros that move with the events, as anchors do: by the same map."""
    rng = np.random.default_rng(21)
    rows = _sample(rng, 4000)
    _, before = scored(rows, {})
    moved = [
        (
            values * gain + offset,
            lg.nk.Positivity(
                negative_mean=p.negative_mean * gain + offset,
                negative_sd=p.negative_sd * gain,
                positive_mean=p.positive_mean * gain + offset,
                positive_sd=p.positive_sd * gain,
            ),
            sign,
        )
        for values, p, sign in rows
    ]
    _, after = scored(moved, {})
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-9)
    frozen = [(values * gain + offset, p, sign) for values, p, sign in rows]
    assert np.abs(scored(frozen, {})[1] - before).mean() > 0.01


@pytest.mark.parametrize("n", [50, 300, 1000])
def test_uniform_down_sampling_does_not_bias_any_score(n):
    rng = np.random.default_rng(22)
    rows = _sample(rng, 20_000)
    _, scores = scored(rows, {})
    other = np.clip(scores + 0.05, 0, 1)
    weights = np.linspace(0, 1, 5)
    stages = weights[rng.choice(5, size=20_000, p=[0.05, 0.03, 0.25, 0.3, 0.37])]
    theta = lg.nk.superiority(scores, other).theta
    found = []
    for _ in range(400):
        one, two = (rng.choice(20_000, size=n, replace=False) for _ in range(2))
        shift = lg.nk.superiority(scores[one], other[two]).theta
        found.append((stages[one].mean(), scores[one].mean(), shift))
    errors = np.array(found) - [stages.mean(), scores.mean(), theta]
    standard = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    assert (np.abs(errors.mean(axis=0)) <= 4 * standard).all()


def test_density_dependent_sampling_would_bias_and_is_why_it_is_refused():
    rng = np.random.default_rng(23)
    stages = rng.choice(5, size=20_000, p=[0.05, 0.03, 0.25, 0.3, 0.37])
    density = np.bincount(stages)[stages]
    kept = rng.random(20_000) < density.min() / density
    weights = np.linspace(0, 1, 5)
    assert abs(weights[stages[kept]].mean() - weights[stages].mean()) > 0.1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_a_more_mature_call_never_lowers_an_event_s_score(seed):
    rng = np.random.default_rng(seed)
    rows = _sample(rng, 30)
    _, before = scored(rows, {})
    for k, (values, positivity, sign) in enumerate(rows):
        raised = list(rows)
        raised[k] = (values + rng.random() * 2, positivity, sign)
        change = scored(raised, {})[1] - before
        assert (sign * change >= -1e-12).all()
