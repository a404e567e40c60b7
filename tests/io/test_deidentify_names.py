"""Pseudonyms, names of files and folders, and dates of copies without identities."""

from __future__ import annotations

import pytest

import longate as lg
from longate.exceptions import FcsError, FileWarning, PrivacyWarning
from longate.io.deidentify import deidentify
from reference.fcs_secrets import (
    KNOWN,
    WHO,
    data_set,
    read,
)


def test_a_name_becomes_its_pseudonym_and_nothing_else_of_it_stays(copied, tmp_path):
    copy, _ = copied(data_set(KNOWN), mapping={"mustermann": "P07"})
    words = read(copy, tmp_path).keywords
    assert words["$SRC"] == words["TUBE NAME"] == words["EXPERIMENT NAME"] == "P07"
    assert words["$SMNO"] == "removed"


def test_two_names_in_one_value_are_blanked(copied, tmp_path):
    mapping = {"Erika": "P07", "Mustermann": "P08"}
    copy, _ = copied(data_set(KNOWN), mapping=mapping)
    words = read(copy, tmp_path).keywords
    assert (words["$SRC"], words["TUBE NAME"]) == ("removed", "P08")


def test_a_name_is_a_whole_word(copied, tmp_path):
    copy, _ = copied(data_set([("$SRC", "P10")]), mapping={"P1": "X"})
    assert read(copy, tmp_path).keywords["$SRC"] == "removed"


def test_fil_becomes_the_name_of_the_copy(copied, tmp_path):
    copy, result = copied(data_set([("$FIL", "Mustermann_m06.fcs")]))
    assert read(copy, tmp_path).keywords["$FIL"] == "copy.fcs"
    assert result.table["action"].tolist() == ["file name"]


def test_names_of_files_and_folders_are_mapped(folder, tmp_path):
    result = deidentify(folder, tmp_path / "out", mapping=WHO)
    found = sorted(
        p.relative_to(tmp_path / "out").as_posix()
        for p in (tmp_path / "out").rglob("*.*")
    )
    assert found == ["P07/m00.fcs", "P08_m06.lmd"] == sorted(result.files["file"])
    assert "MUELLER" not in repr(result) + result.table.to_csv()
    assert result.files["source"].str.contains("MUELLER").any()


def test_a_name_that_still_tells_is_said(folder, tmp_path):
    with pytest.warns(PrivacyWarning, match="names of 2 copies"):
        result = deidentify(folder, tmp_path / "out")
    assert (result.table["keyword"] == "(file name)").sum() == 2


def test_names_are_given_by_function_or_table(folder, tmp_path):
    files = [folder / "MUELLER" / "m00.fcs", folder / "MEIER_m06.lmd"]
    numbers = iter(range(9))
    by_function = deidentify(
        files, tmp_path / "a", file_names=lambda _: f"{next(numbers)}.fcs"
    )
    assert by_function.files["file"].tolist() == ["0.fcs", "1.fcs"]
    by_table = deidentify(
        files, tmp_path / "b", file_names={"m00.fcs": "x.fcs"}, mapping=WHO
    )
    assert by_table.files["file"].tolist() == ["x.fcs", "P08_m06.lmd"]


@pytest.mark.parametrize("name", ["", "../up.fcs", "a/b.fcs", "."])
def test_a_name_that_leads_elsewhere_is_refused(folder, tmp_path, name):
    with pytest.raises(FcsError, match="no name of a file"):
        deidentify(folder, tmp_path / "out", file_names=lambda _: name)


def test_two_copies_of_one_name_are_refused_before_anything_is_written(
    folder, tmp_path
):
    with pytest.raises(FcsError, match=r"several copies .* 'x.fcs'"):
        deidentify(
            [*folder.rglob("*.*")], tmp_path / "out", file_names=lambda _: "x.fcs"
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("below", [".", "MUELLER", "new/deep"])
def test_a_source_is_never_replaced(folder, below):
    with pytest.raises(FcsError, match="outside"):
        deidentify(folder, folder / below, mapping=WHO)
    one = folder / "MEIER_m06.lmd"
    with pytest.raises(FcsError, match="replace a source"):
        deidentify(one, one)


def test_one_bad_file_does_not_cost_the_others(folder, tmp_path):
    (folder / "bad_MEIER.fcs").write_bytes(data_set([])[:-8])
    with pytest.warns(FileWarning, match="1 files were not copied") as caught:
        result = deidentify(folder, tmp_path / "out", mapping=WHO)
    assert "MEIER" not in str(caught[0].message)
    assert len(result.files) == 2
    assert result.problems["problem"].str.contains("truncated|DATA").all()
    with pytest.raises(FcsError):
        deidentify(folder / "bad_MEIER.fcs", tmp_path / "one.fcs")
    assert not list(tmp_path.glob("*.fcs")) + list(tmp_path.glob(".*"))


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        deidentify(tmp_path / "nowhere.fcs", tmp_path / "x.fcs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FcsError, match="no FCS file"):
        deidentify(tmp_path / "empty", tmp_path / "out")


# --- dates


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("24-SEP-2014", "14-OCT-2014"),
        ("09-May-2010", "29-May-2010"),
        ("21 Dec 2010", "10 Jan 2011"),
        ("28-Dec-10", "17-Jan-11"),
        ("2013-Jul-19", "2013-Aug-08"),
        ("2016-02-26", "2016-03-17"),
        ("20101228", "20110117"),
        ("14-Okt-2009", "03-Nov-2009"),
        ("02/06/2014", "removed"),
        ("yesterday", "removed"),
    ],
)
def test_dates_move_as_they_are_written(copied, tmp_path, text, moved):
    copy, _ = copied(data_set([("$DATE", text)]), shift_dates=20)
    assert read(copy, tmp_path).keywords["$DATE"] == moved


def test_the_time_of_export_moves_along(copied, tmp_path):
    more = [("EXPORT TIME", "24-SEP-2014-16:43:29"), ("$BTIM", "16:43:29")]
    copy, _ = copied(data_set(more), shift_dates=-24)
    words = read(copy, tmp_path).keywords
    assert words["EXPORT TIME"] == "31-AUG-2014-16:43:29"
    assert words["$BTIM"] == "16:43:29"


def test_without_shift_dates_stay(copied, tmp_path):
    copy, _ = copied(data_set([("$DATE", "24-SEP-2014")]))
    assert read(copy, tmp_path).keywords["$DATE"] == "24-SEP-2014"


def test_dates_move_by_patient(folder, tmp_path):
    days = {"MUELLER": 10, "MEIER": -10}
    result = deidentify(folder, tmp_path / "out", mapping=WHO, shift_dates=days)
    got = {
        name: lg.read_fcs(tmp_path / "out" / name).keywords["$DATE"]
        for name in result.files["file"]
    }
    assert got == {"P07/m00.fcs": "04-OCT-2014", "P08_m06.lmd": "14-SEP-2014"}


def test_a_file_that_names_no_patient_is_not_copied(folder, tmp_path):
    with pytest.warns(FileWarning):
        result = deidentify(
            folder, tmp_path / "out", mapping=WHO, shift_dates={"MUELLER": 10}
        )
    assert result.files["file"].tolist() == ["P07/m00.fcs"]
    assert "shift_dates" in result.problems["problem"][0]
