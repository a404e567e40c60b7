"""A kind of gate that only this file knows gates, draws, moves and is saved.

The region of a made-up kind is tried with all of Rust by
``tests/scenarios/new_gate_kind.py``, which builds the kernels anew.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import GateError
from longate.gating.gates.base import Gate
from longate.gating.gates.dimension import axis_of


@pytest.fixture(scope="module")
def diamond():
    """Return a class of gates, known to Longate while the tests of this file run."""

    @dataclass(frozen=True, init=False, repr=False)
    class DiamondGate(Gate):
        """Within a distance of a centre, by the sum of both differences."""

        kind: ClassVar[str] = "diamond"
        x: object
        y: object
        centre: tuple[float, float]
        radius: float

        def __init__(
            self, name, *, x, y, centre, radius, parent=None, custom_info=None
        ):
            self._set(
                name=name,
                parent=parent,
                custom_info=custom_info,
                x=axis_of(x),
                y=axis_of(y),
                centre=tuple(map(float, centre)),
                radius=float(radius),
            )
            self._refuse_no_region()

        @property
        def axes(self):
            return (self.x, self.y)

        @property
        def description(self):
            return f"within {self.radius:g} of {self.centre} on {self.x} x {self.y}"

        @property
        def kernel(self):
            return "polygon", self.outline()[0].ravel().tolist()

        def outline(self, n_points=128):
            steps = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
            return (np.array(self.centre) + self.radius * steps,)

        def moved(self, distances, factor=1.0):
            centre = tuple((np.array(self.centre) + distances).tolist())
            return replace(self, centre=centre, radius=self.radius * factor)

        def _shape(self, axis):
            own = {"centre": list(self.centre), "radius": self.radius}
            return {"x": axis(self.x), "y": axis(self.y), **own}

        @classmethod
        def _from_shape(cls, names, shape, axis):
            axes = {"x": axis(shape["x"]), "y": axis(shape["y"])}
            return cls(**names, **axes, centre=shape["centre"], radius=shape["radius"])

    yield DiamondGate
    del Gate.kinds["diamond"]


@pytest.fixture(scope="module")
def gate(diamond):
    """Return one gate of the new kind."""
    return diamond("D", x="A", y="B", centre=(0.0, 1.0), radius=2.0)


def test_it_decides_alone_and_in_a_study(gate, tmp_path):
    values = np.random.default_rng(0).uniform(-3, 3, (500, 2)).astype(np.float32)
    expected = np.abs(values - [0.0, 1.0]).sum(1) <= 2.0
    columns = {"A": values[:, 0].copy(), "B": values[:, 1].copy()}
    assert gate.contains(columns).tolist() == expected.tolist()
    lg.write_fcs(tmp_path / "a.fcs", pd.DataFrame(columns))
    row = {"file": tmp_path / "a.fcs", "patient": "P1", "visit": "m0", "tube": "T"}
    study = lg.read_study(pd.DataFrame([row]))
    strategy = lg.GatingStrategy([gate], compensation=None)
    populations = study.gate(strategy, progress=False)
    assert populations.mask("D", sample="P1_m0").tolist() == expected.tolist()
    up = lg.Perturbation("up", {"D": lg.Shift({"B": 0.5}, factor=2.0)})
    table = study.regate(strategy, [up], progress=False).set_index("perturbation")
    moved = table.loc["up"].set_index("population")["n_events"]["D"]
    assert moved == (np.abs(values - [0.0, 1.5]).sum(1) <= 4.0).sum()
    figure = lg.plot.gates(populations, sample="P1_m0")
    assert figure.axes[0].patches[0].get_xy()[:-1] == pytest.approx(gate.outline()[0])
    plt.close(figure)


def test_it_draws_itself_and_goes_through_json(gate, diamond):
    assert "<path" in gate._repr_svg_()
    ET.fromstring(gate._repr_svg_())
    strategy = lg.GatingStrategy([gate])
    assert "within 2 of" in repr(strategy)
    again = lg.GatingStrategy.from_json(strategy.to_json())
    assert again["D"] == gate
    assert again.id == strategy.id
    assert strategy.rename("D", "E")["E"] == replace(gate, name="E")
    with pytest.raises(GateError, match="'D'"):
        diamond("D", x="A", y="B", centre=(0, 0), radius=0)
