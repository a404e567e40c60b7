"""A folder at a glance, bad files included."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FcsError
from longate.io.scan import COLUMNS, scan_fcs
from reference.fcs_bytes import Channel, build, pack

GOOD = {
    "channels": [Channel("FSC-A"), Channel("PE-A", marker="CD56")],
    "data": pack([(1.5, -2.25)], "ff", "<"),
    "n_events": 1,
}


@pytest.fixture
def folder(tmp_path):
    named = {"$SRC": "A patient", "$DATE": "05-May-2023", "$CYT": "LSR II"}
    (tmp_path / "deep").mkdir()
    (tmp_path / "good.fcs").write_bytes(build(**GOOD, keywords=named))
    (tmp_path / "deep/odd.001").write_bytes(build(**GOOD, keywords={"$TOT": None}))
    (tmp_path / "deep/unnamed").write_bytes(build(**GOOD))
    (tmp_path / "bad.fcs").write_bytes(b"FCS3.1 and then nothing")
    (tmp_path / "empty.LMD").write_bytes(b"")
    (tmp_path / "sheet.csv").write_text("file,patient\n")
    (tmp_path / "gone.fcs").symlink_to(tmp_path / "nowhere.fcs")
    return tmp_path


def test_lists_every_file_and_stops_at_none(folder):
    table = scan_fcs(folder).set_index("file")
    assert list(table.index) == [
        "bad.fcs",
        "empty.LMD",
        "gone.fcs",
        "good.fcs",
        "deep/odd.001",
        "deep/unnamed",
    ]
    assert table["error"].notna().tolist() == [True, True, True, False, False, False]
    assert "truncated" in table.loc["bad.fcs", "error"]
    assert "not an FCS file" in table.loc["empty.LMD", "error"]
    good = table.loc["good.fcs"]
    assert (good["n_events"], good["n_channels"], good["version"]) == (1, 2, "FCS3.1")
    assert (good["cytometer"], str(good["date"])) == ("LSR II", "2023-05-05")
    assert table.loc["deep/odd.001", "violations"] == "tot-missing"


def test_shows_names_only_where_asked(folder):
    assert "A patient" not in scan_fcs(folder).to_csv()
    table = scan_fcs(folder, keywords=["$SRC"]).set_index("file")
    assert table.loc["good.fcs", "$SRC"] == "A patient"
    assert pd.isna(table.loc["deep/unnamed", "$SRC"])


def test_gives_the_sha256_on_request(folder):
    table = scan_fcs(folder, sha256=True).set_index("file")
    expected = hashlib.sha256((folder / "good.fcs").read_bytes()).hexdigest()
    assert table.loc["good.fcs", "sha256"] == expected
    assert pd.isna(table.loc["gone.fcs", "sha256"])


def test_an_empty_folder_a_single_file_and_none(folder, tmp_path):
    (tmp_path / "nothing").mkdir()
    table = scan_fcs(tmp_path / "nothing")
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 0
    assert scan_fcs(folder / "good.fcs")["file"].tolist() == ["good.fcs"]
    with pytest.raises(FcsError, match="no folder"):
        scan_fcs(tmp_path / "missing")


def starts_as_fcs(path):
    with path.open("rb") as file:
        return file.read(3) == b"FCS"


def test_scans_all_real_files(shared_data):
    table = scan_fcs(shared_data)
    there = [
        path.relative_to(shared_data).as_posix()
        for path in shared_data.rglob("*")
        if path.is_file()
        and (path.suffix.lower() in (".fcs", ".lmd") or starts_as_fcs(path))
    ]
    numbered = table["file"].str.fullmatch(r".*\.\d{3}")
    assert sorted(table["file"][~numbered | table["error"].isna()]) == sorted(there)
    refused = table["file"][table["error"].notna()]
    assert set(refused) == {
        "fcs_conformance/fcsparser/corrupted.fcs",
        "fcs_conformance/fcsparser/sample_header.fcs",
    }
    assert table["version"].value_counts().to_dict().keys() == {
        "FCS2.0",
        "FCS3.0",
        "FCS3.1",
    }
    read = lg.read_fcs(shared_data / table["file"].iloc[0])
    assert table["n_events"].iloc[0] == read.n_events
