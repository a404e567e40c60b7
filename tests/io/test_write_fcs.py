"""Writing FCS: what is written is read back, by us and by others, or is refused."""

from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import longate as lg
from longate.exceptions import FcsError

EVENTS = np.array([[1.5, -2.0, 3.0], [4.0, 5.0, 6.25]], dtype=np.float32)
NAMES = ["FSC-A", "PE-A", "Time"]


def test_bytes_are_those_of_the_standard(tmp_path):
    """Decoded here by hand: HEADER, TEXT and DATA, without our reader."""
    path = lg.write_fcs(
        tmp_path / "a.fcs",
        EVENTS,
        NAMES,
        markers={"PE-A": "CD56"},
        ranges={"PE-A": 1024.0},
        keywords={"$CYT": "made"},
    )
    data = path.read_bytes()
    assert data[:10] == b"FCS3.1    "
    offsets = [int(data[at : at + 8]) for at in range(10, 58, 8)]
    text_begin, text_end, data_begin, data_end = offsets[:4]
    assert (text_begin, text_end, offsets[4:]) == (58, data_begin - 1, [0, 0])
    text = data[text_begin : text_end + 1].decode("ascii")
    tokens = text.strip(text[0]).split(text[0])
    pairs = dict(zip(tokens[::2], tokens[1::2], strict=True))
    required = {
        "$BEGINANALYSIS": "0",
        "$ENDANALYSIS": "0",
        "$BEGINSTEXT": "0",
        "$ENDSTEXT": "0",
        "$BEGINDATA": str(data_begin),
        "$ENDDATA": str(data_end),
        "$BYTEORD": "1,2,3,4",
        "$DATATYPE": "F",
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": "3",
        "$TOT": "2",
        "$P1N": "FSC-A",
        "$P1B": "32",
        "$P1E": "0,0",
        "$P1R": "262144",
        "$P2R": "1024",
        "$P2S": "CD56",
        "$CYT": "made",
    }
    assert {key: pairs[key] for key in required} == required
    assert "$P1S" not in pairs
    assert len(data) == data_end + 1
    assert data[data_begin:] == struct.pack("<6f", *EVENTS.ravel())


def test_reads_what_it_wrote(tmp_path):
    matrix = lg.Compensation([[1, 0.25], [0.125, 1]], ["PE-A", "FSC-A"])
    path = lg.write_fcs(tmp_path / "a.fcs", EVENTS, NAMES, spillover=matrix)
    sample = lg.read_fcs(path)
    assert sample.version == "FCS3.1"
    assert sample.diagnosis == ()
    assert sample.compensation == matrix
    assert path == tmp_path / "a.fcs"
    np.testing.assert_array_equal(sample.to_numpy(), EVENTS)


def test_a_data_frame_brings_its_columns(tmp_path):
    frame = pd.DataFrame({"FSC-A": [1.0, 2.0], "PE-A": [3, 4]})
    sample = lg.read_fcs(lg.write_fcs(tmp_path / "a.fcs", frame))
    pd.testing.assert_frame_equal(sample.to_pandas(), frame.astype(np.float32))


@pytest.mark.parametrize("n_events", [0, 1])
def test_few_events(tmp_path, n_events):
    path = lg.write_fcs(tmp_path / "a.fcs", EVENTS[:n_events], NAMES)
    sample = lg.read_fcs(path)
    assert sample.n_events == n_events
    assert sample.to_numpy().shape == (n_events, 3)


def test_any_layout_and_order_of_bytes_in_memory(tmp_path):
    wanted = lg.write_fcs(tmp_path / "a.fcs", EVENTS, NAMES).read_bytes()
    for same in (
        np.asfortranarray(EVENTS),
        EVENTS.astype(">f8"),
        EVENTS.tolist(),
        np.repeat(EVENTS, 2, axis=0)[::2],
    ):
        path = lg.write_fcs(tmp_path / "b.fcs", same, NAMES)
        assert path.read_bytes() == wanted


def test_the_length_of_offsets_settles_at_every_number_of_digits(tmp_path):
    """Offsets in TEXT count their own digits: cross 999 -> 1000 byte by byte."""
    for length in range(1, 700):
        path = lg.write_fcs(
            tmp_path / "a.fcs", EVENTS, NAMES, keywords={"$COM": "x" * length}
        )
        data = path.read_bytes()
        begin = int(data[26:34])
        assert data[begin:] == EVENTS.tobytes(), length


# --- refusals


def refuses(tmp_path, match, events=EVENTS, channels=tuple(NAMES), **options):
    path = tmp_path / "refused.fcs"
    with pytest.raises(FcsError, match=match):
        lg.write_fcs(path, events, list(channels), **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("channels", "match"),
    [
        (["FSC-A", "PE-A"], r"events of shape \(2, 3\) do not fit 2 channels"),
        (["FSC-A", "FSC-A", "B"], r"\$P2N = .*unique"),
        (["FSC-A", "", "B"], r"\$P2N"),
        (["FSC-A", "A,B", "C"], r"\$P2N = .A,B.*comma"),
        (["FSC-A", " PE-A", "C"], r"' PE-A'.*blank"),
        (["FSC-A", "P\x0cE", "C"], r"form feed|blank"),
    ],
)
def test_refuses_names_that_do_not_come_back(tmp_path, channels, match):
    refuses(tmp_path, match, channels=channels)


@pytest.mark.parametrize(
    ("keywords", "match"),
    [
        ({"$TOT": "9"}, r"\$TOT"),
        ({"$datatype": "D"}, r"datatype"),
        ({"$BEGINDATA": "1"}, r"\$BEGINDATA"),
        ({"$CYT": "a", "$cyt": "b"}, r"\$cyt"),
        ({"$CYT": ""}, r"\$CYT"),
        ({"": "x"}, r"keyword"),
        ({"A\x0cB": "x"}, r"form feed|blank"),
        ({"$COM": "a\x0cb"}, r"form feed|blank"),
        ({" $COM": "x"}, r"blank"),
    ],
)
def test_refuses_keywords_that_do_not_come_back(tmp_path, keywords, match):
    refuses(tmp_path, match, keywords=keywords)


def test_refuses_markers_and_ranges_of_channels_that_are_not_there(tmp_path):
    refuses(tmp_path, "markers names 'PE-H'.*mean 'PE-A'", markers={"PE-H": "CD56"})
    refuses(tmp_path, "ranges names 'PE-H'.*mean 'PE-A'", ranges={"PE-H": 4.0})
    refuses(tmp_path, r"form feed|blank", markers={"PE-A": "\x0c"})


@pytest.mark.parametrize("top", [float("nan"), float("inf"), 0.0, -1.0])
def test_refuses_ranges_that_no_reader_takes(tmp_path, top):
    refuses(tmp_path, r"range of 'PE-A'.*above 0", ranges={"PE-A": top})


def test_refuses_a_matrix_of_other_channels(tmp_path):
    matrix = lg.Compensation([[1, 0.1], [0, 1]], ["PE-A", "APC-A"])
    refuses(tmp_path, "spillover names 'APC-A', which is no channel", spillover=matrix)


def test_refuses_a_matrix_twice(tmp_path):
    matrix = lg.Compensation([[1]], ["PE-A"])
    keywords = {"$SPILLOVER": "1,PE-A,1"}
    refuses(tmp_path, "SPILLOVER", spillover=matrix, keywords=keywords)


def test_refuses_what_is_no_table_of_numbers(tmp_path):
    refuses(tmp_path, "numbers", events=[["a", "b", "c"]])
    refuses(tmp_path, "shape", events=[1.0, 2.0, 3.0])
    refuses(tmp_path, "numbers", events=[[1.0, 2.0, 3.0], [1.0]])
    with pytest.raises(FcsError, match="channels must be given"):
        lg.write_fcs(tmp_path / "a.fcs", EVENTS)


def test_refuses_values_that_float32_cannot_hold(tmp_path):
    refuses(tmp_path, "'PE-A'.*32-bit", events=[[1.0, 1e300, 2.0]])
    lg.write_fcs(tmp_path / "a.fcs", [[1.0, np.inf, np.nan]], NAMES)  # these it holds


# --- a file appears whole or not at all


def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path, monkeypatch):
    path = lg.write_fcs(tmp_path / "a.fcs", EVENTS, NAMES)
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        lg.write_fcs(path, 2 * EVENTS, NAMES)
    with pytest.raises(OSError, match="No space left"):
        lg.write_fcs(tmp_path / "new.fcs", EVENTS, NAMES)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.fcs"]
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        lg.write_fcs(tmp_path / "none" / "a.fcs", EVENTS, NAMES)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_replaced(tmp_path):
    lg.write_fcs(tmp_path / "a.fcs", EVENTS, NAMES)
    lg.write_fcs(tmp_path / "a.fcs", EVENTS[:1], NAMES)
    assert lg.read_fcs(tmp_path / "a.fcs").n_events == 1


# --- laws

plain = st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f")
words = st.text(plain, min_size=1, max_size=12).filter(
    lambda word: word == word.strip()
)
names = st.lists(
    words.filter(lambda w: "," not in w), min_size=1, max_size=5, unique=True
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_what_is_written_is_read_back(tmp_path, data):
    channels = data.draw(names)
    assume(len({name.casefold() for name in channels}) == len(channels))
    shape = (data.draw(st.integers(0, 5)), len(channels))
    events = data.draw(arrays(np.float32, shape, elements=st.floats(width=32)))
    markers = data.draw(st.dictionaries(st.sampled_from(channels), words))
    tops = st.floats(1e-3, 1e12)
    ranges = data.draw(st.dictionaries(st.sampled_from(channels), tops))
    extra = data.draw(
        st.dictionaries(
            words.filter(lambda w: not w.startswith("$")), words, max_size=3
        )
    )
    assume(len({key.casefold() for key in extra}) == len(extra))
    assume(not {k.upper() for k in extra} & {"SPILL", "SPILLOVER"})
    path = lg.write_fcs(
        tmp_path / "law.fcs",
        events,
        channels,
        markers=markers,
        ranges=ranges,
        keywords=extra,
    )
    sample = lg.read_fcs(path, values="raw")
    assert sample.diagnosis == ()
    assert [c.detector for c in sample.panel] == channels
    assert {c.detector: c.marker for c in sample.panel if c.marker} == markers
    for channel in sample.panel:
        assert channel.range == ranges.get(channel.detector, 262144.0)
    assert {key: sample.keywords[key] for key in extra} == extra
    read = np.column_stack([sample.columns[at] for at in range(len(channels))])
    np.testing.assert_array_equal(read, events)


# --- other readers, where they are installed


def write_for_others(folder):
    return lg.write_fcs(
        folder / "a.fcs",
        EVENTS,
        NAMES,
        markers={"PE-A": "CD56"},
        spillover=lg.Compensation([[1, 0.25], [0, 1]], ["FSC-A", "PE-A"]),
    )


def test_flowio_reads_it(tmp_path):
    flowio = pytest.importorskip("flowio", reason="flowio is not installed")
    data = flowio.FlowData(str(write_for_others(tmp_path)))
    read = np.reshape(data.events, (-1, data.channel_count))
    np.testing.assert_array_equal(read, EVENTS)
    assert data.channels[2]["pns"] == "CD56"


def test_fcsparser_reads_it(tmp_path):
    fcsparser = pytest.importorskip("fcsparser", reason="fcsparser is not installed")
    meta, data = fcsparser.parse(write_for_others(tmp_path))
    np.testing.assert_array_equal(data.to_numpy(), EVENTS)
    assert meta["$P2S"] == "CD56"
