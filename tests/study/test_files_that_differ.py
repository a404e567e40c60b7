"""Files of one tube that differ, and files that were repaired, in a study."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import (
    FileWarning,
    PanelWarning,
    SampleSheetError,
    StudyError,
)
from reference.fcs_bytes import Channel, build, pack
from study.study_folder import SPILLOVER, events

MARKERS = {"PE-A": "CD56", "APC-A": "CD16"}
DETECTORS = ["FSC-A", "PE-A", "APC-A"]
USUAL = {"$CYT": "Canto", "$CYTSN": "V96", "$P2V": "480", "$P3V": "540"}
STRATEGY = lg.GatingStrategy([lg.RectangleGate("NK", dimensions={"CD56": (5, None)})])


@pytest.fixture
def study_of(tmp_path):
    """Return a function that writes files of one tube and reads them as a study."""

    def make(*differences, n_usual=3, **options):
        rows = []
        for number in range(n_usual + len(differences)):
            words = dict(differences[number - n_usual]) if number >= n_usual else {}
            lg.write_fcs(
                tmp_path / f"{number}.fcs",
                events(number)[:, :3],
                words.pop("detectors", DETECTORS),
                markers=words.pop("markers", MARKERS),
                spillover=words.pop("spillover", SPILLOVER),
                keywords={**USUAL, **words},
            )
            rows.append(
                {
                    "file": tmp_path / f"{number}.fcs",
                    "patient": f"P{number:02d}",
                    "visit": "m00",
                    "tube": "NK",
                }
            )
        return lg.read_study(pd.DataFrame(rows), **options)

    return make


IDENTITY = lg.Compensation(np.eye(2), ["PE-A", "APC-A"])


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ({"spillover": None}, "no spillover matrix, or the identity"),
        ({"spillover": IDENTITY}, "no spillover matrix, or the identity"),
        ({"markers": {"PE-A": "CD16", "APC-A": "CD56"}}, "CD56 has the detector"),
        (
            {
                "detectors": ["FSC-A", "FITC-A", "APC-A"],
                "markers": {"FITC-A": "CD56", "APC-A": "CD16"},
                "spillover": lg.Compensation([[1, 0.1], [0, 1]], ["FITC-A", "APC-A"]),
            },
            "CD56 has the detector 'FITC-A', not 'PE-A'",
        ),
        ({"$P2V": "495"}, "CD56 has the voltage 495.0, not 480.0"),
        ({"$CYT": "Aurora"}, "acquired on Aurora V96, most files of its tube on Canto"),
        ({"$CYTSN": "V97"}, "acquired on Canto V97"),
    ],
)
def test_a_file_that_differs_is_a_problem_with_a_warning(study_of, difference, words):
    with pytest.warns(PanelWarning, match=words):
        study = study_of(difference)
    found = study.problems
    assert found["file"].unique().tolist() == ["3.fcs"]
    assert found["step"].unique().tolist() == ["compare"]
    assert found["problem"].str.contains(words).any()
    assert len(study.metadata) == 4


def test_the_only_file_with_a_matrix_is_named(study_of):
    plain = {"spillover": None}
    with pytest.warns(PanelWarning, match="it has a spillover matrix; most files"):
        study = study_of(plain, plain, plain, n_usual=1)
    assert study.problems["file"].tolist() == ["0.fcs"]


@pytest.mark.parametrize(
    "difference", [{}, {"$P2V": "0"}, {"$P1V": "100"}, {"$DATE": "01-MAR-2021"}]
)
def test_what_does_not_matter_is_no_problem(study_of, difference):
    study = study_of(difference)
    assert study.problems.empty
    assert " problems" not in repr(study).partition("\n")[0]


@pytest.mark.parametrize("matrix", [None, IDENTITY])
def test_a_matrix_can_be_required(study_of, matrix):
    with pytest.warns(PanelWarning), pytest.raises(StudyError, match=r"3\.fcs"):
        study_of({"spillover": matrix}, compensation="require")
    assert len(study_of(compensation="require").metadata) == 3
    with pytest.raises(StudyError, match="compensation"):
        study_of(compensation="always")


# --- files that were repaired

TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]


def one_set(n_events=3, **options):
    values = [(float(n), 10.0 * n) for n in range(n_events)]
    return build(TWO, pack(values, "ff", "<"), n_events, **options)


def sheet_of(tmp_path, files, **columns):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return pd.DataFrame(
        {
            "file": [tmp_path / name for name in files],
            "patient": [f"P{n:02d}" for n in range(len(files))],
            "visit": "m00",
            "tube": "NK",
            **columns,
        }
    )


def test_every_violation_of_every_file_stands_in_the_study(tmp_path):
    files = {
        "good.fcs": one_set(),
        "total.fcs": one_set(4, keywords={"$TOT": "1"}),
        "empty.fcs": one_set(5, keywords={"$FIL": ""}),
        "twice.fcs": one_set(6, raw_text=b"$BYTEORD/4,3,2,1/"),
    }
    with pytest.warns(
        FileWarning, match=r"\$TOT is 1, the bytes of DATA hold exactly 4"
    ):
        study = lg.read_study(sheet_of(tmp_path, files))
    table = study.diagnosis
    assert table.columns.tolist() == [
        *("file", "sample", "tube", "dataset", "code", "found", "repair")
    ]
    assert table[["file", "code"]].to_numpy().tolist() == [
        ["total.fcs", "tot-differs"],
        ["empty.fcs", "empty-values"],
        ["twice.fcs", "repeated-keyword"],
    ]
    assert "3 repaired files" in repr(study)
    for row in study.metadata:
        codes = [one.code for one in study.read_file(row).diagnosis]
        assert (
            codes
            == table["code"][table["file"] == study.metadata[row].path.name].tolist()
        )


def test_a_harmless_repair_is_listed_and_not_warned_of(tmp_path):
    files = {"empty.fcs": one_set(5, keywords={"$FIL": ""})}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = lg.read_study(sheet_of(tmp_path, files))
    assert study.diagnosis["code"].tolist() == ["empty-values"]


# --- data sets


def several(*sizes):
    head = [one_set(n, keywords={"$NEXTDATA": f"{0:08d}"}) for n in sizes]
    named = [
        one_set(n, keywords={"$NEXTDATA": f"{len(one):08d}"})
        for n, one in zip(sizes[:-1], head, strict=False)
    ]
    return b"".join([*named, head[-1]])


def test_a_file_with_several_data_sets_is_said(tmp_path):
    with pytest.warns(FileWarning, match="the file holds 2 data sets"):
        study = lg.read_study(sheet_of(tmp_path, {"a.fcs": several(3, 20)}))
    assert study.metadata[0].n_events == 3


def test_the_sheet_chooses_the_data_set(tmp_path):
    frame = sheet_of(tmp_path, {"a.fcs": several(3, 20), "b.fcs": one_set(7)})
    frame = pd.concat([frame.iloc[[0]], frame], ignore_index=True)
    frame["patient"] = ["P1", "P2", "P3"]
    frame["dataset"] = [0, 1, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = lg.read_study(frame)
    assert [one.n_events for one in study.metadata.values()] == [3, 20, 7]
    populations = study.gate(STRATEGY, progress=False)
    counts = populations.counts
    nk = counts[counts["population"] == "NK"]["n_events"].tolist()
    assert nk == [2, 19, 6]
    events_of = populations.events("NK", sample="P2_m00", channels=["CD56"])
    assert len(events_of) == 19
    lg.save_populations(populations, tmp_path / "saved")
    again = lg.load_populations(tmp_path / "saved")
    pd.testing.assert_frame_equal(again.counts, counts)
    assert len(again.events("NK", sample="P2_m00", channels=["CD56"])) == 19


@pytest.mark.parametrize("cell", ["second", -1, 1.5, "1_0"])
def test_what_is_no_number_of_a_data_set_is_refused(tmp_path, cell):
    frame = sheet_of(tmp_path, {"a.fcs": several(3, 20)}, dataset=[cell])
    with pytest.raises(SampleSheetError, match="no number of a data set"):
        lg.read_study(frame)


def test_one_data_set_twice_is_refused(tmp_path):
    frame = sheet_of(tmp_path, {"a.fcs": several(3, 20)}, dataset=[1])
    frame = pd.concat([frame, frame], ignore_index=True).assign(patient=["P1", "P2"])
    with pytest.raises(SampleSheetError, match="more than once"):
        lg.read_study(frame)


def test_a_data_set_that_is_not_there_is_a_problem_of_that_row(tmp_path):
    files = {"a.fcs": several(3, 20), "b.fcs": one_set(7)}
    frame = sheet_of(tmp_path, files, dataset=[2, 0])
    with pytest.warns(FileWarning, match="has 2 data sets; data set number 2"):
        study = lg.read_study(frame)
    assert list(study.metadata) == [1]
