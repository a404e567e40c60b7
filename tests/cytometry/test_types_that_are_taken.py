"""Matrices, names and cells in the types that pandas and NumPy give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FcsError, LongateError, SpilloverError, StrategyError

NAMES = ["A", "B", "C"]
EVENTS = np.random.default_rng(1).uniform(0, 100, (20, 3))
MATRIX = lg.Compensation([[1, 0.1], [0.2, 1]], ["A", "B"])
FRAME = pd.DataFrame([[1, 0.1], [0.2, 1]], columns=["A", "B"], index=["A", "B"])


def forms(folder):
    """Return the same matrix in every form that is taken."""
    path = folder / "matrix.csv"
    FRAME.to_csv(path)
    return {
        "object": MATRIX,
        "frame": FRAME,
        "rows in another order": FRAME.loc[["B", "A"]],
        "plain index": FRAME.reset_index(drop=True),
        "nullable": FRAME.astype("Float64"),
        "keyword": "2,A,B,1,0.1,0.2,1",
        "path": path,
        "text of a path": str(path),
    }


FORMS = [
    "object",
    "frame",
    "rows in another order",
    "plain index",
    "nullable",
    "keyword",
    "path",
    "text of a path",
]


@pytest.fixture
def file(tmp_path):
    return lg.write_fcs(tmp_path / "a.fcs", EVENTS, NAMES, markers={"A": "CD3"})


@pytest.mark.parametrize("form", FORMS)
def test_a_matrix_is_taken_in_every_form_everywhere(form, file, tmp_path):
    given = forms(tmp_path)[form]
    own = lg.write_fcs(tmp_path / "b.fcs", EVENTS, NAMES, spillover=given)
    assert lg.read_fcs(own).compensation.matrix == pytest.approx(MATRIX.matrix)
    assert lg.read_fcs(file, compensation=given).compensation == MATRIX
    sample = lg.read_fcs(file)
    assert sample.values("A", compensation=given) == pytest.approx(
        sample.values("A", compensation=MATRIX)
    )
    gate = lg.RectangleGate("x", A=(0, 50))
    strategy = lg.GatingStrategy([gate], compensation=given)
    assert strategy.compensation == MATRIX
    assert lg.read_compensation(given if form != "object" else FRAME) == MATRIX
    sheet = pd.DataFrame(
        {"file": [str(file)], "patient": "1", "visit": "m0", "tube": "T"}
    )
    sheet["compensation"] = pd.Series([given], dtype=object)
    assert lg.read_study(sheet).compensations[0] == MATRIX


def test_what_is_no_matrix_is_refused_by_our_own_message(file):
    for given, why in (
        (np.eye(2), "an array, which does not say its detectors"),
        (7, "compensation=7 is no matrix; give a Compensation"),
        (FRAME.rename(index={"A": "X"}), "name other detectors"),
        (FRAME.astype(object).replace(0.1, "much"), "something that is no number"),
        (FRAME.replace(0.1, np.nan), "row 'A', column 'B'"),
    ):
        with pytest.raises(SpilloverError, match=why):
            lg.read_fcs(file, compensation=given)
        with pytest.raises(LongateError, match=why):
            lg.GatingStrategy([lg.RectangleGate("x", A=(0, 1))], compensation=given)
    with pytest.raises(StrategyError, match="'acquistion' is not known"):
        lg.GatingStrategy([], compensation="acquistion")
    with pytest.raises(FileNotFoundError):
        lg.read_fcs(file, compensation="nowhere.csv")
    with pytest.raises(SpilloverError, match="without a name"):
        lg.Compensation([[1, 0], [0, 1]], ["A", float("nan")])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_missing_marker_is_no_marker(missing, tmp_path):
    markers = {"A": missing, "B": "CD56"}
    path = lg.write_fcs(tmp_path / "a.fcs", EVENTS, NAMES, markers=markers)
    assert [c.marker for c in lg.read_fcs(path).panel] == [None, "CD56", None]
    assert lg.Channel("A", missing).marker is None


def test_numbers_as_names(tmp_path):
    path = lg.write_fcs(tmp_path / "a.fcs", EVENTS, [1, 2.0, "3"], markers={1: 7})
    sample = lg.read_fcs(path)
    assert [c.detector for c in sample.panel] == ["1", "2", "3"]
    assert sample.panel.index(7) == sample.panel.index("7") == 0
    assert lg.Channel(5, 6) == lg.Channel("5", "6")
    with pytest.raises(
        LongateError, match="marker or detector '9' is not in the panel"
    ):
        sample.panel.index(9)


def test_nullable_events_and_ranges_and_categorical_names(tmp_path):
    frame = pd.DataFrame(EVENTS, columns=pd.CategoricalIndex(NAMES)).astype("Float64")
    path = lg.write_fcs(tmp_path / "a.fcs", frame)
    assert lg.read_fcs(path, channels=pd.Categorical(["B"])).to_numpy() == (
        pytest.approx(EVENTS[:, 1:2], rel=1e-6)
    )
    frame.iloc[0, 0] = pd.NA
    with pytest.raises(FcsError, match="table of numbers"):
        lg.write_fcs(path, frame)
    with pytest.raises(FcsError, match="ranges must be a number or a mapping"):
        lg.write_fcs(path, EVENTS, NAMES, ranges=pd.NA)
    with pytest.raises(FcsError, match="range of 'A' must be a finite number"):
        lg.write_fcs(path, EVENTS, NAMES, ranges={"A": pd.NA})
