from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import longate as lg
from longate.exceptions import DesignError


def words(ax):
    return [text.get_text() for text in ax.texts]


def squares(ax):
    return next(line for line in ax.lines if line.get_marker() == "s")


def test_a_difference_stands_beside_zero(single):
    ax = lg.plot.effects(single)
    assert squares(ax).get_xdata() == pytest.approx(single.table["estimate"])
    assert ax.lines[0].get_xdata()[0] == 0
    assert "p" in words(ax)
    assert "p adjusted" not in words(ax)


def test_log_outcomes_are_ratios_beside_one_with_adjusted_p(family):
    ax = lg.plot.effects(family, title="Subsets")
    assert squares(ax).get_xdata() == pytest.approx(family.table["ratio"])
    assert ax.get_xscale() == "log"
    assert ax.lines[0].get_xdata()[0] == 1
    assert "p adjusted" in words(ax)
    assert "ratio of ratios" in ax.get_xlabel()
    assert [t.get_text() for t in ax.get_yticklabels()] == list(family.table["outcome"])


def test_intervals_are_drawn_to_their_ends(single):
    (segments,) = (c.get_segments() for c in lg.plot.effects(single).collections)
    row = single.table.iloc[0]
    assert segments[0][:, 0] == pytest.approx([row["low"], row["high"]])


def test_an_outcome_that_was_not_tested_keeps_its_row(family):
    table = family.table.copy()
    numbers = table.select_dtypes("float").columns
    table.loc[1, numbers] = np.nan
    ax = lg.plot.effects(dataclasses.replace(family, table=table))
    assert len(ax.get_yticks()) == 3
    assert "not tested" in words(ax)
    assert ax._repr_png_()


def test_a_table_without_effects_is_refused(single):
    poor = dataclasses.replace(single, table=single.table.drop(columns="low"))
    with pytest.raises(DesignError, match="lacks the column 'low'"):
        lg.plot.effects(poor)
