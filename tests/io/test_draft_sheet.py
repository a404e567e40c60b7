"""From a folder to a sheet: what names and keywords say, and where they differ."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

import longate as lg
from longate.cytometry.panel import Channel, Panel
from longate.exceptions import FileWarning, SampleSheetError
from longate.io.draft_sheet import SHEET_COLUMNS, draft_sheet
from longate.io.file_names import NamePattern, guess_name, guess_role
from study.study_folder import write_file as write_any

PANEL = Panel(
    (
        Channel("FSC-A"),
        Channel("FITC-A", "CD14"),
        Channel("PE-Cy7-A", "CD56"),
        Channel("APC-A", "NKG2A"),
    )
)


def write_file(path, **options):
    """Write a file of the NK tube unless `markers` say otherwise."""
    return write_any(path, **{"markers": {"PE-A": "CD56"}, **options})


@pytest.fixture
def folder(tmp_path):
    """Return a folder of two patients, two visits, two tubes."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for number in range(8):
        patient, visit, tube = (
            f"P0{1 + number // 4}",
            f"m0{6 * (number // 2 % 2)}",
            number,
        )
        tube = ("NK", "lineage")[number % 2]
        words = {
            "$SRC": patient,
            "TUBE NAME": tube,
            "$DATE": f"{10 + 2 * (number // 2)}-MAR-2021",
            "$CYT": "FACSCantoII",
            "CYTNUM": "V96",
        }
        name = folder / f"{patient}_{visit}_{tube}.fcs"
        markers = {"PE-A": "CD56" if tube == "NK" else "CD4"}
        write_file(
            name, seed=number, n_events=50 + number, keywords=words, markers=markers
        )
    return folder


def conflicts_of(folder, kind, **options):
    table = draft_sheet(folder, **options).conflicts
    return table[table["conflict"] == kind]


# --- a folder as it should be


def test_a_tidy_folder_needs_no_correction(folder):
    draft = draft_sheet(folder)
    assert draft.conflicts.empty
    assert draft.sheet.columns.tolist() == SHEET_COLUMNS
    first = draft.sheet.iloc[0]
    assert (first["patient"], first["visit"], first["tube"]) == ("P01", "m00", "NK")
    assert (first["cytometer"], first["serial"]) == ("FACSCantoII", "V96")
    assert first["acquired"] == pd.Timestamp("2021-03-10")
    assert draft.sheet["n_events"].tolist() == list(range(50, 58))
    study = lg.read_study(draft.sheet)
    assert len(study.samples) == 8
    assert study.samples["visit"].cat.categories.tolist() == ["m00", "m06"]


@pytest.mark.parametrize("name", ["samples.xlsx", "samples.csv"])
def test_a_saved_sheet_is_read_from_wherever_it_lies(folder, tmp_path, name):
    below = tmp_path / "sheets"
    below.mkdir()
    written = draft_sheet(folder).save(below / name)
    study = lg.read_study(written)
    assert study.samples["sample"].nunique() == 4
    assert study.samples["n_events"].tolist() == list(range(50, 58))
    assert study.samples["acquired"].iloc[0] == pd.Timestamp("2021-03-10")


def test_conflicts_are_on_the_second_page(folder, tmp_path):
    (folder / "P01_m00_NK.fcs").unlink()
    path = draft_sheet(folder).save(tmp_path / "samples.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["samples", "conflicts"]
    rows = list(book["conflicts"].values)
    assert rows[0] == ("conflict", "files", "detail")
    assert rows[1][2] == "P01 m00 has no tube 'NK'"
    beside = draft_sheet(folder).save(tmp_path / "samples.csv")
    table = pd.read_csv(beside.with_name("samples_conflicts.csv"))
    assert table["conflict"].tolist() == ["missing part"]


def test_a_name_that_starts_like_a_formula_stays_text(folder, tmp_path):
    words = {"EXPERIMENT NAME": "=1+1", "TUBE NAME": "NK"}
    write_file(folder / "P01_m12_NK.fcs", keywords=words)
    path = draft_sheet(folder).save(tmp_path / "samples.xlsx")
    page = openpyxl.load_workbook(path)["samples"]
    cells = [cell for row in page for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]


def test_control_bytes_do_not_break_a_spreadsheet(folder, tmp_path):
    words = {"EXPERIMENT NAME": "a\x01b", "TUBE NAME": "NK"}
    write_file(folder / "P01_m12_NK.fcs", keywords=words)
    path = draft_sheet(folder).save(tmp_path / "samples.xlsx")
    assert "a b" in lg.read_study(path).samples["batch"].tolist()


def test_other_suffixes_are_refused(folder, tmp_path):
    with pytest.raises(SampleSheetError, match=r"\.xlsx or \.csv"):
        draft_sheet(folder).save(tmp_path / "samples.ods")


def test_the_repr_shows_no_patient(folder):
    shown = repr(draft_sheet(folder))
    assert "8 files · 8 samples · 2 patients · 2 visits · 2 tubes" in shown
    assert "P01" not in shown


# --- conflicts


def test_two_files_of_one_tube_get_runs_by_time(folder):
    for clock, run in [("11:00:00", "b"), ("09:00:00", "a")]:
        words = {"$DATE": "10-MAR-2021", "$BTIM": clock, "TUBE NAME": "NK"}
        name = folder / run / "P01_m00_NK.fcs"
        name.parent.mkdir()
        write_file(name, seed=ord(run), keywords=words)
    draft = draft_sheet(folder)
    runs = draft.sheet[draft.sheet["run"] != ""]
    told = {row.file.split("/")[-2]: row.run for row in runs.itertuples()}
    assert told == {"raw": "1", "a": "2", "b": "3"}
    found = draft.conflicts[draft.conflicts["conflict"] == "several files"]
    assert found["detail"].str.startswith("3 files of P01 m00 NK").all()
    with pytest.raises(SampleSheetError, match="choose runs="):
        lg.read_study(draft.sheet)
    assert len(lg.read_study(draft.sheet, runs="pool").samples) == 10


def test_one_measurement_under_two_names(folder):
    source = folder / "P01_m00_NK.fcs"
    words = {"TUBE NAME": "NK", "$SRC": "P01", "$CYT": "FACSCantoII", "CYTNUM": "V96"}
    write_file(folder / "P01_m12_NK.fcs", seed=0, n_events=50, keywords=words)
    assert source.read_bytes() != (folder / "P01_m12_NK.fcs").read_bytes()
    found = conflicts_of(folder, "same events")
    assert found["files"].tolist() == ["P01_m00_NK.fcs; P01_m12_NK.fcs"]


@pytest.mark.parametrize(
    ("words", "kind", "detail"),
    [
        (
            {"$SRC": "P77"},
            "name and keyword",
            "patient 'P01' by name, 'P77' by keyword",
        ),
        ({"TUBE NAME": "T"}, "name and keyword", "tube 'NKx' by name, 'T' by keyword"),
        ({"$FIL": "D:\\x\\176312.fcs"}, "$FIL", "$FIL says '176312.fcs'"),
    ],
)
def test_names_and_keywords_that_differ(folder, words, kind, detail):
    write_file(folder / "P01_m12_NKx.fcs", keywords=words)
    pattern = "{patient}_{visit}_{tube}"
    assert conflicts_of(folder, kind, pattern=pattern)["detail"].tolist() == [detail]


@pytest.mark.parametrize("src", ["Specimen_001", "sample", "P01 blood", "removed"])
def test_keywords_that_say_nothing_are_no_conflict(folder, src):
    words = {"$SRC": src, "$FIL": "P01_m12_NK.fcs", "TUBE NAME": "P01_m12_NK"}
    write_file(folder / "P01_m12_NK.fcs", keywords=words)
    table = draft_sheet(folder).conflicts
    assert not table["conflict"].isin(["name and keyword", "$FIL"]).any()


def test_unreadable_files_are_excluded_with_a_reason(folder):
    damaged = folder / "P02_m00_NK.fcs"
    damaged.write_bytes(damaged.read_bytes()[:300])
    draft = draft_sheet(folder)
    row = draft.sheet[draft.sheet["role"] == "exclude"].iloc[0]
    assert row["reason"].startswith("cannot be read: P02_m00_NK.fcs")
    assert draft.conflicts["conflict"].tolist() == ["unreadable", "missing part"]
    assert (lg.read_study(draft.sheet).samples["role"] == "exclude").sum() == 1


def test_other_files_are_left_alone(folder):
    (folder / "notes.fcs").write_text("not a measurement")
    (folder / ".P01_m00_NK.fcs").write_bytes(b"FCS3.1")
    assert len(draft_sheet(folder).sheet) == 8


def test_several_cytometers_are_counted(folder):
    words = {"TUBE NAME": "NK", "$CYT": "Aurora", "$CYTSN": "R0054"}
    write_file(folder / "P01_m12_NK.fcs", keywords=words)
    found = conflicts_of(folder, "several cytometers").iloc[0]
    assert found["detail"] == "FACSCantoII V96 (8 files), Aurora R0054 (1 files)"
    assert found["files"] == "P01_m12_NK.fcs"


def test_missing_tubes_visits_and_cells(folder):
    (folder / "P02_m06_NK.fcs").unlink()
    (folder / "P02_m06_lineage.fcs").unlink()
    write_file(folder / "odd.fcs", keywords={"$CYT": "FACSCantoII", "CYTNUM": "V96"})
    draft = draft_sheet(folder)
    told = draft.conflicts.groupby("conflict")["detail"].apply(list)
    assert "patient is not known" in told["missing cell"]
    assert "visit is not known" in told["missing cell"]
    write_file(folder / "P03_m00_NK.fcs", keywords={"$SRC": "P03"})
    write_file(folder / "P03_m06_NK.fcs", keywords={"$SRC": "P03"})
    details = conflicts_of(folder, "missing part")["detail"].tolist()
    assert "P02 has no visit 'm06'" in details
    assert "P03 m00 has no tube 'lineage'" in details


def test_dates_that_differ_within_a_visit(folder):
    words = {"TUBE NAME": "count", "$DATE": "01-APR-2021", "$SRC": "P01"}
    write_file(folder / "P01_m00_count.fcs", keywords=words)
    found = conflicts_of(folder, "several dates")["detail"].tolist()
    assert found == ["P01 m00 was acquired on 2021-03-10, 2021-04-01"]


def test_panels_and_names_of_tubes_tell_each_other(folder):
    words = {"TUBE NAME": "NK", "$SRC": "P01"}
    markers = {"PE-A": "CD3"}
    write_file(folder / "P01_m12_NK.fcs", keywords=words, markers=markers)
    found = conflicts_of(folder, "several panels")
    assert found["files"].tolist() == ["P01_m12_NK.fcs"]


def test_empty_files_are_said(folder):
    write_file(folder / "P01_m12_NK.fcs", n_events=0, keywords={"TUBE NAME": "NK"})
    assert conflicts_of(folder, "no events")["files"].tolist() == ["P01_m12_NK.fcs"]


def test_visits_are_numbered_by_date_only_where_none_is_known(tmp_path):
    for patient, name, day in [
        ("A7", "x1", "02-FEB-2021"),
        ("A7", "x2", "05-JAN-2021"),
        ("B8", "x3", None),
    ]:
        words = {"$SRC": patient, "TUBE NAME": "NK"} | ({"$DATE": day} if day else {})
        write_file(tmp_path / f"{name}.fcs", seed=hash(name) % 99, keywords=words)
    draft = draft_sheet(tmp_path, pattern="{_}")
    assert draft.sheet["visit"].tolist() == ["v2", "v1", ""]
    assert "visit" in set(draft.conflicts["conflict"])


# --- patterns and words


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("{patient}_{visit}_{tube}", "P1_m0_NK.fcs", ("P1", "m0", "NK")),
        ("{patient}-{visit} {tube}", "X 9-24h A b.lmd", ("X 9", "24h", "A b")),
        ("{patient}/{visit}/{_}_{tube}", "P1/m0/a_NK.fcs", ("P1", "m0", "NK")),
        (r"s(?P<patient>\d)a(?P<visit>\d+)", "deep/s7a03.fcs", ("7", "03", None)),
    ],
)
def test_patterns(pattern, name, expected):
    told = NamePattern(pattern).read(name)
    assert tuple(told.get(key) for key in ("patient", "visit", "tube")) == expected


def test_a_name_that_does_not_fit_is_a_conflict(folder):
    found = conflicts_of(folder, "pattern", pattern="{patient}_{visit}_NK")
    assert found["files"].iloc[0].count("lineage") == 4


@pytest.mark.parametrize(
    "pattern", ["", "P01", "(?P<patient>", "{patient}{patient}", "{1}"]
)
def test_patterns_that_mean_nothing_are_refused(folder, pattern):
    with pytest.raises(SampleSheetError, match="pattern"):
        draft_sheet(folder, pattern=pattern)


def test_further_names_become_columns(folder):
    draft = draft_sheet(folder, pattern="{patient}_{arm}0{day}_{tube}")
    assert draft.sheet["arm"].tolist() == ["m"] * 8
    assert draft.sheet["day"].tolist() == ["0", "0", "6", "6"] * 2


def test_folders_without_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        draft_sheet(tmp_path / "nowhere")
    with pytest.raises(SampleSheetError, match="no FCS file"):
        draft_sheet(tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("P07_m06_NK.fcs", {"patient": "P07", "visit": "m06", "tube": "NK"}),
        ("HOS0209.fcs", {"patient": "HOS0209"}),
        (
            "MS-012 baseline lineage run2.fcs",
            {"patient": "MS-012", "visit": "baseline"},
        ),
        ("NK_P07_24h.fcs", {"tube": "NK", "patient": "P07", "visit": "24h"}),
        ("124500.fcs", {"tube": "124500"}),
        ("CD56_A01.fcs", {"tube": "CD56_A01"}),
    ],
)
def test_words_of_names(name, expected):
    told = guess_name(name)
    assert {key: told.get(key) for key in expected} == expected
    assert ("patient" in told) == ("patient" in expected)


@pytest.mark.parametrize(
    ("name", "tube", "specimen", "role"),
    [
        ("1.fcs", "Unstained Control", "Compensation Controls", "unstained"),
        ("2.fcs", "PE-Cy7 Stained Control", "", "single_stain:PE-Cy7-A"),
        ("3.fcs", "FITC", "Compensation Controls", "single_stain:FITC-A"),
        ("comp_APC.fcs", "", "", "single_stain:APC-A"),
        ("P01_FMO CD56.fcs", "", "", "fmo:CD56"),
        ("P01 NKG2A FMO.fcs", "", "", "fmo:NKG2A"),
        ("P01_m00_FMO-CD99.fcs", "", "", "fmo:CD99"),
        ("rainbow beads.fcs", "", "", "bead"),
        ("P01_m00_lineage beads.fcs", "", "", "sample"),
        ("bridging_2021.fcs", "", "", "bridging"),
        ("P01_m00_NK.fcs", "NK", "P01", "sample"),
    ],
)
def test_roles(name, tube, specimen, role):
    found = guess_role(name, tube, specimen, PANEL)
    assert found.role == role
    assert found.is_in_panel == ("CD99" not in role)


def test_controls_need_no_patient(folder):
    words = {"TUBE NAME": "APC Stained Control", "$SRC": "Compensation Controls"}
    write_file(folder / "124491.fcs", keywords=words)
    write_file(
        folder / "124492.fcs", keywords={**words, "TUBE NAME": "QQ Stained Control"}
    )
    draft = draft_sheet(folder)
    controls = draft.sheet[draft.sheet["role"] != "sample"]
    assert controls["role"].tolist() == ["single_stain:APC-A", "single_stain:QQ"]
    assert (controls["patient"] == "").all()
    role = draft.conflicts[draft.conflicts["conflict"] == "role"]
    assert role["files"].tolist() == ["124492.fcs"]
    assert len(lg.read_study(draft.sheet).samples) == 10


def test_a_de_identified_folder_is_still_drafted(folder, tmp_path):
    from longate.io.deidentify import deidentify

    deidentify(
        folder, tmp_path / "out", mapping={"P01": "Z1", "P02": "Z2"}, keep=["TUBE NAME"]
    )
    draft = draft_sheet(tmp_path / "out", pattern="{patient}_{visit}_{tube}")
    assert draft.conflicts.empty
    assert draft.sheet["patient"].unique().tolist() == ["Z1", "Z2"]


def test_a_damaged_folder_still_warns_when_read(folder):
    draft = draft_sheet(folder)
    (folder / "P01_m00_NK.fcs").unlink()
    with pytest.warns(FileWarning):
        lg.read_study(draft.sheet)
