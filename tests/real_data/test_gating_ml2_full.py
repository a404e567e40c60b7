"""The rest of ISAC's compliance suite for Gating-ML 2.0: file by file, every event."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

import longate as lg

if TYPE_CHECKING:
    from pathlib import Path

# One of the suite's covariances is not positive definite.
pytestmark = pytest.mark.filterwarnings("ignore::longate.exceptions.GateWarning")

FULL = "gating_ml2_full"
FILES = {number: f"gates{number}_shared.xml" for number in "2345"}


@cache
def _sample(file: Path) -> lg.Sample:
    return lg.read_fcs(file)


@cache
def _strategy(file: Path) -> lg.GatingStrategy:
    return lg.read_gatingml(file)


def _results(folder: Path, number: str):
    """Return (population, whether its complement is meant, expected events) by FCS."""
    truth = np.load(folder / f"truth_set{number}.npz")
    found = defaultdict(list)
    with (folder / "index.csv").open() as index:
        for row in csv.DictReader(index):
            if row["set"] != number:
                continue
            name = row["gate_id"]
            complement = name.startswith("NOT ")
            inside = np.unpackbits(truth[row["result_name"]])[: int(row["events"])]
            assert inside.sum() == int(row["inside"])
            found[row["fcs"]].append(
                (name.removeprefix("NOT "), complement, inside.astype(bool))
            )
    return found


@pytest.mark.parametrize("number", FILES)
def test_every_result_of_a_file_agrees_for_every_event(shared_data, number):
    folder = shared_data / FULL
    strategy = _strategy(folder / FILES[number])
    assert not strategy.problems
    n_results = 0
    for fcs, results in _results(folder, number).items():
        gated = strategy.apply(_sample(folder / fcs))
        wrong = {}
        for name, complement, expected in results:
            mask = gated.mask(name.replace("/", "|")) ^ complement
            n_results += 1
            if not np.array_equal(mask, expected):
                wrong[name] = int((mask != expected).sum())
        assert not wrong
    assert n_results == {"2": 27, "3": 38, "4": 14, "5": 9}[number]


@pytest.mark.parametrize("number", FILES)
def test_written_again_it_says_the_same(shared_data, tmp_path, number):
    strategy = _strategy(shared_data / FULL / FILES[number])
    path = lg.write_gatingml(strategy, tmp_path / "again.xml")
    again = lg.read_gatingml(path)
    assert again == strategy
    assert lg.write_gatingml(again, tmp_path / "twice.xml").read_text() == (
        path.read_text()
    )
    assert lg.GatingStrategy.from_json(strategy.to_json()) == strategy
