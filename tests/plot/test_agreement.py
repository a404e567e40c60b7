from __future__ import annotations

import pandas as pd
import pytest

import longate as lg
from longate.exceptions import StudyError


@pytest.fixture
def comparison():
    return pd.DataFrame(
        {
            "measure": "index",
            "true": [0.70, 0.75, 0.80],
            "measured": [0.71, 0.74, 0.86],
            "low": [0.69, 0.73, 0.84],
            "high": [0.73, 0.76, 0.88],
        }
    )


def test_bias_and_cover_are_written(comparison):
    ax = lg.plot.truth(comparison)
    text = ax.texts[0].get_text()
    assert "bias +0.0200" in text
    assert "2 of 3 inside" in text


def test_samples_that_miss_the_truth_look_different(comparison):
    ax = lg.plot.truth(comparison)
    inside, outside = (c.lines[0] for c in ax.containers)
    assert inside.get_xdata() == pytest.approx([0.70, 0.75])
    assert outside.get_xdata() == pytest.approx([0.80])
    assert inside.get_marker() != outside.get_marker()


def test_both_axes_have_the_same_limits(comparison):
    ax = lg.plot.truth(comparison)
    assert ax.get_xlim() == ax.get_ylim()


def test_an_unknown_measure_is_named(comparison):
    with pytest.raises(StudyError, match="did you mean 'index'"):
        lg.plot.truth(comparison, measure="indx")
