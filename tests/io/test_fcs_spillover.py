"""The spillover matrix that a file carries."""

from __future__ import annotations

import pytest

import longate as lg
from reference.fcs_bytes import Channel, build, pack

SPILL = "2,FITC-A,PE-A,1,0.25,0,1"
DYES = [Channel("FITC-A"), Channel("PE-A")]


@pytest.mark.parametrize("keyword", ["$SPILLOVER", "SPILL", "spillover", "Spill"])
def test_finds_the_matrix_whatever_it_is_called(read, keyword):
    data = pack([(100.0, 45.0)], "ff", "<")
    sample = read(build(DYES, data, 1, keywords={keyword: SPILL}))
    assert sample.values("PE-A").tolist() == [20.0]
    assert sample.values("PE-A", compensated=False).tolist() == [45.0]
    assert sample.values("FITC-A").tolist() == [100.0]


def test_another_matrix_or_none_may_be_given(read):
    data = pack([(100.0, 45.0)], "ff", "<")
    file = build(DYES, data, 1, keywords={"$SPILLOVER": SPILL})
    assert read(file, compensation=None).compensation is None
    other = lg.Compensation([[1, 0.5], [0, 1]], ["FITC-A", "PE-A"])
    assert read(file, compensation=other).values("PE-A").tolist() == [-5.0]
    assert read(file).values("PE-A", compensation=other).tolist() == [-5.0]


def test_a_matrix_may_name_channels_that_were_not_exported(read):
    """Only where they give and take nothing."""
    data = pack([(100.0, 45.0)], "ff", "<")
    harmless = "3,FITC-A,PE-A,APC-A,1,0.25,0,0,1,0,0,0,1"
    sample = read(build(DYES, data, 1, keywords={"SPILL": harmless}))
    assert sample.compensation.channels == ("FITC-A", "PE-A")
    harmful = "3,FITC-A,PE-A,APC-A,1,0.25,0,0,1,0,0.1,0,1"
    sample = read(build(DYES, data, 1, keywords={"SPILL": harmful}))
    with pytest.raises(
        lg.exceptions.SpilloverError, match="names 'APC-A', which the fi"
    ):
        sample.values("PE-A")


def test_channel_numbers_stand_for_detectors(read):
    data = pack([(100.0, 45.0)], "ff", "<")
    sample = read(build(DYES, data, 1, keywords={"SPILL": "2,1,2,1,0.25,0,1"}))
    assert sample.compensation.channels == ("FITC-A", "PE-A")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            "2,FITC-A,PE-A,1,0.25,0",
            "declares 2 channels and so needs 7 entries; it has 6",
        ),
        ("two,FITC-A", "starts with 'two', not with a number"),
        ("0", "declares 0 channels"),
        ("2,FITC-A,PE-A,1,0.25,0,x", "no number"),
        ("2,FITC-A,PE-A,1,nan,0,1", "holds NaN"),
        ("2,FITC-A,FITC-A,1,0,0,1", "names a channel twice"),
        ("2,FITC-A,PE-A,1,2,0.5,1", "is singular"),
    ],
)
def test_a_matrix_that_is_none_is_refused_with_the_file(read, tmp_path, value, reason):
    file = build(DYES, pack([(1.0, 2.0)], "ff", "<"), 1, keywords={"SPILL": value})
    with pytest.raises(lg.exceptions.SpilloverError, match=reason) as caught:
        read(file)
    assert str(caught.value).startswith(f"{tmp_path / 'made.fcs'}: in SPILL: ")
    assert read(file, compensation=None).n_events == 1
