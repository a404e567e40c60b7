"""Strategies written as Gating-ML: the standard's structure, and read back equal."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import given, settings

import longate as lg
from gating.samples import sample_of
from reference.gatingml_structure import check_structure
from reference.random_strategies import strategies


def written(strategy, **more):
    folder = Path(tempfile.mkdtemp())
    return lg.write_gatingml(strategy, folder / "gates.xml", **more)


def events():
    """Return 300 events near zero and far from it, with a matrix of their own."""
    rng = np.random.default_rng(7)
    names = ("FSC-A", "SSC-H", "Time", "FL1-H", "FL2-H", "FL3-H", "FL4-H", "CD56")
    spread = np.repeat([1.0, 1e3, 1e6], 100)
    acquired = [[1.0, 0.1, 0.0], [0.2, 1.0, 0.1], [0.0, 0.3, 1.0]]
    return sample_of(
        {name: rng.normal(size=300) * spread for name in names},
        compensation=lg.Compensation(
            acquired, ["FL1-H", "FL2-H", "FL3-H"], dyes=["FITC", "PE", "APC"]
        ),
    )


@given(strategies())
@settings(max_examples=100, deadline=None)
def test_what_is_written_has_the_structure_and_reads_back_equal(strategy):
    path = written(strategy)
    check_structure(path)
    again = lg.read_gatingml(path)
    assert again == strategy
    assert again.paths == strategy.paths
    assert (again.name, again.custom_info) == (strategy.name, strategy.custom_info)
    for old, new in zip(strategy.gates, again.gates, strict=True):
        assert (old.name, old.custom_info) == (new.name, new.custom_info)
    assert written(strategy).read_bytes() == path.read_bytes()


@given(strategies())
@settings(max_examples=50, deadline=None)
def test_the_notes_decide_nothing(strategy):
    """Without what Longate notes for itself, the same events are in the gates."""
    path = written(strategy)
    tree = ET.parse(path)
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag.endswith("}custom_info"):
                parent.remove(child)
    tree.write(path)
    plain = lg.read_gatingml(path)
    sample = events()
    masks = strategy.apply(sample)
    after = plain.apply(sample)
    # Their names are ids now, and parts of expressions stand among them.
    found = {after.mask(path).tobytes() for path in plain.paths}
    assert {masks.mask(path).tobytes() for path in strategy.paths} <= found
