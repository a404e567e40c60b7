from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

import longate as lg
from longate.exceptions import DesignError
from longate.plot.trajectory import mean_interval


def lines_of_patients(ax):
    return {line.get_gid(): line for line in ax.lines if line.get_gid()}


def test_every_patient_is_drawn_also_those_who_left(single):
    drawn = lines_of_patients(lg.plot.trajectories(single))
    table = single.trajectories
    assert set(drawn) == set(table["patient"])
    for patient, own in table.groupby("patient"):
        assert drawn[patient].get_ydata() == pytest.approx(own["value"].to_numpy())


def test_labels_differ_in_colour_and_marker(single):
    drawn = lines_of_patients(lg.plot.trajectories(single))
    looks = {
        (drawn[p].get_color(), drawn[p].get_marker()) for p in ("P01", "P06", "P13")
    }
    assert len({colour for colour, _ in looks}) == len({m for _, m in looks}) == 3


def test_n_per_visit_and_label_stands_below_the_axis(single):
    ax = lg.plot.trajectories(single)
    rows = {}
    for text in ax.texts:
        rows.setdefault(text.xyann[1], []).append(text.get_text())
    found = {row[-1]: row[:-1] for row in rows.values()}
    assert found == {
        "● responders, n": ["5", "5", "5"],
        "■ non-responders, n": ["7", "7", "7"],
        "▲ unclassifiable, n": ["3", "1", "0"],
    }


def test_group_means_are_drawn_at_each_visit(single):
    ax = lg.plot.trajectories(single)
    means = [c.lines[0].get_ydata() for c in ax.containers]
    own = single.trajectories
    for label, drawn in zip(("responder", "non-responder"), means, strict=True):
        rows = own[own["label"] == label]
        expected = rows.groupby("visit", observed=True)["value"].mean()
        assert drawn == pytest.approx(expected.to_numpy())


def test_mean_interval_is_students():
    values = np.array([0.61, 0.7, 0.66, 0.72])
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx((values.mean(), low, high))
    assert mean_interval(np.log(values), "log")[0] == pytest.approx(stats.gmean(values))
    logit = np.log(values / (1 - values))
    assert 0 < mean_interval(logit, "logit")[1] < mean_interval(logit, "logit")[2] < 1


def test_a_family_asks_which_outcome(family):
    with pytest.raises(DesignError, match="3 outcomes"):
        lg.plot.trajectories(family)
    with pytest.raises(DesignError, match="did you mean 'B cells'"):
        lg.plot.trajectories(family, outcome="B cell")


def test_panels_follow_the_declared_order_on_log_axes(family):
    figure = lg.plot.trajectory_panels(family, ylabel="cells per µL blood")
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(
        family.design.outcomes
    )
    for ax in figure.axes:
        assert ax.get_yscale() == "log"
        assert ax.get_ylabel() == "cells per µL blood"
        assert len(ax.get_yticks()) >= 3


def test_draws_into_the_axes_given(single):
    figure = Figure()
    ax = figure.subplots()
    assert lg.plot.trajectories(single, ax=ax, title="A", ylabel="B") is ax
    assert (ax.get_title(loc="left"), ax.get_ylabel()) == ("A", "B")


def test_a_picture_shows_itself_in_a_notebook(single):
    ax = lg.plot.trajectories(single)
    assert ax._repr_png_().startswith(b"\x89PNG")
    assert ax.figure._repr_png_().startswith(b"\x89PNG")


def test_pyplot_and_global_settings_stay_untouched():
    code = """
import sys, matplotlib, pandas as pd, longate as lg
before = matplotlib.rcParams.copy()
data = pd.DataFrame({"patient": list("ABCD") * 2, "visit": [0] * 4 + [1] * 4,
                     "index": [.1, .2, .3, .4, .5, .4, .3, .6]})
labels = ["responder", "responder", "non-responder", "non-responder"]
response = pd.DataFrame({"patient": list("ABCD"), "label": labels})
result = lg.longitudinal.responder_analysis(data, response, value="index")
lg.plot.trajectories(result)._repr_png_(); lg.plot.effects(result)._repr_png_()
names = set(before) - {"backend"}  # reading it would load pyplot
assert all(before[name] == matplotlib.rcParams[name] for name in names)
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_plots_does_not_load_matplotlib():
    code = "import sys, longate.plot; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
