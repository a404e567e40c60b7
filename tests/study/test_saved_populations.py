"""Populations written to a folder and read back, with and without their files."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FcsError, StudyError


@pytest.fixture
def cohort(small_cohort, tmp_path):
    """Return a copy of the small cohort that may be spoilt."""
    folder = tmp_path / "cohort"
    shutil.copytree(small_cohort.sheet.parent, folder)
    return folder


@pytest.fixture
def populations(small_cohort, cohort):
    """Return its populations."""
    study = lg.read_study(cohort / small_cohort.sheet.name)
    strategies = {
        "NK": lg.simulate.nk_strategy(),
        "lineage": lg.simulate.lineage_strategy(),
    }
    return study.gate(strategies, progress=False)


def equal(one, other):
    assert one.run_id == other.run_id
    pd.testing.assert_frame_equal(one.counts, other.counts)
    pd.testing.assert_frame_equal(one.undefined, other.undefined)
    pd.testing.assert_frame_equal(one.study.samples, other.study.samples)
    assert {tube: s.id for tube, s in one.strategies.items()} == {
        tube: s.id for tube, s in other.strategies.items()
    }


def test_what_is_saved_comes_back(populations, tmp_path):
    folder = lg.save_populations(populations, tmp_path / "run")
    back = lg.load_populations(folder)
    equal(populations, back)
    keys = {"sample": populations.counts["sample"].iloc[0], "tube": "NK"}
    masks = [found.mask("NK", **keys) for found in (populations, back)]
    np.testing.assert_array_equal(*masks)
    events = [found.events("NK", **keys) for found in (populations, back)]
    pd.testing.assert_frame_equal(*events)
    scores = [lg.nk.maturation(found, parent="NK") for found in (populations, back)]
    pd.testing.assert_frame_equal(scores[0].table, scores[1].table)


def test_the_manifest_tells_how_to_repeat_the_run(populations, tmp_path):
    folder = lg.save_populations(populations, tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["versions"]["longate"] == lg.__version__
    for entry in manifest["files"]:
        path = populations.study.metadata[entry["row"]].path
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        row = populations.study.samples.loc[entry["row"]]
        strategy = manifest["strategies"][row["tube"]]
        again = lg.GatingStrategy.from_json(json.dumps(strategy["strategy"]))
        assert again.id == strategy["id"] == populations.strategies[row["tube"]].id
        assert entry["compensation"] in {None, *manifest["compensations"]}
    counts = pd.read_parquet(folder / manifest["tables"]["counts"]["file"])
    pd.testing.assert_frame_equal(counts, populations.counts)


def test_without_its_files_the_tables_are_there(populations, cohort, tmp_path):
    folder = lg.save_populations(populations, tmp_path / "run")
    sample = populations.counts["sample"].iloc[0]
    events = populations.events("NK", sample=sample, tube="NK")
    moved = tmp_path / "elsewhere"
    shutil.move(cohort, moved)
    back = lg.load_populations(folder)
    equal(populations, back)
    assert len(back.study.problems) == len(back.files)
    with pytest.raises(StudyError, match="no usable file"):
        back.events("NK", sample=sample, tube="NK")
    found = next(path.parent for path in moved.rglob("*.fcs"))
    again = lg.load_populations(folder, files=found)
    assert again.study.problems.empty
    pd.testing.assert_frame_equal(again.events("NK", sample=sample, tube="NK"), events)


def test_another_file_of_the_same_name_is_noticed(populations, tmp_path):
    folder = lg.save_populations(populations, tmp_path / "run")
    first, second = (populations.study.metadata[row].path for row in (0, 2))
    shutil.copyfile(second, first)
    back = lg.load_populations(folder)
    assert back.study.problems["problem"].str.contains("not the file").tolist() == [
        True
    ]


def test_a_file_that_changed_is_not_saved_as_what_was_gated(populations, tmp_path):
    path = populations.study.metadata[0].path
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises((StudyError, FcsError), match="changed"):
        lg.save_populations(populations, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert list(tmp_path.glob(".run*")) == []


def test_a_folder_with_something_in_it_is_not_written_to(populations, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("all of it")
    with pytest.raises(StudyError, match="not an empty folder"):
        lg.save_populations(populations, tmp_path / "run")
    (tmp_path / "run" / "thesis.txt").unlink()
    assert lg.save_populations(populations, tmp_path / "run") == tmp_path / "run"


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda f: (f / "manifest.json").unlink(), FileNotFoundError, "missing"),
        (lambda f: (f / "manifest.json").write_text("{"), StudyError, "no manifest"),
        (
            lambda f: (f / "manifest.json").write_text(
                '{"format": "longate populations", "format_version": 99}'
            ),
            StudyError,
            "version 99",
        ),
        (lambda f: (f / "counts.parquet").write_bytes(b"x"), StudyError, "SHA-256"),
        (lambda f: (f / "gated.parquet").unlink(), StudyError, r"gated\.parquet"),
    ],
)
def test_a_spoilt_folder_is_refused(populations, tmp_path, spoil, error, words):
    folder = lg.save_populations(populations, tmp_path / "run")
    spoil(folder)
    with pytest.raises(error, match=words):
        lg.load_populations(folder)
