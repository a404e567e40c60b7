"""What the classical tests return, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from longate.exceptions import DesignError
from longate.longitudinal import classical
from longate.longitudinal.classical import (
    mixed_anova,
    one_way_anova,
    paired_t,
    rm_anova,
    tukey,
    wilcoxon,
    within_groups,
)
from longitudinal.cohort import family, tables

DATA, RESPONSE = tables()
PATIENTS = [f"P{i}" for i in range(6)]


def three_visits(seed=3):
    generator = np.random.default_rng(seed)
    rows = [
        (patient, visit, 10 + at + generator.normal())
        for patient in PATIENTS
        for at, visit in enumerate(["m00", "m06", "m12"])
    ]
    return pd.DataFrame(rows, columns=["patient", "visit", "index"])


def test_patients_without_a_visit_are_counted():
    data = three_visits().drop(index=[1, 5])
    found = paired_t(data, value="index")
    assert found["contrast"].tolist() == ["m06 - m00", "m12 - m00"]
    assert found["n"].tolist() == [5, 5]
    assert found["n_left_out"].tolist() == [1, 1]
    whole = rm_anova(data, value="index").iloc[0]
    assert (whole["n"], whole["n_left_out"]) == (4, 2)
    for table in (found, whole.to_frame().T):
        assert table["assumptions"].str.len().gt(20).all()


def test_pairs_are_those_declared():
    found = paired_t(three_visits(), value="index", pairs=[("m06", "m12")])
    assert found["contrast"].tolist() == ["m12 - m06"]
    with pytest.raises(DesignError, match="runs backwards"):
        paired_t(three_visits(), value="index", pairs=[("m12", "m06")])


def test_visits_without_an_order_are_compared_as_named():
    data = three_visits().query("visit != 'm06'")
    data["visit"] = data["visit"].map({"m00": "acute", "m12": "conv"})
    with pytest.raises(DesignError, match="cannot be known"):
        paired_t(data, value="index")
    found = paired_t(data, value="index", pairs=[("acute", "conv")])
    truth = paired_t(three_visits(), value="index", pairs=[("m00", "m12")])
    assert found["p"].tolist() == truth["p"].tolist()


def test_a_scale_may_be_declared():
    data = three_visits()
    found = paired_t(data, value="index", scale="log", pairs=[("m00", "m12")])
    wide = np.log(data.pivot(index="patient", columns="visit", values="index"))
    truth = stats.ttest_rel(wide["m12"], wide["m00"])
    assert found["p"][0] == pytest.approx(truth.pvalue)
    counts = data.assign(k=(data["index"] * 3).astype(int), n=200)
    found = paired_t(counts, value=("k", "n"), scale="logit")
    assert np.isfinite(found["p"]).all()


def test_visits_of_an_anova_can_be_chosen():
    two = rm_anova(three_visits(), value="index", visits=["m00", "m12"]).iloc[0]
    t = paired_t(three_visits(), value="index", pairs=[("m00", "m12")]).iloc[0]
    assert two["statistic"] == pytest.approx(t["statistic"] ** 2)
    assert two["p"] == pytest.approx(t["p"])
    assert len(tukey(three_visits(), value="index", visits=["m00", "m06"])) == 1


def test_shift_scale_and_row_order_do_not_matter():
    data = three_visits()
    other = data.assign(index=5 - 7e6 * data["index"]).sample(frac=1, random_state=1)
    for test in (rm_anova, paired_t, wilcoxon, tukey):
        one, two = (test(table, value="index")["p"] for table in (data, other))
        np.testing.assert_allclose(one, two, rtol=1e-6)


def test_a_family_keeps_an_outcome_that_cannot_be_tested():
    data, _ = family()
    data.loc[data["population"] == "NK", "index"] = 0.5
    found = paired_t(data, value="index", by="population").set_index("outcome")
    assert "do not vary" in found.loc["NK", "problem"]
    assert found["problem"].isna().tolist() == [True, False, True]
    assert found["p"].isna().tolist() == [False, True, False]


def test_the_interaction_of_two_visits_is_students_t():
    found = mixed_anova(DATA, RESPONSE, value="index").set_index("effect")
    change = DATA.pivot(index="patient", columns="visit", values="index")
    change = change["m12"] - change["m00"]
    label = RESPONSE.set_index("patient")["label"]
    truth = stats.ttest_ind(
        change[label == "responder"], change[label == "non-responder"]
    )
    assert found.index.tolist() == ["visit x response", "visit", "response"]
    row = found.loc["visit x response"]
    assert row["p"] == pytest.approx(truth.pvalue)
    assert row["statistic"] == pytest.approx(truth.statistic**2)
    assert (row["n_responder"], row["n_non_responder"]) == (5, 7)


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("paired t", ["Welch t of changes", "paired t", "paired t"]),
        ("wilcoxon", ["rank sum of changes", "wilcoxon", "wilcoxon"]),
    ],
)
def test_groups_stand_beside_their_difference(test, names):
    found = within_groups(DATA, RESPONSE, value="index", test=test)
    assert found["group"].tolist() == [
        "difference (responder - non-responder)",
        "responder",
        "non-responder",
    ]
    assert found["test"].tolist() == names
    assert found["n"].tolist() == [12, 5, 7]
    difference = found["estimate"][1] - found["estimate"][2]
    if test == "paired t":
        assert found["estimate"][0] == pytest.approx(difference)
    else:
        assert found["smallest_p"].tolist() == pytest.approx(
            [2 / 792, 0.0625, 0.015625]
        )
    assert found["assumptions"].iloc[1:].str.contains("row of the difference").all()


def test_within_groups_agrees_with_scipy():
    found = within_groups(DATA, RESPONSE, value="index").set_index("group")
    wide = DATA.pivot(index="patient", columns="visit", values="index")
    label = RESPONSE.set_index("patient")["label"]
    for name in ("responder", "non-responder"):
        own = wide[label == name]
        truth = stats.ttest_rel(own["m12"], own["m00"])
        assert found.loc[name, "p"] == pytest.approx(truth.pvalue)


def test_no_words_say_that_only_one_group_changed():
    found = within_groups(DATA, RESPONSE, value="index")
    words = found.to_string().casefold()
    assert "responders only" not in words
    assert "only in responders" not in words


def labelled():
    return DATA.merge(RESPONSE, on="patient")


@pytest.mark.parametrize(
    "test", [paired_t, wilcoxon, rm_anova, tukey], ids=lambda test: test.__name__
)
def test_groups_are_not_tested_apart(test):
    with pytest.raises(DesignError, match=r"not tested apart.*within_groups"):
        test(labelled(), value="index", by="label")
    own = labelled().query("label == 'responder'")
    with pytest.raises(DesignError, match="not tested apart"):
        test(own, value="index")
    renamed = labelled().rename(columns={"label": "arm"})
    with pytest.raises(DesignError, match="not tested apart"):
        test(renamed, value="index", by="arm")
    assert len(test(labelled(), value="index")) == 1


def test_every_public_test_is_named():
    assert set(classical.__all__) == {
        *("paired_t", "wilcoxon", "rm_anova", "tukey"),
        *("mixed_anova", "one_way_anova", "within_groups"),
    }


def test_circular_labels_are_refused():
    response = RESPONSE.copy()
    response.attrs["derived_from"] = "index"
    for test in (mixed_anova, within_groups):
        with pytest.raises(DesignError, match="circular"):
            test(DATA, response, value="index")
        assert len(test(DATA, response, value="index", circular="allowed")) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pairs": [("m00", "m24")]}, "'m24'"),
        ({"pairs": [("m00", "m00")]}, "twice"),
        ({"pairs": ["m00"]}, "pairs of visits"),
        ({"pairs": []}, "at least one pair"),
        ({"confidence": 1.5}, "confidence"),
        ({"value": "indx"}, "did you mean 'index'"),
    ],
)
def test_what_is_wrong_is_said(options, words):
    with pytest.raises(DesignError, match=words):
        paired_t(DATA, **({"value": "index"} | options))


def test_nothing_to_test():
    flat = DATA.assign(index=1.0)
    with pytest.raises(DesignError, match="do not vary"):
        paired_t(flat, value="index")
    with pytest.raises(DesignError, match="do not vary"):
        rm_anova(flat, value="index")
    with pytest.raises(DesignError, match="vary"):
        mixed_anova(flat, RESPONSE, value="index")
    assert wilcoxon(flat, value="index")["p"][0] == 1
    one = DATA[DATA["patient"].eq("P01") | DATA["visit"].eq("m00")]
    with pytest.raises(DesignError, match="needs 2"):
        paired_t(one, value="index")
    alone = RESPONSE.assign(label="responder")
    with pytest.raises(DesignError, match=r"12 responder.*0 non-responder"):
        mixed_anova(DATA, alone, value="index")
    with pytest.raises(DesignError, match=r"0 non-responder.*two are needed"):
        within_groups(DATA, alone, value="index")


def groups():
    return pd.DataFrame(
        {
            "patient": ["H1", "H2", "H3", "P1", "P2", "P1", "P2"],
            "group": ["HC"] * 3 + ["m00"] * 2 + ["m12"] * 2,
            "y": [1.0, 2, 3, 3, 5, 4, 6],
        }
    )


def test_people_in_two_groups_are_named_in_the_assumptions():
    found = one_way_anova(groups(), value="y", group="group")
    assert found["family_size"].tolist()[1:] == [3, 3, 3]
    assert found["assumptions"].str.contains("2 patient.s. stand in more").all()
    apart = groups().assign(patient=range(7))
    words = one_way_anova(apart, value="y", group="group")["assumptions"]
    assert not words.str.contains("stand in more").any()


def test_one_way_anova_refuses():
    with pytest.raises(DesignError, match="did you mean 'm00'"):
        one_way_anova(groups(), value="y", group="group", pairs=[("HC", "m0")])
    with pytest.raises(DesignError, match="two groups"):
        one_way_anova(groups().head(3), value="y", group="group")
    with pytest.raises(DesignError, match="do not vary"):
        one_way_anova(
            groups().assign(y=[1, 1, 1, 2, 2, 2, 2]), value="y", group="group"
        )
    data = labelled().query("visit == 'm12'")
    with pytest.raises(DesignError, match="response labels"):
        one_way_anova(data, value="index", group="label")
