"""Fixtures of this room."""

from __future__ import annotations

import pytest

import longate as lg


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes to a file and reads it."""
    path = tmp_path / "made.fcs"

    def reader(data, **options):
        path.write_bytes(data)
        return lg.read_fcs(path, **options)

    return reader
