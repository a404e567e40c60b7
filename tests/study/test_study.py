"""A study as it should be: what is read, what gating leaves, what stays the same."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import StudyError
from study.study_folder import (
    CHANNELS,
    SPILLOVER,
    STRATEGY,
    events,
    write_file,
    write_sheet,
    write_study,
)


@pytest.fixture
def sheet(tmp_path):
    return write_study(tmp_path)


@pytest.fixture
def study(sheet):
    return lg.read_study(sheet)


def gate(study, strategy=STRATEGY, **options):
    return study.gate(strategy, **{"progress": False, **options})


def counts_of(populations):
    return populations.counts.set_index(["sample", "population"])["n_events"].to_dict()


# --- what is read


def test_a_study_is_its_sheet_and_its_files(study):
    assert study.samples["sample"].tolist() == ["P01_m00", "P02_m00", "P03_m00"]
    assert study.samples["n_events"].tolist() == [200, 200, 200]
    assert study.tubes == ("NK",)
    assert study.problems.empty
    assert study.problems.columns.tolist() == [
        "file",
        "sample",
        "tube",
        "step",
        "problem",
    ]
    assert study.panel["detector"].tolist() == CHANNELS
    assert study.panel["n_files"].tolist() == [3] * 5
    assert study.panel["kind"].tolist() == [
        "scatter",
        "scatter",
        "fluorescence",
        "fluorescence",
        "time",
    ]


def test_the_repr_gives_the_shape_and_what_to_type_next(study):
    text = repr(study)
    for part in ("3 samples", "3 patients", "1 visits", "tubes NK", "5 channels"):
        assert part in text
    assert ".samples" in text
    assert "problems" not in text.splitlines()[0]
    assert "&lt;" not in study._repr_html_()


def test_reads_one_sample_with_the_matrix_of_its_acquisition(study):
    sample = study.read("P02_m00")
    np.testing.assert_array_equal(sample.to_numpy(), events(1).astype(np.float32))
    assert sample.compensation == SPILLOVER
    with pytest.raises(StudyError, match="no sample 'P02_m0'; did you mean 'P02_m00'"):
        study.read("P02_m0")
    with pytest.raises(StudyError, match=r"0 files of tube 'lineage'.*tubes 'NK'"):
        study.read("P02_m00", tube="lineage")


def test_a_frame_serves_as_a_sheet(tmp_path, sheet, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.read_csv(sheet)
    assert lg.read_study(frame).samples["n_events"].tolist() == [200] * 3


# --- gating


def test_one_pass_over_files_is_gating_in_memory(study):
    populations = gate(study)
    for sample in study.samples["sample"]:
        in_memory = STRATEGY.apply(study.read(sample))
        for path in STRATEGY.paths:
            mask = populations.mask(path, sample=sample)
            np.testing.assert_array_equal(mask, in_memory.mask(path))
            assert 0 < mask.sum() < 200


def test_counts_are_tidy_and_join_the_sheet(tmp_path):
    sheet = write_study(tmp_path, age=[61, 45, 52], arm=["a", "b", "a"])
    counts = gate(lg.read_study(sheet)).counts
    assert len(counts) == 3 * (len(STRATEGY.paths) + 1)
    for column in ("sample", "patient", "visit", "tube", "population", "parent"):
        assert column in counts
    ages = counts.groupby("patient")["age"].unique().map(list).to_dict()
    assert ages == {"P01": [61], "P02": [45], "P03": [52]}
    root = counts[counts["population"] == "All events"]
    assert root["parent"].isna().all()
    assert (root["n_events"] == 200).all()
    assert (counts["low"] <= counts["fraction"]).all()
    assert (counts["fraction"] <= counts["high"]).all()


def test_covariates_keep_their_type_in_counts(tmp_path, sheet):
    frame = pd.read_csv(sheet)
    frame["file"] = [str(sheet.parent / name) for name in frame["file"]]
    frame["words"] = pd.Series(["a", 2, None], dtype=object)
    frame["plain"] = pd.Series(["a", "b", "c"], dtype=object)
    frame["site"] = pd.Categorical(["x", "y", "x"])
    frame["age"] = pd.array([30, None, 40], dtype="Int64")
    covariates = ["words", "plain", "site", "age"]
    counts = lg.read_study(frame).gate(STRATEGY, progress=False).counts
    first = counts[counts["population"] == "All events"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first[covariates], frame[covariates])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_do_not_depend_on_the_number_of_threads(study, threads):
    wanted, found = gate(study), gate(study, threads=threads)
    pd.testing.assert_frame_equal(found.counts, wanted.counts)
    for sample in study.samples["sample"]:
        np.testing.assert_array_equal(
            found.mask("NK", sample=sample), wanted.mask("NK", sample=sample)
        )


@pytest.mark.parametrize("threads", [-1, 1.5, "two"])
def test_a_number_of_threads_that_is_none(study, threads):
    with pytest.raises(StudyError, match="threads"):
        gate(study, threads=threads)


def test_threads_do_not_matter_for_the_simulated_cohort(small_cohort, small_study):
    strategies = {
        "NK": lg.simulate.nk_strategy(),
        "lineage": lg.simulate.lineage_strategy(),
    }
    one = small_study.gate(strategies, threads=1, progress=False)
    two = small_study.gate(strategies, threads=2, progress=False)
    pd.testing.assert_frame_equal(one.counts, two.counts)
    assert one.run_id == two.run_id
    assert one.problems.empty


def test_the_run_id_follows_from_files_and_strategies(tmp_path, sheet, study):
    first = gate(study)
    assert first.run_id == gate(lg.read_study(sheet), threads=1).run_id
    assert first.counts["run_id"].unique().tolist() == [first.run_id]
    gates = [lg.RectangleGate("Cells", dimensions={"FSC-A": (101, None)})]
    assert gate(study, lg.GatingStrategy(gates)).run_id != first.run_id
    write_file(tmp_path / "P03.fcs", seed=2, keywords={"$CYT": "another"})
    assert gate(lg.read_study(sheet)).run_id != first.run_id


def test_a_file_touched_but_not_changed_gives_the_same_run_id(tmp_path, sheet, study):
    first = gate(study)
    os.utime(tmp_path / "P01.fcs", (1e9, 1e9))
    assert gate(lg.read_study(sheet)).run_id == first.run_id


# --- tubes, roles, runs


@pytest.fixture
def two_tubes(tmp_path):
    rows = []
    for number, tube in enumerate(("NK", "lineage")):
        write_file(tmp_path / f"{tube}.fcs", seed=number, n_events=100 + number)
        rows.append(
            {"file": f"{tube}.fcs", "patient": "P1", "visit": "m00", "tube": tube}
        )
    return lg.read_study(write_sheet(tmp_path, rows))


def test_each_tube_has_its_strategy(two_tubes):
    cells = lg.GatingStrategy(STRATEGY.gates[:1])
    populations = gate(two_tubes, {"NK": STRATEGY, "lineage": cells})
    paths = populations.counts.groupby("tube")["population"].agg(list)
    assert paths["NK"] == ["All events", *STRATEGY.paths]
    assert paths["lineage"] == ["All events", "Cells"]
    assert populations.strategies == {"NK": STRATEGY, "lineage": cells}


def test_a_tube_without_a_strategy_is_left_out(two_tubes):
    populations = gate(two_tubes, {"lineage": STRATEGY})
    assert populations.counts["tube"].unique().tolist() == ["lineage"]


def test_tubes_and_strategies_must_fit(two_tubes, study):
    with pytest.raises(
        StudyError, match="several tubes; its tubes are 'NK', 'lineage'"
    ):
        gate(two_tubes)
    with pytest.raises(StudyError, match=r"given for 'linage'.*did you mean 'lineage'"):
        gate(two_tubes, {"linage": STRATEGY})
    with pytest.raises(StudyError, match="has 2 files"):
        two_tubes.read("P1_m00")
    assert two_tubes.read("P1_m00", tube="lineage").n_events == 101
    assert gate(study, {"NK": STRATEGY}).run_id == gate(study).run_id


def test_controls_are_looked_at_and_not_gated(tmp_path):
    rows = []
    for number, role in enumerate(("sample", "fmo:CD56", "unstained", "exclude")):
        write_file(tmp_path / f"{number}.fcs", seed=number)
        row = {"file": f"{number}.fcs", "patient": "P1", "visit": "m00", "tube": "NK"}
        rows.append({**row, "role": role, "reason": "clot" if number == 3 else ""})
    study = lg.read_study(write_sheet(tmp_path, rows))
    assert sorted(study.metadata) == [0, 1, 2]
    assert "1 samples" in repr(study)
    assert len(gate(study).files) == 1


@pytest.fixture
def runs(tmp_path):
    rows = []
    for run in (1, 2):
        write_file(tmp_path / f"{run}.fcs", seed=run, n_events=50 * run)
        row = {"file": f"{run}.fcs", "patient": "P1", "visit": "m00", "tube": "NK"}
        rows.append({**row, "run": run})
    return write_sheet(tmp_path, rows)


def test_pooled_runs_are_summed(runs):
    populations = gate(lg.read_study(runs, runs="pool"))
    kept = counts_of(gate(lg.read_study(runs, runs="keep")))
    pooled = counts_of(populations)
    assert pooled["P1_m00", "All events"] == 150
    for path in STRATEGY.paths:
        parts = [kept[f"P1_m00_run{run}", path] for run in (1, 2)]
        assert pooled["P1_m00", path] == sum(parts)
    assert populations.mask("NK", sample="P1_m00").shape == (150,)
    table = populations.events("NK", sample="P1_m00")
    assert len(table) == pooled["P1_m00", "Cells/NK"]
    assert table.index.is_unique
    assert table.index.max() > 50


def test_the_last_run_replaces_the_others(runs):
    counts = counts_of(gate(lg.read_study(runs, runs="replace")))
    assert counts["P1_m00", "All events"] == 100


# --- events and medians come from the file again


def test_events_are_compensated_and_numbered_as_in_the_file(study):
    populations = gate(study)
    table = populations.events("NK", sample="P01_m00")
    mask = populations.mask("NK", sample="P01_m00")
    assert table.index.tolist() == np.flatnonzero(mask).tolist()
    observed = events(0).astype(np.float32).astype(float)[mask][:, 2:4]
    expected = observed @ np.linalg.inv(SPILLOVER.matrix)
    np.testing.assert_allclose(table[["CD56", "CD16"]], expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(table["Time"], np.flatnonzero(mask))
    scaled = populations.events("NK", sample="P01_m00", channels=["CD56"], scaled=True)
    np.testing.assert_array_equal(scaled["CD56"], lg.Logicle(t=1000.0)(table["CD56"]))
