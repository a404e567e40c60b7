"""Variance components against lme4, EP05-A3's example, laws, and bad input."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import longate as lg
from longate.exceptions import DesignError, MaturationError
from longate.quality.precision.intervals import deviance
from longate.quality.precision.likelihood import Model
from longate.quality.precision.reml import fit
from quality.replicates import GOOD, nested
from scenarios import precision_coverage as coverage

GOLDEN = Path(__file__).parents[1] / "golden" / "precision"
VALUES = pd.read_csv(GOLDEN / "values.csv")
COMPONENTS = pd.read_csv(GOLDEN / "components.csv")
KEPT = pd.read_csv(coverage.KEPT)


# Independent truth


def test_the_glucose_example_of_ep05_a3():
    found = lg.quality.uncertainty(
        nested((415.8, 281.0, 316.0)), value="glucose", design="EP05-A3"
    )
    variances = found.components.set_index("component")["variance"]
    assert round(variances["day"], 6) == 1.958553
    assert round(variances["run"], 3) == 3.075
    assert round(variances["repeatability"], 1) == 7.9
    assert found.components["df"].tolist() == [19, 20, 40]
    total = found.total("within-laboratory")
    assert round(total["variance"], 6) == 12.933553
    assert round(total["cv_percent"], 4) == 1.4727
    assert round(total["df"], 3) == 64.777
    assert (found.n, round(found.mean, 1)) == (80, 244.2)


@pytest.mark.parametrize(
    ("design", "options"),
    [
        ("ep05", {"design": "EP05-A3"}),
        ("boundary", {"terms": ("day", "run"), "specimen": "specimen"}),
        ("unbalanced", {"terms": ("day", "run"), "specimen": "specimen"}),
        (
            "crossed",
            {"terms": ("day", "both"), "fixed": ("operator",), "specimen": "specimen"},
        ),
    ],
)
def test_components_are_those_of_lme4(design, options):
    table = VALUES[VALUES["design"] == design].assign(both=lambda t: t["operator"])
    found = lg.quality.uncertainty(table, value="value", **options)
    expected = COMPONENTS[COMPONENTS["design"] == design].set_index("component")
    for row in found.components.itertuples():
        name = {"both": "day x operator"}.get(row.component, row.component)
        assert row.variance == pytest.approx(
            expected.loc[name, "variance"], rel=1e-6, abs=1e-9
        )


def test_the_restricted_likelihood_is_that_of_lme4():
    table = VALUES[VALUES["design"] == "unbalanced"]
    codes = {
        name: pd.factorize(table[columns].astype(str).agg(":".join, axis=1))[0]
        for name, columns in (("day", ["day"]), ("run", ["day", "run"]))
    }
    specimen, none = pd.factorize(table["specimen"])[0], np.zeros((len(table), 0))
    model = Model(
        table["value"].to_numpy(), specimen, none, codes, np.zeros(len(table))
    )
    expected = COMPONENTS.loc[COMPONENTS["design"] == "unbalanced", "criterion"]
    assert -2 * fit(model).log_likelihood == pytest.approx(expected.iloc[0], abs=1e-8)


def test_the_kept_coverage_is_of_this_code():
    for design in (*coverage.BALANCED, "unbalanced"):
        names, _, _, held = coverage.simulated(design, coverage.FEW)
        rows = KEPT[KEPT["design"] == design].set_index("component")
        assert rows.loc[names, "held_of_first"].tolist() == held.sum(axis=0).tolist()


def test_components_are_not_biased_and_their_intervals_not_rejected():
    assert (KEPT["replicates"] >= 5000).all()
    assert (KEPT["bias_in_errors"].abs() <= 3).all()
    assert (KEPT["verdict"] == "not rejected").all()


# Laws


def test_a_profile_interval_ends_where_the_deviance_says(monkeypatch):
    table = VALUES[VALUES["design"] == "unbalanced"]
    found = lg.quality.uncertainty(
        table, value="value", terms=("day", "run"), specimen="specimen"
    )
    assert set(found.components["method"]) == {"profile likelihood"}
    codes = {
        name: pd.factorize(table[columns].astype(str).agg(":".join, axis=1))[0]
        for name, columns in (("day", ["day"]), ("run", ["day", "run"]))
    }
    specimen, none = pd.factorize(table["specimen"])[0], np.zeros((len(table), 0))
    model = Model(
        table["value"].to_numpy(), specimen, none, codes, np.zeros(len(table))
    )
    best = fit(model)
    for at, row in enumerate(found.components.itertuples()):
        ends = [end for end in (row.low, row.high) if end > 0]
        for end in ends:
            assert deviance(model, best, at, end) == pytest.approx(
                chi2.ppf(0.95, 1), rel=1e-3
            )


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_units_do_not_matter(factor):
    table = nested((415.8, 281.0, 316.0), seed=3).iloc[:-3]
    one = lg.quality.uncertainty(table, value="glucose", design="EP05-A3")
    scaled = table.assign(glucose=table["glucose"] * factor)
    other = lg.quality.uncertainty(scaled, value="glucose", design="EP05-A3")
    for name in ("variance", "low", "high"):
        np.testing.assert_allclose(
            other.components[name], one.components[name] * factor**2, rtol=1e-5
        )


def test_counting_is_known_and_no_component():
    random = np.random.default_rng(2)
    n = 20_000
    rows = []
    for specimen in range(40):
        logit = random.normal(-2, 1)
        for replicate in range(3):
            p = 1 / (1 + math.exp(-(logit + random.normal(0, 0.1))))
            rows.append((specimen, replicate, random.binomial(n // 50, p), n // 50))
    table = pd.DataFrame(rows, columns=["blood", "replicate", "k", "n"])
    found = lg.quality.uncertainty(
        table, scale="logit", counts=("k", "n"), specimen="blood", confidence=0.999
    )
    ends = found.components.iloc[0]
    assert ends["low"] < 0.1**2 < ends["high"]
    assert found.counting_variance > 2 * ends["variance"]  # counting dominates here
    with pytest.raises(DesignError, match="counting error hides it"):
        found.assay  # noqa: B018


def test_counting_alone_leaves_zero_with_an_upper_limit():
    random = np.random.default_rng(1)
    rows = [
        (blood, run, random.binomial(2000, 0.1), 2000)
        for blood in range(30)
        for run in (blood % 6, (blood * 5 + 3) % 6)
    ]
    table = pd.DataFrame(rows, columns=["blood", "run", "k", "n"])
    found = lg.quality.uncertainty(
        table, scale="logit", counts=("k", "n"), specimen="blood", terms=("run",)
    )
    assert (found.components["variance"] == 0).all()
    with pytest.raises(DesignError, match="no variance was found beyond counting"):
        found.assay  # noqa: B018
    assert np.isfinite(found.components["high"]).all()
    assert np.isfinite(found.totals["sd_high"]).all()


def test_replicates_of_the_sheet_are_found():
    table = pd.DataFrame(
        {
            "sample": ["A", "A2", "B", "B2", "C"],
            "replicate_of": [None, "A", None, "B", None],
            "index": [0.5, 0.52, 0.7, 0.69, 0.9],
            "counting_low": 0.0,
            "counting_high": 0.0,
        }
    )
    found = lg.quality.uncertainty(table)
    expected = (0.02**2 / 2 + 0.01**2 / 2) / 2
    assert found.components["variance"].tolist() == pytest.approx([expected])
    assert found.n_specimens == 2
    assert any("1 measurements have no replicate" in word for word in found.words)


def test_replicates_of_replicates_are_of_one_specimen():
    table = pd.DataFrame(
        {
            "sample": ["A", "A2", "A3"],
            "replicate_of": [None, "A", "A2"],
            "index": [0.5, 0.52, 0.57],
        }
    )
    found = lg.quality.uncertainty(table)
    assert found.n_specimens == 1
    assert found.components["df"].tolist() == [2]
    with pytest.raises(DesignError, match="in a circle"):
        lg.quality.uncertainty(table.assign(replicate_of=["A3", "A", "A2"]))
    # An original without a value leaves its replicates comparable.
    gap = lg.quality.uncertainty(table.assign(index=[np.nan, 0.52, 0.57]))
    assert gap.n == 2


def test_few_operators_are_biases_and_not_a_variance():
    table = VALUES[VALUES["design"] == "crossed"]
    found = lg.quality.uncertainty(
        table, value="value", terms=("day",), crossed=("operator",), specimen="specimen"
    )
    assert found.components["component"].tolist() == ["day", "repeatability"]
    assert found.biases["level"].tolist() == ["A", "B", "C"]
    assert found.biases["bias"].sum() == pytest.approx(0, abs=1e-9)
    assert (found.biases["low"] < found.biases["bias"]).all()
    assert any("biases, not a variance" in word for word in found.words)
    numbered = table.assign(operator=table["operator"].map({"A": 1, "B": 2, "C": 3}))
    again = lg.quality.uncertainty(
        numbered, value="value", terms="day", crossed="operator", specimen="specimen"
    )
    assert again.biases["bias"].tolist() == pytest.approx(found.biases["bias"].tolist())


def test_two_gatings_of_the_same_files_tell_the_operator_s_bias_and_stability():
    random = np.random.default_rng(4)
    true = random.normal(0.7, 0.05, 30)
    hours = random.uniform(1, 24, 60)
    seen = np.repeat(true, 2) - 0.002 * hours + random.normal(0, 0.004, 60)
    blood = np.repeat(np.arange(30), 2)
    one = pd.DataFrame({"blood": blood, "hours": hours, "index": seen})
    both = pd.concat(
        [
            one.assign(operator="A"),
            one.assign(operator="B", index=one["index"] + 0.01),
        ]
    )
    found = lg.quality.uncertainty(
        both, specimen="blood", terms=("operator",), fixed=("hours",)
    )
    biases = found.biases.set_index(["column", "level"])
    assert biases.loc[("operator", "B"), "bias"] == pytest.approx(0.005, abs=1e-9)
    slope = biases.loc[("hours", "slope")]
    assert slope["low"] < -0.002 < slope["high"] < 0


# What follows


def test_acceptance_is_met_compatible_or_exceeded():
    def verdict(limit):
        found = lg.quality.uncertainty(
            GOOD, value="glucose", design="EP05-A3", limits={"within-laboratory": limit}
        )
        return found.acceptance.iloc[0]

    assert verdict(2.0)["verdict"] == "met"
    assert verdict(1.4)["verdict"] == "compatible"
    assert verdict(1.0)["verdict"] == "exceeded"
    row = verdict(1.4)
    assert row["verification_limit"] == pytest.approx(
        1.4 * math.sqrt(chi2.ppf(0.975, 64.77732) / 64.77732), rel=1e-6
    )


def test_measured_variation_feeds_the_reference_change():
    class Scored:
        table = pd.DataFrame(
            {
                "sample": ["P_0", "P_6"],
                "patient": "P",
                "visit": pd.Categorical(["0", "6"], ordered=True),
                "index": [0.5, 0.6],
                "counting_low": [0.49, 0.59],
                "counting_high": [0.51, 0.61],
            }
        )
        stages = None

    measured = lg.quality.uncertainty(
        GOOD.assign(index=GOOD["glucose"] / 1000), design="EP05-A3"
    )
    within = lg.nk.Variation(0.02, "two baselines of 30 persons", df=29)
    found = lg.nk.reference_change(Scored, within=within, assay=measured)
    a, w = measured.assay.size**2, 0.02**2
    df = (a + w) ** 2 / (a**2 / measured.assay.df + w**2 / 29)
    from scipy.stats import norm, t

    counting = 2 * (0.01 / norm.ppf(0.975)) ** 2
    limit = t.ppf(0.975, df) * math.sqrt(2 * (a + w) + counting)
    assert found.table["limit"].iloc[0] == pytest.approx(limit, rel=1e-9)
    assert "within-laboratory" in found.components["source"].iloc[1]
    assert "false flags are expected" in repr(found)
    logit = lg.quality.uncertainty(
        GOOD.assign(k=GOOD["glucose"].round(), n=1000),
        scale="logit",
        counts=("k", "n"),
        design="EP05-A3",
    )
    with pytest.raises(MaturationError, match=r"scale .logit..*estimate it again"):
        lg.nk.reference_change(Scored, within=within, assay=logit)


def test_the_assay_s_share_of_a_change():
    found = lg.quality.uncertainty(GOOD, value="glucose", design="EP05-A3")
    assert found.share_of_change(10.0) == pytest.approx(2 * 12.933553 / 100, rel=1e-6)
    with pytest.raises(DesignError, match="above 0"):
        found.share_of_change(0.0)


def test_an_assumed_variation_says_so():
    assumed = lg.nk.Variation(0.02, "a guess", assumed=True)
    assert lg.nk.Variation(0.02, "a guess").assumed is False
    assert assumed.df == math.inf
    with pytest.raises(DesignError, match="degrees of freedom"):
        lg.nk.Variation(0.02, "a guess", df=0)
