"""Ctrl-C in the middle of a file of 4.8 GB, and files that change under a run.

How soon a run stops is told by the bytes it has read, not by a clock.
"""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pandas as pd
import pytest

import longate as lg
from child import answer_of
from gating.samples import sample_of
from longate.exceptions import FcsError, FileWarning, StudyError
from longate.io.fcs import read_metadata
from study.sparse_file import (
    N_BYTES,
    PROC_IO,
    STRATEGY,
    InTheMiddle,
    bytes_read,
    write_sparse,
)
from study.study_folder import write_sheet

pytestmark = pytest.mark.skipif(
    not PROC_IO.exists(), reason="bytes read are only counted on Linux"
)


def works(study, path):
    """What takes long with a file of 4.8 GB."""
    shifted = [
        lg.Perturbation(f"{n}", {"P/R": lg.Shift({"CD3": n / 1e3})}) for n in range(40)
    ]
    median = [lg.Statistic("median", "CD1")]

    def gate(**options):
        return study.gate(STRATEGY, **{"progress": False, **options})

    return {
        "one thread": lambda: gate(threads=1),
        "two threads": lambda: gate(threads=2, keep=None),
        "progress": lambda: gate(threads=2, progress=True),
        "statistics": lambda: gate(statistics=median),
        "kept events": lambda: gate(keep={"N": ["CD1"]}),
        "apply": lambda: STRATEGY.apply(read_metadata(path)),
        "regate": lambda: study.regate(STRATEGY, shifted, progress=False),
        "read": lambda: lg.read_fcs(path, channels=["CD1"]),
    }


def interrupted(folder):
    """Interrupt each work; tell the bytes that were read after Ctrl-C was pressed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    study = lg.read_study(f"{folder}/samples.csv")
    small = lg.read_study(f"{folder}/small.csv")
    told = {}
    for name, work in works(study, study.metadata[0].path).items():
        press = InTheMiddle(lambda: os.kill(os.getpid(), signal.SIGINT))
        press.start()
        try:
            work()
        except KeyboardInterrupt:
            after = bytes_read() - press.at
            counts = small.gate(STRATEGY, progress=False).counts["n_events"]
            told[name] = [after, counts.tolist()]
        else:
            told[name] = "was not interrupted"
    return told


def test_ctrl_c_stops_in_the_middle_of_a_large_file(tmp_path):
    write_sparse(tmp_path / "0.fcs")
    write_sparse(tmp_path / "1.fcs", n_events=1000)
    row = {"file": "0.fcs", "patient": "P0", "visit": "m0", "tube": "T"}
    write_sheet(tmp_path, [row | {"file": "1.fcs"}]).rename(tmp_path / "small.csv")
    write_sheet(tmp_path, [row])
    call = f"interrupted({str(tmp_path)!r})"
    told = answer_of(call, module="study.test_stopping")
    assert set(told) == set(works(None, None))
    for name, (after, counts) in told.items():
        assert after < N_BYTES / 4, f"{name}: {after:,} bytes read after Ctrl-C"
        assert counts == [1000, 1000, 1000, 0], f"usable after {name}"


def refusal_of_a_pipe(path):
    """Why a pipe is not read, and nothing waits for who might write into it."""
    os.mkfifo(path)
    try:
        lg.read_fcs(path)
    except FcsError as error:
        return str(error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    call = f"refusal_of_a_pipe({str(tmp_path / 'pipe.fcs')!r})"
    told = answer_of(call, module="study.test_stopping", timeout=60)
    assert "not a regular file" in told


OUTLINE = [(np.cos(t), np.sin(t)) for t in np.linspace(0, 6.2, 400)]
MANY = lg.GatingStrategy(
    [
        lg.PolygonGate(f"{n}", x="A", y="B", vertices=[(n * x, y) for x, y in OUTLINE])
        for n in range(1, 201)
    ]
)


def interrupted_in_memory():
    """The processor time of gating events in memory, with Ctrl-C and without."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    events = np.random.default_rng(1).normal(size=(2_000_000, 2))
    sample = sample_of(dict(zip("AB", events.T.copy(), strict=True)))
    begin = time.process_time()
    MANY.apply(sample)
    whole = time.process_time() - begin
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    begin = time.process_time()
    try:
        MANY.apply(sample)
    except KeyboardInterrupt:
        return [time.process_time() - begin, whole]
    return "was not interrupted"


def test_ctrl_c_stops_gating_in_memory():
    part, whole = answer_of("interrupted_in_memory()", module="study.test_stopping")
    assert part < whole / 2


class LateError(Exception):
    """What a handler of signals raises."""


def raised_by_a_handler(folder):
    """What comes out where a handler raises while kept events are put together."""

    def late(*_):
        raise LateError

    signal.signal(signal.SIGALRM, late)
    study = lg.read_study(f"{folder}/samples.csv")
    kept = {"N": ["CD1", "CD2", "CD3"]}
    told = set()
    for wait in np.arange(0.05, 1.5, 0.15):
        signal.setitimer(signal.ITIMER_REAL, wait)
        try:
            study.gate(STRATEGY, keep=kept, progress=False, threads=1)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except BaseException as error:
            told.add(type(error).__name__)
    return sorted(told)


def test_what_a_handler_of_signals_raises_comes_out(tmp_path):
    write_sparse(tmp_path / "0.fcs", 20_000_000)
    row = {"file": "0.fcs", "patient": "P0", "visit": "m0", "tube": "T"}
    write_sheet(tmp_path, [row])
    call = f"raised_by_a_handler({str(tmp_path)!r})"
    assert answer_of(call, module="study.test_stopping") == ["LateError"]


@pytest.fixture
def study(tmp_path):
    """Three files; the second is large enough for a run to be in the middle of it."""
    rows = []
    for number, n_events in enumerate((1000, 6_000_000, 2000)):
        write_sparse(tmp_path / f"{number}.fcs", n_events)
        row = {"file": f"{number}.fcs", "patient": f"P{number}", "visit": "m0"}
        rows.append({**row, "tube": "T"})
    return lg.read_study(write_sheet(tmp_path, rows))


def cut(path):
    os.truncate(path, 1 << 20)


def grow(path):
    with path.open("ab") as file:
        file.write(b"\0")


def overwrite(path):
    """Events in place: neither length nor TEXT tell."""
    with path.open("r+b") as file:
        file.seek(-48_000, os.SEEK_END)
        file.write(np.full(12_000, 500, dtype="<f4").tobytes())


@pytest.mark.parametrize("change", [cut, grow, overwrite])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_file_that_changes_under_the_run_is_a_problem(study, change, threads):
    path = study.metadata[1].path
    meddle = InTheMiddle(lambda: change(path))
    meddle.start()
    with pytest.warns(FileWarning, match=r"1\.fcs has changed"):
        populations = study.gate(STRATEGY, threads=threads, progress=False)
    meddle.join()
    assert populations.problems["sample"].tolist() == ["P1_m0"]
    told = populations.problems["problem"][0]
    assert "has changed since the study was read" in told
    assert str(path) in told
    counts = populations.counts
    assert counts["sample"].unique().tolist() == ["P0_m0", "P2_m0"]
    of_all = counts[counts["population"] == "All events"]["n_events"]
    assert of_all.tolist() == [1000, 2000]


def test_variants_of_a_file_that_changes_are_not_counted(study):
    path = study.metadata[1].path
    InTheMiddle(lambda: cut(path)).start()
    moved = [lg.Perturbation("a", {"P/R": lg.Shift({"CD3": 0.1})})]
    with pytest.warns(FileWarning, match="has changed"):
        table = study.regate(STRATEGY, moved, progress=False)
    assert table["sample"].unique().tolist() == ["P0_m0", "P2_m0"]


@pytest.mark.parametrize("change", [cut, overwrite])
def test_one_file_that_changes_is_an_error(study, change):
    path = study.metadata[1].path
    InTheMiddle(lambda: change(path)).start()
    with pytest.raises(FcsError, match="has changed"):
        STRATEGY.apply(read_metadata(path))
    write_sparse(path, 6_000_000)
    InTheMiddle(lambda: change(path)).start()
    with pytest.raises(FcsError, match="has changed"):
        lg.read_fcs(path, channels=["CD1"])


def test_a_study_whose_only_file_is_cut_says_so(tmp_path):
    write_sparse(tmp_path / "0.fcs", 6_000_000)
    row = {"file": "0.fcs", "patient": "P0", "visit": "m0", "tube": "T"}
    study = lg.read_study(write_sheet(tmp_path, pd.DataFrame([row])))
    InTheMiddle(lambda: cut(study.metadata[0].path)).start()
    with pytest.raises(StudyError, match="has changed"):
        study.gate(STRATEGY, progress=False)
