"""Aliases, the matrix of each acquisition, and one scale for a whole study."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from longate.exceptions import SpilloverError, StudyError
from longate.io.spillover_table import read_compensation
from study.study_folder import (
    CHANNELS,
    MARKERS,
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


@pytest.fixture
def two_tubes(tmp_path):
    rows = []
    for number, tube in enumerate(("NK", "lineage")):
        write_file(tmp_path / f"{tube}.fcs", seed=number, n_events=100 + number)
        rows.append(
            {"file": f"{tube}.fcs", "patient": "P1", "visit": "m00", "tube": tube}
        )
    return lg.read_study(write_sheet(tmp_path, rows))


# --- names


def test_aliases_find_a_marker_under_the_names_that_labs_use(tmp_path):
    rows = []
    for number, marker in enumerate(("CD56", "NCAM", "CD56 PE")):
        markers = {**MARKERS, "PE-A": marker}
        write_file(tmp_path / f"{number}.fcs", seed=5, markers=markers)
        rows.append(
            {
                "file": f"{number}.fcs",
                "patient": f"P{number}",
                "visit": "m00",
                "tube": "NK",
            }
        )
    aliases = {"NCAM": "CD56", "cd56 pe": "CD56"}
    study = lg.read_study(write_sheet(tmp_path, rows), aliases=aliases)
    counts = gate(study).counts
    assert counts.groupby("population")["n_events"].nunique().eq(1).all()
    assert study.read("P1_m00").values("CD56").shape == (200,)


# --- compensation belongs to the acquisition

OTHER = "name,APC-A,PE-A\nPE-A,0.5,1\nAPC-A,1,0\n"


def test_the_sheet_decides_the_matrix_of_each_file(tmp_path):
    (tmp_path / "other.csv").write_text(OTHER)
    cells = ["", "none", "other.csv"]
    study = lg.read_study(write_study(tmp_path, compensation=cells))
    other = lg.Compensation([[1, 0], [0.5, 1]], ["APC-A", "PE-A"])
    assert list(study.compensations.values()) == [SPILLOVER, None, other]
    assert study.read("P02_m00").compensation is None
    populations = gate(study)
    for number, matrix in enumerate([SPILLOVER, None, other]):
        sample = f"P0{number + 1}_m00"
        read = lg.read_fcs(tmp_path / f"P0{number + 1}.fcs", compensation=matrix)
        expected = STRATEGY.apply(read).mask("NK")
        np.testing.assert_array_equal(populations.mask("NK", sample=sample), expected)


def test_a_strategy_may_override_the_matrix(study):
    strategy = lg.GatingStrategy(
        STRATEGY.gates, scale=STRATEGY.scale, compensation=None
    )
    populations = gate(study, strategy)
    table = populations.events("NK", sample="P01_m00", channels=["CD56"])
    raw = events(0).astype(np.float32)[table.index, 2]
    np.testing.assert_array_equal(table["CD56"], raw)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "none.csv"),
        ("", "no table of numbers"),
        ("name,PE-A,APC-A\nPE-A,1,x\nAPC-A,0,1\n", "no table of numbers"),
        (
            "name,PE-A,APC-A\nPE-A,1,0.1\nFITC-A,0,1\n",
            "rows are 'PE-A', 'FITC-A', its c",
        ),
        ("name,PE-A,APC-A\nPE-A,1,1\nAPC-A,1,1\n", "singular"),
        ("name,PE-A,APC-A\nPE-A,1,\nAPC-A,0,1\n", "(line 2) holds nothing"),
    ],
)
def test_a_matrix_in_the_sheet_that_is_none_is_a_problem_of_its_file(
    tmp_path, text, reason
):
    if text is not None:
        (tmp_path / "none.csv").write_text(text)
    sheet = write_study(tmp_path, compensation=["", "none.csv", ""])
    with pytest.warns(lg.exceptions.FileWarning, match="1 files are left out"):
        study = lg.read_study(sheet)
    assert study.problems["sample"].tolist() == ["P02_m00"]
    assert reason in study.problems["problem"][0]
    assert "none.csv" in study.problems["problem"][0]
    assert len(gate(study).files) == 2


def test_a_matrix_read_as_a_table_may_be_used_anywhere(tmp_path):
    (tmp_path / "other.csv").write_text(OTHER)
    matrix = read_compensation(tmp_path / "other.csv")
    assert matrix.channels == ("APC-A", "PE-A")
    assert matrix.matrix.tolist() == [[1, 0], [0.5, 1]]
    (tmp_path / "bad.csv").write_text("name,A\nB,1\n")
    with pytest.raises(SpilloverError, match="cannot be used: its rows are"):
        read_compensation(tmp_path / "bad.csv")


# --- scales of a study


def test_one_logicle_per_channel_for_the_whole_study(tmp_path):
    write_file(tmp_path / "a.fcs", seed=1, ranges=1000.0)
    write_file(tmp_path / "b.fcs", seed=2, ranges={"PE-A": 5000.0, "APC-A": 800.0})
    rows = [
        {"file": f"{name}.fcs", "patient": name, "visit": "m00", "tube": "NK"}
        for name in "ab"
    ]
    study = lg.read_study(write_sheet(tmp_path, rows))
    scales = lg.Logicle.for_study(study)
    assert list(scales) == ["PE-A", "APC-A"]
    for place, (name, top) in enumerate({"PE-A": 5000.0, "APC-A": 1000.0}.items()):
        observed = [events(s).astype(np.float32).astype(float)[:, 2:4] for s in (1, 2)]
        values = (np.vstack(observed) @ np.linalg.inv(SPILLOVER.matrix))[:, place]
        reference = np.quantile(values[values < 0], 0.05)
        assert scales[name].t == top
        width = (4.5 - np.log10(top / abs(reference))) / 2
        assert scales[name].w == pytest.approx(width, rel=1e-9)
    strategy = lg.GatingStrategy(STRATEGY.gates, scale=scales)
    assert len(gate(study, strategy).files) == 2


def test_a_channel_without_negatives_has_no_width(tmp_path):
    values = np.abs(events(3))
    lg.write_fcs(tmp_path / "a.fcs", values, CHANNELS, ranges=1000.0)
    row = {"file": "a.fcs", "patient": "P", "visit": "m00", "tube": "NK"}
    scales = lg.Logicle.for_study(lg.read_study(write_sheet(tmp_path, [row])))
    assert {scale.w for scale in scales.values()} == {0.0}


def test_scales_of_a_study_of_several_tubes_need_the_tube(two_tubes):
    with pytest.raises(StudyError, match="several tubes"):
        lg.Logicle.for_study(two_tubes)
    assert lg.Logicle.for_study(two_tubes, tube="NK").keys() == {"PE-A", "APC-A"}
