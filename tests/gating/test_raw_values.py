"""Strategies drawn on stored numbers: the same events, however the file was read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import GateError, StrategyError
from reference.fcs_bytes import Channel, build, pack

CHANNELS = [
    Channel("FL1-H", range=1024, amplification="4,1"),
    Channel("FL2-A", range=1024, gain="3.67"),
    Channel("FSC-H", range=1024),
    Channel("Time", range=1024),
]
EVENTS = np.random.default_rng(5).integers(0, 1024, (500, 4))
GATES = [
    lg.PolygonGate("P", x="FL1-H", y="FL2-A", vertices=[(0, 0), (900, 10), (500, 900)]),
    lg.RectangleGate("R", parent="P", dimensions={"Time": (100, 700)}),
    lg.RectangleGate("S", dimensions={"FSC-H": (100, 700)}),
]
RAW = lg.GatingStrategy(GATES, compensation=None, values="raw")
SCALE = RAW.changed(values="scale")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.fcs"
    rows = pack(EVENTS.tolist(), "IIII", "<")
    step = {"$TIMESTEP": "0.5"}
    data = build(CHANNELS, rows, len(EVENTS), datatype="I", keywords=step)
    path.write_bytes(data)
    return path


def counts(gated):
    return gated.counts["n_events"].tolist()


def test_stored_numbers_are_gated_however_the_file_was_read(file):
    fl1, fl2, fsc, time = EVENTS.T
    assert lg.read_fcs(file, values="raw").raw
    expected = {
        "P": GATES[0].contains({"FL1-H": fl1, "FL2-A": fl2}),
        "S": (fsc >= 100) & (fsc < 700),
    }
    expected["P/R"] = expected["P"] & (time >= 100) & (time < 700)
    assert 20 < expected["P/R"].sum() < expected["P"].sum() < 400
    sources = [file, lg.read_fcs(file), lg.read_fcs(file, values="raw")]
    for source in sources:
        gated = RAW.apply(source)
        for path, mask in expected.items():
            np.testing.assert_array_equal(gated.mask(path), mask, err_msg=path)
    assert counts(SCALE.apply(sources[0])) != counts(RAW.apply(sources[0]))
    assert len({tuple(counts(SCALE.apply(source))) for source in sources}) == 1


def test_a_study_gives_stored_numbers_to_gates_statistics_and_events(file):
    sheet = pd.DataFrame(
        {"file": [str(file)], "patient": ["P1"], "visit": ["m0"], "tube": ["NK"]}
    )
    study = lg.read_study(sheet)
    median = lg.Statistic("median", "FL1-H", population="P")
    populations = study.gate(RAW, statistics=[median])
    assert counts(RAW.apply(file)) == populations.counts["n_events"].tolist()
    inside = RAW.apply(file).mask("P")
    assert populations.statistics["value"].tolist() == [np.median(EVENTS[inside, 0])]
    events = populations.events("P", sample="P1_m0", channels=["FL1-H"])
    np.testing.assert_array_equal(events["FL1-H"], EVENTS[inside, 0])


def test_values_are_part_of_the_strategy():
    again = lg.GatingStrategy.from_json(RAW.to_json())
    assert again == RAW
    assert again.values == "raw"
    assert RAW != SCALE
    assert "stored numbers" in repr(RAW)
    assert "stored numbers" not in repr(SCALE)
    assert RAW.rename("P", "Q").values == RAW.for_sample("x").values == "raw"
    with pytest.raises(StrategyError, match=r"values='rew'.*did you mean 'raw'"):
        lg.GatingStrategy(GATES, values="rew")


def test_a_sample_whose_file_is_gone_is_refused_with_the_way_out(file):
    sample = lg.read_fcs(file)
    file.unlink()
    assert counts(SCALE.apply(sample))
    with pytest.raises(
        GateError, match=r"a\.fcs was read with values='scale'; read it"
    ):
        RAW.apply(sample)


def test_a_file_that_is_another_one_by_now_is_refused(file):
    sample = lg.read_fcs(file, values="raw")
    file.write_bytes(file.read_bytes().replace(b"$TIMESTEP/0.5", b"$TIMESTEP/0.7"))
    with pytest.raises(GateError, match="its file has changed since"):
        SCALE.apply(sample)


def test_values_without_amplification_need_no_file(tmp_path):
    path = lg.write_fcs(tmp_path / "b.fcs", EVENTS[:, :2], ["FL1-H", "FL2-A"])
    sample = lg.read_fcs(path)
    path.unlink()
    gate = GATES[0]
    one, other = (
        lg.GatingStrategy([gate], values=values).apply(sample)
        for values in ("raw", "scale")
    )
    assert counts(one) == counts(other)
