"""Names of axes that cannot be found in a panel."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.spectral import (
    FILE,
    LOGICLE,
    SPECTRA,
    events_of,
    sample_with,
    strategy_on,
)
from longate.exceptions import GateError, PanelError, SpilloverError, StrategyError


@pytest.mark.parametrize(
    ("axis", "options", "error", "words"),
    [
        ("CD65", {}, PanelError, "gate 'Cells/NK': .*'CD65'.*did you mean 'CD56'"),
        (lg.Ratio("CD3", "CD65"), {}, PanelError, "gate 'Cells/NK': .*'CD65'"),
        (lg.Ratio("CD65", "CD3"), {}, PanelError, "gate 'Cells/NK': .*'CD65'"),
        (
            lg.Dimension("BV412", compensation=SPECTRA),
            {},
            PanelError,
            "gate 'Cells/NK': .*'BV412'.*did you mean 'BV421'",
        ),
        (
            lg.Dimension("CD3", compensation=lg.Compensation(np.eye(2), ["A", "FL1"])),
            {},
            SpilloverError,
            "gate 'Cells/NK': .*'A'",
        ),
        (
            "CD56",
            {"scale": {"CD65": LOGICLE}},
            StrategyError,
            "gate 'Cells/NK': .*no entry for 'CD56'; did you mean 'CD65'",
        ),
    ],
)
def test_what_the_panel_lacks_is_named_with_its_gate(axis, options, error, words):
    strategy, sample = strategy_on(axis, **options), sample_with(events_of(5))
    with pytest.raises(error, match=words):
        strategy.apply(sample)
    with pytest.raises(error, match=words):
        strategy.validate(sample.panel, compensation=FILE)


def test_validation_names_every_gate_that_does_not_fit():
    gates = [
        lg.RectangleGate("A", CD33=(0, None)),
        lg.RectangleGate("B", CD3=(0, None)),
        lg.PolygonGate("C", x="CD65", y="CD3", vertices=[(0, 0), (1, 0), (0, 1)]),
    ]
    panel = sample_with(events_of(5)).panel
    match = r"(?s)2 gates do not fit.*gate 'A': .*'CD33'.*gate 'C': .*'CD65'"
    with pytest.raises(PanelError, match=match):
        lg.GatingStrategy(gates).validate(panel)
    lg.GatingStrategy(gates[1:2]).validate(panel)


def test_two_names_of_one_channel_make_no_plane():
    triangle = [(0, 0), (1, 0), (0, 1)]
    gate = lg.PolygonGate("P", x="CD3", y="FL1", vertices=triangle)
    with pytest.raises(
        GateError, match=r"gate 'P': .*'CD3', 'FL1' are one and the same"
    ):
        lg.GatingStrategy([gate]).apply(sample_with(events_of(5)))
    raw = lg.Dimension("FL1", compensation=None)
    gate = lg.PolygonGate("P", x="CD3", y=raw, vertices=triangle)
    lg.GatingStrategy([gate]).apply(sample_with(events_of(5)))
