"""Every real file and every data set of it against the table in docs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import longate as lg

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs/fcs-conformance.md"


@pytest.fixture(scope="module")
def golden():
    """Return the script that writes the table."""
    path = REPOSITORY / "tests/golden/fcs_conformance.py"
    spec = importlib.util.spec_from_file_location("fcs_conformance", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(golden, shared_data):
    return golden.verdicts(shared_data)


def test_the_table_says_what_is_so(golden, rows):
    lines = PAGE.read_text().removeprefix(golden.HEAD).splitlines()
    assert lines == ["| " + " | ".join(row) + " |" for row in rows]


def test_no_matrix_differs_and_two_files_are_refused(rows):
    verdicts = [row[5] for row in rows]
    assert "DIFFERS" not in verdicts
    assert sum(verdict.startswith("refused") for verdict in verdicts) == 2
    assert sum(verdict.startswith("equal") for verdict in verdicts) == len(rows) - 2


def test_second_data_sets_are_among_them(rows):
    names = [row[0] for row in rows]
    twice = {name for name in names if names.count(name) == 2}
    assert twice == {
        "cytoflow/Beckman Coulter - Gallios.LMD",
        "flowio/coulter.lmd",
    }


def test_strict_refuses_what_the_table_reports(golden, rows, shared_data):
    from longate.io.fcs import NOTES

    for name, *_, verdict, diagnosis in rows[::7]:
        if verdict.startswith("refused"):
            continue
        path = shared_data / "fcs_conformance" / name
        path = path if path.exists() else shared_data / name
        departs = bool(set(diagnosis.split(", ")) - {*NOTES, ""})
        try:
            lg.read_fcs(path, values="raw", compensation=None, on_problem="strict")
            refused = False
        except lg.exceptions.FcsError:
            refused = True
        assert refused == departs, name
