"""A few mutations of each kind of file; the script beside runs many."""

from __future__ import annotations

import pytest

from fuzz.mutations import TARGETS, run


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_are_read_or_refused_by_an_error_of_longate(target):
    outcomes = run(target, 150, seed=20_000)
    assert set(outcomes) == {"read", "refused"}
