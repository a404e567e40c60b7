"""Time to worsening from a landmark, and several sites: against R and by hand."""

from __future__ import annotations

import builtins
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal import (
    combine_sites,
    landmark_comparison,
    responder_analysis,
    site_summaries,
    time_to_worsening,
)
from longate.longitudinal.sites import SUMMARY
from longitudinal.cohort import tables

GOLDEN = Path(__file__).parents[1] / "golden" / "survival"
NUMBERS = pd.read_csv(GOLDEN / "numbers.csv").set_index("name")["value"]


@pytest.fixture
def lifelines():
    """Skip where lifelines cannot be: its releases need pandas below 3.

    `make test-minimum` has it.
    """
    return pytest.importorskip("lifelines", reason="lifelines needs pandas below 3")


def leukaemia():
    own = pd.read_csv(GOLDEN / "aml.csv")
    patient = [f"P{at}" for at in range(len(own))]
    change = np.where(own["x"] == "Maintained", 1.0, 0.0)
    changes = pd.DataFrame({"patient": patient, "change": change})
    times = own.assign(patient=patient, worsened=own["status"] == 1)
    return changes, times[["patient", "time", "worsened"]]


def test_curves_and_tests_are_those_of_survival(lifelines):
    found = landmark_comparison(*leukaemia(), landmark=0, threshold=0.5)
    row = found.test.iloc[0]
    assert row["statistic"] == pytest.approx(NUMBERS["logrank"], rel=1e-10)
    for name in ("hazard_ratio", "low", "high"):
        assert row[name] == pytest.approx(NUMBERS[name], rel=1e-5)
    truth = pd.read_csv(GOLDEN / "curves.csv", skipinitialspace=True)
    named = {"Maintained": "higher", "Nonmaintained": "lower"}
    truth["group"] = truth["group"].map(named)
    both = truth.merge(found.curves, on=["group", "time"], suffixes=("_r", ""))
    assert len(both) == len(truth)
    for name in ("survival", "low", "high"):
        known = both[f"{name}_r"].notna() & (both["survival"] > 0)
        np.testing.assert_allclose(
            both.loc[known, name], both.loc[known, f"{name}_r"], rtol=1e-9
        )


def test_nobody_is_immortal_before_the_landmark(lifelines):
    changes, times = leukaemia()
    found = landmark_comparison(changes, times, landmark=12.5, threshold=0.5)
    before = times.loc[times["time"] <= 12.5, "patient"]
    assert set(found.patients["patient"]).isdisjoint(before)
    assert found.patients["time"].min() > 0
    said = " ".join(found.limits)
    assert all(repr(name) in said for name in before[:3])


def test_few_events_are_refused(lifelines):
    changes, times = leukaemia()
    with pytest.raises(DesignError, match=r"fewer than 5 events"):
        landmark_comparison(changes, times, landmark=34, threshold=0.5)
    with pytest.raises(DesignError, match="one side"):
        landmark_comparison(changes, times, landmark=0, threshold=9.0)
    with pytest.raises(DesignError, match="no time of worsening"):
        landmark_comparison(changes, times[1:], landmark=0)


def test_without_lifelines_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *more, **options):
        if name == "lifelines":
            raise ImportError(name)
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DesignError, match=r"longate\[survival\]"):
        landmark_comparison(*leukaemia(), landmark=0)


def scored(*scores, months=(0, 3, 6, 9, 12, 18)):
    rows = [
        (f"P{at}", month, value)
        for at, own in enumerate(scores)
        for month, value in zip(months, own, strict=False)
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["patient", "months", "edss"])


def test_worsening_counts_only_where_it_holds():
    found = time_to_worsening(
        scored(
            (3.0, 4.0, 4.0, 4.5, 4.0, 4.0),  # at 3, confirmed at 9
            (3.0, 4.0, 3.0, 4.0, 4.0, 4.0),  # falls back; at 9, confirmed at 18
            (3.0, 3.5, 3.5, 3.5, 3.5, 3.5),  # by less than 1
            (6.0, 6.0, 6.5, 6.5, 6.5, None),  # half a point from 5.5 on, at 6
            (3.0, 3.0, 3.0, 3.0, 3.0, 4.0),  # never confirmed
        )
    )
    assert found["worsened"].tolist() == [True, True, False, True, False]
    assert found["time"].tolist() == [3.0, 9.0, 12.0, 6.0, 12.0]


def test_scores_are_checked():
    with pytest.raises(DesignError, match="must be numbers"):
        time_to_worsening(scored((3.0, "high")))
    twice = scored((3.0, 4.0), months=(0, 0))
    with pytest.raises(DesignError, match="visits at one months"):
        time_to_worsening(twice)


def at_sites(names=("Bern", "Basel")):
    parts, labels = [], []
    for at, name in enumerate(names):
        rng = np.random.default_rng(at)
        data, response = tables(
            rng.normal(0.1, 0.03, 4 + at), rng.normal(0, 0.03, 5), start=0.2 * at
        )
        parts.append(data.assign(patient=name + data["patient"], site=name))
        labels.append(response.assign(patient=name + response["patient"]))
    return pd.concat(parts, ignore_index=True), pd.concat(labels, ignore_index=True)


def test_a_single_site_is_the_primary_analysis():
    data, response = at_sites(("Bern",))
    found = combine_sites(site_summaries(data, response, value="index")).iloc[0]
    own = responder_analysis(data, response, value="index", models=False).table.iloc[0]
    for name in ("estimate", "low", "high", "df", "p"):
        assert found[name] == pytest.approx(own[name], rel=1e-10)


def test_summaries_of_sites_combine_as_the_pooled_table():
    data, response = at_sites()
    together = site_summaries(data, response, value="index")
    apart = [
        site_summaries(
            data[data["site"] == name],
            response[response["patient"].str.startswith(name)],
            value="index",
        )
        for name in ("Basel", "Bern")
    ]
    pd.testing.assert_frame_equal(combine_sites(together), combine_sites(apart))
    assert "patient" not in together
    n = together["n_responder"] * together["n_non_responder"]
    w = n / (together["n_responder"] + together["n_non_responder"])
    mean = (w * together["difference"]).sum() / w.sum()
    assert combine_sites(together)["estimate"][0] == pytest.approx(mean)


def test_inverse_variance_is_that_of_metafor():
    frame = pd.DataFrame(
        {
            "site": list("abcd"),
            "outcome": "index",
            "scale": "identity",
            "scheme": "",
            "baseline": "m00",
            "last": "m12",
            "n_responder": 5,
            "n_non_responder": 7,
            "difference": [0.31, 0.12, 0.45, -0.05],
            "variance": [0.02, 0.015, 0.05, 0.03],
            "variance_responder": 0.1,
            "variance_non_responder": 0.1,
        }
    )
    found = combine_sites(frame, weights="inverse variance").iloc[0]
    for ours, theirs in (
        ("estimate", "fe"),
        ("se", "fe_se"),
        ("p", "fe_p"),
        ("Q", "Q"),
        ("Q_p", "Q_p"),
    ):
        assert found[ours] == pytest.approx(NUMBERS[theirs], rel=1e-12)


def test_sites_that_differ_in_scheme_or_repeat_are_refused():
    data, response = at_sites()
    one = site_summaries(data, response, value="index")
    with pytest.raises(DesignError, match="scheme differ"):
        combine_sites([one[:1], one[1:].assign(scheme="other")])
    with pytest.raises(DesignError, match="more than once"):
        combine_sites([one, one])
    moved = data.copy()
    moved.loc[0, "site"] = "Basel"
    with pytest.raises(DesignError, match="more than one site"):
        site_summaries(moved, response, value="index")


def test_the_stratified_difference_keeps_its_level():
    """Sites differ in level of change and in the share of responders."""
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(2_000):
        rows = []
        for at, (n, m) in enumerate(((4, 8), (8, 4))):
            first, second = rng.normal(2.0 * at, 1, n), rng.normal(2.0 * at, 2, m)
            v = first.var(ddof=1), second.var(ddof=1)
            difference = first.mean() - second.mean()
            rows.append(
                (str(at), *("",) * 5, n, m, difference, v[0] / n + v[1] / m, *v)
            )
        rejected += combine_sites(pd.DataFrame(rows, columns=SUMMARY))["p"][0] < 0.05
    assert abs(rejected / 2_000 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 2_000)
