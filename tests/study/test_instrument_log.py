"""The instrument log: what was set, what changed, and what was never recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.cytometry.fluorochrome import fluorochrome
from longate.cytometry.panel import Channel
from longate.quality.instrument_log import ASPECTS, COLUMNS
from study.study_folder import SPILLOVER, events, write_sheet

# Files that differ are what is logged; that reading warns of them is tested elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore:(?s).*differ from their tube")

DETECTORS = ["FSC-A", "PE-A", "APC-A", "Time"]
CHANGES = [f"{aspect}_change" for aspect in ASPECTS]
CANTO = {"$CYT": "FACSCantoII", "CYTNUM": "V96"}
VOLTS = {"$P1V": "350", "$P2V": "480", "$P3V": "540"}


@pytest.fixture
def log_of(tmp_path):
    """Return a function that writes one patient's visits and logs them."""

    def make(*visits, markers=None, detectors=DETECTORS, patients=None):
        rows = []
        for number, words in enumerate(visits):
            patient = patients[number] if patients else "P01"
            visit = f"m{6 * number:02d}" if not patients else "m00"
            name = f"{patient}_{visit}.fcs"
            words = dict(words)
            spillover = words.pop("spillover", SPILLOVER)
            columns = words.pop("detectors", detectors)
            labels = words.pop("markers", markers or {"PE-A": "CD56", "APC-A": "CD16"})
            lg.write_fcs(
                tmp_path / name,
                events(number)[:, : len(columns)],
                columns,
                markers=labels,
                spillover=spillover,
                keywords={"$DATE": f"{10 + number}-MAR-2021", **words},
            )
            rows.append(
                {"file": name, "patient": patient, "visit": visit, "tube": "NK"}
            )
        return lg.read_study(write_sheet(tmp_path, rows)).instrument_log()

    return make


def of(log, visit, channel):
    return log[(log["visit"] == visit) & (log["channel"] == channel)].iloc[0]


def test_one_row_per_file_and_channel_by_date(log_of):
    log = log_of({**CANTO, **VOLTS}, {**CANTO, **VOLTS})
    assert log.columns.tolist() == COLUMNS
    assert len(log) == 2 * 3
    assert log["date"].is_monotonic_increasing
    assert log["visit"].cat.categories.tolist() == ["m00", "m06"]
    row = of(log, "m00", "PE-A")
    assert (row["cytometer"], row["serial"], row["marker"]) == (
        "FACSCantoII",
        "V96",
        "CD56",
    )
    assert (row["fluorochrome"], row["voltage"]) == ("PE", 480.0)
    assert row["spillover"] == SPILLOVER.id
    assert row["date"] == pd.Timestamp("2021-03-10")


def test_the_first_visit_has_nothing_before_it_and_the_second_is_unchanged(log_of):
    log = log_of({**CANTO, **VOLTS}, {**CANTO, **VOLTS})
    first, second = of(log, "m00", "PE-A"), of(log, "m06", "PE-A")
    assert set(first[CHANGES]) == {"first visit"}
    assert set(second[CHANGES]) == {"unchanged"}
    assert pd.isna(first["previous"])
    assert second["previous"] == "m00"
    assert (log["changes"] == "").all()


@pytest.mark.parametrize(
    ("changed", "channel", "aspect", "words"),
    [
        ({"$P2V": "495"}, "PE-A", "voltage", "voltage 480 to 495"),
        ({"$CYT": "Aurora"}, "APC-A", "cytometer", "cytometer FACSCantoII to Aurora"),
        ({"CYTNUM": "V97"}, "APC-A", "serial", "serial V96 to V97"),
        (
            {"spillover": None},
            "FSC-A",
            "spillover",
            f"spillover {SPILLOVER.id} to none",
        ),
    ],
)
def test_a_change_is_marked_and_said(log_of, changed, channel, aspect, words):
    log = log_of({**CANTO, **VOLTS}, {**CANTO, **VOLTS, **changed})
    row = of(log, "m06", channel)
    assert row[f"{aspect}_change"] == "changed"
    assert row["changes"] == words
    assert (row[CHANGES] == "changed").sum() == 1


def test_only_the_channel_whose_voltage_changed_is_marked(log_of):
    log = log_of({**CANTO, **VOLTS}, {**CANTO, **VOLTS, "$P2V": "495"})
    marked = log[log["voltage_change"] == "changed"]
    assert marked["channel"].tolist() == ["PE-A"]


def test_changes_are_against_the_visit_before_not_the_first(log_of):
    log = log_of(
        {**CANTO, **VOLTS},
        {**CANTO, **VOLTS, "$P2V": "495"},
        {**CANTO, **VOLTS, "$P2V": "495"},
    )
    told = [of(log, visit, "PE-A")["voltage_change"] for visit in ("m00", "m06", "m12")]
    assert told == ["first visit", "changed", "unchanged"]


def test_patients_are_not_compared_with_each_other(log_of):
    log = log_of(
        {**CANTO, **VOLTS}, {**CANTO, **VOLTS, "$P2V": "1"}, patients=["P01", "P02"]
    )
    assert (log[log["channel"] == "PE-A"]["voltage_change"] == "first visit").all()


def test_a_marker_on_another_dye_is_a_changed_fluorochrome(log_of):
    swapped = {"PE-A": "CD16", "APC-A": "CD-56"}
    log = log_of({**CANTO, **VOLTS}, {**CANTO, **VOLTS, "markers": swapped})
    row = of(log, "m06", "APC-A")
    assert row["fluorochrome_change"] == "changed"
    assert row["changes"] == "fluorochrome PE to APC"
    assert of(log, "m06", "FSC-A")["fluorochrome_change"] == "not applicable"


def test_a_new_channel_is_said(log_of):
    more = [*DETECTORS[:3], "BV421-A"]
    log = log_of({**CANTO, **VOLTS}, {**CANTO, **VOLTS, "detectors": more})
    assert of(log, "m06", "BV421-A")["changes"] == "channel not there before"


# --- not recorded


@pytest.mark.parametrize(
    "blank",
    [{}, {"$P2V": " ", "$P3V": " "}, {"$P2V": "0", "$P3V": "0"}, {"$P2V": "NA"}],
)
def test_not_recorded_is_neither_a_voltage_nor_unchanged(log_of, blank):
    log = log_of({"$P1V": "40", **blank}, {"$P1V": "40", **blank})
    fluorochromes = log[log["channel"].isin(["PE-A", "APC-A"])]
    assert fluorochromes["voltage"].isna().all()
    assert (fluorochromes["voltage_change"] == "not recorded").all()
    scatter = log[log["channel"] == "FSC-A"]
    assert scatter["voltage"].tolist() == [40.0, 40.0]
    assert scatter["voltage_change"].tolist() == ["first visit", "unchanged"]
    assert (log["cytometer_change"] == "not recorded").all()


def test_a_zero_among_other_voltages_is_a_voltage(log_of):
    log = log_of({**VOLTS, "$P2V": "0"}, {**VOLTS, "$P2V": "0"})
    row = of(log, "m06", "PE-A")
    assert (row["voltage"], row["voltage_change"]) == (0.0, "unchanged")


def test_recorded_at_one_visit_only_is_not_recorded(log_of):
    log = log_of(VOLTS, {})
    assert of(log, "m06", "PE-A")["voltage_change"] == "not recorded"


def test_runs_of_one_visit_are_compared_with_the_visit_before(tmp_path):
    rows = []
    for visit, run, volts in [
        ("m00", "1", "480"),
        ("m06", "1", "495"),
        ("m06", "2", "495"),
    ]:
        name = f"{visit}_{run}.fcs"
        words = {**VOLTS, "$P2V": volts}
        lg.write_fcs(tmp_path / name, events(1)[:, :4], DETECTORS, keywords=words)
        row = {"file": name, "patient": "P01", "visit": visit, "tube": "NK", "run": run}
        rows.append(row)
    log = lg.read_study(write_sheet(tmp_path, rows), runs="pool").instrument_log()
    told = log[(log["visit"] == "m06") & (log["channel"] == "PE-A")]
    assert told["voltage_change"].tolist() == ["changed", "changed"]
    assert told["previous"].tolist() == ["m00", "m00"]


def test_the_date_of_the_sheet_stands_in(tmp_path):
    lg.write_fcs(tmp_path / "a.fcs", events(1)[:, :4], DETECTORS)
    row = {"file": "a.fcs", "patient": "P", "visit": "m00", "tube": "NK"}
    sheet = write_sheet(tmp_path, [{**row, "date": "2020-02-29"}])
    log = lg.read_study(sheet).instrument_log()
    assert (log["date"] == pd.Timestamp("2020-02-29")).all()


def test_the_simulated_cohort_never_changes(small_study):
    log = small_study.instrument_log()
    assert not (log[CHANGES] == "changed").any().any()
    assert log["date"].notna().all()
    by_kind = log.groupby("channel")["voltage"].nunique()
    assert by_kind["PE-A"] == 1
    assert np.isnan(log[log["channel"] == "FSC-A"]["voltage"]).all()


# --- fluorochromes


@pytest.mark.parametrize(
    ("detector", "marker", "expected"),
    [
        ("FITC-A", None, "FITC"),
        ("PE-A", "CD56", "PE"),
        ("PE-Cy7-A", "CD56", "PE-Cy7"),
        ("PerCP-Cy5-5-A", "CD3", "PerCP-Cy5.5"),
        ("PerCP-Cy5.5-A", "CD3", "PerCP-Cy5.5"),
        ("Bd Horizon V450-A", None, "V450"),
        ("Pacific Orange-A", None, "Pacific Orange"),
        ("PE-Dazzle594-A", None, "PE-Dazzle 594"),
        ("Alexa Fluor 700-A", None, "Alexa Fluor 700"),
        ("AF700-A", None, "Alexa Fluor 700"),
        ("BV785-A", None, "BV785"),
        ("Brilliant Violet 421-A", None, "BV421"),
        ("APC-H7-A", "CD16", "APC-H7"),
        ("FVS780-A", "Live-Dead", "FVS780"),
        ("FL2-H", "CD56 PE-Cy7", "PE-Cy7"),
        ("FL1-H", "CD14 FITC", "FITC"),
        ("FL1-H", "CD14", None),
        ("V450-A", "PERFORIN", "V450"),
        ("Nd144Di", "CD3", None),
        ("FSC-A", "PE", None),
        ("Time", None, None),
    ],
)
def test_dyes_have_one_spelling(detector, marker, expected):
    assert fluorochrome(Channel(detector, marker)) == expected
