"""Identities in keywords never reach a repr or a page, unless asked for."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

import longate as lg
from longate.io.fcs_layout import read_layout
from longate.io.fcs_rewrite import copy_patched, plan_copy

SECRET = "Mustermann"
KEYWORDS = ("$SRC", "$COM")


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """Return the demo's cohort with a name in the keywords of every file."""
    folder = tmp_path_factory.mktemp("private") / "cohort"
    shutil.copytree(demo.folder / "cohort", folder)
    for number, path in enumerate(sorted(folder.rglob("*.fcs"))):
        layout = read_layout(path)
        keys = [key for key, _ in layout[0].texts[0].text.pairs]
        places = [keys.index(key) for key in KEYWORDS]
        values = dict.fromkeys(places, f"{SECRET} {number}")
        plan = plan_copy(path, layout, {(1, "TEXT"): values})
        copy_patched(path, path.with_suffix(".new"), plan)
        path.with_suffix(".new").replace(path)
    return folder


def test_no_repr_and_no_page_shows_a_name(folder, demo, tmp_path):
    sheet = pd.read_csv(folder / "samples.csv")
    sheet = sheet[sheet["patient"].isin(sheet["patient"].unique()[:3])]
    sheet["file"] = [str(folder / name) for name in sheet["file"]]
    study = lg.read_study(sheet)
    populations = study.gate(
        {"NK": lg.simulate.nk_strategy(), "lineage": lg.simulate.lineage_strategy()},
        progress=False,
    )
    maturation = lg.nk.maturation(populations, parent="NK", tube="NK")
    sample = study.read_file(0)
    assert SECRET in sample.keywords["$SRC"]  # there when asked for
    shown = [repr(one) for one in (sample, sample.keywords, sample.panel, study)]
    shown += [
        repr(one) for one in (populations, maturation, study.metadata[0].keywords)
    ]
    shown += [study._repr_html_(), study.samples.to_csv(), study.panel.to_csv()]
    shown += [study.instrument_log().to_csv(), populations.counts.to_csv()]
    page = lg.report(tmp_path / "r.html", study, populations, maturation, demo.result)
    shown.append(page.read_text(encoding="utf-8"))
    assert not [text for text in shown if SECRET in text]
