"""Stored counts beside ours: reasons, summary, page, picture and command line."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.__main__ import main
from longate.exceptions import FlowJoError


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """Return a folder with two files and a workspace that counts them."""
    folder = tmp_path_factory.mktemp("trial")
    rng = np.random.default_rng(3)
    rows = []
    for number in (1, 2):
        events = rng.normal(1e5, 4e4, (3000, 2))
        file = lg.write_fcs(folder / f"P{number}.fcs", events, ["FSC-A", "SSC-A"])
        rows.append((str(file), f"P{number}", "m0", "NK"))
    sheet = pd.DataFrame(rows, columns=["file", "patient", "visit", "tube"])
    corners = [(4e4, 3e4), (1.8e5, 3e4), (1.6e5, 1.5e5), (3e4, 1.2e5)]
    strategy = lg.GatingStrategy(
        [
            lg.PolygonGate("Cells", x="FSC-A", y="SSC-A", vertices=corners),
            lg.RectangleGate("High", parent="Cells", dimensions={"FSC-A": (9e4, None)}),
            lg.BooleanGate("Low", "not High", parent="Cells"),
        ]
    )
    drawn = lg.write_flowjo(strategy, folder / "drawn.wsp")
    on_grid = lg.read_flowjo(drawn).strategy()
    populations = lg.read_study(sheet).gate(on_grid, progress=False)
    lg.write_flowjo(populations, folder / "trial.wsp")
    drawn.unlink()
    return folder


def changed(trial, tmp_path, *pairs):
    text = (trial / "trial.wsp").read_text(encoding="utf-8")
    for pattern, new in pairs:
        text, n = re.subn(pattern, new, text, count=1)
        assert n == 1, pattern
    path = tmp_path / "changed.wsp"
    path.write_text(text, encoding="utf-8")
    return lg.read_flowjo(path)


def test_counts_of_a_written_study_are_its_own(trial):
    compared = lg.concordance(lg.read_flowjo(trial / "trial.wsp"))
    table = compared.table
    assert (table["difference"] == 0).all()
    assert set(table["reason"]) <= {"equal", "grid", "saturated at the axis"}
    assert (table["reason"] != "equal").any()
    assert compared.summary["populations"].sum() == len(table) == 6
    assert "Boolean nodes" not in compared.untested
    assert "log axes" in compared.untested


def test_a_study_of_the_workspace_gives_the_files(trial):
    workspace = lg.read_flowjo(trial / "trial.wsp")
    populations = workspace.study().gate(workspace.strategy(), progress=False)
    one = lg.concordance(workspace, populations).table
    other = lg.concordance(workspace, folder=trial).table
    pd.testing.assert_frame_equal(one, other)
    with pytest.raises(FlowJoError, match=r"workspace\.study"):
        lg.concordance(workspace, lg.GatingStrategy([]))


@pytest.mark.parametrize(
    ("pairs", "population", "reason"),
    [
        ([(r'(name="High"[^>]*count=")\d+', r"\g<1>-1")], "Cells/High", "not computed"),
        ([(r'(name="High"[^>]*count=")\d+', r"\g<1>2999")], "Cells/High", "stale"),
        ([(r'(name="High"[^>]*count=")\d+', r"\g<1>1")], "Cells/High", "unexplained"),
        ([(r'(name="Cells"[^>]*count=")\d+', r"\g<1>2900")], "Cells", "unexplained"),
        (
            [(r"(dimension [^>]*>\s*<data-type:fcs-dimension[^>]*)FSC-A", r"\g<1>X")],
            "Cells/Low",
            "unsupported parent",
        ),
    ],
)
def test_differences_have_a_class(trial, tmp_path, pairs, population, reason):
    workspace = changed(trial, tmp_path, *pairs)
    table = lg.concordance(workspace, folder=trial).table
    first = table[table["id"] == "1"].set_index("population")
    assert first["reason"][population].startswith(reason)
    second = table[table["id"] == "2"]
    assert (second["difference"] == 0).all()


def test_missing_files_are_named(trial, tmp_path):
    (tmp_path / "empty").mkdir()
    compared = lg.concordance(
        lg.read_flowjo(trial / "trial.wsp"), folder=tmp_path / "empty"
    )
    assert set(compared.table["reason"]) == {"no file"}
    assert compared.table["detail"].str.contains("P1.fcs").any()


def test_the_command_writes_a_page_and_prints_the_summary(trial, tmp_path, capsys):
    out, table = tmp_path / "a.html", tmp_path / "a.csv"
    command = ["concordance", str(trial / "trial.wsp"), str(trial)]
    assert main([*command, "--out", str(out), "--table", str(table)]) == 0
    printed = capsys.readouterr().out
    assert "6 of 6 populations compared" in printed
    assert "PolygonGate" in printed
    page = out.read_text(encoding="utf-8")
    assert "Agreement with FlowJo" in page
    assert "data:image/png" in page
    assert len(pd.read_csv(table)) == 6


def test_the_picture_counts_what_is_equal(trial):
    compared = lg.concordance(lg.read_flowjo(trial / "trial.wsp"))
    ax = lg.plot.concordance(compared)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "the program's grid: 6 of 6 equal" in labels
    assert len(ax.lines) == 3
