"""A whole simulated study: same bytes, truth that adds up, one folder one cohort."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from longate.cytometry.compensation import Compensation
from longate.exceptions import StudyError
from longate.io.fcs import read_fcs
from longate.simulate import SimulatedCohort, cohort, stages
from longate.simulate.panels import PANELS

SMALL = {"patients": 4, "nk_events": 4000, "lineage_events": 3000, "progress": False}
KEYS = ["sample", "tube"]


def digest(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "cohort"
    return cohort(folder, seed=3, event_truth=True, workers=2, **SMALL)


@pytest.fixture(scope="module")
def fifteen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fifteen")
    return cohort(folder, nk_events=500, lineage_events=500, progress=False)


def test_same_seed_gives_the_same_bytes_whatever_the_workers(small, tmp_path):
    again = cohort(tmp_path, seed=3, event_truth=True, workers=1, **SMALL)
    assert digest(again.folder) == digest(small.folder)


def test_another_seed_gives_another_cohort(small, tmp_path):
    other = cohort(tmp_path, seed=4, **SMALL)
    ours, theirs = digest(small.folder), digest(other.folder)
    files = [name for name in ours if name.endswith(".fcs") and name in theirs]
    assert files
    assert all(ours[name] != theirs[name] for name in files)


def test_no_two_files_share_their_random_numbers(fifteen):
    samples = fifteen.read_truth("samples")
    nominal = samples["tube"].map({name: p.blood_ul for name, p in PANELS.items()})
    pipetting = samples["blood_ul_true"] / nominal
    assert pipetting.round(9).is_unique
    assert 0.02 < pipetting.std() < 0.04


def test_truth_counts_sum_to_the_events_of_the_file(small):
    counts = small.read_truth("counts")
    total = counts[~counts["is_total"]].groupby(KEYS)["n_events"].sum()
    truth = small.read_truth("samples").set_index(KEYS)["n_events"]
    sheet = pd.read_csv(small.sheet)
    assert len(total) == len(sheet)
    for row in sheet.itertuples():
        key = (f"{row.patient}_{row.visit}", row.tube)
        assert read_fcs(small.folder / row.file).n_events == truth[key] == total[key]


def test_stages_sum_to_nk_and_make_the_index(small):
    stage = small.read_truth("stages")
    nk = small.read_truth("counts").query("population == 'NK'").set_index(KEYS)
    index = small.read_truth("index").set_index(KEYS)
    for key, part in stage.groupby(KEYS):
        assert part["n_events"].sum() == nk.loc[key, "n_events"]
        assert index.loc[key, "n_nk"] == nk.loc[key, "n_events"]
        on_axis = part[part["on_axis"]]
        n = on_axis["n_events"]
        expected = (on_axis["weight"] * n).sum() / n.sum()
        assert index.loc[key, "index"] == pytest.approx(expected)
        assert index.loc[key, "n"] == n.sum()


@pytest.mark.parametrize("table", ["stages", "latent"])
def test_compositions_are_near_what_generated_them(fifteen, small, table):
    for made in (small, fifteen):
        rows = made.read_truth(table)
        n = rows.groupby(KEYS)["n_events"].transform("sum")
        p = rows["generating_fraction"]
        z = (rows["n_events"] - n * p) / np.sqrt(n * p * (1 - p))
        assert abs(z.mean()) < 0.2
        assert 0.7 < z.std() < 1.3
        assert np.allclose(p.groupby([rows[k] for k in KEYS]).sum(), 1)


def test_totals_are_sums_of_their_parts(small):
    counts = small.read_truth("counts").set_index([*KEYS, "population"])
    wide = counts["per_microlitre"].unstack()
    assert np.allclose(wide["T cells"], wide.filter(regex=" T$").sum(axis=1))
    lymphocytes = wide["T cells"] + wide["B cells"] + wide["NK"]
    assert np.allclose(wide["Lymphocytes"], lymphocytes)
    assert (wide["Leukocytes"] > wide["Lymphocytes"] + wide["Neutrophils"]).all()


def test_both_tubes_of_a_visit_hold_the_same_blood(small):
    counts = small.read_truth("counts").set_index(["sample", "population", "tube"])
    blood = counts["per_microlitre"].unstack("tube").dropna()
    assert len(blood) > 50
    assert (blood["NK"] == blood["lineage"]).all()


def change(made, group):
    index = made.read_truth("index").query("tube == 'NK'")
    people = made.read_truth("patients").query("group == @group")["patient"]
    wide = index.pivot(index="patient", columns="visit", values="generating_index")
    return wide.loc[people, "m12"] - wide.loc[people, "m00"]


def test_scenarios_move_whom_they_say(tmp_path):
    made = {
        name: cohort(
            tmp_path / name,
            scenario=name,
            tubes=("NK",),
            nk_events=500,
            lineage_events=500,
            progress=False,
        )
        for name in ("interaction", "homogeneous", "null")
    }
    yes = {name: change(one, "responder") for name, one in made.items()}
    no = {name: change(one, "non-responder") for name, one in made.items()}
    assert (len(yes["null"]), len(no["null"])) == (5, 7)
    moved = yes["interaction"] - yes["null"]
    assert ((moved > 0.04) & (moved < 0.09)).all()
    assert (no["interaction"] == no["null"]).all()
    for group in (yes, no):
        shared = group["homogeneous"] - group["null"]
        assert ((shared > 0.02) & (shared < 0.06)).all()
    assert abs(yes["null"].mean()) < 0.03
    assert yes["interaction"].mean() - no["interaction"].mean() > 0.03


def test_the_sheet_follows_the_flow_of_patients(fifteen):
    sheet = pd.read_csv(fifteen.sheet)
    for tube in ("NK", "lineage"):
        part = sheet[sheet["tube"] == tube]
        assert part.groupby("visit").size().to_dict() == {
            "m00": 15,
            "m06": 13,
            "m12": 12,
        }
    labels = fifteen.read_truth("patients")["response"].value_counts().to_dict()
    assert labels == {"responder": 5, "non-responder": 7, "unclassifiable": 3}


def test_response_follows_from_the_observed_tables(fifteen):
    truth = fifteen.read_truth("patients").set_index("patient")["response"]
    for patient, rows in fifteen.visits.groupby("patient"):
        edss = rows.set_index("visit")["edss"]
        worse = (edss > edss["m00"]).any() or patient in set(
            fifteen.relapses["patient"]
        )
        kept = "responder" if "m12" in edss.index else "unclassifiable"
        assert truth[patient] == ("non-responder" if worse else kept)


def test_the_sheet_has_what_counting_needs(fifteen):
    sheet = pd.read_csv(fifteen.sheet, parse_dates=["date"])
    beads = sheet[sheet["tube"] == "lineage"]
    lots = fifteen.bead_lots.set_index("lot")
    assert set(beads["bead_lot"]) == set(lots.index)
    assert (beads["date"].values <= lots.loc[beads["bead_lot"], "expiry"].values).all()
    assert sheet.loc[sheet["tube"] == "NK", "bead_lot"].isna().all()
    assert sheet["role"].eq("sample").all()
    first = sheet["visit"] == "m00"
    assert sheet.loc[first, "days_since_dose"].isna().all()
    assert sheet.loc[~first, "days_since_dose"].between(70, 95).all()
    crossed = pd.crosstab(sheet["batch"], sheet["visit"]) > 0
    assert (crossed.sum(axis=1) > 1).any(), "batch and visit must not be aliased"


def test_files_carry_panel_spillover_and_volume(small):
    for row in pd.read_csv(small.sheet).head(2).itertuples():
        sample, panel = read_fcs(small.folder / row.file), PANELS[row.tube]
        assert sample.version.endswith("3.1")
        assert isinstance(sample.compensation, Compensation)
        assert np.allclose(sample.compensation.matrix, panel.spillover)
        assert tuple(sample.compensation.channels) == panel.detectors
        for number, name in enumerate(panel.channels, start=1):
            assert sample.keywords[f"$P{number}N"] == name
        for marker, detector in panel.stains:
            number = panel.channels.index(detector) + 1
            assert sample.keywords[f"$P{number}S"] == marker
        assert 5_000 <= 60 * float(sample.keywords["$VOL"]) <= 60 * 500_000
        assert "SIMULATED" in sample.keywords["$COM"]


def test_a_perfect_caller_finds_the_truth_of_every_file(small):
    stage = small.read_truth("stages").set_index([*KEYS, "stage"])["n_events"]
    for key, _ in small.read_truth("index").groupby(KEYS):
        if key[1] != "NK":
            continue
        events = small.read_events(*key)
        nk = events[events["cell_type"] == "NK"]
        cd56 = nk["CD56+"].to_numpy() + nk["CD56bright"].to_numpy().astype(int)
        calls = {m: nk[f"{m}+"].to_numpy() for m in stages.RULE_MARKERS}
        codes = stages.label(cd56.astype(np.int8), calls)
        assert [stages.LABELS[code] for code in codes] == nk["stage"].to_list()
        found = nk["stage"].value_counts()
        assert all(stage[(*key, name)] == found[name] for name in stages.LABELS)
        assert events.loc[events["cell_type"] != "NK", "stage"].isna().all()


def test_event_truth_stands_in_the_order_of_the_file(small):
    row = pd.read_csv(small.sheet).query("tube == 'NK'").iloc[0]
    sample = read_fcs(small.folder / row["file"])
    events = small.read_events(f"{row['patient']}_{row['visit']}", "NK")
    cd3 = sample.values("CD3", compensated=True)
    assert len(events) == sample.n_events
    single = events["cell_type"] != "Doublets"
    assert cd3[events["CD3+"] & single].min() > cd3[~events["CD3+"]].max()


def test_the_same_parameters_again_simulate_nothing(small):
    before = {p: p.stat().st_mtime_ns for p in small.folder.rglob("*")}
    again = cohort(small.folder, seed=3, event_truth=True, **SMALL)
    assert {p: p.stat().st_mtime_ns for p in small.folder.rglob("*")} == before
    pd.testing.assert_frame_equal(again.visits, small.visits)


@pytest.mark.parametrize(
    "other",
    [{"seed": 4}, {"patients": 5}, {"scenario": "null"}, {"event_truth": False}],
)
def test_other_parameters_are_refused_and_nothing_is_written(small, other):
    before = digest(small.folder)
    (name,) = other
    with pytest.raises(StudyError, match=rf"(?s){name}.*another\s+folder"):
        cohort(small.folder, **({"seed": 3, "event_truth": True} | SMALL | other))
    assert digest(small.folder) == before


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(StudyError, match="not empty"):
        cohort(tmp_path, **SMALL)
    (tmp_path / "manifest.json").write_text("[1, 2]")
    with pytest.raises(StudyError, match="not of a simulated cohort"):
        cohort(tmp_path, **SMALL)


def test_a_file_changed_since_is_refused_and_a_missing_one_is_made_again(tmp_path):
    made = cohort(tmp_path, **(SMALL | {"patients": 2, "nk_events": 1000}))
    before = digest(tmp_path)
    target = sorted((tmp_path / "fcs").iterdir())[0]
    target.unlink()
    cohort(tmp_path, **(SMALL | {"patients": 2, "nk_events": 1000}))
    assert digest(tmp_path) == before
    with made.sheet.open("a") as sheet:
        sheet.write("\n")
    with pytest.raises(StudyError, match=r"changed since.*samples\.csv"):
        cohort(tmp_path, **(SMALL | {"patients": 2, "nk_events": 1000}))


def test_an_interrupted_run_is_finished_by_the_next(small, tmp_path):
    made = cohort(tmp_path, seed=3, event_truth=True, **SMALL)
    path = made.folder / "manifest.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"complete": False, "files": {}}))
    made.sheet.unlink()
    cohort(tmp_path, seed=3, event_truth=True, **SMALL)
    assert digest(tmp_path) == digest(small.folder)


def test_the_legacy_tube_lacks_dump_and_nkg2c(tmp_path):
    made = cohort(tmp_path, tubes=("legacy",), **SMALL)
    sheet = pd.read_csv(made.sheet)
    assert set(sheet["tube"]) == {"legacy"}
    sample = read_fcs(made.folder / sheet["file"][0])
    markers = {sample.keywords.get(f"$P{i}S", "") for i in range(4, 12)}
    assert {"CD57", "KIR"} <= markers
    assert not {"dump", "NKG2C"} & markers
    assert (made.read_truth("index")["n_nk"] > 0).all()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"patients": 1}, "patients must be .* at least 2; got 1"),
        ({"seed": -1}, "seed must be"),
        ({"nk_events": 1e5}, "nk_events must be a whole number"),
        ({"scenario": "interactoin"}, "did you mean 'interaction'"),
        ({"tubes": ("NK", "linage")}, "did you mean 'lineage'"),
        ({"tubes": ("NK", "NK")}, "each tube once"),
    ],
)
def test_bad_parameters_are_named_before_anything_is_written(tmp_path, bad, message):
    with pytest.raises(StudyError, match=message):
        cohort(tmp_path / "new", **(SMALL | bad))
    assert not (tmp_path / "new").exists()


def test_truth_that_is_not_there_is_named(small, fifteen):
    with pytest.raises(StudyError, match="did you mean 'counts'"):
        small.read_truth("count")
    with pytest.raises(StudyError, match="event_truth=True"):
        fifteen.read_events("P01_m00")
    with pytest.raises(StudyError, match="no event truth for sample 'P99_m00'"):
        small.read_events("P99_m00")


def test_it_says_that_it_is_simulated(small):
    assert isinstance(small, SimulatedCohort)
    assert "SIMULATED" in repr(small)
    assert "directions only" in repr(small)
    note = (small.folder / "README.txt").read_text(encoding="utf-8")
    assert "SIMULATED" in note
    assert "never that\npaper's numbers" in note


def test_controls_lack_one_stain_and_change_nothing_else(small, tmp_path):
    made = cohort(tmp_path, seed=3, event_truth=True, fmo_events=3000, **SMALL)
    ours, theirs = digest(small.folder), digest(made.folder)
    files = [name for name in ours if name.endswith((".fcs", ".parquet"))]
    assert all(ours[name] == theirs[name] for name in files)
    sheet = pd.read_csv(made.sheet)
    controls = sheet[sheet["role"] != "sample"]
    batches = sheet.loc[sheet["tube"] == "NK", "batch"].unique()
    assert len(controls) == 6 * len(batches)
    assert controls[["patient", "visit"]].isna().all(axis=None)
    for row in controls[controls["batch"] == batches[0]].itertuples():
        data = read_fcs(made.folder / row.file)
        left_out = row.role.partition(":")[2]
        for marker in ("CD16", "KIR", "CX3CR1", "CD57"):
            bright = (data.values(marker, compensated=True) > 3000).mean()
            assert (bright < 0.001) == (marker == left_out), (row.role, marker)


def test_too_few_events_of_controls_are_refused(tmp_path):
    with pytest.raises(StudyError, match="fmo_events must be a whole number"):
        cohort(tmp_path, fmo_events=5, **SMALL)
