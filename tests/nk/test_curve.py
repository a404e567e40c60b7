"""Maturation curves: truth along a line, ranks, files, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import MaturationError
from nk.cells import CHANNELS, cell, events_of, gates

Curve = lg.nk.MaturationCurve
MARKERS = ["CD16", "KIR", "CD57", "CD56bright", "NKG2A"]
TURNS = {"CD56bright": 0.1, "CD16": 0.15, "NKG2A": 0.4, "KIR": 0.55, "CD57": 0.75}


def cells_of(n, seed, *, late=1.0, offset=0.0):
    """Anchored values of cells whose place on the way is known."""
    rng = np.random.default_rng(seed)
    place = rng.random(n) ** (1 / late)
    frame = {}
    for marker in MARKERS:
        gained = 1 / (1 + np.exp(-(place - TURNS[marker]) * 12))
        value = 1 - gained if marker in ("CD56bright", "NKG2A") else gained
        frame[marker] = value + rng.normal(0, 0.08, n) + offset
    return pd.DataFrame(frame), place


@pytest.fixture(scope="module")
def reference():
    return {f"donor {k}": cells_of(1500 + 400 * k, k)[0] for k in range(3)}


@pytest.fixture(scope="module")
def curve(reference):
    return Curve.fit(reference)


def test_ranks_follow_the_true_place(curve):
    cells, place = cells_of(4000, 9)
    ranks = curve.project(cells)["rank"]
    assert ranks.corr(pd.Series(place), method="spearman") > 0.97
    assert ranks.between(0, 1).all()


def test_the_reference_is_uniform_on_its_own_curve(reference, curve):
    ranks = pd.concat([curve.project(cells)["rank"] for cells in reference.values()])
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert (ranks <= share).mean() == pytest.approx(share, abs=0.02)
    assert ranks.mean() == pytest.approx(0.5, abs=0.01)


def test_more_mature_cells_have_higher_ranks_and_each_raises_the_mean(curve):
    younger, _ = cells_of(3000, 4)
    older, _ = cells_of(3000, 4, late=2.0)
    low, high = (curve.project(cells)["rank"] for cells in (younger, older))
    assert high.mean() > low.mean() + 0.1
    terminal = pd.DataFrame(
        {"CD16": [1.0], "KIR": [1.0], "CD57": [1.0], "CD56bright": [0.0], "NKG2A": [0]}
    )
    more = pd.concat([younger, terminal])
    assert curve.project(more)["rank"].mean() > low.mean()


def test_cells_beside_the_way_are_found(curve, reference):
    strange = pd.DataFrame({marker: [1.0] * 50 for marker in MARKERS})
    assert curve.project(strange)["off_curve"].all()
    own = pd.concat([curve.project(cells)["off_curve"] for cells in reference.values()])
    assert own.mean() == pytest.approx(0.01, abs=0.005)


def test_every_reference_sample_counts_alike():
    few, many = cells_of(400, 1)[0], cells_of(20_000, 2, late=3.0)[0]
    balanced = Curve.fit({"few": few, "many": many})
    assert balanced.provenance["events_per_sample"] == 400
    mean = balanced.project(few)["rank"].mean() + balanced.project(many)["rank"].mean()
    assert mean / 2 == pytest.approx(0.5, abs=0.02)


def test_seed_order_of_samples_and_threads(reference, curve):
    again = Curve.fit(dict(reversed(reference.items())), threads=1)
    assert again.id == curve.id
    assert Curve.fit(reference, threads=3).id == curve.id
    assert Curve.fit(reference, seed=1).id != curve.id


def test_the_order_of_events_does_not_matter(reference, curve):
    shuffled = {
        name: cells.sample(frac=1, random_state=3) for name, cells in reference.items()
    }
    assert Curve.fit(shuffled).id == curve.id


def test_a_curve_survives_its_file(curve, tmp_path):
    path = tmp_path / "curve.json"
    curve.save(path)
    again = Curve.load(path)
    assert again.id == curve.id
    cells, _ = cells_of(500, 7)
    pd.testing.assert_frame_equal(curve.project(cells), again.project(cells))


@pytest.mark.parametrize("key", ["vertices", "sigma", "ranks", "provenance"])
def test_a_changed_file_is_refused(curve, tmp_path, key):
    path = tmp_path / "curve.json"
    curve.save(path)
    content = json.loads(path.read_text())
    if key == "vertices":
        content[key][3][0] += 1e-9
    elif key == "provenance":
        content[key]["samples"].append("another")
    else:
        content[key][0] += 1e-9
    path.write_text(json.dumps(content))
    with pytest.raises(MaturationError, match="changed since it was saved"):
        Curve.load(path)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "other"}'])
def test_what_is_no_curve_is_refused(tmp_path, text):
    path = tmp_path / "curve.json"
    path.write_text(text)
    with pytest.raises(MaturationError, match="is not a maturation curve"):
        Curve.load(path)


def test_a_missing_marker_is_never_imputed(curve, reference):
    cells, _ = cells_of(10, 1)
    with pytest.raises(MaturationError, match=r"'NKG2A'.*refit the reference without"):
        curve.project(cells.drop(columns="NKG2A"))
    kept = [marker for marker in MARKERS if marker != "NKG2A"]
    assert Curve.fit(reference, markers=kept).id != curve.id


def test_bad_references_are_named(reference):
    donor = reference["donor 0"]
    with pytest.raises(MaturationError, match="'KIR' are constant"):
        Curve.fit({"a": donor.assign(KIR=0.5)})
    with pytest.raises(MaturationError, match="at least 160 reference events, got 100"):
        Curve.fit({"a": donor.head(100)})
    with pytest.raises(MaturationError, match="no direction is known for 'HLA'"):
        Curve.fit({"a": donor.assign(HLA=0.0)})
    with pytest.raises(MaturationError, match="'b' lacks 'CD57'"):
        Curve.fit({"a": donor, "b": donor.drop(columns="CD57")}, markers=MARKERS)
    broken = donor.copy()
    broken.iloc[3, 0] = np.nan
    with pytest.raises(MaturationError, match="1 events have no number in 'CD16'"):
        Curve.fit({"a": broken})
    with pytest.raises(MaturationError, match="at least two markers"):
        Curve.fit({"a": donor}, markers=["CD57"])
    with pytest.raises(MaturationError, match="reference has no sample"):
        Curve.fit({})
    with pytest.raises(MaturationError, match="does not start near the least mature"):
        Curve.fit({"a": 2.5 - donor})
    with pytest.raises(MaturationError, match=r"2000 events.*'donor 0' has 1500"):
        Curve.fit(reference, events_per_sample=2000)


# From files


@pytest.fixture(scope="module")
def maturation(tmp_path_factory):
    rng = np.random.default_rng(8)
    early = cell(CD56=True, CD16=True, NKG2A=True)
    kinds = [
        cell(CD56bright=True, NKG2A=True),
        cell(CD56bright=True, CD16=True, NKG2A=True),
        early,
        cell(CD56=True, CD16=True, KIR=True),
        cell(CD56=True, CD16=True, KIR=True, CD57=True),
    ]
    shares = {"m0": [0.2, 0.1, 0.3, 0.2, 0.2], "m6": [0.1, 0.1, 0.2, 0.2, 0.4]}
    files = []
    for visit, share in shares.items():
        cells = [kinds[k] for k in rng.choice(5, size=1200, p=share)]
        cells += [cell(CD16=True, CD57=True)] * 40  # CD56neg CD16+
        events = events_of(cells)
        events = events + rng.normal(0, 0.08, events.shape)
        files.append({"patient": "P", "visit": visit, "events": events})
    study = write_study(tmp_path_factory.mktemp("rmr"), files, channels=CHANNELS)
    gated = study.gate(
        lg.GatingStrategy(gates(["KIR", "CD57", "NKG2A"])), progress=False
    )
    ends = {"negative_sd": 0.08, "positive_sd": 0.08}
    zero_one = lg.nk.Positivity(negative_mean=0.0, positive_mean=1.0, **ends)
    bright = lg.nk.Positivity(negative_mean=1.0, positive_mean=2.0, **ends)
    positivity = {**dict.fromkeys(MARKERS, zero_one), "CD56bright": bright}
    return lg.nk.maturation(gated, parent="NK", positivity=positivity)


def test_samples_are_ranked_on_a_frozen_reference(maturation):
    reference = {"P_m0": maturation.anchored("P_m0", on_axis=True)}
    curve = Curve.fit(reference)
    ranks = maturation.ranks(curve).set_index("visit")
    assert ranks.loc["m6", "counting_low"] > ranks.loc["m0", "counting_high"]
    assert ranks.loc["m0", "off_curve_low"] < ranks.loc["m0", "off_curve"]
    assert ranks["scheme"].nunique() == 1
    assert curve.id in ranks["scheme"].iloc[0]
    events = maturation.events("P_m6", curve=curve)
    means = events.groupby("stage")["rank"].mean()
    order = ["bright16neg", "bright16pos", "dim_early", "dim_late", "dim_CD57"]
    assert means[order].is_monotonic_increasing
    outside = events[events["stage"].str.startswith("neg16pos")]
    assert len(outside) == 40
    assert outside["off_curve"].mean() > 0.9


def test_gates_alone_give_no_unit(maturation):
    made = lg.nk.maturation(maturation.source.populations, parent="NK")
    with pytest.raises(MaturationError, match=r"called by the gate.*positivity="):
        made.anchored("P_m0")
