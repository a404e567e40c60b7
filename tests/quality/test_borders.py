"""Moved borders of a population, and its overlap with another one."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import GateError

SCALE = lg.Logicle(t=262144.0, w=0.5, m=4.5, a=0.0)
CHANNELS = ["CD3", "CD8", "CD56"]


def gates(*, cd3: bool) -> lg.GatingStrategy:
    t_cells = {"CD3": (0.5, None)} if cd3 else {"CD3": (None, None)}
    parent = [lg.RectangleGate("T cells", dimensions=t_cells)] if cd3 else []
    inside = "T cells" if cd3 else None
    return lg.GatingStrategy(
        [
            *parent,
            lg.RectangleGate("CD8low", parent=inside, CD8=(0.4, 0.65)),
            lg.RectangleGate("NK", CD3=(None, 0.5), CD56=(0.4, None)),
        ],
        scale=SCALE,
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    random = np.random.default_rng(4)
    cd3 = np.repeat([20_000.0, 50.0], [3000, 600])
    cd8 = 10 ** random.normal(np.repeat([3.4, 3.2], [3000, 600]), 0.5)
    cd56 = np.repeat([50.0, 8000.0], [3000, 600])
    events = np.column_stack([cd3, cd8, cd56])
    files = [{"patient": "P1", "visit": "m0", "events": events}]
    return write_study(tmp_path_factory.mktemp("cd8"), files, channels=CHANNELS)


def test_moved_borders_are_counted_as_a_gate_with_those_borders(study):
    found = study.gate(gates(cd3=True), progress=False)
    table = lg.quality.border_sensitivity(found, "CD8low", "CD8").table
    assert table["border"].value_counts().to_dict() == {"lower": 5, "upper": 5}
    unit = 1 / (4.5 * np.log(10))
    for row in table.itertuples():
        bounds = (
            (row.threshold, 0.65) if row.border == "lower" else (0.4, row.threshold)
        )
        assert row.threshold == pytest.approx(
            {"lower": 0.4, "upper": 0.65}[row.border] + row.move * unit
        )
        moved = lg.GatingStrategy(
            [
                lg.RectangleGate("T cells", CD3=(0.5, None)),
                lg.RectangleGate("CD8low", parent="T cells", CD8=bounds),
            ],
            scale=SCALE,
        )
        again = study.gate(moved, progress=False).counts.set_index("population")
        assert row.n_events == again.loc["T cells/CD8low", "n_events"]
    drawn = table[table["move"] == 0]
    assert (drawn["ratio"] == 1).all()


def test_an_overlap_with_nk_is_flagged_where_cd3_does_not_part_them(study):
    apart = lg.quality.border_sensitivity(
        study.gate(gates(cd3=True), progress=False), "CD8low", "CD8", overlap="NK"
    )
    assert apart.overlap["n_overlap"].tolist() == [0]
    assert any("No event of" in word for word in apart.words)
    mixed = lg.quality.border_sensitivity(
        study.gate(gates(cd3=False), progress=False), "CD8low", "CD8", overlap="NK"
    )
    assert mixed.overlap["n_overlap"].iloc[0] > 100
    assert any("do not require CD3+" in word for word in mixed.words)
    assert "units of asinh" in repr(mixed)


def test_what_has_no_border_is_refused(study):
    found = study.gate(gates(cd3=True), progress=False)
    with pytest.raises(GateError, match=r"does not bound 'CD3'; it bounds 'CD8'"):
        lg.quality.border_sensitivity(found, "CD8low", "CD3")
