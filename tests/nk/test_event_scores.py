"""Event scores of gated samples: formula, coverage, panels, tables, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import MaturationError
from longate.nk.events.directions import DIRECTIONS, HANDLING_ROBUST
from nk.cells import CHANNELS, cell, events_of, gates, random_cells, study_of
from reference import event_score as reference

Positivity = lg.nk.Positivity
CELLS = {
    "P1_m0": random_cells(700, seed=11),
    "P1_m6": random_cells(900, seed=12),
    "P2_m0": random_cells(400, seed=13),
}
MEASURED = ["CD16", "KIR", "CX3CR1", "CD57", "CD56bright", "NKG2A", "CD62L", "CD27"]
SOFT = {
    marker: Positivity(
        negative_mean=0.0,
        negative_sd=0.15,
        positive_mean=1.0,
        positive_sd=0.2,
        source="made up",
    )
    for marker in MEASURED
    if marker != "CD56bright"
} | {
    "CD56bright": Positivity(
        negative_mean=1.0, negative_sd=0.15, positive_mean=2.0, positive_sd=0.2
    )
}


def _nk(cells):
    return [c for c in cells if c["CD56"] or c["CD16"]]


def _noisy(cells, seed):
    rng = np.random.default_rng(seed)
    events = events_of(cells)
    return events + rng.normal(0, 0.1, events.shape)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    samples = {name: events_of(cells, t_cells=30) for name, cells in CELLS.items()}
    return study_of(tmp_path_factory.mktemp("ems"), samples)


@pytest.fixture(scope="module")
def populations(study):
    return study.gate(lg.GatingStrategy(gates()), progress=False)


@pytest.fixture(scope="module")
def maturation(populations):
    return lg.nk.maturation(populations, parent="NK")


@pytest.fixture(scope="module")
def soft(tmp_path_factory):
    samples = {name: _noisy(cells, 5) for name, cells in CELLS.items()}
    study = study_of(tmp_path_factory.mktemp("soft"), samples)
    gated = study.gate(lg.GatingStrategy(gates()), progress=False)
    return lg.nk.maturation(gated, parent="NK", positivity=SOFT)


def _votes(markers):
    return [DIRECTIONS[marker].sign for marker in markers]


def test_calls_by_gates_vote_with_certainty(maturation):
    for sample, cells in CELLS.items():
        events = maturation.events(sample)
        expected = [
            reference.score([float(c[m]) for m in MEASURED], _votes(MEASURED))
            for c in _nk(cells)
        ]
        np.testing.assert_allclose(events["score"], expected, atol=1e-12)
        robust = [
            reference.score(
                [float(c[m]) for m in HANDLING_ROBUST], _votes(HANDLING_ROBUST)
            )
            for c in _nk(cells)
        ]
        np.testing.assert_allclose(events["robust_score"], robust, atol=1e-12)


def test_events_carry_their_stage_and_number(maturation, populations):
    events = maturation.events("P1_m0")
    mask = populations.mask("NK", sample="P1_m0")
    assert events.index.tolist() == np.flatnonzero(mask).tolist()
    counts = maturation.stages.set_index(["sample", "stage"])["n_events"]["P1_m0"]
    found = events["stage"].value_counts()
    assert {s: n for s, n in counts.items() if n} == found.to_dict()
    assert {f"pi_{m}" for m in MEASURED} <= set(events)


def test_probabilities_follow_each_marker_s_components(soft):
    events = soft.events("P1_m0")
    values = soft.anchored("P1_m0")
    for marker in ("CD57", "NKG2A"):
        chance = [
            reference.two_components(x, (0.0, 0.15), (1.0, 0.2))
            for x in values[marker][:50]
        ]
        np.testing.assert_allclose(events[f"pi_{marker}"][:50], chance, rtol=1e-6)
    rows = events[[f"pi_{m}" for m in MEASURED]].to_numpy()[:50]
    expected = [reference.score(row, _votes(MEASURED)) for row in rows]
    np.testing.assert_allclose(events["score"][:50], expected, rtol=1e-9)


def test_the_table_sums_events_up_with_intervals(soft):
    table = soft.event_scores.set_index("sample")
    for sample in CELLS:
        scores = soft.events(sample)["score"]
        row = table.loc[sample]
        assert row["mean"] == pytest.approx(scores.mean())
        assert row["median"] == pytest.approx(scores.median())
        assert row["q25"] == pytest.approx(scores.quantile(0.25))
        assert row["iqr"] == pytest.approx(
            scores.quantile(0.75) - scores.quantile(0.25)
        )
        for name in ("mean", "median", "q25", "q75", "robust_mean"):
            assert row[f"{name}_low"] < row[f"{name}_high"]
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
        assert row["coverage"] == 1.0
        assert row["robust_coverage"] == 1.0
    assert table["scheme"].nunique() == 1
    assert table["scheme"].iloc[0].startswith("ems[CD16,CD27,")


def test_compared_are_those_of_all_pairs(maturation):
    compared = maturation.superiority(baseline="m0", visit="m6").set_index("patient")
    assert compared["missing"].to_dict() == {"P1": "", "P2": "m6"}
    earlier, later = (maturation.events(f"P1_{v}")["score"] for v in ("m0", "m6"))
    expected = reference.theta(earlier.round(9).tolist(), later.round(9).tolist())
    row = compared.loc["P1"]
    assert row["theta"] == pytest.approx(expected, abs=1e-9)
    assert row["counting_low"] < expected < row["counting_high"]
    assert row["robust_counting_low"] < row["robust_theta"]
    assert np.isnan(compared.loc["P2", "theta"])


def test_what_decided_is_recorded_for_every_sample_and_marker(soft, maturation):
    decided = soft.thresholds
    assert len(decided) == len(CELLS) * len(MEASURED)
    assert set(decided["kind"]) == {"two components"}
    assert decided.set_index("marker").loc["CD57", "source"].tolist() == ["made up"] * 3
    by_gate = maturation.thresholds.set_index("marker").loc["CD57"].iloc[0]
    assert (by_gate["kind"], by_gate["source"]) == ("gate", "CD3- dump-/NK/CD57+")


def test_one_sample_may_have_its_own_positivity(populations):
    own = {
        "CD57": Positivity(threshold=0.5),
        ("P1_m6", "CD57"): Positivity(threshold=1.5),
    }
    made = lg.nk.maturation(populations, parent="NK", positivity=own)
    assert made.events("P1_m0")["pi_CD57"].sum() > 0
    assert made.events("P1_m6")["pi_CD57"].sum() == 0


# Panels and specimens that differ


def test_only_common_markers_of_the_visits_are_compared(populations):
    without = {("P1_m6", "CD62L"): None, ("P1_m0", "CD27"): None}
    made = lg.nk.maturation(populations, parent="NK", positivity=without)
    row = made.superiority(visit="m6").set_index("patient").loc["P1"]
    common = [m for m in MEASURED if m not in ("CD62L", "CD27")]
    assert row["markers"].split() == common
    assert row["coverage"] == pytest.approx(6 / 8)
    ends = [
        [reference.score([float(c[m]) for m in common], _votes(common)) for c in cells]
        for cells in (_nk(CELLS["P1_m0"]), _nk(CELLS["P1_m6"]))
    ]
    assert row["theta"] == pytest.approx(reference.theta(*ends), abs=1e-9)
    table = made.event_scores
    assert table["scheme"].nunique() == 3  # and so they are never pooled
    assert table["coverage"].tolist() == [0.875, 0.875, 1.0]


def test_too_few_common_markers_are_refused(populations):
    without = {
        **{("P1_m0", m): None for m in ("CD62L", "CD27")},
        **{("P1_m6", m): None for m in ("KIR", "CX3CR1")},
    }
    made = lg.nk.maturation(populations, parent="NK", positivity=without)
    assert len(made.event_scores) == 3  # each by itself has three quarters
    with pytest.raises(MaturationError, match=r"patient P1: the panels.*0.50 of"):
        made.superiority(visit="m6")


def test_coverage_below_point_six_is_refused(populations):
    absent = ("KIR", "CX3CR1", "CD57", "NKG2A")
    made = lg.nk.maturation(
        populations,
        parent="NK",
        positivity={("P1_m6", marker): None for marker in absent},
    )
    with pytest.raises(MaturationError, match=r"P1_m6: only 0.50.*'NKG2A'.*0.6 is nee"):
        _ = made.event_scores


def test_a_file_without_a_channel_lacks_that_marker(tmp_path):
    cells = {"m0": random_cells(300, seed=1), "m6": random_cells(300, seed=2)}
    kept = [k for k, name in enumerate(CHANNELS) if name != "CD27"]
    files = [
        {"patient": "P", "visit": "m0", "events": events_of(cells["m0"])},
        {
            "patient": "P",
            "visit": "m6",
            "events": events_of(cells["m6"])[:, kept],
            "channels": [CHANNELS[k] for k in kept],
        },
    ]
    study = write_study(tmp_path, files, channels=CHANNELS)
    some = [m for m in MEASURED if m not in ("CD27", "CD56bright")]
    gated = study.gate(lg.GatingStrategy(gates(some)), progress=False)
    by_value = {"CD27": Positivity(threshold=0.5)}
    made = lg.nk.maturation(gated, parent="NK", positivity=by_value)
    scores = made.event_scores.set_index("visit")
    assert "CD27" in scores.loc["m0", "markers"]
    assert "CD27" not in scores.loc["m6", "markers"]
    assert "CD27" not in made.superiority()["markers"].iloc[0]


def test_a_channel_that_no_file_has_is_named(populations):
    made = lg.nk.maturation(
        populations, parent="NK", positivity={"CD94": Positivity(threshold=0.5)}
    )
    with pytest.raises(MaturationError, match=r"no file has the channel 'CD94'.*chann"):
        _ = made.event_scores


def test_specimens_are_not_mixed_within_a_patient(tmp_path):
    files = [
        {"patient": "P", "visit": v, "specimen": s, "events": events_of(CELLS["P2_m0"])}
        for v, s in (("m0", "pbmc_fresh"), ("m6", "pbmc_frozen"))
    ]
    study = write_study(tmp_path, files, channels=CHANNELS)
    gated = study.gate(lg.GatingStrategy(gates()), progress=False)
    made = lg.nk.maturation(gated, parent="NK")
    for compare in (made.superiority, made.changes):
        with pytest.raises(MaturationError, match="specimens differ between the vis"):
            compare()


# Bad input


@pytest.mark.parametrize("how", ["density_dependent", "SPADE"])
def test_density_dependent_sampling_is_refused_before_scoring(tmp_path, how):
    files = [
        {"patient": "P", "visit": v, "sampling": s, "events": events_of(CELLS["P2_m0"])}
        for v, s in (("m0", "all"), ("m6", how))
    ]
    study = write_study(tmp_path, files, channels=CHANNELS)
    gated = study.gate(lg.GatingStrategy(gates()), progress=False)
    with pytest.raises(MaturationError, match=rf"'P_m6'.*sampled '{how}'.*uniformly"):
        lg.nk.maturation(gated, parent="NK")


def test_sampling_may_be_declared_by_argument(populations):
    with pytest.raises(MaturationError, match=r"'every file'.*sampled 'density'"):
        lg.nk.maturation(populations, parent="NK", sampling="density")
    made = lg.nk.maturation(populations, parent="NK", sampling="uniform")
    assert len(made.table) == len(CELLS)


def test_few_cells_are_named_and_stay_in(maturation, tmp_path):
    assert set(maturation.table["cells"]) <= {"few", "enough"}
    study = study_of(tmp_path, {"P1_m0": events_of([cell(CD56=True, CD16=True)] * 7)})
    gated = study.gate(lg.GatingStrategy(gates()), progress=False)
    made = lg.nk.maturation(gated, parent="NK")
    assert made.table["cells"].tolist() == ["few"]
    assert made.table["index"].notna().all()
    assert "fewer than 300 NK events on the axis: 'P1_m0 (7)'" in repr(made)
    row = made.event_scores.iloc[0]
    assert row["mean_low"] < row["mean"] < row["mean_high"]
    assert row["median_low"] == row["median"] == row["median_high"]


def test_a_sample_without_nk_cells_has_scores_that_are_unknown(tmp_path):
    study = study_of(
        tmp_path,
        {"P1_m0": events_of([], t_cells=5), "P1_m6": events_of(CELLS["P2_m0"])},
    )
    gated = study.gate(lg.GatingStrategy(gates()), progress=False)
    made = lg.nk.maturation(gated, parent="NK", positivity=SOFT)
    table = made.event_scores.set_index("sample")
    assert table.loc["P1_m0", "n"] == 0
    assert np.isnan(table.loc["P1_m0", "mean"])
    assert made.superiority()["method"].tolist() == ["no events"]


def test_weights_and_markers_without_a_direction_are_named(populations):
    score = lg.nk.maturation
    with pytest.raises(MaturationError, match="no direction is known for 'CD75'"):
        score(populations, parent="NK", weights={"CD75": 1.0})
    with pytest.raises(MaturationError, match="weights must be above 0"):
        score(populations, parent="NK", weights={"CD57": -1.0})
    with pytest.raises(MaturationError, match=r"positivity: no direction.*'Perforin'"):
        score(populations, parent="NK", positivity={"Perforin": SOFT["CD57"]})


def test_weights_restrict_and_weigh_the_vote(populations):
    weights = {"CD57": 2.0, "NKG2A": 1.0}
    made = lg.nk.maturation(populations, parent="NK", weights=weights)
    events = made.events("P2_m0")
    expected = [
        reference.score([float(c["CD57"]), float(c["NKG2A"])], [2.0, -1.0])
        for c in _nk(CELLS["P2_m0"])
    ]
    np.testing.assert_allclose(events["score"], expected, atol=1e-12)
    plain = lg.nk.maturation(populations, parent="NK")
    assert made.event_scores["scheme"].iloc[0] != plain.event_scores["scheme"].iloc[0]


def test_an_event_without_a_number_is_refused(tmp_path):
    events = _noisy(CELLS["P2_m0"], 3)
    nk = [i for i, c in enumerate(CELLS["P2_m0"]) if c["CD56"]]
    events[nk[0], CHANNELS.index("CD27")] = np.nan
    study = study_of(tmp_path, {"P2_m0": events})
    some = [m for m in MEASURED if m not in ("CD27", "CD56bright")]
    gated = study.gate(lg.GatingStrategy(gates(some)), progress=False)
    made = lg.nk.maturation(
        gated, parent="NK", positivity={"CD27": Positivity(threshold=0.5)}
    )
    with pytest.raises(MaturationError, match="P2_m0: 1 NK events have NaN"):
        _ = made.event_scores


def test_results_of_one_scheme_are_combined_and_of_two_are_not(populations):
    one = lg.nk.maturation(populations, parent="NK")
    other = lg.nk.maturation(populations, parent="NK", scheme="cd56_cd16")
    assert len(lg.nk.combine(one, one)) == 2 * len(CELLS)
    with pytest.raises(MaturationError, match=r"2 schemes.*never compared"):
        lg.nk.combine(one, other)


def test_a_scheme_of_one_s_own_scores_too(populations):
    scheme = lg.nk.StageScheme(
        "mine",
        (
            lg.nk.Stage("off", "not CD16"),
            lg.nk.Stage("ripe", "CD57 or KIR"),
            lg.nk.Stage("young", "else"),
        ),
        axis=("young", "ripe"),
    )
    made = lg.nk.maturation(populations, parent="NK", scheme=scheme)
    for sample, cells in CELLS.items():
        on = [c for c in _nk(cells) if c["CD16"]]
        share = np.mean([c["CD57"] or c["KIR"] for c in on])
        index = made.table.set_index("sample").loc[sample, "index"]
        assert index == pytest.approx(share)
    missing = lg.nk.StageScheme(
        "other", (lg.nk.Stage("a", "CD94"), lg.nk.Stage("b", "else")), ("a", "b")
    )
    with pytest.raises(MaturationError, match="'other' needs 'CD94'"):
        lg.nk.maturation(populations, parent="NK", scheme=missing)


# Words and reference ranges


def test_the_result_claims_no_lineage_and_no_good(maturation):
    text = repr(maturation)
    assert "phenotypic maturation" in text
    assert "no lineage time" in text
    assert "whether more mature is better depends on disease" in text


def test_reference_ranges_stand_only_where_the_unit_is_the_same(study, maturation):
    stages = maturation.stages.drop_duplicates("stage").set_index("stage")
    row = stages.loc["bright16neg"]
    assert (row["reference_low"], row["reference_high"]) == (0.007, 0.063)
    assert "ARUP" in row["reference_source"]
    assert stages.drop(index="bright16neg")["reference_low"].isna().all()
    extra = lg.RectangleGate("CD57 of NK", parent="NK", CD57=(0.5, None))
    gated = study.gate(lg.GatingStrategy([*gates(), extra]), progress=False)
    other = lg.nk.maturation(gated, parent="CD57 of NK")
    assert other.stages["reference_low"].isna().all()
