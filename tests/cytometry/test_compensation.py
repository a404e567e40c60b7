"""Compensation: from keyword to matrix to compensated events."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import longate as lg
from longate.cytometry.detector_columns import matrix_channels
from longate.cytometry.panel import Channel, Panel
from longate.exceptions import SpilloverError

NAMES = ["FITC-A", "PE-A", "APC-A"]
SPILL = np.array([[1.0, 0.2, 0.01], [0.03, 1.0, 0.1], [0.0, 0.05, 1.0]])


def sample_of(tmp_path, events, matrix, channels=NAMES):
    path = tmp_path / "a.fcs"
    lg.write_fcs(path, events, channels, spillover=matrix)
    return lg.read_fcs(path)


def test_the_direction_is_dye_to_detector(tmp_path):
    """One unit of FITC leaves 0.2 in PE: observed = true @ S."""
    matrix = lg.Compensation(SPILL, NAMES)
    true = np.array([[1000.0, 0.0, 0.0]])
    sample = sample_of(tmp_path, true @ SPILL, matrix)
    found = [sample.values(name)[0] for name in NAMES]
    np.testing.assert_allclose(found, true[0], atol=1e-4)


def test_compensation_is_observed_times_the_inverse(tmp_path):
    rng = np.random.default_rng(1)
    observed = rng.normal(100, 1000, (500, 3)).astype(np.float32)
    sample = sample_of(tmp_path, observed, lg.Compensation(SPILL, NAMES))
    expected = observed.astype(float) @ np.linalg.inv(SPILL)
    found = np.column_stack([sample.values(name) for name in NAMES])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert found.dtype == np.float64


def test_a_compensated_value_is_one_sum_in_channel_order(tmp_path):
    """Float64, no rounding to float32 and no fused multiply-add: equal to the bit."""
    rng = np.random.default_rng(2)
    observed = rng.normal(0, 1e5, (300, 3)).astype(np.float32)
    matrix = lg.Compensation(SPILL, NAMES)
    sample = sample_of(tmp_path, observed, matrix)
    wide = observed.astype(float)
    for place, name in enumerate(NAMES):
        total = np.zeros(len(wide))
        for k in range(3):
            total = total + wide[:, k] * matrix.inverse[k, place]
        np.testing.assert_array_equal(sample.values(name), total)


def test_channels_without_a_row_stay_as_they_are(tmp_path):
    channels = ["FSC-A", *NAMES]
    events = np.arange(8.0).reshape(2, 4)
    sample = sample_of(tmp_path, events, lg.Compensation(SPILL, NAMES), channels)
    np.testing.assert_array_equal(sample.values("FSC-A"), events[:, 0])
    np.testing.assert_array_equal(sample.to_numpy(), events)


def test_the_order_of_channels_in_the_matrix_does_not_matter(tmp_path):
    rng = np.random.default_rng(3)
    observed = rng.normal(0, 1e3, (50, 3))
    turned = [2, 0, 1]
    other = lg.Compensation(SPILL[np.ix_(turned, turned)], [NAMES[k] for k in turned])
    straight = sample_of(tmp_path, observed, lg.Compensation(SPILL, NAMES))
    for name in NAMES:
        np.testing.assert_allclose(
            straight.values(name, compensation=other),
            straight.values(name),
            rtol=0,
            atol=1e-9,
        )


def test_markers_may_name_the_channels(tmp_path):
    path = tmp_path / "a.fcs"
    lg.write_fcs(path, [[10.0, 5.0]], ["A", "B"], markers={"A": "CD3", "B": "CD4"})
    matrix = lg.Compensation([[1, 0.5], [0, 1]], ["CD3", "cd4"])
    assert lg.read_fcs(path).values("B", compensation=matrix).tolist() == [0.0]


def test_nan_in_one_detector_shows_in_every_dye(tmp_path):
    sample = sample_of(tmp_path, [[np.nan, 1.0, 1.0]], lg.Compensation(SPILL, NAMES))
    assert all(np.isnan(sample.values(name)[0]) for name in NAMES)


def test_channels_that_were_not_read_are_named(tmp_path):
    path = tmp_path / "a.fcs"
    lg.write_fcs(path, np.ones((2, 3)), NAMES, spillover=lg.Compensation(SPILL, NAMES))
    sample = lg.read_fcs(path, channels=["PE-A"])
    with pytest.raises(lg.exceptions.FcsError, match=r"'FITC-A' .* was not read"):
        sample.values("PE-A")
    assert sample.values("PE-A", compensated=False).tolist() == [1.0, 1.0]


def test_channels_that_the_file_lacks_are_named_with_a_suggestion(tmp_path):
    sample = sample_of(tmp_path, np.ones((2, 3)), None)
    matrix = lg.Compensation(np.eye(2), ["FITC-H", "PE-A"])
    match = "names 'FITC-H', which the file does not have; did you mean 'FITC-A'"
    with pytest.raises(SpilloverError, match=match):
        sample.values("PE-A", compensation=matrix)


# --- keyword


def test_the_keyword_comes_back_to_the_last_digit():
    matrix = lg.Compensation(SPILL / 3 + np.eye(3), NAMES)
    again = lg.Compensation.from_keyword(matrix.to_keyword())
    assert again == matrix
    np.testing.assert_array_equal(again.matrix, matrix.matrix)


def test_blanks_in_the_keyword_are_harmless():
    matrix = lg.Compensation.from_keyword(" 2, FITC-A , PE-A,1 , 0.1, 0,1.0 ")
    assert matrix.channels == ("FITC-A", "PE-A")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "starts with ''"),
        ("x", "starts with 'x'"),
        ("-1,A,1", "declares -1 channels"),
        ("1,A", "needs 3 entries; it has 2"),
        ("1,A,1,2", "needs 3 entries; it has 4"),
        ("1000000,A", "declares 1000000 channels"),
        ("1,A,one", "no number"),
    ],
)
def test_a_keyword_that_is_no_matrix(value, reason):
    with pytest.raises(SpilloverError, match=reason):
        lg.Compensation.from_keyword(value)


# --- refusals


@pytest.mark.parametrize(
    ("matrix", "channels", "reason"),
    [
        ([[1, 2], [2, 4]], ["A", "B"], r"singular .*channels 'A', 'B'"),
        ([[0, 0], [0, 0]], ["A", "B"], "singular"),
        ([[1, 0], [0, 1]], ["A"], r"shape \(2, 2\) does not fit 1 channels"),
        ([1, 2], ["A", "B"], "shape"),
        ([[1, 0, 0], [0, 1, 0]], ["A", "B"], "shape"),
        ([[1, np.nan], [0, 1]], ["A", "B"], "NaN"),
        ([[1, np.inf], [0, 1]], ["A", "B"], "inf"),
        ([[1, 0], [0, 1]], ["A", "A"], "names a channel twice"),
        ([], [], "shape"),
        ([["a"]], ["A"], "numbers"),
        ([[1, 0], [0]], ["A", "B"], "numbers"),
    ],
)
def test_what_is_no_spillover_matrix(matrix, channels, reason):
    with pytest.raises(SpilloverError, match=reason):
        lg.Compensation(matrix, channels)


# --- a frozen value


def test_a_matrix_is_a_value():
    matrix = lg.Compensation(SPILL, NAMES)
    assert matrix == lg.Compensation(SPILL.tolist(), tuple(NAMES))
    assert hash(matrix) == hash(lg.Compensation(SPILL, NAMES))
    assert matrix != lg.Compensation(SPILL.T, NAMES)
    assert matrix != lg.Compensation(SPILL, ["A", "B", "C"])
    assert matrix != "matrix"
    again = pickle.loads(pickle.dumps(matrix))
    assert again == matrix
    for array in (matrix.matrix, matrix.inverse):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 5


def test_it_does_not_follow_changes_of_what_it_was_made_from():
    given_array = SPILL.copy()
    matrix = lg.Compensation(given_array, NAMES)
    given_array[0, 1] = 9
    assert matrix.matrix[0, 1] == 0.2


def test_what_it_says_of_itself():
    matrix = lg.Compensation(SPILL, NAMES)
    assert matrix.condition_number == pytest.approx(np.linalg.cond(SPILL, 1), rel=1e-12)
    assert "3 channels" in repr(matrix)
    assert matrix.table.loc["FITC-A", "PE-A"] == 0.2
    assert not matrix.is_identity
    assert lg.Compensation([[1, 1e-6], [0, 1]], ["A", "B"]).is_identity


# --- laws


@st.composite
def spillovers(draw):
    size = draw(st.integers(1, 8))
    off = draw(arrays(np.float64, (size, size), elements=st.floats(-0.02, 0.1)))
    np.fill_diagonal(off, 1.0)
    return off


@settings(max_examples=100, deadline=None)
@given(spillovers(), st.data())
def test_compensating_what_was_spilled_restores_it(matrix, data):
    size = len(matrix)
    true = data.draw(arrays(np.float64, (4, size), elements=st.floats(-1e3, 1e5)))
    compensation = lg.Compensation(matrix, [f"D{k}" for k in range(size)])
    restored = (true @ matrix) @ compensation.inverse
    atol = 1e-13 * compensation.condition_number * 1e5
    np.testing.assert_allclose(restored, true, rtol=0, atol=atol)


@settings(max_examples=100, deadline=None)
@given(spillovers())
def test_the_inverse_is_that_of_numpy(matrix):
    compensation = lg.Compensation(matrix, [f"D{k}" for k in range(len(matrix))])
    np.testing.assert_allclose(
        compensation.inverse, np.linalg.inv(matrix), rtol=0, atol=1e-12
    )
    assert compensation.condition_number >= 1 - 1e-12


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_a_channel_without_a_name_is_refused(name):
    with pytest.raises(SpilloverError, match="a channel without a name"):
        lg.Compensation(np.eye(2), ["A", name])
    with pytest.raises(SpilloverError, match="a fluorochrome without a name"):
        lg.Compensation(np.eye(2), ["A", "B"], fluorochromes=[name, "x"])
    with pytest.raises(SpilloverError, match="without a name"):
        lg.Compensation.from_inverse(np.eye(2), ["A", name])


def test_a_channel_that_two_bear_the_name_of_is_no_detector():
    panel = Panel((Channel("FITC-A"), Channel("FITC-A"), Channel("PE-A")))
    square = lg.Compensation([[1.0, 0.1], [0.2, 1.0]], ["FITC-A", "PE-A"])
    with pytest.raises(SpilloverError, match="names 'FITC-A', which the file does not"):
        matrix_channels(square.detectors, panel)
