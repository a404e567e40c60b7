"""Changes between visits: index, weights, dominance, and what is not compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import MaturationError
from longate.nk.changes.composition import change_table, weight_range
from reference import stages as reference

CORE = ["CD56", "CD56bright", "CD16"]
SCHEME = lg.nk.stage_scheme(
    "five_stage",
    markers=[*CORE, "CD57", "KIR", "NKG2A", "NKG2C"],
    parent=lg.nk.NKParent("NK", lineage_removed=True, cd7_positive=True),
)
COUNTS = st.lists(st.integers(0, 500), min_size=5, max_size=5).filter(any)


def stages_of(samples, **columns):
    """A table of stages from {(patient, visit): {stage: n}}."""
    rows = [
        {
            "sample": f"{patient}_{visit}",
            "patient": patient,
            "visit": visit,
            "stage": stage.label,
            "n_events": counts.get(stage.label, 0),
        }
        for (patient, visit), counts in samples.items()
        for stage in SCHEME.stages
    ]
    frame = pd.DataFrame(rows)
    visits = list(dict.fromkeys(visit for _, visit in samples))
    frame["visit"] = pd.Categorical(frame["visit"], categories=visits, ordered=True)
    return frame.assign(**columns)


def _axis(counts):
    return dict(zip(SCHEME.axis, counts, strict=True))


@settings(deadline=None)
@given(COUNTS, COUNTS, st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_no_monotone_weights_lead_beyond_the_range(earlier, later, inner):
    earlier, later = np.array(earlier), np.array(later)
    low, high, dominance = weight_range(earlier, later)
    weights = np.array([0, *sorted(inner), 1])
    change = later @ weights / later.sum() - earlier @ weights / earlier.sum()
    assert low - 1e-9 <= change <= high + 1e-9
    if dominance == "higher":
        assert change >= -1e-9
    if dominance == "lower":
        assert change <= 1e-9
    steps = [np.r_[np.zeros(k), np.ones(5 - k)] for k in range(1, 5)]
    reached = [later @ w / later.sum() - earlier @ w / earlier.sum() for w in steps]
    assert min(reached) == pytest.approx(low, abs=1e-9)
    assert max(reached) == pytest.approx(high, abs=1e-9)


def test_dominance_says_whether_the_sign_hangs_on_weights():
    even = np.array([10, 10, 10, 10, 10])
    assert weight_range(even, even * 3)[2] == "unchanged"
    assert weight_range(even, np.array([5, 10, 10, 10, 15]))[2] == "higher"
    assert weight_range(even, np.array([15, 10, 10, 10, 5]))[2] == "lower"
    low, high, dominance = weight_range(even, np.array([15, 5, 5, 5, 20]))
    assert dominance == "crossing"
    assert low < 0 < high
    assert weight_range(even, even * 0)[2] == ""


def test_the_change_is_that_of_the_formulas():
    before, after = _axis([8, 4, 25, 30, 33]), _axis([5, 4, 20, 31, 52])
    before["adaptive"], after["adaptive"] = 10, 40
    table = change_table(stages_of({("P", "m0"): before, ("P", "m6"): after}), SCHEME)
    row = table.iloc[0]
    (x, var_x), (y, var_y) = (
        reference.index(counts, list(SCHEME.axis)) for counts in (before, after)
    )
    half = 1.959963984540054 * np.sqrt(var_x + var_y)
    np.testing.assert_allclose(
        row[["change", "counting_low", "counting_high"]].astype(float),
        [y - x, y - x - half, y - x + half],
    )
    assert row["n_to"] == 112
    for name, value in reference.log_odds(after).items():
        expected = value - reference.log_odds(before)[name]
        assert row[f"{name}_change"] == pytest.approx(expected)
        assert row[f"{name}_low"] < expected < row[f"{name}_high"]
    assert row["change_with_adaptive"] != row["change"]
    assert row["scheme"] == SCHEME.id


def test_every_patient_and_later_visit_has_a_row_and_what_is_missing_is_said():
    cells = _axis([1, 2, 3, 4, 5])
    stages = stages_of({("P1", "m0"): cells, ("P1", "m6"): cells, ("P2", "m6"): cells})
    table = change_table(stages, SCHEME)
    assert table["missing"].tolist() == ["", "m0"]
    assert table["change"].isna().tolist() == [False, True]
    assert table["dominance"].iloc[0] == "unchanged"


def test_specimens_are_not_mixed_within_a_patient():
    cells = _axis([1, 2, 3, 4, 5])
    stages = stages_of({("P1", "m0"): cells, ("P1", "m6"): cells})
    stages["specimen"] = np.where(stages["visit"] == "m0", "pbmc_fresh", "pbmc_frozen")
    with pytest.raises(MaturationError, match=r"specimens differ.*'P1'.*pbmc_frozen"):
        change_table(stages, SCHEME)
    same = stages.assign(specimen="pbmc_fresh")
    assert len(change_table(same, SCHEME)) == 1


def test_unknown_visits_and_repeated_samples_are_named():
    cells = _axis([1, 2, 3, 4, 5])
    stages = stages_of({("P1", "m0"): cells, ("P1", "m6"): cells})
    with pytest.raises(MaturationError, match=r"baseline='m00'.*did you mean 'm0'"):
        change_table(stages, SCHEME, baseline="m00")
    twice = pd.concat([stages, stages.assign(sample="again")])
    with pytest.raises(MaturationError, match="several samples of one patient"):
        change_table(twice, SCHEME)
