"""Sheets as labs keep them: cover sheets, commas, dates, zeros, paths."""

from __future__ import annotations

import datetime
import re

import pandas as pd
import pytest

from longate.exceptions import NameWarning, SampleSheetError, SampleSheetWarning
from longate.io.sample_sheet import read_sample_sheet
from longate.io.sheet_paths import hint_for_missing

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")

GERMAN = {"Datei": "file", "Pat.-Nr.": "patient", "Visite": "visit", "Röhrchen": "tube"}
HEADS = ["Datei", "Pat.-Nr.", "Visite", "Röhrchen", "Datum", "Blut µl"]
DATED = GERMAN | {"Datum": "collected", "Blut µl": "blood_ul"}


def row(number=1, visit="m0", date="05.09.2022", blood="50,5", patient="007"):
    return [f"{number}.fcs", patient, visit, "NK", date, blood]


@pytest.fixture
def book(tmp_path):
    """Return a function that writes sheets of cells and reads the workbook."""

    def write(sheets, formats=None, **options):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, lines in sheets.items():
            page = made.create_sheet(title)
            for line in lines:
                page.append(line)
            for cell, shown in (formats or {}).items():
                page[cell].number_format = shown
        made.save(tmp_path / "s.xlsx")
        return read_sample_sheet(tmp_path / "s.xlsx", **options)

    return write


@pytest.fixture
def text(tmp_path):
    """Return a function that writes a text file and reads it as a sheet."""

    def write(lines, separator=";", encoding="utf-8", **options):
        path = tmp_path / "s.csv"
        content = "\n".join(separator.join(map(str, line)) for line in lines)
        path.write_bytes(content.encode(encoding))
        return read_sample_sheet(path, **options)

    return write


def complaint(function, *arguments, **options):
    with pytest.raises(SampleSheetError) as caught:
        function(*arguments, **options)
    return str(caught.value)


def test_a_german_sheet_with_a_cover_sheet_is_read(book):
    frame = book(
        {
            "Deckblatt": [["Studie XY"], ["Stand", "01.10.2022"]],
            "Messungen": [["Station 3"], [], HEADS, row(1), row(2, "m6", "06.03.2023")],
        },
        columns=DATED,
        dayfirst=True,
    )
    assert frame["patient"].tolist() == ["007", "007"]
    assert frame["blood_ul"].tolist() == [50.5, 50.5]
    assert frame["collected"].tolist() == [
        pd.Timestamp("2022-09-05"),
        pd.Timestamp("2023-03-06"),
    ]


def test_sheets_are_named_with_what_they_hold(book):
    sheets = {"Deckblatt": [["Studie XY"]], "A": [HEADS, row()], "B": [HEADS, row()]}
    told = complaint(book, sheets, columns=DATED, dayfirst=True)
    assert "several sheets have the columns" in told
    assert "'Deckblatt': 1 rows, such as 'Studie XY'" in told
    assert "'A': 2 rows, such as 'Datei', 'Pat.-Nr.'" in told
    assert "Pass sheet=" in told
    none = complaint(book, {"Deckblatt": [["Studie XY"]], "A": [HEADS, row()]})
    assert "no sheet has the columns" in none
    for sheet in ("A", 2):
        frame = book(sheets, columns=DATED, dayfirst=True, sheet=sheet)
        assert len(frame) == 1
    assert "did you mean 'A'" in complaint(book, sheets, sheet="a")
    assert "sheet=9 is none" in complaint(book, sheets, sheet=9)


def test_headings_are_matched_without_case_blanks_and_punctuation(text):
    heads = ["FILE ", "Patient", "Visit", "Tube", "Bead Lot", "blood-ul", "Age"]
    frame = text([heads, ["a.fcs", "P1", "m0", "NK", "L1", "50", "63"]])
    assert frame["bead_lot"].tolist() == ["L1"]
    assert frame["blood_ul"].tolist() == [50.0]
    assert frame["Age"].tolist() == [63]


def test_columns_that_are_not_there_suggest(text):
    told = complaint(text, [HEADS, row()], columns={"Pat.Nummer": "patient"})
    assert "columns= names 'Pat.Nummer'" in told
    assert "did you mean 'Pat.-Nr.'" in told
    assert "it lacks the columns" in told
    twice = [["file", "patient", "Patient", "visit", "tube"], ["a", "1", "2", "0", "T"]]
    assert "'patient' more than once" in complaint(text, twice)


def test_every_fault_is_in_one_error_with_row_column_and_value(text):
    lines = [
        [*HEADS, "role"],
        [*row(1, date="05.09.2022"), ""],
        [*row(2, "m6", "31.02.2022", blood="viel"), ""],
        [*row(3, patient=""), ""],
        [*row(4), "fmo"],
    ]
    told = complaint(text, lines, columns=DATED, dayfirst=True)
    assert told.startswith("the sample sheet s.csv has 4 faults:")
    for words in (
        "row 3, column 'Datum' (collected): '31.02.2022' is no date with dayfirst=True",
        "row 3, column 'Blut µl' (blood_ul): 'viel' is no number",
        "row 4, column 'Pat.-Nr.' (patient): it is blank",
        "row 5, column 'role': 'fmo' must be",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("date", "why"),
    [
        ("05.09.2022", "2022-09-05 with dayfirst=True or 2022-05-09"),
        ("20220905", "date_format='%Y%m%d'"),
        ("44809", "Excel's serial of 2022-09-05"),
        ("0001-01-01", "lies before 1900"),
    ],
)
def test_dates_of_two_readings_are_refused_in_files_and_frames(text, date, why):
    lines = [HEADS, row(date=date)]
    assert why in complaint(text, lines, columns=DATED)
    frame = pd.DataFrame([row(date=date)], columns=HEADS)
    told = complaint(read_sample_sheet, frame, columns=DATED)
    assert "row 2, column 'collected'" in told
    assert why in told


def test_dates_of_a_workbook_and_serials_of_a_frame(book):
    lines = [HEADS, row(date=datetime.datetime(2022, 9, 5))]
    assert book({"A": lines}, columns=DATED)["collected"].dt.day.tolist() == [5]
    assert "Excel's serial" in complaint(
        book, {"A": [HEADS, row(date=44809)]}, columns=DATED
    )
    told = {"columns": DATED, "date_format": "excel"}
    assert book({"A": [HEADS, row(date=44809)]}, **told)["collected"].dt.day[0] == 5


def test_ids_keep_leading_zeros_as_excel_shows_them(book):
    sheets = {"A": [HEADS, row(patient=7)]}
    options = {"columns": DATED, "dayfirst": True}
    assert book(sheets, {"B2": "000"}, **options)["patient"].tolist() == ["007"]
    assert book(sheets, {"B2": '"P"00'}, **options)["patient"].tolist() == ["P07"]
    assert book(sheets, {"B2": "0"}, **options)["patient"].tolist() == ["7"]
    told = complaint(book, sheets, {"B2": "00-00"}, **options)
    assert "7 (shown as '00-00') format the column as text" in told


@pytest.mark.parametrize(
    ("patient", "made"),
    [
        (datetime.datetime(2022, 3, 5), "a date"),
        ("1E5", "a number with a power of ten"),
    ],
)
def test_ids_that_excel_changed_are_refused(book, patient, made):
    told = complaint(book, {"A": [HEADS, row(patient=patient)]}, columns=GERMAN)
    assert "row 2, column 'Pat.-Nr.' (patient)" in told
    assert f"is {made}, which a spreadsheet made of a patient" in told


def test_decimal_commas_are_found_where_one_reading_is_left(text):
    options = {"columns": DATED, "dayfirst": True}
    heads = [*HEADS, "Alter", "Kit"]
    lines = [heads, [*row(blood="1,250"), "63,5", "007"], [*row(2, "m6"), "4", "008"]]
    lines[2][4] = "05.10.2022"
    frame = text(lines, **options)  # 50,5 in row 3 tells what 1,250 is
    assert frame["blood_ul"].tolist() == [1.25, 50.5]
    assert frame["Alter"].tolist() == [63.5, 4.0]
    assert frame["Kit"].tolist() == ["007", "008"]
    told = complaint(text, [HEADS, row(blood="1,250")], **options)
    assert "pass decimal=','" in told
    alone = text([HEADS, row(blood="1,250")], decimal=".", **options)
    assert alone["blood_ul"].tolist() == [1250.0]
    mixed = [HEADS, row(blood="50,5"), row(2, blood="50.5")]
    assert "may be read with a decimal comma" in complaint(text, mixed, **options)
    assert "decimal must be" in complaint(text, mixed, decimal="comma", **options)


def test_umlauts_of_windows_are_refused_with_what_they_would_be(text):
    lines = [HEADS, row(patient="Müller")]
    told = complaint(text, lines, encoding="cp1252", columns=DATED)
    assert "Röhrchen" in told
    assert "encoding='cp1252'" in told


def test_umlauts_of_windows_are_read_where_told(tmp_path):
    path = tmp_path / "s.csv"
    lines = [HEADS, row(patient="Mu\u0308ller")]
    path.write_text("\n".join(";".join(line) for line in lines), encoding="utf-8")
    frame = read_sample_sheet(path, columns=DATED, dayfirst=True)
    assert frame["patient"].tolist() == ["M\u00fcller"]
    lines = [HEADS, row(patient="Müller")]
    path.write_bytes("\n".join(";".join(line) for line in lines).encode("cp1252"))
    told = {"columns": DATED, "dayfirst": True, "encoding": "cp1252"}
    assert read_sample_sheet(path, **told)["patient"].tolist() == ["Müller"]


def test_a_heading_row_may_be_told(text):
    lines = [["file;patient;visit;tube"], *[[], HEADS, row()]]
    frame = text(lines, columns=DATED, dayfirst=True, header_row=3)
    assert frame["patient"].tolist() == ["007"]
    assert "header_row=9 is no row" in complaint(text, lines, header_row=9)
    assert "header_row=0 is no row" in complaint(text, lines, header_row=0)


def test_a_line_that_tells_the_separator(text):
    lines = ["sep=;", "file;patient;visit;tube", "a.fcs;P1;m0;NK"]
    assert text([[line] for line in lines])["patient"].tolist() == ["P1"]


def test_paths_of_another_machine(tmp_path, monkeypatch):
    folder = tmp_path / "Data" / "Sub"
    folder.mkdir(parents=True)
    (folder / "One.FCS").write_bytes(b"x")
    frame = pd.DataFrame({"file": [""], "patient": "P1", "visit": "m0", "tube": "T"})
    right = str(folder / "One.FCS")

    def read(name, **options):
        return read_sample_sheet(frame.assign(file=name), **options)["file"][0]

    assert read("Sub/One.FCS", root=tmp_path / "Data") == right
    assert read("Sub\\One.FCS", root=tmp_path / "Data") == right
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read("~/Data/Sub/One.FCS") == right
    assert read("Sub/One.FCS", root="~/Data") == right
    with pytest.warns(SampleSheetWarning, match=r"read as 'One\.FCS'"):
        assert read("sub/one.fcs", root=tmp_path / "Data") == right
    with pytest.raises(FileNotFoundError, match="is no folder"):
        read("One.FCS", root=tmp_path / "Nowhere")


def test_suspected_pairs_are_named_and_kept_apart(text):
    heads = ["file", "patient", "visit", "tube"]
    lines = [heads, ["a.fcs", "P01", "m0", "NK"], ["b.fcs", "p01", "m0", "nk"]]
    with pytest.warns(NameWarning) as caught:
        frame = text(lines)
    assert frame["patient"].tolist() == ["P01", "p01"]
    told = str(caught[0].message)
    assert re.search(r"patient 'P01', 'p01' .*tube 'NK', 'nk'", told)


def test_visits_without_an_order_are_refused_unless_dates_tell(text):
    names = ["Screening", "Follow-up", "Abschluss"]
    dates = ["2022-01-01", "2022-06-01", "2022-12-01"]
    pairs = list(zip(names, dates, strict=True))
    lines = [HEADS] + [row(at, v, d) for at, (v, d) in enumerate(pairs)]
    frame = text(lines, columns=DATED)
    assert frame["visit"].cat.categories.tolist() == names
    undated = [line[:4] for line in lines]
    assert "cannot be known" in complaint(text, undated, columns=GERMAN)
    declared = text(undated, columns=GERMAN, visit_order=names)
    assert declared["visit"].cat.categories.tolist() == names
    wrong = complaint(text, lines, columns=DATED, visit_order=names[::-1])
    assert "contradict the order of visits" in wrong
    numbered = [HEADS, row(1, "m6", dates[0]), row(2, "m0", dates[1])]
    assert "m6 by 2022-01-01" in complaint(text, numbered, columns=DATED)


def test_nullable_types_and_categoricals_of_a_frame():
    frame = pd.DataFrame(
        {
            "file": pd.array(["a", "b"], dtype="string"),
            "patient": pd.array([7, 8], dtype="Int64"),
            "visit": pd.Categorical(["m0", "m6"]),
            "tube": pd.Categorical(["NK", "NK"]),
            "blood_ul": pd.array([50, None], dtype="Float64"),
        }
    )
    read = read_sample_sheet(frame)
    assert read["patient"].tolist() == ["7", "8"]
    assert read["blood_ul"].isna().tolist() == [False, True]


def test_a_file_that_is_not_there_comes_with_a_hint(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.fcs").write_bytes(b"x")
    (tmp_path / "P01.fcs").write_bytes(b"x")
    hint = hint_for_missing(str(tmp_path / "a.fcs"), tmp_path)
    assert f"there is 'a.fcs' in {tmp_path / 'elsewhere'}" in hint
    assert "did you mean 'P01.fcs'" in hint_for_missing(
        str(tmp_path / "P1.fcs"), tmp_path
    )
    assert "no folder" in hint_for_missing(str(tmp_path / "x" / "b.fcs"), tmp_path)


def test_days_before_a_dose_and_days_out_of_order(text):
    heads = ["file", "patient", "visit", "tube", "days_since_dose", "hours_to_stain"]
    lines = [heads, ["a.fcs", "P1", "m0", "NK", "-7", "0"]]
    assert text(lines)["days_since_dose"].tolist() == [-7.0]
    wrong = [heads, ["a.fcs", "P1", "m0", "NK", "-7", "-1"]]
    assert "must be a number of 0 or more" in complaint(text, wrong)
    days = ["file", "patient", "visit", "tube", "collected", "acquired"]
    row = ["a.fcs", "P1", "m0", "NK", "2022-09-05", "2022-09-01"]
    told = "acquired 2022-09-01 is before collected 2022-09-05"
    with pytest.warns(SampleSheetWarning, match=told):
        text([days, row])


def test_arguments_of_another_kind_are_refused(text):
    for given in (None, 5, ["a.fcs"]):
        with pytest.raises(SampleSheetError, match="is a path or a DataFrame, got"):
            read_sample_sheet(given)
    assert "columns must be a mapping" in complaint(text, [HEADS], columns=["Datei"])
