"""Gating on a real Dask cluster of two workers on this machine."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate import exceptions
from longate.exceptions import FcsError, StudyError
from longate.gating.compile.compiler import compile_strategy
from longate.gating.compile.requests import requests_of
from longate.study.cluster import GatingTask, cluster_tasks, gate_task
from longate.study.files import usable_files
from longate.study.run import Run

N_FILES = 12


@pytest.fixture(scope="module")
def cluster():
    """Return a client of two worker processes."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as workers,
        Client(workers) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def strategy():
    """Return a strategy with a scale, a polygon and a matrix of its own."""
    return lg.GatingStrategy(
        [
            lg.PolygonGate(
                "Cells", x="FSC-A", y="PE-A", vertices=[(100, 0), (900, 0), (500, 0.9)]
            ),
            lg.RectangleGate("APC+", dimensions={"APC-A": (0.5, None)}, parent="Cells"),
        ],
        scale=lg.Logicle(t=1000.0, w=0.5, m=4.5, a=0.0),
        compensation=lg.Compensation([[1.0, 0.1], [0.2, 1.0]], ["PE-A", "APC-A"]),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a study of twelve files."""
    place = tmp_path_factory.mktemp("study")
    rows = []
    for number in range(N_FILES):
        rng = np.random.default_rng(number)
        events = rng.normal(500, 200, size=(5000 + number, 3)).astype(np.float32)
        lg.write_fcs(place / f"{number}.fcs", events, ["FSC-A", "PE-A", "APC-A"])
        rows.append((f"{number}.fcs", f"P{number:02d}", "m00", "NK"))
    columns = ["file", "patient", "visit", "tube"]
    pd.DataFrame(rows, columns=columns).to_csv(place / "samples.csv", index=False)
    return place


def equal(one, other):
    pd.testing.assert_frame_equal(one.counts, other.counts)
    for sample in one.counts["sample"].unique():
        masks = [found.mask("APC+", sample=sample) for found in (one, other)]
        np.testing.assert_array_equal(*masks)


def test_a_cluster_gives_the_very_tables_of_one_machine(cluster, folder, strategy):
    study = lg.read_study(folder / "samples.csv")
    here = study.gate(strategy, progress=False)
    there = study.gate(strategy, client=cluster, progress=False)
    assert here.run_id == there.run_id
    equal(here, there)


ASKED = {
    "statistics": [
        lg.Statistic("median", "PE-A"),
        lg.Statistic("mean", "APC-A", population="All events"),
        lg.Statistic("percentile", "PE-A", "APC+", scaled=True, percentile=10),
        lg.Statistic("robust_cv", "FSC-A", population=["Cells", "Cells/APC+"]),
    ],
    "keep": {"APC+": ["PE-A", lg.Dimension("APC-A", compensation=None)]},
}


def same_answers(one, other):
    equal(one, other)
    pd.testing.assert_frame_equal(one.statistics, other.statistics, check_exact=True)
    pd.testing.assert_frame_equal(one.undefined, other.undefined)
    for sample in one.counts["sample"].unique():
        events = [
            found.events("APC+", sample=sample, channels=ASKED["keep"]["APC+"])
            for found in (one, other)
        ]
        pd.testing.assert_frame_equal(*events, check_exact=True)


def test_statistics_and_kept_events_are_those_of_one_machine(
    cluster, folder, strategy, tmp_path
):
    """With a sample's own gate, and runs that pool: their values must travel."""
    sheet = pd.read_csv(folder / "samples.csv").assign(run=1)
    sheet["file"] = [str(folder / name) for name in sheet["file"]]
    sheet.loc[1, ["patient", "run"]] = ["P00", 2]
    sheet.to_csv(tmp_path / "samples.csv", index=False)
    own = lg.RectangleGate("APC+", dimensions={"APC-A": (0.6, None)}, parent="Cells")
    strategy = strategy.override("P05_m00", own)
    for runs in ("pool", "replace"):
        study = lg.read_study(tmp_path / "samples.csv", runs=runs)
        here = study.gate(strategy, progress=False, **ASKED)
        there = study.gate(strategy, client=cluster, progress=False, **ASKED)
        assert len(here.statistics) == (N_FILES - 1) * (2 + 1 + 1 + 2)
        assert here.statistics["value"].notna().all()
        same_answers(here, there)
        saved = lg.load_populations(lg.save_populations(there, tmp_path / runs))
        same_answers(here, saved)
    alone = {**ASKED, "keep": None}
    here = study.gate(strategy, progress=False, **alone)
    there = study.gate(strategy, client=cluster, progress=False, **alone)
    pd.testing.assert_frame_equal(here.statistics, there.statistics, check_exact=True)
    pd.testing.assert_frame_equal(here.counts, there.counts)


def test_kept_values_that_are_too_much_to_send_are_refused(
    folder, strategy, monkeypatch
):
    study = lg.read_study(folder / "samples.csv")
    task = task_of(study, strategy, keep={"All events": ["PE-A"]})
    assert gate_task(task).n_events == study.metadata[0].n_events
    monkeypatch.setattr("longate.study.cluster.MOST_BYTES", 2000)
    told = gate_task(task)
    assert isinstance(told, StudyError)
    assert "kept values" in str(told)


def task_of(study, strategy, keep):
    """The task that the first file of a study becomes."""
    requests = requests_of({"NK": strategy}, [], keep)
    files = usable_files(study.samples, study.metadata, study.compensations)
    ready = Run(files[:1], {"NK": strategy}, study.samples).compiled(
        lambda file, own: compile_strategy(
            own, file.metadata.panel, file.compensation, requests["NK"]
        )
    )
    return cluster_tasks(ready, keep_masks=True)[0]


def slow_task(task):
    """Take long enough for the worker to be killed over it."""
    time.sleep(0.4)
    return gate_task(task)


def test_a_worker_killed_half_way_costs_nothing(cluster, folder, strategy, monkeypatch):
    study = lg.read_study(folder / "samples.csv")
    here = study.gate(strategy, progress=False)
    monkeypatch.setattr("longate.study.cluster.gate_task", slow_task)
    victims = list(cluster.run(os.getpid).values())
    assert len(victims) == 2
    timer = threading.Timer(0.8, os.kill, (victims[0], signal.SIGKILL))
    timer.start()
    there = study.gate(strategy, client=cluster, progress=False)
    timer.join()
    cluster.wait_for_workers(2, timeout=30)
    assert victims[0] not in cluster.run(os.getpid).values()
    equal(here, there)


def test_a_bad_file_is_a_problem_and_the_others_are_delivered(
    cluster, folder, strategy, tmp_path
):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    study = lg.read_study(copy / "samples.csv")
    content = (copy / "3.fcs").read_bytes()
    (copy / "3.fcs").write_bytes(content[:-1000])
    (copy / "5.fcs").unlink()
    with pytest.warns(exceptions.FileWarning):
        there = study.gate(strategy, client=cluster, progress=False)
    assert there.counts["sample"].nunique() == N_FILES - 2
    assert there.problems["sample"].tolist() == ["P03_m00", "P05_m00"]
    with pytest.warns(exceptions.FileWarning):
        here = study.gate(strategy, progress=False)
    assert here.problems["sample"].tolist() == there.problems["sample"].tolist()


def test_a_copy_with_another_time_is_the_same_file(folder, strategy, tmp_path):
    metadata = lg.read_study(folder / "samples.csv").metadata[0]
    copy = shutil.copyfile(metadata.path, tmp_path / "copy.fcs")
    os.utime(copy, (1, 1))
    text = strategy.to_json()
    task = GatingTask(copy, text, None, {}, metadata.identity, keep_masks=True)
    assert gate_task(task).n_events == metadata.n_events
    other = GatingTask(
        folder / "1.fcs", text, None, {}, metadata.identity, keep_masks=True
    )
    found = gate_task(other)
    assert isinstance(found, FcsError)
    assert "changed" in str(found)


def test_what_would_be_too_much_to_send_is_refused(folder, strategy, monkeypatch):
    monkeypatch.setattr("longate.study.cluster.MOST_BYTES", 100)
    metadata = lg.read_study(folder / "samples.csv").metadata[0]
    task = GatingTask(
        metadata.path, strategy.to_json(), None, {}, metadata.identity, keep_masks=True
    )
    assert "keep=None" in str(gate_task(task))


def test_what_is_no_client_is_refused(folder, strategy):
    study = lg.read_study(folder / "samples.csv")
    with pytest.raises(StudyError, match="running cluster"):
        study.gate(strategy, client="tcp://127.0.0.1:8786", progress=False)


@pytest.mark.parametrize(
    "kind", [name for name in vars(exceptions) if name.endswith("Error")]
)
def test_every_exception_survives_the_way_between_processes(kind):
    error = getattr(exceptions, kind)("gate 'NK': what is wrong")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
