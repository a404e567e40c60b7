"""Answers depend on the events alone: not on order, blocks, threads or the reader."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longate as lg
from gating.samples import sample_of, write_study

CHANNELS = ["FSC-A", "A", "B", "C"]
MATRIX = lg.Compensation(
    [[1.0, 0.2, 0.0], [0.1, 1.0, 0.05], [0.0, 0.3, 1.0]], ["A", "B", "C"]
)
GATES = [
    lg.PolygonGate("P", x="FSC-A", y="A", vertices=[(0, 0.1), (9e4, 0.2), (5e4, 0.9)]),
    lg.RectangleGate("R", parent="P", B=(0.35, None), C=(None, 0.8)),
    lg.BooleanGate("N", "not R", parent="P"),
    lg.RectangleGate("below N", parent="N", A=(0.3, 0.6)),
    lg.BooleanGate("X", "R or not P"),
]
STRATEGY = lg.GatingStrategy(GATES, scale=lg.Logicle())


def _events(n_events: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    events = rng.lognormal(6, 2, (n_events, 4))
    events[:, 0] = rng.uniform(0, 1e5, n_events)
    events[rng.random(n_events) < 0.02, 1] = np.nan
    return events.astype(np.float32)


def _masks(gated) -> np.ndarray:
    return np.array([gated.mask(path) for path in STRATEGY.paths])


SIZES = [0, 1, 7, 8, 9, 63, 64, 65, 4095, 4096, 4097, 8191, 8192, 8193]


@pytest.fixture(scope="module")
def whole():
    """The masks of the longest file, gated in memory."""
    events = _events(max(SIZES))
    columns = dict(zip(CHANNELS, events.T, strict=True))
    return events, _masks(STRATEGY.apply(sample_of(columns, compensation=MATRIX)))


@pytest.mark.parametrize("n_events", SIZES)
def test_a_file_cut_short_has_the_same_first_events(whole, n_events, tmp_path):
    events, masks = whole
    lg.write_fcs(tmp_path / "f.fcs", events[:n_events], CHANNELS, spillover=MATRIX)
    sample = lg.read_fcs(tmp_path / "f.fcs")
    gated = STRATEGY.apply(sample)
    np.testing.assert_array_equal(_masks(gated), masks[:, :n_events])
    assert gated.counts["n_events"].tolist() == [
        n_events,
        *masks[:, :n_events].sum(axis=1),
    ]


def test_the_order_of_events_only_orders_the_mask(whole):
    events, masks = whole
    order = np.random.default_rng(1).permutation(len(events))
    columns = dict(zip(CHANNELS, events[order].T, strict=True))
    gated = STRATEGY.apply(sample_of(columns, compensation=MATRIX))
    np.testing.assert_array_equal(_masks(gated), masks[:, order])


def test_the_order_of_gates_and_channels_changes_nothing(whole):
    events, masks = whole
    turned = lg.GatingStrategy(GATES[::-1], scale=lg.Logicle())
    columns = dict(zip(CHANNELS[::-1], events.T[::-1], strict=True))
    gated = turned.apply(sample_of(columns, compensation=MATRIX))
    for path, mask in zip(STRATEGY.paths, masks, strict=True):
        np.testing.assert_array_equal(gated.mask(path), mask)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One file of each size, with the matrix in the file."""
    files = [
        {"patient": f"P{n}", "visit": "m0", "events": _events(n), "spillover": MATRIX}
        for n in SIZES
    ]
    return write_study(tmp_path_factory.mktemp("sizes"), files)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_study_equals_its_samples_whatever_the_threads(study, threads):
    populations = study.gate(STRATEGY, threads=threads, progress=False)
    for sample in study.samples["sample"]:
        gated = STRATEGY.apply(study.read(sample))
        for path in STRATEGY.paths:
            np.testing.assert_array_equal(
                populations.mask(path, sample=sample), gated.mask(path)
            )
    one = study.gate(STRATEGY, threads=1, progress=False)
    pd.testing.assert_frame_equal(populations.counts, one.counts)
    assert populations.run_id == one.run_id


def test_children_lie_within_their_parents(study):
    populations = study.gate(STRATEGY, progress=False)
    for sample in study.samples["sample"]:
        for path in STRATEGY.paths:
            parent = STRATEGY.parent(path) or "All events"
            inside = populations.mask(path, sample=sample)
            assert not (inside & ~populations.mask(parent, sample=sample)).any()
    counts = populations.counts
    assert (counts["n_events"] <= counts["n_parent"]).all()


def test_a_file_without_events_has_counts_but_no_fraction(study):
    counts = study.gate(STRATEGY, progress=False).counts
    empty = counts[counts["sample"] == "P0_m0"]
    assert len(empty) == 1 + len(STRATEGY.paths)
    assert (empty["n_events"] == 0).all()
    assert empty[["fraction", "low", "high"]].isna().all(axis=None)
    assert (empty["detection"] == "below detection").all()
