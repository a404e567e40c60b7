"""Counts of real workspaces: FlowJo's own, and those of exact geometry."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

import longate as lg
from longate.io.flowjo.matching import match_files

WORKSPACES = {
    # name: populations with a file, of these equal to FlowJo under exact geometry
    "flowsom_mouse_spleen/gating": (15, 6),
    "facspy_test_suite/test_suite": (17, 1),
    "omip021/OMIP021_samples_FlowJo": (6, 4),
    "flowatlas_fbc62f3d9f/workspace": (434, 189),
    "flowkit_diamond/simple_diamond_example_quad_gate": (4, 4),
    "flowkit_diamond/test_data_diamond_asinh_rect": (1, 1),
    "flowkit_diamond/test_data_diamond_biex_rect": (1, 1),
    "flowkit_line/single_ellipse_51_events": (1, 1),
    "flowkit_line/simple_poly_and_rect": (2, None),
}


def rows_of(path):
    """Return (sample, population) -> the row of a table of expected counts."""
    found = {}
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            population = row.get("population") or row["path"].lstrip("/")
            if population != "root":
                found[row["sample"], population] = row
    return found


@pytest.mark.parametrize("name", WORKSPACES)
def test_every_count_of_a_real_workspace(shared_data, name):
    path = shared_data / "flowjo_wsp" / f"{name}.wsp"
    expected = rows_of(path.with_name(f"{path.stem}.expected_counts.csv"))
    workspace = lg.read_flowjo(path)
    assert len(expected) == sum(len(s.populations) for s in workspace.samples)
    matches = match_files(workspace).matches
    tally = Counter()
    for match in matches:
        sample = match.sample
        for population in sample.populations:
            row = expected[sample.name, population.written]
            stored = int(row["flowjo_count"])
            assert population.count == (None if stored < 0 else stored)
        if match.metadata is None or not sample.populations:
            continue
        by_geometry = {}
        for geometry in ("flowjo", "exact"):
            strategy = workspace.strategy(sample.id, geometry=geometry)
            assert not strategy.problems
            counts = strategy.apply(match.metadata).counts
            by_geometry[geometry] = counts.set_index("population")["n_events"]
        for population in sample.populations:
            row = expected[sample.name, population.written]
            tally["populations"] += 1
            ours = by_geometry["flowjo"][population.path]
            exact = by_geometry["exact"][population.path]
            if row.get("exact_count"):
                assert exact == int(row["exact_count"]), population.path
            if population.count is not None:
                assert ours == population.count, population.path
                tally["exact equal"] += exact == population.count
    n_populations, n_exact = WORKSPACES[name]
    assert tally["populations"] == n_populations
    if n_exact is not None:
        assert tally["exact equal"] == n_exact


def test_without_the_rule_near_whole_channels_eight_populations_differ(shared_data):
    # pos 4 and width 10^1.5: the zero channel is 768 but for the rounding of the width.
    workspace = lg.read_flowjo(
        shared_data / "flowjo_wsp" / "flowatlas_fbc62f3d9f" / "workspace.wsp"
    )
    near = {
        column: scale
        for sample in workspace.samples
        for column, scale in sample.columns.scales.items()
        if scale.zero_channel_is_near_whole
    }
    assert near
    for scale in near.values():
        assert scale.base([0.0])[0] * 4096 == 767


PARSED = {
    "parse_only_no_fcs/8_color_ICS_simple.wsp": 12,
    "parse_only_no_fcs/8_color_ICS_with_ellipse.wsp": 45,
    "parse_only_no_fcs/reused_quad_gate_with_child.wsp": 13,
    "flowjo9_xml/20200605 HAARVI DURT B3_KY2.xml": 685,
}


@pytest.mark.parametrize("name", PARSED)
def test_workspaces_without_files_load_whole(shared_data, name):
    path = shared_data / "flowjo_wsp" / name
    workspace = lg.read_flowjo(path)
    assert len(workspace.populations) == PARSED[name]
    assert not workspace.problems
    expected = rows_of(path.with_name(f"{path.stem}.expected_counts.csv"))
    stored = Counter(
        int(row["flowjo_count"] or -1)
        for row in expected.values()
        if row.get("gate_type") != "SampleNode"
    )
    own = Counter(workspace.populations["count"].fillna(-1).astype(int))
    assert own == stored
    for sample in workspace.samples:
        for geometry in ("flowjo", "exact"):
            assert not workspace.strategy(sample.id, geometry=geometry).problems


def test_tables_of_flowjo_nine_are_made_from_their_parameters(shared_data):
    import numpy as np
    from lxml import etree

    from longate.io.flowjo.flowjo9 import table_scale

    path = shared_data / "flowjo_wsp" / "flowjo9_xml"
    root = etree.parse(str(path / "20200605 HAARVI DURT B3_KY2.xml")).getroot()
    tables = list(root.iter("Table"))
    tables = [table for table in tables if table.get("biexponentialWidth")]
    assert len(tables) == 16
    for table in tables:
        channels, values = np.array(table.text.split(","), dtype=float).reshape(-1, 2).T
        assert len(channels) == 4097
        ours = table_scale(table).base.inverse(channels / 4096)
        # FlowJo 9 computed in single precision; values near zero are differences.
        np.testing.assert_allclose(ours, values, rtol=7e-7, atol=1e-5)
