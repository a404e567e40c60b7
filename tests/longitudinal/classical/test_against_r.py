"""Numbers of R, by ``golden/classical/make_golden.R``, to ten digits or as said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longate.longitudinal.classical import (
    mixed_anova,
    one_way_anova,
    paired_t,
    rm_anova,
    tukey,
    wilcoxon,
)
from longate.longitudinal.ranks import (
    pseudo_median,
    rank_sum,
    shift_between,
    signed_rank,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "classical"
VALUES = pd.read_csv(GOLDEN / "values.csv")
CASES = list(dict.fromkeys(VALUES["case"]))
ANOVA = ["ss", "df", "ss_error", "df_error", "statistic", "p"]
CORRECTED = ["epsilon_gg", "p_gg", "epsilon_hf", "p_hf", "mauchly_w"]


def golden(name):
    return pd.read_csv(GOLDEN / f"{name}.csv")


def mauchly_p(found, truth, case):
    """From four visits on, R's second-order term takes the number of visits once
    where the others are the number of contrasts: it differs in the third digit."""
    close(found, truth, rtol=1e-10 if case != "four_visits" else 1e-2)


def cohort(case):
    """Return (data without missing rows, response)."""
    own = VALUES[VALUES["case"] == case]
    data = own[["patient", "visit", "value"]].dropna()
    return data, own[["patient", "label"]].drop_duplicates()


def close(found, truth, rtol=1e-10):
    np.testing.assert_allclose(
        np.asarray(found, dtype=float), np.asarray(truth, dtype=float), rtol=rtol
    )


@pytest.mark.parametrize("case", CASES)
def test_paired_t(case):
    found = paired_t(cohort(case)[0], value="value")
    truth = golden("paired_t").query("case == @case")
    assert found["contrast"].tolist() == truth["contrast"].tolist()
    columns = ["n", "estimate", "low", "high", "statistic", "df", "p"]
    close(found[columns], truth[columns])


@pytest.mark.parametrize("case", CASES)
def test_repeated_measures_anova(case):
    found = rm_anova(cohort(case)[0], value="value")
    truth = golden("rm_anova").query("case == @case")
    close(found[["n", *ANOVA]], truth[["n", *ANOVA]])
    if case != "two_visits":  # where nothing is corrected
        close(found[CORRECTED], truth[CORRECTED])
        mauchly_p(found["mauchly_p"], truth["mauchly_p"], case)
    else:
        assert found.loc[0, "epsilon_gg"] == pytest.approx(1)
        assert found.loc[0, "p_gg"] == pytest.approx(found.loc[0, "p"])


@pytest.mark.parametrize("case", CASES)
def test_mixed_anova(case):
    found = mixed_anova(*cohort(case), value="value").set_index("effect")
    truth = golden("mixed_anova").query("case == @case").set_index("effect")
    names = {"visit x response": "label:visit", "visit": "visit", "response": "label"}
    for ours, theirs in names.items():
        close(found.loc[ours, ["n", *ANOVA]], truth.loc[theirs, ["n", *ANOVA]])
        if case != "two_visits" and ours != "response":
            close(found.loc[ours, CORRECTED], truth.loc[theirs, CORRECTED])
            p = found.loc[ours, "mauchly_p"], truth.loc[theirs, "mauchly_p"]
            mauchly_p(*p, case)


@pytest.mark.parametrize("case", ["three_visits", "four_visits"])
def test_tukey(case):
    found = tukey(cohort(case)[0], value="value").set_index("contrast")
    truth = golden("tukey").query("case == @case").set_index("contrast")
    found = found.loc[truth.index]
    columns = ["estimate", "statistic", "df", "p"]
    close(found[columns], truth[columns], rtol=1e-8)
    # R's quantile of the studentised range is good to about seven digits.
    close(found[["low", "high"]], truth[["low", "high"]], rtol=1e-6)


def test_one_way_anova_with_bonferroni():
    truth = golden("one_way")
    pairs = [tuple(name.split(" - ")) for name in truth["contrast"][1:]]
    found = one_way_anova(golden("groups"), value="value", group="group", pairs=pairs)
    assert found["contrast"].tolist()[1:] == truth["contrast"].tolist()[1:]
    first = ["statistic", "df", "df_error", "p"]
    close(found.loc[0, first], truth.loc[0, first])
    columns = ["estimate", "low", "high", "statistic", "df", "p", "p_adjusted"]
    close(found.loc[1:, columns], truth.loc[1:, columns])


def signed_cases():
    differences = golden("differences")
    for row in golden("signed_rank").itertuples():
        own = differences[differences["case"] == row.case]["difference"]
        yield pytest.param(own.to_numpy(), row, id=row.case)


@pytest.mark.parametrize(("differences", "row"), list(signed_cases()))
def test_signed_rank_is_that_of_coin(differences, row):
    close(signed_rank(differences, "pratt").p, row.p_pratt)
    close(signed_rank(differences, "wilcoxon").p, row.p_wilcoxon)
    if not np.isnan(row.pseudo_median):
        found = pseudo_median(differences, 0.95)
        close(
            [found.estimate, found.low, found.high],
            [row.pseudo_median, row.low, row.high],
        )


@pytest.mark.parametrize(("differences", "row"), list(signed_cases()))
def test_wilcoxon_of_a_table(differences, row):
    n = len(differences)
    data = pd.DataFrame(
        {
            "patient": [*range(n)] * 2,
            "visit": [0] * n + [6] * n,
            # 0.1 + 0.2 - 0.1 is not 0.2: ties must survive the subtraction.
            "value": np.concatenate([np.full(n, 0.1), differences / 10 + 0.1]),
        }
    )
    found = wilcoxon(data, value="value", zeros="wilcoxon").iloc[0]
    close(found["p"], row.p_wilcoxon)
    assert found["n_zero"] == (differences == 0).sum()
    assert found["smallest_p"] == 2 / 2 ** (n - found["n_zero"])


def group_cases():
    values = golden("two_groups")
    for row in golden("rank_sum").itertuples():
        own = values[values["case"] == row.case]
        first, second = (
            own[own["label"] == label]["value"].to_numpy()
            for label in ("first", "second")
        )
        yield pytest.param(first, second, row, id=row.case)


@pytest.mark.parametrize(("first", "second", "row"), list(group_cases()))
def test_rank_sum_is_that_of_coin(first, second, row):
    close(rank_sum(first, second).p, row.p)
    close(rank_sum(second, first).p, row.p)
    if not np.isnan(row.shift):
        found = shift_between(first, second, 0.95)
        # wilcox.test finds the same order statistics.
        close([found.estimate, found.low, found.high], [row.shift, row.low, row.high])


def test_the_versions_are_kept_beside_the_tables():
    versions = golden("versions").set_index("package")["version"]
    assert set(versions.index) == {"R", "car", "coin", "emmeans", "pROC"}
