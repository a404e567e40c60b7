"""Wide workbooks, Prism files and tidy files, read back by others."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import longate as lg
from gating.samples import NESTED, nested_events, write_study
from longate.exceptions import ExportError

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

NAMESPACE = "{http://graphpad.com/prism/Prism.htm}"


@pytest.fixture(scope="module")
def populations(tmp_path_factory):
    """Return three patients at two visits; patient 012 lacks the second."""
    files = [
        {
            "patient": patient,
            "visit": visit,
            "sex": sex,
            "events": nested_events(n_b=100 + at),
        }
        for at, (patient, visit, sex) in enumerate(
            [
                ("007", "m6", "f"),
                ("007", "m0", "f"),
                ("012", "m0", "m"),
                ("=1+1", "m0", "f"),
                ("=1+1", "m6", "f"),
            ]
        )
    ]
    study = write_study(tmp_path_factory.mktemp("wide"), files)
    return study.gate(NESTED, progress=False)


@pytest.fixture
def scores():
    return pd.DataFrame(
        {
            "patient": ["1", "1", "2", "2", "3"],
            "visit": ["m0", "m6"] * 2 + ["m0"],
            "index": [0.5, 0.75, 0.4, np.nan, 0.3],
            "arm": ["A", "A", "B", "B", "A"],
        }
    )


def test_a_row_per_patient_and_a_column_per_visit(populations):
    tables = lg.wide(populations, populations="B+", percent=True)
    table = tables["B+"]
    assert table.columns.tolist() == ["patient", "m0 (% of P)", "m6 (% of P)"]
    assert table["patient"].tolist() == ["007", "012", "=1+1"]
    truth = populations.counts.set_index(["patient", "visit", "population"])["fraction"]
    assert table.loc[0, "m0 (% of P)"] == 100 * truth["007", "m0", "P/B+"]
    assert np.isnan(table.loc[1, "m6 (% of P)"])


def test_every_population_has_its_sheet_and_the_users_names(populations, tmp_path):
    names = {"patient": "Pat.-Nr.", "m0": "Visite 0"}
    tables = lg.wide(populations, percent=True, names=names)
    path = tables.save(tmp_path / "wide.xlsx")
    book = openpyxl.load_workbook(path)
    assert (
        len(book.sheetnames)
        == len(tables)
        == populations.counts["population"].nunique()
    )
    page = book["B+ (% of P)"]
    assert [cell.value for cell in page[1]][:2] == ["Pat.-Nr.", "Visite 0 (% of P)"]
    assert page["A2"].value == "007"
    assert page["A4"].value == "=1+1"
    assert page["A4"].data_type == "s"
    assert page["C3"].value is None
    assert isinstance(page["B2"].value, float)


def test_all_populations_side_by_side(populations, tmp_path):
    rows = ["patient", "visit", "sex"]
    tables = lg.wide(
        populations, rows=rows, columns=None, populations=["P", "B+"], percent=True
    )
    table = tables["all"]
    assert table.columns.tolist() == [*rows, "P (% of All events)", "B+ (% of P)"]
    assert len(table) == 5
    lg.wide(populations, populations=["P", "B+"]).save(tmp_path / "w.csv")
    assert len(list(tmp_path.glob("w_*.csv"))) == 2


def test_shares_of_another_ancestor_and_counts(populations):
    of_all = lg.wide(populations, populations="B+", of="All events")
    truth = populations.fraction("B+", of="All events").set_index(["patient", "visit"])
    table = of_all["B+"]
    assert "m0 (fraction of All events)" in table
    assert table.iloc[0, 1] == truth["fraction"]["007", "m0"]
    counts = lg.wide(populations, populations="B+", value=["n_events", "fraction"])
    assert list(counts.tables) == ["B+: n events (events)", "B+ (fraction of P)"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"populations": "B"}, "did you mean 'B[+]'"),
        ({"value": "fractoin"}, "did you mean 'fraction'"),
        ({"rows": "pateint"}, "did you mean 'patient'"),
        ({"rows": "sex"}, "do not tell all rows apart"),
        ({"of": "P"}, "of= is for populations="),
    ],
)
def test_what_is_not_there_is_suggested(populations, options, why):
    with pytest.raises(ExportError, match=why):
        lg.wide(populations, **options)


def test_repeated_patient_visits_and_other_things_are_refused(scores, tmp_path):
    with pytest.raises(ExportError, match="several rows of patient '1' at 'm0'"):
        lg.wide(pd.concat([scores, scores.head(1)]), value="index")
    with pytest.raises(ExportError, match="not dict"):
        lg.wide({})
    with pytest.raises(ExportError, match=r"must end in \.xlsx or \.csv"):
        lg.wide(scores).save(tmp_path / "w.ods")
    with pytest.raises(ExportError, match="no table 'indx'; there are 'index"):
        lg.wide(scores)["indx"]


def elements(path, tag):
    return ET.parse(path).getroot().iter(f"{NAMESPACE}{tag}")


def test_a_column_table_of_prism(scores, tmp_path):
    lg.prism(scores, tmp_path / "s.pzfx", value="index")
    (table,) = elements(tmp_path / "s.pzfx", "Table")
    assert table.get("TableType") == "OneWay"
    rows = [
        d.text for d in table.find(f"{NAMESPACE}RowTitlesColumn").iter(f"{NAMESPACE}d")
    ]
    assert rows == ["1", "2", "3"]
    columns = {
        column.find(f"{NAMESPACE}Title").text: [
            d.text for d in column.iter(f"{NAMESPACE}d")
        ]
        for column in table.iter(f"{NAMESPACE}YColumn")
    }
    assert columns == {"m0": ["0.5", "0.4", "0.3"], "m6": ["0.75", None, None]}


def test_a_grouped_table_of_prism_has_a_replicate_per_patient(scores, tmp_path):
    labels = pd.DataFrame({"patient": [1, 2, 3], "label": ["R", "N", "R"]})
    for groups, names in (("arm", ["A", "B"]), (labels, ["R", "N"])):
        tables = lg.prism(
            scores, tmp_path / "s.pzfx", value="index", groups=groups, layout="grouped"
        )
        assert tables[0].replicates == {names[0]: ["1", "3"], names[1]: ["2"]}
        (table,) = elements(tmp_path / "s.pzfx", "Table")
        assert (table.get("TableType"), table.get("Replicates")) == ("TwoWay", "2")
        columns = list(table.iter(f"{NAMESPACE}YColumn"))
        assert [one.find(f"{NAMESPACE}Title").text for one in columns] == names
        numbers = [
            [[d.text for d in sub] for sub in one.iter(f"{NAMESPACE}Subcolumn")]
            for one in columns
        ]
        assert numbers == [
            [["0.5", "0.75"], ["0.3", None]],
            [["0.4", None], [None, None]],
        ]


def test_prism_as_csv_and_what_it_refuses(scores, tmp_path):
    lg.prism(scores, tmp_path / "s.csv", value="index", groups="arm")
    (grouped,) = tmp_path.glob("s_*grouped.csv")
    assert pd.read_csv(grouped).columns.tolist()[1:] == ["A 1", "A 3", "B 2"]
    for options, why in (
        ({"layout": "grouped"}, "needs groups="),
        ({"layout": "groupd"}, "is not known"),
        ({"groups": "arn"}, "did you mean 'arm'"),
    ):
        with pytest.raises(ExportError, match=why):
            lg.prism(scores, tmp_path / "s.pzfx", value="index", **options)
    with pytest.raises(ExportError, match=r"must end in \.pzfx or \.csv"):
        lg.prism(scores, tmp_path / "s.pzf", value="index")
    torn = scores.assign(arm=["A", "B", "B", "B", "A"])
    with pytest.raises(ExportError, match="patient '1' is in two groups"):
        lg.prism(torn, tmp_path / "s.pzfx", value="index", groups="arm")


def test_characters_that_xml_does_not_take(scores, tmp_path):
    odd = scores.assign(patient=scores["patient"] + "<&\x01ü")
    lg.prism(odd, tmp_path / "s.pzfx", value="index")
    texts = [d.text for d in elements(tmp_path / "s.pzfx", "d")]
    assert texts[0] == "1<& ü"


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_tidy_files(populations, tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    written = lg.tidy(populations, path, names={"patient": "Pat.-Nr."})
    read = {
        "csv": lambda p: pd.read_csv(p, dtype={"Pat.-Nr.": str}),
        "parquet": pd.read_parquet,
        "xlsx": pd.read_excel,
    }[suffix](path)
    assert len(read) == len(written) == len(populations.counts)
    formula = "'=1+1" if suffix == "csv" else "=1+1"
    assert read["Pat.-Nr."].unique().tolist() == ["007", "012", formula]
    if suffix == "parquet":
        assert read["visit"].cat.ordered
    with pytest.raises(ExportError, match="did you mean 'patient'"):
        lg.tidy(populations, path, names={"patinet": "x"})
    with pytest.raises(ExportError, match="must end in"):
        lg.tidy(populations, tmp_path / "t.txt")
