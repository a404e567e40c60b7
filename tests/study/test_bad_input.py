"""One bad file does not stop the others, and every problem names its file and thing."""

from __future__ import annotations

import inspect
import os
import pickle

import numpy as np
import pytest

import longate as lg
from longate.exceptions import (
    FileWarning,
    LongateError,
    LongateWarning,
    PopulationError,
    SampleSheetError,
    StudyError,
)
from study.study_folder import (
    CHANNELS,
    STRATEGY,
    events,
    write_file,
    write_sheet,
    write_study,
)


def gate(study, strategy=STRATEGY):
    return study.gate(strategy, progress=False)


def spoil(path, kind):
    """Damage a file; return what the problem must say."""
    whole = path.read_bytes()
    if kind == "missing":
        path.unlink()
        return "no such file"
    if kind == "folder":
        path.unlink()
        path.mkdir()
        return "not a regular file"
    content, says = {
        "empty": (b"", "is not an FCS file"),
        "other": (b"PK\x03\x04 a workbook", "is not an FCS file"),
        "cut": (whole[:-1], "is truncated: the DATA segment"),
        "cut in text": (whole[:200], "is truncated: the TEXT segment"),
    }[kind]
    path.write_bytes(content)
    return says


KINDS = ["missing", "folder", "empty", "other", "cut", "cut in text"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_bad_file_is_listed_and_the_others_are_delivered(tmp_path, kind):
    sheet = write_study(tmp_path)
    says = spoil(tmp_path / "P02.fcs", kind)
    with pytest.warns(
        FileWarning, match=r"1 files are left out:\n  P02.fcs: "
    ) as caught:
        study = lg.read_study(sheet)
    assert "study.problems" in str(caught[0].message) or ".problems" in str(
        caught[0].message
    )
    problem = study.problems.iloc[0]
    assert problem["file"] == "P02.fcs"
    assert (problem["sample"], problem["tube"], problem["step"]) == (
        "P02_m00",
        "NK",
        "read",
    )
    assert says in problem["problem"]
    assert "P02.fcs" in problem["problem"]
    assert "1 problems" in repr(study)
    assert study.samples["n_events"].isna().tolist() == [False, True, False]
    populations = gate(study)
    assert populations.counts["patient"].unique().tolist() == ["P01", "P03"]
    assert populations.problems["file"].tolist() == ["P02.fcs"]
    with pytest.raises(StudyError, match="no sample 'P02_m00'"):
        study.read("P02_m00")
    with pytest.raises(StudyError, match="P02_m00"):
        populations.mask("NK", sample="P02_m00")


def test_no_usable_file_at_all(tmp_path):
    sheet = write_study(tmp_path)
    for path in tmp_path.glob("*.fcs"):
        spoil(path, "empty")
    with pytest.raises(
        StudyError, match="no sample of the study has a usable file"
    ) as e:
        lg.read_study(sheet)
    for name in ("P01.fcs", "P02.fcs", "P03.fcs"):
        assert name in str(e.value)


def test_many_problems_are_listed_in_part_and_counted(tmp_path):
    names = [f"P{number:02d}" for number in range(15)]
    sheet = write_study(tmp_path, patients=names)
    for name in names[1:]:
        (tmp_path / f"{name}.fcs").unlink()
    with pytest.warns(FileWarning, match=r"14 files are left out:(.|\n)*and 4 more"):
        study = lg.read_study(sheet)
    assert len(study.problems) == 14


def test_a_sheet_of_controls_only(tmp_path):
    sheet = write_study(tmp_path, role=["bead", "unstained", "bridging"])
    with pytest.raises(StudyError, match="lists no file with the role 'sample'"):
        lg.read_study(sheet)


def test_a_sheet_that_is_wrong_stops_before_any_file_is_read(tmp_path):
    sheet = write_study(tmp_path, role=["sample", "sampel", "sample"])
    with pytest.raises(SampleSheetError, match="row 3"):
        lg.read_study(sheet)
    with pytest.raises(FileNotFoundError, match="no sample sheet"):
        lg.read_study(tmp_path / "other.csv")


# --- files that change


def change(path, how):
    if how == "other events":
        write_file(path, seed=9)
    elif how == "touched":
        os.utime(path, (1e9, 1e9))
    elif how == "more events":
        write_file(path, seed=9, n_events=201)
    else:
        spoil(path, how)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("other events", "has changed since the study was read"),
        ("touched", "has changed since the study was read"),
        ("more events", "has changed since the study was read"),
        ("cut", "P02.fcs"),
        ("missing", "no such file"),
    ],
)
def test_a_file_that_changes_after_the_study_was_read(tmp_path, how, says):
    study = lg.read_study(write_study(tmp_path))
    before = gate(study)
    change(tmp_path / "P02.fcs", how)
    with pytest.warns(FileWarning, match="P02.fcs"):
        populations = gate(study)
    problem = populations.problems.iloc[0]
    assert (problem["file"], problem["step"]) == ("P02.fcs", "gate")
    assert says in problem["problem"]
    assert populations.counts["patient"].unique().tolist() == ["P01", "P03"]
    assert study.problems.empty  # a study never changes
    for call in (
        lambda: study.read("P02_m00"),
        lambda: before.events("NK", sample="P02_m00"),
        lambda: before.medians("CD56", population="NK"),
    ):
        with pytest.raises((LongateError, FileNotFoundError), match=r"P02\.fcs"):
            call()


def test_all_files_gone_before_gating(tmp_path):
    study = lg.read_study(write_study(tmp_path))
    for path in tmp_path.glob("*.fcs"):
        path.unlink()
    with pytest.raises(StudyError, match="no file could be gated") as caught:
        gate(study)
    assert "P03.fcs" in str(caught.value)


# --- panels and matrices that do not fit


def test_a_marker_that_one_file_lacks(tmp_path):
    sheet = write_study(tmp_path)
    write_file(tmp_path / "P02.fcs", markers={"PE-A": "CD65", "APC-A": "CD16"})
    study = lg.read_study(sheet)
    with pytest.warns(FileWarning, match="P02.fcs"):
        populations = gate(study)
    problem = populations.problems.iloc[0]
    assert (problem["file"], problem["step"]) == ("P02.fcs", "compile")
    assert "gate 'Cells/CD56+'" in problem["problem"]
    assert "'CD56' is not in the panel; did you mean 'CD65'" in problem["problem"]
    assert len(populations.files) == 2


def test_a_marker_that_no_file_has(tmp_path):
    study = lg.read_study(write_study(tmp_path))
    strategy = lg.GatingStrategy([lg.RectangleGate("NK", CD65=(0.5, None))])
    with pytest.raises(StudyError, match="no file could be gated") as caught:
        gate(study, strategy)
    assert "gate 'NK'" in str(caught.value)
    assert "'CD65' is not in the panel; did you mean 'CD56'" in str(caught.value)


def test_a_marker_that_means_two_channels_in_one_file(tmp_path):
    sheet = write_study(tmp_path)
    write_file(tmp_path / "P03.fcs", markers={"PE-A": "CD56", "APC-A": "CD56"})
    with pytest.warns(FileWarning, match="'CD56' means several channels"):
        gate(lg.read_study(sheet))


def singular(path, seed):
    names = "2,PE-A,APC-A,1,0,0,1"
    values = events(seed).astype(np.float32)
    lg.write_fcs(
        path,
        values,
        CHANNELS,
        markers={"PE-A": "CD56", "APC-A": "CD16"},
        ranges=1000.0,
        keywords={"SPILL": names},
    )
    # The writer refuses such a matrix; other programs write it.
    path.write_bytes(path.read_bytes().replace(names.encode(), b"2,PE-A,APC-A,1,1,1,1"))


def test_a_singular_matrix_in_one_file(tmp_path):
    sheet = write_study(tmp_path)
    singular(tmp_path / "P02.fcs", 1)
    with pytest.warns(FileWarning, match=r"P02.fcs: .*in SPILL: .*singular"):
        study = lg.read_study(sheet)
    assert "PE-A" in study.problems["problem"][0]
    assert len(gate(study).files) == 2


def test_the_sheet_can_do_without_a_singular_matrix(tmp_path):
    sheet = write_study(tmp_path, compensation=["", "none", ""])
    singular(tmp_path / "P02.fcs", 1)
    populations = gate(lg.read_study(sheet))
    assert len(populations.files) == 3
    # The events come from the file again, whose own matrix still is singular.
    table = populations.events("NK", sample="P02_m00", channels=["CD56"])
    raw = events(1).astype(np.float32)[table.index, 2]
    np.testing.assert_array_equal(table["CD56"], raw)


def test_a_matrix_of_channels_that_the_file_lacks(tmp_path):
    (tmp_path / "m.csv").write_text("name,PE-A,APC-H\nPE-A,1,0.1\nAPC-H,0.1,1\n")
    sheet = write_study(tmp_path, compensation=["", "m.csv", ""])
    study = lg.read_study(sheet)
    match = "names 'APC-H', which the file does not have; did you mean 'APC-A'"
    with pytest.warns(FileWarning, match=match):
        populations = gate(study)
    assert populations.problems["step"].tolist() == ["compile"]


def test_populations_that_are_not_there(tmp_path):
    populations = gate(lg.read_study(write_study(tmp_path)))
    with pytest.raises(PopulationError, match=r"'CD57\+' is not in .*mean 'CD56\+'"):
        populations.mask("CD57+", sample="P01_m00")
    with pytest.raises(StudyError, match="'P9_m00' was not gated in tube 'NK'"):
        populations.mask("NK", sample="P9_m00")


# --- exceptions


def public_exceptions():
    return [
        kind
        for _, kind in inspect.getmembers(lg.exceptions, inspect.isclass)
        if issubclass(kind, LongateError | LongateWarning)
    ]


@pytest.mark.parametrize("kind", public_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_survives_pickling(kind):
    error = kind("file 'a.fcs': what is wrong; did you mean 'b'?")
    error.add_note("a note")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == "file 'a.fcs': what is wrong; did you mean 'b'?"
    assert again.args == error.args
    assert again.__notes__ == ["a note"]


def test_exceptions_from_rust_survive_pickling(tmp_path):
    (tmp_path / "a.fcs").write_bytes(b"nothing")
    for call in (
        lambda: lg.read_fcs(tmp_path / "a.fcs"),
        lambda: lg.Compensation([[1, 1], [1, 1]], ["A", "B"]),
        lambda: lg.Logicle(t=-1.0),
        lambda: lg.PolygonGate("g", x="A", y="B", vertices=[(0, 0), (1, 1)]),
    ):
        with pytest.raises(LongateError) as caught:
            call()
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is type(caught.value)
        assert str(again) == str(caught.value)


def test_there_is_an_exception_for_every_room():
    names = {kind.__name__ for kind in public_exceptions()}
    assert {"FcsError", "PanelError", "SpilloverError", "StudyError"} <= names
    assert len(names) >= 15


# --- clinical files carry names

NAME = "Doe^Jane"


def test_identifying_keywords_are_never_shown(tmp_path):
    sheet = write_study(tmp_path)
    keywords = {"$SRC": NAME, "PATIENT ID": NAME, "$OP": NAME, "$FIL": f"{NAME}.fcs"}
    for patient in ("P01", "P02", "P03"):
        write_file(tmp_path / f"{patient}.fcs", keywords=keywords)
    study = lg.read_study(sheet)
    sample = study.read("P01_m00")
    populations = gate(study)
    shown = [
        repr(study),
        study._repr_html_(),
        repr(study.metadata),
        repr(sample),
        repr(sample.keywords),
        str(sample.keywords),
        repr(sample.panel),
        repr(sample.diagnosis),
        repr(populations),
        repr(populations.files),
        study.samples.to_string(),
        study.panel.to_string(),
        populations.counts.to_string(),
        populations.events("NK", sample="P01_m00").to_string(),
    ]
    assert sample.keywords["$src"] == NAME
    for text in shown:
        assert NAME not in text
    with pytest.raises(KeyError) as missing:
        sample.keywords["$SRX"]
    assert NAME not in str(missing.value)


def test_a_sheet_row_is_all_that_a_problem_tells_of_a_patient(tmp_path):
    rows = [
        {"file": "a.fcs", "patient": "P1", "visit": "m00", "tube": "NK"},
        {"file": "b.fcs", "patient": "P2", "visit": "m00", "tube": "NK"},
    ]
    write_file(tmp_path / "a.fcs")
    sheet = write_sheet(tmp_path, rows)
    with pytest.warns(FileWarning):
        study = lg.read_study(sheet)
    assert study.problems.loc[0].to_dict() == {
        "file": "b.fcs",
        "sample": "P2_m00",
        "tube": "NK",
        "step": "read",
        "problem": f"{tmp_path / 'b.fcs'}: no such file",
    }
