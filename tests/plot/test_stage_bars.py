from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

import longate as lg
from longate.exceptions import ClinicalError, MaturationError, NameWarning

STAGES = {  # on axis, fraction
    "dim_CD57": (True, 0.4),
    "bright16neg": (True, 0.1),
    "dim_early": (True, 0.3),
    "adaptive": (False, 0.2),
    "neg16neg": (False, 0.0),
}


@pytest.fixture
def few(response, maturation):
    """Return the labels of the patients who are drawn."""
    table = response if isinstance(response, pd.DataFrame) else response.table
    return table[table["patient"].isin(maturation.stages["patient"])]


@pytest.fixture
def maturation():
    rows = [
        {"patient": p, "visit": v, "stage": s, "on_axis": on, "fraction": f}
        for p, visits in {"P01": ["m00", "m12"], "P06": ["m00"], "P07": ["m00"]}.items()
        for v in visits
        for s, (on, f) in STAGES.items()
    ]
    return SimpleNamespace(stages=pd.DataFrame(rows))


def test_bars_add_up_to_the_whole(maturation, few):
    ax = lg.plot.stages(maturation, few)
    heights = {}
    for bar in ax.patches:
        heights.setdefault(round(bar.get_x(), 6), []).append(bar.get_height())
    assert [sum(h) for h in heights.values() if sum(h)] == pytest.approx(
        [100, 100, 100]
    )


def test_stages_stack_from_least_mature_to_off_axis(maturation):
    ax = lg.plot.stages(maturation)
    names = [t.get_text() for t in ax.get_legend().get_texts()]
    assert names == [  # the legend reads from the top of a bar
        "adaptive (NKG2C+ CD57+)",
        "CD56dim CD57+",
        "CD56dim, early",
        "CD56bright CD16−",
    ]


def test_labels_head_their_block_and_n_stands_below(maturation, few):
    words = [t.get_text() for t in lg.plot.stages(maturation, few).texts]
    assert {"responders", "non-responders"} <= set(words)
    assert "unclassifiable" not in words
    assert words.count("n = 1") == 2
    assert words.count("n = 2") == 1
    assert words.count("n = 0") == 1


def test_stages_without_fractions_are_refused():
    poor = SimpleNamespace(stages=pd.DataFrame({"patient": [], "visit": []}))
    with pytest.raises(MaturationError, match="lacks the columns"):
        lg.plot.stages(poor)


def test_stages_of_two_schemes_are_not_drawn_together(maturation):
    table = maturation.stages
    mixed = table.assign(scheme=["one"] * (len(table) - 1) + ["other"])
    with pytest.raises(MaturationError, match="never compared"):
        lg.plot.stages(SimpleNamespace(stages=mixed))


def test_labels_of_other_patients_are_refused_unless_dropped(maturation, few):
    spelt = few.assign(patient=few["patient"].str.lower())
    with pytest.raises(ClinicalError, match=r"'P01' .like 'p01'"):
        lg.plot.stages(maturation, spelt)
    with pytest.warns(NameWarning, match="'P01'"):
        lg.plot.stages(maturation, spelt, unmatched="drop")
