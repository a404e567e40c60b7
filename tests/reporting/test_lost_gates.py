"""Gates that could not be read from a file are said in the report."""

from __future__ import annotations

import pytest

import longate as lg
from longate.reporting.sections.files import problems_section
from reference.gatingml_files import dimension, file_of, rectangle
from study.study_folder import write_study


def test_the_report_lists_gates_that_could_not_be_read(tmp_path):
    study = lg.read_study(write_study(tmp_path, patients=("P01",)))
    path = tmp_path / "gates.xml"
    good = rectangle("Good", dimension("FSC-A", low="1"))
    path.write_text(file_of(good + rectangle("B<a>d", dimension(low="1,5"))))
    path.write_text(path.read_text().replace("B<a>d", "B&lt;a>d"))
    with pytest.warns(lg.exceptions.GateWarning, match="without 1 gate"):
        strategy = lg.read_gatingml(path)
    populations = study.gate(strategy, progress=False)
    page = "".join(problems_section(study, populations).blocks)
    assert "could not take over" in page
    assert "B&lt;a&gt;d" in page
    assert "is not a number" in page
    plain = study.gate(strategy.changed(problems=()), progress=False)
    page = "".join(problems_section(study, plain).blocks)
    assert "could not take over" not in page
