"""What a strategy may be applied to: a sample, the head of a file, a path."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FcsError, PanelError, SpilloverError
from longate.io.fcs import read_metadata

STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("Cells", dimensions={"FSC-A": (2, None)}),
        lg.RectangleGate("High", parent="Cells", dimensions={"PE-A": (None, 8)}),
    ]
)


@pytest.fixture
def path(tmp_path):
    events = np.arange(12.0).reshape(6, 2)
    return lg.write_fcs(tmp_path / "a.fcs", events, ["FSC-A", "PE-A"])


@pytest.mark.parametrize("given", [Path, str, lg.read_fcs, read_metadata])
def test_all_that_stand_for_a_file_give_the_same(path, given):
    gated = STRATEGY.apply(given(path))
    assert gated.counts["n_events"].tolist() == [6, 5, 3]
    assert gated.mask("High").tolist() == [False] + 3 * [True] + 2 * [False]
    expected = STRATEGY.apply(lg.read_fcs(path)).counts
    pd.testing.assert_frame_equal(gated.counts, expected)


@pytest.mark.parametrize("given", [Path, str])
def test_a_path_is_explained(path, given):
    assert str(STRATEGY.explain(given(path))) == str(
        STRATEGY.explain(read_metadata(path))
    )


@pytest.mark.parametrize("given", [Path, str])
def test_a_file_that_is_not_there_is_named(tmp_path, given):
    with pytest.raises(FileNotFoundError, match=r"none\.fcs: no such file"):
        STRATEGY.apply(given(tmp_path / "none.fcs"))


def test_a_path_to_what_is_no_fcs_file(tmp_path):
    (tmp_path / "a.fcs").write_text("file,patient\n" * 9)
    with pytest.raises(FcsError, match=r"a\.fcs is not an FCS file"):
        STRATEGY.apply(tmp_path / "a.fcs")
    with pytest.raises(FcsError, match="cannot be read"):
        STRATEGY.apply(tmp_path)


def test_a_file_without_a_channel_of_a_gate(path):
    strategy = STRATEGY.add(lg.RectangleGate("CD3+", dimensions={"CD3": (1, None)}))
    with pytest.raises(PanelError, match="gate 'CD3\\+'"):
        strategy.apply(path)


def test_files_of_two_panels_in_turn(tmp_path, path):
    events = np.arange(12.0)[::-1].reshape(6, 2)
    other = lg.write_fcs(tmp_path / "b.fcs", events, ["PE-A", "FSC-A"])
    strategy = STRATEGY.rename("High", "High")
    expected = [
        strategy.rename("High", "High").apply(p).n_inside for p in (path, other)
    ]
    for _ in range(2):
        found = [strategy.apply(p).n_inside for p in (path, other)]
        assert found == expected
    again = pickle.loads(pickle.dumps(strategy))
    assert again.apply(other).n_inside == expected[1]
    assert copy.deepcopy(strategy).apply(path).n_inside == expected[0]


def test_an_unreadable_matrix_stops_only_who_asks_for_it(tmp_path):
    file = tmp_path / "a.fcs"
    events = np.arange(12.0).reshape(6, 2)
    names = ["FSC-A", "PE-A"]
    lg.write_fcs(file, events, names, keywords={"$SPILLOVER": "2,PE-A,FSC-A,1,0,0,1"})
    file.write_bytes(file.read_bytes().replace(b"FSC-A,1,0,0,1", b"FSC-A,1,x,0,1"))
    without = lg.GatingStrategy(STRATEGY.gates, compensation=None)
    assert without.apply(file).n_inside == (5, 3)
    with pytest.raises(SpilloverError):
        STRATEGY.apply(file)
    own = lg.Dimension("FSC-A", compensation="acquisition")
    asking = without.add(lg.RectangleGate("Own", dimensions={own: (2, None)}))
    with pytest.raises(SpilloverError):
        asking.apply(file)
