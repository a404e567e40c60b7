"""Names in pictures are text, also where matplotlib would see a formula in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import longate as lg
from plot.conftest import VISITS, values

FORMULAS = [
    r"$\frac{1}{$",
    r"$x_1$ and $",
    r"a $b$ c",
    r"$\nosuchcommand$",
    r"^_{}$$",
    r"\$5 or \$6",
    "$",
    "%s {0} #&~",
]


def shown(figure):
    """Return the texts of a figure that are drawn as they are."""
    figure.savefig("/dev/null", format="png")
    return [
        text.get_text()
        for text in figure.findobj(Text)
        if text.get_text() and not text.get_parse_math()
    ]


@pytest.mark.parametrize("name", FORMULAS)
def test_effects_and_trajectories_of_any_name(name, response):
    middle = f"6 {name}"
    data = values([name, "NK"])
    data["visit"] = data["visit"].cat.rename_categories({"m06": middle})
    result = lg.longitudinal.responder_analysis(
        data, response, value="value", by="name"
    )
    forest = lg.plot.effects(result, title=name).figure
    assert sum(name in text for text in shown(forest)) >= 2
    course = lg.plot.trajectories(result, outcome=name, title=name, ylabel=name)
    assert sum(name in text for text in shown(course.figure)) >= 3
    assert sum(name in text for text in shown(lg.plot.trajectory_panels(result))) >= 2


def test_axes_of_others_keep_their_formulas():
    figure = Figure()
    axes = figure.subplots(2)
    axes[0].set_title("$x^2$")
    axes[1].set_xscale("log")
    result = lg.longitudinal.responder_analysis(
        values([FORMULAS[0], "NK"]),
        pd.DataFrame(
            {
                "patient": [f"P{p:02d}" for p in range(1, 16)],
                "label": ["responder"] * 5 + ["non-responder"] * 10,
            }
        ),
        value="value",
        by="name",
    )
    lg.plot.effects(result, ax=axes[1], title=FORMULAS[3])
    figure.savefig("/dev/null", format="png")
    assert axes[0].title.get_parse_math()
    assert not axes[1].title.get_parse_math()


@pytest.mark.parametrize("name", FORMULAS)
def test_gates_of_any_marker_gate_and_sample(name, tmp_path):
    plain = name.replace("/", "|")
    events = np.abs(np.random.default_rng(1).normal(500, 90, (400, 2)))
    file = lg.write_fcs(
        tmp_path / "a.fcs", events, ["FSC-A", "PE-A"], markers={"PE-A": plain}
    )
    sheet = pd.DataFrame(
        {
            "file": [str(file)],
            "patient": [plain],
            "visit": [VISITS[0]],
            "tube": ["NK"],
        }
    )
    study = lg.read_study(sheet)
    gates = [
        lg.RectangleGate(f"bright {plain}", dimensions={plain: (450, None)}),
        lg.PolygonGate(
            f"poly {plain}",
            x="FSC-A",
            y=plain,
            vertices=[(0, 0), (900, 0), (500, 900)],
            parent=f"bright {plain}",
        ),
    ]
    populations = study.gate(lg.GatingStrategy(gates), keep="masks", progress=False)
    sample = study.samples["sample"][0]
    figure = lg.plot.gates(populations, sample=sample)
    assert sum(plain in text for text in shown(figure)) >= 2
