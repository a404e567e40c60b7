"""Laws that hold for any cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longate.longitudinal import responder_analysis
from longitudinal.cohort import OTHERS, RESPONDERS, family, tables

change = st.integers(-400, 400).map(lambda x: x / 1000)
cohort = st.tuples(
    st.lists(change, min_size=2, max_size=6, unique=True),
    st.lists(change, min_size=2, max_size=6, unique=True),
)
quick = settings(max_examples=25, deadline=None)
SAME = ["p", "df", "permutation_p", "permutation_smallest_p"]
MOVED = ["estimate", "low", "high", "permutation_low", "permutation_high"]


def table(data, response, **options):
    result = responder_analysis(data, response, value="index", **options)
    return result.table.iloc[0]


def assert_same(found, truth, columns=(*SAME, *MOVED), factor=1.0):
    np.testing.assert_allclose(
        found[list(columns)].astype(float),
        truth[list(columns)].astype(float) * factor,
        rtol=1e-7,
        atol=1e-9,
    )


@quick
@given(cohort, st.floats(0.1, 50), st.floats(-5, 5))
def test_units_do_not_matter(groups, scale, shift):
    data, response = tables(*groups)
    truth = table(data, response)
    found = table(data.assign(index=data["index"] * scale + shift), response)
    assert_same(found, truth, SAME)
    np.testing.assert_allclose(
        found[MOVED].astype(float),
        truth[MOVED].astype(float) * scale,
        rtol=1e-6,
        atol=1e-9,
    )


@quick
@given(cohort)
def test_swapping_the_labels_turns_the_sign(groups):
    data, response = tables(*groups)
    swapped = response.assign(
        label=response["label"].map(
            {"responder": "non-responder", "non-responder": "responder"}
        )
    )
    truth, found = table(data, response), table(data, swapped)
    assert_same(found, truth, SAME)
    for column, mirror in (
        ("estimate", "estimate"),
        ("low", "high"),
        ("high", "low"),
        ("permutation_low", "permutation_high"),
    ):
        assert found[column] == pytest.approx(-truth[mirror], rel=1e-6, abs=1e-9)


@quick
@given(cohort, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(groups, random):
    data, response = tables(*groups)
    truth = responder_analysis(data, response, value="index")
    rows, patients = list(data.index), list(response.index)
    random.shuffle(rows)
    random.shuffle(patients)
    found = responder_analysis(data.loc[rows], response.loc[patients], value="index")
    pd.testing.assert_frame_equal(found.table, truth.table)
    pd.testing.assert_frame_equal(found.changes, truth.changes)


@quick
@given(cohort)
def test_the_floor_bounds_p_and_leaving_out_brackets(groups):
    data, response = tables(*groups)
    result = responder_analysis(data, response, value="index")
    row = result.table.iloc[0]
    assert row["permutation_p"] >= row["permutation_smallest_p"] - 1e-12
    assert row["low"] <= row["estimate"] <= row["high"]


def test_the_log_scale_is_the_identity_of_logarithms():
    data, response = tables()
    logs = data.assign(index=np.log(data["index"]))
    truth, found = table(logs, response), table(data, response, scale="log")
    assert_same(found, truth)
    assert found["ratio"] == pytest.approx(np.exp(truth["estimate"]))
    assert found["ratio_high"] == pytest.approx(np.exp(truth["high"]))
    assert np.isnan(truth["ratio"])


def test_the_logit_scale_is_the_empirical_logit_of_the_counts():
    data, response = tables()
    counts = data.assign(n=200, k=(data["index"] * 200).round().astype(int))
    counts.loc[0, "k"] = 0
    by_hand = np.log((counts["k"] + 0.5) / (counts["n"] - counts["k"] + 0.5))
    truth = table(counts.assign(index=by_hand), response)
    result = responder_analysis(counts, response, value=("k", "n"), scale="logit")
    assert_same(result.table.iloc[0], truth)
    assert result.trajectories["value"].between(0, 1).all()


def test_a_visit_of_numbers_or_of_ordered_categories_is_ordered():
    data, response = tables()
    truth = table(data, response)
    numbers = data.assign(visit=data["visit"].map({"m00": 0.0, "m12": 12.0}))
    names = data.assign(
        visit=pd.Categorical(
            data["visit"].map({"m00": "pre", "m12": "post"}),
            ["pre", "post", "late"],
            ordered=True,
        )
    )
    for other, order in (
        (numbers, "0 < 12 (by their num"),
        (names, "pre < post (as"),
    ):
        result = responder_analysis(other, response, value="index")
        assert_same(result.table.iloc[0], truth)
        assert any(order in sentence for sentence in result.assumptions)


def test_a_result_with_a_table_is_data():
    class Score:
        table, labels = tables()

    found = responder_analysis(Score(), Score.labels, value="index")
    assert found.table.iloc[0]["estimate"] == pytest.approx(
        np.mean(RESPONDERS) - np.mean(OTHERS)
    )


def test_a_family_of_one_column_equals_its_members_apart():
    data, response = family()
    together = responder_analysis(data, response, value="index", by="population")
    for level in ("B", "NK", "T"):
        alone = table(data[data["population"] == level], response)
        own = together.table.set_index("outcome").loc[level]
        assert_same(own, alone)
    m = (
        together.table["smallest_p_times_family"]
        / together.table["permutation_smallest_p"]
    )
    assert m.tolist() == [3, 3, 3]


def test_a_declared_family_is_adjusted_alone_and_in_its_order():
    data, response = family()
    result = responder_analysis(
        data, response, value="index", by="population", family=["T", "B"]
    )
    assert result.table["outcome"].tolist() == ["T", "B"]
    assert "Family of 2 outcomes" in repr(result)


def test_two_columns_name_an_outcome():
    data, response = family()
    result = responder_analysis(
        data.assign(tube="NK"), response, value="index", by=["tube", "population"]
    )
    assert result.table["outcome"].tolist() == ["NK · B", "NK · NK", "NK · T"]
