"""Grids: cells of a scale, against their definition in NumPy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import longate as lg
from longate.cytometry.transforms import Transform
from longate.exceptions import TransformError

GRIDS = [
    lg.Grid(lg.Linear(t=1.0), low=0.0, high=262144.0, nearest=True),
    lg.Grid(lg.Linear(t=1.0), cells=1024, low=-51.5, high=180.25, nearest=True),
    lg.Grid(lg.FlowJoBiex(width_basis=-100.0), overflow=True),
    lg.Grid(lg.FlowJoBiex(width_basis=-10.0, pos=4.0), cells=1024, overflow=True),
    lg.Grid(lg.Arcsinh(t=26214.4, m=2.3, a=1.2)),
    lg.Grid(lg.Log(t=262144.0, m=4.5), nearest=True),
    lg.Grid(lg.Logicle(t=262144.0, w=0.8, m=4.5, a=0.0)),
]


def twin(grid, values):
    """Return cells by their definition; biexponential ones by the table of channels."""
    if isinstance(grid.base, lg.FlowJoBiex):
        table = grid.base.inverse(np.arange(4097) / 4096)
        channel = np.clip(np.searchsorted(table, values, side="right") - 1, 0, 4096)
        return np.floor(channel * grid.cells / 4096)
    scaled = grid.base(values)
    width = grid.high - grid.low
    position = (scaled - grid.low) * grid.cells / width + 0.5 * grid.nearest
    return np.clip(np.floor(position), 0, grid.last)


@pytest.mark.parametrize("grid", GRIDS, ids=repr)
def test_cells_are_those_of_the_definition(grid):
    rng = np.random.default_rng(5)
    values = np.concatenate(
        [rng.normal(0, 3e4, 20_000), rng.normal(0, 300, 20_000), [0.0, 1e30, -1e30]]
    ).astype(np.float32)
    np.testing.assert_array_equal(grid(values), twin(grid, values.astype(float)))


@given(st.sampled_from(GRIDS), st.integers(1, 255))
def test_the_smallest_value_of_a_cell_begins_it(grid, cell):
    value = grid.inverse([cell])[0]
    assert grid([value])[0] == cell
    assert grid([np.nextafter(value, -np.inf)])[0] == cell - 1


@pytest.mark.parametrize("grid", GRIDS, ids=repr)
def test_it_is_written_with_its_base(grid):
    again = Transform.from_json(json.loads(json.dumps(grid.to_json())))
    assert again == grid
    gate = lg.RectangleGate(
        "r", dimensions={lg.Dimension("PE-A", scale=grid, compensation=None): (3, 9)}
    )
    strategy = lg.GatingStrategy([gate])
    assert lg.GatingStrategy.from_json(strategy.to_json()).id == strategy.id


def test_a_polygon_on_a_grid_is_decided_on_whole_numbers(tmp_path):
    rng = np.random.default_rng(6)
    events = rng.uniform(-1e4, 3e5, (40_000, 2)).astype(np.float32)
    file = lg.write_fcs(tmp_path / "a.fcs", events, ["FSC-A", "SSC-A"])
    grid = GRIDS[0]
    corners = [(20, 30), (240, 25), (300, 180), (110, 111), (12, 200)]
    x, y = (
        lg.Dimension(name, scale=grid, compensation=None) for name in ("FSC-A", "SSC-A")
    )
    gate = lg.PolygonGate("p", x=x, y=y, vertices=corners)
    mask = lg.GatingStrategy([gate]).apply(file).mask("p")
    cells = grid(events)
    on_cells = lg.PolygonGate("p", x="x", y="y", vertices=corners)
    expected = on_cells.contains({"x": cells[:, 0], "y": cells[:, 1]})
    np.testing.assert_array_equal(mask, expected)


def test_vertices_go_on_beyond_the_axis_where_the_base_does():
    assert GRIDS[0].vertices([-1024.0, 1024.0 * 300, 512.0]).tolist() == [-1, 300, 1]
    assert GRIDS[2].vertices([-1e9, 1e9]).tolist() == [0, 256]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("whole number of cells", {"cells": 2.5}),
        ("low < high", {"low": 1.0}),
        ("number cells", {"cells": "many"}),
        ("nearest to be True or False", {"nearest": 1}),
    ],
)
def test_unfit_parameters_are_named(words, options):
    with pytest.raises(TransformError, match=words):
        lg.Grid(lg.Linear(t=1.0), **options)
    with pytest.raises(TransformError, match="no grid"):
        lg.Grid(GRIDS[0])


def test_a_zero_channel_just_above_a_whole_number_is_one_less():
    # 10^1.5 as workspaces print it; FlowJo counts as with channel 767.
    scale = lg.FlowJoBiex(t=262144.0, width_basis=-31.6227766017, pos=4.0, neg=0.0)
    assert scale([0.0])[0] * 4096 == 767
    whole = lg.FlowJoBiex(t=262144.0, width_basis=-1000.0, pos=6.0, neg=0.0)
    assert whole([0.0])[0] * 4096 == 1024
