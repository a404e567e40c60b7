"""Runs of one tube, and several tubes of one study."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import NESTED, nested_events, write_study
from longate.exceptions import PopulationError

# Runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """P1 has three runs of one tube at m0, and P2 one."""

    def read(rule):
        folder = tmp_path_factory.mktemp(str(rule))
        sizes = [("P1", 10, 1), ("P1", 30, 2), ("P1", 20, 3), ("P2", 40, 1)]
        files = [
            {
                "patient": patient,
                "visit": "m0",
                "run": run,
                "events": nested_events(n_p=50 + n, n_b=n, n_deep=n // 2, n=100 * n),
            }
            for patient, n, run in sizes
        ]
        return write_study(folder, files, runs=rule)

    return read


def test_pooled_runs_are_one_sample_everywhere(runs):
    populations = runs("pool").gate(NESTED, progress=False)
    counts = populations.counts.set_index(["sample", "population"])["n_events"]
    assert counts["P1_m0", "All events"] == 6000
    assert counts["P1_m0", "P/B+"] == 60
    assert counts["P1_m0", "P/B+/deep"] == 30
    assert counts["P2_m0", "P/B+"] == 40
    share = populations.fraction("deep", of="P").set_index("sample")
    assert share.loc["P1_m0", ["k", "n"]].tolist() == [30, 210]
    phenotypes = populations.phenotypes("P", {"b": "B+"})
    assert phenotypes["n_events"].tolist() == [150, 60, 50, 40]
    mask = populations.mask("B+", sample="P1_m0")
    assert len(mask) == 6000
    events = populations.events("B+", sample="P1_m0")
    assert events.index.tolist() == np.flatnonzero(mask).tolist()
    assert events["FSC-A"].tolist() == [*range(10), *range(30), *range(20)]
    medians = populations.medians("B", population="B+").set_index("sample")
    values = np.concatenate([np.arange(1.0, n + 1) for n in (10, 30, 20)])
    assert medians.index.tolist() == ["P1_m0", "P2_m0"]
    assert medians.loc["P1_m0", "n_events"] == 60
    assert medians.loc["P1_m0", "median"] == np.median(values)


def test_the_last_run_replaces_and_kept_runs_are_samples(runs):
    last = runs("replace").gate(NESTED, progress=False).counts
    last = last[last["population"] == "P/B+"].set_index("sample")["n_events"]
    assert last.to_dict() == {"P1_m0": 20, "P2_m0": 40}
    kept = runs("keep").gate(NESTED, progress=False).counts
    kept = kept[kept["population"] == "P/B+"].set_index("sample")["n_events"]
    assert kept.to_dict() == {
        "P1_m0_run1": 10,
        "P1_m0_run2": 30,
        "P1_m0_run3": 20,
        "P2_m0": 40,
    }


# Tubes


@pytest.fixture(scope="module")
def two_tubes(tmp_path_factory):
    files = [
        {"patient": patient, "visit": "m0", "tube": tube, "events": nested_events()}
        for patient in ["P1", "P2"]
        for tube in ["X", "Y"]
    ]
    study = write_study(tmp_path_factory.mktemp("tubes"), files)
    other = lg.GatingStrategy(
        [lg.RectangleGate("P", A=(1, None)), lg.RectangleGate("only Y", A=(None, 1))]
    )
    return study.gate({"X": NESTED, "Y": other}, progress=False)


def test_a_population_of_two_tubes_needs_the_tube(two_tubes):
    for call in [
        lambda **tube: two_tubes.mask("P", sample="P1_m0", **tube),
        lambda **tube: two_tubes.events("P", sample="P1_m0", **tube),
        lambda **tube: two_tubes.fraction("P", of="All events", **tube),
        lambda **tube: two_tubes.phenotypes("P", {}, **tube),
    ]:
        with pytest.raises(PopulationError, match=r"tubes 'X', 'Y'; give tube="):
            call()
        assert len(call(tube="Y")) > 0
    assert two_tubes.tube_of("deep") == "X"
    assert two_tubes.tube_of("only Y") == "Y"
    with pytest.raises(PopulationError, match=r"'deep' is not in .* 'only Y'"):
        two_tubes.mask("deep", sample="P1_m0", tube="Y")
    with pytest.raises(PopulationError, match="did you mean 'only Y'"):
        two_tubes.tube_of("onlyY")


def test_both_tubes_are_counted_for_every_sample(two_tubes):
    counts = two_tubes.counts
    sizes = counts.groupby(["sample", "tube"]).size().unstack()
    assert sizes["X"].tolist() == [5, 5]
    assert sizes["Y"].tolist() == [3, 3]
    medians = two_tubes.medians("A", population="P")
    assert medians["tube"].tolist() == ["X", "Y", "X", "Y"]


def test_a_population_that_is_ambiguous_in_a_strategy_is_refused(tmp_path):
    study = write_study(
        tmp_path, [{"patient": "P1", "visit": "m0", "events": nested_events()}]
    )
    gates = [
        lg.RectangleGate("P", A=(1, None)),
        lg.RectangleGate("Q", B=(1, None)),
        lg.RectangleGate("X", parent="P", C=(1, None)),
        lg.RectangleGate("X", parent="Q", C=(1, None)),
    ]
    populations = study.gate(lg.GatingStrategy(gates), progress=False)
    for call in [
        lambda: populations.mask("X", sample="P1_m0"),
        lambda: populations.fraction("X", of="All events"),
        lambda: populations.medians("A", population="X"),
    ]:
        with pytest.raises(PopulationError, match="means several populations"):
            call()
    assert len(populations.medians("A", population="Q/X")) == 1
