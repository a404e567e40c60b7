"""Files that declare more than a machine holds, read in a child with little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")  # no such limits on Windows

PRELUDE = """
import os, resource, sys, warnings
from pathlib import Path
sys.path.insert(0, {tests!r})
import numpy as np
import pandas as pd
import longate as lg
from longate.exceptions import FcsError, LongateError
from reference.fcs_bytes import Channel, build, pack

folder = Path({folder!r})
TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]

def sparse(name, n_events, bits=32, channels=TWO, datatype="F"):
    '''A hole: every event is zero, and nothing of it is stored.'''
    n_bytes = -(-n_events * sum(int(c.bits) for c in channels) // 8)
    text = {{"$TOT": str(n_events)}}
    made = build(channels, b"", 0, keywords=text, datatype=datatype, header_data=(0, 0),
                 text_data=(f"{{0:016d}}", f"{{0:016d}}"))
    begin = len(made)
    made = build(channels, b"", 0, keywords=text, datatype=datatype, header_data=(0, 0),
                 text_data=(f"{{begin:016d}}", f"{{begin + n_bytes - 1:016d}}"))
    path = folder / name
    with path.open("wb") as file:
        file.write(made)
        file.truncate(begin + n_bytes)
    return path

def sound(name, first=1.0):
    path = folder / name
    path.write_bytes(build(TWO, pack([(first, 20.0), (2.0, 5.0)], "ff", "<"), 2))
    return path

def limit(more):
    '''Let the address space of this process grow by so many bytes and no more.'''
    status = Path("/proc/self/status").read_text()
    used = int(status.split("VmSize:")[1].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))

NK = lg.RectangleGate("NK", dimensions={{"CD56": (10, None)}})
STRATEGY = lg.GatingStrategy([NK])

def study_of(*paths):
    return lg.read_study(pd.DataFrame({{"file": paths, "visit": "m00", "tube": "T",
        "patient": [f"P{{n}}" for n in range(len(paths))]}}))

warnings.simplefilter("ignore")
"""


def run(tmp_path, body):
    tests = str(Path(__file__).parents[1])
    code = PRELUDE.format(tests=tests, folder=str(tmp_path)) + body
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "panicked" not in done.stderr
    return done.stdout.split()


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the limit is set from /proc"
)


@needs_proc
@pytest.mark.parametrize("n_events", [10**11, 10**12, 10**12 + 1])
def test_a_file_larger_than_memory_is_an_error_of_ours(tmp_path, n_events):
    body = f"""
path = sparse("huge.fcs", {n_events})
limit(400 << 20)
for read in (lambda: lg.read_fcs(path), lambda: STRATEGY.apply(path)):
    try:
        read()
    except FcsError as error:
        assert "huge.fcs" in str(error) and "memory" in str(error), error
        print("refused")
"""
    assert run(tmp_path, body) == ["refused", "refused"]


@needs_proc
def test_it_is_a_problem_row_and_the_sound_files_are_gated(tmp_path):
    body = """
paths = [sound("a.fcs"), sparse("huge.fcs", 10**12), sound("b.fcs", 3.0)]
study = study_of(*paths)
limit(400 << 20)
populations = study.gate(STRATEGY, progress=False)
assert len(populations.files) == 2, populations
assert populations.problems["file"].tolist() == ["huge.fcs"]
told = populations.problems["problem"][0]
print(populations.counts["n_events"].tolist()[1], "memory" in told)
"""
    assert run(tmp_path, body) == ["1", "True"]


@needs_proc
@pytest.mark.parametrize(
    "work",
    [
        "lg.read_fcs(path)",
        "lg.read_fcs(path, values='raw')",
        "study_of(path).gate(STRATEGY, progress=False)",
        "study_of(path).gate(STRATEGY, progress=False, keep={'NK': ['CD56', 'FSC-A']})",
        "STRATEGY.apply(path)",
        "lg.read_fcs(path).to_pandas()",
        "STRATEGY.apply(lg.read_fcs(path))",
    ],
)
def test_with_less_and_less_memory_there_is_an_answer_or_an_error(tmp_path, work):
    """8 million events in an address space that ends at any point of the work."""
    body = f"""
path = sparse("large.fcs", 8_000_000)
for more in (20, 50, 90, 160, 300):
    child = os.fork()
    if child == 0:
        limit(more << 20)
        try:
            {work}
        except (LongateError, MemoryError):
            pass
        except BaseException as error:
            print(type(error), error, file=sys.stderr)
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status))
"""
    assert set(run(tmp_path, body)) == {"0"}


@needs_proc
def test_one_bit_data_takes_a_stated_multiple(tmp_path):
    """Columns of 4 bytes for 1 bit are 32 times DATA; a file of 40 MB is refused."""
    body = """
bits = [Channel("A", bits=1, range=2), Channel("B", bits=1, range=2)]
path = sparse("bits.fcs", 160_000_000, channels=bits, datatype="I")
limit(600 << 20)
try:
    lg.read_fcs(path)
except FcsError as error:
    print("memory" in str(error))
"""
    assert run(tmp_path, body) == ["True"]
