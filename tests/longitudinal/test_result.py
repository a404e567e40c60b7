"""What the result shows: flow, sensitivity, limits, and its words."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import NameWarning
from longate.longitudinal import responder_analysis
from longate.longitudinal.sentences import number, p_words
from longate.longitudinal.welch import welch
from longitudinal.cohort import OTHERS, RESPONDERS, family, tables


@pytest.fixture(scope="module")
def result():
    data, response = tables(unknown=(0.2, -0.1, None))
    return responder_analysis(data, response, value="index")


SEEN = ", seen changes alone"


def sensitivity(result):
    return result.sensitivity.set_index("analysis")


def test_the_answer_starts_with_the_difference_in_change(result):
    first = repr(result).splitlines()[0]
    assert first.startswith("The change in index from m00 to m12 was 0.0738 higher in")
    assert "(95 % interval 0.0392 to 0.108; Welch t, p = 0.0011" in first
    assert "5 responders and 7 non-responders" in first


def test_no_difference_is_said_as_not_shown():
    data, response = tables(responders=(0.01, -0.02, 0.03), others=(0.0, 0.02, -0.01))
    words = repr(responder_analysis(data, response, value="index"))
    assert "was not shown to differ" in words.splitlines()[0]


def test_ratios_are_said_as_ratios():
    data, response = tables()
    words = repr(responder_analysis(data, response, value="index", scale="log"))
    assert words.startswith("The ratio of m12 to m00 in index was 1.1")


def test_within_groups_nothing_is_tested(result):
    assert not [name for name in result.groups if name.startswith("p")]
    assert result.groups["label"].tolist() == [
        "responder",
        "non-responder",
        "unclassifiable",
        "difference (responder - non-responder)",
    ]
    difference = result.groups.iloc[-1]
    assert difference["low"] == result.table["low"][0]
    assert "described and not tested" in repr(result)


def test_unclassifiable_patients_are_shown_and_not_analysed(result):
    assert result.changes["in_primary"].sum() == 12
    assert len(result.changes) == 14
    shown = result.trajectories
    assert set(shown.loc[shown["label"] == "unclassifiable", "patient"]) == {
        "P13",
        "P14",
        "P15",
    }
    assert list(shown["visit"].cat.categories) == ["m00", "m12"]


def test_the_flow_counts_every_patient_by_visit_and_label(result):
    flow = result.participant_flow.set_index(["step", "label"])["n"]
    assert flow["labelled", "unclassifiable"] == 3
    assert flow["value at m00", "unclassifiable"] == 3
    assert flow["value at m12", "unclassifiable"] == 2
    assert flow["no value at m12", "unclassifiable"] == 1
    assert flow["both visits", "responder"] == 5
    assert "m00: 5/7/3, m12: 5/7/2" in repr(result)


def test_patients_on_one_side_alone_are_reported():
    data, response = tables()
    without = data[data["patient"] != "P12"]
    stranger = response[response["patient"] != "P11"]
    with pytest.warns(NameWarning, match="'P11'.*'P12'"):
        result = responder_analysis(without, stranger, value="index", unmatched="drop")
    for name in ("'P11'", "'P12'"):
        assert any(name in limit for limit in result.limits)
    flow = result.participant_flow.set_index(["step", "label"])["patients"]
    assert flow["in the response, not in the data", "non-responder"] == "P12"
    assert flow["in the data, not in the response", "not labelled"] == "P11"
    assert result.table["n_non_responder"][0] == 5


def test_a_patient_without_baseline_is_in_the_flow():
    data, response = tables()
    result = responder_analysis(data.drop(index=0), response, value="index")
    flow = result.participant_flow.set_index(["step", "label"])["patients"]
    assert flow["no value at m00", "responder"] == "P01"
    assert result.table["n_responder"][0] == 4


def test_labels_of_the_unclassifiable_are_tried(result):
    rows = sensitivity(result)
    first, second = np.array(RESPONDERS), np.array(OTHERS)
    unknown = np.array([0.2, -0.1])
    for name, one, two in (
        (
            f"unclassifiable as responders{SEEN}",
            np.append(first, unknown),
            second,
        ),
        (
            f"unclassifiable as non-responders{SEEN}",
            first,
            np.append(second, unknown),
        ),
        (
            f"worst-case labels of the unclassifiable{SEEN}",
            np.append(first, -0.1),
            np.append(second, 0.2),
        ),
        (
            f"best-case labels of the unclassifiable{SEEN}",
            np.append(first, 0.2),
            np.append(second, -0.1),
        ),
    ):
        truth = welch(one, two, 0.95)
        assert rows.loc[name, "estimate"] == pytest.approx(truth.estimate)
        assert rows.loc[name, "p"] == pytest.approx(truth.p)
        assert rows.loc[name, "n_responder"] == len(one)


def test_extreme_labels_are_extreme_over_all_allocations():
    unknown = np.array([0.05, -0.2, 0.31, 0.02])
    data, response = tables(unknown=tuple(unknown))
    rows = sensitivity(responder_analysis(data, response, value="index"))
    estimates = []
    for code in range(16):
        chosen = np.array([bool(code >> bit & 1) for bit in range(4)])
        one = np.concatenate([RESPONDERS, unknown[chosen]])
        two = np.concatenate([OTHERS, unknown[~chosen]])
        estimates.append(one.mean() - two.mean())
    worst = rows.loc[f"worst-case labels of the unclassifiable{SEEN}", "estimate"]
    best = rows.loc[f"best-case labels of the unclassifiable{SEEN}", "estimate"]
    assert (worst, best) == pytest.approx((min(estimates), max(estimates)))


def test_every_patient_is_left_out_once(result):
    rows = sensitivity(result)
    first, second = np.array(RESPONDERS), np.array(OTHERS)
    every = [welch(np.delete(first, at), second, 0.95).estimate for at in range(5)] + [
        welch(first, np.delete(second, at), 0.95).estimate for at in range(7)
    ]
    lowest = rows.loc["one patient left out: lowest estimate"]
    assert lowest["estimate"] == pytest.approx(min(every))
    assert lowest["note"] == "without P04"
    highest = rows.loc["one patient left out: highest estimate", "estimate"]
    assert highest == pytest.approx(max(every))


def test_only_the_welch_test_is_tagged_primary(result):
    tags = result.sensitivity["tag"]
    assert tags.tolist()[0] == "primary"
    assert set(tags[1:]) == {"sensitivity", "supplementary"}


def test_leaving_one_of_two_out_is_not_offered():
    data, response = tables(responders=(0.1, 0.2), others=(0.0, 0.05))
    rows = responder_analysis(data, response, value="index").sensitivity
    assert not rows["analysis"].str.contains("left out").any()


def test_the_limits_say_what_this_n_cannot_show(result):
    text = " ".join(result.limits)
    assert "5 responders and 7 non-responders" in text
    assert "1.89 standard deviations" in text
    assert "cannot give a p below 0.0013" in text
    assert "conditional on being followed: 3 of 15" in text
    assert "regression to the mean" in text
    assert "neither predicts" in text


def test_a_floor_above_alpha_is_said():
    data, response = tables(responders=(0.1, 0.2, 0.15), others=(0.0, 0.05, 0.01))
    text = " ".join(responder_analysis(data, response, value="index").limits)
    assert "by permutation nothing can be found here" in text


def test_a_family_prints_floor_times_m():
    data, response = family()
    result = responder_analysis(data, response, value="index", by="population")
    text = " ".join(result.limits)
    assert "times the family of 3 that is 0.0038" in text
    assert "Above 0.05 x 3 = 0.15 nothing can be found" in text
    assert repr(result).startswith("Between-group difference in change from m00 to m12")


def everything_printed():
    """All words of a range of results: effects in one group, both, none."""
    effects = [
        (RESPONDERS, OTHERS),
        (OTHERS, RESPONDERS),
        ((0.2, 0.21, 0.19), (0.001, -0.001, 0.0)),
        ((0.01, -0.02, 0.03), (0.0, 0.02, -0.01)),
    ]
    for first, second in effects:
        data, response = tables(first, second, unknown=(0.1, None))
        response.attrs["derived_from"] = "index"
        for scale in ("identity", "log"):
            yield responder_analysis(
                data, response, value="index", scale=scale, circular="allowed"
            )
    data, response = family()
    yield responder_analysis(data, response, value="index", by="population")


def test_no_path_says_that_one_group_changed_and_the_other_did_not():
    for result in everything_printed():
        text = " ".join(
            [
                repr(result),
                result._repr_html_(),
                *result.limits,
                *result.assumptions,
                result.sensitivity.to_string(),
                result.groups.to_string(),
                result.participant_flow.to_string(),
            ]
        ).casefold()
        for words in ("responders only", "only responders", "only in responders"):
            assert words not in text


def test_html_is_escaped():
    data, response = tables()
    data = data.rename(columns={"index": "a<b>"})
    html = responder_analysis(data, response, value="a<b>")._repr_html_()
    assert "a&lt;b&gt;" in html
    assert "a<b>" not in html


def test_the_result_is_frozen_and_says_where_it_comes_from(result):
    with pytest.raises(FrozenInstanceError):
        result.confidence = 0.9
    assert result.provenance["rule"] == "a rule without a name"
    assert result.provenance["seed"] == 2012
    assert (result.table["run_id"] == result.provenance["run_id"]).all()
    data, response = tables(unknown=(0.2, -0.1, None))
    again = responder_analysis(data, response, value="index")
    assert again.provenance == result.provenance
    data.loc[0, "index"] += 1e-9
    other = responder_analysis(data, response, value="index")
    assert other.provenance["run_id"] != result.provenance["run_id"]


def test_input_is_left_as_it_was():
    data, response = tables()
    before = data.copy(), response.copy()
    responder_analysis(data, response, value="index", scale="log")
    pd.testing.assert_frame_equal(data, before[0])
    pd.testing.assert_frame_equal(response, before[1])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0737714, "0.0738"),
        (-12.345, "-12.3"),
        (1234.5, "1234"),
        (0.0, "0"),
        (1.5e-9, "1.50e-09"),
        (math.nan, "not available"),
        (-math.inf, "minus infinity"),
    ],
)
def test_numbers_are_readable(value, text):
    assert number(value) == text


def test_p_is_readable():
    assert p_words(0.0123) == "p = 0.012"
    assert p_words(1e-9) == "p < 0.0001"
    assert p_words(math.nan) == "p not available"


def test_the_methods_are_a_paragraph_with_numbers_and_versions():
    data, response = tables(unknown=(0.1,))
    result = responder_analysis(data, response, value="index", models=False)
    told = result.methods()
    for words in (
        "The outcome was index, analysed as measured.",
        "5 responders and 7 non-responders by Welch's t test",
        "The visits, in order, were m00 < m12 (by their numbers).",
        "95 % confidence intervals",
        "792 allocations",
        "1 patients could not be classified",
        f"run {result.provenance['run_id']}.",
    ):
        assert words in told
    assert "  " not in told
