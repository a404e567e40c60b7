"""29 children with chikungunya, acute and convalescent: paired changes with FDR.

The published frequencies of FlowRepository FR-FCM-Z238 (Michlmayr et al. 2018,
doi:10.15252/msb.20177862), 28 assigned and 66 profiled populations.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from longate.longitudinal.classical import paired_t, wilcoxon
from longate.longitudinal.effects import adjust_families

PAIR = [("acute", "conv")]
POPULATIONS = {"assignment": 28, "profiling": 66}


@pytest.fixture(scope="module", params=list(POPULATIONS))
def cohort(request, shared_data):
    """Return (name, tidy table: patient, visit, population, fraction)."""
    folder = shared_data / "longitudinal" / "chikv_acute_convalescent"
    wide = pd.read_csv(folder / f"{request.param}_subset_frequencies.csv")
    sheet = pd.read_csv(folder / "sample_sheet.csv")
    tidy = wide.melt("CellSubset", var_name="sample", value_name="fraction")
    data = tidy.merge(sheet, on="sample").rename(
        columns={"CellSubset": "population", "subject": "patient", "phase": "visit"}
    )
    return request.param, data[["patient", "visit", "population", "fraction"]]


def changes(data, population):
    own = data[data["population"] == population]
    wide = own.pivot(index="patient", columns="visit", values="fraction").dropna()
    return wide["acute"].to_numpy(), wide["conv"].to_numpy()


def test_everybody_is_there(cohort):
    name, data = cohort
    assert data["population"].nunique() == POPULATIONS[name]
    found = paired_t(data, value="fraction", by="population", pairs=PAIR)
    assert len(found) == POPULATIONS[name]
    assert found["n"].unique().tolist() == [29]
    assert found["n_left_out"].unique().tolist() == [0]
    assert found["problem"].isna().all()


def test_paired_t_with_fdr_agrees_with_scipy(cohort):
    _, data = cohort
    found = adjust_families(
        paired_t(data, value="fraction", by="population", pairs=PAIR)
    )
    truth = []
    for row in found.itertuples():
        acute, conv = changes(data, row.outcome)
        test = stats.ttest_rel(conv, acute)
        interval = test.confidence_interval()
        truth.append((test.statistic, test.pvalue, interval.low, interval.high))
    np.testing.assert_allclose(
        found[["statistic", "p", "low", "high"]], truth, rtol=1e-9
    )
    adjusted = stats.false_discovery_control([p for _, p, _, _ in truth])
    np.testing.assert_allclose(found["p_adjusted"], adjusted, rtol=1e-9)
    assert found["family_size"].unique().tolist() == [len(found)]
    assert (found["p_adjusted"] >= found["p"]).all()


def test_wilcoxon_agrees_with_scipy_where_it_is_exact(cohort):
    _, data = cohort
    found = wilcoxon(
        data, value="fraction", by="population", pairs=PAIR, zeros="wilcoxon"
    )
    compared = 0
    for row in found.itertuples():
        acute, conv = changes(data, row.outcome)
        change = conv - acute
        moved = change[change != 0]
        assert row.exact
        assert row.n_zero == (change == 0).sum()
        if len(np.unique(np.abs(moved))) == len(moved):
            truth = stats.wilcoxon(moved, method="exact")
            assert row.p == pytest.approx(truth.pvalue, rel=1e-9)
            compared += 1
    assert compared >= 0.9 * len(found)
    # Where hardly any child moved, no p can be small.
    np.testing.assert_allclose(found["smallest_p"], 2.0 ** (1 - (29 - found["n_zero"])))


def test_both_tests_find_what_everyone_would_see(cohort):
    """Changes that nearly all children share are found whatever the test."""
    _, data = cohort
    t = adjust_families(paired_t(data, value="fraction", by="population", pairs=PAIR))
    ranks = adjust_families(
        wilcoxon(data, value="fraction", by="population", pairs=PAIR)
    )
    merged = t.merge(ranks, on="outcome", suffixes=("_t", "_ranks"))
    shared = []
    for name in merged["outcome"]:
        acute, conv = changes(data, name)
        shared.append(max((conv > acute).sum(), (conv < acute).sum()) >= 27)
    assert sum(shared) >= 2
    adjusted = merged.loc[shared, ["p_adjusted_t", "p_adjusted_ranks"]]
    assert adjusted.to_numpy().max() < 0.01
    same = np.sign(merged["estimate_t"]) == np.sign(merged["estimate_ranks"])
    both = (merged["p_adjusted_t"] < 0.05) & (merged["p_adjusted_ranks"] < 0.05)
    assert same[both].all()


def test_changes_of_all_populations_cancel(cohort):
    """Frequencies sum to 1 in every sample, so changes of all sum to 0."""
    _, data = cohort
    found = paired_t(data, value="fraction", by="population", pairs=PAIR)
    assert found["estimate"].sum() == pytest.approx(0, abs=1e-6)
