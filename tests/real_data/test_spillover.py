"""Compensation of real files against what others computed from them."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg


@pytest.fixture
def conformance(shared_data):
    return shared_data / "fcs_conformance"


def test_compensated_events_are_those_that_flowkit_ships(conformance):
    """10,703 events, a raw file of float64 by rows; the file's matrix is the identity.

    Time is not compared: it is shipped without its step.
    """
    folder = conformance / "flowkit"
    sample = lg.read_fcs(folder / "test_comp_example.fcs")
    truth = np.fromfile(folder / "upstream_truth" / "test_comp_example.npy", "<f8")
    truth = truth.reshape(sample.n_events, len(sample.panel))
    assert sample.compensation.is_identity
    for place, channel in enumerate(sample.panel.channels[:-1]):
        np.testing.assert_array_equal(sample.values(channel.detector), truth[:, place])


def test_the_matrix_that_flowkit_ships_solves_the_events_of_its_file(conformance):
    folder = conformance / "flowkit"
    sample = lg.read_fcs(folder / "test_comp_example.fcs")
    path = folder / "upstream_truth" / "comp_complete_example.csv"
    matrix = lg.read_compensation(path)
    assert matrix.table.loc["Ax488-A", "PE-A"] == 0.2986
    places = [sample.panel.index(name) for name in matrix.fluorochromes]
    observed = sample.to_numpy()[:, places].astype(float)
    expected = np.linalg.solve(matrix.matrix.T, observed.T).T
    np.testing.assert_allclose(matrix.apply(sample), expected, rtol=0, atol=1e-10)
    for place, name in enumerate(matrix.fluorochromes):
        found = sample.values(name, compensation=matrix)
        np.testing.assert_array_equal(found, matrix.apply(sample)[:, place])


@pytest.fixture
def stains(conformance):
    folder = conformance / "flowcore"
    tubes = {"FL1-H": 2, "FL2-H": 3, "FL3-H": 5, "FL4-H": 4}
    controls = {
        detector: lg.read_fcs(folder / f"060909.00{number}")
        for detector, number in tubes.items()
    }
    unstained = lg.read_fcs(folder / "060909.001")
    return controls, unstained, lg.read_compensation(folder / "compmatrix")


def test_single_stains_give_the_matrix_that_is_expected_of_them(stains):
    """The expected matrix has two or three digits and comes from medians.

    FITC, PE and APC agree to 0.006. The 7-AAD tube is broad, dim (median 60 above the
    unstained) and its signals are on no line: ``slope_dim`` and ``slope_bright`` lie on
    both sides of each expected value, so that only medians come near, to 0.025.
    """
    controls, unstained, expected = stains
    assert expected.channels == ("FL1-H", "FL2-H", "FL3-H", "FL4-H")
    line = lg.spillover_from_controls(controls, unstained=unstained)
    medians = lg.spillover_from_controls(
        controls, unstained=unstained, method="medians"
    )
    bright = [0, 1, 3]
    for found in (line, medians):
        rest = found.compensation.matrix - expected.matrix
        assert np.abs(rest[bright]).max() < 0.006
    assert np.abs((medians.compensation.matrix - expected.matrix)[2]).max() < 0.025
    aad = line.table.query("fluorochrome == 'FL3-H' and detector in ('FL2-H', 'FL4-H')")
    for row, value in zip(aad.itertuples(), (0.17, 0.21), strict=True):
        assert row.slope_bright < value < row.slope_dim
    own = medians.compensation
    for place, (name, control) in enumerate(controls.items()):
        values = own.apply(control)
        rise = np.median(values, axis=0) - np.median(own.apply(unstained), axis=0)
        others = np.delete(rise, list(own.fluorochromes).index(name))
        assert np.abs(others).max() < 0.02 * rise[place], name


def test_a_tube_that_is_swapped_is_found(stains):
    controls, unstained, _ = stains
    swapped = {**controls, "FL1-H": controls["FL2-H"], "FL2-H": controls["FL1-H"]}
    match = "control 'FL1-H': it is brightest in 'FL2-H'"
    with pytest.raises(lg.exceptions.SpilloverError, match=match):
        lg.spillover_from_controls(swapped, unstained=unstained)


def test_stains_without_negative_events_of_their_own_need_an_unstained_tube(stains):
    controls, _, _ = stains
    match = "give an unstained control"
    with pytest.raises(lg.exceptions.SpilloverError, match=match):
        lg.spillover_from_controls(controls)


def test_the_matrix_of_a_flowjo_workspace_fits_its_file(shared_data):
    folder = shared_data / "flowjo_wsp" / "flowsom_mouse_spleen"
    matrix = lg.read_compensation(folder / "gating.wsp")
    assert matrix.channels[:3] == ("FITC-A", "Pacific Blue-A", "AmCyan-A")
    assert matrix.matrix[0, 2] == 0.7135625482
    own = lg.read_fcs(next(folder.glob("*.fcs"))).compensation
    assert set(own.channels) == set(matrix.channels)
    same = own.table.loc[list(matrix.channels), list(matrix.channels)]
    np.testing.assert_allclose(matrix.matrix, same, rtol=0, atol=2e-8)  # its digits


def test_every_matrix_of_the_real_workspaces_is_read(shared_data):
    from longate.io.spillover_xml import read_spillover_xml, spillover_from_element

    n_read = 0
    for path in (shared_data / "flowjo_wsp").rglob("*.wsp"):
        if b"spilloverMatrix" in path.read_bytes():
            for _, element in read_spillover_xml(path):
                assert spillover_from_element(element).is_square
                n_read += 1
    assert n_read >= 4


def test_every_matrix_of_gating_ml_is_read_and_compensates(shared_data):
    folder = shared_data / "gating_ml2"
    sample = lg.read_fcs(folder / "data1.fcs")
    files = [
        path
        for path in (folder / "gml").glob("*.xml")
        if b"spectrumMatrix" in path.read_bytes()
    ]
    assert len(files) >= 9
    for path in files:
        matrix = lg.read_compensation(path)
        observed = np.column_stack([sample.column(name) for name in matrix.detectors])
        expected = observed.astype(float) @ np.linalg.pinv(matrix.matrix)
        np.testing.assert_allclose(matrix.apply(sample), expected, atol=1e-8)
        for place, fluorochrome in enumerate(matrix.fluorochromes):
            found = sample.values(fluorochrome, compensation=matrix)
            np.testing.assert_array_equal(found, matrix.apply(sample)[:, place])


def test_percentages_of_a_real_fcs_2_file_are_read_but_not_applied(conformance):
    path = conformance / "flowio" / "coulter.lmd"
    assert lg.read_fcs(path).compensation is None
    matrix = lg.read_compensation(path)
    assert matrix.matrix.max() == 1.0
    assert 0.284 in matrix.matrix
