"""The first thing a stranger copies must work, and importing must be cheap."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import longate as lg

ROOT = Path(__file__).parents[1]


def test_the_example_of_the_readme_runs_as_it_stands(tmp_path, monkeypatch, example):
    monkeypatch.chdir(tmp_path)
    code = re.search(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert code is not None
    names: dict[str, object] = {}
    exec(compile(code[1], "README.md", "exec"), names)
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert str(names["result"]).startswith("The change in index from m00 to m12")
    first = [gate.name for gate in names["strategy"].gates][:3]
    assert first == ["Singlets", "Leukocytes", "Lymphocytes"]


def test_importing_is_silent_and_leaves_heavy_libraries_alone():
    heavy = ("scipy", "matplotlib", "tqdm", "openpyxl", "longate.plot")
    code = f"import sys, longate; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_every_public_name_is_there():
    for name in lg.__all__:
        assert getattr(lg, name) is not None
