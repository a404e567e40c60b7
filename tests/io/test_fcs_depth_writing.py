"""Writing every form, and reading it back; other readers too where they are there."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError

NAMES = ["FSC-A", "PE-A", "Time"]
FORMS = [
    (d, v) for d in ("float32", "float64", "uint16", "uint32") for v in ("3.1", "3.2")
]


def events_for(datatype, n_events=500):
    rng = np.random.default_rng(7)
    if datatype.startswith("float"):
        return rng.normal(0, 1e4, (n_events, 3)).astype(datatype)
    return rng.integers(0, np.iinfo(datatype).max, (n_events, 3), endpoint=True).astype(
        datatype
    )


@pytest.mark.parametrize(("datatype", "version"), FORMS)
def test_every_form_comes_back_as_it_was(tmp_path, datatype, version):
    events = events_for(datatype)
    path = lg.write_fcs(
        tmp_path / "a.fcs",
        events,
        NAMES,
        datatype=datatype,
        version=version,
        markers={"PE-A": "CD56"},
        keywords={"$COM": "a/b|c"},
    )
    sample = lg.read_fcs(path, values="raw", on_problem="strict")
    assert sample.version == f"FCS{version}"
    assert sample.diagnosis == ()
    np.testing.assert_array_equal(sample.to_numpy(), events.astype(float))
    assert sample.keywords["$COM"] == "a/b|c"
    assert sample.panel.channels[1].marker == "CD56"
    assert ("$CYT" in sample.keywords) == (version == "3.2")


@pytest.mark.parametrize("datatype", ["float32", "uint16", "uint32"])
def test_flowio_reads_what_is_written(tmp_path, datatype):
    flowio = pytest.importorskip("flowio")
    events = events_for(datatype)
    path = lg.write_fcs(tmp_path / "a.fcs", events, NAMES, datatype=datatype)
    theirs = flowio.FlowData(str(path)).as_array(preprocess=False)
    np.testing.assert_array_equal(theirs, events.astype(float))


@pytest.mark.parametrize("datatype", ["float32", "uint16"])
def test_flowcal_reads_what_is_written(tmp_path, datatype):
    pytest.importorskip("FlowCal")
    io = importlib.import_module("FlowCal.io")
    events = events_for(datatype)
    path = lg.write_fcs(tmp_path / "a.fcs", events, NAMES, datatype=datatype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = np.asarray(io.FCSData(str(path)))
    np.testing.assert_array_equal(theirs, events.astype(float))


@pytest.mark.parametrize(
    ("value", "datatype"),
    [(1.5, "uint16"), (-1, "uint16"), (65536, "uint16"), (float("nan"), "uint32")],
)
def test_numbers_that_do_not_fit_are_refused_by_channel(tmp_path, value, datatype):
    events = np.zeros((4, 3))
    events[2, 1] = value
    with pytest.raises(FcsError, match="channel 'PE-A' holds values that are no whole"):
        lg.write_fcs(tmp_path / "a.fcs", events, NAMES, datatype=datatype)
    assert list(tmp_path.iterdir()) == []


def test_integers_above_their_range_are_refused_as_readers_would_mask_them(tmp_path):
    path = tmp_path / "a.fcs"
    with pytest.raises(FcsError, match="within 0 and their range"):
        lg.write_fcs(path, [[1024]], ["A"], datatype="uint16", ranges=1024)
    lg.write_fcs(path, [[1023]], ["A"], datatype="uint16", ranges=1000)
    assert lg.read_fcs(path).to_numpy()[0, 0] == 1023


def test_forms_that_are_not_known_are_named(tmp_path):
    with pytest.raises(FcsError, match="did you mean 'uint16'"):
        lg.write_fcs(tmp_path / "a.fcs", [[1]], ["A"], datatype="int16")
    with pytest.raises(FcsError, match=r"version='3\.0'"):
        lg.write_fcs(tmp_path / "a.fcs", [[1]], ["A"], version="3.0")


def test_offsets_beyond_eight_digits(tmp_path):
    """DATA that ends beyond 99,999,999: HEADER holds zeros, TEXT the truth."""
    events = np.zeros((12_500_001, 1), dtype=np.float64)
    events[-1] = 5
    path = lg.write_fcs(tmp_path / "a.fcs", events, ["A"], datatype="float64")
    assert path.stat().st_size > 100_000_000
    with path.open("rb") as file:
        assert file.read(58)[26:42] == b"%8d%8d" % (0, 0)
    sample = lg.read_fcs(path)
    assert sample.diagnosis == ()
    assert sample.column("A")[-1] == 5
    assert sample.n_events == 12_500_001
