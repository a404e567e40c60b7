"""FACSDiva experiments: the counts of a real tube, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FacsDivaError


@pytest.fixture(scope="module")
def experiment(shared_data):
    return shared_data / "facsdiva_xml" / "flowworkspacedata_diva" / "PE_2.xml"


def test_stored_counts_of_a_real_tube(experiment):
    workspace = lg.read_facsdiva(experiment)
    assert workspace.program == "FACSDiva"
    table = lg.concordance(workspace).table
    rows = table[table["sample"] == "_001"].set_index("population")
    stored = [17902, 17543, 12334, 1160, 1100]
    assert rows["stored"].tolist() == stored
    assert rows["grid"].tolist() == [17902, 17543, 12333, 1160, 1103]
    assert rows["exact"].tolist() == [17870, 17511, 12315, 1155, 1099]
    assert rows["reason"].tolist() == ["grid", "grid", "open rule", "grid", "open rule"]


def test_tubes_controls_and_facts(experiment):
    workspace = lg.read_facsdiva(experiment)
    assert {name: len(ids) for name, ids in workspace.groups.items()} == {
        "Compensation Controls": 9,
        "PE": 4,
    }
    control = workspace.members("Compensation Controls")[0]
    assert control.facts["role"] == "compensation control"
    assert not control.populations
    tube = workspace["_001"]
    assert (tube.file, tube.n_events) == ("124500.fcs", 19090)
    assert tube.facts["storage_gate"] == "All Events"
    assert "mode=1" in tube.facts["stop_rule"]
    assert set(workspace.statistics["name"]) == {"Mean"}


def test_the_matrix_is_that_of_the_file(experiment):
    tube = lg.read_facsdiva(experiment)["_001"]
    own = lg.read_fcs(experiment.with_name("124500.fcs")).compensation
    order = [tube.compensation.detectors.index(name) for name in own.detectors]
    weights = tube.compensation.weights[np.ix_(order, order)]
    np.testing.assert_allclose(weights, own.weights, atol=5e-5)


def test_quadrants_of_a_binner_lie_in_its_parent(experiment):
    workspace = lg.read_facsdiva(experiment)
    found = [
        [one for one in sample.populations if one.name in ("Q1", "Q2", "Q3", "Q4")]
        for sample in workspace.samples
    ]
    (quadrants,) = [four for four in found if four]
    assert len({one.parent for one in quadrants}) == 1
    assert sum(one.count for one in quadrants) == 33756


def test_a_storage_gate_is_said(experiment, tmp_path):
    text = experiment.read_text(encoding="utf-8", errors="replace")
    stored = "<storage_gate>All Events</storage_gate>"
    assert stored in text
    path = tmp_path / "a.xml"
    path.write_text(
        text.replace(stored, r"<storage_gate>All Events\P1</storage_gate>"),
        encoding="utf-8",
    )
    workspace = lg.read_facsdiva(path)
    assert any("thrown away" in one.reason for one in workspace.problems)


def test_a_biexponential_axis_without_width_stops_its_gate_only(experiment, tmp_path):
    text = experiment.read_text(encoding="utf-8", errors="replace")
    wanted = "<y_parameter_scale_value>440</y_parameter_scale_value>"
    assert wanted in text
    path = tmp_path / "a.xml"
    path.write_text(text.replace(wanted, wanted.replace("440", "0")), encoding="utf-8")
    workspace = lg.read_facsdiva(path)
    strategy = workspace.strategy("_001")
    assert strategy.paths == ("P1", "P1/P2")
    assert "no width" in strategy.problems[0].reason


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<Workspace/>", encoding="utf-8")
    with pytest.raises(FacsDivaError, match="no experiment of FACSDiva"):
        lg.read_facsdiva(path)
