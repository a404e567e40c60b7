"""The robustness report against what it says: calls, gains, moves, words."""

from __future__ import annotations

import math
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.cytometry.transforms.asinh_unit import asinh_unit
from longate.exceptions import MaturationError
from longate.nk.robustness.calls import CallRules, sample_calls
from longate.nk.robustness.gain_search import smallest_gain
from nk.gained import with_gain


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = lg.simulate.cohort(
        tmp_path_factory.mktemp("robust"),
        patients=4,
        nk_events=30_000,
        tubes=["NK"],
        progress=False,
    )
    return lg.read_study(made.sheet)


@pytest.fixture(scope="module")
def populations(study):
    return study.gate(lg.simulate.nk_strategy(), progress=False)


@pytest.fixture(scope="module")
def report(populations):
    return lg.nk.robustness(lg.nk.thresholds(populations, parent="NK"))


def index_of(populations):
    table = lg.nk.maturation(populations, parent="NK").table
    return table.set_index("sample")["index"]


def test_calls_in_memory_are_those_of_the_gates(populations, report):
    found = report.samples.set_index("sample")["index_gates"]
    pd.testing.assert_series_equal(
        found, index_of(populations).loc[found.index], check_names=False, rtol=1e-12
    )


def test_anchored_calls_in_memory_are_those_of_anchored_gating(populations, report):
    again = index_of(lg.nk.thresholds(populations, parent="NK").gate())
    found = report.samples.set_index("sample")["index_anchored"]
    np.testing.assert_allclose(found, again.loc[found.index], rtol=1e-12)


@pytest.mark.parametrize(("channel", "gain"), [("CD56", 1.35), ("NKG2A", 0.8)])
def test_a_gain_in_memory_is_the_gain_in_the_files(
    study, populations, tmp_path, channel, gain
):
    strategy = lg.simulate.nk_strategy()
    after = index_of(
        with_gain(study, tmp_path, channel, gain).gate(strategy, progress=False)
    )
    rules = CallRules.of(strategy, "NK", "five_stage", None)
    for sample, (_, calls) in sample_calls(populations, "NK", rules).items():
        found = calls.index(calls.under_gain(calls.gates, channel, gain))
        assert found == pytest.approx(after[sample], abs=0.001)


def test_the_smallest_gain_produces_the_change_and_a_smaller_one_does_not(
    populations, report
):
    strategy = lg.simulate.nk_strategy()
    rules = CallRules.of(strategy, "NK", "five_stage", None)
    events = sample_calls(populations, "NK", rules)
    visits = populations.counts.drop_duplicates("sample").set_index("sample")
    known = report.gains[report.gains["gain"].notna()]
    assert len(known) > 3
    for row in known.itertuples():
        first = f"{row.contrast.rpartition(' - ')[2]}"
        sample = next(
            s
            for s in visits.index[visits["patient"] == row.patient]
            if str(visits.loc[s, "visit"]) == first
        )
        calls = events[sample][1]
        start = calls.index(calls.gates)
        sign = math.copysign(1, row.change_gates)

        def produced(gain, calls=calls, start=start, sign=sign, channel=row.channel):
            moved = calls.under_gain(calls.gates, channel, gain)
            return sign * (calls.index(moved) - start)

        assert produced(row.gain) >= abs(row.change_gates) - 1e-12
        assert produced(row.gain**0.98) < abs(row.change_gates)


def test_smallest_gain_of_a_known_function():
    found = smallest_gain(lambda g: 0.1 * math.log(g), 0.03)
    assert found == pytest.approx(math.exp(0.3), rel=2e-4)
    assert smallest_gain(lambda g: 0.1 * math.log(g), -0.03) == pytest.approx(
        math.exp(-0.3), rel=2e-4
    )
    assert math.isnan(smallest_gain(lambda g: 0.0, 0.03))
    assert smallest_gain(lambda g: 0.0, 0.0) == 1.0
    assert math.isnan(smallest_gain(lambda g: 0.1, math.nan))


def test_a_unit_is_a_factor_of_e_on_every_logarithmic_scale():
    for scale in (
        lg.Logicle(),
        lg.Arcsinh.with_cofactor(5.0),
        lg.Arcsinh(t=262144.0, m=4.5, a=0.5),
    ):
        far = scale.inverse(np.array([float(scale([1e5])[0])]))
        moved = scale([float(far[0]) * math.e])[0] - scale([1e5])[0]
        assert asinh_unit(scale) == pytest.approx(float(moved), rel=1e-3)
    assert asinh_unit(lg.Linear()) is None
    assert asinh_unit(None) is None


def test_every_threshold_is_moved_both_ways(report):
    moves = report.moves
    by_marker = moves.groupby("marker")["move"].unique().map(set)
    units = {"-0.2 units", "-0.1 units", "+0.1 units", "+0.2 units"}
    assert all(units <= found for found in by_marker)
    assert {"-1 SE", "+1 SE"} <= by_marker["CD16"]
    start = report.samples.set_index("sample")["index_anchored"]
    change = moves["index"] - moves["sample"].map(start)
    np.testing.assert_allclose(moves["change"], change, atol=1e-12)
    inside = report.samples
    lowest = moves.groupby("sample")["index"].min()
    assert (inside.set_index("sample")["lowest_moved"] == lowest).all()


def test_the_conclusion_stands_under_each_variant(report):
    own = report.conclusion
    anchored = own[own["variant"] == "anchored"].set_index("contrast")["estimate"]
    table = report.samples.set_index(["patient", "visit"])["index_anchored"].unstack()
    for contrast, value in anchored.items():
        later, _, first = contrast.partition(" - ")
        assert value == pytest.approx((table[later] - table[first]).mean())
    variants = own.groupby("contrast").size()
    assert (variants == 3 + 7 * 6).all()


def test_with_labels_the_difference_of_changes_is_judged(populations):
    found = lg.nk.thresholds(populations, parent="NK")
    patients = populations.counts["patient"].unique()
    labels = pd.DataFrame(
        {"patient": patients, "label": ["responder", "responder"] + ["other"] * 2}
    )
    complete = labels["patient"].isin(
        populations.counts.query("visit == 'm12'")["patient"]
    )
    labels.loc[complete, "label"] = ["responder", "other", "other"][: complete.sum()]
    own = lg.nk.robustness(found, labels=labels).conclusion
    assert set(own["estimand"]) == {"mean change of responders - of others"}
    with pytest.raises(MaturationError, match="two labels"):
        lg.nk.robustness(found, labels=labels.assign(label="responder"))


def test_words_say_what_cannot_be_excluded(report):
    told = " ".join(report.words)
    assert "Drug fluorescence not excluded" in told
    assert "CD56dim CD16- cells are" in told
    assert "Treatment-sensitive sources (CD56bright" in told
    assert "would produce it" in told
    assert all(sentence in repr(report) for sentence in report.words)


def test_without_nkg2c_adaptive_expansion_stays_open(populations):
    strategy = populations.strategies["NK"].gates
    gates = [gate for gate in strategy if gate.name != "NKG2C+"]
    again = populations.study.gate(
        lg.GatingStrategy(gates, scale=populations.strategies["NK"].scale),
        progress=False,
    )
    words = " ".join(lg.nk.robustness(lg.nk.thresholds(again, parent="NK")).words)
    assert "not separable from adaptive (CMV) expansion" in words


def test_few_cells_are_named(populations, monkeypatch):
    for name in ("report", "tables"):
        # By import, not by dotted name: lg.nk.robustness is the function.
        module = import_module(f"longate.nk.robustness.{name}")
        monkeypatch.setattr(module, "WANTED", 10**6)
    found = lg.nk.robustness(lg.nk.thresholds(populations, parent="NK"))
    assert (found.samples["cells"] == "too few").all()
    assert any("fewer than 1000000 NK cells" in words for words in found.words)


def test_specimens_of_one_patient_are_not_mixed(study):
    sheet = study.samples.drop(columns="n_events").copy()
    last = sheet["visit"] == sheet["visit"].cat.categories[-1]
    sheet["specimen"] = np.where(last, "pbmc_frozen", "whole_blood_lyse_wash")
    mixed = lg.read_study(sheet).gate(lg.simulate.nk_strategy(), progress=False)
    found = lg.nk.thresholds(mixed, parent="NK")
    with pytest.raises(MaturationError, match=r"pbmc_frozen.*leave one visit out"):
        lg.nk.robustness(found)
