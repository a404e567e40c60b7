"""ISAC's compliance set for Gating-ML 2.0: every gate, every event."""

from __future__ import annotations

import csv
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

import longate as lg

if TYPE_CHECKING:
    from pathlib import Path

# One of the set's covariances is neither symmetric nor positive definite.
pytestmark = pytest.mark.filterwarnings("ignore::longate.exceptions.GateWarning")

SET = "gating_ml2"
REFUSED = "gml_range_gate_attr_testing.xml"


@cache
def _sample(folder: Path) -> lg.Sample:
    return lg.read_fcs(folder / "data1.fcs")


@cache
def _gated(folder: Path, file: str):
    return lg.read_gatingml(folder / "gml" / file).apply(_sample(folder))


def _pairs(folder: Path) -> list[tuple[str, str, str, int]]:
    with (folder / "index.csv").open() as index:
        return [
            (
                row["gml_file"],
                row["gate_id"],
                row["truth_file"],
                int(row["n_inside"]),
            )
            for row in csv.DictReader(index)
        ]


def test_every_pair_agrees_for_every_event(shared_data):
    folder = shared_data / SET
    pairs = [pair for pair in _pairs(folder) if pair[0] != REFUSED]
    assert len(pairs) == 55
    wrong = {}
    for file, gate, truth, n_inside in pairs:
        expected = np.loadtxt(folder / "truth" / truth, dtype=int).astype(bool)
        assert expected.sum() == n_inside
        mask = _gated(folder, file).mask(gate)
        if not np.array_equal(mask, expected):
            wrong[file, gate] = int((mask != expected).sum())
    assert not wrong


def test_what_is_no_gating_ml_is_refused(shared_data):
    file = shared_data / SET / "gml" / REFUSED
    with pytest.raises(lg.exceptions.GatingMLError, match=r"line 7.*<sample>"):
        lg.read_gatingml(file)


def test_written_again_it_says_the_same(shared_data, tmp_path):
    folder = shared_data / SET
    for file in sorted({pair[0] for pair in _pairs(folder)} - {REFUSED}):
        strategy = lg.read_gatingml(folder / "gml" / file)
        written = lg.write_gatingml(strategy, tmp_path / file)
        again = lg.read_gatingml(written)
        assert again == strategy
        assert again.custom_info == strategy.custom_info
        assert [gate.custom_info for gate in again.gates] == [
            gate.custom_info for gate in strategy.gates
        ]
        gated = again.apply(_sample(folder))
        for path in strategy.paths:
            before = _gated(folder, file).mask(path)
            np.testing.assert_array_equal(gated.mask(path), before)
