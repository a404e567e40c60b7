"""A messy folder goes to tables, figures, Prism and a report in one notebook."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import LongateWarning, SampleSheetError
from messy.messy_folder import GERMAN, STYLES, make_messy

NOTEBOOK = Path(__file__).with_name("messy_study.ipynb")
MOST_LINES = 40
OPTIONS = {
    "german": {"dayfirst": True},
    "us": {"dayfirst": False},
    "iso": {},
}


@pytest.fixture(scope="module", params=list(STYLES))
def messy(request, tmp_path_factory):
    style = STYLES[request.param]
    folder = tmp_path_factory.mktemp(style.name) / "study"
    return style, make_messy(folder, style)


def columns_of(style):
    known = {own: name for name, own in style.headings.items() if name != "remark"}
    return {own: name for own, name in known.items() if own != name}


def test_the_first_attempt_says_all_that_is_missing(messy):
    style, made = messy
    path = made.folder / "Study.xlsx"
    if style.name == "iso":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LongateWarning)
            assert len(lg.read_study(path, root=made.folder / "FCS").samples) > 20
        return
    with pytest.raises(SampleSheetError) as caught:
        lg.read_study(path)
    assert f"{style.sheet!r}: " in str(caught.value)
    assert "columns=" in str(caught.value)
    with pytest.raises(SampleSheetError) as caught:
        lg.read_study(path, columns=columns_of(style))
    told = str(caught.value)
    assert f"(sheet {style.sheet!r}) has " in told
    assert f"row 4, column {style.headings['collected']!r} (collected)" in told
    assert "dayfirst=" in told


def test_every_fault_of_the_folder_is_named(messy):
    style, made = messy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LongateWarning)
        study = lg.read_study(
            made.folder / "Study.xlsx",
            columns=columns_of(style) or None,
            root=made.folder / "FCS",
            **OPTIONS[style.name],
        )
        populations = study.gate({"NK": lg.simulate.nk_strategy()}, progress=False)
    told = populations.problems.groupby("file")["problem"].agg("; ".join)
    assert "no such file" in told[made.missing]
    assert "truncated" in told[made.corrupt]
    assert made.other_panel in told
    for name in made.twice:
        assert "one measurement under several names" in told[name]
    visits = study.samples["visit"].cat.categories.tolist()
    assert visits == list(style.visits.values())
    assert study.samples["patient"].str.fullmatch(r"0\d\d").all()
    assert study.samples["blood_ul"].tolist()[0] == 50.5
    assert set(populations.counts["sample"]) == set(
        study.samples["sample"][study.samples["tube"] == "NK"]
    ) - set(populations.problems["sample"][populations.problems["step"] != "compare"])


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Run the notebook in the German folder, and return the folder and its outputs."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    client = pytest.importorskip("nbclient", reason="nbclient is not installed")
    folder = tmp_path_factory.mktemp("notebook") / "study"
    make_messy(folder, GERMAN)
    book = nbformat.read(NOTEBOOK, as_version=4)
    client.NotebookClient(
        book, timeout=120, resources={"metadata": {"path": str(folder)}}
    ).execute()
    texts = [
        "".join(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    return folder, "\n".join(texts)


def test_the_notebook_is_short_and_keeps_no_outputs():
    cells = [
        cell
        for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    assert len([line for line in lines if line.strip()]) <= MOST_LINES
    assert not any(cell["outputs"] for cell in cells)


def test_the_workbook_is_read_by_others(executed):
    folder, _ = executed
    book = openpyxl.load_workbook(folder / "wide.xlsx")
    page = next(page for page in book if page.title.startswith("NK ("))
    heads = [cell.value for cell in page[1]]
    assert heads[0] == "Pat.-Nr."
    visits = list(GERMAN.visits.values())
    assert [re.match(r"[^(]+", head)[0].strip() for head in heads[1:]] == visits
    assert page["A2"].value == "003"
    assert 0 < page["B2"].value <= 100
    tidy = pd.read_parquet(folder / "counts.parquet")
    share = tidy[
        (tidy["sample"] == "003_Screening") & tidy["population"].str.endswith("NK")
    ]
    assert page["B2"].value == pytest.approx(100 * share["fraction"].iloc[0])


def test_the_prism_file_is_read_by_an_xml_parser(executed):
    folder, _ = executed
    root = ET.parse(folder / "index.pzfx").getroot()
    space = root.tag.partition("}")[0] + "}"
    kinds = [table.get("TableType") for table in root.iter(f"{space}Table")]
    assert kinds == ["OneWay", "TwoWay"]
    rows = next(root.iter(f"{space}RowTitlesColumn"))
    assert next(rows.iter(f"{space}d")).text == "003"


def test_the_figures_and_the_report_are_there(executed):
    folder, told = executed
    for name, begin in (
        ("figure.pdf", b"%PDF"),
        ("gates.png", b"\x89PNG"),
        ("report.html", b"<!"),
    ):
        assert (folder / name).read_bytes().startswith(begin)
    assert "responders" in told
    assert "Welch's t test" in told
    assert f"Longate {lg.__version__}".casefold() in told.casefold()
