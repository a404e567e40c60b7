"""Positivity thresholds: sources in order, gain, and sources that cannot serve."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import MaturationError
from longate.nk.thresholds.fit import fit_negatives, fit_valley
from longate.nk.thresholds.sources import B_CELLS, T_CELLS, refuse_circular
from nk.gained import with_gain

GAIN = 1.35
LINEAR = lg.Linear(t=1000.0)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return lg.simulate.cohort(
        tmp_path_factory.mktemp("anchored"),
        patients=4,
        nk_events=40_000,
        tubes=["NK"],
        progress=False,
    )


@pytest.fixture(scope="module")
def study(cohort):
    return lg.read_study(cohort.sheet)


@pytest.fixture(scope="module")
def populations(study):
    return study.gate(lg.simulate.nk_strategy(), progress=False)


@pytest.fixture(scope="module")
def anchored(populations):
    return lg.nk.thresholds(populations, parent="NK")


def index_of(populations):
    table = lg.nk.maturation(populations, parent="NK").table
    return table.set_index("sample")["index"]


def test_every_sample_and_call_has_one_threshold_and_its_source(anchored, populations):
    table = anchored.table
    samples = populations.counts["sample"].unique()
    calls = {"CD56", "CD56bright", "CD16", "KIR", "NKG2A", "NKG2C", "CX3CR1", "CD57"}
    assert len(table) == len(samples) * len(calls)
    assert not table.duplicated(["sample", "marker"]).any()
    assert table["threshold"].notna().all()
    by_source = table.groupby("marker")["source"].unique().map(set)
    for marker in ("CD56", "CD16", "KIR", "NKG2A"):
        assert by_source[marker] == {"internal"}
    assert by_source["CD56bright"] == {"valley"}
    assert set(table.loc[table["marker"] == "CD16", "class"]) == {"independent"}
    bright = table.loc[table["marker"] == "CD56bright", "class"]
    assert set(bright) == {"treatment-sensitive"}


def test_one_source_serves_all_visits_of_a_patient(anchored):
    sources = anchored.table.groupby(["patient", "marker"], observed=True)["source"]
    assert (sources.nunique() == 1).all()


def test_the_index_with_anchors_is_not_biased(anchored, cohort):
    truth = cohort.read_truth("index").set_index("sample")["index"]
    found = index_of(anchored.gate())
    error = found - truth.loc[found.index]
    assert abs(error.mean()) <= 0.01
    assert error.abs().max() <= 0.03


@pytest.mark.parametrize("position", [0.73, 0.80])
def test_a_gain_moves_the_anchored_index_a_tenth_of_the_frozen_one(
    study, tmp_path_factory, position, monkeypatch
):
    """CD56 x 1.35; the gate mid-way between dim and bright, and among the bright."""
    monkeypatch.setattr("longate.simulate.strategies.CD56_BRIGHT", position)
    strategy = lg.simulate.nk_strategy()
    gained = with_gain(study, tmp_path_factory.mktemp("gained"), "CD56", GAIN)
    before, after = (s.gate(strategy, progress=False) for s in (study, gained))
    frozen = (index_of(after) - index_of(before)).abs()
    kept = (
        index_of(lg.nk.thresholds(after, parent="NK").gate())
        - index_of(lg.nk.thresholds(before, parent="NK").gate())
    ).abs()
    assert frozen.mean() > 0.01
    assert kept.mean() <= 0.1 * frozen.mean()
    assert kept.max() <= 0.1 * frozen.max()


def with_control(study, tmp_path, marker, *, batch):
    """Add an FMO control: a sample's file whose cells all lack the marker."""
    sheet = study.samples.copy().assign(batch=batch)
    row = sheet.index[0]
    data = study.read_file(row)
    own = data.compensation
    values = np.column_stack([data.values(c) for c in own.channels])
    place = own.channels.index(data.panel.channels[data.panel.index(marker)].detector)
    random = np.random.default_rng(3)
    values[:, place] = random.normal(120.0, 60.0, len(values))
    columns = {c.detector: np.array(data.column(c.detector)) for c in data.panel}
    spilled = values @ own.matrix
    for number, detector in enumerate(own.channels):
        columns[detector] = spilled[:, number]
    path = lg.write_fcs(
        tmp_path / f"fmo_{marker}.fcs",
        pd.DataFrame(columns),
        markers={c.detector: c.marker for c in data.panel if c.marker},
        ranges={c.detector: c.range for c in data.panel},
        spillover=own,
    )
    control = sheet.loc[[row]].assign(file=str(path), role=f"fmo:{marker}")
    control = control.assign(sample=f"FMO {marker}", batch="b1")
    frame = pd.concat([sheet, control], ignore_index=True)
    return lg.read_study(frame.drop(columns="n_events"))


def test_an_fmo_control_of_the_batch_goes_first(study, tmp_path):
    study = with_control(study, tmp_path, "CD57", batch="b1")
    populations = study.gate(lg.simulate.nk_strategy(), progress=False)
    found = lg.nk.thresholds(populations, parent="NK")
    own = found.table[found.table["marker"] == "CD57"]
    assert set(own["source"]) == {"fmo"}
    assert set(own["class"]) == {"independent"}
    assert own["population"].str.contains("fmo_CD57.fcs").all()
    scale = lg.Logicle()
    expected = float(scale([120.0 + 2.326 * 60.0])[0])
    assert own["threshold"].to_numpy() == pytest.approx(expected, abs=0.02)
    key = (str(own["sample"].iloc[0]), "CD57")
    assert found.densities[key]["fmo"] is not None
    available = found.available.set_index(["marker", "source"])["available"]
    assert available[("CD57", "fmo")].all()


def test_a_control_of_another_batch_does_not_serve(study, tmp_path):
    study = with_control(study, tmp_path, "CD57", batch="b2")
    populations = study.gate(lg.simulate.nk_strategy(), progress=False)
    found = lg.nk.thresholds(populations, parent="NK")
    own = found.table[found.table["marker"] == "CD57"]
    assert "fmo" not in set(own["source"])
    told = found.problems[found.problems["source"] == "fmo"]
    assert told["problem"].str.contains("batch 'b2' has no control fmo:CD57").any()


def test_thresholds_set_by_hand_go_before_everything(populations, anchored):
    sample = anchored.table["sample"].iloc[0]
    found = lg.nk.thresholds(
        populations, parent="NK", thresholds={"CD16": 0.41, "CD57": {sample: 0.5}}
    )
    table = found.table.set_index(["sample", "marker"])
    cd16 = found.table[found.table["marker"] == "CD16"]
    assert set(cd16["threshold"]) == {0.41}
    assert set(cd16["class"]) == {"user-set"}
    assert table.loc[(sample, "CD57"), "threshold"] == 0.5
    assert table.loc[(sample, "CD57"), "source"] == "user"
    others = found.table[found.table["sample"] != sample]
    assert "user" not in set(others.loc[others["marker"] == "CD57", "source"])
    assert found.positivity(sample)["CD57"].threshold == 0.5


def test_gate_thresholds_leave_the_gating_as_it_is(populations):
    found = lg.nk.thresholds(populations, parent="NK", order=["gate"])
    assert (found.table["moved"] == 0).all()
    again = found.gate()
    keep = ["sample", "population", "n_events"]
    pd.testing.assert_frame_equal(again.counts[keep], populations.counts[keep])


def test_positivity_says_its_source_and_has_its_threshold(anchored):
    sample = anchored.table["sample"].iloc[0]
    rows = anchored.table.set_index(["sample", "marker"]).loc[sample]
    for call, positivity in anchored.positivity(sample).items():
        row = rows.loc[call]
        assert row["source"] in positivity.source
        assert row["class"] in positivity.source
        chance = positivity.probability([row["negative_mean"], 1.0])
        assert chance[0] < 0.05
        assert chance[1] > 0.95
        assert row["negative_mean"] < row["threshold"]


def test_spread_from_other_dyes_widens_the_negatives(populations, anchored):
    """PE-Cy7 (CD56) spreads into APC-H7 (CD16), by detector names as controls say."""
    channels = ["KIR", "NKG2A", "NKG2C", "CX3CR1", "CD57"]
    rows = [("PE-Cy7-A", "APC-H7-A", 3.0), *(("PE-Cy7-A", c, 0.0) for c in channels)]
    rows.append(("APC-H7-A", "PE-Cy7-A", 0.0))
    spreading = pd.DataFrame(rows, columns=["fluorochrome", "channel", "spreading"])
    found = lg.nk.thresholds(populations, parent="NK", spreading=spreading)
    merged = found.table.merge(anchored.table, on=["sample", "marker"])
    wider = merged["threshold_x"] > merged["threshold_y"]
    assert wider[merged["marker"] == "CD16"].all()
    assert not wider[merged["marker"] == "KIR"].any()
    sample = merged["sample"].iloc[0]
    spread = found.positivity(sample)["CD16"].spread
    assert set(spread) == {"CD56"}
    at = found.table.set_index(["sample", "marker"]).loc[(sample, "CD16")]
    scale = lg.Logicle()
    beyond = float(scale.inverse([at["negative_mean"] + 1e-3])[0])
    slope = 1e-3 / (beyond - float(scale.inverse([at["negative_mean"]])[0]))
    assert spread["CD56"] == pytest.approx(3.0 * slope, rel=0.02)
    with pytest.raises(MaturationError, match="no column 'CD56'"):
        lg.nk.thresholds(populations, parent="NK", spreading=spreading.iloc[:5])


def test_event_scores_take_the_anchors_positivities(populations, anchored):
    maturation = lg.nk.maturation(
        populations, parent="NK", positivity=anchored.positivities
    )
    plain = lg.nk.maturation(populations, parent="NK")
    scores = maturation.event_scores.set_index("sample")
    gated = plain.event_scores.set_index("sample")
    value = "mean" if "mean" in scores else scores.select_dtypes("number").columns[0]
    assert (scores[value] - gated[value]).abs().max() < 0.1


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "population"),
    [
        ("CD56", "NK/CD56dim"),
        ("NKG2A", "NK/CD56bright"),
        ("KIR", "NK/CD57+"),
        ("CD57", "NK"),
    ],
)
def test_circular_sources_are_refused(call, population):
    with pytest.raises(MaturationError, match="circular source"):
        refuse_circular(call, population, "NK")


@pytest.mark.parametrize(
    ("call", "population", "why"),
    [
        ("CD16", "Neutrophils", "FcγRIIIb"),
        ("CD62L", "Monocytes", "bimodal"),
        ("CX3CR1", "CD14+ monocytes", "bimodal"),
    ],
)
def test_cells_that_only_look_like_negatives_are_refused(call, population, why):
    with pytest.raises(MaturationError, match=why):
        refuse_circular(call, population, "NK")


def test_a_circular_population_given_by_the_user_is_refused(populations):
    with pytest.raises(MaturationError, match="circular source for 'NKG2A'"):
        lg.nk.thresholds(populations, parent="NK", internal={"NKG2A": "CD56bright"})


def test_an_empty_source_is_named(populations):
    strategy = populations.strategies["NK"]
    nobody = lg.RectangleGate("nobody", parent="Lymphocytes", CD3=(1.4, None))
    gates = lg.GatingStrategy([*strategy.gates, nobody], scale=strategy.scale)
    again = populations.study.gate(gates, progress=False)
    found = lg.nk.thresholds(again, parent="NK", internal={"NKG2C": "nobody"})
    own = found.problems[found.problems["marker"] == "NKG2C"]
    told = own.loc[own["source"] == "internal", "problem"]
    assert told.str.contains("'.*Lymphocytes/nobody' is empty: no event").all()
    assert "internal" not in set(
        found.table.loc[found.table["marker"] == "NKG2C", "source"]
    )


def test_when_no_source_is_left_the_sample_and_the_way_out_are_named(populations):
    with pytest.raises(MaturationError, match="add 'gate' to the order") as caught:
        lg.nk.thresholds(populations, parent="NK", order=["fmo"])
    assert "P0" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_unknown_words_are_refused_with_suggestions(populations):
    with pytest.raises(MaturationError, match="order must name"):
        lg.nk.thresholds(populations, parent="NK", order=["fmos"])
    with pytest.raises(MaturationError, match="CD57"):
        lg.nk.thresholds(populations, parent="NK", thresholds={"CD75": 0.4})


def negatives(n, *, more=()):
    random = np.random.default_rng(1)
    linear = np.concatenate([random.normal(100.0, 30.0, n), *more])
    return LINEAR(linear)


def test_negatives_are_found_under_a_tail_of_positives():
    random = np.random.default_rng(2)
    pure = fit_negatives(negatives(5000), LINEAR, least=100)
    tail = fit_negatives(
        negatives(5000, more=[random.normal(600, 100, 600)]), LINEAR, least=100
    )
    expected = float(LINEAR([100.0 + 2.326 * 30.0])[0])
    assert pure.threshold == pytest.approx(expected, abs=3 * pure.se + 0.002)
    assert tail.threshold == pytest.approx(expected, abs=0.006)
    assert 0 < pure.se < 0.005


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.empty(0), "empty"),
        (negatives(40), "too few cells: 40 events, at least 100"),
        (np.full(200, 0.3), "constant"),
        (negatives(500, more=[np.linspace(690, 710, 400)]), "bimodal"),
        (np.append(negatives(200), np.nan), "NaN"),
    ],
)
def test_a_bad_source_says_what_is_wrong(values, words):
    with pytest.raises(MaturationError, match=words):
        fit_negatives(values, LINEAR, least=100)


def test_a_valley_needs_two_modes():
    random = np.random.default_rng(4)
    with pytest.raises(MaturationError, match="one mode"):
        fit_valley(random.normal(0.5, 0.05, 3000), "KIR", least=100)
    two = np.concatenate(
        [random.normal(0.3, 0.05, 2000), random.normal(0.7, 0.05, 900)]
    )
    fit = fit_valley(two, "KIR", least=100)
    assert fit.threshold == pytest.approx(0.5, abs=0.05)
    assert fit.components["negative_mean"] == pytest.approx(0.3, abs=0.01)
    assert fit.components["positive_mean"] == pytest.approx(0.7, abs=0.02)


def test_cd56_and_cd56bright_look_for_their_own_valley():
    random = np.random.default_rng(5)
    cells = np.concatenate(
        [
            random.normal(0.2, 0.04, 400),
            random.normal(0.6, 0.04, 4000),
            random.normal(0.85, 0.03, 600),
        ]
    )
    assert fit_valley(cells, "CD56", least=100).threshold < 0.5
    assert fit_valley(cells, "CD56bright", least=100).threshold > 0.7


def test_the_legacy_tube_says_what_it_lacks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("legacy")
    made = lg.simulate.cohort(
        folder, patients=2, nk_events=8000, tubes=["NK"], progress=False
    )
    strategy = lg.simulate.nk_strategy()
    open_gate = lg.RectangleGate("CD3- dump-", parent="Lymphocytes", CD3=(None, 0.49))
    gates = [open_gate if g.name == "CD3- dump-" else g for g in strategy.gates]
    populations = lg.read_study(made.sheet).gate(
        lg.GatingStrategy(gates, scale=strategy.scale), progress=False
    )
    found = lg.nk.thresholds(populations, parent="NK", least_events=30)
    offered = found.available[found.available["source"] == "internal"]
    by_words = offered.set_index("marker")
    cd57 = by_words.loc[["CD57"]]
    assert not cd57.loc[cd57["words"].str.startswith(B_CELLS), "available"].any()
    assert by_words.loc["CD16", "available"]
    assert by_words.loc["CD16", "words"].startswith(T_CELLS)
