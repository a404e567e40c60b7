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
