"""Any name that a file system allows: scanned, drafted, read and gated."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FileWarning, StudyError
from longate.io.scan import scan_fcs
from reference.fcs_bytes import Channel, build, pack

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems allow fewer names"
)

TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
STRATEGY = lg.GatingStrategy([lg.RectangleGate("NK", dimensions={"CD56": (10, None)})])
NAMES = {
    "no UTF-8": b"P1_\xff\xfe_m00.fcs",
    "newline": b"P2\n_m00.fcs",
    "composed": "P3_Ren\u00e9_m00.fcs".encode(),
    "decomposed": "P3_Rene\u0301_m06.fcs".encode(),
    "255 bytes": b"P5_" + b"x" * 248 + b".fcs",
    "blank first": b" P6 m00.fcs",
    "tab": b"P7\t.fcs",
    "brackets": b"P8 [1] {2} %s $x$.fcs",
}


@pytest.fixture
def paths(tmp_path):
    """One file per name; its events tell which."""
    made = []
    for number, name in enumerate(NAMES.values()):
        path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118
        rows = [(number, 20.0), (2.0, 5.0)]
        path.write_bytes(build(TWO, pack(rows, "ff", "<"), 2))
        made.append(path)
    return made


def sheet_of(paths):
    patients = [f"P{number}" for number in range(len(paths))]
    # Text columns of pandas 3 hold UTF-8 alone.
    files = pd.Series(paths, dtype=object)
    return pd.DataFrame(
        {"file": files, "patient": patients, "visit": "m00", "tube": "T"}
    )


def test_a_scan_lists_every_name(tmp_path, paths):
    table = scan_fcs(tmp_path)
    assert sorted(table["file"]) == sorted(path.name for path in paths)
    assert table["error"].isna().all()
    for name in table["file"]:
        assert lg.read_fcs(tmp_path / name).n_events == 2


@pytest.mark.parametrize("kind", [Path, str])
def test_a_study_reads_and_gates_every_name(paths, kind):
    study = lg.read_study(sheet_of([kind(path) for path in paths]))
    assert study.problems.empty
    populations = study.gate(STRATEGY, progress=False)
    assert len(populations.files) == len(NAMES)
    assert [study.read_file(row).column("FSC-A")[0] for row in study.metadata] == [
        *range(len(NAMES))
    ]


def test_a_draft_lists_every_name_and_can_be_read_back(tmp_path, paths):
    draft = lg.draft_sheet(tmp_path)
    assert len(draft.sheet) == len(NAMES)
    names = sorted(Path(name).name for name in draft.sheet["file"])
    assert names == sorted(path.name for path in paths)
    assert draft.save(tmp_path / "sheet.csv").exists()


def test_a_folder_is_deidentified_whatever_the_names(tmp_path, paths):
    result = lg.deidentify(tmp_path, tmp_path.with_name("out"))
    assert len(result.files) == len(NAMES)
    assert result.problems.empty


def test_a_sheet_in_either_form_of_unicode_finds_the_file(tmp_path, paths):
    other = {"\u00e9": "e\u0301", "e\u0301": "\u00e9"}
    for row in (2, 3):
        name = paths[row].name
        for one, wanted in other.items():
            if one in name:
                written = name.replace(one, wanted)
                break
        study = lg.read_study(sheet_of([tmp_path / written, paths[4]]))
        assert study.problems.empty
        assert study.read_file(0).column("FSC-A")[0] == row


@pytest.mark.parametrize(
    "bad", ["s3://bucket/x.fcs", "nope://x/y.fcs", "x" * 300 + ".fcs", "no\nfile.fcs"]
)
def test_a_name_that_cannot_be_opened_is_a_problem_of_its_row(paths, bad):
    with pytest.warns(FileWarning, match="1 files are left out"):
        study = lg.read_study(sheet_of([bad, paths[0], paths[4]]))
    assert len(study.metadata) == 2
    assert study.problems["step"].tolist() == ["read"]


def test_what_cannot_be_saved_is_an_error_of_ours(tmp_path, paths):
    populations = lg.read_study(sheet_of(paths)).gate(STRATEGY, progress=False)
    with pytest.raises(StudyError, match="no Unicode"):
        lg.save_populations(populations, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
