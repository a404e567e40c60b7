"""Spillover from single-stain controls, and its spreading, on simulated stains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.cytometry.single_stain import Split, slope_through_negatives
from longate.exceptions import PanelWarning, SpilloverError
from reference.spillover import least_absolute_slope, spreading

NAMES = ["B", "Y", "R"]
TRUE = np.array([[1.0, 0.25, 0.01], [0.05, 1.0, 0.15], [0.0, 0.02, 1.0]])
GLOW = np.array([30.0, 50.0, 20.0])


def control(
    fluorochrome, rng, *, n=2000, share=0.5, bright=8000.0, matrix=TRUE, names=NAMES
):
    """Simulated cells: autofluorescence, a lognormal fluorochrome, photons, noise."""
    stained = rng.random(n) < share
    amount = stained * bright * rng.lognormal(0, 0.4, n)
    glow = np.resize(GLOW, len(names)) * rng.lognormal(0, 0.3, (n, 1))
    light = glow + amount[:, None] * matrix[fluorochrome]
    noise = rng.normal(size=light.shape) * np.sqrt(2.0 * light + 25.0)
    return pd.DataFrame(light + noise, columns=names)


def controls(seed=1, **options):
    rng = np.random.default_rng(seed)
    return {
        name: control(fluorochrome, rng, **options)
        for fluorochrome, name in enumerate(NAMES)
    }


def unstained(seed=2):
    return control(0, np.random.default_rng(seed), share=0.0)


@pytest.mark.parametrize("method", ["line", "medians"])
@pytest.mark.parametrize("blank", [None, unstained()], ids=["own", "unstained"])
def test_the_true_matrix_is_found(method, blank):
    found = lg.spillover_from_controls(controls(), unstained=blank, method=method)
    np.testing.assert_allclose(found.compensation.matrix, TRUE, atol=0.004)
    assert found.compensation.channels == tuple(NAMES)
    assert set(found.table["negative"]) == {"own" if blank is None else "unstained"}
    assert (found.table["low"] <= found.table["slope"]).all()
    assert (found.table["slope"] <= found.table["high"]).all()
    assert "3 controls x 3 detectors" in repr(found)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Not rejected against 95 % at 3 Monte Carlo standard errors; simulated stains."""
    covered = []
    for seed in range(120):
        found = lg.spillover_from_controls(controls(seed, n=600)).table
        off = found["peak"] != found["detector"]
        truth = TRUE.ravel()
        inside = (found["low"] <= truth) & (truth <= found["high"])
        covered += inside[off].tolist()
    error = np.sqrt(0.95 * 0.05 / len(covered))
    assert abs(np.mean(covered) - 0.95) < 3 * error, np.mean(covered)


def test_outliers_hardly_move_it():
    stains = controls()
    clean = lg.spillover_from_controls(stains).compensation.matrix
    others = np.random.default_rng(9).uniform(3e4, 6e4, 100)
    stains["B"].iloc[:100, 2] = others  # five in a hundred are of another colour
    dirty = lg.spillover_from_controls(stains).compensation.matrix
    assert np.abs(dirty - clean).max() < 0.003


def test_the_order_of_events_and_of_controls_does_not_matter():
    stains = controls()
    turned = {name: stains[name].iloc[::-1] for name in ["R", "B", "Y"]}
    one = lg.spillover_from_controls(stains)
    two = lg.spillover_from_controls(turned, detectors=NAMES)
    assert one.compensation == two.compensation


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(50, 200))
def test_the_slope_is_that_of_least_absolute_deviations(seed, n):
    rng = np.random.default_rng(seed)
    x = rng.lognormal(3, 1, n)
    y = 0.3 * x + rng.standard_cauchy(n)
    split = Split(np.column_stack([x, y]), np.zeros((20, 2)))
    found = slope_through_negatives(split, 0, 1)
    slope, loss = least_absolute_slope(x, y)
    assert np.abs(y - found.slope * x).sum() == pytest.approx(loss, rel=1e-12)
    assert found.slope == pytest.approx(slope, rel=1e-9, abs=1e-12)
    assert found.low <= found.slope <= found.high


def test_more_detectors_than_dyes_make_a_matrix_to_unmix(tmp_path):
    spectra = np.array([[1.0, 0.7, 0.2, 0.0], [0.1, 0.6, 1.0, 0.3]])
    names = ["B1", "B2", "B3", "R1"]
    rng = np.random.default_rng(3)
    stains = {
        fluorochrome: control(k, rng, matrix=spectra, names=names)
        for k, fluorochrome in enumerate(["FITC", "PE"])
    }
    found = lg.spillover_from_controls(
        stains, detectors=names, peaks={"FITC": "B1", "PE": "B3"}
    )
    np.testing.assert_allclose(found.compensation.matrix, spectra, atol=0.006)
    assert found.compensation.fluorochromes == ("FITC", "PE")
    assert set(lg.spillover_spreading(found)["channel"]) == {"FITC", "PE"}


def test_samples_are_controls_as_well_as_frames(tmp_path):
    stains = controls()
    samples = {}
    for name, frame in stains.items():
        path = tmp_path / f"{name}.fcs"
        lg.write_fcs(path, frame.to_numpy(), NAMES, datatype="float64")
        samples[name] = lg.read_fcs(path)
    one = lg.spillover_from_controls(samples).compensation
    assert one == lg.spillover_from_controls(stains).compensation


def test_events_at_the_limit_are_left_out_and_said():
    stains = controls(bright=30000.0)
    stains["B"] = stains["B"].clip(upper=45000.0)
    with pytest.warns(PanelWarning, match=r"control 'B' has events piled up .* 'B' \("):
        found = lg.spillover_from_controls(stains)
    np.testing.assert_allclose(found.compensation.matrix, TRUE, atol=0.005)
    assert found.table["n_at_limit"].iloc[0] > 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"B": controls()["Y"]},
            r"control 'B': it is brightest in 'Y' .* own detector",
        ),
        ({"B": unstained()}, "control 'B': .*do not part into negative and positive"),
        (
            {"B": controls()["B"].iloc[:40]},
            "control 'B': it has 40 events; at least 50",
        ),
        ({"B": controls()["B"][["B", "Y"]]}, "control 'B' lacks a detector: R"),
        ({"B": controls()["B"].assign(Y=np.nan)}, "holds nan in detector 'Y', event 0"),
    ],
)
def test_controls_that_cannot_be_used_are_named(change, reason):
    with pytest.raises(SpilloverError, match=reason):
        lg.spillover_from_controls({**controls(), **change})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"unstained": unstained().iloc[:10]}, "10 negative events; at least 20"),
        ({"method": "mean"}, "method='mean' is not known"),
        ({"trusted": ["b"]}, "trusted 'b' is no control; did you mean 'B'"),
        ({"detectors": ["B", "Y"]}, "detector 'R' of 'R' is not among the detectors"),
        ({"peaks": {"B": "Y"}}, "'B' and 'Y' have the same own detector 'Y'"),
    ],
)
def test_options_that_cannot_be_used(options, reason):
    with pytest.raises(SpilloverError, match=reason):
        lg.spillover_from_controls(controls(), **options)


def test_too_few_positive_events_against_an_unstained_control():
    stains = {**controls(), "B": control(0, np.random.default_rng(5), share=0.01)}
    with pytest.raises(SpilloverError, match=r"positive events of 2000; at least 50"):
        lg.spillover_from_controls(stains, unstained=unstained())
    with pytest.raises(SpilloverError, match="there is no single-stain control"):
        lg.spillover_from_controls({})


def test_a_dye_that_is_brighter_elsewhere_may_be_trusted():
    matrix = np.array([[1.0, 1.4, 0.0], [0.05, 1.0, 0.15], [0.0, 0.02, 1.0]])
    stains = controls(matrix=matrix)
    with pytest.raises(SpilloverError, match="name it in trusted="):
        lg.spillover_from_controls(stains)
    found = lg.spillover_from_controls(stains, trusted=["B"])
    np.testing.assert_allclose(found.compensation.matrix, matrix, atol=0.01)


# --- spreading


def test_known_spreading_is_found():
    """Noise of variance s^2 F in the other channel is a spreading of s."""
    rng = np.random.default_rng(7)
    n, level, spread = 40_000, 5000.0, 0.8
    fluorochrome = np.repeat([0.0, level], n // 2)
    quiet = lambda: rng.normal(0, 10, n)  # noqa: E731
    b = pd.DataFrame(
        {
            "B": fluorochrome + quiet(),
            "Y": 0.2 * fluorochrome
            + quiet()
            + rng.normal(0, 1, n) * spread * np.sqrt(fluorochrome),
        }
    )
    y = pd.DataFrame({"B": quiet(), "Y": fluorochrome + quiet()})
    table = lg.spillover_spreading(lg.spillover_from_controls({"B": b, "Y": y}))
    found = table.set_index(["fluorochrome", "channel"])
    assert found.loc[("B", "Y"), "spreading"] == pytest.approx(spread, rel=0.02)
    assert found.loc[("B", "Y"), "low"] < spread < found.loc[("B", "Y"), "high"]
    assert found.loc[("Y", "B"), "spreading"] < 0.05
    assert found.loc[("Y", "B"), "low"] == 0


def test_spreading_is_that_of_its_twin():
    estimate = lg.spillover_from_controls(controls(), unstained=unstained())
    table = lg.spillover_spreading(estimate)
    assert len(table) == 6
    inverse = np.linalg.inv(estimate.compensation.matrix)
    for row in table.itertuples():
        split = estimate.splits[row.fluorochrome]
        expected = spreading(
            split.positive @ inverse,
            split.negative @ inverse,
            NAMES.index(row.fluorochrome),
            NAMES.index(row.channel),
        )
        assert row.spreading == pytest.approx(expected, rel=1e-9)


def test_spreading_needs_the_matrix_of_these_detectors():
    estimate = lg.spillover_from_controls(controls())
    other = lg.Compensation(np.eye(2), ["B", "Y"])
    with pytest.raises(SpilloverError, match="the controls"):
        lg.spillover_spreading(estimate, other)


def test_a_tube_without_dye_is_no_control():
    """Of any 10,000 events 50 are beyond 99.5 % of the unstained ones."""
    tubes = controls() | {"Y": control(0, np.random.default_rng(3), n=10_000, share=0)}
    blank = control(0, np.random.default_rng(4), n=10_000, share=0)
    for unmarked in (tubes, tubes | {"Y": blank}):
        with pytest.raises(SpilloverError, match=r"control 'Y'.*Is it stained"):
            lg.spillover_from_controls(unmarked, unstained=blank)
