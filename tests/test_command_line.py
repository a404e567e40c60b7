"""Every subcommand: what it prints, writes, and leaves with."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import longate as lg
from longate import __main__ as command
from longate.reporting.demo import size_of_demo
from longate.simulate import nk_strategy

COMMANDS = ["sheet", "check", "gate", "report", "deidentify", "demo"]


@pytest.fixture(scope="module")
def strategy(tmp_path_factory):
    path = tmp_path_factory.mktemp("strategy") / "nk.json"
    path.write_text(nk_strategy().to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_exit_codes(name, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main([name, "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert f"longate {name}" in told.partition("examples:")[2]
    assert "exit codes:" in told


def test_every_command_is_in_the_general_help(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    told = capsys.readouterr().out
    assert all(re.search(rf"^    {name}\b", told, re.MULTILINE) for name in COMMANDS)


def test_a_sheet_is_drafted_and_never_replaced(small_cohort, tmp_path, capsys):
    out = tmp_path / "draft.xlsx"
    folder = str(small_cohort.sheet.parent)
    assert command.main(["sheet", folder, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "DraftSheet · " in told
    assert f"written: {out}" in told
    assert lg.read_study(out).samples["patient"].nunique() >= 4
    assert command.main(["sheet", folder, "--out", str(out)]) == 1
    assert "may have been corrected by hand" in capsys.readouterr().err
    assert command.main(["sheet", folder, "--out", str(out), "--force"]) == 0


def german(small_cohort, tmp_path):
    """Return a sheet with German headings and dates, and another of the same files."""
    frame = pd.read_csv(small_cohort.sheet, dtype=str)
    frame["date"] = pd.to_datetime(frame["date"]).dt.strftime("%d.%m.%Y")
    frame = frame.rename(columns={"patient": "Pat.-Nr.", "date": "Datum"})
    path = tmp_path / "german.csv"
    frame.to_csv(path, sep=";", index=False)
    return str(path)


def test_check_lists_problems_and_leaves_with_3(small_cohort, tmp_path, capsys):
    sheet = german(small_cohort, tmp_path)
    columns = ["--column", "Pat.-Nr.=patient", "--column", "Datum=collected"]
    options = [*columns, "--root", str(small_cohort.sheet.parent)]
    assert command.main(["check", sheet, *options]) == 1
    told = capsys.readouterr().err
    assert "row 2, column 'Datum' (collected)" in told
    assert told.count("\n") > 3
    assert command.main(["check", sheet, *options, "--day-first"]) in (0, 3)
    assert "visits: " in capsys.readouterr().out
    assert command.main(["check", sheet, *columns, "--day-first"]) == 1
    lost = pd.read_csv(small_cohort.sheet, dtype=str)
    lost.loc[0, "file"] = "gone.fcs"
    lost.to_csv(small_cohort.sheet.parent / "lost.csv", index=False)
    path = str(small_cohort.sheet.parent / "lost.csv")
    assert command.main(["check", path]) == 3
    assert "gone.fcs: " in capsys.readouterr().out


def test_gate_writes_tidy_and_wide_tables(small_cohort, strategy, tmp_path, capsys):
    sheet, named = str(small_cohort.sheet), f"NK={strategy}"
    out = tmp_path / "counts.csv"
    arguments = ["gate", sheet, "--strategy", named, "--out"]
    assert command.main([*arguments, str(out)]) == 0
    assert "Populations · " in capsys.readouterr().out
    assert set(pd.read_csv(out)["tube"]) == {"NK"}
    wide = tmp_path / "wide.xlsx"
    assert command.main([*arguments, str(wide), "--wide"]) == 0
    assert "NK" in " ".join(pd.ExcelFile(wide).sheet_names)
    for wrong, why in (
        (["--strategy", "nk.txt"], "must be a strategy as .json"),
        (["--strategy", named, "--strategy", str(strategy)], "need their tubes"),
        (["--strategy", "NK=nowhere.json"], "nowhere.json"),
    ):
        assert command.main(["gate", sheet, *wrong, "--out", str(out)]) == 1
        assert why in capsys.readouterr().err


def test_report_writes_one_page(strategy, tmp_path, capsys):
    small_cohort = lg.simulate.cohort(
        tmp_path / "cohort",
        patients=8,
        nk_events=3000,
        lineage_events=500,
        progress=False,
    )
    scores = pd.DataFrame({"patient": small_cohort.visits["patient"].unique()})
    scores["label"] = ["responder", "non-responder"] * (len(scores) // 2)
    scores.to_csv(tmp_path / "labels.csv", index=False)
    out = tmp_path / "report.html"
    common = [str(small_cohort.sheet), "--strategy", f"NK={strategy}", "--tube", "NK"]
    labels = ["--labels", str(tmp_path / "labels.csv"), "--unmatched", "drop"]
    labels += ["--out", str(out)]
    assert command.main(["report", *common, *labels]) == 0
    assert out.read_text(encoding="utf-8").startswith("<!")
    capsys.readouterr()
    assert command.main(["report", *common, "--out", str(out)]) == 1
    assert "give --labels, or --visits and --relapses" in capsys.readouterr().err


def test_deidentify_says_what_it_did(small_cohort, tmp_path, capsys):
    source = next(small_cohort.sheet.parent.rglob("*.fcs"))
    target = tmp_path / "clean.fcs"
    assert command.main(["deidentify", str(source), str(target)]) == 0
    assert target.is_file()
    assert capsys.readouterr().out


@pytest.mark.parametrize("number", ["0", "3", "4"])
def test_a_demo_of_too_few_patients_is_refused_at_once(number, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["demo", "--out", str(tmp_path / "d"), "--patients", number])
    assert caught.value.code == 2
    assert f"{number} patients are too few" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_the_size_of_a_demo_is_said_in_words():
    assert size_of_demo(15) == "about 460 MB"
    assert size_of_demo(100) == "about 2.8 GB"
