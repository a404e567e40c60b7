"""Keywords: those of bytes are those of pairs, and little is kept of a file."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest

import longate as lg
from longate.cytometry.keywords import Keywords
from longate.io.fcs import read_metadata
from reference.fcs_bytes import Channel, build

PAIRS = [("$TOT", "3"), ("Note", "first"), ("$Cyt", "made"), ("NOTE", "second")]
TEXT = "".join(f"/{part}" for pair in PAIRS for part in pair) + "/"
OF_BYTES = Keywords.of_text(TEXT.encode())
OF_PAIRS = Keywords(PAIRS)
MATRIX = lg.Compensation([[1, 0.2], [0.1, 1]], ["A", "B"])


@pytest.mark.parametrize("keywords", [OF_BYTES, OF_PAIRS], ids=["bytes", "pairs"])
def test_the_first_of_a_repeated_keyword_counts_whatever_its_case(keywords):
    assert dict(keywords) == {"$TOT": "3", "Note": "first", "$Cyt": "made"}
    assert list(keywords) == ["$TOT", "Note", "$Cyt"]
    assert len(keywords) == 3
    assert keywords["note"] == keywords["NOTE"] == "first"
    assert keywords.get("$CYT") == "made"
    assert keywords.get("$CYTSN") is None
    assert keywords.get("$CYTSN", "none") == "none"
    assert "$cyt" in keywords
    assert "$CYTSN" not in keywords
    assert 3 not in keywords
    with pytest.raises(KeyError, match=r"no keyword 'NOTES'; did you mean 'Note'"):
        keywords["NOTES"]


@pytest.mark.parametrize("keywords", [OF_BYTES, OF_PAIRS], ids=["bytes", "pairs"])
def test_they_cross_processes(keywords):
    again = pickle.loads(pickle.dumps(keywords))
    assert again == keywords
    assert list(again) == list(keywords)


def test_many_files_are_told_apart(tmp_path):
    metadata = []
    for number in range(9):
        path = tmp_path / f"{number}.fcs"
        lg.write_fcs(path, np.ones((2, 1)), ["A"], keywords={"NOTE": str(number)})
        metadata.append(read_metadata(path))
    assert [one.keywords["NOTE"] for one in metadata] == list("012345678")
    assert [one.keywords["NOTE"] for one in reversed(metadata)] == list("876543210")


@pytest.fixture
def long_file(tmp_path):
    """A file of which TEXT is long: forty thousand bytes of keywords."""
    keywords = {f"SETTING {number}": f"value {number}" for number in range(1500)}
    path = tmp_path / "long.fcs"
    return lg.write_fcs(
        path, np.ones((2, 2)), ["A", "B"], keywords=keywords, spillover=MATRIX
    )


def test_of_many_heads_little_more_than_text_is_kept(long_file):
    warm = read_metadata(long_file)
    assert len(warm.keywords) > 1500
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    metadata = [read_metadata(long_file) for _ in range(20)]
    matrices = [one.compensation for one in metadata]
    each = (tracemalloc.get_traced_memory()[0] - before) / len(metadata)
    tracemalloc.stop()
    assert each < len(warm.text) + 4000
    assert matrices == [MATRIX] * 20
    assert all(one.keywords["setting 7"] == "value 7" for one in metadata)


def test_files_of_one_panel_share_their_channels(long_file):
    one, other = read_metadata(long_file), read_metadata(long_file, aliases={"X": "A"})
    assert one.panel.channels is other.panel.channels
    assert (other.panel.aliases, one.panel.aliases) == ({"X": "A"}, {})


def test_a_head_crosses_processes(long_file):
    metadata = read_metadata(long_file)
    again = pickle.loads(pickle.dumps(metadata))
    assert again == metadata
    assert again.compensation == MATRIX


@pytest.mark.parametrize(
    ("keywords", "stated"),
    [
        ({}, None),
        ({"$SPILLOVER": "  "}, None),
        ({"$spillover": " ", "Spill": " 2,A,B,1,0,0,1 "}, ("SPILL", "2,A,B,1,0,0,1")),
        ({"SPILLOVER": "what", "SPILL": "else"}, ("SPILL", "else")),
    ],
)
def test_the_first_spillover_keyword_that_is_not_blank(tmp_path, keywords, stated):
    path = tmp_path / "a.fcs"
    channels = [Channel("A"), Channel("B")]
    path.write_bytes(build(channels, b"", 0, keywords=keywords))
    metadata = read_metadata(path)
    assert metadata.spillover == stated
    assert metadata.has_spillover == (stated is not None)
