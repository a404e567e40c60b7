"""Files that are no sheet, and what a sheet leaves out."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "file",
        "just a line of prose without any table",
        '"unclosed\n',
        "\0\0",
    ],
)
def test_what_is_no_table(sheet, text):
    with pytest.raises(SampleSheetError):
        sheet(text)


def test_a_heading_alone(sheet):
    with pytest.raises(SampleSheetError, match="has a heading, and no rows"):
        sheet(HEADING + "\n")


def test_blank_lines_are_left_out_and_still_count_as_rows(sheet):
    lines = ["a.fcs,P01,m00,NK", "", ",,,", "b.fcs,P01,m06,NK"]
    frame = sheet(rows(*lines))
    assert frame.index.tolist() == [0, 1]
    with pytest.raises(SampleSheetError, match="row 6, column 'visit': it is blank"):
        sheet(rows(*lines, "c.fcs,P02,,NK"))


def test_rows_longer_than_the_heading_do_not_shift_cells(sheet):
    with pytest.raises(SampleSheetError, match="cannot be read as a table"):
        sheet(rows("a.fcs,P01,m00,NK,63", "b.fcs,P01,m06,NK,64"))
    assert sheet(rows("a.fcs,P01,m00,NK,", "b.fcs,P01,m06,NK,"))["tube"].eq("NK").all()


def test_ragged_rows(sheet):
    with pytest.raises(SampleSheetError, match="cannot be read as a table"):
        sheet(rows("a.fcs,P01,m00,NK", "b.fcs,P01,m06,NK,too,many"))


def test_bytes_in_another_encoding(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes(rows("a.fcs,Müller,m00,NK").encode("latin-1"))
    with pytest.raises(SampleSheetError, match="cannot be read as a table"):
        read_sample_sheet(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut short", b"no workbook"])
def test_an_excel_sheet_that_is_none(tmp_path, content):
    pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    path = tmp_path / "s.xlsx"
    path.write_bytes(content)
    with pytest.raises(SampleSheetError, match="cannot be read as a table"):
        read_sample_sheet(path)


def test_a_missing_sheet(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no sample sheet at .*none\.csv"):
        read_sample_sheet(tmp_path / "none.csv")
