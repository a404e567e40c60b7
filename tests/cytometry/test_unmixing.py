"""More detectors than fluorochromes: least squares, and names that no panel has."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import longate as lg
from longate.exceptions import PanelError, SpilloverError

DETECTORS = ["B1-A", "B2-A", "B3-A", "R1-A"]
DYES = ["FITC", "PE", "APC"]
SPECTRA = np.array([[1.0, 0.6, 0.1, 0.0], [0.1, 1.0, 0.7, 0.05], [0.0, 0.02, 0.2, 1]])
UNMIX = lg.Compensation(SPECTRA, DETECTORS, fluorochromes=DYES)


def sample_of(tmp_path, events, channels=DETECTORS, **options):
    path = tmp_path / "a.fcs"
    lg.write_fcs(path, events, channels, **options)
    return lg.read_fcs(path, compensation=UNMIX)


def test_the_weights_are_the_pseudo_inverse():
    np.testing.assert_allclose(UNMIX.weights, np.linalg.pinv(SPECTRA), atol=1e-14)
    assert UNMIX.weights.shape == (4, 3)
    expected = np.linalg.norm(SPECTRA, 1) * np.linalg.norm(UNMIX.weights, 1)
    assert UNMIX.condition_number == pytest.approx(expected, rel=1e-14)


@st.composite
def spectra(draw):
    fluorochromes = draw(st.integers(1, 8))
    detectors = fluorochromes + draw(st.integers(0, 8))
    off = draw(
        arrays(np.float64, (fluorochromes, detectors), elements=st.floats(0, 0.1))
    )
    off[np.arange(fluorochromes), np.arange(fluorochromes)] += 1.0
    return off


@settings(max_examples=100, deadline=None)
@given(spectra(), st.data())
def test_unmixing_what_was_mixed_restores_it(matrix, data):
    fluorochromes, detectors = matrix.shape
    true = data.draw(
        arrays(np.float64, (4, fluorochromes), elements=st.floats(-1e3, 1e5))
    )
    unmix = lg.Compensation(
        matrix,
        [f"D{k}" for k in range(detectors)],
        [f"F{k}" for k in range(fluorochromes)],
    )
    restored = unmix.apply(true @ matrix)
    atol = 1e-13 * unmix.condition_number * 1e5
    np.testing.assert_allclose(restored, true, rtol=0, atol=atol)


@settings(max_examples=50, deadline=None)
@given(spectra(), st.data())
def test_no_other_amounts_of_dye_fit_better(matrix, data):
    """The residual stands on every spectrum: the normal equations hold."""
    fluorochromes, detectors = matrix.shape
    observed = data.draw(arrays(np.float64, (3, detectors), elements=st.floats(0, 1e3)))
    names = [f"D{k}" for k in range(detectors)]
    unmix = lg.Compensation(matrix, names, [f"F{k}" for k in range(fluorochromes)])
    rest = observed - unmix.apply(observed) @ matrix
    assert np.abs(rest @ matrix.T).max() <= 1e-11 * max(1, np.abs(observed).max())


def test_dyes_are_values_of_a_sample_though_no_panel_names_them(tmp_path):
    true = np.array([[1000.0, 50.0, 0.0], [0.0, 0.0, 4000.0]])
    sample = sample_of(tmp_path, (true @ SPECTRA).astype(np.float32))
    np.testing.assert_allclose(sample.values("PE"), true[:, 1], atol=1e-3)
    np.testing.assert_allclose(sample.values("apc"), true[:, 2], atol=1e-3)
    np.testing.assert_array_equal(sample.values("B1-A"), sample.column("B1-A"))
    np.testing.assert_array_equal(
        UNMIX.apply(sample),
        np.column_stack([sample.values(fluorochrome) for fluorochrome in DYES]),
    )
    match = r"'FITCC' is not in the panel.*did you mean 'FITC'"
    with pytest.raises(PanelError, match=match):
        sample.values("FITCC")
    match = r"'B2' is not in the panel, nor is it a fluorochrome .*did you mean 'B\d-A'"
    with pytest.raises(PanelError, match=match):
        sample.values("B2")
    match = (
        "'xyz' is not .* fluorochrome of the spillover matrix; "
        "there are 'FITC', 'PE'.*'B1-A'"
    )
    with pytest.raises(PanelError, match=match):
        sample.values("xyz")
    with pytest.raises(PanelError, match="'PE' is not in the panel"):
        sample.values("PE", compensated=False)


def test_a_dye_that_the_panel_names_answers_to_all_names_of_that_channel(tmp_path):
    matrix = lg.Compensation(SPECTRA, DETECTORS, ["B1-A", "CD4", "R1-A"])
    path = tmp_path / "a.fcs"
    true = np.array([[100.0, 20.0, 3.0]])
    lg.write_fcs(path, true @ SPECTRA, DETECTORS, markers={"B2-A": "CD4"})
    sample = lg.read_fcs(path, compensation=matrix)
    for name, place in (("B1-A", 0), ("CD4", 1), ("B2-A", 1), ("R1-A", 2)):
        np.testing.assert_allclose(sample.values(name), true[:, place], atol=1e-4)
    twice = lg.Compensation(SPECTRA, DETECTORS, ["B1-A", "CD4", "B2-A"])
    match = "fluorochromes 'CD4' and 'B2-A' .* are one channel of the file, 'B2-A'"
    with pytest.raises(SpilloverError, match=match):
        sample.values("CD4", compensation=twice)


def test_several_missing_detectors_are_named_each_with_a_suggestion(tmp_path):
    sample = sample_of(tmp_path, np.ones((2, 4)))
    other = lg.Compensation(
        SPECTRA, ["B1-H", "B2-A", "B3-A", "R1-H"], fluorochromes=DYES
    )
    match = "names 'B1-H', 'R1-H'.*did you mean 'B1-A'.*for 'R1-H' did you mean 'R1-A'"
    with pytest.raises(SpilloverError, match=match):
        sample.values("PE", compensation=other)


@pytest.mark.parametrize(
    ("matrix", "detectors", "fluorochromes", "reason"),
    [
        (
            [[1, 0, 1], [2, 0, 2]],
            "ABC",
            "xy",
            "fluorochrome 'y' is empty or made up of .* 'x'",
        ),
        ([[1, 0, 1], [0, 0, 0]], "ABC", "xy", "spectrum of fluorochrome 'y' is empty"),
        ([[1], [2]], "A", "xy", "2 fluorochromes cannot be told apart by 1 detectors"),
        ([[1, 0, 1]], "ABC", "xx", "names a fluorochrome twice: 'x'"),
        ([[1, 0, 1]], "ABA", "x", "names a detector twice: 'A'"),
        (
            [[1, 0, 1]],
            "AB",
            "x",
            r"shape \(1, 3\) does not fit 1 fluorochromes x 2 detectors",
        ),
        ([[1, np.inf, 1]], "ABC", "x", "holds inf in row 'x', column 'B'"),
    ],
)
def test_spectra_that_cannot_be_unmixed(matrix, detectors, fluorochromes, reason):
    with pytest.raises(SpilloverError, match=reason):
        lg.Compensation(matrix, list(detectors), list(fluorochromes))


def test_one_string_is_no_list_of_names():
    with pytest.raises(SpilloverError, match="list of names, not one string: 'AB'"):
        lg.Compensation(np.eye(2), "AB")


def test_what_it_says_of_itself():
    assert "3 fluorochromes x 4 detectors" in repr(UNMIX)
    assert UNMIX.table.loc["PE", "B3-A"] == 0.7
    assert not UNMIX.is_square
    assert not UNMIX.is_identity
    with pytest.raises(SpilloverError, match=r"have no inverse; use \.weights"):
        _ = UNMIX.inverse
    with pytest.raises(SpilloverError, match=r"use \.detectors and \.fluorochromes"):
        _ = UNMIX.channels
    assert pickle.loads(pickle.dumps(UNMIX)) == UNMIX
    assert lg.Compensation.from_plain(UNMIX.to_plain()) == UNMIX
    other = lg.Compensation(SPECTRA, DETECTORS, fluorochromes=["FITC", "PE", "AF647"])
    assert other != UNMIX


def test_names_may_be_changed_and_dyes_left_out():
    renamed = UNMIX.renamed({"PE": "CD3", "B1-A": "488-1"})
    assert renamed.fluorochromes == ("FITC", "CD3", "APC")
    assert renamed.detectors[0] == "488-1"
    np.testing.assert_array_equal(renamed.weights, UNMIX.weights)
    part = UNMIX.select(["APC", "FITC"])
    np.testing.assert_allclose(
        part.weights, np.linalg.pinv(SPECTRA[[2, 0]]), atol=1e-14
    )
    square = lg.Compensation(SPECTRA[:, :3], ["A", "B", "C"]).select(["C", "A"])
    np.testing.assert_array_equal(square.matrix, SPECTRA[:, :3][np.ix_([2, 0], [2, 0])])
    with pytest.raises(
        SpilloverError, match="no fluorochrome 'APD'; did you mean 'APC'"
    ):
        UNMIX.select(["APD"])
    with pytest.raises(
        SpilloverError, match="no fluorochrome or detector 'B1-H'; did you mea"
    ):
        UNMIX.renamed({"B1-H": "x"})


def test_a_matrix_that_is_inverted_already_is_used_as_it_is():
    inverse = np.array([[1.0, -0.25], [-0.1, 1.1]])
    made = lg.Compensation.from_inverse(inverse, ["A", "B"])
    np.testing.assert_array_equal(made.inverse, inverse)
    np.testing.assert_allclose(made.matrix @ inverse, np.eye(2), atol=1e-15)
    again = lg.Compensation.from_plain(made.to_plain())
    assert again == made
    np.testing.assert_array_equal(again.weights, inverse)
    assert pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(
        SpilloverError,
        match=r"no more fluorochromes than detectors; this has shape \(1, 2\)",
    ):
        lg.Compensation.from_inverse([[1.0, 0.5]], ["A", "B"])
    with pytest.raises(SpilloverError, match="singular"):
        lg.Compensation.from_inverse([[1.0, 1.0], [1.0, 1.0]], ["A", "B"])


def test_a_strategy_keeps_such_a_matrix():
    strategy = lg.GatingStrategy([], compensation=UNMIX)
    assert lg.GatingStrategy.from_json(strategy.to_json()).compensation == UNMIX


# --- all fluorochromes at once


@settings(max_examples=60, deadline=None)
@given(spectra(), st.integers(0, 700), st.integers(0, 2), st.data())
def test_all_dyes_at_once_are_one_sum_each_in_detector_order(matrix, n, threads, data):
    """The twin: float64 sums in order, a rounding after each product and sum."""
    fluorochromes, detectors = matrix.shape
    names = [f"D{k}" for k in range(detectors)]
    unmix = lg.Compensation(matrix, names, [f"F{k}" for k in range(fluorochromes)])
    seed = data.draw(st.integers(0, 99))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    order = data.draw(st.sampled_from("CF"))
    rng = np.random.default_rng(seed)
    events = np.array(rng.normal(0, 1e4, (n, detectors)), dtype=dtype, order=order)
    expected = np.zeros((n, fluorochromes))
    for k in range(detectors):
        expected += events[:, k : k + 1].astype(float) * unmix.weights[k]
    np.testing.assert_array_equal(unmix.apply(events, threads=threads), expected)
    events.setflags(write=False)
    np.testing.assert_array_equal(unmix.apply(events[::2]), expected[::2])


def test_hostile_values_give_what_numpy_gives():
    hostile = [np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -0.0, 0.0]
    events = np.array(np.meshgrid(*[hostile] * 4)).reshape(4, -1).T
    expected = np.zeros((len(events), 3))
    with np.errstate(all="ignore"):
        for k in range(4):
            expected = expected + events[:, k : k + 1] * UNMIX.weights[k]
    np.testing.assert_array_equal(UNMIX.apply(events), expected)


def test_values_may_be_rounded_for_display_at_the_very_end():
    events = np.random.default_rng(4).normal(0, 1e4, (999, 4))
    wide = UNMIX.apply(events)
    narrow = np.empty((3, 999), np.float32).T
    assert UNMIX.apply(events, out=narrow) is narrow
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))


@pytest.mark.parametrize("order", ["C", "F"])
def test_events_may_be_compensated_where_they_lie(order):
    square = lg.Compensation([[1.0, 0.1], [0.2, 1.0]], ["A", "B"])
    events = np.array(np.random.default_rng(5).normal(0, 1e4, (999, 2)), order=order)
    expected = square.apply(events.copy())
    if order == "F":
        assert square.apply(events, out=events) is events
    else:  # the memory of the events, taken as columns
        out = events.reshape(2, 999).T
        assert square.apply(events, out=out) is out
        events = out
    np.testing.assert_array_equal(events, expected)


def test_columns_of_a_frame_are_found_by_their_names():
    square = lg.Compensation([[1.0, 0.2], [0.1, 1.0]], ["a", "b"])
    frame = pd.DataFrame({"b": [100.0, 0.0], "more": 7.0, "a": [0.0, 50.0]})
    expected = square.apply(frame[["a", "b"]].to_numpy())
    np.testing.assert_array_equal(square.apply(frame), expected)
    with pytest.raises(SpilloverError, match="names 'b', which the table does not"):
        square.apply(frame.rename(columns={"b": "B"}))
    # Columns without names are taken in their order, as of an array.
    by_place = frame[["a", "b"]].set_axis([0, 1], axis=1)
    np.testing.assert_array_equal(square.apply(by_place), expected)


def test_what_is_masked_is_no_number():
    events = np.ma.array(np.ones((2, 4)), mask=[[0, 0, 0, 1], [0] * 4])
    assert np.isnan(UNMIX.apply(events)).any(axis=1).tolist() == [True, False]


def test_a_copied_matrix_cannot_be_changed_either():
    again = pickle.loads(pickle.dumps(UNMIX))
    assert again == UNMIX
    for array in (again.matrix, again.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 99.0


def test_percentages_are_refused():
    with pytest.raises(SpilloverError, match="percentages; divide"):
        lg.Compensation([[100.0, 10.0], [0.0, 100.0]], ["a", "b"])


def test_events_are_left_as_they_are():
    events = np.random.default_rng(6).normal(0, 1e4, (999, 4))
    before = events.copy()
    UNMIX.apply(events)
    np.testing.assert_array_equal(events, before)
    assert events.flags.writeable


@pytest.mark.parametrize(
    ("events", "options", "reason"),
    [
        (np.ones((2, 3)), {}, r"shape \(2, 3\) do not fit the 4 detectors 'B1-A'"),
        (np.ones(4), {}, r"shape \(4,\) do not fit"),
        ([["a"] * 4], {}, "table of numbers"),
        (np.ones((2, 4)), {"threads": -1}, "threads=-1 is not a number of threads"),
        (np.ones((2, 4)), {"threads": "2"}, "threads='2' is not a number of threads"),
        (np.ones((2, 4)), {"out": [[0.0] * 3] * 2}, "got list"),
        (np.ones((2, 4)), {"out": np.ones((2, 3))}, "in another order"),
        (np.ones((2, 4)), {"out": np.ones((2, 3))}, "Fortran-ordered"),
        (np.ones((2, 4)), {"out": np.ones((3, 3)).T}, r"shape \(2, 3\); got float64"),
        (np.ones((2, 4)), {"out": np.ones((3, 2), int).T}, "got int64"),
    ],
)
def test_events_that_do_not_fit(events, options, reason):
    with pytest.raises(SpilloverError, match=reason):
        UNMIX.apply(events, **options)
