"""Numbers of base R, by ``golden/longitudinal/make_golden.R``, to ten digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy
from scipy import stats

from longate.longitudinal import responder_analysis
from longate.longitudinal.exact import permutation
from longate.longitudinal.welch import mean_interval, welch

GOLDEN = Path(__file__).parents[1] / "golden" / "longitudinal"
VALUES = pd.read_csv(GOLDEN / "values.csv")
CASES = list(dict.fromkeys(VALUES["case"]))


def rows(name):
    return list(pd.read_csv(GOLDEN / f"{name}.csv").itertuples())


def group(case, label):
    own = VALUES[(VALUES["case"] == case) & (VALUES["label"] == label)]
    return own["change"].to_numpy()


# Before SciPy 1.15 the quantile of Student's t has ten digits, not eleven.
OLD_SCIPY = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 15)


def close(found, truth):
    rtol = 1e-10 if OLD_SCIPY else 1e-11
    np.testing.assert_allclose(found, truth, rtol=rtol, atol=0)


@pytest.mark.parametrize("row", rows("welch"))
def test_welch_is_that_of_r(row):
    first, second = group(row.case, "responder"), group(row.case, "non-responder")
    found = welch(first, second, row.confidence)
    close(
        [found.estimate, found.low, found.high, found.df, found.t, found.p],
        [row.estimate, row.low, row.high, row.df, row.t, row.p],
    )


@pytest.mark.parametrize("row", rows("mean_interval"))
def test_the_interval_of_a_mean_is_that_of_r(row):
    found = mean_interval(group(row.case, row.label), 0.95)
    close([found.estimate, found.low, found.high], [row.mean, row.low, row.high])


@pytest.mark.parametrize("row", rows("permutation"))
def test_the_permutation_is_that_of_brute_force_in_r(row):
    first, second = group(row.case, "responder"), group(row.case, "non-responder")
    found = permutation(first, second, confidence=0.95, seed=1)
    assert found.exact
    assert found.allocations == row.allocations
    close([found.p, found.smallest_p], [row.p, row.smallest_p])
    close([found.low, found.high], [row.low, row.high])


def family_of_cases():
    """Every case as one outcome, its changes as visit 1 minus visit 0."""
    number = VALUES.groupby(["case", "label"]).cumcount().astype(str)
    patient = VALUES["label"] + number
    first = pd.DataFrame({"case": VALUES["case"], "patient": patient, "visit": 0})
    data = pd.concat(
        [first.assign(y=0.0), first.assign(visit=1, y=VALUES["change"])],
        ignore_index=True,
    )
    labels = pd.DataFrame({"patient": patient, "label": VALUES["label"]})
    return data, labels.drop_duplicates()


def test_a_family_is_adjusted_as_r_does():
    data, response = family_of_cases()
    found = responder_analysis(data, response, value="y", by="case").table
    truth = pd.read_csv(GOLDEN / "adjusted.csv")
    assert found["outcome"].tolist() == truth["case"].tolist()
    close(found["p"], truth["p"])
    close(found["p_adjusted"], truth["p_adjusted"])


def test_the_whole_analysis_carries_the_numbers_of_r():
    data, response = family_of_cases()
    found = responder_analysis(data, response, value="y", by="case").table
    welch_r = pd.read_csv(GOLDEN / "welch.csv").query("confidence > 0.92")
    exact_r = pd.read_csv(GOLDEN / "permutation.csv")
    close(found["estimate"], welch_r["estimate"])
    tested = found["p"].notna().to_numpy()
    for column in ("low", "high", "df", "t"):
        close(found[column][tested], welch_r[column][tested])
    few = found[~tested]
    fewest = few[["n_responder", "n_non_responder"]].min(axis=1)
    error = welch_r["estimate"][~tested] / welch_r["t"][~tested]
    half = stats.t.ppf(0.975, fewest - 1) * error
    close(few["high"] - few["estimate"], half)
    close(few["df"], fewest - 1)
    close(found["permutation_p"], exact_r["p"])
    close(found["permutation_smallest_p"], exact_r["smallest_p"])
    close(found["permutation_low"], exact_r["low"])
