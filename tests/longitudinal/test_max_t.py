"""Joint permutation with maxT against brute force, its twin, and laws."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longate._core import permute_family
from longate.exceptions import DesignError, NameWarning
from longate.longitudinal.analysis import responder_analysis
from longate.longitudinal.max_t import max_t as jointly
from longitudinal.cohort import family, tables
from reference.families import adjusted, labelled

max_t = partial(jointly, value="index")
responders = partial(responder_analysis, value="index")

OPTIONS = {"most_enumerated": 10**6, "replicates": 999, "seed": 1, "threads": 2}
NAMES = ("p", "p_max_t", "p_step_down", "smallest_p", "smallest_p_max_t")
number = st.one_of(
    st.integers(-2, 2).map(float),
    st.floats(-10, 10).map(lambda x: round(x, 3)),
    st.just(float("nan")),
)


def compare(values, responder):
    found = permute_family(values, responder, **OPTIONS)
    if found is None:
        known = ~np.isnan(values)
        few = [(known & side).sum(axis=1).min() for side in (responder, ~responder)]
        assert min(few) < 2
        return
    observed, every = labelled(values, responder)
    assert np.abs(found["statistic"]) == pytest.approx(observed, rel=1e-9, abs=1e-12)
    for name, twin in zip(NAMES, adjusted(observed, every), strict=True):
        assert found[name] == pytest.approx(twin, abs=1e-12), name
    assert found["allocations"] == len(every)
    assert found["exact"]


@settings(max_examples=150, deadline=None)
@given(st.lists(number, min_size=18, max_size=18), st.integers(0, 5))
def test_six_patients_agree_with_brute_force(values, turn):
    responder = np.roll(np.arange(6) < 3, turn)
    compare(np.array(values).reshape(3, 6), responder)


@settings(max_examples=60, deadline=None)
@given(st.lists(number, min_size=16, max_size=16), st.sampled_from([3, 5]))
def test_eight_unequal_patients_agree_with_brute_force(values, n_first):
    compare(np.array(values).reshape(2, 8), np.arange(8) < n_first)


def test_twelve_patients_agree_with_the_twin():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(9, 12)) + 5 * (rng.random((9, 12)) < 0.1)
    values[4, [2, 8]] = np.nan
    compare(values, np.arange(12) % 2 == 0)
    compare(values, np.arange(12) < 5)


def test_values_far_apart_keep_their_digits():
    # The smaller group's spread is 1e-9 of the values' range in one allocation.
    values = np.array([[0, 1e-9, 3e-9, 1, 1.3, 1.1, 1.2], [1, 2, 4, 3, 5, 7, 6]])
    compare(values.astype(float), np.arange(7) < 3)


def test_complete_outcomes_have_the_p_of_the_responder_analysis():
    data, response = family()
    found = max_t(data, response, by="population").set_index("outcome")
    one = responders(data, response, by="population").table.set_index("outcome")
    assert found["estimate"].to_dict() == pytest.approx(one["estimate"].to_dict())
    assert found["statistic"].to_dict() == pytest.approx(one["t"].to_dict())
    assert found["p"].to_dict() == pytest.approx(one["permutation_p"].to_dict())
    assert found["smallest_p"].to_dict() == pytest.approx(
        one["permutation_smallest_p"].to_dict()
    )
    assert (found["p_max_t"] >= found["p_step_down"]).all()
    assert (found["p_step_down"] >= found["p"]).all()
    assert (found["allocations"] == 792).all()
    assert (found["smallest_p"] >= 1 / 792).all()


def test_every_later_visit_is_in_the_family():
    data, response = family()
    middle = data[data["visit"] == "m12"].assign(visit="m06")
    middle["index"] += np.linspace(-0.1, 0.1, len(middle))
    data = pd.concat([data, middle], ignore_index=True)
    both = max_t(data, response, by="population")
    assert list(zip(both["outcome"], both["visit"], strict=True))[:2] == [
        ("B", "m06"),
        ("B", "m12"),
    ]
    last = max_t(data, response, by="population", visits=["m12"])
    merged = both.merge(last, on=["outcome", "visit"], suffixes=("", "_last"))
    assert len(merged) == 3
    assert merged["p"].tolist() == merged["p_last"].tolist()
    assert (merged["p_max_t"] >= merged["p_max_t_last"]).all()


def test_row_order_names_and_units_change_nothing():
    data, response = family()
    found = max_t(data, response, by="population")
    other = data.sample(frac=1, random_state=4).assign(
        index=lambda t: 5 - 3 * t["index"]
    )
    other["patient"] = "Z" + other["patient"]
    renamed = response.sample(frac=1, random_state=5)
    renamed["patient"] = "Z" + renamed["patient"]
    again = max_t(other, renamed, by="population", family=["B", "NK", "T"])
    for name in NAMES:
        assert again[name].to_numpy() == pytest.approx(found[name].to_numpy())
    assert again["statistic"].to_numpy() == pytest.approx(
        -found["statistic"].to_numpy()
    )


def test_an_outcome_that_cannot_be_tested_is_kept_with_its_problem():
    data, response = family()
    keep = response.loc[response["label"] == "non-responder", "patient"]
    lost = (data["population"] == "NK") & ~data["patient"].isin([*keep, "P01"])
    found = max_t(data[~lost], response, by="population").set_index("outcome")
    assert "1 responders and 7 non-responders" in found.loc["NK", "problem"]
    assert np.isnan(found.loc["NK", "p"])
    assert np.isnan(found.loc["NK", "estimate"])
    without = max_t(data, response, by="population", family=["B", "T"])
    assert found.loc["B", "p_max_t"] == without.set_index("outcome").loc["B", "p_max_t"]
    only = {"by": "population", "family": ["NK"], "unmatched": "drop"}
    with (
        pytest.warns(NameWarning, match="left out as unmatched"),
        pytest.raises(DesignError, match="none of 1 outcomes can be tested"),
    ):
        max_t(data[~lost], response, **only)


def test_a_patient_without_an_outcome_counts_allocations_without_meaning():
    data, response = tables((0.3, 0.1, 0.2), (0.0, 0.05, -0.1, 0.02))
    gap = (data["patient"] == "P01") & (data["visit"] == "m12")
    twice = pd.concat([data[~gap].assign(by="a"), data.assign(by="b")])
    found = max_t(twice, response, by="by").set_index("outcome")
    assert found["allocations"].tolist() == [35, 35]
    assert found["undefined"].tolist() == [0, 0]
    more = gap | ((data["patient"] == "P05") & (data["visit"] == "m12"))
    twice = pd.concat([data[~more].assign(by="a"), data.assign(by="b")])
    found = max_t(twice, response, by="by").set_index("outcome")
    # Both missing in the first group of three: five allocations leave one there.
    assert found["undefined"].tolist() == [5, 0]


def test_patients_without_label_or_value_do_not_enter():
    data, response = tables(unknown=(0.9, -0.4))
    assert max_t(data, response)["allocations"].tolist() == [792]
    data, response = tables(responders=(0.071, 0.094, 0.043, None, 0.112, 0.066))
    found = max_t(data, response)
    assert found["allocations"].tolist() == [792]
    assert found["n_responder"].tolist() == [5]


def test_many_patients_are_sampled_with_a_seed_and_threads_change_nothing():
    rng = np.random.default_rng(6)
    values = rng.normal(size=(20, 30))
    labels = np.arange(30) < 13
    options = OPTIONS | {"replicates": 9_999}
    one = permute_family(values, labels, **(options | {"threads": 1}))
    three = permute_family(values, labels, **(options | {"threads": 3}))
    assert not one["exact"]
    assert one["allocations"] == 10_000
    for name in NAMES:
        assert (one[name] == three[name]).all()
    assert (one["smallest_p"] == 1e-4).all()
    other = permute_family(values, labels, **(options | {"seed": 2}))
    assert (one["p"] != other["p"]).any()
    assert np.abs(one["p_max_t"] - other["p_max_t"]).max() < 0.03


def test_a_sample_agrees_with_all_allocations():
    rng = np.random.default_rng(8)
    values, labels = rng.normal(size=(6, 12)), np.arange(12) < 5
    every = permute_family(values, labels, **OPTIONS)
    sample = OPTIONS | {"most_enumerated": 0, "replicates": 200_000}
    some = permute_family(values, labels, **sample)
    for name in ("p", "p_max_t", "p_step_down"):
        error = np.sqrt(every[name] * (1 - every[name]) / 2e5)
        assert (np.abs(some[name] - every[name]) < 4.5 * error + 1e-5).all()


def test_the_family_wise_error_is_held():
    # Independent noise: the smallest maxT p is below .05 in about 5 %.
    rng = np.random.default_rng(2012)
    labels = np.arange(10) < 5
    runs = 2_000
    hits = sum(
        permute_family(rng.normal(size=(15, 10)), labels, **OPTIONS)["p_max_t"].min()
        <= 0.05
        for _ in range(runs)
    )
    # 252 allocations, mirrored: 12 of 252 is the largest share within .05.
    assert abs(hits / runs - 12 / 252) < 3 * np.sqrt(0.05 * 0.95 / runs)


def test_the_interpreter_can_interrupt():
    values = np.random.default_rng(1).normal(size=(50, 60))
    options = OPTIONS | {"replicates": 10**9}
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        permute_family(values, np.arange(60) < 30, **options)
    assert time.monotonic() - began < 1.3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"replicates": 0}, "replicates must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"threads": 0}, "threads must be"),
        ({"most_enumerated": True}, "most_enumerated must be"),
        ({"visits": ["m00"]}, "not a visit after the baseline 'm00'"),
        ({"visits": ["m21"]}, "did you mean 'm12'"),
        ({"visits": "m12"}, "must be a list of visits"),
        ({"visits": []}, "no visit is left"),
        ({"baseline": "m12"}, "must come before last"),
    ],
)
def test_wrong_options_are_named(options, words):
    with pytest.raises(DesignError, match=words):
        max_t(*tables(), **options)


def test_circular_labels_are_refused():
    data, response = tables()
    response.attrs["derived_from"] = "index"
    with pytest.raises(DesignError, match="circular"):
        max_t(data, response)
    assert len(max_t(data, response, circular="allowed")) == 1
