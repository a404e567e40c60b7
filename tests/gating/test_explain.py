"""A plan says what it will do."""

from __future__ import annotations

import numpy as np

import longate as lg
from gating.samples import sample_of

MATRIX = lg.Compensation([[1.0, 0.2], [0.1, 1.0]], ["A", "B"])
STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("R", A=(0.3, None)),
        lg.PolygonGate(
            "P", parent="R", x="FSC-A", y="B", vertices=[(0, 0), (9, 0), (5, 1)]
        ),
        lg.BooleanGate("N", "not P", parent="R"),
    ],
    scale=lg.Logicle(),
)


def test_names_channels_order_and_how_gates_are_decided():
    columns = {name: np.ones(3) for name in ("FSC-A", "A", "B", "C")}
    sample = sample_of(columns, compensation=MATRIX)
    found = STRATEGY.explain(
        sample, statistics=[lg.Statistic("median", "C", population="N")]
    )
    assert set(found.decoded) == {"FSC-A", "A", "B", "C"}
    assert found.n_compensated == 2
    assert found.steps == (
        ("R", "on values", ()),
        ("R/P", "on places", ("B",)),
        ("R/N", "on masks", ()),
    )
    text = repr(found)
    assert "C of R/N for median" in text
    assert "1 bit per event" in text
    assert text in found._repr_html_().replace("&#x27;", "'")


def test_a_channel_that_no_gate_needs_is_not_decoded():
    columns = {name: np.ones(3) for name in ("FSC-A", "A", "B", "C")}
    plain = lg.GatingStrategy([lg.RectangleGate("R", dimensions={"C": (0, 1)})])
    assert plain.explain(sample_of(columns)).decoded == ("C",)
