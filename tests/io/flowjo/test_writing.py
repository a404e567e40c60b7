"""Workspaces that are written and read again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FlowJoError, FlowJoWarning

MATRIX = lg.Compensation([[1.0, 0.2], [0.05, 1.0]], ["FITC-A", "PE-A"])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return a file with two scatter and two fluorescence channels."""
    rng = np.random.default_rng(7)
    scatter = rng.normal([1e5, 8e4], 3e4, (4000, 2))
    colours = rng.normal([2000.0, 9000.0], [4000.0, 20000.0], (4000, 2))
    path = tmp_path_factory.mktemp("files") / "a.fcs"
    names = ["FSC-A", "SSC-A", "FITC-A", "PE-A"]
    return lg.write_fcs(path, np.hstack([scatter, colours]), names)


def every_kind(scale):
    """Return a strategy with every gate that both programs have."""
    corners = [(4e4, 2e4), (1.8e5, 3e4), (1.6e5, 1.5e5), (3e4, 1.2e5)]
    inside = {"parent": "Cells"}
    return lg.GatingStrategy(
        [
            lg.PolygonGate("Cells", x="FSC-A", y="SSC-A", vertices=corners),
            lg.QuadrantGate("Q", dividers={"FITC-A": 0.35, "PE-A": 0.5}, **inside),
            lg.EllipsoidGate(
                "E",
                dimensions=["FITC-A", "PE-A"],
                mean=[0.4, 0.5],
                covariance=[[0.02, 0.005], [0.005, 0.03]],
                distance_square=1.5,
                **inside,
            ),
            lg.RectangleGate(
                "R. 1", dimensions={"FITC-A": (0.2, 0.5)}, interval="closed", **inside
            ),
            lg.RectangleGate("open", dimensions={"PE-A": (0.6, None)}, **inside),
            lg.BooleanGate("E or R", "E or 'R. 1'", **inside),
            lg.BooleanGate("both", "E and 'R. 1'", **inside),
            lg.BooleanGate("not E", "not E", **inside),
            lg.PolygonGate(
                "rest (outline)",
                x="FITC-A",
                y="PE-A",
                vertices=[(0.1, 0.1), (0.6, 0.2), (0.5, 0.7)],
                **inside,
            ),
            lg.BooleanGate("rest", "not 'Cells/rest (outline)'", **inside),
        ],
        scale=scale,
        compensation=MATRIX,
        name="every kind",
    )


SCALES = [
    lg.FlowJoBiex(width_basis=-100.0),
    lg.Arcsinh(t=262144.0, m=4.0, a=1.0),
    lg.Logicle(t=262144.0, w=0.8, m=4.5, a=0.0),
    lg.Hyperlog(t=262144.0, w=0.8, m=4.5, a=0.0),
]


def counts_of(strategy, file):
    return strategy.apply(file).counts.set_index("population")["n_events"].sort_index()


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
def test_every_kind_of_gate_comes_back_with_its_counts(tmp_path, file, scale):
    strategy = every_kind(scale)
    path = lg.write_flowjo(strategy, tmp_path / "a.wsp")
    workspace = lg.read_flowjo(path)
    assert not workspace.problems
    again = workspace.strategy(geometry="exact")
    pd.testing.assert_series_equal(counts_of(strategy, file), counts_of(again, file))
    kinds = {type(gate).__name__ for gate in again.gates}
    assert {"QuadrantGate", "EllipsoidGate", "BooleanGate"} <= kinds
    # What is read on FlowJo's grid is written so that it lies in the same cells.
    on_grid = workspace.strategy()
    second = lg.write_flowjo(on_grid, tmp_path / "b.wsp", unsupported="omit")
    third = lg.read_flowjo(second).strategy()
    pd.testing.assert_series_equal(counts_of(on_grid, file), counts_of(third, file))


def test_a_written_ellipse_keeps_foci_edges_and_its_distance(tmp_path):
    path = lg.write_flowjo(every_kind(SCALES[0]), tmp_path / "a.wsp")
    (sample,) = lg.read_flowjo(path).samples
    drawing = sample.by_path["Cells/E"].drawing
    long, short = drawing.half_axes
    assert f'distance="{2 * long!r}"' in path.read_text(encoding="utf-8")
    assert short < long
    again = lg.read_flowjo(
        lg.write_flowjo(lg.read_flowjo(path), tmp_path / "b.wsp")
    ).samples[0]
    assert again.by_path["Cells/E"].drawing == drawing


def test_a_gated_study_is_written_with_files_and_counts(tmp_path, file):
    sheet = pd.DataFrame(
        {"file": [str(file)], "patient": ["P1"], "visit": ["m0"], "tube": ["NK"]}
    )
    study = lg.read_study(sheet)
    populations = study.gate(every_kind(SCALES[0]), progress=False)
    path = lg.write_flowjo(populations, tmp_path / "study.wsp")
    workspace = lg.read_flowjo(path)
    (sample,) = workspace.samples
    assert (sample.name, sample.file, sample.n_events) == ("P1_m0", "a.fcs", 4000)
    assert sample.groups == ("All Samples", "NK")
    stored = {one.path: one.count for one in sample.populations}
    counts = populations.counts.set_index("population")["n_events"]
    assert stored == {path: counts[path] for path in stored}
    again = workspace.study(file.parent).gate(
        workspace.strategy(geometry="exact"), progress=False
    )
    counts_again = again.counts.set_index("population")["n_events"]
    assert {path: counts_again[path] for path in stored} == stored


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (
            lg.RectangleGate("r", dimensions={lg.Ratio("FSC-A", "SSC-A"): (0, 1)}),
            "ratio",
        ),
        (lg.BooleanGate("mixed", "FSC and not SSC"), "And, Or and Not"),
    ],
)
def test_what_flowjo_lacks_is_named_or_left_out(tmp_path, gate, words):
    kept = [
        lg.RectangleGate("FSC", dimensions={"FSC-A": (1, None)}),
        lg.RectangleGate("SSC", dimensions={"SSC-A": (1, None)}),
    ]
    below = lg.RectangleGate("below", parent=gate.name, dimensions={"FSC-A": (2, None)})
    strategy = lg.GatingStrategy([*kept, gate, below], compensation=None)
    with pytest.raises(FlowJoError, match=words) as caught:
        lg.write_flowjo(strategy, tmp_path / "a.wsp")
    assert gate.name in str(caught.value)
    with pytest.warns(FlowJoWarning, match=f"(?s){gate.name}.*below"):
        path = lg.write_flowjo(strategy, tmp_path / "a.wsp", unsupported="omit")
    assert lg.read_flowjo(path).strategy().paths == ("FSC", "SSC")


def test_rectangles_of_three_dimensions_are_an_and_of_two(tmp_path, file):
    sides = {"FSC-A": (5e4, 2e5), "SSC-A": (None, 1.2e5), "PE-A": (0.3, 0.8)}
    strategy = lg.GatingStrategy(
        [
            lg.RectangleGate("three", dimensions=sides),
            lg.RectangleGate("below", parent="three", dimensions={"FITC-A": (0.3, 1)}),
        ],
        scale=SCALES[0],
        compensation=MATRIX,
    )
    path = lg.write_flowjo(strategy, tmp_path / "a.wsp")
    assert "three (part 2)" in path.read_text(encoding="utf-8")
    again = lg.read_flowjo(path).strategy()
    assert again.paths == ("three", "three/below")
    assert len(again.gates[0].dimensions) == 3
    pd.testing.assert_series_equal(counts_of(strategy, file), counts_of(again, file))


def test_a_matrix_that_comes_with_files_needs_a_study(tmp_path):
    gate = lg.RectangleGate("r", dimensions={"PE-A": (0.5, None)})
    with pytest.raises(FlowJoError, match="matrix of its file"):
        lg.write_flowjo(lg.GatingStrategy([gate]), tmp_path / "a.wsp")


def test_real_workspaces_are_written_as_they_were_read(shared_data, tmp_path):
    paths = sorted((shared_data / "flowjo_wsp").glob("*/*.wsp"))
    assert len(paths) > 10
    for path in paths:
        workspace = lg.read_flowjo(path)
        again = lg.read_flowjo(lg.write_flowjo(workspace, tmp_path / path.name))
        assert not again.problems
        for one, other in zip(workspace.samples, again.samples, strict=True):
            assert one.populations == other.populations
            assert one.matrix == other.matrix
            assert one.columns.scales == other.columns.scales
            assert one.uri == other.uri
