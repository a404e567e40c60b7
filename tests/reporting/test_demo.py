from __future__ import annotations

import pandas as pd
import pytest

from longate.exceptions import DesignError, StudyError
from longate.reporting.demo import run_demo

from .conftest import SMALL


def test_the_way_from_files_to_truth_is_unbiased(demo):
    summary = demo.comparison.summary.set_index("measure")
    assert abs(summary.loc["index", "bias_in_file"]) <= 0.01
    assert abs(summary.loc["NK fraction", "bias_in_file"]) <= 0.01


def test_every_table_is_there_twice_and_alike(demo):
    assert {"counts", "per_microlitre", "stages", "index_effects"} <= set(demo.tables)
    assert {"thresholds", "event_scores", "superiority", "changes"} <= set(demo.tables)
    assert {"reference_change", "robustness_gains"} <= set(demo.tables)
    for name, path in demo.tables.items():
        parquet = pd.read_parquet(path.with_suffix(".parquet"))
        csv = pd.read_csv(path)
        assert list(csv.columns) == list(parquet.columns), name
        assert len(csv) == len(parquet), name
    visits = pd.read_parquet(demo.folder / "tables" / "counts.parquet")["visit"]
    assert visits.cat.ordered


def test_a_second_run_reuses_the_files_and_tells_each_step(demo):
    told = []
    cohort = demo.folder / "cohort" / "manifest.json"
    before = cohort.stat().st_mtime_ns
    again = run_demo(demo.folder, seed=11, progress=False, tell=told.append, **SMALL)
    assert cohort.stat().st_mtime_ns == before
    assert again.result.headline == demo.result.headline
    assert [line.split(" s  ")[1] for line in told] == [
        "simulate FCS files",
        "read the study and gate both tubes",
        "find each marker's positivity threshold",
        "count, score, classify, infer",
        "ask what else could have moved the answer",
        "compare with the simulated truth",
        "write tables",
        "write the report",
    ]


def test_the_summary_says_where_everything_is(demo):
    text = demo.summary()
    assert str(demo.report) in text
    assert "SIMULATED DATA" in text
    assert demo.result.headline in text


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StudyError, match="holds other files"):
        run_demo(tmp_path, progress=False, **SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_demo_of_another_seed_is_not_overwritten(demo):
    with pytest.raises(StudyError, match="seed"):
        run_demo(demo.folder, seed=12, progress=False, **SMALL)


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "demo"
    file.write_text("")
    with pytest.raises(StudyError, match="is a file"):
        run_demo(file, progress=False)


def test_too_few_patients_are_told(tmp_path):
    with pytest.raises(DesignError, match="at least two in each group"):
        run_demo(tmp_path / "d", progress=False, **{**SMALL, "patients": 3})
