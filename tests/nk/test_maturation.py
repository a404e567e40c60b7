"""Maturation of gated samples: counts, scores, tubes, and calls that contradict."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import MaturationError, PopulationError
from nk.cells import CHANNELS, MARKERS, cell, events_of, gates, random_cells, study_of
from reference import stages as reference

# Not in the order of the alphabet, one sample without NK cells, one with a single one.
CELLS = {
    "P2_m6": random_cells(900, seed=1),
    "P2_m0": random_cells(300, seed=2),
    "P1_m0": [],
    "P1_m12": [cell(CD56bright=True)],
    "P3_m0": random_cells(5000, seed=3),
}


def _nk(cells):
    """The cells that the parent holds."""
    return [c for c in cells if c["CD56"] or c["CD16"]]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    samples = {name: events_of(cells, t_cells=40) for name, cells in CELLS.items()}
    return study_of(tmp_path_factory.mktemp("nk"), samples)


def _gated(study, *args, extra=(), **options):
    strategy = lg.GatingStrategy([*gates(*args, **options), *extra])
    return study.gate(strategy, progress=False)


@pytest.fixture(scope="module")
def populations(study):
    return _gated(study)


@pytest.fixture(scope="module")
def maturation(populations):
    return lg.nk.maturation(populations, parent="NK")


def _expected(cells, measured):
    return Counter(
        reference.five_stage(c, set(measured), lineage_removed=True) for c in _nk(cells)
    )


def test_stages_are_counted_as_an_independent_reading_does(maturation):
    counts = maturation.stages.set_index(["sample", "stage"])["n_events"]
    for sample, cells in CELLS.items():
        expected = _expected(cells, MARKERS)
        assert {s: n for s, n in counts[sample].items() if n} == dict(expected)


@pytest.mark.parametrize(
    "measured",
    [
        [],
        ["CD57"],
        ["KIR"],
        ["NKG2A", "CD57"],
        ["CX3CR1", "NKG2C"],
        ["CD62L", "CD57", "NKG2C"],
        ["CD27"],
    ],
)
def test_stages_merge_where_markers_are_missing(study, measured):
    populations = _gated(study, measured)
    made = lg.nk.maturation(populations, parent="NK")
    counts = made.stages.set_index(["sample", "stage"])["n_events"]
    for sample, cells in CELLS.items():
        found = {s: n for s, n in counts[sample].items() if n}
        assert found == dict(_expected(cells, measured))
    assert made.scheme.axis == tuple(reference.five_stage_axis(set(measured)))


def test_every_nk_event_is_in_one_stage(maturation, populations):
    counts = populations.counts
    nk = counts[counts["population"] == "CD3- dump-/NK"].set_index("sample")["n_events"]
    sums = maturation.stages.groupby("sample")["n_events"].sum()
    table = maturation.table.set_index("sample")
    for sample, cells in CELLS.items():
        assert sums[sample] == nk[sample] == len(_nk(cells))
        assert table.loc[sample, "n_parent"] == nk[sample]
    fractions = maturation.table.filter(like="fraction_").sum(axis=1, skipna=False)
    assert fractions[nk.loc[maturation.table["sample"]].to_numpy() > 0].to_numpy() == (
        pytest.approx(1.0)
    )


def test_index_interval_and_log_odds_are_those_of_the_formulas(maturation):
    table = maturation.table.set_index("sample")
    axis = reference.five_stage_axis(set(MARKERS))
    for sample, cells in CELLS.items():
        counts = _expected(cells, MARKERS)
        row = table.loc[sample]
        index, variance = reference.index(counts, axis)
        half = 1.959963984540054 * np.sqrt(variance)
        np.testing.assert_allclose(
            row[["index", "counting_low", "counting_high"]].astype(float),
            [index, index - half, index + half],
        )
        for name, value in reference.log_odds(counts).items():
            assert row[name] == pytest.approx(value, rel=1e-12)
        with_adaptive = counts.copy()
        with_adaptive["dim_CD57"] += counts["adaptive"]
        np.testing.assert_allclose(
            row["index_with_adaptive"], reference.index(with_adaptive, axis)[0]
        )
        assert row["n"] == sum(counts[stage] for stage in axis)


def test_no_sample_is_lost_and_their_order_is_that_of_the_sheet(maturation):
    assert maturation.table["sample"].tolist() == list(CELLS)
    assert maturation.stages["sample"].unique().tolist() == list(CELLS)
    assert maturation.table["visit"].cat.categories.tolist() == ["m0", "m6", "m12"]
    batches = [f"batch of {name}" for name in CELLS]
    assert maturation.table["batch"].tolist() == batches


def test_a_sample_without_nk_cells_has_no_index_but_a_row(maturation):
    row = maturation.table.set_index("sample").loc["P1_m0"]
    assert row[["n", "n_parent"]].tolist() == [0, 0]
    unknown = ["index", "counting_low", "counting_high", "index_with_adaptive"]
    assert row[unknown].isna().all()
    stages = maturation.stages[maturation.stages["sample"] == "P1_m0"]
    assert stages["fraction"].isna().all()
    single = maturation.table.set_index("sample").loc["P1_m12"]
    assert single["index"] == 0.0
    assert single["counting_low"] < 0.0 < single["counting_high"]


def test_tables_have_the_columns_that_are_promised(maturation, populations):
    first = [
        *["sample", "patient", "visit", "tube", "n_parent", "n", "cells", "index"],
        *["counting_low", "counting_high", "index_with_adaptive"],
        *["index_with_adaptive_low", "index_with_adaptive_high"],
        *[f"L{k}{end}" for k in range(4) for end in ("", "_low", "_high")],
    ]
    stages = [stage.label for stage in maturation.scheme.stages]
    last = [*[f"fraction_{stage}" for stage in stages], "scheme"]
    last += ["adaptive_assessable", "run_id", "batch"]
    assert maturation.table.columns.tolist() == [*first, *last]
    assert (maturation.table["run_id"] == populations.run_id).all()
    assert (maturation.table["scheme"] == maturation.scheme.id).all()
    long = maturation.stages
    assert long["stage"].unique().tolist() == stages
    assert len(long) == len(stages) * len(CELLS)
    weights = long.drop_duplicates("stage").set_index("stage")["weight"].dropna()
    assert weights.to_dict() == reference.FIVE
    assert (long["on_axis"] == long["stage"].isin(reference.FIVE)).all()


def test_other_schemes_count_the_same_cells(populations):
    made = lg.nk.maturation(populations, parent="NK", scheme="hamann2011")
    counts = made.stages.set_index(["sample", "stage"])["n_events"]
    for sample, cells in CELLS.items():
        expected = Counter(reference.hamann2011(c) for c in _nk(cells))
        assert {s: n for s, n in counts[sample].items() if n} == dict(expected)
        axis = ["bright_CX3CR1neg", "dim_CX3CR1neg", "dim_CX3CR1pos"]
        index = made.table.set_index("sample").loc[sample, "index"]
        np.testing.assert_allclose(index, reference.index(expected, axis)[0])
    quadrants = lg.nk.maturation(populations, parent="NK", scheme="cd56_cd16")
    assert "L0" in quadrants.table
    assert "L2" not in quadrants.table
    ids = {
        m.scheme.id
        for m in (made, quadrants, lg.nk.maturation(populations, parent="NK"))
    }
    assert len(ids) == 3


# Calls


def test_calls_may_be_given_by_name(populations):
    markers = {
        "CD56": "CD56+",
        "CD56bright": "NK/CD56bright",
        "CD16": "CD16+",
        "CX3CR1": "KIR+",
    }
    made = lg.nk.maturation(populations, parent="NK", markers=markers)
    cells = [{**c, "CX3CR1": c["KIR"]} for c in CELLS["P3_m0"]]
    counts = made.stages.set_index(["sample", "stage"])["n_events"]["P3_m0"]
    assert {s: n for s, n in counts.items() if n} == dict(_expected(cells, ["CX3CR1"]))
    assert made.markers["CX3CR1"] == "CD3- dump-/NK/KIR+"


def test_a_marker_that_is_gated_on_t_cells_too_is_called_on_nk_cells(study):
    extra = [
        lg.RectangleGate("T cells", CD3=(0.5, None)),
        lg.RectangleGate("CD57+", parent="T cells", CD57=(0.5, None)),
        lg.RectangleGate("CD16+", parent="T cells", CD16=(0.5, None)),
    ]
    strategy = lg.GatingStrategy(
        [
            *(g for g in gates() if g.name != "NK"),
            lg.BooleanGate("NK", "CD56+ or 'CD3- dump-/CD16+'", parent="CD3- dump-"),
            *extra,
        ]
    )
    populations = study.gate(strategy, progress=False)
    made = lg.nk.maturation(populations, parent="NK")
    assert made.markers["CD57"] == "CD3- dump-/NK/CD57+"
    assert made.markers["CD16"] == "CD3- dump-/CD16+"
    counts = made.stages.set_index(["sample", "stage"])["n_events"]["P3_m0"]
    expected = dict(_expected(CELLS["P3_m0"], MARKERS))
    assert {s: n for s, n in counts.items() if n} == expected


def test_a_marker_that_is_gated_on_t_cells_alone_is_not_measured_on_nk_cells(study):
    extra = [
        lg.RectangleGate("T cells", CD3=(0.5, None)),
        lg.RectangleGate("KIR+", parent="T cells", KIR=(0.5, None)),
    ]
    populations = _gated(study, ["CD57"], extra=extra)
    made = lg.nk.maturation(populations, parent="NK")
    assert "KIR" not in made.scheme.markers
    markers = {**dict(made.markers), "KIR": "T cells/KIR+"}
    with pytest.raises(MaturationError, match=r"'T cells/KIR\+' cannot call 'KIR'"):
        lg.nk.maturation(populations, parent="NK", markers=markers)


def test_two_gates_for_one_call_below_the_parent_are_refused(study):
    extra = [
        lg.RectangleGate("CD56dim", parent="NK", CD56=(0.5, 1.5)),
        lg.RectangleGate("CD57+", parent="CD56dim", CD57=(0.5, None)),
    ]
    populations = _gated(study, extra=extra)
    with pytest.raises(MaturationError, match=r"'CD57'.*markers="):
        lg.nk.maturation(populations, parent="NK")


def test_a_marker_may_be_gated_among_the_cells_that_its_rule_looks_at(study):
    extra = [
        lg.RectangleGate("CD56dim", parent="NK", CD56=(0.5, 1.5)),
        lg.RectangleGate("CD57+", parent="CD56dim", CD57=(0.5, None)),
    ]
    populations = _gated(study, ["KIR"], extra=extra)
    made = lg.nk.maturation(populations, parent="NK")
    counts = made.stages.set_index(["sample", "stage"])["n_events"]["P3_m0"]
    expected = dict(_expected(CELLS["P3_m0"], ["KIR", "CD57"]))
    assert {s: n for s, n in counts.items() if n} == expected


def test_bright_cells_outside_cd56_positive_are_a_contradiction(study):
    without = [gate for gate in gates() if gate.name != "CD56bright"]
    bright = lg.RectangleGate("CD56bright", parent="NK", CD57=(0.5, None))
    populations = study.gate(lg.GatingStrategy([*without, bright]), progress=False)
    with pytest.raises(MaturationError, match=r"outside CD56\+ \(samples 'P3_m0'"):
        lg.nk.maturation(populations, parent="NK")


@pytest.mark.parametrize(
    ("left_out", "scheme", "words"),
    [
        ("CD56bright", "five_stage", "needs 'CD56bright'"),
        ("CX3CR1+", "hamann2011", "needs 'CX3CR1'"),
    ],
)
def test_missing_core_calls_are_named(study, left_out, scheme, words):
    some = [gate for gate in gates() if gate.name != left_out]
    populations = study.gate(lg.GatingStrategy(some), progress=False)
    with pytest.raises(MaturationError, match=words):
        lg.nk.maturation(populations, parent="NK", scheme=scheme)


def test_unknown_parents_schemes_and_calls_are_named(populations):
    with pytest.raises(PopulationError, match="'NKcells' is not in"):
        lg.nk.maturation(populations, parent="NKcells")
    with pytest.raises(MaturationError, match="did you mean 'five_stage'"):
        lg.nk.maturation(populations, parent="NK", scheme="fivestage")
    markers = {"CD56": "CD56+", "CD56bright": "CD56brigt", "CD16": "CD16+"}
    with pytest.raises(PopulationError, match="did you mean 'CD56bright'"):
        lg.nk.maturation(populations, parent="NK", markers=markers)
    with pytest.raises(TypeError, match="parent"):
        lg.nk.maturation(populations)


@pytest.mark.parametrize(
    ("lineage", "removed"),
    [(["dump"], True), (["CD27"], False), ([], False)],
)
def test_neg16pos_is_resolved_where_the_parent_removes_lineage(study, lineage, removed):
    populations = _gated(study, lineage=lineage)
    made = lg.nk.maturation(populations, parent="NK")
    labels = {stage.label for stage in made.scheme.stages}
    assert ("neg16pos" in labels) == removed
    assert ("neg16pos_not_resolved" in labels) != removed


def test_the_parent_s_path_is_part_of_the_id(study):
    extra = [lg.RectangleGate("no CX3CR1", parent="NK", CX3CR1=(None, 0.5))]
    populations = _gated(study, extra=extra)
    made = lg.nk.maturation(populations, parent="NK")
    some = lg.nk.maturation(populations, parent="no CX3CR1")
    assert "CD3- dump-/NK" in made.scheme.id
    assert made.scheme.id != some.scheme.id
    assert (some.table["n_parent"] <= made.table["n_parent"]).all()


# Tubes and runs


@pytest.fixture(scope="module")
def two_tubes(tmp_path_factory):
    events = events_of(CELLS["P3_m0"])
    files = [
        {"patient": "P3", "visit": "m0", "tube": tube, "events": events}
        for tube in ["NK", "lineage"]
    ]
    return write_study(tmp_path_factory.mktemp("two"), files, channels=CHANNELS)


def test_the_tube_that_can_make_the_calls_is_taken(two_tubes):
    lineage = [g for g in gates([]) if g.name != "CD56bright"]
    strategies = {
        "NK": lg.GatingStrategy(gates()),
        "lineage": lg.GatingStrategy(lineage),
    }
    populations = two_tubes.gate(strategies, progress=False)
    made = lg.nk.maturation(populations, parent="NK")
    assert made.table["tube"].tolist() == ["NK"]
    markers = {call: path for call, path in made.markers.items() if call != "CX3CR1"}
    given = lg.nk.maturation(populations, parent="NK", markers=markers)
    assert given.table["tube"].tolist() == ["NK"]
    with pytest.raises(MaturationError, match="needs 'CD56bright'"):
        lg.nk.maturation(populations, parent="NK", tube="lineage")


def test_two_tubes_that_can_need_a_choice(two_tubes):
    both = dict.fromkeys(["NK", "lineage"], lg.GatingStrategy(gates()))
    populations = two_tubes.gate(both, progress=False)
    with pytest.raises(PopulationError, match="'NK' is in the tubes 'NK', 'lineage'"):
        lg.nk.maturation(populations, parent="NK")
    made = lg.nk.maturation(populations, parent="NK", tube="lineage")
    assert made.table["tube"].tolist() == ["lineage"]


def test_pooled_runs_are_one_sample(tmp_path):
    files = [
        {"patient": "P3", "visit": "m0", "run": run, "events": events_of(cells)}
        for run, cells in enumerate([CELLS["P2_m6"], CELLS["P2_m0"]])
    ]
    study = write_study(tmp_path, files, channels=CHANNELS, runs="pool")
    made = lg.nk.maturation(_gated(study), parent="NK")
    expected = _expected([*CELLS["P2_m6"], *CELLS["P2_m0"]], MARKERS)
    counts = made.stages.set_index("stage")["n_events"]
    assert {s: n for s, n in counts.items() if n} == dict(expected)
    assert len(made.table) == 1


# What is shown


def test_repr_says_that_it_is_phenotypic_and_counting_error_alone(maturation, study):
    text = repr(maturation)
    assert "5 samples" in text
    assert "phenotypic" in text
    assert "counting error alone" in text
    without = lg.nk.maturation(_gated(study, ["CD57"]), parent="NK")
    assert "not separable from adaptive (CMV) expansion" in repr(without)


def test_html_escapes_hostile_names(study):
    hostile = [
        lg.BooleanGate("<script>NK", "CD56+ or CD16+", parent="CD3- dump-"),
        lg.RectangleGate("CD56bright", parent="<script>NK", CD56=(1.5, None)),
    ]
    some = [g for g in gates([]) if g.name not in ("NK", "CD56bright")]
    populations = study.gate(lg.GatingStrategy([*some, *hostile]), progress=False)
    made = lg.nk.maturation(populations, parent="<script>NK")
    assert "<script" not in made._repr_html_()


def test_two_results_are_equal_only_where_they_are_one(maturation, populations):
    again = lg.nk.maturation(populations, parent="NK")
    assert maturation != again
    assert maturation.scheme == again.scheme
