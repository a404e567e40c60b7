"""Spillover tables without end, without numbers, or of long words."""

from __future__ import annotations

import time

import pytest

import longate as lg
from longate.exceptions import SpilloverError


def test_an_underscore_makes_no_number(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("FITC,PE\n1,1_0\n0,1\n")
    with pytest.raises(SpilloverError, match=r"column 'PE' \(line 2\) holds '1_0'"):
        lg.read_compensation(path)


def test_what_has_no_end_or_no_content_is_refused_soon(tmp_path):
    begin = time.process_time()
    path = tmp_path / "a.csv"
    path.symlink_to("/dev/zero")
    with pytest.raises(SpilloverError, match="more than 16 MB"):
        lg.read_compensation(path)
    path = tmp_path / "b.csv"
    path.write_bytes(b"\n" * 15_000_000)
    with pytest.raises(SpilloverError, match="it is no table of numbers"):
        lg.read_compensation(path)
    assert time.process_time() - begin < 20


def test_messages_quote_at_most_200_characters_of_a_value(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"FITC,PE\n1,{'x' * 5000}\n0,1\n")
    with pytest.raises(SpilloverError, match=r"xxx\.\.\.'") as caught:
        lg.read_compensation(path)
    assert len(str(caught.value)) < 500
