"""Simulated files with the truth of every event: gates, labels and index end to end."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

import longate as lg
from longate.simulate.strategies import nk_strategy


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return lg.simulate.cohort(
        tmp_path_factory.mktemp("nk-cohort"),
        patients=5,
        nk_events=60_000,
        tubes=["NK"],
        event_truth=True,
        progress=False,
    )


@pytest.fixture(scope="module")
def populations(cohort):
    return lg.read_study(cohort.sheet).gate(nk_strategy(), progress=False)


@pytest.fixture(scope="module")
def maturation(populations):
    return lg.nk.maturation(populations, parent="NK")


@pytest.fixture(scope="module")
def labels(cohort, populations, maturation):
    """Per sample: the true stage of each event (or NaN), NK by gate, and our label."""
    found = {}
    for sample in maturation.table["sample"]:
        truth = cohort.read_events(sample)["stage"]
        nk = populations.mask("NK", sample=sample)
        calls = {
            call: populations.mask(path, sample=sample)
            for call, path in maturation.markers.items()
        }
        found[sample] = truth, nk, maturation.scheme.label(calls)
    return found


def test_the_gates_find_nk_cells_and_little_else(labels):
    for truth, nk, _ in labels.values():
        true = truth.notna().to_numpy()
        assert (true & nk).sum() >= 0.99 * true.sum()
        assert (true & nk).sum() >= 0.99 * nk.sum()


def test_events_get_their_true_stage(labels):
    hits, total = 0, 0
    for truth, nk, label in labels.values():
        # Without CD7 in the panel only CD56+ cells of the parent are looked at.
        both = nk & truth.notna().to_numpy() & (label != "")
        right = label[both] == truth[both].astype(str).to_numpy()
        assert right.mean() >= 0.98
        hits, total = hits + right.sum(), total + both.sum()
    assert total > 5000
    assert hits / total >= 0.995


def test_labels_of_events_add_up_to_the_table(labels, maturation):
    counts = maturation.stages.set_index(["sample", "stage"])["n_events"]
    for sample, (_, nk, label) in labels.items():
        stages, found = np.unique(label[nk & (label != "")], return_counts=True)
        expected = dict(zip(stages.tolist(), found.tolist(), strict=True))
        assert {s: n for s, n in counts[sample].items() if n} == expected


@pytest.fixture(scope="module")
def compared(cohort, maturation):
    truth = cohort.read_truth("index")
    return maturation.table.merge(truth, on="sample", suffixes=("", "_true"))


def test_the_index_is_not_biased(compared):
    generating = compared["index"] - compared["generating_index"]
    in_file = compared["index"] - compared["index_true"]
    assert abs(generating.mean()) <= 0.01
    assert abs(in_file.mean()) <= 0.005
    assert in_file.abs().max() <= 0.02
    adaptive = compared["index_with_adaptive"] - compared["index_with_adaptive_true"]
    assert abs(adaptive.mean()) <= 0.005


def test_counting_intervals_hold_the_index_that_made_the_sample(compared):
    inside = compared["generating_index"].between(
        compared["counting_low"], compared["counting_high"]
    )
    # Fewer would have a chance below one in a thousand at 95 % each.
    assert inside.sum() >= binom.ppf(0.001, len(inside), 0.95)


def test_the_response_to_treatment_has_its_direction(cohort, maturation):
    """In the default scenario the responders' NK cells mature, the others' do not."""
    patients = cohort.read_truth("patients").set_index("patient")
    wide = maturation.table.pivot_table(
        index="patient", columns="visit", values="index", observed=True
    )
    rise = wide["m12"] - wide["m00"]
    shift = patients.loc[rise.index, "tau_m12"]
    assert rise[shift > 0].mean() > rise[shift == 0].mean()
