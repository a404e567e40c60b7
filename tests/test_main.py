from __future__ import annotations

import subprocess
import sys

import pytest

import longate as lg
from longate import __main__ as command
from longate.reporting import demo


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "longate", *arguments],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"longate {lg.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [[], ["dmeo"], ["demo", "--seed", "x"], ["demo", "--patients", "-3"]],
)
def test_wrong_usage_leaves_with_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: longate" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_one_line_on_stderr_and_leaves_with_1(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run("demo", "--out", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("longate: error: ")
    assert done.stderr.count("\n") == 1
    assert "holds other files" in done.stderr


def test_a_place_that_cannot_be_written_is_one_line_too(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("demo", "--out", str(tmp_path / "file" / "sub"))
    assert done.returncode == 1
    assert done.stderr.startswith("longate: error: ")
    assert done.stderr.count("\n") == 1


def fake(monkeypatch, outcome):
    def run_demo(folder, **options):
        options["tell"]("a step")
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(demo, "run_demo", run_demo)


class Written:
    report = "out/report.html"

    def summary(self):
        return "all is there"


def test_interrupting_leaves_with_130(monkeypatch, capsys):
    fake(monkeypatch, KeyboardInterrupt())
    assert command.main(["demo"]) == 130
    assert capsys.readouterr().err == "longate: interrupted\n"


def test_it_tells_steps_and_places(monkeypatch, capsys):
    fake(monkeypatch, Written())
    assert command.main(["demo"]) == 0
    assert capsys.readouterr().out == "a step\nall is there\n"


def test_quiet_prints_the_report_alone(monkeypatch, capsys):
    fake(monkeypatch, Written())
    assert command.main(["demo", "--quiet"]) == 0
    assert capsys.readouterr().out == "out/report.html\n"
