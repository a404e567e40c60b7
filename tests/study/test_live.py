"""A live study counts what gating counts, whatever moves."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

import longate as lg
from longate.exceptions import StrategyError, StudyError
from study.study_folder import CHANNELS, MARKERS, SPILLOVER, write_sheet
from study.test_regating import GATES, VARIANTS

PATIENTS = ["P1", "P2", "P3"]
DEEPER = GATES.add(
    lg.BooleanGate("rest", "not core", parent="Cells/NK"),
    lg.RectangleGate(
        "closed", parent="Cells", interval="closed", CD56=(0.3, 0.8), CD16=(None, 0.7)
    ),
)


def hostile(seed: int, n_events: int) -> np.ndarray:
    """Events of all sizes, with some that are not numbers."""
    rng = np.random.default_rng(seed)
    table = np.column_stack(
        [
            *rng.uniform(0, 300, (2, n_events)),
            *(rng.normal(0, 20, (2, n_events)) + rng.choice([0, 400], (2, n_events))),
            np.arange(n_events),
        ]
    )
    rare = rng.integers(0, table.size, n_events // 20)
    table.ravel()[rare] = rng.choice(
        [np.nan, np.inf, -np.inf, 0.0, -1e30, 1e30], len(rare)
    )
    table[:, 0] = np.round(table[:, 0])  # many events share a value
    return table


def write(folder, tables, **options):
    rows = []
    for number, table in enumerate(tables):
        options = {
            "markers": MARKERS,
            "spillover": SPILLOVER,
            "ranges": 1000.0,
            **options,
        }
        lg.write_fcs(folder / f"{number}.fcs", table, CHANNELS, **options)
        rows.append(
            {
                "file": f"{number}.fcs",
                "patient": PATIENTS[number],
                "visit": "C1",
                "tube": "NK",
            }
        )
    return lg.read_study(write_sheet(folder, rows))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    sizes = [9_001, 4_096, 63]
    tables = [hostile(seed, n_events) for seed, n_events in enumerate(sizes)]
    return write(tmp_path_factory.mktemp("live"), tables)


def assert_equal(live, study):
    expected = study.gate(live.strategy, keep=None, progress=False).counts
    found = live.counts
    for key in ["sample", "population", "n_events", "n_parent"]:
        assert found[key].tolist() == expected[key].tolist()


@pytest.mark.parametrize("max_memory", [1 << 30, 200_000, 0])
def test_any_edits_are_counted_as_gating_counts_them(study, max_memory):
    live = study.live(DEEPER, max_memory=max_memory)
    assert live.n_bytes <= max_memory
    assert_equal(live, study)
    rng = np.random.default_rng(2012)
    changes = [one.gates(DEEPER, None) for one in VARIANTS]
    for _ in range(12):
        for path, gate in changes[rng.integers(len(changes))].items():
            shift = lg.Shift(
                {str(gate.axes[0]): rng.normal(0, 0.05)}, rng.uniform(0.8, 1.2)
            )
            is_open = isinstance(gate, lg.RectangleGate) and path == "Cells/CD56+"
            moved = gate if is_open else shift.applied(gate)
            table = live.set_gate(path, moved)
            assert (table >= 0).all()
        assert_equal(live, study)


def borders(gate, scale, study):
    """Events on every vertex and threshold, and on the numbers beside these."""
    values = [scale.inverse(np.array([0.5, 0.95, 0.3, 0.8, 0.7]))]
    single = np.concatenate(values).astype(np.float32)
    around = np.concatenate(
        [np.nextafter(single, np.float32(side)) for side in (-np.inf, np.inf)]
        + [single]
    )
    return around.astype(float)


def test_events_on_every_border_are_decided_exactly(tmp_path):
    scale = lg.Logicle(t=1000.0)
    on = borders(GATES, scale, None)
    corners = np.array([(50, 50), (280, 60), (250, 290), (60, 200)], dtype=float)
    rows = [
        [x, y, a, b, 0.0]
        for x, y in [*corners, *((corners + np.roll(corners, 1, 0)) / 2)]
        for a in on
        for b in on[:7]
    ]
    study = write(tmp_path, [np.array(rows)], spillover=None)
    live = study.live(DEEPER)
    assert_equal(live, study)
    for value in on:
        # A threshold on the very scaled value of some events.
        at = float(scale(np.array([value]))[0])
        live.set_gate("CD56+", lg.RectangleGate("CD56+", CD56=(at, None)))
        assert_equal(live, study)
        live.set_gate("CD16+", lg.RectangleGate("CD16+", CD16=(None, at)))
        assert_equal(live, study)


def test_what_does_not_fit_changes_nothing(study):
    live = study.live(GATES)
    before = live.table
    with pytest.raises(StrategyError, match="no gate was on"):
        live.set_gate("CD56+", lg.RectangleGate("CD56+", Time=(0, 5)))
    with pytest.raises(StrategyError):
        live.set_gate("CD56+", lg.BooleanGate("CD56+", "not CD16+"))
    assert np.array_equal(live.table, before)
    assert live.strategy == GATES
    with pytest.raises(StudyError, match="max_memory"):
        study.live(GATES, max_memory=-1)


def test_a_file_that_changes_is_told_and_the_others_are_counted(tmp_path):
    study = write(tmp_path, [hostile(seed, 500) for seed in range(3)])
    live = study.live(GATES, max_memory=0)
    os.truncate(tmp_path / "1.fcs", 100)
    moved = lg.Shift({"SSC-A": 10.0}).applied(GATES["Cells"])
    table = live.set_gate("Cells", moved)
    assert (table[1] == -1).all()
    assert (table[[0, 2]] >= 0).all()
    assert live.problems["sample"].str.contains("P2").sum() == 1
    assert live.counts["sample"].nunique() == 2


def test_gates_of_single_samples_stay_theirs(study):
    name = study.samples["sample"][0]
    own = replace(
        GATES["Cells/CD56+"], parent="Cells", dimensions={"CD56": (0.2, None)}
    )
    live = study.live(GATES.override(name, own))
    live.set_gate("CD56+", lg.RectangleGate("CD56+", CD56=(0.6, None)))
    assert_equal(live, study)
