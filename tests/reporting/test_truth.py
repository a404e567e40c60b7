from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from longate.exceptions import StudyError
from longate.reporting import compare_with_truth

SAMPLES = [("P01_m00", "P01", "m00"), ("P01_m12", "P01", "m12")]
KEYS = ["sample", "patient", "visit"]


TRUTH = {
    "index": pd.DataFrame(
        {
            "sample": ["P01_m00", "P01_m12"] * 2,
            "tube": ["NK", "NK", "legacy", "legacy"],
            "generating_index": [0.70, 0.80, 0.0, 0.0],
            "index": [0.71, 0.81, 0.0, 0.0],
        }
    ),
    "counts": pd.DataFrame(
        {
            "sample": ["P01_m00"] * 2 + ["P01_m12"] * 2,
            "tube": "NK",
            "population": ["NK", "Lymphocytes"] * 2,
            "n_events": [11, 100, 9, 100],
            "per_microlitre": [100.0, 1000.0, 100.0, 1000.0],
        }
    ),
}
COHORT = SimpleNamespace(read_truth=TRUTH.__getitem__)


def measured(low, high):
    frame = pd.DataFrame(SAMPLES, columns=KEYS)
    return frame.assign(index=[0.72, 0.80], counting_low=low, counting_high=high)


def fractions(nk, *, of, tube):
    assert (nk, of, tube) == ("NK", "Lymphocytes", "NK")
    frame = pd.DataFrame(SAMPLES, columns=KEYS)
    return frame.assign(fraction=[0.11, 0.09], low=0.08, high=0.12)


@pytest.fixture
def compared():
    maturation = SimpleNamespace(table=measured([0.71, 0.79], [0.73, 0.81]))
    populations = SimpleNamespace(fraction=fractions)
    return compare_with_truth(populations, maturation, COHORT)


def test_bias_and_cover_are_against_the_generating_composition(compared):
    row = compared.summary.set_index("measure").loc["index"]
    assert row["n"] == 2
    assert row["bias"] == pytest.approx(0.01)
    assert row["bias_in_file"] == pytest.approx(0.0)
    assert row["worst"] == pytest.approx(0.02)
    assert row["inside"] == 1
    assert row["share"] == 0.5


def test_the_share_inside_has_its_exact_interval(compared):
    row = compared.summary.set_index("measure").loc["NK fraction"]
    assert row["inside"] == 2
    assert row["share_low"] == pytest.approx(0.025**0.5)
    assert row["share_high"] == 1.0


def test_the_table_has_a_row_per_sample_and_measure(compared):
    assert len(compared.table) == 4
    fraction = compared.table[compared.table["measure"] == "NK fraction"]
    assert fraction["true"].tolist() == pytest.approx([0.1, 0.1])
    assert fraction["in_file"].tolist() == pytest.approx([0.11, 0.09])
    assert "index: bias +0.0100, 1 of 2" in repr(compared)


def test_a_study_of_other_samples_is_refused():
    stranger = pd.DataFrame([("X_m00", "X", "m00")], columns=KEYS)
    maturation = SimpleNamespace(
        table=stranger.assign(index=0.5, counting_low=0.4, counting_high=0.6)
    )
    other = stranger.assign(fraction=0.1, low=0.0, high=0.2)
    populations = SimpleNamespace(fraction=lambda *a, **k: other)
    with pytest.raises(StudyError, match="no sample of the study"):
        compare_with_truth(populations, maturation, COHORT)
