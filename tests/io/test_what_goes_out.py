"""What goes out is what came in: samples, tables and keywords, written and read."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError, SpilloverError
from reference.fcs_bytes import Channel, build, pack

CHANNELS = [
    Channel("FSC-A"),
    Channel("PE-A", marker="CD56", range=4096, gain="2"),
    Channel("APC-A", marker="CD16"),
    Channel("Time"),
]
ROWS = [(1.0, 10.0, 30.0, 100.0), (2.0, 20.5, 40.0, 200.0), (3.0, -7.0, 0.5, 333.0)]
WORDS = {
    "$TIMESTEP": "0.01",
    "$CYT": "Canto",
    "$P2V": "480",
    "$SPILLOVER": "2,PE-A,APC-A,1,0.1,0.2,1",
    "TUBE NAME": "NK",
    "P2DISPLAY": "LOG",
}


@pytest.fixture
def sample(read):
    return read(build(CHANNELS, pack(ROWS, "ffff", "<"), 3, keywords=WORDS))


def same_events(one, other):
    np.testing.assert_array_equal(one.to_numpy(), other.to_numpy())
    assert [c.detector for c in one.panel] == [c.detector for c in other.panel]
    assert [c.marker for c in one.panel] == [c.marker for c in other.panel]
    assert [c.range for c in one.panel] == [c.range for c in other.panel]


def test_a_sample_comes_back_as_it_was(sample, tmp_path):
    again = lg.read_fcs(lg.write_fcs(tmp_path / "again.fcs", sample))
    same_events(again, sample)
    assert again.compensation == sample.compensation
    assert again.diagnosis == ()
    for key in ("$CYT", "$P2V", "TUBE NAME", "P2DISPLAY"):
        assert again.keywords[key] == WORDS[key]
    assert "$TIMESTEP" not in again.keywords


@pytest.mark.parametrize("values", ["raw", "scale"])
def test_stored_numbers_and_scale_values_both_keep_their_meaning(
    sample, tmp_path, values
):
    source = lg.read_fcs(sample.path, values=values)
    path = lg.write_fcs(tmp_path / "again.fcs", source)
    same_events(lg.read_fcs(path), sample)
    if values == "raw":
        same_events(lg.read_fcs(path, values="raw"), source)


def test_a_further_channel_keeps_the_rest(sample, tmp_path):
    wider = sample.with_channels({"score": [0.1, 0.5, 2.0]}, markers={"score": "NK"})
    again = lg.read_fcs(lg.write_fcs(tmp_path / "wider.fcs", wider))
    same_events(again, wider)
    np.testing.assert_array_equal(again.column("score"), [0.1, 0.5, 2.0])
    assert again.column("NK").tolist() == [0.1, 0.5, 2.0]
    np.testing.assert_array_equal(again.column("CD56"), sample.column("CD56"))
    assert again.compensation == sample.compensation
    assert again.keywords["$CYT"] == "Canto"
    assert len(sample.panel) == 4


@pytest.mark.parametrize("name", ["PE-A", "pe-a", "CD56", "cd56"])
def test_a_name_that_is_taken_is_refused(sample, name):
    with pytest.raises(FcsError, match="already has a channel"):
        sample.with_channels({name: [1, 2, 3]})


@pytest.mark.parametrize("values", [[1, 2], [[1], [2], [3]], 5])
def test_a_channel_has_one_number_per_event(sample, values):
    with pytest.raises(FcsError, match="shape"):
        sample.with_channels({"score": values})


def test_some_channels_get_their_new_numbers(sample, tmp_path):
    path = lg.write_fcs(tmp_path / "part.fcs", sample, ["CD16", "CD56"])
    again = lg.read_fcs(path)
    assert [c.detector for c in again.panel] == ["APC-A", "PE-A"]
    assert again.panel.channels[1].voltage == "480"
    assert again.keywords["P2DISPLAY"] == "LOG"
    assert again.compensation == sample.compensation
    one = lg.read_fcs(lg.write_fcs(tmp_path / "one.fcs", sample, ["CD16"]))
    assert one.compensation is None
    assert "$P2V" not in one.keywords


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame,
        lambda frame: frame[["CD16", "CD56"]],
        lambda frame: frame.copy(),
        lambda frame: frame[frame["CD56"] > 0],
        lambda frame: frame.assign(score=1.0),
    ],
)
def test_a_table_keeps_detectors_and_markers(sample, tmp_path, change):
    frame = change(sample.to_pandas())
    again = lg.read_fcs(lg.write_fcs(tmp_path / "table.fcs", frame))
    assert [c.label for c in again.panel] == list(frame.columns)
    np.testing.assert_array_equal(again.to_pandas(), frame.astype(np.float32))
    pe = again.panel.channels[again.panel.index("CD56")]
    assert (pe.detector, pe.range) == ("PE-A", 4096)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Time", "A"], {"$TIMESTEP": "0.01"}),
        (["HDR-T", "Time"], {"$timestep": "2"}),
        (["A", "B"], {"$P1G": "4"}),
        (["A", "B"], {"$p2g": "0.5"}),
    ],
)
def test_keywords_that_would_be_applied_again_are_refused(tmp_path, names, words):
    events = [[1.0, 2.0], [3.0, 4.0]]
    path = tmp_path / "twice.fcs"
    with pytest.raises(FcsError, match="applied again"):
        lg.write_fcs(path, events, names, keywords=words)
    assert not path.exists()
    lg.write_fcs(path, events, names, keywords=words, values="raw")
    np.testing.assert_array_equal(lg.read_fcs(path, values="raw").to_numpy(), events)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["A", "B"], {"$TIMESTEP": "0.01"}),
        (["Time", "B"], {"$TIMESTEP": "1"}),
        (["A", "B"], {"$P1G": "1.0", "$P2G": "0"}),
    ],
)
def test_keywords_that_change_nothing_are_written(tmp_path, names, words):
    events = [[1.0, 2.0], [3.0, 4.0]]
    path = lg.write_fcs(tmp_path / "same.fcs", events, names, keywords=words)
    np.testing.assert_array_equal(lg.read_fcs(path).to_numpy(), events)


@pytest.mark.parametrize("key", ["SPILL", "$SPILLOVER", "spillover", "$spillover"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2,A,B,1,x,0,1", "no number"),
        ("2,A,B,1,0.1", "entries"),
        ("2,A,C,1,0,0,1", "names 'C'"),
        ("2,A,B,1,1,1,1", "singular"),
        ("two,A,B", "not with a number"),
        ("1_0,A,B", "not with a number"),
    ],
)
def test_a_keyword_with_a_matrix_is_checked_as_an_argument_is(
    tmp_path, key, value, words
):
    with pytest.raises(SpilloverError, match=words):
        lg.write_fcs(
            tmp_path / "a.fcs", np.ones((2, 2)), ["A", "B"], keywords={key: value}
        )
    assert not list(tmp_path.iterdir())


def test_a_matrix_is_given_once(tmp_path):
    matrix = lg.Compensation([[1, 0.1], [0, 1]], ["A", "B"])
    with pytest.raises(FcsError, match="twice"):
        lg.write_fcs(
            tmp_path / "a.fcs",
            np.ones((2, 2)),
            ["A", "B"],
            spillover=matrix,
            keywords={"SPILL": matrix.to_keyword()},
        )


def test_stored_numbers_of_a_logarithmic_amplifier_are_not_written_as_floats(
    read, tmp_path
):
    channel = [Channel("A", bits=16, range=1024, amplification="4,1")]
    source = read(build(channel, b"\1\0\2\0", 2, datatype="I"), values="raw")
    with pytest.raises(FcsError, match="values='scale'"):
        lg.write_fcs(tmp_path / "a.fcs", source)
    scaled = lg.read_fcs(source.path)
    again = lg.read_fcs(lg.write_fcs(tmp_path / "a.fcs", scaled))
    np.testing.assert_array_equal(again.to_numpy(), scaled.to_numpy())


# --- AnnData


@pytest.mark.parametrize("channels", [CHANNELS, [Channel("FSC-A"), Channel("PE-A")]])
def test_anndata_can_be_written(read, tmp_path, channels):
    anndata = pytest.importorskip("anndata")
    rows = [row[: len(channels)] for row in ROWS]
    words = WORDS if len(channels) == 4 else {}
    data = pack(rows, "f" * len(channels), "<")
    sample = read(build(channels, data, 3, keywords=words))
    made = sample.to_anndata()
    made.write_h5ad(tmp_path / "a.h5ad")
    again = anndata.read_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(again.X, sample.to_numpy())
    assert list(again.var["detector"]) == [c.name for c in channels]
    assert list(again.var["channel"]) == [c.name for c in channels]
    if words:
        spill = again.uns["meta"]["spill"]
        assert list(spill.columns) == ["PE-A", "APC-A"]
        np.testing.assert_array_equal(spill, sample.compensation.matrix)
    else:
        assert "meta" not in again.uns


def test_one_underscore_number_is_no_number(read, tmp_path):
    matrix = "2,PE-A,APC-A,1,1_0,0.2,1"
    words = WORDS | {"$SPILLOVER": matrix}
    with pytest.raises(SpilloverError, match="'1_0', which is no number"):
        read(build(CHANNELS, pack(ROWS, "ffff", "<"), 3, keywords=words))
