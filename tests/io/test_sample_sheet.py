"""Sample sheets: what labs write is understood, what contradicts itself is refused."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import SampleSheetError
from longate.io.sample_sheet import read_sample_sheet

HEADING = "file,patient,visit,tube"
TWO = f"{HEADING}\na.fcs,P01,m00,NK\nb.fcs,P01,m06,NK\n"


@pytest.fixture
def sheet(tmp_path):
    """Return a function that writes text as a sheet and reads it."""

    def reader(text, name="samples.csv", encoding="utf-8", **options):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return read_sample_sheet(path, **options)

    return reader


def rows(*lines, more=""):
    return "\n".join([HEADING + more, *lines]) + "\n"


def test_the_least_that_a_sheet_has(sheet, tmp_path):
    frame = sheet(TWO)
    assert frame.columns.tolist() == [
        "sample",
        "patient",
        "visit",
        "tube",
        "role",
        "file",
    ]
    assert frame["sample"].tolist() == ["P01_m00", "P01_m06"]
    assert frame["role"].tolist() == ["sample", "sample"]
    assert frame["file"].tolist() == [str(tmp_path / "a.fcs"), str(tmp_path / "b.fcs")]
    assert frame["visit"].cat.ordered


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator(sheet, separator):
    frame = sheet(TWO.replace(",", separator))
    assert frame["sample"].tolist() == ["P01_m00", "P01_m06"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_byte_order_marks_and_line_ends(sheet, encoding, line_end):
    frame = sheet(TWO.replace("\n", line_end), encoding=encoding)
    assert frame["sample"].tolist() == ["P01_m00", "P01_m06"]
    assert frame["file"].str.endswith("a.fcs").any()


def test_commas_and_umlauts_inside_quotes(sheet):
    frame = sheet(rows('a.fcs,"Müller, A.",m00,NK'))
    assert frame["patient"].tolist() == ["Müller, A."]


def test_leading_zeros_of_patients_visits_and_lots_are_kept(sheet):
    text = rows("a.fcs,007,00,01,09,012", more=",run,bead_lot")
    frame = sheet(text)
    kept = frame.loc[0, ["sample", "patient", "visit", "tube", "run", "bead_lot"]]
    assert kept.tolist() == ["007_00", "007", "00", "01", "09", "012"]


def test_blanks_around_cells_do_not_make_other_patients(sheet):
    frame = sheet(rows(" a.fcs , P01 ,m00 , NK ", "b.fcs,P01,m06,NK"))
    assert frame["patient"].unique().tolist() == ["P01"]
    assert frame["file"][0].endswith("a.fcs")


def test_a_frame_is_not_changed(tmp_path):
    given = pd.read_csv(io.StringIO(TWO))
    given["file"] = [str(tmp_path / name) for name in given["file"]]
    given.index = [7, 9]
    before = given.copy()
    frame = read_sample_sheet(given)
    pd.testing.assert_frame_equal(given, before)
    assert frame.index.tolist() == [0, 1]


def test_numbers_in_a_frame_become_names():
    given = pd.DataFrame({"file": ["a"], "patient": [7], "visit": [6], "tube": [1]})
    frame = read_sample_sheet(given)
    assert frame["sample"].tolist() == ["7_6"]
    assert frame["patient"].tolist() == ["7"]


def test_covariates_keep_their_type():
    given = pd.DataFrame({"file": ["a", "b"], "patient": ["1", "2"], "tube": "T"})
    given["visit"] = "m0"
    given["site"] = pd.Categorical(["x", "y"])
    given["age"] = pd.array([30, None], dtype="Int64")
    given["words"] = pd.Series(["one", "two"], dtype=object)
    given["day"] = pd.to_datetime(["2012-04-30", None])
    covariates = ["site", "age", "words", "day"]
    frame = read_sample_sheet(given)
    pd.testing.assert_frame_equal(frame[covariates], given[covariates])


def test_missing_cells_of_a_frame_are_blank():
    given = pd.DataFrame({"file": ["a", "b"], "patient": ["1", "2"], "tube": "T"})
    given["visit"] = "m0"
    given["batch"] = pd.array(["x", None], dtype="string")
    given["dilution"] = pd.array([2, None], dtype="Int64")
    frame = read_sample_sheet(given)
    assert frame["batch"].tolist() == ["x", ""]
    assert frame["dilution"].isna().tolist() == [False, True]


def test_a_column_that_is_there_twice():
    columns = ["file", "patient", "visit", "tube", "age", "age"]
    given = pd.DataFrame([["a", "1", "m0", "T", 3, 4]], columns=columns)
    with pytest.raises(SampleSheetError, match="column 'age' more than once"):
        read_sample_sheet(given)


def test_an_excel_sheet(tmp_path):
    pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    table = pd.DataFrame(
        {
            "file": ["a.fcs", "b.fcs"],
            "patient": ["007", "007"],
            "visit": [0, 12],
            "tube": ["NK", "NK"],
            "date": pd.to_datetime(["2012-01-05", "2013-01-10"]),
            "blood_ul": [100, 50.5],
        }
    )
    table.to_excel(tmp_path / "s.xlsx", index=False)
    frame = read_sample_sheet(tmp_path / "s.xlsx")
    assert frame["sample"].tolist() == ["007_0", "007_12"]
    assert frame["date"].dt.year.tolist() == [2012, 2013]
    assert frame["blood_ul"].tolist() == [100.0, 50.5]


def test_covariates_stay_as_they_are(sheet):
    frame = sheet(rows("a.fcs,P01,m00,NK,63,yes", more=",age,smoker"))
    assert frame["age"].tolist() == [63]
    assert frame["smoker"].tolist() == ["yes"]
    assert frame.columns[-2:].tolist() == ["age", "smoker"]


def test_dates_become_dates(sheet):
    frame = sheet(rows("a.fcs,P01,m00,NK,2012-02-03", more=",date"))
    assert frame["date"].tolist() == [pd.Timestamp("2012-02-03")]


# --- visits


def test_visits_are_in_natural_order(sheet):
    lines = [f"{v}.fcs,P01,{v},NK" for v in ("m12", "m6", "m0", "m100")]
    frame = sheet(rows(*lines))
    assert frame["visit"].cat.categories.tolist() == ["m0", "m6", "m12", "m100"]
    assert frame["visit"].max() == "m100"


def test_a_declared_order_of_visits_holds(sheet):
    frame = sheet(TWO, visit_order=["screening", "m06", "m00"])
    assert frame["visit"].cat.categories.tolist() == ["screening", "m06", "m00"]
    with pytest.raises(SampleSheetError, match="visit_order='m06' lacks 'm00'"):
        sheet(TWO, visit_order=["m06"])
    with pytest.raises(SampleSheetError, match="'m06' twice"):
        sheet(TWO, visit_order=["m00", "m06", "m06"])


# --- roles

CONTROLS = rows(
    "a.fcs,P01,m00,NK,,",
    "b.fcs,P01,m00,NK,fmo:CD57,",
    "c.fcs,,,NK,unstained,",
    "d.fcs,,,NK,single_stain:PE-A,",
    "e.fcs,,,lineage,bead,",
    "f.fcs,donor,,NK,bridging,",
    "g.fcs,P01,m06,NK,exclude,clogged",
    more=",role,reason",
)


def test_roles_of_a_labs_folder(sheet):
    frame = sheet(CONTROLS)
    assert frame["role"].tolist() == [
        "sample",
        "fmo:CD57",
        "unstained",
        "single_stain:PE-A",
        "bead",
        "bridging",
        "exclude",
    ]
    assert frame["visit"].cat.categories.tolist() == ["m00", "m06"]
    assert frame["visit"].isna().sum() == 4


@pytest.mark.parametrize(
    ("role", "message"),
    [
        ("fmo", r"row 3, column 'role': 'fmo' must be 'fmo:<marker>'"),
        ("single_stain:", r"row 3, .* must be .*'single_stain:<detector>'"),
        ("sample:CD3", r"row 3, .*a role without a colon"),
        ("sampel", r"row 3, column 'role': 'sampel' is no role.*mean 'sample'"),
        ("FMO:CD3", r"row 3, .*did you mean 'fmo'"),
    ],
)
def test_a_role_that_is_none_is_named_with_its_row(sheet, role, message):
    text = rows("a.fcs,P01,m00,NK,", f"b.fcs,P02,m00,NK,{role}", more=",role")
    with pytest.raises(SampleSheetError, match=message):
        sheet(text)


@pytest.mark.parametrize("more", [",role", ",role,reason"])
def test_nothing_is_excluded_without_a_reason(sheet, more):
    cells = "," if more.endswith("reason") else ""
    text = rows(
        f"a.fcs,P01,m00,NK,{cells}", f"b.fcs,P02,m00,NK,exclude{cells}", more=more
    )
    with pytest.raises(
        SampleSheetError,
        match=r"row 3, column 'role': 'exclude' needs the column 'reason'",
    ):
        sheet(text)


# --- cells and columns


@pytest.mark.parametrize("missing", ["file", "patient", "visit", "tube"])
def test_a_missing_column_is_named(sheet, missing):
    frame = pd.read_csv(io.StringIO(TWO)).rename(columns={missing: f"{missing}s"})
    with pytest.raises(
        SampleSheetError, match=f"lacks the column '{missing}'"
    ) as caught:
        sheet(frame.to_csv(index=False))
    assert f"did you mean '{missing}s'" in str(caught.value)


@pytest.mark.parametrize("column", ["file", "patient", "visit", "tube"])
@pytest.mark.parametrize("blank", ["", "  ", "NA"])
def test_a_blank_cell_is_named_with_its_row(sheet, column, blank):
    cells = {"file": "b.fcs", "patient": "P02", "visit": "m00", "tube": "NK"}
    cells[column] = blank
    text = rows("a.fcs,P01,m00,NK", ",".join(cells.values()))
    with pytest.raises(
        SampleSheetError, match=f"row 3, column '{column}': it is blank"
    ):
        sheet(text)


@pytest.mark.parametrize("column", ["blood_ul", "dilution"])
@pytest.mark.parametrize("value", ["0", "-5", "a lot", "nan mL"])
def test_volumes_are_numbers_above_zero(sheet, column, value):
    text = rows("a.fcs,P01,m00,NK,50", f"b.fcs,P01,m06,NK,{value}", more=f",{column}")
    match = f"row 3, column '{column}': '{value}' .*must be a number above 0"
    with pytest.raises(SampleSheetError, match=match):
        sheet(text)


def test_a_blank_volume_is_unknown(sheet):
    text = rows("a.fcs,P01,m00,NK,50", "b.fcs,P01,m06,NK,", more=",blood_ul")
    values = sheet(text)["blood_ul"]
    assert values[0] == 50
    assert np.isnan(values[1])


def test_a_specimen_that_is_not_known_is_named_with_its_row(sheet):
    text = rows(
        "a.fcs,P01,m00,NK,pbmc_fresh", "b.fcs,P01,m06,NK,pbmc_frosen", more=",specimen"
    )
    match = r"row 3, column 'specimen': 'pbmc_frosen' .*did you mean 'pbmc_frozen'"
    with pytest.raises(SampleSheetError, match=match):
        sheet(text)


@pytest.mark.parametrize("written", ["someday", "03/04/2012", "2012-13-01"])
def test_a_date_that_is_none_or_could_be_two(sheet, written):
    text = rows(f"a.fcs,P01,m00,NK,{written}", more=",date")
    with pytest.raises(
        SampleSheetError, match=f"row 2, column 'date': '{written}'.*write 2022-09-05"
    ):
        sheet(text)


def test_a_file_named_twice(sheet):
    text = rows("a.fcs,P01,m00,NK", "b.fcs,P02,m00,NK", "./a.fcs,P03,m00,NK")
    match = r"names 'a.fcs' more than once: rows '2', '4'"
    with pytest.raises(SampleSheetError, match=match):
        sheet(text)


def test_one_name_for_two_patients(sheet):
    text = rows("a.fcs,P01,m00,NK,S1", "b.fcs,P02,m00,lineage,S1", more=",sample")
    match = r"sample 'S1' .*'P01'.*'P02'.*rows '2', '3'"
    with pytest.raises(SampleSheetError, match=match):
        sheet(text)


def test_made_names_that_collide(sheet):
    text = rows("a.fcs,A,b_c,NK", "b.fcs,A_b,c,lineage")
    with pytest.raises(SampleSheetError, match="sample 'A_b_c'"):
        sheet(text)


# --- runs

RUNS = rows(
    "a.fcs,P01,m00,NK,2",
    "b.fcs,P01,m00,NK,10",
    "c.fcs,P01,m06,NK,1",
    "d.fcs,P01,m00,lineage,1",
    more=",run",
)


def test_several_files_of_a_tube_need_a_run(sheet):
    text = rows("a.fcs,P01,m00,NK", "b.fcs,P01,m00,NK", "c.fcs,P01,m06,NK")
    match = r"samples 'P01_m00' have several files of one tube \(rows '2', '3'\)"
    with pytest.raises(SampleSheetError, match=match):
        sheet(text)
    same_run = text.replace("tube\n", "tube,run\n").replace("NK\n", "NK,1\n")
    with pytest.raises(SampleSheetError, match=match):
        sheet(same_run, runs="keep")


def test_several_runs_need_a_declared_rule(sheet):
    match = r"samples 'P01_m00' have several runs \(rows '2', '3'\); choose runs="
    with pytest.raises(SampleSheetError, match=match):
        sheet(RUNS)
    with pytest.raises(SampleSheetError, match="runs='last' is not known"):
        sheet(RUNS, runs="last")


def test_replace_takes_the_last_run_in_natural_order(sheet):
    frame = sheet(RUNS, runs="replace")
    assert [re.sub(".*/", "", name) for name in frame["file"]] == [
        "b.fcs",
        "c.fcs",
        "d.fcs",
    ]
    assert frame.index.tolist() == [0, 1, 2]


def test_keep_makes_samples_of_their_own(sheet):
    names = sheet(RUNS, runs="keep")["sample"].tolist()
    assert names == ["P01_m00_run2", "P01_m00_run10", "P01_m06", "P01_m00"]


def test_pool_keeps_the_files_of_one_sample(sheet):
    assert sheet(RUNS, runs="pool")["sample"].value_counts()["P01_m00"] == 3


def test_controls_need_no_run(sheet):
    text = rows(
        "a.fcs,P01,m00,NK,",
        "b.fcs,P01,m00,NK,fmo:CD57",
        "c.fcs,P01,m00,NK,fmo:CD57",
        more=",role",
    )
    assert len(sheet(text)) == 3
