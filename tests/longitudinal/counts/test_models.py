"""Laws of the count models, their limits, and how they fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal.counts import (
    beta_binomial,
    binomial,
    microlitres_seen,
    negative_binomial,
)
from longitudinal.counts.cohorts import cohort

MODELS = [binomial, beta_binomial]
ALL = [*MODELS, negative_binomial]


def difference(model, data, response, **options):
    own = {"k": "cells"} if model is negative_binomial else {}
    return model.difference_in_change(data, response, **own, **options)


def fit(model, data, response, **options):
    own = {"k": "cells"} if model is negative_binomial else {}
    return model.fit(data, response, **own, **options)


@pytest.mark.parametrize("model", ALL)
def test_swapped_labels_turn_the_sign_and_nothing_else(model):
    data, response = cohort()
    one = difference(model, data, response)
    swap = {"responder": "non-responder", "non-responder": "responder"}
    other = difference(model, data, response.assign(label=response["label"].map(swap)))
    assert one.estimate == pytest.approx(-other.estimate, rel=1e-4, abs=1e-5)
    assert one.se == pytest.approx(other.se, rel=1e-4)
    assert one.p == pytest.approx(other.p, rel=1e-3)
    assert (one.n_responder, one.n_non_responder) == (5, 7)


@pytest.mark.parametrize("model", ALL)
def test_row_order_and_names_change_nothing(model):
    data, response = cohort()
    one = difference(model, data, response)
    other = data.sample(frac=1, random_state=3)
    other["patient"] = "X" + other["patient"]
    renamed = response.assign(patient="X" + response["patient"])
    again = difference(model, other, renamed)
    assert again.estimate == pytest.approx(one.estimate, rel=1e-5)
    assert again.se == pytest.approx(one.se, rel=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_counting_the_others_turns_the_sign(model):
    data, response = cohort()
    one = difference(model, data, response)
    others = data.assign(n_events=data["n_parent"] - data["n_events"])
    again = difference(model, others, response)
    assert again.estimate == pytest.approx(-one.estimate, rel=1e-4)
    assert again.se == pytest.approx(one.se, rel=1e-4)


def test_the_unit_of_volume_changes_the_intercept_alone():
    data, response = cohort()
    one = fit(negative_binomial, data, response).table
    more = data.assign(microlitres=data["microlitres"] * 1000)
    other = fit(negative_binomial, more, response).table
    shift = one["estimate"] - other["estimate"]
    assert shift[0] == pytest.approx(np.log(1000), rel=1e-5)
    assert np.abs(shift[1:]).max() < 1e-4


@pytest.mark.parametrize("model", ALL)
def test_the_table_holds_the_difference_and_its_interval(model):
    data, response = cohort()
    found = fit(model, data, response, confidence=0.9)
    row = found.table.set_index("term").loc["visit[m12]:label[responder]"]
    assert found.difference.estimate == row["estimate"]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.6448536 * row["se"])
    assert found.difference.ratio[0] == pytest.approx(np.exp(row["estimate"]))
    assert found.n_samples == 36
    assert found.spread["sd_patient"] > 0
    assert "bootstrap" in found.notes[-1]


def test_small_counts_enter():
    data, response = cohort(base=-4.5, n=(40, 200))
    assert (data["n_events"] < 20).all()
    found = binomial.fit(data, response)
    assert found.problem == ""
    assert found.n_samples == 36


def test_patients_with_one_visit_stay():
    data, response = cohort()
    lost = (data["patient"] == "P03") & (data["visit"] != "m00")
    found = binomial.fit(data[~lost], response)
    assert found.n_samples == 34
    assert found.difference.n_responder == 5
    empty = data.assign(n_events=data["n_events"].where(~lost))
    assert binomial.fit(empty, response).difference == found.difference


def test_no_patient_variance_is_said_and_not_refused():
    data, response = cohort(4, patient=0.0, sample=0.35)
    found = [
        binomial.fit(data.assign(n_events=k), response) for k in [data["n_events"]]
    ]
    for seed in range(5, 12):
        if any(one.spread["sd_patient"] == 0 for one in found):
            break
        data, response = cohort(seed, patient=0.0, sample=0.35)
        found.append(binomial.fit(data, response))
    zero = next(one for one in found if one.spread["sd_patient"] == 0)
    assert zero.problem == ""
    assert "patient variance estimated 0" in zero.notes
    assert zero.difference.converged
    assert np.isfinite(zero.table["se"]).all()


@pytest.mark.parametrize(
    ("model", "name"), [(binomial, "sd_sample"), (beta_binomial, "precision")]
)
def test_no_more_variation_than_counting(model, name):
    # Shares that lie closer together than counting allows.
    data, response = cohort()
    late = data["visit"].map({"m00": 0.0, "m06": 0.1, "m12": 0.25})
    at = data["patient"].str[1:].astype(int)
    p = 1 / (1 + np.exp(-(-1.5 + 0.1 * (at % 4) + late)))
    data["n_events"] = (data["n_parent"] * p).round()
    found = model.fit(data, response)
    assert found.problem == ""
    assert found.spread[name] in (0.0, np.inf)
    assert any("no more variation than counting" in note for note in found.notes)
    # Without it, both models are the binomial with patients' effects.
    other = next(m for m in MODELS if m is not model).fit(data, response)
    assert found.difference.estimate == pytest.approx(
        other.difference.estimate, abs=1e-4
    )
    assert found.difference.se == pytest.approx(other.difference.se, rel=1e-3)


@pytest.mark.parametrize("model", ALL)
def test_a_group_without_events_is_named_as_the_reason(model):
    data, response = cohort()
    none = data["patient"].isin(["P01", "P02", "P03", "P04", "P05"])
    none &= data["visit"] == "m12"
    data.loc[none, ["n_events", "cells"]] = 0
    found = fit(model, data, response)
    assert "no event was seen in responders at m12" in found.problem
    assert not found.difference.converged
    assert np.isnan(found.difference.estimate)
    assert "could not be fitted" in found.difference.notes[0]
    assert found.problem in found.difference.notes[0]


@pytest.mark.parametrize("group", [["P01", "P05"], ["P06", "P12"], ["P01", "P12"]])
def test_no_events_at_a_visit_between_leave_the_difference(group):
    data, response = cohort()
    none = data["patient"].between(*group) & (data["visit"] == "m06")
    data.loc[none, "n_events"] = 0
    found = binomial.fit(data, response)
    assert found.problem == ""
    assert found.n_samples == 36
    assert any("at m06: the terms of m06 are infinite" in n for n in found.notes)
    table = found.table.set_index("term")
    assert table["estimate"].isna().sum() == 2
    assert np.isnan(table.loc["visit[m06]:label[responder]", "se"])
    # The counts that are certain say nothing: without them it is the same.
    if group == ["P01", "P12"]:
        lost = binomial.fit(data[data["visit"] != "m06"], response)
        assert found.difference.estimate == pytest.approx(
            lost.difference.estimate, rel=1e-5
        )
        assert found.difference.se == pytest.approx(lost.difference.se, rel=1e-4)
    # One event at last, and the estimate goes on from there.
    one = data.copy()
    one.loc[one.index[none][0], "n_events"] = 1
    near = binomial.fit(one, response).difference
    assert near.estimate == pytest.approx(found.difference.estimate, abs=0.25)


def test_a_visit_of_one_group_is_left_out_and_said():
    data, response = cohort()
    lost = (data["visit"] == "m06") & (data["patient"] <= "P05")
    found = binomial.difference_in_change(data[~lost], response)
    assert "visit m06 was left out: not seen in both groups" in found.notes
    lost = (data["visit"] == "m12") & (data["patient"] <= "P05")
    with pytest.raises(DesignError, match="'m12' are known in one group only"):
        binomial.fit(data[~lost], response)


def test_the_compared_visits_can_be_chosen():
    data, response = cohort()
    table = binomial.fit(data, response).table.set_index("term")
    found = binomial.difference_in_change(data, response, last="m06")
    expected = table.loc["visit[m06]:label[responder]", "estimate"]
    assert found.estimate == pytest.approx(expected, rel=1e-5)
    back = binomial.difference_in_change(data, response, baseline="m06", last="m12")
    both = table.loc["visit[m12]:label[responder]", "estimate"]
    assert back.estimate == pytest.approx(both - expected, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_events": 2.5}, "must be counts with"),
        ({"n_events": -1}, "must be counts with"),
        ({"n_parent": 1}, "must be counts with"),
    ],
)
def test_what_is_no_count_is_named_with_its_row(change, words):
    data, response = cohort()
    data = data.astype({"n_events": float})
    data.loc[4, list(change)] = list(change.values())
    with pytest.raises(DesignError, match=words) as caught:
        binomial.fit(data, response)
    assert "'P02'" in str(caught.value)
    assert "'m06'" in str(caught.value)


def test_volumes_must_be_amounts():
    data, response = cohort()
    data.loc[[4, 7], "microlitres"] = [0, np.inf]
    with pytest.raises(DesignError, match="amounts above 0") as caught:
        negative_binomial.fit(data, response, k="cells")
    assert "'P02'" in str(caught.value)
    assert "'P03'" in str(caught.value)


def test_bad_designs_say_what_is_wrong():
    data, response = cohort()
    with pytest.raises(DesignError, match="lacks the column 'n_total'"):
        binomial.fit(data, response, size="n_total")
    with pytest.raises(DesignError, match="more than one row"):
        binomial.fit(pd.concat([data, data.head(1)], ignore_index=True), response)
    one = response[~response["patient"].isin(["P02", "P03", "P04", "P05"])]
    with pytest.raises(DesignError, match="do not match"):
        binomial.fit(data, one)
    few = data[data["patient"].isin(one["patient"])]
    with pytest.raises(DesignError, match="two patients of each label"):
        binomial.fit(few, one)
    with pytest.raises(DesignError, match="nodes must be a whole number"):
        binomial.fit(data, response, nodes=0)
    with pytest.raises(DesignError, match="confidence must be above 0"):
        binomial.fit(data, response, confidence=95)
    response.attrs["derived_from"] = "n_events"
    with pytest.raises(DesignError, match="circular"):
        binomial.fit(data, response)


def test_microlitres_by_the_beads():
    seen = microlitres_seen([2000, 500], [50, 50], [50_000, 50_000], 2)
    assert seen == pytest.approx([1.0, 0.25])


def test_the_truth_is_found_in_many_patients():
    rng = np.random.default_rng(2012)
    rows = []
    for at in range(160):
        own = rng.normal(0, 0.5)
        for late, visit in enumerate(("before", "after")):
            eta = -1.5 + own + 0.2 * late + 0.4 * late * (at % 2) + rng.normal(0, 0.3)
            k = rng.binomial(800, 1 / (1 + np.exp(-eta)))
            rows.append(
                (f"P{at:03d}", visit, k, 800, rng.poisson(np.exp(eta + 4)), 2.0)
            )
    columns = ["patient", "visit", "n_events", "n_parent", "cells", "microlitres"]
    data = pd.DataFrame(rows, columns=columns)
    labels = np.where(np.arange(160) % 2, "responder", "non-responder")
    response = pd.DataFrame({"patient": data["patient"].unique(), "label": labels})
    options = {"baseline": "before", "last": "after"}
    for model in ALL:
        found = fit(model, data, response, **options)
        assert abs(found.difference.estimate - 0.4) < 3 * found.difference.se
        assert found.difference.se < 0.12
        assert found.spread["sd_patient"] == pytest.approx(0.5, abs=0.12)
    samples = binomial.fit(data, response, **options).spread["sd_sample"]
    assert samples == pytest.approx(0.3, abs=0.08)
