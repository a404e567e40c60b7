"""Variants of a strategy in one reading: what each gives by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FileWarning, GateError, StrategyError
from study.study_folder import STRATEGY, write_study

CORNERS = [(50, 50), (280, 60), (250, 290), (60, 200)]
GATES = lg.GatingStrategy(
    [
        lg.PolygonGate("Cells", x="FSC-A", y="SSC-A", vertices=CORNERS),
        lg.RectangleGate("CD56+", parent="Cells", CD56=(0.5, None)),
        lg.RectangleGate("CD16+", parent="Cells", CD16=(0.5, 0.95)),
        lg.BooleanGate("NK", "CD56+ or CD16+", parent="Cells"),
        lg.EllipsoidGate(
            "core",
            dimensions=["CD56", "CD16"],
            mean=[0.6, 0.6],
            covariance=[[0.02, 0.005], [0.005, 0.03]],
            parent="NK",
        ),
    ],
    scale=lg.Logicle(t=1000.0),
)
VARIANTS = [
    lg.Perturbation("CD56 up", {"CD56+": lg.Shift({"CD56": 0.05})}),
    lg.Perturbation("CD56 far up", {"CD56+": lg.Shift({"CD56": 0.3})}),
    lg.Perturbation(
        "both",
        {"CD56+": lg.Shift({"CD56": -0.1}), "CD16+": lg.Shift({"CD16": 0.02}, 0.7)},
    ),
    lg.Perturbation("cells", {"Cells": lg.Shift({"SSC-A": 11.0}, factor=0.8)}),
    lg.Perturbation("core", {"Cells/NK/core": lg.Shift({"CD16": 0.1}, factor=1.5)}),
    lg.Perturbation(
        "other",
        {"Cells": lg.PolygonGate("any", x="SSC-A", y="FSC-A", vertices=CORNERS)},
    ),
]
KEYS = ["sample", "population"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return lg.read_study(write_study(tmp_path_factory.mktemp("regating")))


def alone(study, perturbation, sample=None):
    """Counts of a variant that is gated by itself."""
    strategy = GATES
    for path, gate in perturbation.gates(GATES, sample).items():
        parent, _, name = path.rpartition("/")
        placed = replace(gate, name=name, parent=parent or None)
        strategy = strategy.replace(path, placed)
    return study.gate(strategy, progress=False).counts


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_each_variant_is_what_it_is_by_itself(study, threads):
    table = study.regate(GATES, VARIANTS, threads=threads, progress=False)
    assert list(table["perturbation"].cat.categories) == [
        "reference",
        *(one.name for one in VARIANTS),
    ]
    for one in [lg.Perturbation("reference", {}), *VARIANTS]:
        expected = alone(study, one).set_index(KEYS)
        found = table[table["perturbation"] == one.name].set_index(KEYS)
        assert len(found) == len(expected)
        for column in ("n_events", "n_parent", "fraction"):
            np.testing.assert_array_equal(found[column], expected[column])
        parents = [
            table["parent"].astype(object).fillna("") for table in (found, expected)
        ]
        assert parents[0].tolist() == parents[1].tolist()


def test_samples_move_by_their_own_distances(study):
    own = {"P01_m00": 0.1, "P03_m00": -0.2}
    moved = lg.Perturbation("own", {"CD56+": lg.Shift({"CD56": own})})
    table = study.regate(GATES, [moved], progress=False)
    for sample in ("P01_m00", "P02_m00", "P03_m00"):
        expected = alone(study, moved, sample)
        expected = expected[expected["sample"] == sample]["n_events"]
        found = table[(table["perturbation"] == "own") & (table["sample"] == sample)]
        assert found["n_events"].tolist() == expected.tolist()
    given = table[table["perturbation"] == "reference"]["n_events"].to_numpy()
    assert (table[table["perturbation"] == "own"]["n_events"].to_numpy() != given).any()


def test_what_cannot_be_moved_is_refused(study):
    def regate(*changes):
        named = [lg.Perturbation(f"v{i}", c) for i, c in enumerate(changes)]
        return study.regate(GATES, named, progress=False)

    with pytest.raises(
        StrategyError, match=r"perturbation 'v0': no population 'CD57\+'"
    ):
        regate({"CD57+": lg.Shift()})
    with pytest.raises(GateError, match=r"gate 'CD56\+' has no axis 'CD16'"):
        regate({"CD56+": lg.Shift({"CD16": 0.1})})
    with pytest.raises(GateError, match="open side"):
        regate({"CD56+": lg.Shift(factor=2.0)})
    with pytest.raises(GateError, match="cannot be moved"):
        regate({"NK": lg.Shift()})
    with pytest.raises(GateError, match="above 0"):
        lg.Shift(factor=0.0)
    with pytest.raises(GateError, match="cannot be moved"):
        regate({"CD56+": lg.Shift({"CD56": np.nan})})
    twice = [lg.Perturbation("a", {}), lg.Perturbation("a", {})]
    with pytest.raises(StrategyError, match="two perturbations"):
        study.regate(GATES, twice, progress=False)


def test_a_bad_file_is_reported_and_the_rest_delivered(tmp_path):
    sheet = write_study(tmp_path)
    study = lg.read_study(sheet)
    path = tmp_path / "P02.fcs"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.warns(FileWarning, match=r"P02\.fcs"):
        table = study.regate(STRATEGY, [], progress=False)
    assert table["sample"].unique().tolist() == ["P01_m00", "P03_m00"]
