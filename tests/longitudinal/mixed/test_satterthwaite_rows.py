"""Joint Satterthwaite tests whose contrast rows R chose itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from longate.longitudinal import mixed_model

GOLDEN = Path(__file__).parents[2] / "golden" / "mixed"


def test_denominators_are_those_of_lmertest_on_unbalanced_data():
    values = pd.read_csv(GOLDEN / "rows_values.csv")
    found = mixed_model("y ~ visit * response + age", values, df="satterthwaite")
    truth = pd.read_csv(GOLDEN / "rows.csv", skipinitialspace=True)
    ours = found.anova.set_index("term").loc[
        ["visit", "response", "age", "visit:response"]
    ]
    np.testing.assert_allclose(ours["df2"], truth["df2"], rtol=2e-6)
    np.testing.assert_allclose(ours["F"], truth["F"], rtol=1e-5)
    np.testing.assert_allclose(ours["p"], truth["p"], rtol=1e-5)
