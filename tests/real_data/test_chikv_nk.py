"""CD57hi share of NK cells in 29 children, acute v convalescent, from the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from longate.longitudinal.classical import paired_t, wilcoxon

FOLDER = "longitudinal/chikv_acute_convalescent"
CHILDREN = 29


@pytest.fixture(scope="module")
def shares(shared_data):
    """Return patient, visit, CD57hi share of all NK cells, and of the CD16+ ones."""
    folder = shared_data / FOLDER
    wide = pd.read_csv(folder / "profiling_subset_frequencies.csv")
    wide = wide.set_index("CellSubset")
    nk = wide[wide.index.str.startswith("NK Cell")]
    high = nk.index.str.contains("CD57hi")
    with_cd16 = nk.index.str.contains("CD16+", regex=False)
    table = pd.DataFrame(
        {
            "cd57hi_of_nk": nk[high].sum() / nk.sum(),
            "cd57hi_of_cd16pos": nk[high & with_cd16].sum() / nk[with_cd16].sum(),
        }
    )
    sheet = pd.read_csv(folder / "sample_sheet.csv").set_index("sample")
    table = table.join(sheet[["subject", "phase"]]).reset_index(drop=True)
    return table.rename(columns={"subject": "patient", "phase": "visit"})


def test_the_two_tables_tell_the_same_nk_cells(shared_data, shares):
    """NK cells of the coarse and of the fine table are the same share of all cells."""
    folder = shared_data / FOLDER
    nk = {}
    for name in ("assignment", "profiling"):
        wide = pd.read_csv(folder / f"{name}_subset_frequencies.csv", index_col=0)
        nk[name] = wide[wide.index.str.startswith("NK Cell")].sum()
    assert len(shares) == 2 * CHILDREN
    np.testing.assert_allclose(nk["profiling"], nk["assignment"], rtol=0.02)


@pytest.mark.parametrize("value", ["cd57hi_of_nk", "cd57hi_of_cd16pos"])
def test_change_by_child_is_what_scipy_finds(shares, value):
    pair = [("acute", "conv")]
    found = paired_t(shares, value=value, pairs=pair).iloc[0]
    ranks = wilcoxon(shares, value=value, pairs=pair).iloc[0]
    wide = shares.pivot(index="patient", columns="visit", values=value)
    test = stats.ttest_rel(wide["conv"], wide["acute"])
    interval = test.confidence_interval()
    assert found["n"] == CHILDREN
    np.testing.assert_allclose(
        found[["estimate", "statistic", "p", "low", "high"]].astype(float),
        [
            (wide["conv"] - wide["acute"]).mean(),
            test.statistic,
            test.pvalue,
            interval.low,
            interval.high,
        ],
        rtol=1e-9,
    )
    truth = stats.wilcoxon(wide["conv"], wide["acute"], method="exact")
    assert ranks["p"] == pytest.approx(truth.pvalue, rel=1e-9)


def test_what_the_tables_say(shares):
    """The share does not move: half of the children rise, half fall."""
    wide = shares.pivot(index="patient", columns="visit", values="cd57hi_of_nk")
    change = wide["conv"] - wide["acute"]
    assert wide.median().to_dict() == pytest.approx(
        {"acute": 0.325, "conv": 0.297}, abs=0.001
    )
    assert change.mean() == pytest.approx(-0.005, abs=0.0005)
    assert (change > 0).sum() == 15
    found = paired_t(shares, value="cd57hi_of_nk", pairs=[("acute", "conv")]).iloc[0]
    assert found["low"] < 0 < found["high"]
