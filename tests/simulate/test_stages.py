"""The generator's NK stages: one label for each phenotype, exact expectations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from longate.simulate import stages


def plain_label(cd56, cd16, cd57, nkg2c, kir, nkg2a):
    """The rule table, one cell at a time."""
    if cd56 == 0:
        return "neg16pos" if cd16 else None
    if cd56 == 2:
        return "bright16pos" if cd16 else "bright16neg"
    if not cd16:
        return "dim16neg"
    if cd57:
        return "adaptive" if nkg2c else "dim_CD57"
    return "dim_late" if kir or not nkg2a else "dim_early"


def test_every_phenotype_gets_the_label_of_the_rule_table():
    phenotypes = list(itertools.product([0, 1, 2], *[[False, True]] * 5))
    columns = np.array(phenotypes).T
    positive = {
        marker: columns[i + 1].astype(bool)
        for i, marker in enumerate(("CD16", "CD57", "NKG2C", "KIR", "NKG2A"))
    }
    codes = stages.label(columns[0].astype(np.int8), positive)
    found = [stages.LABELS[code] if code >= 0 else None for code in codes]
    assert found == [plain_label(*phenotype) for phenotype in phenotypes]


@pytest.mark.parametrize("tau", [-1.0, 0.0, 0.25, 0.45, 3.0])
def test_a_composition_sums_to_one_and_so_do_its_expected_labels(tau):
    life = stages.NkPatient.draw(np.random.default_rng(4), cmv=True)
    composition = life.composition(1, tau)
    assert composition.min() > 0
    assert composition.sum() == pytest.approx(1)
    assert stages.expected_labels(composition).sum() == pytest.approx(1)


def test_the_baseline_patient_has_the_baseline_composition():
    average = stages.NkPatient(np.zeros(6), np.zeros((3, 6)), adaptive_share=0.2)
    composition = dict(zip(stages.LATENT, average.composition(0, 0.0), strict=True))
    on_axis = 1 - sum(stages.BASELINE_OFF_AXIS)
    s1, s2, s3, s4, s5 = stages.BASELINE_ON_AXIS
    assert composition["bright16neg"] == pytest.approx(s1 * on_axis)
    assert composition["bright16pos"] == pytest.approx(s2 * on_axis)
    assert composition["dim_early"] == pytest.approx(s3 * on_axis)
    assert composition["dim_late"] == pytest.approx(s4 * on_axis)
    assert composition["dim_CD57"] == pytest.approx(0.8 * s5 * on_axis)
    assert composition["adaptive"] == pytest.approx(0.2 * s5 * on_axis)


def test_expected_labels_agree_with_drawn_cells():
    rng = np.random.default_rng(7)
    composition = stages.NkPatient.draw(rng, cmv=True).composition(0, 0.0)
    n = 200_000
    latent = rng.choice(len(stages.LATENT), n, p=composition)
    positive = {
        marker: rng.random(n) < np.array(stages.POSITIVE[marker])[latent]
        for marker in stages.RULE_MARKERS
    }
    codes = stages.label(stages.CD56_CLASS[latent], positive)
    observed = np.bincount(codes, minlength=len(stages.LABELS)) / n
    expected = stages.expected_labels(composition)
    error = np.sqrt(expected * (1 - expected) / n)
    assert (np.abs(observed - expected) < 5 * error).all()


def test_maturation_moves_the_expected_index_and_more_of_it_moves_it_more():
    average = stages.NkPatient(np.zeros(6), np.zeros((3, 6)), adaptive_share=0.1)
    found = [
        stages.index(stages.expected_labels(average.composition(0, tau)))[0]
        for tau in (0.0, 0.25, 0.45)
    ]
    assert found == sorted(found)
    assert 0.02 < found[1] - found[0] < 0.06
    assert 0.04 < found[2] - found[0] < 0.09


def test_the_index_is_the_weighted_mean_over_the_axis():
    counts = dict.fromkeys(stages.LABELS, 0) | {
        "bright16neg": 1,
        "dim_late": 2,
        "dim_CD57": 1,
        "adaptive": 4,
        "neg16pos": 9,
    }
    values = [counts[name] for name in stages.LABELS]
    assert stages.index(values) == (pytest.approx((2 * 0.75 + 1) / 4), 4)
    with_adaptive = stages.index(values, adaptive_as_cd57=True)
    assert with_adaptive == (pytest.approx((2 * 0.75 + 5) / 8), 8)


def test_the_index_of_no_cell_is_missing():
    value, on_axis = stages.index(np.zeros(8))
    assert np.isnan(value)
    assert on_axis == 0


def test_cmv_carriers_have_the_larger_adaptive_share():
    def mean_share(*, cmv):
        rng = np.random.default_rng(11)
        lives = [stages.NkPatient.draw(rng, cmv=cmv) for _ in range(300)]
        return np.mean([life.adaptive_share for life in lives])

    assert mean_share(cmv=True) > 3 * mean_share(cmv=False)
