"""Sheets drafted from real folders, their instrument logs, and de-identified copies."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import LongateError
from longate.io.copies import fcs_files
from longate.io.deidentify import deidentify
from longate.io.draft_sheet import draft_sheet
from longate.io.identifying import PLACEHOLDER

BLISH = "nk_human/blish_covid_nk_aurora"
DIVA = "facsdiva_xml/flowworkspacedata_diva"


@pytest.fixture(scope="module")
def blish(shared_data):
    return draft_sheet(shared_data / BLISH)


@pytest.fixture(scope="module")
def blish_log(blish):
    return lg.read_study(blish.sheet).instrument_log()


# --- FACSDiva


def test_the_diva_example(shared_data, tmp_path):
    draft = draft_sheet(shared_data / DIVA)
    row = draft.sheet.iloc[0]
    assert (row["patient"], row["tube"], row["batch"]) == ("PE", "_001", "PE")
    assert (row["cytometer"], row["serial"]) == ("FACSCantoII", "V96300758")
    assert row["acquired"] == pd.Timestamp("2014-09-24")
    assert row["n_events"] == 19090
    table = draft.conflicts.set_index("conflict")["detail"]
    assert table["$FIL"] == "$FIL says '176312.fcs'"  # what the XML doesn't say either
    study = lg.read_study(draft.save(tmp_path / "samples.xlsx"))
    log = study.instrument_log().set_index("channel")
    assert log["voltage"]["PE-A"] == 455.0
    assert log["fluorochrome"]["Bd Horizon V450-A"] == "V450"
    assert log["marker"].isna().sum() == 9  # blank $PnS


def test_the_tubes_of_the_experiment_are_told_apart(shared_data):
    """Names of tubes and specimens as the FACSDiva workspace holds them."""
    from longate.io.file_names import guess_role

    workspace = (shared_data / DIVA / "PE_2.xml").read_text(errors="replace")
    panel = lg.read_fcs(shared_data / DIVA / "124500.fcs", channels=[]).panel
    tubes = re.findall(r'<tube name="([^"]*)">', workspace)
    roles = [
        guess_role("1.fcs", tube, "Compensation Controls", panel) for tube in tubes[:9]
    ]
    assert roles[0].role == "unstained"
    assert {role.role.partition(":")[0] for role in roles[1:]} == {"single_stain"}
    assert all(role.is_in_panel for role in roles)
    assert roles[7].role == "single_stain:Bd Horizon V450-A"
    samples = [guess_role("1.fcs", tube, "PE", panel).role for tube in tubes[9:]]
    assert samples == ["sample"] * 4


# --- Aurora


def test_every_patient_of_the_covid_study_is_found(blish, shared_data):
    published = pd.read_csv(shared_data / BLISH / "sample_sheet.csv")
    assert len(blish.sheet) == 27
    assert (blish.sheet["role"] == "sample").all()
    names = [name.rpartition("/")[2] for name in blish.sheet["file"]]
    assert all(
        name.startswith(patient)
        for name, patient in zip(names, blish.sheet["patient"], strict=True)
    )
    files = [column for column in published if published[column].isin(names).any()]
    assert files, "the published sheet names the files"
    assert set(blish.sheet["cytometer"] + " " + blish.sheet["serial"]) == {
        "Aurora R0054"
    }
    assert blish.sheet["acquired"].dt.date.nunique() == 5
    assert blish.sheet["batch"].nunique() == 5


def test_what_the_covid_study_leaves_open_is_said(blish):
    kinds = set(blish.conflicts["conflict"])
    assert kinds == {"visit", "several tubes"}
    assert lg.read_study(blish.sheet).problems.empty


def test_voltages_that_the_aurora_does_not_record(blish_log):
    fluorochromes = blish_log[blish_log["fluorochrome"].notna()]
    scatter = blish_log[blish_log["fluorochrome"].isna()]
    assert fluorochromes["voltage"].isna().all()
    assert (fluorochromes["voltage_change"] == "not recorded").all()
    assert scatter["voltage"].gt(0).all()
    assert (scatter["voltage_change"] == "first visit").all()
    assert fluorochromes["fluorochrome"].nunique() == 12


def test_a_pattern_and_seven_visits(shared_data):
    pattern = r"s(?P<patient>\d)a(?P<visit>\d+)"
    draft = draft_sheet(shared_data / "longitudinal/gvhd_sampled", pattern=pattern)
    counts = draft.sheet.groupby("patient")["visit"].nunique()
    assert counts.to_dict() == {"5": 7, "6": 7, "7": 7}
    assert draft.conflicts["detail"].tolist() == ["tube is not known"]
    study = lg.read_study(draft.sheet.assign(tube="CD15/CD45/CD14"))
    log = study.instrument_log()
    assert len(log) == sum(len(metadata.panel) for metadata in study.metadata.values())
    assert log["date"].isna().all()


def test_of_the_simulated_cohort_only_who_left_is_noticed(small_cohort):
    draft = draft_sheet(small_cohort.sheet.parent)
    assert draft.conflicts["detail"].tolist() == ["P01 has no visit 'm06', 'm12'"]
    given = pd.read_csv(small_cohort.sheet)
    keys = ["patient", "visit", "tube"]
    ours = draft.sheet.sort_values(keys)[keys].to_numpy().tolist()
    assert ours == given.sort_values(keys)[keys].to_numpy().tolist()


# --- every real file


def test_a_folder_of_twenty_instruments_is_drafted(shared_data):
    draft = draft_sheet(shared_data / "fcs_conformance")
    kinds = set(draft.conflicts["conflict"])
    assert {"unreadable", "several cytometers", "same events", "$FIL"} <= kinds
    assert (draft.sheet["role"] == "exclude").sum() >= 1


def real_files(shared_data):
    return [p for p in fcs_files(shared_data) if "upstream_truth" not in p.parts]


def test_every_real_file_is_copied_without_identity(shared_data, tmp_path):
    """With a pseudonym that does not fit, so that segments have to move."""
    done = 0
    for path in real_files(shared_data):
        try:
            before = lg.read_fcs(path, values="raw", compensation=None)
        except LongateError:
            continue
        source = before.keywords.get("$SRC", "").strip()
        mapping = {source: "pseudonym " * 30} if len(source) > 2 else {}
        copy = tmp_path / "copy.fcs"
        result = deidentify(path, copy, mapping=mapping, shift_dates=100)
        after = lg.read_fcs(copy, values="raw", compensation=None)
        np.testing.assert_array_equal(after.to_numpy(), before.to_numpy())
        assert after.panel == before.panel
        codes = {d.code for d in before.diagnosis}
        assert {d.code for d in after.diagnosis} <= codes, path.name
        for keyword in ("$SRC", "$OP", "$INST", "TUBE NAME", "GUID"):
            old = before.keywords.get(keyword, "").strip(" \0")
            if old:
                new = after.keywords[keyword]
                assert new in (PLACEHOLDER, "pseudonym " * 30), (path.name, keyword)
        assert len(result.files) == 1
        done += 1
    assert done > 100
