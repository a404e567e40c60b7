"""A run repeated from its saved folder alone, and what was asked beyond counts."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import StudyError
from study.study_folder import STRATEGY, write_file, write_sheet, write_study

ASKED = {
    "statistics": [
        lg.Statistic("median", "CD16"),
        lg.Statistic("percentile", "CD56", population=["NK", "Cells"], percentile=90),
        lg.Statistic("robust_cv", "CD56", population="NK", scaled=True),
        lg.Statistic(
            "mean",
            lg.Dimension(lg.Ratio("FSC-A", "SSC-A", a=2.0), compensation=None),
            population="All events",
        ),
    ],
    "keep": {"NK": ["CD56", lg.Dimension("CD16", compensation=None)]},
}
OWN = lg.RectangleGate("CD16+", parent="Cells", CD16=(0.6, None))


@pytest.fixture
def folder(tmp_path):
    """A study with an override, pooled runs, a control, and a file that is none."""
    place = tmp_path / "study"
    place.mkdir()
    sheet = pd.read_csv(write_study(place))
    sheet["run"], sheet["role"] = 1, "sample"
    rows = sheet.to_dict("records")
    for name, more in (
        ("second.fcs", {"patient": "P01", "run": 2}),
        ("fmo.fcs", {"patient": "P02", "role": "fmo:CD16"}),
        ("broken.fcs", {"patient": "P04"}),
    ):
        write_file(place / name, seed=len(rows))
        rows.append({**rows[0], "run": 1, "file": name, **more})
    (place / "broken.fcs").write_bytes(b"FCS3.1 and no more")
    write_sheet(place, rows)
    return place


@pytest.fixture
def populations(folder):
    with pytest.warns(lg.exceptions.FileWarning):
        study = lg.read_study(folder / "samples.csv", runs="pool")
    strategy = STRATEGY.override("P02_m00", OWN)
    return study.gate(strategy, progress=False, **ASKED)


def equal(one, other):
    """Every table, mask and kept event is the same."""
    assert one.run_id == other.run_id
    for table in ("counts", "statistics", "undefined"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))
    for sample in one.counts["sample"].unique():
        for path in STRATEGY.paths:
            masks = [found.mask(path, sample=sample) for found in (one, other)]
            np.testing.assert_array_equal(*masks)
        events = [
            found.events("NK", sample=sample, channels=ASKED["keep"]["NK"])
            for found in (one, other)
        ]
        pd.testing.assert_frame_equal(*events)


def test_a_run_is_repeated_from_its_folder_alone(populations, tmp_path):
    assert len(populations.statistics) == 3 * (4 + 2 + 1 + 1)
    back = lg.load_populations(lg.save_populations(populations, tmp_path / "run"))
    assert back.options["statistics"] == tuple(ASKED["statistics"])
    equal(populations, back)
    again = back.study.gate(back.strategies, progress=False, **back.options)
    equal(populations, again)
    second = lg.load_populations(lg.save_populations(again, tmp_path / "again"))
    equal(populations, second)


def test_what_was_kept_needs_no_files(populations, folder, tmp_path):
    saved = lg.save_populations(populations, tmp_path / "run")
    shutil.rmtree(folder)
    back = lg.load_populations(saved)
    assert len(back.study.problems) == 5, "each file that was read is missing"
    equal(populations, back)
    with pytest.raises(StudyError, match="no usable file"):
        back.events("NK", sample="P01_m00", channels=["FSC-A"])
    with pytest.raises(
        StudyError, match=r"no sample of the study has a usable file:\n.*no such file"
    ):
        back.study.gate(back.strategies, progress=False, **back.options)


def test_controls_are_there_again(populations, tmp_path):
    control = populations.study.samples.index[
        populations.study.samples["role"] == "fmo:CD16"
    ][0]
    back = lg.load_populations(lg.save_populations(populations, tmp_path / "run"))
    samples = [found.study.read_file(int(control)) for found in (populations, back)]
    np.testing.assert_array_equal(*(sample.to_numpy() for sample in samples))
    assert samples[0].compensation.id == samples[1].compensation.id


def test_the_folder_says_all_by_itself(populations, folder, tmp_path):
    """By hand, from manifest and tables alone: files, strategy, matrices, sheet."""
    saved = lg.save_populations(populations, tmp_path / "run")
    manifest = json.loads((saved / "manifest.json").read_text())
    samples = pd.read_parquet(saved / "samples.parquet")
    text = json.dumps(manifest["strategies"]["NK"]["strategy"])
    strategy = lg.GatingStrategy.from_json(text)
    counts = pd.read_parquet(saved / "counts.parquet").set_index(
        ["sample", "population"]
    )
    summed = {}
    for entry in manifest["files"]:
        content = open(entry["file"], "rb").read()  # noqa: PTH123, SIM115
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        sample = samples.loc[entry["row"], "sample"]
        plain = manifest["compensations"][entry["compensation"]]
        data = lg.read_fcs(
            entry["file"], compensation=lg.Compensation.from_plain(plain)
        )
        gated = strategy.for_sample(sample).apply(data)
        for population, n in gated.counts.set_index("population")["n_events"].items():
            key = sample, population
            summed[key] = summed.get(key, 0) + n
    assert summed == counts["n_events"].to_dict()
    statistics = pd.read_parquet(saved / "statistics.parquet")
    pd.testing.assert_frame_equal(statistics, populations.statistics)
    values = pd.read_parquet(saved / "values.parquet")
    nk = populations.events("NK", sample="P03_m00", channels=["CD56"])["CD56"]
    assert any(np.array_equal(column, nk) for column in values["values"])
    named = {one["kind"] for one in manifest["options"]["statistics"]}
    assert named == {"median", "percentile", "robust_cv", "mean"}
    assert manifest["versions"]["longate"] == lg.__version__
    assert manifest["run_id"] == populations.run_id


def test_a_folder_of_the_first_version_is_refused_by_name(populations, tmp_path):
    saved = lg.save_populations(populations, tmp_path / "run")
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["format_version"] = 1
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StudyError, match="version 1; this Longate reads"):
        lg.load_populations(saved)


def test_infinities_and_nan_come_back(tmp_path):
    rows = []
    for number in range(2):
        events = np.full((9, 2), float(number))
        events[0] = np.nan, np.inf
        events[1] = -np.inf, -0.0
        lg.write_fcs(tmp_path / f"{number}.fcs", events, ["A", "B"])
        rows.append({"file": f"{number}.fcs", "patient": f"P{number}"})
    sheet = pd.DataFrame(rows).assign(visit="m0", tube="T")
    study = lg.read_study(write_sheet(tmp_path, sheet))
    strategy = lg.GatingStrategy([lg.RectangleGate("all", B=(None, None))])
    asked = {
        "statistics": [lg.Statistic("median", "A"), lg.Statistic("mean", "B")],
        "keep": {"all": ["A", "B"]},
    }
    populations = study.gate(strategy, progress=False, **asked)
    back = lg.load_populations(lg.save_populations(populations, tmp_path / "run"))
    pd.testing.assert_frame_equal(back.statistics, populations.statistics)
    for sample in ("P0_m0", "P1_m0"):
        one, other = (
            found.events("all", sample=sample, channels=["A", "B"])
            for found in (populations, back)
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        signs = [np.signbit(table["B"].to_numpy()) for table in (one, other)]
        np.testing.assert_array_equal(*signs)
