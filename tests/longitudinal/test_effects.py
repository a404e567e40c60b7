"""Effect sizes, single patients, discrimination and families."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from longate.clinical import Response, classify
from longate.exceptions import DesignError
from longate.longitudinal.effects import (
    adjust_families,
    auc,
    auc_interval,
    best_marker,
    cliffs_delta,
    effect_sizes,
    hedges_g,
    hedges_gz,
    hodges_lehmann,
    reference_changes,
)
from longate.longitudinal.effects.standardised import small_sample_factor
from longitudinal.cohort import tables

GOLDEN = Path(__file__).parents[1] / "golden" / "classical"
GROUPS = pd.read_csv(GOLDEN / "two_groups.csv")
DATA, RESPONSE = tables()


def groups(case):
    own = GROUPS[GROUPS["case"] == case]
    return tuple(
        own[own["label"] == label]["value"].to_numpy() for label in ("first", "second")
    )


def rows(name):
    return list(pd.read_csv(GOLDEN / f"{name}.csv").itertuples())


@pytest.mark.parametrize("row", rows("hedges"), ids=lambda row: row.case)
def test_hedges_g_is_that_of_r(row):
    found = hedges_g(*groups(row.case))
    np.testing.assert_allclose(found.estimate, row.g, rtol=1e-12)
    np.testing.assert_allclose([found.low, found.high], [row.low, row.high], rtol=1e-7)


def test_the_exact_correction_is_not_the_usual_approximation():
    assert small_sample_factor(10) == pytest.approx(0.9227456, abs=1e-7)
    assert small_sample_factor(10) != pytest.approx(1 - 3 / 39, abs=1e-5)
    # J(2) = Gamma(1) / (1 * Gamma(1/2)).
    assert small_sample_factor(2) == pytest.approx(1 / math.sqrt(math.pi))


def test_gz_is_t_by_the_root_of_n():
    changes = np.array([0.5, 1.5, 0.2, 1.1, 0.9])
    found = hedges_gz(changes)
    t = stats.ttest_1samp(changes, 0)
    assert found.estimate == pytest.approx(
        t.statistic / math.sqrt(5) * small_sample_factor(4)
    )
    # The interval excludes 0 exactly where the t test rejects.
    assert (found.low > 0) == (t.pvalue < 0.05)
    limit = hedges_gz(changes, confidence=1 - t.pvalue)
    assert limit.low == pytest.approx(0, abs=1e-6)


def test_hedges_interval_covers_as_it_says():
    generator = np.random.default_rng(11)
    inside = 0
    for _ in range(400):
        first, second = generator.normal(1.2, 1, 5), generator.normal(0, 1, 7)
        found = hedges_g(first, second)
        inside += found.low <= 1.2 <= found.high
    assert abs(inside / 400 - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 400)


@pytest.mark.parametrize("row", rows("rank_sum"), ids=lambda row: row.case)
def test_area_delta_and_shift(row):
    first, second = groups(row.case)
    area = auc_interval(first, second)
    delta = cliffs_delta(first, second)
    assert area.estimate == pytest.approx(row.auc)
    assert delta.estimate == pytest.approx(2 * row.auc - 1)
    assert (delta.low, delta.high) == pytest.approx(
        (2 * area.low - 1, 2 * area.high - 1)
    )
    assert 0 < area.low < area.estimate <= area.high <= 1
    if not np.isnan(row.shift):
        shift = hodges_lehmann(first, second)
        assert (shift.estimate, shift.low, shift.high) == pytest.approx(
            (row.shift, row.low, row.high)
        )


def test_delong_is_that_of_proc_and_refused_for_few():
    row = next(row for row in rows("rank_sum") if row.case == "many")
    found = auc_interval(*groups("many"), interval="delong")
    assert found.low == pytest.approx(row.delong_low)
    assert found.high == min(1.0, row.delong_high)
    with pytest.raises(DesignError, match="refused with 5 and 7"):
        auc_interval(*groups("five_v_seven"), interval="delong")


def test_intervals_of_areas_at_the_border():
    up = auc_interval(*groups("five_v_seven"))
    down = auc_interval(*reversed(groups("five_v_seven")))
    assert up.estimate == up.high == 1
    assert 0.5 < up.low < 0.9
    assert (down.low, down.high) == pytest.approx((0, 1 - up.low))
    logit = auc_interval(*groups("five_v_seven"), interval="logit")
    assert (logit.low, logit.high) == (0, 1)
    inner = auc_interval(*groups("overlapping"), interval="logit")
    assert inner.low < inner.estimate < inner.high < 1


@pytest.mark.parametrize("interval", ["inversion", "logit"])
@pytest.mark.parametrize("truth", [0.5, 0.8])
def test_intervals_of_areas_cover_at_five_v_seven(interval, truth):
    generator = np.random.default_rng(5)
    shift = math.sqrt(2) * stats.norm.ppf(truth)
    inside, runs = 0, 1500
    for _ in range(runs):
        found = auc_interval(
            generator.normal(shift, 1, 5), generator.normal(0, 1, 7), interval=interval
        )
        inside += found.low <= truth <= found.high
    # At least nominal within three Monte Carlo errors; DeLong covers .81 here.
    assert inside / runs > 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


def test_effects_of_a_table():
    found = effect_sizes(DATA, RESPONSE, value="index").set_index("effect")
    assert found.index.tolist() == [
        "Hedges' g",
        "Cliff's delta",
        "Hodges-Lehmann shift",
    ]
    assert found["n_responder"].unique().tolist() == [5]
    wide = DATA.pivot(index="patient", columns="visit", values="index")
    change = wide["m12"] - wide["m00"]
    label = RESPONSE.set_index("patient")["label"]
    first = change[label == "responder"].to_numpy()
    second = change[label == "non-responder"].to_numpy()
    assert found.loc["Hedges' g", "estimate"] == pytest.approx(
        hedges_g(first, second).estimate
    )
    assert found.loc["Cliff's delta", "estimate"] == 1
    assert (found["low"] <= found["estimate"]).all()


def test_auc_of_a_table():
    found = auc(DATA, RESPONSE, value="index", visit=("m00", "m12")).iloc[0]
    assert (found["auc"], found["visit"]) == (1, "m12 - m00")
    assert found["p"] == found["smallest_p"] == pytest.approx(2 / 792)
    assert "not known" in found["timing"]
    with pytest.raises(DesignError, match="'m24'"):
        auc(DATA, RESPONSE, value="index", visit="m24")
    with pytest.raises(DesignError, match="refused"):
        auc(DATA, RESPONSE, value="index", visit="m12", interval="delong")


def test_auc_says_whether_the_value_came_first():
    visits = pd.DataFrame(
        {
            "patient": np.repeat(["P01", "P12"], 3),
            "visit": ["m00", "m06", "m12"] * 2,
            "edss": [4, 4, 4, 4, 5, 6.0],
        }
    )
    none = pd.DataFrame({"patient": [], "visit": []})
    data = visits[["patient", "visit"]].assign(y=[1.0, 2, 3, 2, 2, 2])
    whole = classify(visits, none)
    late = classify(visits, none, landmark="m06")
    timing = [
        auc(data, response, value="y", visit=visit)["timing"][0].split()[1]
        for response, visit in ((whole, "m00"), (whole, "m06"), (late, "m06"))
    ]
    assert timing == ["before", "within", "before"]


def noise(seed, markers=10, n=5, m=7, effect=0.0):
    generator = np.random.default_rng(seed)
    rows = [
        (f"P{i:02d}", "m00", f"marker {k}", generator.normal(effect * (i < n)))
        for i in range(n + m)
        for k in range(markers)
    ]
    data = pd.DataFrame(rows, columns=["patient", "visit", "marker", "y"])
    label = ["responder"] * n + ["non-responder"] * m
    patients = [f"P{i:02d}" for i in range(n + m)]
    return data, pd.DataFrame({"patient": patients, "label": label})


def by_hand(data, response):
    """Leave-pair-out with nested choice, one pair at a time."""
    wide = data.pivot(index="patient", columns="marker", values="y")
    label = response.set_index("patient")["label"].reindex(wide.index)
    first = wide.index[label == "responder"]
    second = wide.index[label == "non-responder"]
    score = 0.0
    for i in first:
        for j in second:
            areas = {
                marker: auc_interval(
                    wide.loc[first.drop(i), marker].to_numpy(),
                    wide.loc[second.drop(j), marker].to_numpy(),
                ).estimate
                - 0.5
                for marker in wide
            }
            top = max(abs(area) for area in areas.values())
            best = [m for m, area in areas.items() if abs(area) > top - 1e-9]
            judged = [
                np.sign(areas[m]) * np.sign(wide.loc[i, m] - wide.loc[j, m])
                for m in best
            ]
            score += (1 + np.mean(judged)) / 2
    return score / len(first) / len(second)


def test_leave_pair_out_is_that_of_a_plain_loop():
    data, response = noise(1, markers=3, n=3, m=3)
    found = best_marker(data, response, value="y", by="marker", visit="m00")
    row = found.table.iloc[0]
    assert row["auc"] == pytest.approx(by_hand(data, response))
    assert (row["allocations"], row["exact"], row["n_markers"]) == (20, True, 3)
    assert found.selection["chosen"].sum() == pytest.approx(1)
    # p by brute force over allocations.
    patients = response["patient"].tolist()
    areas = []
    for members in combinations(patients, 3):
        label = ["responder" if p in members else "non-responder" for p in patients]
        areas.append(by_hand(data, response.assign(label=label)))
    truth = np.mean([area >= row["auc"] - 1e-9 for area in areas])
    assert row["p"] == pytest.approx(truth)


def test_the_best_of_noise_looks_good_and_is_not():
    apparent, honest, small = [], [], 0
    for seed in range(60):
        row = best_marker(
            *noise(seed),
            value="y",
            by="marker",
            visit="m00",
            replicates=99,
            most_enumerated=1,
        ).table.iloc[0]
        apparent.append(row["auc_apparent"])
        honest.append(row["auc"])
        small += row["p"] <= 0.1
    assert np.median(apparent) == pytest.approx(0.83, abs=0.03)
    assert abs(np.mean(honest) - 0.5) < 0.1
    assert small <= 6 + 3 * math.sqrt(60 * 0.1 * 0.9)


def test_a_marker_that_tells_is_found():
    data, response = noise(2)
    tells = data["marker"].eq("marker 3") & data["patient"].lt("P05")
    data.loc[tells, "y"] += 6
    found = best_marker(data, response, value="y", by="marker", visit="m00")
    row = found.table.iloc[0]
    assert (row["marker"], row["auc_apparent"], row["auc"]) == ("marker 3", 1, 1)
    assert row["p"] < 0.02
    assert "left-out pairs" in repr(found)
    lacking = data.drop(index=data.index[0])
    row = best_marker(lacking, response, value="y", by="marker", visit="m00").table
    assert row["n_left_out"][0] == 1
    with pytest.raises(DesignError, match="three in each group"):
        best_marker(*noise(1, n=2), value="y", by="marker", visit="m00")


def two_visits(first, second, **columns):
    n = len(first)
    frame = pd.DataFrame(
        {
            "patient": [f"P{i}" for i in range(n)] * 2,
            "visit": ["m00"] * n + ["m06"] * n,
            "nk": [*first, *second],
        }
    )
    return frame.assign(**columns)


def test_reference_changes_without_counting():
    data = two_visits([100.0] * 4, [180.0, 181.0, 55.5, 55.0])
    found = reference_changes(data, value="nk", cv_within=0.2, cv_analytical=0.08)
    # +81 % and -45 % for 20 % and 8 %.
    assert found["limit_high"].round(2).unique().tolist() == [1.81]
    assert found["limit_low"].round(2).unique().tolist() == [0.55]
    assert found["flag"].tolist() == ["none", "rise", "none", "fall"]
    assert found["expected_false_flags"].tolist() == pytest.approx([0.2] * 4)


def test_counting_error_widens_the_limits():
    data = two_visits([10.0, 10.0], [22.0, 22.0], events=[20, 4000, 44, 8800])
    options = {"value": "nk", "cv_within": 0.2, "cv_analytical": 0.08}
    found = reference_changes(data, **options, counts=["events"])
    assert found["flag"].tolist() == ["none", "rise"]
    variance = 2 * (math.log(1.04) + math.log(1.0064))
    variance += math.log(1 + 1 / 20) + math.log(1 + 1 / 44)
    assert found["limit_high"][0] == pytest.approx(
        math.exp(stats.norm.ppf(0.975) * math.sqrt(variance))
    )


def test_zeros_have_no_ratio():
    data = two_visits([10.0, 10.0], [0.0, 30.0], events=[10, 10, 0, 30])
    options = {"value": "nk", "cv_within": 0.2, "cv_analytical": 0.08}
    found = reference_changes(data, **options, counts="events").set_index("patient")
    assert "no ratio" in found.loc["P0", "problem"]
    assert found.loc["P0", "flag"] == "none"
    assert found["n_tested"].tolist() == [1, 1]
    with pytest.raises(DesignError, match="cv_within"):
        reference_changes(data, **(options | {"cv_within": -1}))
    with pytest.raises(DesignError, match="must hold counts"):
        reference_changes(data.assign(events=0.5), **options, counts="events")


def test_stable_patients_are_flagged_as_often_as_said():
    generator = np.random.default_rng(3)
    spread = math.sqrt(math.log(1.04) + math.log(1.0064))
    first, second = np.exp(generator.normal(3, spread, (2, 4000)))
    found = reference_changes(
        two_visits(first, second), value="nk", cv_within=0.2, cv_analytical=0.08
    )
    flagged = (found["flag"] != "none").mean()
    assert abs(flagged - 0.05) < 3 * math.sqrt(0.05 * 0.95 / 4000)


def test_families_are_adjusted_apart():
    table = pd.DataFrame(
        {
            "kind": ["a", "a", "b", "b", "b"],
            "p": [0.01, 0.04, 0.01, np.nan, 0.03],
            "smallest_p": [0.01] * 5,
        }
    )
    found = adjust_families(table, family="kind")
    assert found["family_size"].tolist() == [2, 2, 2, 2, 2]
    np.testing.assert_allclose(found["p_adjusted"], [0.02, 0.04, 0.02, np.nan, 0.03])
    assert found["smallest_p_times_family"].tolist() == [0.02] * 5
    whole = adjust_families(table)
    assert whole["family_size"].tolist() == [4] * 5
    np.testing.assert_allclose(
        whole["p_adjusted"].dropna(),
        stats.false_discovery_control(table["p"].dropna()),
    )
    assert "p_adjusted" not in table
    with pytest.raises(DesignError, match="above 1"):
        adjust_families(table.assign(p=2.0))


def test_circular_labels_are_refused():
    response = Response.from_table(RESPONSE, derived_from="index")
    with pytest.raises(DesignError, match="circular"):
        effect_sizes(DATA, response, value="index")
    with pytest.raises(DesignError, match="circular"):
        auc(DATA, response, value="index", visit="m12")


@pytest.mark.parametrize("measure", [hedges_g, cliffs_delta, hodges_lehmann])
def test_empty_groups_are_refused(measure):
    with pytest.raises(DesignError, match="0"):
        measure(np.array([]), np.array([1.0, 2.0]))


def test_what_does_not_vary_has_no_standardised_effect():
    with pytest.raises(DesignError, match="nothing varies"):
        hedges_g(np.ones(3), np.zeros(4))
    with pytest.raises(DesignError, match="do not vary"):
        hedges_gz(np.ones(3))
    with pytest.raises(DesignError, match="three changes"):
        hedges_gz(np.array([1.0, 2.0]))
