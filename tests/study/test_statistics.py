"""Statistics in the pass: those of NumPy on the events, with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import longate as lg
from longate.exceptions import PanelError, PopulationError, StudyError
from study.study_folder import (
    CHANNELS,
    STRATEGY,
    events,
    write_file,
    write_sheet,
    write_study,
)

ALL = [
    lg.Statistic("median", "CD16"),
    lg.Statistic("mean", "CD16", population=["NK", "All events"]),
    lg.Statistic("geometric_mean", "FSC-A", population="Cells"),
    lg.Statistic("robust_cv", "FSC-A", population="Cells"),
    lg.Statistic("percentile", "CD56", population="NK", percentile=90),
    lg.Statistic("median", "CD56", population="NK", scaled=True),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return lg.read_study(write_study(tmp_path_factory.mktemp("statistics")))


@pytest.fixture(scope="module")
def gated(study):
    return study.gate(STRATEGY, statistics=ALL, progress=False)


def row_of(table, sample, population, statistic, channel, scale="linear"):
    picked = table[
        (table["sample"] == sample)
        & (table["population"] == population)
        & (table["statistic"] == statistic)
        & (table["channel"] == channel)
        & (table["scale"] == scale)
    ]
    assert len(picked) == 1
    return picked.iloc[0]


def test_estimates_are_those_of_numpy(gated):
    for sample in ("P01_m00", "P02_m00", "P03_m00"):
        nk = gated.events("NK", sample=sample, channels=["CD16", "CD56"])
        cells = gated.events("Cells", sample=sample, channels=["FSC-A"])["FSC-A"]
        table = gated.statistics
        expected = {
            ("Cells/NK", "median", "CD16"): np.median(nk["CD16"]),
            ("Cells/NK", "mean", "CD16"): nk["CD16"].mean(),
            ("Cells/NK", "percentile 90", "CD56"): np.percentile(nk["CD56"], 90),
            ("Cells", "geometric mean", "FSC-A"): stats.gmean(cells),
            ("Cells", "robust cv", "FSC-A"): 50
            * (np.percentile(cells, 84.13) - np.percentile(cells, 15.87))
            / np.median(cells),
        }
        for (population, statistic, channel), value in expected.items():
            row = row_of(table, sample, population, statistic, channel)
            assert row["value"] == pytest.approx(value, rel=1e-12)
            assert row["low"] < row["value"] < row["high"]
            assert row["reason"] == ""
            assert row["n_events"] == len(nk if "NK" in population else cells)


def test_a_scaled_median_is_on_the_scale(gated):
    scaled = gated.events("NK", sample="P01_m00", channels=["CD56"], scaled=True)
    row = row_of(gated.statistics, "P01_m00", "Cells/NK", "median", "CD56", "scaled")
    assert row["value"] == np.median(scaled["CD56"])


def test_a_median_and_its_interval_are_those_of_medians(gated):
    old = gated.medians("CD16", population="NK").set_index("sample")
    for sample, row in old.iterrows():
        new = row_of(gated.statistics, sample, "Cells/NK", "median", "CD16")
        for column in ("n_events", "median", "low", "high"):
            name = "value" if column == "median" else column
            assert new[name] == row[column]


def test_percentiles_miss_as_often_as_they_say():
    """The interval of a percentile covers it; exact, from the binomial law."""
    from longate._core import summarise

    for n, p in [(40, 50), (200, 90), (1000, 10)]:
        values = np.arange(n, dtype=float)
        ((_, low, high, _),) = summarise([values], [("percentile", float(p))])
        below, above = int(low) + 1, int(high) + 1  # ranks from 1
        law = stats.binom(n, p / 100)
        assert law.cdf(below - 1) <= 0.025 < law.cdf(below)
        assert law.sf(above - 1) <= 0.025 < law.sf(above - 2)


def test_answers_do_not_depend_on_threads(study, gated):
    for threads in (1, 2, 3):
        again = study.gate(STRATEGY, statistics=ALL, threads=threads, progress=False)
        pd.testing.assert_frame_equal(again.statistics, gated.statistics)
        pd.testing.assert_frame_equal(again.counts, gated.counts)


def test_nothing_is_dropped_in_silence(tmp_path):
    values = events(3)
    values[5, 3] = np.nan  # APC-A: compensated CD56 and CD16 are NaN there
    lg.write_fcs(tmp_path / "a.fcs", values, CHANNELS, ranges=1000.0)
    frame = pd.DataFrame(
        {"file": ["a.fcs"], "patient": "P1", "visit": "m00", "tube": "NK"}
    )
    sheet = tmp_path / "samples.csv"
    frame.to_csv(sheet, index=False)
    asked = [
        lg.Statistic("median", "APC-A", population="All events"),
        lg.Statistic("geometric_mean", "PE-A", population="All events"),
        lg.Statistic("median", "PE-A", population="none"),
    ]
    strategy = lg.GatingStrategy(
        [lg.RectangleGate("none", dimensions={"FSC-A": (1e9, None)})], scale=None
    )
    found = lg.read_study(sheet).gate(strategy, statistics=asked, progress=False)
    table = found.statistics
    assert table["value"].isna().all()
    assert table["n_events"].tolist() == [200, 200, 0]
    assert table["reason"].tolist() == [
        "a value is NaN",
        "a value is not above 0",
        "no events",
    ]


def test_runs_that_are_pooled_are_one_sample(tmp_path):
    for run in (1, 2):
        write_file(tmp_path / f"r{run}.fcs", seed=run)
    rows = [
        {"file": f"r{r}.fcs", "patient": "P1", "visit": "m00", "tube": "NK", "run": r}
        for r in (1, 2)
    ]
    study = lg.read_study(write_sheet(tmp_path, rows), runs="pool")
    gated = study.gate(STRATEGY, statistics=ALL, progress=False)
    nk = gated.events("NK", sample="P1_m00", channels=["CD16"])["CD16"]
    row = row_of(gated.statistics, "P1_m00", "Cells/NK", "median", "CD16")
    assert row["n_events"] == len(nk)
    assert row["value"] == np.median(nk)


def test_kept_events_are_not_read_again(tmp_path):
    study = lg.read_study(write_study(tmp_path))
    gated = study.gate(STRATEGY, keep={"NK": ["CD16", "CD56"]}, progress=False)
    read = study.gate(STRATEGY, progress=False).events(
        "NK", sample="P01_m00", channels=["CD56", "CD16"]
    )
    for path in tmp_path.glob("*.fcs"):
        path.unlink()
    kept = gated.events("NK", sample="P01_m00", channels=["CD56", "CD16"])
    pd.testing.assert_frame_equal(kept, read)
    with pytest.raises(FileNotFoundError):
        gated.events("NK", sample="P01_m00", channels=["FSC-A"])


def test_counts_alone(study, gated):
    counted = study.gate(STRATEGY, keep=None, statistics=ALL, progress=False)
    pd.testing.assert_frame_equal(counted.counts, gated.counts)
    pd.testing.assert_frame_equal(counted.statistics, gated.statistics)
    with pytest.raises(PopulationError, match="mask of 'NK' was not kept"):
        counted.mask("NK", sample="P01_m00")


def test_what_cannot_be_asked_is_refused(study):
    def ask(statistic, **options):
        return study.gate(STRATEGY, statistics=[statistic], progress=False, **options)

    with pytest.raises(PopulationError, match=r"no population 'NKT'.*did you mean"):
        ask(lg.Statistic("median", "CD16", population="NKT"))
    with pytest.raises(PanelError, match="CD61"):
        ask(lg.Statistic("median", "CD61"))
    with pytest.raises(PopulationError, match="kind of a statistic"):
        lg.Statistic("mode", "CD16")
    with pytest.raises(PopulationError, match="percentile="):
        lg.Statistic("percentile", "CD16")
    with pytest.raises(PopulationError, match="between 0 and 100"):
        lg.Statistic("percentile", "CD16", percentile=101)
    with pytest.raises(StudyError, match="keep must be"):
        study.gate(STRATEGY, keep="events", progress=False)
