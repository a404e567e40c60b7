"""Spillover matrices from files: tables, FlowJo's text, keywords."""

from __future__ import annotations

import pytest

import longate as lg
from longate.exceptions import SpilloverError
from reference.fcs_bytes import Channel, build, pack

EXPECTED = lg.Compensation([[1.0, 0.25], [0.03, 1.0]], ["FITC-A", "PE-A"])

TABLES = {
    "csv": ",FITC-A,PE-A\nFITC-A,1,0.25\nPE-A,0.03,1\n",
    "csv, other order": "name,FITC-A,PE-A\nPE-A,0.03,1\nFITC-A,1,0.25\n",
    "csv without row names": "FITC-A,PE-A\n1,0.25\n0.03,1\n",
    "csv of Windows": "\ufeff,FITC-A,PE-A\r\nFITC-A,1,0.25\r\nPE-A,0.03,1\r\n\r\n",
    "semicolons": ";FITC-A;PE-A\nFITC-A;1;0.25\nPE-A;0.03;1\n",
    "tabs": "FITC-A\tPE-A\n1\t0.25\n0.03\t1\n",
    "R, write.table": '"FITC-A" "PE-A"\n"FITC-A" 1 0.25\n"PE-A" 0.03 1\n',
    "R, numbered rows": '"FITC-A" "PE-A"\n"1" 1 0.25\n"2" 0.03 1\n',
    "R, no row names": '"FITC-A" "PE-A"\n1 0.25\n0.03 1\n',
    "R, write.csv": '"","FITC-A","PE-A"\n"FITC-A",1,0.25\n"PE-A",0.03,1\n',
    "FlowJo csv": (
        ",Comp-FITC-A :: CD3,Comp-PE-A :: CD4\n"
        "Comp-FITC-A :: CD3,1,0.25\nComp-PE-A :: CD4,0.03,1\n"
    ),
    "FlowJo text": "title\r<\t>\rFITC-A\tPE-A\r1\t0.25\r0.03\t1\r",
    "FlowJo text, prefixed": "title\n<\t>\n<FITC-A>\t<PE-A>\n1\t0.25\n3e-2\t1\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_tables_of_every_usual_form(tmp_path, text):
    path = tmp_path / "matrix.any"
    path.write_bytes(text.encode())
    assert lg.read_compensation(path) == EXPECTED


def test_a_table_with_more_detectors_than_dyes_is_one_of_least_squares(tmp_path):
    path = tmp_path / "spectra.csv"
    path.write_text("fluorochrome,B1,B2,R1\nFITC,1,0.5,0\nAPC,0,0.1,1\n")
    matrix = lg.read_compensation(path, names={"B1": "B1-A", "APC": "AF647"})
    assert matrix.fluorochromes == ("FITC", "AF647")
    assert matrix.detectors == ("B1-A", "B2", "R1")


def test_a_written_table_comes_back(tmp_path):
    path = tmp_path / "matrix.csv"
    EXPECTED.table.to_csv(path)
    assert lg.read_compensation(path) == EXPECTED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no table of numbers"),
        (",A,B\nA,1,x\nB,0,1\n", r"row 'A', column 'B' \(line 2\) holds 'x'"),
        (",A,B\nA,1,\nB,0,1\n", r"row 'A', column 'B' \(line 2\) holds nothing"),
        (",A,B\nA,1,0\nB,0,nan\n", "holds NaN in row 'B', column 'B'"),
        (",A,B\nA,1,0\nB,0\n", "line 3 has 2 fields where line 2 has 3"),
        (",A,B,C\nA,1,0\nB,0,1\n", "first row has 4 names for 2 columns"),
        (",A,B\nA,1,0\nC,0,1\n", "its rows are 'A', 'C', its columns 'A', 'B'"),
        (",A,B\nA,1,0\nA,0,1\n", "its rows are 'A', 'A'"),
        ("A,B,C\n1,0,0\n0,1,0\n", "2 rows without names for 3 columns"),
        (",A,B\nA,1,1\nB,1,1\n", "singular"),
        (",A\nx,1\ny,2\n", "2 fluorochromes cannot be told apart by 1 detectors"),
    ],
)
def test_a_table_that_is_no_matrix_is_refused_with_its_place(tmp_path, text, reason):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(SpilloverError, match=reason) as caught:
        lg.read_compensation(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        lg.read_compensation(tmp_path / "none.csv")


# --- FCS files, old keywords

CHANNELS = [Channel("FSC-A"), Channel("FITC-A"), Channel("PE-A")]


def fcs(tmp_path, keywords):
    path = tmp_path / "a.fcs"
    path.write_bytes(
        build(CHANNELS, pack([(1.0, 100.0, 45.0)], "fff", "<"), 1, keywords=keywords)
    )
    return path


def test_a_keyword_is_read_from_an_fcs_file(tmp_path):
    keywords = {"SPILL": "2,FITC-A,PE-A,1,0.25,0.03,1"}
    assert lg.read_compensation(fcs(tmp_path, keywords)) == EXPECTED


def test_old_keywords_are_read_when_asked_for_and_not_applied_unasked(tmp_path):
    old = {"$DFC2TO3": "25.0", "$DFC3TO2": "3", "$DFC1TO2": "0.0", "$DFC2TO2": "0.0"}
    for keywords in (old, {"$COMP": "3,1,0,0,0,1,0.25,0,0.03,1"}):
        path = fcs(tmp_path, keywords)
        assert lg.read_compensation(path) == EXPECTED
        assert lg.read_fcs(path).compensation is None


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({}, "no keyword with a spillover matrix"),
        ({"$DFC1TO2": "0"}, "no keyword with a spillover matrix that changes anything"),
        ({"$DFC2TO9": "1"}, "DFC2TO9 names a channel beyond the 3 of the file"),
        ({"$DFC2TO3": "x"}, "DFC2TO3 is 'x', not a percentage"),
        ({"$COMP": "2,1,0,1"}, "declares 2 channels with 3 entries; it needs 4"),
        ({"$COMP": "9,1"}, "the file has 3 channels"),
        ({"$COMP": "1,x"}, "no number"),
    ],
)
def test_old_keywords_that_are_no_matrix(tmp_path, keywords, reason):
    with pytest.raises(SpilloverError, match=reason):
        lg.read_compensation(fcs(tmp_path, keywords))


@pytest.mark.parametrize(
    "text",
    [
        ";FITC-A;PE-A\nFITC-A;1,0;0,25\nPE-A;3e-2;1\n",
        "FITC-A;PE-A\n1;0,25\n,03;1\n",
        "FITC-A;PE-A\nFITC-A;1;0,25\nPE-A;+0,03;1\n",
        "FITC-A\tPE-A\n1,000\t0,25\n3,0E-2\t1\n",
        "sep;FITC-A;PE-A\r\nPE-A;0,03;1,0\r\nFITC-A;1,0;0,25\r\n;;\r\n",
    ],
)
def test_a_decimal_comma_is_read_between_semicolons_and_tabs(tmp_path, text):
    (tmp_path / "matrix.csv").write_text(text, newline="")
    assert lg.read_compensation(tmp_path / "matrix.csv") == EXPECTED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A;B\n1,0;0.1\n0,2;1\n", r"'1,0', and others with a point, as '0\.1'"),
        ("A;B\n1;1.000,5\n0;1\n", r"holds '1\.000,5'"),
        ("A;B\n1;0,1,2\n0;1\n", "holds '0,1,2'"),
        ("A,B\n1,0,0,1\n0,2,1,0\n", "names for 4 columns"),
    ],
)
def test_a_comma_that_may_mean_two_things_is_refused(tmp_path, text, reason):
    (tmp_path / "matrix.csv").write_text(text)
    with pytest.raises(SpilloverError, match=reason):
        lg.read_compensation(tmp_path / "matrix.csv")


def test_semicolons_in_names_do_not_separate(tmp_path):
    (tmp_path / "matrix.csv").write_text(",CD3;CD4,B\nCD3;CD4,1,0.1\nB,0,1\n")
    assert lg.read_compensation(tmp_path / "matrix.csv").channels == ("CD3;CD4", "B")
