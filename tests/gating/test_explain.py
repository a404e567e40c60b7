"""A plan says what it will do."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import longate as lg
from child import answer_of
from gating.samples import sample_of
from longate.io.fcs import read_metadata

MATRIX = lg.Compensation([[1.0, 0.2], [0.1, 1.0]], ["A", "B"])
STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("R", A=(0.3, None)),
        lg.PolygonGate(
            "P", parent="R", x="FSC-A", y="B", vertices=[(0, 0), (9, 0), (5, 1)]
        ),
        lg.BooleanGate("N", "not P", parent="R"),
    ],
    scale=lg.Logicle(),
)


def test_names_channels_order_and_how_gates_are_decided():
    columns = {name: np.ones(3) for name in ("FSC-A", "A", "B", "C")}
    sample = sample_of(columns, compensation=MATRIX)
    found = STRATEGY.explain(
        sample, statistics=[lg.Statistic("median", "C", population="N")]
    )
    assert set(found.decoded) == {"FSC-A", "A", "B", "C"}
    assert found.n_compensated == 2
    assert found.steps == (
        ("R", "on values", ()),
        ("R/P", "on scaled values", ("B",)),
        ("R/N", "on masks", ()),
    )
    text = repr(found)
    assert "C of R/N for median" in text
    assert "1 bit per event" in text
    assert "for 3 events: 0.0 MiB of masks, at most 0.0 MiB of values" in text
    assert text in found._repr_html_().replace("&#x27;", "'")


def test_a_channel_that_no_gate_needs_is_not_decoded():
    columns = {name: np.ones(3) for name in ("FSC-A", "A", "B", "C")}
    plain = lg.GatingStrategy([lg.RectangleGate("R", dimensions={"C": (0, 1)})])
    assert plain.explain(sample_of(columns)).decoded == ("C",)


N_EVENTS = 2_000_000
WHOLE = lg.GatingStrategy(
    [
        lg.RectangleGate("R", A=(-1.0, None)),
        lg.PolygonGate(
            "P", parent="R", x="A", y="B", vertices=[(-9, -9), (9, -9), (0, 9)]
        ),
    ],
    scale=lg.Logicle(),
)
MEDIANS = [lg.Statistic("median", name, population="R") for name in ("A", "B")]
ASKED = {
    "nothing": {"keep": None},
    "masks": {},
    "statistics": {"keep": None, "statistics": MEDIANS},
    "events": {"keep": {"R": ["A", "B"], "P": ["C"]}},
    "all": {"keep": {"R": ["A", "C"]}, "statistics": MEDIANS},
}


def memory(which):
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith(which)).split()[1]) << 10


def needed(folder, name):
    """Bytes that gating took at its peak beside what was there before."""
    study = lg.read_study(f"{folder}/samples.csv")
    options = {"threads": 2, "progress": False}
    first = study.gate(WHOLE, keep=None, **options)  # loads what is loaded once
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    gated = study.gate(WHOLE, **ASKED[name], **options)
    found = memory("VmHWM") - before
    assert gated.counts["n_events"].tolist() == first.counts["n_events"].tolist()
    return found, gated.counts["n_events"].tolist()


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="peaks are read on Linux"
)
@pytest.mark.parametrize("name", ASKED)
def test_the_memory_that_is_printed_bounds_the_peak(name, tmp_path):
    """Measured in a process of its own; every event is in every population."""
    path = tmp_path / "0.fcs"
    values = np.linspace(0, 1, N_EVENTS * 3, dtype=np.float32).reshape(-1, 3)
    lg.write_fcs(path, values, ["A", "B", "C"])
    sheet = "file,patient,visit,tube\n0.fcs,P,m0,T\n"
    (tmp_path / "samples.csv").write_text(sheet)
    call = f"needed({str(tmp_path)!r}, {name!r})"
    peak, counts = answer_of(call, module="gating.test_explain")
    assert counts == [N_EVENTS] * 3
    asked = ASKED[name]
    keep = asked.get("keep", "masks")
    explained = WHOLE.explain(
        read_metadata(path),
        statistics=asked.get("statistics", ()),
        keep=keep if isinstance(keep, dict) else None,
    )
    bound = 2 * explained.bytes_per_thread + explained.bytes_of_values
    if keep is not None:
        bound += explained.bytes_of_masks
    spare = 8 << 20  # the allocator's, and pages around
    assert peak < 1.15 * bound + spare
    assert explained.bytes_of_values == 8 * N_EVENTS * COLUMNS[name]
    if explained.bytes_of_values:
        assert peak > 0.5 * explained.bytes_of_values, "no bound is far too large"


COLUMNS = {"nothing": 0, "masks": 0, "statistics": 3, "events": 7, "all": 7}
