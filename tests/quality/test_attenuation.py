"""Effects that error of measurement attenuates, against simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import DesignError


def test_attenuated_effects_are_corrected_and_differences_are_not():
    """Simulated: 60,000 patients whose changes are measured with a known error."""
    random = np.random.default_rng(8)
    n, assay = 60_000, 0.05
    group = np.repeat([0, 1], n // 2)
    true = random.normal(0.08 * group, 0.1)
    seen = true + random.normal(0, assay, n) - random.normal(0, assay, n)

    def d(changes):
        parts = [changes[group == g] for g in (0, 1)]
        sd = math.sqrt(np.mean([part.var(ddof=1) for part in parts]))
        return (parts[1].mean() - parts[0].mean()) / sd, sd

    def area(changes):
        ranks = pd.Series(changes).rank().to_numpy()[group == 1].sum()
        return (ranks - n / 2 * (n / 2 + 1) / 2) / (n / 2) ** 2

    rows = [(r, v) for r in range(2000) for v in random.normal(0.5, assay, 2)]
    table = pd.DataFrame(rows, columns=["blood", "index"]).iloc[:2000]
    found = lg.quality.uncertainty(table, specimen="blood")
    observed, sd = d(seen)
    made = lg.quality.corrected_for_assay(
        found, sd_change=sd, standardised=[observed], auc=[area(seen)]
    ).set_index(["measure", "row"])["estimate"]
    assert made["standardised effect", "observed"] < 0.9 * d(true)[0]
    assert made["standardised effect", "corrected"] == pytest.approx(
        d(true)[0], rel=0.05
    )
    assert made["AUC", "corrected"] == pytest.approx(area(true), abs=0.01)
    with pytest.raises(DesignError, match="needs sd_baseline="):
        lg.quality.corrected_for_assay(found, slope=[0.4])
    with pytest.raises(DesignError, match="explains all of sd_change"):
        lg.quality.corrected_for_assay(found, sd_change=0.01, auc=[0.7])


@pytest.fixture(scope="module")
def analysis():
    random = np.random.default_rng(6)
    base = random.normal(0.7, 0.05, 14)
    rows = [
        (f"P{i}", visit, base[i] + late * (0.06 * (i < 6) + random.normal(0, 0.03)))
        for i in range(14)
        for late, visit in enumerate(("m00", "m12"))
    ]
    data = pd.DataFrame(rows, columns=["patient", "visit", "index"])
    labels = pd.DataFrame(
        {
            "patient": [f"P{i}" for i in range(14)],
            "label": ["responder"] * 6 + ["non-responder"] * 8,
        }
    )
    return lg.longitudinal.responder_analysis(data, labels, value="index", models=False)


def tubes(sd, **options):
    values = np.random.default_rng(2).normal(0.5, sd, 80)
    table = pd.DataFrame({"blood": np.repeat(np.arange(40), 2), "index": values})
    return lg.quality.uncertainty(table, specimen="blood", **options)


def test_the_assay_s_share_is_said_and_no_interval_narrowed(analysis):
    before = analysis.table.copy()
    assay = tubes(0.01)
    found = lg.quality.assay_share(analysis, assay)
    changes = analysis.changes.groupby("label")["change"]
    sd = math.sqrt(np.average(changes.var(), weights=changes.size() - 1))
    share = 2 * assay.total()["variance"] / sd**2
    assert f"{100 * share:.0f} % of the variance" in found.words[0]
    assert "no interval of it is narrowed" in found.words[0]
    rows = found.table.set_index(["measure", "row"])
    effect = rows.loc["standardised effect"]
    assert effect.loc["corrected", "estimate"] == pytest.approx(
        effect.loc["observed", "estimate"] / math.sqrt(1 - share)
    )
    pd.testing.assert_frame_equal(analysis.table, before)


def test_the_slope_is_that_of_an_analysis_of_covariance(analysis):
    found = lg.quality.assay_share(analysis, tubes(0.01)).table
    slope = found.set_index(["measure", "row"]).loc[("ANCOVA slope", "observed")]
    own = analysis.changes
    x = np.column_stack([own["label"] == label for label in own["label"].unique()])
    x = np.column_stack([x.astype(float), own["baseline"]])
    coefficients = np.linalg.lstsq(x, own["last"].to_numpy(), rcond=None)[0]
    assert slope["estimate"] == pytest.approx(coefficients[-1], rel=1e-9)
    assert slope["low"] < slope["estimate"] < slope["high"]


def test_shares_of_other_scales_and_all_of_the_variance_are_refused(analysis):
    with pytest.raises(DesignError, match="estimate it again with scale='identity'"):
        lg.quality.assay_share(analysis, tubes(0.01, scale="log"))
    with pytest.raises(DesignError, match="explains all"):
        lg.quality.assay_share(analysis, tubes(0.2))
    with pytest.raises(DesignError, match="outcomes: 'index'"):
        lg.quality.assay_share(analysis, tubes(0.01), outcome="smi")
