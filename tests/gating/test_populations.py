"""Populations of a study: counts, shares, medians, events, and no sample lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import longate as lg
from gating.samples import write_study
from longate.exceptions import (
    FcsError,
    FileWarning,
    LongateError,
    PanelError,
    PopulationError,
    StudyError,
)

STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("P", A=(1.0, None)),
        lg.RectangleGate("B+", parent="P", B=(1.0, None)),
        lg.RectangleGate("C+", parent="P", C=(1.0, None)),
        lg.RectangleGate("deep", parent="B+", C=(2.0, None)),
    ]
)
N_DEEP = [0, 19, 20, 49, 50]


def _events(n_p=400, n_b=200, n_deep=60, n=1000) -> np.ndarray:
    """Events whose populations have known sizes: the first ones are inside."""
    events = np.zeros((n, 4))
    events[:, 0] = np.arange(n)
    events[:n_p, 1] = 1.0
    events[:n_b, 2] = 1.0 + np.arange(n_b)
    events[:n_deep, 3] = 2.0
    return events


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    files = [
        {
            "patient": f"P{number}",
            "visit": visit,
            "batch": f"b{number}",
            "age": 30 + number,
            "events": _events(n_deep=n_deep),
        }
        for number, n_deep in enumerate(N_DEEP)
        for visit in ["m12", "m0"]
    ]
    return write_study(tmp_path_factory.mktemp("counts"), files, visits=["m0", "m12"])


@pytest.fixture(scope="module")
def populations(study):
    return study.gate(STRATEGY, progress=False)


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
    assert len(counts) == len(study.samples) * (1 + len(STRATEGY.paths))
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
        strategy = lg.GatingStrategy(gates, scale={"B": scale}, compensation=own)
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
    assert set(table["population"]) == set(STRATEGY.paths)
    assert len(table) == 2 * len(N_DEEP) * len(STRATEGY.paths)


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


# Runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """P1 has three runs of one tube at m0, and P2 one."""

    def read(rule):
        folder = tmp_path_factory.mktemp(str(rule))
        sizes = [("P1", 10, 1), ("P1", 30, 2), ("P1", 20, 3), ("P2", 40, 1)]
        files = [
            {
                "patient": patient,
                "visit": "m0",
                "run": run,
                "events": _events(n_p=50 + n, n_b=n, n_deep=n // 2, n=100 * n),
            }
            for patient, n, run in sizes
        ]
        return write_study(folder, files, runs=rule)

    return read


def test_pooled_runs_are_one_sample_everywhere(runs):
    populations = runs("pool").gate(STRATEGY, progress=False)
    counts = populations.counts.set_index(["sample", "population"])["n_events"]
    assert counts["P1_m0", "All events"] == 6000
    assert counts["P1_m0", "P/B+"] == 60
    assert counts["P1_m0", "P/B+/deep"] == 30
    assert counts["P2_m0", "P/B+"] == 40
    share = populations.fraction("deep", of="P").set_index("sample")
    assert share.loc["P1_m0", ["k", "n"]].tolist() == [30, 210]
    phenotypes = populations.phenotypes("P", {"b": "B+"})
    assert phenotypes["n_events"].tolist() == [150, 60, 50, 40]
    mask = populations.mask("B+", sample="P1_m0")
    assert len(mask) == 6000
    events = populations.events("B+", sample="P1_m0")
    assert events.index.tolist() == np.flatnonzero(mask).tolist()
    assert events["FSC-A"].tolist() == [*range(10), *range(30), *range(20)]
    medians = populations.medians("B", population="B+").set_index("sample")
    values = np.concatenate([np.arange(1.0, n + 1) for n in (10, 30, 20)])
    assert medians.index.tolist() == ["P1_m0", "P2_m0"]
    assert medians.loc["P1_m0", "n_events"] == 60
    assert medians.loc["P1_m0", "median"] == np.median(values)


def test_the_last_run_replaces_and_kept_runs_are_samples(runs):
    last = runs("replace").gate(STRATEGY, progress=False).counts
    last = last[last["population"] == "P/B+"].set_index("sample")["n_events"]
    assert last.to_dict() == {"P1_m0": 20, "P2_m0": 40}
    kept = runs("keep").gate(STRATEGY, progress=False).counts
    kept = kept[kept["population"] == "P/B+"].set_index("sample")["n_events"]
    assert kept.to_dict() == {
        "P1_m0_run1": 10,
        "P1_m0_run2": 30,
        "P1_m0_run3": 20,
        "P2_m0": 40,
    }


# Tubes


@pytest.fixture(scope="module")
def two_tubes(tmp_path_factory):
    files = [
        {"patient": patient, "visit": "m0", "tube": tube, "events": _events()}
        for patient in ["P1", "P2"]
        for tube in ["X", "Y"]
    ]
    study = write_study(tmp_path_factory.mktemp("tubes"), files)
    other = lg.GatingStrategy(
        [lg.RectangleGate("P", A=(1, None)), lg.RectangleGate("only Y", A=(None, 1))]
    )
    return study.gate({"X": STRATEGY, "Y": other}, progress=False)


def test_a_population_of_two_tubes_needs_the_tube(two_tubes):
    for call in [
        lambda **tube: two_tubes.mask("P", sample="P1_m0", **tube),
        lambda **tube: two_tubes.events("P", sample="P1_m0", **tube),
        lambda **tube: two_tubes.fraction("P", of="All events", **tube),
        lambda **tube: two_tubes.phenotypes("P", {}, **tube),
    ]:
        with pytest.raises(PopulationError, match=r"tubes 'X', 'Y'; give tube="):
            call()
        assert len(call(tube="Y")) > 0
    assert two_tubes.tube_of("deep") == "X"
    assert two_tubes.tube_of("only Y") == "Y"
    with pytest.raises(PopulationError, match=r"'deep' is not in .* 'only Y'"):
        two_tubes.mask("deep", sample="P1_m0", tube="Y")
    with pytest.raises(PopulationError, match="did you mean 'only Y'"):
        two_tubes.tube_of("onlyY")


def test_both_tubes_are_counted_for_every_sample(two_tubes):
    counts = two_tubes.counts
    sizes = counts.groupby(["sample", "tube"]).size().unstack()
    assert sizes["X"].tolist() == [5, 5]
    assert sizes["Y"].tolist() == [3, 3]
    medians = two_tubes.medians("A", population="P")
    assert medians["tube"].tolist() == ["X", "Y", "X", "Y"]


def test_a_population_that_is_ambiguous_in_a_strategy_is_refused(tmp_path):
    study = write_study(
        tmp_path, [{"patient": "P1", "visit": "m0", "events": _events()}]
    )
    gates = [
        lg.RectangleGate("P", A=(1, None)),
        lg.RectangleGate("Q", B=(1, None)),
        lg.RectangleGate("X", parent="P", C=(1, None)),
        lg.RectangleGate("X", parent="Q", C=(1, None)),
    ]
    populations = study.gate(lg.GatingStrategy(gates), progress=False)
    for call in [
        lambda: populations.mask("X", sample="P1_m0"),
        lambda: populations.fraction("X", of="All events"),
        lambda: populations.medians("A", population="X"),
    ]:
        with pytest.raises(PopulationError, match="means several populations"):
            call()
    assert len(populations.medians("A", population="Q/X")) == 1


# Files that fail


def test_a_file_that_fails_is_listed_and_costs_no_other_sample(tmp_path):
    files = [
        {"patient": f"P{i}", "visit": "m0", "tube": tube, "events": _events()}
        for i in range(3)
        for tube in ["X", "Y"]
    ]
    study = write_study(tmp_path, files)
    lg.write_fcs(tmp_path / "2.fcs", _events(n=900), ["FSC-A", "A", "B", "C"])
    with pytest.warns(FileWarning, match="2.fcs"):
        populations = study.gate({"X": STRATEGY, "Y": STRATEGY}, progress=False)
    assert populations.problems["sample"].tolist() == ["P1_m0"]
    gated = populations.counts.groupby("tube")["sample"].unique()
    assert gated["X"].tolist() == ["P0_m0", "P2_m0"]
    assert gated["Y"].tolist() == ["P0_m0", "P1_m0", "P2_m0"]
    with pytest.raises(StudyError, match="'P1_m0' was not gated in tube 'X'"):
        populations.mask("P", sample="P1_m0", tube="X")


def test_a_tube_without_any_file_says_so(tmp_path):
    files = [
        {"patient": "P1", "visit": "m0", "tube": tube, "events": _events()}
        for tube in ["X", "Y"]
    ]
    study = write_study(tmp_path, files)
    (tmp_path / "0.fcs").unlink()
    with pytest.warns(FileWarning):
        populations = study.gate({"X": STRATEGY, "Y": STRATEGY}, progress=False)
    with pytest.raises((StudyError, PopulationError), match="tube 'X'"):
        populations.phenotypes("P", {"b": "B+"}, tube="X")
    with pytest.raises((StudyError, PopulationError), match="tube 'X'"):
        populations.fraction("B+", of="P", tube="X")
    with pytest.raises(StudyError, match="tubes 'X'"):
        populations.medians("A", tube="X")
    assert populations.medians("A", population="P")["tube"].tolist() == ["Y"]


def test_events_of_a_file_that_changed_are_refused(tmp_path):
    file = {"patient": "P1", "visit": "m0", "events": _events()}
    study = write_study(tmp_path, [file])
    populations = study.gate(STRATEGY, progress=False)
    lg.write_fcs(tmp_path / "0.fcs", _events(n_p=3), ["FSC-A", "A", "B", "C"])
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
