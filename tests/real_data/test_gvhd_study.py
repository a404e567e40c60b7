"""Three patients after transplantation, seven visits each, from a sheet to a table.

The files hold 1000 events that were sampled from each original file; the author's own
gate (flowCore: closed intervals) is known for the FULL files, event by event. So every
event of ours must be among the author's, none outside the gate may be, and shares agree
as well as a sample of 1000 allows. The author's list of s7a01 is cut at 1000 events.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

import longate as lg

FOLDER = "longitudinal/gvhd_sampled"
CUT_SHORT = "s7a01"
SCATTER_GATE = {"FSC-Height": (200, 400), "SSC-Height": (250, 400)}
ASINH = ["CD15 FITC", "CD45 PE", "CD14 PerCP"]
SCALE = lg.Arcsinh.with_cofactor(1.0)


@pytest.fixture(scope="module")
def sheet(shared_data, tmp_path_factory):
    folder = shared_data / FOLDER
    frame = pd.read_csv(folder / "sample_sheet.csv").drop(columns="n_events")
    frame["file"] = [str(folder / name) for name in frame["file"]]
    path = tmp_path_factory.mktemp("gvhd") / "samples.csv"
    frame.assign(tube="GvHD").to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def study(sheet):
    return lg.read_study(sheet)


@pytest.fixture(scope="module")
def strategy():
    return lg.GatingStrategy(
        [
            lg.RectangleGate("Cells", dimensions=dict(SCATTER_GATE), interval="closed"),
            lg.RectangleGate(
                "CD45+", parent="Cells", dimensions={"CD45 PE": (6.5, None)}
            ),
            lg.RectangleGate(
                "CD15+", parent="Cells", dimensions={"CD15 FITC": (5, None)}
            ),
            lg.BooleanGate("CD45+ CD15-", "CD45+ and not CD15+", parent="Cells"),
        ],
        scale=SCALE,
    )


@pytest.fixture(scope="module")
def populations(study, strategy):
    return study.gate(strategy, progress=False)


@pytest.fixture(scope="module")
def author(shared_data):
    """Return the author's gated events, and how many the full file has of them."""
    folder = shared_data / FOLDER
    events = pd.read_csv(folder / "rectangle_gate_events_long.csv.gz")
    events = events[events["Population"] == "rectangle"]
    counts = pd.read_csv(folder / "rectangle_gate_population_counts.csv")
    return events, counts.set_index("sample")["rectangle"]


def test_reads_three_patients_by_seven_visits(study):
    assert len(study.samples) == 21
    assert study.problems.empty
    crossed = pd.crosstab(study.samples["patient"], study.samples["visit"])
    assert crossed.shape == (3, 7)
    assert (crossed == 1).all().all()
    assert study.samples["visit"].cat.ordered
    assert list(study.samples["visit"].cat.categories) == list("1234567")
    assert (study.samples["n_events"] == 1000).all()
    assert list(study.panel["marker"].dropna()) == [*ASINH, "CD33 APC"]


def test_days_and_grade_come_along_to_the_table(populations, sheet):
    written = pd.read_csv(sheet).set_index("sample")
    counts = populations.counts
    assert len(counts) == 21 * 5
    for column in ("days", "grade"):
        expected = counts["sample"].map(written[column])
        np.testing.assert_array_equal(counts[column], expected)
    by_visit = counts[counts["population"] == "Cells"].pivot(
        index="patient", columns="visit", values="fraction"
    )
    assert by_visit.shape == (3, 7)
    assert by_visit.notna().all().all()


def numpy_masks(sample):
    events = sample.to_pandas().astype(float)
    inside = np.ones(len(events), dtype=bool)
    for channel, (low, high) in SCATTER_GATE.items():
        inside &= (events[channel] >= low) & (events[channel] <= high)
    cd45 = inside & (np.arcsinh(events["CD45 PE"]) >= 6.5)
    cd15 = inside & (np.arcsinh(events["CD15 FITC"]) >= 5)
    return {
        "Cells": inside,
        "Cells/CD45+": cd45,
        "Cells/CD15+": cd15,
        "Cells/CD45+ CD15-": cd45 & ~cd15,
    }


def test_counts_and_events_agree_with_numpy(study, populations):
    counts = populations.counts.set_index(["sample", "population"])["n_events"]
    total = 0
    for sample in study.samples["sample"]:
        for path, mask in numpy_masks(study.read(sample)).items():
            assert counts[sample, path] == mask.sum(), (sample, path)
            np.testing.assert_array_equal(populations.mask(path, sample=sample), mask)
            total += mask.sum()
    assert total > 1000  # the gates hold something


def in_the_authors_list(events, listed):
    """Whether each event, to the digits of the list, is one of the author's."""
    near = np.ones((len(events), len(listed)), dtype=bool)
    for channel in [*SCATTER_GATE, *ASINH]:
        ours = events[channel].to_numpy(float)
        ours = np.arcsinh(ours) if channel in ASINH else ours
        near &= np.abs(ours[:, None] - listed[channel].to_numpy()) < 1e-3
    return near.any(axis=1)


def test_the_gate_keeps_the_events_that_the_author_kept(study, populations, author):
    events, _ = author
    for sample in study.samples["sample"]:
        listed = events[events["idVar"] == sample]
        listed = listed.pivot(index="cell", columns="variable", values="value")
        found = in_the_authors_list(study.read(sample).to_pandas(), listed)
        ours = populations.mask("Cells", sample=sample)
        assert not (found & ~ours).any()
        if sample != CUT_SHORT:
            np.testing.assert_array_equal(found, ours, err_msg=sample)


def test_shares_agree_with_the_full_files(populations, author, shared_data):
    """Only consistency: 1000 events of each full file were drawn without return.

    How many events a full file has is not known; the largest row number among the
    1000 falls short of it by a thousandth.
    """
    _, full_counts = author
    cells = populations.counts[populations.counts["population"] == "Cells"]
    observed = cells.set_index("sample")["n_events"].drop(CUT_SHORT)
    drawn = []
    for sample in observed.index:
        rows = pd.read_csv(shared_data / FOLDER / f"fcs/{sample}.source_rows.csv")
        n_full = rows["source_cellNum"].max()
        drawn.append(hypergeom(n_full, full_counts[sample], 1000))
    for sample, k, law in zip(observed.index, observed, drawn, strict=True):
        assert min(law.cdf(k), law.sf(k - 1)) > 1e-4, sample
    off = observed.sum() - sum(law.mean() for law in drawn)
    assert abs(off) < 4 * sum(law.var() for law in drawn) ** 0.5
