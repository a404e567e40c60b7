"""The picture of a trial's plan shows what the table says."""

from __future__ import annotations

import numpy as np

import longate as lg
from longate.longitudinal import plan_trial, responder_analysis
from longitudinal.cohort import tables


def test_a_line_for_each_number_of_events():
    pilot = responder_analysis(*tables(), value="index", models=False)
    plan = plan_trial(
        pilot,
        sizes=[(3, 3), (5, 7), (8, 10), (12, 14)],
        difference=0.03,
        events=(1.0, 4.0),
        counting_sd=0.01,
    )
    axes = lg.plot.trial_plan(plan)
    power = axes.get_lines()[0]
    tested = plan.table[(plan.table["events"] == 1) & (plan.table["problem"] == "")]
    np.testing.assert_allclose(power.get_ydata(), tested["power"])
    assert power.get_xdata().tolist() == [12, 18, 26]
    assert "4 x events" in axes.get_legend().get_texts()[1].get_text()
