"""Typed properties of an acquisition, and the way to AnnData."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

import longate as lg
from longate.cytometry.dates import find_date, parse_time
from longate.exceptions import FcsError
from reference.fcs_bytes import Channel, build, pack

TWO = [Channel("FSC-A"), Channel("PE-A", marker="CD56")]
DATA = pack([(1.5, -2.25), (3.0, 4.0)], "ff", "<")


@pytest.fixture
def sample(tmp_path):
    """Return a function that makes a sample with the keywords given."""

    def make(**keywords):
        path = tmp_path / "made.fcs"
        path.write_bytes(build(TWO, DATA, 2, delimiter="|", keywords=keywords))
        return lg.read_fcs(path)

    return make


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24-SEP-2014", date(2014, 9, 24)),
        ("28-Dec-10", date(2010, 12, 28)),
        ("02-Mar-85", date(1985, 3, 2)),
        ("21 Dec 2010", date(2010, 12, 21)),
        ("2013-Jul-19", date(2013, 7, 19)),
        ("2013-07-19", date(2013, 7, 19)),
        ("19-10-2020", date(2020, 10, 19)),
        ("10-19-2020", date(2020, 10, 19)),
        ("03-03-2020", date(2020, 3, 3)),
        ("03-07-2024", None),
        ("31-FEB-2014", None),
        ("12-Foo-2014", None),
        ("02/06/2014", None),
        ("19.07.2013", date(2013, 7, 19)),
        ("yesterday", None),
    ],
)
def test_dates_are_read_where_they_are_one(text, expected):
    assert find_date(text) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:01", 1),
        ("11:44:00.82", 42240.82),
        ("07:31:26:30", 27086.5),  # sixtieths of a second
        ("09:42:05:509", 34925.509),  # milliseconds
        ("23:59:59.999999", 86399.999999),
        ("07:31:26:60", 27086.6),  # hundredths, as Accuri writes to 99
        ("07:31:26:99", 27086.99),
        ("07:31:60:00", None),
        ("25:00:00", None),
        ("noon", None),
    ],
)
def test_times_of_three_standards(text, seconds):
    found = parse_time(text)
    if seconds is None:
        assert found is None
    else:
        moment = datetime.combine(date(2000, 1, 1), found) - datetime(2000, 1, 1)
        assert moment.total_seconds() == pytest.approx(seconds, abs=1e-6)


def test_begin_end_and_duration(sample):
    made = sample(**{"$DATE": "05-May-2023", "$BTIM": "23:59:00", "$ETIM": "00:01:30"})
    assert made.acquisition_date == date(2023, 5, 5)
    assert made.started == datetime(2023, 5, 5, 23, 59)
    assert made.ended == datetime(2023, 5, 6, 0, 1, 30)
    assert made.duration == timedelta(minutes=2, seconds=30)
    undated = sample(**{"$BTIM": "10:00:00", "$ETIM": "10:01:00"})
    assert undated.started is None
    assert undated.duration == timedelta(minutes=1)
    nothing = sample()
    assert (nothing.acquisition_date, nothing.ended, nothing.duration) == (None,) * 3


def test_the_moments_of_3_2(sample):
    made = sample(
        **{
            "$BEGINDATETIME": "2023-05-05T10:00:00+02:00",
            "$ENDDATETIME": "2023-05-05T10:03:00+02:00",
        }
    )
    assert made.started == datetime(2023, 5, 5, 8, tzinfo=UTC)
    assert made.duration == timedelta(minutes=3)
    assert made.acquisition_date == date(2023, 5, 5)


@pytest.mark.parametrize(
    ("volume", "unit", "microlitres"),
    [("78.32", "µL", 78.32), ("78320", "nL", 78.32), ("1500", None, None)],
)
def test_a_volume_has_the_unit_that_is_plausible(sample, volume, unit, microlitres):
    made = sample(**{"$VOL": volume, "$BTIM": "10:00:00", "$ETIM": "10:01:23"}).volume
    assert made.value == float(volume)
    assert made.unit == unit
    assert made.microlitres == pytest.approx(microlitres)
    assert "µL per minute" in made.reason


def test_a_volume_without_a_duration_has_no_unit(sample):
    assert sample(**{"$VOL": "78"}).volume.microlitres is None
    assert "not known" in sample(**{"$VOL": "78"}).volume.reason
    for nothing in (" ", "0", "much", "-3", "inf"):
        assert sample(**{"$VOL": nothing}).volume is None


def test_voltages_that_are_not_recorded_are_none(sample):
    made = sample(**{"$P1V": "450", "$P2V": "0", "$CYT": "LSR II", "$CYTSN": "H123"})
    assert made.voltages == {"FSC-A": 450.0, "PE-A": None}
    assert (made.cytometer, made.cytometer_serial) == ("LSR II", "H123")


def test_wells_of_index_sorting(sample):
    made = sample(
        **{
            "INDEX SORTING LOCATIONS_2": "27,2;",
            "INDEX SORTING LOCATIONS_1": "0,11;",
        }
    )
    wells = made.wells
    assert wells["event"].tolist() == [1, 2]
    assert wells["well"].tolist() == ["A12", "AB3"]
    assert wells[["row", "column"]].to_numpy().tolist() == [[1, 12], [28, 3]]
    assert sample().wells is None
    with pytest.raises(FcsError, match="3 wells for 2 events"):
        assert sample(**{"INDEX SORTING LOCATIONS_1": "0,1;0,2;0,3"}).wells
    with pytest.raises(FcsError, match="cannot be read"):
        assert sample(**{"INDEX SORTING LOCATIONS_1": "A1;A2"}).wells


def test_anndata_is_named_where_it_is_missing(sample, monkeypatch):
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(ImportError, match=r"pip install 'longate\[anndata\]'"):
        sample().to_anndata()


def test_to_anndata_keeps_values_and_channels_and_no_names(sample):
    pytest.importorskip("anndata")
    made = sample(**{"$SRC": "A patient", "$CYT": "LSR II"})
    annotated = made.to_anndata()
    np.testing.assert_array_equal(annotated.X, made.to_numpy())
    assert annotated.var_names.tolist() == ["FSC-A", "CD56"]
    assert annotated.var["detector"].tolist() == ["FSC-A", "PE-A"]
    assert annotated.uns["fcs"]["cytometer"] == "LSR II"
    assert "A patient" not in str(annotated.uns)


def test_index_sorted_wells_of_a_real_file(shared_data):
    path = shared_data / "fcs_conformance/flowkit/index_sorted_example.fcs"
    wells = lg.read_fcs(path).wells
    assert len(wells) == 384
    assert wells["well"].nunique() == 384
    assert wells["well"].iloc[0] == "A1"


def test_the_volume_of_a_real_file_is_in_microlitres(shared_data):
    folder = shared_data / "nk_human/blish_covid_nk_aurora/fcs"
    samples = [lg.read_fcs(path, channels=["Time"]) for path in folder.glob("*.fcs")]
    assert {sample.volume.unit for sample in samples} == {"µL"}
    for sample in samples:
        for channel in sample.panel:
            recorded = sample.voltages[channel.detector] is not None
            assert recorded == (channel.kind == "scatter")
