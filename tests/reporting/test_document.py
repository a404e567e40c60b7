from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from longate.reporting import document as doc

HOSTILE = '<script>alert("x")</script>&\''


@pytest.mark.parametrize(
    "block",
    [
        doc.paragraph(HOSTILE, kind=HOSTILE),
        doc.heading(HOSTILE),
        doc.bullets([HOSTILE], kind=HOSTILE),
        doc.facts({HOSTILE: HOSTILE}),
        doc.folded(HOSTILE, ""),
        doc.table(pd.DataFrame({HOSTILE: [HOSTILE]}), caption=HOSTILE),
        doc.Section(HOSTILE, HOSTILE).html(),
        doc.page(HOSTILE, banner=[HOSTILE], sections=[], foot=HOSTILE),
        doc.picture(Figure(), alt=HOSTILE, caption=HOSTILE),
    ],
)
def test_text_stays_text(block):
    assert "<script>" not in block
    assert "&lt;script&gt;" in block
    assert 'alert("x")' not in block


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0603, "0.0603"),
        (1.0, "1.00"),
        (-0.00141, "−0.00141"),
        (123.4, "123"),
        (51234.0, "51,234"),
        (0.0, "0"),
        (100123, "100,123"),
        (float("nan"), "–"),
        (None, "–"),
        (pd.NA, "–"),
        (True, "True"),
        ("text", "text"),
    ],
)
def test_numbers_read_well(value, words):
    assert doc.number(value) == words


def test_decimals_can_be_fixed():
    assert doc.number(-2.345, 1) == "−2.3"


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.0312, "0.031"), (1.0, "1"), (1e-9, "< 0.0001"), (np.nan, "–")],
)
def test_p_is_never_zero(p, words):
    assert doc.probability(p) == words


def test_numeric_columns_stand_right_and_long_text_may_break():
    block = doc.table(pd.DataFrame({"n": [3], "why": ["a" * 60]}))
    assert '<td class="n">3</td>' in block
    assert '<td class="long">' in block


def test_a_list_of_nothing_is_nothing():
    assert doc.bullets([]) == ""
