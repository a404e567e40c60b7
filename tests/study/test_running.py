"""Progress, Ctrl-C, forked children, and other processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import StudyError
from study.study_folder import (
    STRATEGY,
    write_file,
    write_sheet,
    write_study,
)


@pytest.fixture
def sheet(tmp_path):
    return write_study(tmp_path)


@pytest.fixture
def study(sheet):
    return lg.read_study(sheet)


def gate(study, strategy=STRATEGY, **options):
    return study.gate(strategy, **{"progress": False, **options})


def counts_of(populations):
    return populations.counts.set_index(["sample", "population"])["n_events"].to_dict()


# --- progress, interruption, other processes


def test_progress_counts_files_and_nothing_else_is_printed(study, capsys, monkeypatch):
    gate(study)
    assert capsys.readouterr() == ("", "")
    told = []

    class Bar:
        def __init__(self, *, total, **_):
            told.append(("total", total))

        def update(self, n):
            told.append(("update", n))

        def close(self):
            told.append(("close", 0))

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    gate(study, progress=True)
    assert told[0] == ("total", 3)
    assert told[-1] == ("close", 0)
    assert sum(n for what, n in told if what == "update") == 3


@pytest.fixture
def long_study(tmp_path):
    """Gating it on one thread takes seconds."""
    path = write_file(tmp_path / "0.fcs", n_events=400_000)
    rows = []
    for number in range(60):
        if number:
            os.link(path, tmp_path / f"{number}.fcs")
        row = {"file": f"{number}.fcs", "patient": f"P{number}", "visit": "0"}
        rows.append({**row, "tube": "NK"})
    corners = [(0.1, 0.1), (0.9, 0.15), (0.8, 0.95), (0.2, 0.8)]
    gates = [
        lg.PolygonGate(f"{i}", x="CD56", y="CD16", vertices=corners) for i in range(9)
    ]
    study = lg.read_study(write_sheet(tmp_path, rows))
    return study, lg.GatingStrategy(gates, scale=lg.Logicle(t=1000.0))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
@pytest.mark.parametrize("progress", [False, True])
def test_ctrl_c_stops_within_a_second(long_study, progress):
    study, strategy = long_study

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            study.gate(strategy, threads=1, progress=progress)
        assert time.monotonic() - start < 1.15
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def count_in_child(study, queue):
    queue.put(counts_of(gate(study)))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork here"
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_gates_too(study):
    expected = counts_of(gate(study))  # the parent has had a thread pool
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=count_in_child, args=(study, queue))
    child.start()
    try:
        assert queue.get(timeout=20) == expected
    finally:
        child.join(timeout=20)
        child.kill()
    assert child.exitcode == 0


def test_a_study_and_its_populations_cross_processes(study):
    again = pickle.loads(pickle.dumps(study))
    pd.testing.assert_frame_equal(again.samples, study.samples)
    populations = gate(study)
    copied = pickle.loads(pickle.dumps(populations))
    pd.testing.assert_frame_equal(copied.counts, populations.counts)
    assert counts_of(gate(again)) == counts_of(populations)


def in_child(work):
    """Fork, do the work in the child, and return what it leaves as bytes."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(write, work())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        found = file.read()
    os.waitpid(child, 0)
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_children_and_their_children_do_all_that_their_parents_did(study):
    """Everything that has threads of its own, before and after a plain fork."""
    path = study.metadata[0].path
    moved = [lg.Perturbation("a", {"Cells/CD56+": lg.Shift({"CD56": 0.1})})]
    median = [lg.Statistic("median", "CD16", population="NK")]

    def work():
        populations = gate(study, threads=2, statistics=median)
        told = [
            populations.counts.to_json(),
            populations.statistics.to_json(),
            study.regate(STRATEGY, moved, progress=False).to_json(),
            STRATEGY.apply(lg.read_fcs(path)).counts.to_json(),
            lg.read_fcs(path, threads=2).to_numpy().tobytes().hex(),
        ]
        return "\n".join(told).encode()

    expected = work()
    assert in_child(work) == expected
    assert in_child(lambda: in_child(work)) == expected
    assert work() == expected, "the parent goes on"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_forked_in_the_middle_of_a_run_gates(long_study, study):
    large, strategy = long_study
    expected = repr(counts_of(gate(study))).encode()
    options = {"threads": 1}
    run = threading.Thread(target=gate, args=(large, strategy), kwargs=options)
    run.start()
    found = []
    while run.is_alive():
        found.append(in_child(lambda: repr(counts_of(gate(study))).encode()))
    run.join()
    assert found
    assert set(found) == {expected}


@pytest.mark.parametrize("threads", [0, -1, 2.0, True, "2", 2**70])
def test_what_is_no_number_of_threads_is_refused(study, threads):
    with pytest.raises(StudyError, match="threads must be a whole number above 0"):
        study.gate(STRATEGY, threads=threads, progress=False)


def test_numbers_of_threads_may_be_those_of_numpy(study):
    counts = study.gate(STRATEGY, threads=np.int64(2), progress=False).counts
    expected = study.gate(STRATEGY, threads=1, progress=False).counts
    pd.testing.assert_frame_equal(counts, expected)
