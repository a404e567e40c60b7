"""Populations of a study: counts, shares, medians, events, and no sample lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import longate as lg
from gating.samples import NESTED, nested_events, write_study
from longate.exceptions import (
    FcsError,
    FileWarning,
    LongateError,
    PanelError,
    PopulationError,
    StudyError,
)

N_DEEP = [0, 19, 20, 49, 50]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    files = [
        {
            "patient": f"P{number}",
            "visit": visit,
            "batch": f"b{number}",
            "age": 30 + number,
            "events": nested_events(n_deep=n_deep),
        }
        for number, n_deep in enumerate(N_DEEP)
        for visit in ["m12", "m0"]
    ]
    return write_study(
        tmp_path_factory.mktemp("counts"), files, visit_order=["m0", "m12"]
    )


@pytest.fixture(scope="module")
def populations(study):
    return study.gate(NESTED, progress=False)


def test_counts_are_the_sizes_that_were_made(populations):
    counts = populations.counts.set_index(["sample", "population"])
    for number, n_deep in enumerate(N_DEEP):
        of = counts.loc[f"P{number}_m0"]
        assert of.loc["All events", "n_events"] == 1000
        assert pd.isna(of.loc["All events", "parent"])
        assert of.loc["P", ["n_events", "n_parent"]].tolist() == [400, 1000]
        assert of.loc["P/B+", ["n_events", "n_parent"]].tolist() == [200, 400]
        assert of.loc["P/B+/deep", ["n_events", "n_parent"]].tolist() == [n_deep, 200]
        assert of.loc["P/B+/deep", "parent"] == "P/B+"


def test_counts_have_the_columns_that_are_promised(populations, study):
    columns = [
        *["sample", "patient", "visit", "tube", "population", "parent"],
        *["n_events", "n_parent", "fraction", "low", "high"],
        *["detection", "quantifiable", "run_id", "batch", "age"],
    ]
    counts = populations.counts
    assert counts.columns.tolist() == columns
    assert len(counts) == len(study.samples) * (1 + len(NESTED.paths))
    assert counts["n_events"].dtype.kind == "i"
    assert (counts["run_id"] == populations.run_id).all()


def test_visits_stay_ordered_and_covariates_stay_with_their_patient(populations):
    for table in [
        populations.counts,
        populations.fraction("deep", of="P"),
        populations.medians("B", population="P"),
    ]:
        assert table["visit"].cat.ordered
        assert table["visit"].cat.categories.tolist() == ["m0", "m12"]
        assert (table["batch"].str[1:] == table["patient"].str[1:]).all()
        assert (table["age"] == 30 + table["patient"].str[1:].astype(int)).all()
        assert table["sample"].nunique() == 2 * len(N_DEEP)


def test_intervals_of_counts_are_exact(populations):
    for row in populations.counts.itertuples():
        exact = binomtest(row.n_events, row.n_parent).proportion_ci(method="exact")
        assert (row.low, row.high) == pytest.approx((exact.low, exact.high), rel=1e-9)
        assert row.fraction == row.n_events / row.n_parent


def test_detection_is_flagged_by_count_alone(populations):
    deep = populations.counts[populations.counts["population"] == "P/B+/deep"]
    flags = deep.drop_duplicates("patient").set_index("n_events")["detection"]
    assert flags.to_dict() == {
        0: "below detection",
        19: "below detection",
        20: "detected",
        49: "detected",
        50: "quantifiable",
    }
    assert (deep["quantifiable"] == (deep["n_events"] >= 50)).all()


def test_a_share_may_be_of_any_ancestor(populations):
    of_b, of_p, of_all = (
        populations.fraction("deep", of=of).set_index("sample")
        for of in ["B+", "P", "All events"]
    )
    assert of_p["k"].tolist() == of_b["k"].tolist()
    assert set(of_b["n"]) == {200}
    assert set(of_p["n"]) == {400}
    assert set(of_all["n"]) == {1000}
    row = of_p.loc["P3_m12"]
    assert (row["population"], row["of"]) == ("P/B+/deep", "P")
    assert row["fraction"] == 49 / 400
    exact = binomtest(49, 400).proportion_ci(method="exact")
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))
    assert row["detection"] == "detected"
    order = populations.counts["sample"].unique().tolist()
    assert of_p.index.tolist() == order


@pytest.mark.parametrize("of", ["C+", "deep", "P/B+/deep"])
def test_a_share_of_what_is_no_ancestor_is_not_defined(populations, of):
    with pytest.raises(PopulationError, match="not an ancestor"):
        populations.fraction("B+", of=of)


def test_unknown_populations_samples_and_tubes_are_named_with_suggestions(populations):
    for call in [
        lambda: populations.fraction("dep", of="P"),
        lambda: populations.fraction("deep", of="Q"),
        lambda: populations.mask("dep", sample="P0_m0"),
        lambda: populations.phenotypes("dep", {"B": "B+"}),
        lambda: populations.phenotypes("P", {"B": "B-"}),
    ]:
        with pytest.raises(PopulationError, match=r"did you mean|it has"):
            call()
    with pytest.raises(StudyError, match=r"'P0_m1' was not gated.*did you mean"):
        populations.mask("P", sample="P0_m1")
    with pytest.raises(PopulationError, match="no tube 'NK'"):
        populations.mask("P", sample="P0_m0", tube="NK")


def test_masks_and_events_are_those_of_the_file(populations, study):
    mask = populations.mask("B+", sample="P4_m12")
    assert mask.dtype == bool
    assert np.flatnonzero(mask).tolist() == list(range(200))
    assert populations.mask("All events", sample="P4_m12").all()
    events = populations.events("deep", sample="P4_m12")
    assert events.index.tolist() == list(range(50))
    assert events.columns.tolist() == ["FSC-A", "A", "B", "C"]
    read = study.read("P4_m12").to_numpy()
    np.testing.assert_array_equal(events.to_numpy(), read[:50])
    some = populations.events("P", sample="P4_m12", channels=["C", "A"])
    assert some.shape == (400, 2)
    np.testing.assert_array_equal(some.to_numpy(), read[:400, [3, 1]])
    assert populations.events("deep", sample="P0_m0").shape == (0, 4)


def test_events_of_a_strategy_are_compensated_and_scaled_as_it_says(tmp_path):
    matrix = lg.Compensation([[1, 0.5], [0, 1]], ["A", "B"])
    events = np.random.default_rng(0).uniform(0, 100, (50, 4))
    file = {"patient": "P1", "visit": "m0", "events": events, "spillover": matrix}
    study = write_study(tmp_path, [file])
    gates = [lg.RectangleGate("all", A=(None, None))]
    sample = study.read("P1_m0")
    scale = lg.Arcsinh(t=100.0)
    other = lg.Compensation([[1, 0], [0.25, 1]], ["A", "B"])
    for own, expected in [("acquisition", matrix), (None, None), (other, other)]:
        strategy = lg.GatingStrategy(
            gates, scale={"A": None, "B": scale}, compensation=own
        )
        populations = study.gate(strategy, progress=False)
        plain = populations.events("all", sample="P1_m0")
        values = [
            sample.values(name, compensated=own is not None, compensation=expected)
            for name in ["A", "B"]
        ]
        np.testing.assert_array_equal(plain["A"], values[0])
        np.testing.assert_array_equal(plain["B"], values[1])
        scaled = populations.events("all", sample="P1_m0", scaled=True)
        np.testing.assert_array_equal(scaled["B"], scale(values[1]))
        np.testing.assert_array_equal(scaled["A"], values[0])
        medians = populations.medians("A", "B", population="all", scaled=True)
        expected_medians = [np.median(values[0]), np.median(scale(values[1]))]
        assert medians["median"].tolist() == expected_medians


def test_medians_have_intervals_by_order_statistics(populations):
    table = populations.medians("B", "FSC-A", population=["B+", "deep"])
    row = table[(table["sample"] == "P1_m0") & (table["population"] == "P/B+")]
    assert row["channel"].tolist() == ["B", "FSC-A"]
    assert row["n_events"].tolist() == [200, 200]
    # 200 values 1 ... 200: the 86th and the 115th cover with 95 %.
    assert row["median"].tolist() == [100.5, 99.5]
    assert row["low"].tolist() == [86.0, 85.0]
    assert row["high"].tolist() == [115.0, 114.0]
    none = table[(table["sample"] == "P0_m0") & (table["population"] == "P/B+/deep")]
    assert (none["n_events"] == 0).all()
    assert none[["median", "low", "high"]].isna().all(axis=None)


def test_medians_of_every_population_by_default(populations):
    table = populations.medians("A")
    assert set(table["population"]) == set(NESTED.paths)
    assert len(table) == 2 * len(N_DEEP) * len(NESTED.paths)


@pytest.mark.parametrize(
    ("channels", "options", "words"),
    [
        ([], {}, "channel"),
        (["CD99"], {}, "'CD99'"),
        (["A", "CD99"], {}, "'CD99'"),
        (["A"], {"population": "dep"}, "'dep'.*did you mean 'deep'"),
        (["A"], {"population": ["deep", "Q"]}, "'Q'"),
        (["A"], {"tube": "NK"}, "no tube 'NK'"),
    ],
)
def test_medians_of_what_is_not_there_are_refused(
    populations, channels, options, words
):
    with pytest.raises((PopulationError, PanelError), match=words):
        populations.medians(*channels, **options)


def test_phenotypes_are_all_combinations_and_sum_to_the_parent(populations):
    table = populations.phenotypes("P", {"b": "B+", "c": "C+"})
    assert table.columns.tolist() == [
        *["sample", "patient", "visit", "tube", "b", "c", "n_events"]
    ]
    one = table[table["sample"] == "P3_m12"].set_index(["b", "c"])["n_events"]
    assert one.to_dict() == {
        (False, False): 200,
        (True, False): 151,
        (False, True): 0,
        (True, True): 49,
    }
    assert (table.groupby("sample")["n_events"].sum() == 400).all()
    assert len(table) == 4 * 2 * len(N_DEEP)
    every = populations.phenotypes("All events", {"b": "B+"})
    assert (every.groupby("sample")["n_events"].sum() == 1000).all()
    none = populations.phenotypes("P", {})
    assert none["n_events"].tolist() == [400] * 2 * len(N_DEEP)


def test_too_many_markers_are_refused(populations):
    with pytest.raises(LongateError, match="16"):
        populations.phenotypes("P", {f"m{i}": "B+" for i in range(17)})


# Files that fail


def test_a_file_that_fails_is_listed_and_costs_no_other_sample(tmp_path):
    files = [
        {"patient": f"P{i}", "visit": "m0", "tube": tube, "events": nested_events()}
        for i in range(3)
        for tube in ["X", "Y"]
    ]
    study = write_study(tmp_path, files)
    lg.write_fcs(tmp_path / "2.fcs", nested_events(n=900), ["FSC-A", "A", "B", "C"])
    with pytest.warns(FileWarning, match="2.fcs"):
        populations = study.gate({"X": NESTED, "Y": NESTED}, progress=False)
    failed = populations.problems[populations.problems["step"] != "compare"]
    assert failed["sample"].tolist() == ["P1_m0"]
    gated = populations.counts.groupby("tube")["sample"].unique()
    assert gated["X"].tolist() == ["P0_m0", "P2_m0"]
    assert gated["Y"].tolist() == ["P0_m0", "P1_m0", "P2_m0"]
    with pytest.raises(StudyError, match="'P1_m0' was not gated in tube 'X'"):
        populations.mask("P", sample="P1_m0", tube="X")


def test_a_tube_without_any_file_says_so(tmp_path):
    files = [
        {"patient": "P1", "visit": "m0", "tube": tube, "events": nested_events()}
        for tube in ["X", "Y"]
    ]
    study = write_study(tmp_path, files)
    (tmp_path / "0.fcs").unlink()
    with pytest.warns(FileWarning):
        populations = study.gate({"X": NESTED, "Y": NESTED}, progress=False)
    with pytest.raises((StudyError, PopulationError), match="tube 'X'"):
        populations.phenotypes("P", {"b": "B+"}, tube="X")
    with pytest.raises((StudyError, PopulationError), match="tube 'X'"):
        populations.fraction("B+", of="P", tube="X")
    with pytest.raises(StudyError, match="tubes 'X'"):
        populations.medians("A", tube="X")
    assert populations.medians("A", population="P")["tube"].tolist() == ["Y"]


def test_events_of_a_file_that_changed_are_refused(tmp_path):
    file = {"patient": "P1", "visit": "m0", "events": nested_events()}
    study = write_study(tmp_path, [file])
    populations = study.gate(NESTED, progress=False)
    lg.write_fcs(tmp_path / "0.fcs", nested_events(n_p=3), ["FSC-A", "A", "B", "C"])
    with pytest.raises((StudyError, FcsError), match="changed"):
        populations.events("P", sample="P1_m0")


def test_two_channels_of_one_marker_stay_two_columns(tmp_path):
    lg.write_fcs(
        tmp_path / "f.fcs",
        np.ones((3, 2)),
        ["X-A", "Y-A"],
        markers={"X-A": "CD14", "Y-A": "CD14"},
    )
    sheet = pd.DataFrame(
        {"file": [str(tmp_path / "f.fcs")], "patient": "P", "visit": "m", "tube": "T"}
    )
    gate = lg.RectangleGate("G", dimensions={"X-A": (0, None)})
    populations = lg.read_study(sheet).gate(lg.GatingStrategy([gate]), progress=False)
    columns = populations.events("G", sample="P_m").columns
    assert len(set(columns)) == 2
    assert all("CD14" in column for column in columns)


def test_repr_says_what_there_is(populations):
    text = repr(populations)
    assert text.startswith("Populations · 10 samples · 10 files · T: 4 populations")
    assert ".medians(channel, ...)" in text
    assert "4 populations" in repr(populations.files[0].gated)


def test_a_sample_with_gates_of_its_own_is_gated_by_them(tmp_path):
    files = [
        {"patient": f"P{n}", "visit": "m0", "events": nested_events()} for n in (1, 2)
    ]
    study = write_study(tmp_path, files)
    own = lg.RectangleGate("B+", parent="P", B=(101.0, None))
    strategy = NESTED.override("P2_m0", own)
    populations = study.gate(strategy, progress=False)
    counts = populations.counts.set_index(["sample", "population"])["n_events"]
    assert counts["P1_m0", "P/B+"] == 200
    assert counts["P2_m0", "P/B+"] == 100
    assert counts["P1_m0", "P/B+/deep"] == 60
    assert counts["P2_m0", "P/B+/deep"] == 0
    assert populations.run_id != study.gate(NESTED, progress=False).run_id


def test_gates_for_a_sample_that_is_not_there_are_refused(tmp_path):
    files = [{"patient": "P1", "visit": "m0", "events": nested_events()}]
    study = write_study(tmp_path, files)
    own = lg.RectangleGate("B+", parent="P", B=(101.0, None))
    with pytest.raises(StudyError, match=r"'P1_mO'.*did you mean 'P1_m0'"):
        study.gate(NESTED.override("P1_mO", own), progress=False)


def test_populations_without_events_in_any_sample_are_named(tmp_path):
    events = np.random.default_rng(0).normal(100, 10, (50, 4))
    rows = [{"patient": f"P{i}", "visit": "m0", "events": events} for i in (1, 2)]
    gates = [
        lg.RectangleGate("none", A=(1e6, None)),
        lg.RectangleGate("A+", A=(0, 1e6)),
    ]
    strategy = lg.GatingStrategy(gates, compensation=None)
    populations = write_study(tmp_path, rows).gate(strategy, progress=False)
    assert list(populations.empty.values()) == [["none"]]
    assert "no event in any sample: 'none'" in repr(populations)
