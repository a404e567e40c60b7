"""Rare events, tiny groups, ties and outliers: where a test would mislead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from longate.exceptions import DesignError
from longate.longitudinal import max_t, responder_analysis, sign_flips
from longate.longitudinal.classical import paired_t
from longate.longitudinal.effects import auc
from longate.longitudinal.power import SD_RATIOS, welch_levels, welch_power
from longate.longitudinal.sentences import p_words
from longate.longitudinal.welch import FEWEST_FOR_TEST, group_difference
from longitudinal.cohort import tables
from scenarios.rare_events import Scenario as Rare
from scenarios.rare_events import rejected as rejected_rare
from scenarios.small_groups import KEPT as SMALL


def counted(k_of, growth=1.5, n=2000, sizes=(5, 7)):
    """Counts k of n at two visits; n grows among responders alone."""
    patients = [f"P{at:02d}" for at in range(sum(sizes))]
    label = np.repeat(["responder", "non-responder"], sizes)
    rows = []
    for at, patient in enumerate(patients):
        for later, visit in enumerate(("m00", "m12")):
            grown = growth if later and at < sizes[0] else 1.0
            total = int((n + 37 * at) * grown)
            rows.append((patient, visit, k_of(at, later), total))
    data = pd.DataFrame(rows, columns=["patient", "visit", "k", "n"])
    return data, pd.DataFrame({"patient": patients, "label": label})


COUNTS = {"value": ("k", "n"), "scale": "logit"}


def test_no_events_give_no_effect():
    data, response = counted(lambda *_: 0)
    with pytest.raises(DesignError, match=r"no event in any of 24 samples"):
        responder_analysis(data, response, **COUNTS)
    found = max_t(*counted(lambda at, later: int(at == 9 and later)), **COUNTS)
    assert found["p"][0] > 0.5
    assert any("no event in responders at m00" in limit for limit in found.limits)


@pytest.mark.parametrize("growth", [1.3, 1.6, 4.0])
def test_growing_n_alone_is_no_effect_of_rare_events(growth):
    data, response = counted(lambda at, later: (at + later) % 3, growth)
    result = responder_analysis(data, response, **COUNTS, models=False)
    assert result.table["scale"][0] == "fraction"
    assert np.isnan(result.table["ratio"][0])
    assert result.table["low"][0] < 0 < result.table["high"][0]
    assert any("Few events" in limit for limit in result.limits)


def test_neighbours_that_form_log_odds_do_not_see_n_either():
    def nothing(*_):
        return 0

    data, response = counted(nothing)
    with pytest.raises(DesignError):
        paired_t(counted(nothing, sizes=(12, 0))[0], **COUNTS)
    assert auc(data, response, visit="m12", **COUNTS)["auc"][0] == 0.5
    few = counted(lambda at, _: int(at == 3), growth=4.0, sizes=(12, 0))[0]
    assert sign_flips(few, **COUNTS)["p"][0] == 1.0


def test_common_events_stay_on_the_logit():
    data, response = counted(lambda at, later: 40 + 3 * at + 5 * later * (at % 4))
    result = responder_analysis(data, response, **COUNTS, models=False)
    assert result.table["scale"][0] == "logit"
    assert result.design.scarcity == {}


@pytest.mark.parametrize("expected", [0.1, 0.5, 1.0])
def test_fractions_of_rare_events_keep_their_level(expected):
    rates = rejected_rare(Rare(expected, growth=2.5), replicates=2_000, seed=1)
    assert rates["fraction"] < 0.055
    assert rates["analysed"] < 0.055


def test_the_stated_levels_are_those_of_a_simulation():
    rng = np.random.default_rng(0)
    first = 2.5 * rng.normal(size=(20_000, 3))
    second = rng.normal(size=(20_000, 6))
    p = stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
    level = welch_power(0.0, 3, 6, 0.05, 2.5)
    assert (p < 0.05).mean() == pytest.approx(level, abs=3 * np.sqrt(0.06 / 20_000))
    assert welch_levels(5, 7, 0.05)[1] < 0.0555


def test_the_fewest_for_a_test_follow_from_the_kept_table():
    kept = pd.read_csv(SMALL)
    kept["fewest"] = kept[["n_responder", "n_non_responder"]].min(axis=1)
    worst = kept.groupby("fewest")["type_one_error"].max()
    assert (worst[worst.index >= FEWEST_FOR_TEST] < 0.066).all()
    assert (worst[worst.index < FEWEST_FOR_TEST] > 0.07).all()
    for row in kept.sample(20, random_state=1).itertuples():
        exact = welch_power(
            0.0, row.n_responder, row.n_non_responder, 0.05, row.sd_ratio
        )
        assert abs(row.type_one_error - exact) < 4 * np.sqrt(
            exact * (1 - exact) / row.replicates
        )


@pytest.mark.parametrize("sizes", [(2, 10), (3, 6), (2, 2)])
def test_an_interval_of_few_covers_whatever_the_variances(sizes):
    rng = np.random.default_rng(1)
    for ratio in SD_RATIOS[::2]:
        covered = 0
        for _ in range(1_000):
            first = rng.normal(size=sizes[0]) * ratio
            found = group_difference(first, rng.normal(size=sizes[1]), 0.95)
            covered += found.low <= 0 <= found.high
        assert covered > 930


def test_few_patients_get_an_interval_and_the_exact_p():
    data, response = tables((0.07, 0.09, 0.05), (0.01, -0.03, 0.02, 0.0, 0.01, -0.02))
    result = responder_analysis(data, response, value="index", models=False)
    row = result.table.iloc[0]
    assert np.isnan(row["p"])
    assert row["df"] == 2
    assert row["permutation_p"] > 0
    assert "too few patients for a test, exact permutation p" in result.headline
    assert "Too few patients for a test" in " ".join(result.limits)


def test_ties_of_equal_changes_give_an_area_of_a_half():
    data, response = tables((0.1,) * 3, (0.1,) * 4, start=0.2)
    found = auc(data, response, value="index", visit=("m00", "m12"))
    assert found["auc"][0] == 0.5


@pytest.mark.parametrize("outlier", [1e3, 1e9])
def test_an_outlier_does_not_tie_all_allocations(outlier):
    others = (0.01, -0.03, 0.02, 0.003, -0.008, 0.04)
    data, response = tables((0.07, 0.09, 0.04, 0.11, outlier), others)
    p = responder_analysis(data, response, value="index", models=False)
    near = tables((0.07, 0.09, 0.04, 0.11, 1e4), others)
    same = responder_analysis(*near, value="index", models=False)
    # Changes closer than .001 cannot be told beside an outlier of 1e9.
    assert p.table["permutation_p"][0] == pytest.approx(
        same.table["permutation_p"][0], abs=0.01
    )
    assert p.table["permutation_p"][0] < 0.05


def test_a_printed_p_stands_on_its_side_of_the_level():
    for p in (0.0496, 0.0504, 0.04999, 0.05001, 0.0500000001, 0.049):
        shown = float(p_words(p).removeprefix("p = "))
        assert (shown < 0.05) == (p < 0.05)
        assert shown != 0.05


def test_pairs_that_run_backwards_are_refused():
    data, response = tables()
    with pytest.raises(DesignError, match="runs backwards"):
        auc(data, response, value="index", visit=("m12", "m00"))


def test_groups_of_response_are_not_flipped_apart():
    data, response = tables()
    joined = data.merge(response, on="patient")
    with pytest.raises(DesignError, match="not tested apart"):
        sign_flips(joined, value="index", by="label")
    other = joined.assign(label=joined["label"].str.title() + "s")
    with pytest.raises(DesignError, match="not tested apart"):
        paired_t(other, value="index", by="label")
