"""Every FCS file of the shared data against matrices that other readers gave.

Truth is the SHA-256 of the raw matrix (events x channels, float64, little-endian, by
rows) on which independent readers agree, or a decoding by hand. What this reader
refuses is listed here by name and reason: a file that is refused and not listed fails,
and so does one that is listed and read.
"""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError, SpilloverError

N_FILES = 120
CONFORMANCE = "fcs_conformance/"

REFUSED = {
    "fcsparser/corrupted.fcs": 'is not an FCS file: it starts with "oi21j0"',
    "fcsparser/sample_header.fcs": "is truncated: the DATA segment needs bytes",
}
"""Files that cannot be read by anybody: ten bytes of text, and a file cut short."""

UNREADABLE_MATRIX = {
    "fcsparser/EY_2013-07-19_PBS_FCS_3.1_Well_A1.001.fcs": (
        "in $SPILLOVER: the spillover keyword declares 6 channels and so needs 43"
    ),
}
"""Files whose events are fine and whose spillover matrix is not."""

MUST_REPORT = {
    # Two places for DATA, of which one lies inside TEXT.
    "cytoflow/Accuri - C6.fcs": "data-begin-differs",
    "flowio/data_start_offset_discrepancy_example.fcs": "data-begin-differs",
    # Two places of the right length; one begins directly behind TEXT.
    "cytoflow/Beckman Coulter - Cyan.fcs": "data-begin-differs",
    "flowio/data_stop_offset_discrepancy_example.fcs": "data-end-differs",
    "flowio/variable_int_example.fcs": "timestep-unusable",
    "cytoflow/Applied Biosystems - Attune.fcs": "empty-values",
    "cytoflow/PU87@2+B200.fcs": "data-length",
    "flowcore/0877408774.B08": "empty-values",
    "flowcal/Data001.fcs": "log-offset-zero",
}
"""Choices that a reader may not make in silence."""


def truth_of(shared_data):
    for path in sorted((shared_data / "fcs_truth").glob("*.json")):
        truth = json.loads(path.read_text())
        yield (
            truth["file"].removeprefix(CONFORMANCE),
            shared_data / truth["file"],
            truth,
        )


def first_data_set(truth):
    """Return what is known of the first data set of a file."""
    return truth.get("manual_decode") or {
        **truth,
        **(truth["datasets"][0] if "datasets" in truth else {}),
    }


def names_of(known):
    listed = known.get("channels") or []
    names = [entry if isinstance(entry, str) else entry["pnn"] for entry in listed]
    return None if None in names or not names else names


def read(name, path, values):
    matrix = None if name in UNREADABLE_MATRIX else "file"
    return lg.read_fcs(path, values=values, compensation=matrix)


@pytest.fixture(scope="module")
def readable(shared_data):
    return [entry for entry in truth_of(shared_data) if entry[0] not in REFUSED]


def test_no_file_is_left_out(shared_data, readable):
    assert len(readable) + len(REFUSED) == N_FILES
    known = {name for name, _, _ in truth_of(shared_data)}
    assert {*REFUSED, *UNREADABLE_MATRIX, *MUST_REPORT} <= known


def test_every_matrix_is_the_one_that_others_read(readable):
    wrong = {}
    for name, path, truth in readable:
        known = first_data_set(truth)
        try:
            sample = read(name, path, "raw")
        except (FcsError, SpilloverError) as error:
            wrong[name] = f"refused: {error}"
            continue
        matrix = np.ascontiguousarray(sample.to_numpy(), dtype="<f8")
        digest = hashlib.sha256(matrix.tobytes()).hexdigest()
        if sample.n_events != known["n_events"]:
            wrong[name] = f"{sample.n_events} events, not {known['n_events']}"
        elif digest != known["sha256_matrix_f64le_rowmajor"]:
            wrong[name] = f"another matrix, first row {matrix[0].tolist()}"
        names = names_of(known)
        if names and [channel.detector for channel in sample.panel] != names:
            wrong[name] = f"channels {[c.detector for c in sample.panel]}"
    assert wrong == {}


def test_scale_values_are_those_of_flowio(readable):
    """FlowIO applies $PnE, $PnG and $TIMESTEP; rules and values agree on these files.

    They would not on floats with a log amplification (FlowIO applies it, we follow
    the standard), of which there is none here, and FlowIO cannot scale the three files
    whose $TIMESTEP is text.
    """
    wrong, compared = {}, 0
    for name, path, truth in readable:
        scaled = truth.get("flowio_scaled_stats")
        if not isinstance(scaled, dict):
            continue
        events = read(name, path, "scale").to_numpy().astype(float)
        ours = {
            "min": events.min(axis=0),
            "max": events.max(axis=0),
            "mean": events.mean(axis=0),
            "median": np.median(events, axis=0),
        }
        theirs = {statistic: scaled[statistic] for statistic in ours}
        ours["first row"] = events[0]
        theirs["first row"] = truth["flowio_scaled_first_row"]
        compared += 1
        for statistic, values in ours.items():
            expected = np.array(theirs[statistic], dtype=float)
            if not np.allclose(values, expected, rtol=1e-9, atol=1e-9):
                wrong[name, statistic] = (values.tolist(), expected.tolist())
    assert wrong == {}
    assert compared >= 105


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_can_read_is_refused_by_name(shared_data, name):
    path = shared_data / CONFORMANCE / name
    with pytest.raises(FcsError, match=re.escape(REFUSED[name])) as caught:
        lg.read_fcs(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", UNREADABLE_MATRIX)
def test_an_unreadable_matrix_is_refused_by_name(shared_data, name):
    path = shared_data / CONFORMANCE / name
    with pytest.raises(SpilloverError, match=re.escape(UNREADABLE_MATRIX[name])) as e:
        lg.read_fcs(path)
    assert str(path) in str(e.value)
    assert "compensation=None" in str(e.value)
    assert lg.read_fcs(path, compensation=None).compensation is None


@pytest.mark.parametrize("name", MUST_REPORT)
def test_a_choice_is_reported(shared_data, name):
    sample = lg.read_fcs(shared_data / CONFORMANCE / name, values="raw")
    codes = {violation.code: violation for violation in sample.diagnosis}
    assert MUST_REPORT[name] in codes
    violation = codes[MUST_REPORT[name]]
    assert violation.found
    assert violation.repair


def test_a_choice_of_place_names_both_and_the_reason(shared_data):
    path = shared_data / CONFORMANCE / "cytoflow/Accuri - C6.fcs"
    (violation,) = [
        d for d in lg.read_fcs(path).diagnosis if d.code == "data-begin-differs"
    ]
    assert "2960" in violation.found
    assert "2526" in violation.found
    assert "HEADER" in violation.repair


def test_files_without_departures_are_the_rule(readable):
    """A diagnosis that cries wolf is not read."""
    clean = [
        name for name, path, _ in readable if not read(name, path, "raw").diagnosis
    ]
    assert len(clean) >= 85


def test_integers_above_24_bits_keep_every_digit(shared_data):
    """Float32 would round these by up to 128 (fcsparser does)."""
    path = shared_data / CONFORMANCE
    path /= "cytoflow/Beckman Coulter - MoFlo Astrios - log settings.fcs"
    events = lg.read_fcs(path, values="raw").to_numpy()
    assert events.dtype == np.float64
    assert events.max() > 2**24
    assert (events.astype(np.float32) != events).any()


def test_the_gain_of_gating_ml_data_is_applied(shared_data):
    """$P1G of data1.fcs, without which Gating-ML's Range1 fails."""
    path = shared_data / "gating_ml2/data1.fcs"
    raw, scaled = (
        lg.read_fcs(path, values=v).to_numpy()[:, 0] for v in ("raw", "scale")
    )
    gain = float(lg.read_fcs(path).keywords["$P1G"])
    assert gain != 1
    np.testing.assert_array_equal(scaled, raw.astype(float) / gain)


def test_spillover_of_real_files_compensates_as_numpy_does(readable):
    mixed = 0
    for name, path, truth in readable:
        if not truth.get("has_spill") or name in UNREADABLE_MATRIX:
            continue
        sample = lg.read_fcs(path)
        matrix = sample.compensation
        if matrix is None:  # an identity over channels that the file does not have
            assert name == "cytoflow/Sample_1.fcs"
            continue
        observed = sample.to_numpy(list(matrix.channels)).astype(float)
        expected = observed @ np.linalg.inv(matrix.matrix)
        ours = np.column_stack([sample.values(c) for c in matrix.channels])
        largest = np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-10 * largest)
        mixed += not matrix.is_identity
    assert mixed >= 5


def test_channel_numbers_in_a_matrix_become_detectors(shared_data):
    sample = lg.read_fcs(shared_data / CONFORMANCE / "cytoflow/Accuri - C6.fcs")
    assert sample.keywords["$SPILLOVER"].startswith("8,3,4,5,6,9,10,11,12,")
    assert sample.compensation.channels[:4] == ("FL1-A", "FL2-A", "FL3-A", "FL4-A")


@pytest.mark.parametrize(
    ("shipped", "file"),
    [
        ("B01 KC-A-W---91-US_preprocessed_events", "flowio/B01 KC-A-W---91-US.fcs"),
        ("data1_preprocessed", "../gating_ml2/data1.fcs"),
    ],
)
def test_scale_values_are_those_that_flowio_ships(shared_data, shipped, file):
    folder = shared_data / CONFORMANCE
    expected = np.load(folder / f"flowio/upstream_truth/{shipped}.npy")
    np.testing.assert_array_equal(lg.read_fcs(folder / file).to_numpy(), expected)
