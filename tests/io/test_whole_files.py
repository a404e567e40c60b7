"""Files are written whole or not at all: full disks, kills, long names, left-overs."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest

import longate as lg
from longate import _whole_files
from longate._whole_files import whole_file, whole_folder, write_csv, write_whole


@pytest.fixture(autouse=True)
def _forget_folders():
    _whole_files._looked_at.clear()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_nothing_else_is_left(tmp_path):
    assert write_whole(tmp_path / "a.txt", "é") == tmp_path / "a.txt"
    assert (tmp_path / "a.txt").read_bytes() == "é".encode()
    assert write_whole(str(tmp_path / "a.txt"), b"b").read_bytes() == b"b"
    assert names(tmp_path) == ["a.txt"]


def test_after_an_error_the_old_file_is_there(tmp_path):
    path = write_whole(tmp_path / "a.txt", "old")

    def interrupted():
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_leaves_the_old_file():
    # /dev/full is no folder; a file system of limited size needs root.
    code = (
        "import resource, sys; from longate._whole_files import write_whole;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "write_whole(sys.argv[1], b'x' * 5000)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = write_whole(Path(folder) / "a.txt", "old")
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True)
        assert b"OSError" in done.stderr
        assert path.read_text() == "old"
        assert names(Path(folder)) == ["a.txt"]


@pytest.mark.parametrize("length", [200, 245, 250, 255])
def test_names_as_long_as_a_file_system_allows(tmp_path, length):
    path = tmp_path / ("x" * (length - 4) + ".csv")
    write_csv(pd.DataFrame({"a": [1]}), path)
    gate = lg.RectangleGate("A", dimensions={"FSC-A": (1, 2)})
    xml = lg.write_gatingml(lg.GatingStrategy([gate]), path.with_suffix(".xml"))
    fcs = lg.write_fcs(path.with_suffix(".fcs"), [[1.0]], ["FSC-A"])
    assert names(tmp_path) == sorted([path.name, xml.name, fcs.name])
    with pytest.raises(OSError, match="too long"):
        write_whole(tmp_path / ("x" * 256), "")
    assert len(names(tmp_path)) == 3


def test_permissions_and_links_stay(tmp_path):
    path = write_whole(tmp_path / "a.txt", "old")
    path.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to("a.txt")
    write_whole(link, "new")
    assert path.read_text() == "new"
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_device_is_written_to_and_not_replaced():
    write_whole("/dev/null", "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def left_over(folder, *, pid=None, machine=None, age=0.0):
    pid = pid or os.getpid()
    name = f".longate-{machine or _whole_files._machine()}-{pid}-0123456789ab.part"
    path = folder / name
    path.write_text("half")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_left_overs_of_ended_runs_go_and_those_of_running_ones_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = [
        left_over(tmp_path, pid=ended.pid),
        left_over(tmp_path, machine="00000000", age=90_000),
    ]
    stay = [
        left_over(tmp_path),
        left_over(tmp_path, pid=ended.pid, machine="11111111"),
    ]
    mine = tmp_path / ".longate-notes.part"
    mine.write_text("of a person")
    folder = left_over(tmp_path, pid=ended.pid).with_name("x")
    write_whole(tmp_path / "a.txt", "new")
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in [*stay, mine])
    assert not folder.exists()


WRITERS = {
    "report": "from longate._whole_files import write_whole as w; w(p, big)",
    "sheet": (
        "import pandas as pd; from longate._whole_files import write_csv;"
        "write_csv(pd.DataFrame({'a': [big]}), p)"
    ),
}


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
@pytest.mark.parametrize("what", WRITERS)
def test_a_killed_writer_leaves_the_original_whole(tmp_path, what):
    path = tmp_path / "a.txt"
    old = "old" * 10
    path.write_text(old)
    code = (
        "import sys, os; p = sys.argv[1]; big = 'x' * 40_000_000;"
        f"import longate, pandas; print(flush=True); {WRITERS[what]}"
    )
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
        child = subprocess.Popen(
            [sys.executable, "-c", code, path], stdout=subprocess.PIPE
        )
        child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        found = path.read_text()
        assert found == old or len(found) >= 40_000_000
        path.write_text(old)
    write_whole(tmp_path / "b.txt", "")
    assert names(tmp_path) == ["a.txt", "b.txt"]


def test_a_folder_is_there_when_it_is_whole(tmp_path):
    target = tmp_path / "out" / "run"

    def interrupted():
        with whole_folder(target) as draft:
            (draft / "a").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert names(tmp_path / "out") == []
    with whole_folder(target) as draft:
        (draft / "a").write_text("whole")
    assert names(tmp_path / "out") == ["run"]
    assert (target / "a").read_text() == "whole"


RISKY = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "'=1"]
SAFE = ["CD3- CD56+", "-1.5", "+2e-3", "'quoted'", "", "P01", "-", "ä=b"]


def test_cells_that_a_spreadsheet_would_execute_are_written_as_text(tmp_path):
    frame = pd.DataFrame({"=name": [*RISKY, *SAFE], "n": range(len(RISKY) + len(SAFE))})
    path = write_csv(frame, tmp_path / "a.csv")
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert list(found.columns) == ["'=name", "n"]
    for old, new in zip(frame["=name"], found.iloc[:, 0], strict=True):
        assert new == old if old in SAFE else new == f"'{old}"
        assert _whole_files.plain_text(new) == old


def test_numbers_and_dates_are_written_as_pandas_writes_them(tmp_path):
    frame = pd.DataFrame(
        {
            "x": [-1.5, None],
            "d": pd.to_datetime(["2024-01-02", None]),
            "c": pd.Categorical(["=a", None]),
            "i": pd.array([-1, None], dtype="Int64"),
        }
    )
    text = write_csv(frame, tmp_path / "a.csv").read_text()
    assert text.splitlines() == ["x,d,c,i", "-1.5,2024-01-02,'=a,-1", ",,,"]


def test_a_drafted_sheet_gives_names_back_that_look_like_formulas(tmp_path):
    folder = tmp_path / "fcs"
    folder.mkdir()
    for name in ("-A1_m00_NK.fcs", "=B2_m00_NK.fcs", "@C3_m00_NK.fcs"):
        lg.write_fcs(folder / name, [[1.0]], ["FSC-A"])
    draft = lg.draft_sheet(folder, pattern="{patient}_{visit}_{tube}")
    draft.save(folder / "sheet.csv")
    cells = (folder / "sheet.csv").read_text()
    assert "'-A1_m00_NK.fcs" in cells
    assert "'=B2_m00_NK.fcs" in cells
    study = lg.read_study(folder / "sheet.csv")
    files = sorted(Path(file).name for file in study.samples["file"])
    assert files == ["-A1_m00_NK.fcs", "=B2_m00_NK.fcs", "@C3_m00_NK.fcs"]
    assert sorted(study.samples["patient"]) == ["-A1", "=B2", "@C3"]


WRITES = re.compile(
    r"\.write_(text|bytes)\(|\.to_csv\((?!index=False\))|open\([^)]*[\"'][wxa]b?[\"']"
)
WRITE_TO_A_TEMPORARY_FILE = {
    "_whole_files.py",
    "io/fcs_rewrite.py",  # the copy that is checked before it takes its name
    "study/saving.py",  # a folder that takes its name when it is whole
}


def test_no_module_writes_files_by_itself():
    package = Path(lg.__file__).parent
    found = {
        f"{path.relative_to(package).as_posix()}:{number}: {line.strip()}"
        for path in package.rglob("*.py")
        if path.relative_to(package).as_posix() not in WRITE_TO_A_TEMPORARY_FILE
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if WRITES.search(line)
        and not line.lstrip().startswith((">>>", "..."))
        and "unfinished.open(" not in line
    }
    assert not found
