"""Fixtures of this room."""

from __future__ import annotations

import pytest

import longate as lg
from longate.io.deidentify import deidentify
from reference.fcs_secrets import data_set


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes to a file and reads it."""
    path = tmp_path / "made.fcs"

    def reader(data, **options):
        path.write_bytes(data)
        return lg.read_fcs(path, **options)

    return reader


@pytest.fixture
def copied(tmp_path):
    """Return a function that writes bytes, copies them, and gives bytes and result."""

    def copy(raw, **options):
        source, target = tmp_path / "source.fcs", tmp_path / "copy.fcs"
        source.write_bytes(raw)
        result = deidentify(source, target, **options)
        assert source.read_bytes() == raw
        assert not list(tmp_path.glob(".*"))
        return target.read_bytes(), result

    return copy


@pytest.fixture
def folder(tmp_path):
    """A folder of three files that carry identities in their names, and other files."""
    folder = tmp_path / "raw"
    for name, who in [("MUELLER/m00.fcs", "MUELLER"), ("MEIER_m06.lmd", "MEIER")]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data_set([("$SRC", who), ("$DATE", "24-SEP-2014")]))
    (folder / "notes.txt").write_text("MUELLER")
    return folder
